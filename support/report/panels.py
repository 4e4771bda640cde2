"""Panels of the papers' figures as plain data: what a claim hands to the report to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

Line = dict[str, Any]
Panel = dict[str, Any]


class Table(Protocol):
    """Rows of several trials, as `support.evidence.rows.Rows`."""

    def per_trial(self, column: str, over: str) -> tuple[np.ndarray, np.ndarray]:
        """Values of `over`, and the column as (trials, values)."""
        ...


def line(label: str, x: ArrayLike, trials: ArrayLike, *, color: int, dashed: bool = False, band: bool = True) -> Line:
    """One curve: values (trials, len(x)); drawn as the mean, with a band of one standard deviation."""
    return {
        "label": label,
        "x": np.asarray(x, dtype=float).tolist(),
        "trials": np.atleast_2d(np.asarray(trials, dtype=float)).tolist(),
        "color": color,
        "dashed": dashed,
        "band": band,
    }


def panel(
    figure: str,
    title: str,
    order: int,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    x_scale: str = "linear",
    y_range: tuple[float, float] | None = None,
    guides: Sequence[tuple[float, str]] = (),
    note: str = "",
) -> Panel:
    """One set of axes; panels with the same `figure` and `title` from several cases are overlaid."""
    return {
        "figure": figure,
        "panel": title,
        "order": order,
        "x_label": x_label,
        "y_label": y_label,
        "x_scale": x_scale,
        "y_range": list(y_range) if y_range else None,
        "guides": [{"y": y, "label": label} for y, label in guides],
        "lines": list(lines),
        "note": note,
    }


def image(figure: str, title: str, order: int, rows: ArrayLike, ends: tuple[float, float], note: str = "") -> Panel:
    """A panel that is an image: values (height, width), from nothing to the full colour between `ends`."""
    # Three digits are more than a shade shows.
    values = np.asarray(rows, dtype=float).round(3).tolist()
    return panel(figure, title, order, [], x_label="", y_label="", y_range=ends, note=note) | {"map": values}


def accuracy_lines(rows: Table, over: str, name: str, color: int) -> list[Line]:
    """Test (dashed) and spurious (solid) accuracy of one model over N or α, as Figures 2, 6 and 7 show them."""
    lines = []
    for what, dashed in (("test", True), ("spurious", False)):
        x, table = rows.per_trial(f"{what}_accuracy", over)
        lines.append(line(f"{what} accuracy, {name}", x, table, color=color, dashed=dashed))
    return lines
