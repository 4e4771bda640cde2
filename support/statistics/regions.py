"""Regions of effects for which a claim is true, with a margin worth caring about."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Region:
    """Effects from `low` to `high`, both included; either may be infinite.

    Raises
    ------
    ValueError : low is above high, or the region holds no finite effect or every one (which nothing could refute).
    """

    low: float = -inf
    high: float = inf

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a region needs low <= high, got {self.low} and {self.high}")
        if self.low == inf or self.high == -inf:
            raise ValueError(f"a region needs a finite effect, got {self.low} and {self.high}")
        if self.low == -inf and self.high == inf:
            raise ValueError("a region that holds every effect cannot be refuted")

    @classmethod
    def above(cls, low: float) -> Region:
        """Effects larger than `low`."""
        return cls(low=low)

    @classmethod
    def below(cls, high: float) -> Region:
        """Effects smaller than `high`."""
        return cls(high=high)

    @classmethod
    def within(cls, low: float, high: float) -> Region:
        """Effects between `low` and `high`."""
        return cls(low, high)

    @classmethod
    def near(cls, centre: float, margin: float) -> Region:
        """Effects equivalent to `centre` within `margin`, which must be positive."""
        if not margin > 0:
            raise ValueError(f"a margin must be positive, got {margin}; without one, use Region.exactly")
        return cls(centre - margin, centre + margin)

    @classmethod
    def exactly(cls, value: float) -> Region:
        """This effect and no other: for exact arithmetic, where nothing is rounded."""
        return cls(value, value)

    def holds(self, low: float, high: float) -> bool:
        """Whether the interval [low, high] lies inside."""
        return self.low <= low and high <= self.high

    def excludes(self, low: float, high: float) -> bool:
        """Whether the interval [low, high] lies outside."""
        return high < self.low or self.high < low

    def __str__(self) -> str:
        if self.low == -inf:
            return f"below {self.high:g}"
        if self.high == inf:
            return f"above {self.low:g}"
        if self.low == self.high:
            return f"exactly {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"
