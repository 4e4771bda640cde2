"""Panels of the papers' figures: what a claim hands to the report to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from support.document.types import Guide, Line, Panel, Values

__all__ = ["Line", "Panel", "accuracy_lines", "image", "line", "panel"]


class Table(Protocol):
    """Rows of several trials, as `support.evidence.rows.Rows`."""

    def per_trial(self, column: str, over: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values of `over`, and the column as (trials, values)."""
        ...


def line(label: str, x: ArrayLike, trials: ArrayLike, *, color: int, dashed: bool = False, band: bool = True) -> Line:
    """One curve: values (trials, len(x)); drawn as the mean, with a band of one standard deviation."""
    return Line(
        label=label,
        x=tuple(np.asarray(x, dtype=float).tolist()),
        trials=_rows(np.atleast_2d(np.asarray(trials, dtype=float))),
        color=color,
        dashed=dashed,
        band=band,
    )


def panel(
    figure: str,
    title: str,
    order: float,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    x_scale: Literal["linear", "log", "log1p"] = "linear",
    y_range: tuple[float, float] | None = None,
    guides: Sequence[tuple[float, str]] = (),
    note: str = "",
) -> Panel:
    """One set of axes; panels with the same `figure` and `title` from several cases are overlaid."""
    return Panel(
        figure=figure,
        panel=title,
        order=float(order),
        x_label=x_label,
        y_label=y_label,
        x_scale=x_scale,
        y_range=(float(y_range[0]), float(y_range[1])) if y_range else None,
        guides=tuple(Guide(y=float(y), label=label) for y, label in guides),
        lines=tuple(lines),
        note=note,
    )


def image(figure: str, title: str, order: float, rows: ArrayLike, ends: tuple[float, float], note: str = "") -> Panel:
    """A panel that is an image: values (height, width), from nothing to the full colour between `ends`."""
    axes = panel(figure, title, order, [], x_label="", y_label="", y_range=ends, note=note)
    # Three digits are more than a shade shows.
    return msgspec.structs.replace(axes, map=_rows(np.asarray(rows, dtype=float).round(3)))


def accuracy_lines(rows: Table, over: str, name: str, color: int) -> list[Line]:
    """Test (dashed) and spurious (solid) accuracy of one model over N or α, as Figures 2, 6 and 7 show them."""
    lines = []
    for what, dashed in (("test", True), ("spurious", False)):
        x, table = rows.per_trial(f"{what}_accuracy", over)
        lines.append(line(f"{what} accuracy, {name}", x, table, color=color, dashed=dashed))
    return lines


def _rows(table: NDArray[np.float64]) -> tuple[Values, ...]:
    return tuple(map(tuple, table.tolist()))
