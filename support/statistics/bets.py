"""Mean of trials of a known range, by betting: valid for every distribution and at every number of trials at once.

Whoever doubts that the mean is at most m may bet on it: a capital of 1 is multiplied by 1 + l (x − m) at every trial,
with l > 0 small enough to lose never more than all. If the mean is at most m no such bet can be expected to gain, and
by Ville's inequality its capital ever reaches 2/alpha with chance at most alpha/2. So a capital of 2/alpha = 2,000
says that the mean lies above m; the mirrored bet says that it lies below.

How much to bet is not chosen by the trials: the capital starts out split over eight fractions of the largest bet,
l = F/(m − a) on the range [a, b], mirrored F/(b − m). Fixed bets make the capital symmetric in the order of the
trials. On the scale u = (x − a)/(b − a), c = (m − a)/(b − a) a factor is 1 − F + F u/c, which falls in c: what is not
excluded is an interval, and its ends are roots.

Source: Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, JRSS B 2024 (arXiv 2010.09686):
the capital, its inversion into an interval, and mixtures of fixed bets. The halving fractions are this suite's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isfinite, log

import numpy as np
from numpy.typing import ArrayLike

from support.statistics.sequence import (
    ALPHA,
    Array,
    Interval,
    Position,
    checked_alpha,
    clipped_trials,
    finite_trials,
)

# Fractions of the largest bet, and the part of the capital that each starts with. Parts sum to 1 exactly. Large bets
# decide what is far away within a few trials, small ones what is near.
FRACTIONS = (0.99, *(0.5**power for power in range(1, 8)))
WEIGHTS = (*(0.5**power for power in range(1, 8)), 0.5**7)

# Halvings of the unit interval until neighbouring doubles are reached.
BISECTIONS = 54


def log_growth(unit: Array, mean: Array) -> Array:
    """Logarithm of what each trial makes of each fraction's capital, betting that the mean lies above.

    Parameters
    ----------
    unit : (..., trials) inside [0, 1].
    mean : candidate means inside [0, 1], of a shape that broadcasts with `unit`.

    Returns
    -------
    (fractions, ..., trials). At a candidate of 0 a positive trial gains infinitely much, and 0 leaves the capital.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        gain = np.asarray(unit / mean)
    gain[np.isnan(gain)] = 1.0
    fractions = np.array(FRACTIONS).reshape(-1, *(1,) * gain.ndim)
    return np.log1p(fractions * (gain - 1.0))


def log_mixture(log_capitals: Array) -> Array:
    """Logarithm of the weighted sum of capitals, (...), from their logarithms, (fractions, ...)."""
    weighted = log_capitals + np.log(WEIGHTS).reshape(-1, *(1,) * (log_capitals.ndim - 1))
    peak = weighted.max(axis=0)
    shift = np.where(np.isinf(peak), 0.0, peak)
    return np.asarray(shift + np.log(np.exp(weighted - shift).sum(axis=0)))


def log_capital(unit: Array, mean: Array) -> Array:
    """Logarithm of the capital that bets on a mean above each candidate, (...).

    Parameters
    ----------
    unit : (..., trials) inside [0, 1].
    mean : (...) inside [0, 1].
    """
    return log_mixture(log_growth(unit, mean[..., None]).sum(axis=-1))


def log_threshold(alpha: float) -> float:
    """Logarithm of the capital that excludes: 2/alpha, as each side may be missed with chance alpha/2."""
    return log(2.0 / checked_alpha(alpha))


def both_scales(trials: Array, low: float, high: float) -> Array:
    """Trials from the range's low end up and from its high end down, (2, n), clipped to [0, 1].

    Sorted, so that results are the same to the last bit whatever the order of the trials.

    Raises
    ------
    ValueError : a range that is infinite or not from low to high.
    """
    if not (isfinite(low) and isfinite(high) and low < high):
        raise ValueError(f"a range needs finite ends, low < high, got [{low}, {high}]")
    inside = np.sort(np.clip(trials, low, high))
    return np.stack([inside - low, high - inside]) / (high - low)


