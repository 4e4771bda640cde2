"""Mean of near-normal trials, by a t statistic that is valid at every number of trials at once.

Of normal trials with unknown mean and variance, the ratio of two densities of the t statistic, one with the effect
size drawn from N(0, 1) and one without, is a martingale under the candidate mean. With t² = n (mean − m)²/s² and
g = 1 + n it is

    M = g^(−1/2) ((1 + t²/(n − 1)) / (1 + t²/((n − 1) g)))^(n/2),

and a candidate is excluded where M >= 1/alpha, that is, where t² >= T = (n − 1)(R − 1)/(1 − R/g), R = (g/alpha²)^(1/n).
The mixture looks at both sides, so alpha is that of both together; each has half of it where the law is symmetric.

Trials must be near normal, which a case's own few cannot show. Hence a measure is granted this route from at least
200 calibration trials at another seed, and a case's own trials may only veto it.

Source: Wang & Ramdas, Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance
(arXiv 2310.03722), who put a normal effect size where Lai (1976) had a flat mixture.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike

from support.statistics.sequence import ALPHA, Array, Interval, checked_alpha, finite_trials

FIRST_LOOK = 24
CALIBRATION_TRIALS = 200

# What counts as near normal. The uniform law has excess kurtosis −1.2, Laplace's 3. Of gammas of skewness 1/2 and 1 the
# sequence misses 7.6 and 20 in 10,000 over all n from 24 to 400, nearly all on one side; alpha allows 10, half of them
# on each side (`reports/calibration.md`).
MOST_SKEWNESS = 0.5
LEAST_KURTOSIS, MOST_KURTOSIS = -1.2, 3.0

# How many standard errors of a normal sample's moments a case's own trials may lie beyond those bounds. At the
# looks from 24 to 384 trials about one normal case in two thousand is ever vetoed; of exponential ones, and of those
# that are near 0.9 or, in one of 18, 0, nearly all are by 192.
VETO_ERRORS = 3.0


@dataclass(frozen=True)
class Grant:
    """Whether a measure may go the near-normal route, from its calibration trials.

    Attributes
    ----------
    trials : how many calibration trials there were.
    skewness, kurtosis : theirs; the kurtosis is the excess over a normal law's. None where fewer than 2 values differ.
    refusal : why the route is not granted, in a sentence; None where it is.
    """

    trials: int
    skewness: float | None
    kurtosis: float | None
    refusal: str | None

    @property
    def granted(self) -> bool:
        """Whether the measure may go this route."""
        return self.refusal is None


def grant(calibration: ArrayLike) -> Grant:
    """Grant the near-normal route, or say why not.

    Parameters
    ----------
    calibration : (n,) finite trials of the measure, of another seed than any case that will be decided.

    Raises
    ------
    ValueError : fewer than 2 trials, or one that is not finite.
    """
    trials = finite_trials(calibration)
    if _agree(trials):
        return Grant(len(trials), None, None, f"all {len(trials)} calibration trials agree: they show no spread")
    skewness, kurtosis = _moments(trials)
    if len(trials) < CALIBRATION_TRIALS:
        refusal: str | None = f"{len(trials)} calibration trials, fewer than {CALIBRATION_TRIALS}"
    else:
        refusal = _objection(skewness, kurtosis, 0.0, 0.0)
    return Grant(len(trials), skewness, kurtosis, refusal)


def veto(trials: ArrayLike) -> str | None:
    """Why a case's own trials forbid a verdict by the near-normal route, in a sentence; None where they do not.

    They do where they all agree, and where their skewness or kurtosis lies beyond the bounds of a grant by more than
    `VETO_ERRORS` standard errors of a normal sample's, √(6/n) and √(24/n). A veto can only take a verdict away, so
    it makes none wrong; it cannot see a rare value that has not come yet, which is why it grants nothing.

    Raises
    ------
    ValueError : fewer than 2 trials, or one that is not finite.
    """
    values = finite_trials(trials)
    n = len(values)
    if _agree(values):
        return f"all {n} trials agree: they show no spread"
    return _objection(*_moments(values), VETO_ERRORS * sqrt(6 / n), VETO_ERRORS * sqrt(24 / n))


def half_width(trials: ArrayLike, *, alpha: float = ALPHA) -> Array:
    """Half the interval's width in standard deviations of a trial, √(T/n), for numbers of trials of any shape.

    Infinite where R >= g: so few trials exclude nothing.

    Raises
    ------
    ValueError : fewer than 2 trials, or alpha is not a chance.
    """
    n = np.asarray(trials, dtype=np.float64)
    if (n < 2).any():
        raise ValueError(f"a t statistic needs at least 2 trials, got {n.min():g}")
    g = 1.0 + n
    R = np.exp((np.log(g) - 2.0 * np.log(checked_alpha(alpha))) / n)
    enough = g > R
    T = (n - 1.0) * (R - 1.0) / np.where(enough, 1.0 - R / g, 1.0)
    return np.where(enough, np.sqrt(T / n), inf)


def near_normal_interval(trials: ArrayLike, granted: Grant, *, alpha: float = ALPHA) -> Interval:
    """The mean of near-normal trials; unbounded before the first look at 24 trials and under a veto.

    Parameters
    ----------
    trials : (n,) independent, at least 2, finite.
    granted : the grant of the measure that they are trials of.

    Raises
    ------
    ValueError : the route is not granted, or trials or alpha are not what they must be.
    """
    if granted.refusal is not None:
        raise ValueError(f"the near-normal route is not granted: {granted.refusal}")
    values = finite_trials(trials)
    n, mean = len(values), float(values.mean())
    silence = f"{n} trials, first look at {FIRST_LOOK}" if n < FIRST_LOOK else veto(values)
    if silence is not None:
        checked_alpha(alpha)
        return Interval(-inf, inf, mean, n, alpha, silence=silence)
    half = float(values.std(ddof=1)) * float(half_width(n, alpha=alpha))
    return Interval(mean - half, mean + half, mean, n, alpha)


def _objection(skewness: float, kurtosis: float, skewness_slack: float, kurtosis_slack: float) -> str | None:
    """The moment that lies outside its bounds widened by a slack, in a sentence."""
    most = MOST_SKEWNESS + skewness_slack
    if not abs(skewness) <= most:
        return f"skewness {skewness:.2f} lies outside [{-most:.2f}, {most:.2f}]"
    low, high = LEAST_KURTOSIS - kurtosis_slack, MOST_KURTOSIS + kurtosis_slack
    if not low <= kurtosis <= high:
        return f"excess kurtosis {kurtosis:.2f} lies outside [{low:.2f}, {high:.2f}]"
    return None


def _agree(trials: Array) -> bool:
    """Whether the trials agree to rounding."""
    return float(np.ptp(trials)) <= 1e-12 * float(np.abs(trials).max())


def _moments(trials: Array) -> tuple[float, float]:
    """Sample skewness and excess kurtosis (the moment estimators g₁ and g₂)."""
    centred = trials - trials.mean()
    variance = float((centred**2).mean())
    return float((centred**3).mean()) / variance**1.5, float((centred**4).mean()) / variance**2 - 3.0
