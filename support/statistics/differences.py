"""How far an effect moved between two runs, with an interval at the suite's level.

Two intervals that overlap do not show that nothing moved, and two verdicts that agree do not either. What shows it is
the interval of the difference: inside ±margin the effects are equivalent; off zero, something moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.statistics.bets import mean_interval

# Differences this small beside the values are rounding: another order of summation, another library.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """After minus before, with its interval.

    Attributes
    ----------
    value, low, high : estimate and interval; infinite where nothing is bounded.
    method : how the interval was made.
    paired : over how many trials that share their random numbers; None where it was made of something else.
    clipped_to : what larger moves of a trial count as; None where none can be larger.
    clipped : how many there were.
    """

    value: float
    low: float
    high: float
    method: str
    paired: int | None = None
    clipped_to: float | None = None
    clipped: int = 0


def paired_difference(
    before: Sequence[float], after: Sequence[float], width: float, *, most: float | None = None
) -> Difference:
    """The mean move over the common first trials, which share their random numbers, by the bounded sequence.

    Parameters
    ----------
    before, after : (trials,) in the order of the trials; of the longer one the first count.
    width : of the range of one trial; a move lies in ± width.
    most : count larger moves as this one. What is estimated is then the mean of clipped moves, which is 0 where nothing
        moves, and has the sign of the moves where all have the same.

    Raises
    ------
    ValueError : fewer than 2 trials in common, or one that is not finite.
    """
    moves = paired_moves(before, after)
    clipped_to = None if most is None or most >= width else most
    bound = clipped_to or width
    found = mean_interval(moves, -bound, bound)
    method = f"bounded sequence over {len(moves)} paired trials"
    clipped = found.clipped if clipped_to else 0
    return Difference(found.estimate, found.low, found.high, method, len(moves), clipped_to, clipped)


def paired_moves(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """After minus before of the common first trials, (trials,)."""
    return [later - earlier for earlier, later in zip(before, after, strict=False)]


def difference_of_intervals(
    before: float, after: float, interval_before: tuple[float, float], interval_after: tuple[float, float]
) -> Difference:
    """The move of an effect whose two intervals hold: it lies between the differences of their ends."""
    (low, high), (new_low, new_high) = interval_before, interval_after
    return Difference(after - before, new_low - high, new_high - low, "from both intervals")
