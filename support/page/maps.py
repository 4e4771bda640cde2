"""A panel that is an image: one value for each pixel, as the papers show first-layer weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import escape

from support.document.types import Pair, Values
from support.page import typeset

_SHADES = 12  # steps from nothing to the full colour; more could not be told apart


def draw(name: str, rows: Sequence[Values], ends: Pair | None) -> str:
    """Return the map as SVG for an HTML page, with its legend; equal input gives equal text.

    Parameters
    ----------
    rows : from top to bottom, each from left to right; a value that is not known is shown as nothing.
    ends : values shown as nothing and as the full colour; the smallest and the largest where not given.
    """
    if all(value is None for row in rows for value in row):
        return ""
    low, high = reach(rows, ends)
    paths = [""] * (_SHADES + 1)
    for y, row in enumerate(rows):
        x = 0
        for shade, run in groupby(row, lambda value: _shade(value, low, high)):
            width = len(list(run))
            if shade:
                paths[shade] += f"M{x} {y}h{width}v1h-{width}z"
            x += width
    drawn = "".join(
        f'<path d="{path}" fill-opacity="{shade / _SHADES:.2g}"/>' for shade, path in enumerate(paths) if path
    )
    across, down = max(map(len, rows)), len(rows)
    return (
        f'<svg class="map" viewBox="0 0 {across} {down}" role="img" aria-label="{escape(_in_words(name, rows))}">'
        f'<rect width="{across}" height="{down}"/>{drawn}</svg>'
        f'<p class="fine">Empty: {typeset.number(low)} or less; full: {typeset.number(high)} or more.</p>'
    )


def reach(rows: Sequence[Values], ends: Pair | None) -> tuple[float, float]:
    """Values shown as nothing and as the full colour: those that are given, else the smallest and the largest."""
    values = [value for row in rows for value in row if value is not None]
    low, high = ends or (None, None)
    return min(values, default=0.0) if low is None else low, max(values, default=1.0) if high is None else high


def _shade(value: float | None, low: float, high: float) -> int:
    share = (value - low) / (high - low) if value is not None and high > low else 0.0
    return round(_SHADES * min(max(share, 0.0), 1.0))


def _in_words(name: str, rows: Sequence[Values]) -> str:
    """Say where the largest value stands."""
    places = [(value, -y, -x) for y, row in enumerate(rows) for x, value in enumerate(row) if value is not None]
    largest, y, x = max(places)
    return (
        f"{name}: a map of {len(rows)} rows of {max(map(len, rows))} values, the largest, {typeset.number(largest)}, "
        f"in row {1 - y}, column {1 - x}"
    )
