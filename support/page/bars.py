"""Panels that compare categories: bars side by side, in a group for each value of x."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from support.page import typeset

if TYPE_CHECKING:
    from support.page.figures import Curve

_MOST_GROUPS = 3
FREE = 0.3  # share of a group's width that is left free around its bars
_TIP = 3  # half the width of a whisker's ends


def compares(curves: Sequence[Curve]) -> bool:
    """Whether lines have nothing to join: several of them, one with a single point, over few values of x."""
    drawn = [curve for curve in curves if curve.x]
    groups = {x for curve in drawn for x in curve.x}
    return len(drawn) > 1 and len(groups) <= _MOST_GROUPS and any(len(curve.x) == 1 for curve in drawn)


def draw(curves: Sequence[Curve], up: Callable[[float], float], width: float) -> tuple[str, list[tuple[float, str]]]:
    """The bars as SVG, each from zero to the mean with a whisker for the band, and places and labels of the groups."""
    groups = sorted({x for curve in curves for x in curve.x})
    across = width / len(groups)
    drawn = ""
    for place, group in enumerate(groups):
        there = [curve for curve in curves if group in curve.x]
        wide = across * (1 - FREE) / len(there)
        for index, curve in enumerate(there):
            left = across * (place + FREE / 2) + wide * index
            drawn += _bar(curve, curve.x.index(group), left, wide, up)
    return drawn, [(across * (place + 0.5), typeset.number(group)) for place, group in enumerate(groups)]


def _bar(curve: Curve, at: int, left: float, wide: float, up: Callable[[float], float]) -> str:
    top, foot = up(curve.mean[at]), up(0.0)
    box = f"M{left + 1:.1f} {foot:.1f}V{top:.1f}h{wide - 2:.1f}V{foot:.1f}z"
    whisker = ""
    if curve.deviation[at]:
        low, high = up(curve.extent[at]), up(curve.extent[at + len(curve.x)])
        middle = left + wide / 2
        ends = "".join(f"M{middle - _TIP:.1f} {y:.1f}h{2 * _TIP}" for y in (low, high))
        whisker = f'<path class="whisker" d="M{middle:.1f} {low:.1f}V{high:.1f}{ends}"/>'
    dashed = " dashed" if curve.line.dashed else ""
    return f'<g class="s{curve.line.color}{dashed}"><path class="bar" d="{box}"/>{whisker}</g>'
