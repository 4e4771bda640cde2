"""The axes of a panel: where they end, where a value stands on them, and their ticks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from support.document.types import Pair
from support.page import pictures, typeset

SMALLEST_X = {"linear": -math.inf, "log": 0.0, "log1p": -1.0}  # what an axis has no place for, and less
_MOST_TICKS = 6  # a logarithmic axis with no more values than this shows just them
_MARGIN = 0.05  # of the data's extent, kept free on either side where the panel gives no range


@dataclass(frozen=True)
class Scale:
    """One axis: places from `low` to `high`, and those of its ticks with their labels."""

    low: float
    high: float
    place: Callable[[float], float]
    ticks: list[tuple[float, str]]

    def over(self, first: float, last: float) -> tuple[Callable[[float], float], list[tuple[float, str]]]:
        """The map from a value to its place in a drawing that reaches from first to last, and the ticks there."""
        on = linear(self.low, self.high, first, last)
        return lambda value: on(self.place(value)), [(on(place), label) for place, label in self.ticks]


def linear(low: float, high: float, first: float, last: float) -> Callable[[float], float]:
    """Return the map that takes low to first and high to last."""
    return lambda value: first + (last - first) * ((value - low) / (high - low))


def upright(given: Pair | None, values: Sequence[float]) -> Scale:
    """The axis of heights: of the range that a panel gives, or around its values."""
    ends = pictures.finite(given or ())
    low, high = (ends[0], ends[1]) if len(ends) == 2 and pictures.has_length(*ends) else _widened(values)
    return Scale(low, high, float, [(y, typeset.number(y)) for y in pictures.round_numbers(low, high)])


def across(values: list[float], scale: str) -> Scale:
    """The axis below.

    Parameters
    ----------
    values : all x, ascending, above `SMALLEST_X` of the scale.
    scale : linear, log or log1p.
    """
    if scale == "linear":
        low, high = _widened(values)
        return Scale(low, high, float, [(x, typeset.number(x)) for x in pictures.round_numbers(low, high)])
    start = 1.0 if scale == "log1p" else 0.0

    def place(x: float) -> float:
        return math.log10(start + x)

    low, high = _widened([place(x) for x in values])
    ticks = values
    if len(values) > _MOST_TICKS:
        powers = [10.0**power for power in range(math.ceil(low), math.floor(high) + 1)]
        ticks = [0.0, *powers] if start else powers
    return Scale(low, high, place, [(place(x), typeset.number(x)) for x in ticks])


def _widened(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that keeps a margin around the values."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = (high - low) * _MARGIN if pictures.has_length(low, high) else pictures.half_of(high)
    return low - margin, high + margin
