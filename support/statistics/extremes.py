"""The largest and the smallest of several conditions' true means, with an interval that allows for the choice.

The largest mean belongs to one condition, unknown but not chosen by the trials. It is missed from below only if that
one condition's upper limit is: so the highest of the upper limits holds at alpha/2, however many conditions there are.
It is missed from above as soon as any condition's lower limit is too high: the highest of the lower limits needs
alpha/(2k) for each of k. For the smallest the sides change places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from support.statistics.sequence import ALPHA, Interval

Trials = TypeVar("Trials")


def largest_of_conditions(
    conditions: Sequence[Trials],
    interval: Callable[[Trials, float], Interval],
    *,
    absolute: bool = False,
    alpha: float = ALPHA,
) -> Interval:
    """The largest of several conditions' means, or of their magnitudes.

    Of magnitudes each condition could be missed on two sides, so there are 2k lower limits, at alpha/(4k) each; the
    upper limit stays at alpha/2, that of the side on which the largest magnitude lies.

    Parameters
    ----------
    conditions : the trials of each condition, at least one; numbers of trials may differ.
    interval : ``interval(trials, alpha)``, a confidence sequence with alpha/2 on each side. Its route is the caller's:
        ``lambda trials, alpha: mean_interval(trials, 0, 1, alpha=alpha)``.
    absolute : the largest magnitude instead.

    Returns
    -------
    The estimate is the largest of the conditions' estimates, which leans outwards; trials are those of the condition
    with the fewest, clipped ones are summed. It bounds nothing where one condition's does not, and says so.

    Raises
    ------
    ValueError : no condition.
    """
    sides = len(conditions) * (2 if absolute else 1)
    wide, narrow = _intervals(conditions, interval, sides, alpha)
    if not absolute:
        low = max(each.low for each in wide)
        return _joined(narrow, low, max(each.high for each in narrow), max(each.estimate for each in narrow), alpha)
    low = max(0.0, *(max(each.low, -each.high) for each in wide))
    high = max(max(each.high, -each.low) for each in narrow)
    return _joined(narrow, low, high, max(abs(each.estimate) for each in narrow), alpha)


def smallest_of_conditions(
    conditions: Sequence[Trials], interval: Callable[[Trials, float], Interval], *, alpha: float = ALPHA
) -> Interval:
    """The smallest of several conditions' means; see `largest_of_conditions`.

    Raises
    ------
    ValueError : no condition.
    """
    wide, narrow = _intervals(conditions, interval, len(conditions), alpha)
    low, high = min(each.low for each in narrow), min(each.high for each in wide)
    return _joined(narrow, low, high, min(each.estimate for each in narrow), alpha)


def _intervals(
    conditions: Sequence[Trials], interval: Callable[[Trials, float], Interval], sides: int, alpha: float
) -> tuple[list[Interval], list[Interval]]:
    """Each condition's interval at alpha/sides, where all must hold, and at alpha, where one must."""
    if not conditions:
        raise ValueError("the largest or smallest of no conditions is not defined")
    narrow = [interval(trials, alpha) for trials in conditions]
    return ([interval(trials, alpha / sides) for trials in conditions] if sides > 1 else narrow), narrow


def _joined(intervals: Sequence[Interval], low: float, high: float, estimate: float, alpha: float) -> Interval:
    return Interval(
        low,
        high,
        estimate,
        min(each.trials for each in intervals),
        alpha,
        sum(each.clipped for each in intervals),
        next((each.silence for each in intervals if each.silence is not None), None),
    )
