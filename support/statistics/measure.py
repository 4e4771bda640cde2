"""What a measure is: its range, its route to an interval, and the margin worth caring about, all fixed beforehand."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf, isfinite, isnan
from typing import Literal, get_args

from numpy.typing import ArrayLike

from support.statistics.bets import mean_interval, mean_position, share_interval, share_position
from support.statistics.median import median_interval
from support.statistics.near_normal import Grant, near_normal_interval
from support.statistics.sequence import ALPHA, Interval, Position

Route = Literal["bounded", "share", "ratio", "near-normal", "median"]


@dataclass(frozen=True)
class Measure:
    """One measured quantity, as it stands in the table of measures.

    Attributes
    ----------
    name, unit : in words; the unit may be empty.
    low, high : the range of one trial; to it trials are clipped. Of a ratio, what its edges may be. Infinite ends only
        by the routes "near-normal" and "median".
    route : how trials become an interval.
    margin : smallest difference worth caring about, positive.
    worse : which way is worse for memorization; None where a move of it is none of memorization.

    Raises
    ------
    ValueError : an unknown route, a range that the route cannot use, or a margin that is not positive.
    """

    name: str
    unit: str
    low: float
    high: float
    route: Route
    margin: float
    worse: Literal["higher", "lower"] | None = None

    def __post_init__(self) -> None:
        if self.route not in get_args(Route):
            raise ValueError(f"{self.name}: unknown route {self.route!r}; there are {', '.join(get_args(Route))}")
        if not self.low < self.high:
            raise ValueError(f"{self.name}: a range needs low < high, got [{self.low}, {self.high}]")
        if self.route == "share" and (self.low, self.high) != (0, 1):
            raise ValueError(f"{self.name}: a share lies in [0, 1], got the range [{self.low}, {self.high}]")
        if self.route in ("bounded", "ratio") and not (isfinite(self.low) and isfinite(self.high)):
            raise ValueError(
                f"{self.name}: the route {self.route!r} needs a finite range, got [{self.low}, {self.high}]"
            )
        if not 0 < self.margin < inf:
            raise ValueError(f"{self.name}: a margin must be positive and finite, got {self.margin}")
        if self.worse not in ("higher", "lower", None):
            raise ValueError(f"{self.name}: worse must be 'higher', 'lower' or None, got {self.worse!r}")

    @property
    def undirected(self) -> Measure:
        """The same where neither way is worse: of a contrast whose sides may both memorize."""
        return replace(self, worse=None)

    def check_edge(self, edge: float) -> None:
        """Refuse an edge that cannot be decided at.

        Raises
        ------
        ValueError : NaN, or not strictly inside the range: an end of it is exceeded by any trial off that end.
        """
        if isnan(edge):
            raise ValueError(f"{self.name}: an edge must be a number, got NaN")
        if not self.low < edge < self.high:
            raise ValueError(f"{self.name}: an edge must lie inside ({self.low:g}, {self.high:g}), got {edge:g}")


def measured_interval(
    measure: Measure, trials: ArrayLike, *, grant: Grant | None = None, alpha: float = ALPHA
) -> Interval:
    """The interval of a measure's mean (or median) by its route.

    Parameters
    ----------
    trials : (n,) at least 2, finite.
    grant : of the near-normal route, from calibration trials of this measure.

    Raises
    ------
    ValueError : trials that are not what they must be, a route that is not granted, or a ratio, which is decided at
        edges only (`support.statistics.ratio`).
    """
    with _named(measure):
        match measure.route:
            case "bounded":
                return mean_interval(trials, measure.low, measure.high, alpha=alpha)
            case "share":
                return share_interval(trials, alpha=alpha)
            case "median":
                return median_interval(trials, measure.low, measure.high, alpha=alpha)
            case "near-normal" if grant is not None:
                return near_normal_interval(trials, grant, alpha=alpha)
            case "near-normal":
                raise ValueError("the near-normal route is not granted: it needs calibration trials of this measure")
            case "ratio":
                raise ValueError("a ratio has no interval: it is decided at edges, from its part and its whole")


def measured_position(
    measure: Measure, trials: ArrayLike, edge: float, *, grant: Grant | None = None, alpha: float = ALPHA
) -> Position:
    """Where a measure's mean (or median) lies from an edge strictly inside its range.

    Raises
    ------
    ValueError : an edge outside the range, or as in `measured_interval`.
    """
    measure.check_edge(edge)
    with _named(measure):
        match measure.route:
            case "bounded":
                return mean_position(trials, edge, measure.low, measure.high, alpha=alpha)
            case "share":
                return share_position(trials, edge, alpha=alpha)
    return measured_interval(measure, trials, grant=grant, alpha=alpha).position(edge)


@contextmanager
def _named(measure: Measure) -> Generator[None]:
    """What is wrong with trials, with the name of their measure before it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{measure.name}: {error}") from error
