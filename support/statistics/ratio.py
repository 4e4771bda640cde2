"""Mean of a part over mean of its whole, decided at the edges of a region only.

The ratio exceeds r exactly where part − r·whole has a positive mean, if the whole has one. That difference is a
bounded mean, so it needs no interval of the ratio, which no bounded number of trials may have where the whole can be
small. That the whole is not is a question of its own, and a control.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from support.statistics.bets import mean_position
from support.statistics.sequence import ALPHA, Array, Position, finite_trials

Range = tuple[float, float]


def ratio_range(edge: float, part: Range, whole: Range) -> Range:
    """What part − edge·whole lies in, for a part and a whole inside their ranges."""
    ends = sorted((edge * whole[0], edge * whole[1]))
    return part[0] - ends[1], part[1] - ends[0]


def ratio_remainder(part: ArrayLike, whole: ArrayLike, edge: float, part_range: Range, whole_range: Range) -> Array:
    """part − edge·whole of every trial, (n,), each of the two clipped to its range.

    Raises
    ------
    ValueError : trials that are not what they must be, or not the same in number.
    """
    parts, wholes = finite_trials(part), finite_trials(whole)
    if len(parts) != len(wholes):
        raise ValueError(f"part and whole must have the same trials, got {len(parts)} and {len(wholes)}")
    return np.asarray(np.clip(parts, *part_range) - edge * np.clip(wholes, *whole_range))


def ratio_position(
    part: ArrayLike,
    whole: ArrayLike,
    edge: float,
    *,
    part_range: Range,
    whole_range: Range,
    alpha: float = ALPHA,
) -> Position:
    """Where mean(part)/mean(whole) lies from an edge, given that the whole has a positive mean.

    Parameters
    ----------
    part, whole : (n,) paired by trial, at least 2, finite; each clipped to its range.
    edge : the ratio to compare with.
    part_range, whole_range : what each lies in; the whole must be able to be positive.

    Raises
    ------
    ValueError : trials, ranges or alpha are not what they must be, or no part and whole inside their ranges have
        means in this ratio.
    """
    if not whole_range[1] > 0:
        raise ValueError(f"the whole of a ratio must be able to be positive, got the range {list(whole_range)}")
    if not isfinite(edge):
        raise ValueError(f"the edge of a ratio must be finite, got {edge}")
    low, high = ratio_range(edge, part_range, whole_range)
    if not low <= 0 <= high:
        raise ValueError(
            f"no part in {list(part_range)} is {edge:g} of a whole in {list(whole_range)}: the edge decides nothing"
        )
    remainder = ratio_remainder(part, whole, edge, part_range, whole_range)
    return mean_position(remainder, 0.0, low, high, alpha=alpha)


def whole_position(whole: ArrayLike, least: float, whole_range: Range, *, alpha: float = ALPHA) -> Position:
    """Where the mean of the whole lies from its stated least: "above" is what a ratio needs to mean anything.

    Raises
    ------
    ValueError : a least that is not positive, or as in `mean_position`.
    """
    if not least > 0:
        raise ValueError(f"the least of a whole must be positive, got {least:g}")
    return mean_position(whole, least, *whole_range, alpha=alpha)
