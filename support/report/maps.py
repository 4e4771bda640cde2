"""A panel that is an image: one value for each pixel, as the papers show first-layer weights."""

from itertools import groupby

from markupsafe import escape

from support.report import typeset

_SHADES = 12  # steps from nothing to the full colour; more could not be told apart


def draw(name: str, rows: list[list[float]], ends: list[float] | None) -> str:
    """Return the map as SVG for an HTML page, with its legend; equal input gives equal text.

    Parameters
    ----------
    rows : values, from top to bottom and left to right.
    ends : values shown as nothing and as the full colour; the smallest and the largest where not given.
    """
    values = [value for row in rows for value in row]
    low, high = ends or (min(values), max(values))
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
    across, down = len(rows[0]), len(rows)
    return (
        f'<svg class="map" viewBox="0 0 {across} {down}" role="img" aria-label="{escape(_in_words(name, rows))}">'
        f'<rect width="{across}" height="{down}"/>{drawn}</svg>'
        f'<p class="fine">Empty: {typeset.number(low)} or less; full: {typeset.number(high)} or more.</p>'
    )


def _shade(value: float, low: float, high: float) -> int:
    share = (value - low) / (high - low) if high > low else 0.0
    return round(_SHADES * min(max(share, 0.0), 1.0))


def _in_words(name: str, rows: list[list[float]]) -> str:
    """Say where the largest value stands."""
    largest, y, x = max((value, -y, -x) for y, row in enumerate(rows) for x, value in enumerate(row))
    return (
        f"{name}: a map of {len(rows)} rows of {len(rows[0])} values, the largest, {typeset.number(largest)}, "
        f"in row {1 - y}, column {1 - x}"
    )
