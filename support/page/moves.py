"""The picture of what moved against a baseline: the interval of each move, on one axis.

To the right more is memorized: moves of measures of which lower is worse are drawn the other way round.
"""

from __future__ import annotations

import math

from support.comparing.wording import MOST_ROWS, answers
from support.document.changes import Answered, Change, Comparison
from support.document.statuses import ends
from support.page.pictures import GAP, MARGIN, Axis, Lane, Picture, finite, has_length

_LANE = 16  # pixels: no trials stand above the bar


def moves_picture(comparison: Comparison) -> Picture | None:
    """The moves of the cases that have one, the worst first and no more than the table shows; None without any."""
    shown = [change for change in answers(comparison)[:MOST_ROWS] if _known(change)]
    if not shown:
        return None
    axis = _axis(shown)
    lanes: list[Lane] = []
    for change in shown:
        lanes.append(_lane(change, axis, lanes[-1].bottom + GAP if lanes else 0))
    worst = shown[0].answer
    said = f"{len(shown)} moves with their intervals, to the right more is memorized"
    return Picture(axis, lanes, axis.ticks(), f"{said}; the first is {worst.answer}" if worst else said)


def _known(change: Change) -> bool:
    return change.answer is not None and bool(finite([change.answer.move]))


def _axis(changes: list[Change]) -> Axis:
    values = [0.0]
    for answer in (change.answer for change in changes):
        if answer is not None:
            margin = answer.margin or 0.0
            values += finite([*_drawn(answer), answer.move and _sign(answer) * answer.move, -margin, margin])
    low, high = min(values), max(values)
    if not has_length(low, high):
        low, high = -0.5, 0.5
    free = (high - low) * MARGIN / (100.0 - 2 * MARGIN)
    return Axis(low - free, high + free, None)


def _lane(change: Change, axis: Axis, top: int) -> Lane:
    answer = change.answer
    if answer is None:
        raise ValueError(f"{change.claim} [{change.case}] has no answer")
    first, last = _drawn(answer)
    open_low, open_high = first == -math.inf, last == math.inf
    margin = (axis.percent(-(answer.margin or 0.0)), axis.percent(answer.margin or 0.0))
    return Lane(
        name=f"{change.claim} {change.reading}, {change.case}",
        verdict=answer.answer,
        top=top,
        height=_LANE,
        region=margin,
        region_ends=[axis.percent(0.0)],
        region_labels=[],
        bar=(0.0 if open_low else axis.percent(first), 100.0 if open_high else axis.percent(last)),
        open_low=open_low,
        open_high=open_high,
        estimate=axis.percent(_sign(answer) * (answer.move or 0.0)),
        dots=[],
        trials=0,
    )


def _sign(answer: Answered) -> int:
    return 1 if answer.worse == "higher" else -1


def _drawn(answer: Answered) -> tuple[float, float]:
    """The interval as it is drawn; infinite ends where there is none."""
    low, high = ends(answer.interval or (None, None))
    return (low, high) if _sign(answer) > 0 else (-high, -low)
