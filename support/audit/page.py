"""The page of an audit: one self-contained HTML file, for a reader who was not there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import jinja2

from support.audit.result import Audit, Move, Reading, Row
from support.audit.table import MEANING, cells, notes, titles

# Units across a picture.
WIDTH = 300


@dataclass(frozen=True)
class Drawn:
    """An interval in a picture: positions from 0 to WIDTH.

    Attributes
    ----------
    low, high, value : of the interval and its estimate.
    first, last : of the band within which nothing is worth caring about, or that lies below the edge.
    line : of no move, or of the edge.
    """

    low: float
    high: float
    value: float
    first: float
    last: float
    line: float


def page(audit: Audit) -> str:
    """The page as text."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(resources.files("support.audit").joinpath("page.html").read_text("utf-8"))
    rows = [(row, cells(row), _drawn(row)) for row in audit.rows]
    return template.render(
        audit=audit, rows=rows, meaning=MEANING, titles=titles(audit), notes=notes(audit), width=WIDTH
    )


def _drawn(row: Row) -> Drawn:
    """A move between the ends of its range, with its margin; a reading with its edge."""
    shown: Reading | Move = row.move or row.after
    first, last = (-1.0, row.edge) if row.move is None else (-row.move.margin, row.move.margin)
    values = [each for each in (shown.low, shown.high, shown.value, last) if each is not None]
    low, high = min(0.0, first if row.move else 0.0, *values), max(0.0, *values)
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)

    def place(value: float | None, end: float) -> float:
        share = end if value is None else (value - low) / (high - low)
        return round(WIDTH * min(max(share, 0.0), 1.0), 1)

    line = place(0.0 if row.move else row.edge, 0)
    return Drawn(
        place(shown.low, 0), place(shown.high, 1), place(shown.value, 0), place(first, 0), place(last, 1), line
    )
