"""How what networks are taught grows with the number n of patterned examples, from each trial's numbers over n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from support.statistics import Estimate, Measure
from support.statistics.effects import mean_of, of_slopes, slopes_of


def decades(grid: Sequence[int]) -> NDArray[np.float64]:
    """log10(1 + n), so that a network without examples has a place on the axis."""
    found: NDArray[np.float64] = np.log10(1 + np.array(grid))
    return found


def added_slope(added: ArrayLike, grid: Sequence[int], measure: Measure, label: str) -> Estimate:
    """Mean over trials of the slope, per decade of 1 + n, of what is 0 without examples: there is one network then.

    That 0 is no measurement, so a slope's range is that of the other numbers, and shorter than `slope_of` has it.

    Parameters
    ----------
    added : (trials, len(grid) - 1), what examples add at each n but 0, in the measure's range.
    grid : numbers of examples, the first of them 0.

    Raises
    ------
    ValueError : the grid does not begin at 0, or as `support.statistics.effects.slope_of`.
    """
    if len(grid) < 2 or grid[0] != 0:
        raise ValueError(f"grid must begin at 0 and go on, got {list(grid)}")
    table = np.asarray(added, dtype=float)
    values = np.column_stack([np.zeros(len(table)), table])
    slopes, _ = slopes_of(decades(grid), values)
    # The slope of each single number, all others 0, is its weight.
    weights, _ = slopes_of(decades(grid), np.eye(len(grid)))
    most = float(np.abs(weights[1:]).sum()) * max(abs(measure.low), abs(measure.high))
    return replace(mean_of(slopes, of_slopes(measure, most), label), kind="slope")


def steps_up(*values: ArrayLike) -> NDArray[np.float64]:
    """The share of steps along n at which a trial's number goes up, (trials,): 1/2 in mean where n moves nothing.

    Parameters
    ----------
    values : tables (trials, numbers of examples), n ascending. Of several a step goes up where it does in all, down
        where it does in all, and is a tie otherwise, which counts half.

    Raises
    ------
    ValueError : no table, tables of different shapes, or one with fewer than two numbers of examples.
    """
    tables = [np.asarray(each, dtype=float) for each in values]
    if not tables or any(each.ndim != 2 or each.shape != tables[0].shape for each in tables) or tables[0].shape[1] < 2:
        raise ValueError(f"steps need tables (trials, n) alike, n two or more, got {[each.shape for each in tables]}")
    signs = np.array([np.sign(np.diff(each, axis=1)) for each in tables])
    up, down = (signs == 1).all(axis=0), (signs == -1).all(axis=0)
    share: NDArray[np.float64] = np.where(up, 1.0, np.where(down, 0.0, 0.5)).mean(axis=1)
    return share
