"""Median of trials of any law, by the share of trials above a candidate.

At most half of a law lies above its median, and at most half below. So a candidate is excluded where the share of
trials strictly above it is decided to exceed one half (the median is larger), or of those strictly below. Trials equal
to the candidate speak for neither side. What is left lies between two order statistics, and is valid at every number
of trials at once, as the share is.
"""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike

from support.statistics.bets import successes_needed
from support.statistics.sequence import ALPHA, Interval, checked_alpha, clipped_trials, finite_trials


def median_interval(trials: ArrayLike, low: float = -inf, high: float = inf, *, alpha: float = ALPHA) -> Interval:
    """The median: from the k-th largest to the k-th smallest trial, k ones of n deciding a share above one half.

    Where a law has several medians the interval holds all of them. Fewer than 13 trials bound nothing at the suite's
    level, however they agree; more that agree give an interval of one point, which is no slip: half of the law lies
    there.

    Parameters
    ----------
    trials : (n,) independent, at least 2, finite; clipped to the range.
    low, high : the range, which may be infinite: ends of the interval where the trials say nothing.

    Raises
    ------
    ValueError : trials, range or alpha are not what they must be.
    """
    values = finite_trials(trials)
    if not low < high:
        raise ValueError(f"a range needs low < high, got [{low}, {high}]")
    ordered = np.sort(np.clip(values, low, high))
    n, clipped = len(values), clipped_trials(values, low, high)
    needed = successes_needed(n, 0.5, alpha=checked_alpha(alpha))
    if needed is None:
        silence = f"{n} trials, too few to bound a median"
        return Interval(low, high, float(np.median(ordered)), n, alpha, clipped, silence)
    ends = float(ordered[n - needed]), float(ordered[needed - 1])
    return Interval(*ends, float(np.median(ordered)), n, alpha, clipped)
