"""Effects with intervals: what a claim is decided by.

Every interval of the suite has the same level. A verdict can be wrong only if the interval misses the true effect, so
LEVEL bounds the chance of a wrong verdict, per case: at most 0.001, and half of that where the region has one end.
Random trials are estimated in `support.statistics.effects`; here stands what is exact or deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from support.statistics.measure import Measure

LEVEL = 0.999

Kind = Literal["mean", "slope", "largest", "smallest", "ratio", "share", "worst"]


@dataclass(frozen=True)
class Estimate:
    """An effect, its interval and the per-trial numbers behind it.

    Attributes
    ----------
    value, low, high : estimate and interval.
    level : confidence level, or None for a numeric bound (exact and deterministic claims).
    trials : one effect per independent trial (per example for exact claims).
    label : what the effect is, in words, with its unit.
    method : how the interval was made, for the reader.
    measure : what the effect is measured in, where its interval is that of a confidence sequence: one that holds at
        every number of trials at once, so that looking again costs nothing.
    kind : what the effect is of its trials: their mean (or median), the mean of their slopes, the largest or smallest
        of several conditions' means, a ratio of means, a share of trials, or the worst of numbers without a sampling
        error.
    conditions : of how many it is the largest or smallest; None for other kinds.
    """

    value: float
    low: float
    high: float
    level: float | None
    trials: tuple[float, ...]
    label: str
    method: str
    measure: Measure | None = None
    kind: Kind = "mean"
    conditions: int | None = None


def worst_of(values: Sequence[float], label: str, *, exact: bool = False) -> Estimate:
    """The largest of numbers that an exact claim bounds: no sampling error, so the interval is the number itself.

    Parameters
    ----------
    exact : the numbers come from exact arithmetic and were rounded only to be shown; zero means equality.

    Raises
    ------
    ValueError : no value, or a NaN, which no bound may swallow.
    """
    if len(values) == 0 or any(value != value for value in values):
        raise ValueError(f"{label}: needs numbers, got {list(values)[:5]}")
    worst = float(max(values))
    return Estimate(
        worst,
        worst,
        worst,
        None,
        tuple(float(value) for value in values),
        label,
        f"largest of {len(values)}, " + ("exact arithmetic" if exact else "computed in double precision"),
        kind="worst",
    )