def mean_position(trials: ArrayLike, edge: float, low: float, high: float, *, alpha: float = ALPHA) -> Position:
    """Where the mean of trials inside [low, high] lies from an edge.

    Parameters
    ----------
    trials : (n,) independent (or of constant conditional mean), at least 2, finite; clipped to the range.
    edge : inside [low, high]. No number of trials shows a mean beyond an end of its range.

    Raises
    ------
    ValueError : trials, range or alpha are not what they must be, or the edge lies outside the range.
    """
    scales = both_scales(finite_trials(trials), low, high)
    if not low <= edge <= high:
        raise ValueError(f"an edge must lie inside the range [{low:g}, {high:g}], got {edge:g}")
    candidates = np.array([edge - low, high - edge]) / (high - low)
    above, below = log_capital(scales, candidates) >= log_threshold(alpha)
    return "above" if above else "below" if below else "undecided"


def mean_interval(
    trials: ArrayLike, low: float, high: float, *, alpha: float = ALPHA, earlier: Sequence[int] = ()
) -> Interval:
    """The mean of trials inside [low, high]: every candidate that the capital at n trials does not exclude.

    It always holds the trials' own mean. The guarantee is for all n together, so the interval of one n may be
    intersected with those of earlier looks; the intersection is empty where they contradict one another, which has
    chance at most alpha if the trials are what they are taken for.

    Parameters
    ----------
    trials : (n,) independent (or of constant conditional mean), at least 2, finite; clipped to the range.
    earlier : looks to intersect with, each of at least 2 trials; those of more than n are passed over. Only then does
        the order of the trials matter.

    Raises
    ------
    ValueError : trials, range or alpha are not what they must be.
    """
    values = finite_trials(trials)
    scales = [both_scales(finite_trials(values[:n]), low, high) for n in (len(values), *earlier) if n <= len(values)]
    lows, highs = zip(*(_ends(each, low, high, alpha) for each in scales), strict=True)
    estimate, clipped = float(np.clip(values, low, high).mean()), clipped_trials(values, low, high)
    return Interval(max(lows), min(highs), estimate, len(values), alpha, clipped)


def _ends(scales: Array, low: float, high: float, alpha: float) -> tuple[float, float]:
    """Ends of the interval, (low, high), from both scales of its trials; rounded outwards by bisection."""
    threshold = log_threshold(alpha)
    excluded, kept = np.zeros(2), scales.mean(axis=-1)  # at its own mean no bet has gained
    for _ in range(BISECTIONS):
        middle = (excluded + kept) / 2
        beyond = log_capital(scales, middle) >= threshold
        excluded, kept = np.where(beyond, middle, excluded), np.where(beyond, kept, middle)
    up, down = excluded * (high - low)
    return low + float(up), high - float(down)


def share_position(trials: ArrayLike, edge: float, *, alpha: float = ALPHA) -> Position:
    """Where the share of trials that are 1 lies from an edge: the bounded mean of zeros and ones.

    Raises
    ------
    ValueError : a trial that is neither 0 nor 1, or as in `mean_position`.
    """
    return mean_position(_zeros_and_ones(trials), edge, 0.0, 1.0, alpha=alpha)


def share_interval(trials: ArrayLike, *, alpha: float = ALPHA, earlier: Sequence[int] = ()) -> Interval:
    """The share of trials that are 1: the bounded mean of zeros and ones.

    Raises
    ------
    ValueError : a trial that is neither 0 nor 1, or as in `mean_interval`.
    """
    return mean_interval(_zeros_and_ones(trials), 0.0, 1.0, alpha=alpha, earlier=earlier)


def _zeros_and_ones(trials: ArrayLike) -> Array:
    values = finite_trials(trials)
    wrong = values[(values != 0) & (values != 1)]
    if len(wrong):
        raise ValueError(f"a share needs trials that are 0 or 1, got {wrong[0]:g}")
    return values


@lru_cache(maxsize=4096)
def successes_needed(trials: int, share: float, *, alpha: float = ALPHA) -> int | None:
    """The fewest ones among so many zeros and ones that decide "more than this share"; None where not even all do.

    Raises
    ------
    ValueError : a share not inside (0, 1).
    """
    if not 0 < share < 1:
        raise ValueError(f"a share to exceed must lie inside (0, 1), got {share}")
    won, lost = log_growth(np.array([1.0, 0.0]), np.array(share)).T
    ones = np.arange(trials + 1)
    decided = log_mixture(np.outer(won, ones) + np.outer(lost, trials - ones)) >= log_threshold(alpha)
    return int(decided.argmax()) if decided.any() else None
