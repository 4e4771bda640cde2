"""How far an effect moved between two runs, with an interval at the suite's level.

Two intervals that overlap do not show that nothing moved, and two verdicts that agree do not either. What shows it is
the interval of the difference: inside ±margin the effects are equivalent; off zero, something moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from support.statistics.estimates import LEVEL

# Differences this small beside the values are rounding: another order of summation, another library.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """After minus before, with its interval.

    Attributes
    ----------
    value, low, high : estimate and interval at `LEVEL`; infinite where the trials bound nothing.
    method : how the interval was made.
    """

    value: float
    low: float
    high: float
    method: str


def paired_difference(before: Sequence[float], after: Sequence[float], *, selections: int = 1) -> Difference:
    """The mean move of trials that share their random numbers, by Student t over the moves.

    Moves that all agree to rounding are one deterministic move, and their interval is what they range over.

    Parameters
    ----------
    before, after : (trials,) the same trials in the same order, at least 2.
    selections : from how many pairs of conditions this one was chosen after the fact; its interval then holds for
        all of them together (Bonferroni).

    Raises
    ------
    ValueError : fewer than 2 trials, other numbers of trials, or one that is not finite.
    """
    first, second = _trials(before), _trials(after)
    if len(first) != len(second):
        raise ValueError(f"trials cannot be paired: {len(first)} before, {len(second)} after")
    moves = second - first
    rounding = ROUNDING * float(max(np.abs(first).max(), np.abs(second).max()))
    if float(np.ptp(moves)) <= rounding:
        return Difference(
            float(moves.mean()), float(moves.min()), float(moves.max()), f"alike in all {len(moves)} trials"
        )
    error = float(moves.std(ddof=1)) / sqrt(len(moves))
    half = _quantile(len(moves) - 1, 1 - (1 - LEVEL) / selections) * error
    mean = float(moves.mean())
    return Difference(mean, mean - half, mean + half, f"Student t over {len(moves)} paired trials")


def unpaired_difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """The difference of two means of independent trials, by Welch's t.

    Trials of one of the two that all agree say nothing about their spread, so the interval is infinite.

    Raises
    ------
    ValueError : fewer than 2 trials, or one that is not finite.
    """
    first, second = _trials(before), _trials(after)
    move = float(second.mean() - first.mean())
    shares = [float(trials.var(ddof=1)) / len(trials) for trials in (first, second)]
    method = f"Welch's t, {len(first)} and {len(second)} trials"
    scale = max(1.0, float(np.abs(first).max()), float(np.abs(second).max()))
    if min(shares) <= (1e-12 * scale) ** 2:
        return Difference(move, -inf, inf, method)
    total = sum(shares)
    # Welch and Satterthwaite's degrees of freedom.
    freedom = total**2 / (shares[0] ** 2 / (len(first) - 1) + shares[1] ** 2 / (len(second) - 1))
    half = _quantile(freedom, LEVEL) * sqrt(total)
    return Difference(move, move - half, move + half, method)


def _trials(values: Sequence[float]) -> np.ndarray:
    trials = np.asarray(values, dtype=float)
    if len(trials) < 2 or not np.isfinite(trials).all():
        raise ValueError(f"a difference needs at least 2 finite trials, got {list(values)[:5]}")
    return trials


def _quantile(freedom: float, level: float) -> float:
    """Student's t quantile of a two-sided interval."""
    from scipy import special  # scipy.stats would take a second longer to import

    return float(-special.stdtrit(freedom, (1 - level) / 2))
