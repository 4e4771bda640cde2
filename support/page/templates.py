"""The templates of pages, their style and their script."""

from __future__ import annotations

from functools import cache
from importlib import resources

import jinja2

from support.page import typeset

STYLE, SCRIPT = "report.css", "report.js"


def environment() -> jinja2.Environment:
    """Templates of this folder: what they are given is text and stays it, what they are not given is an error."""
    made = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FunctionLoader(_text),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": typeset.number,
        "interval": typeset.interval,
        "percent": typeset.percent,
        "paragraphs": typeset.paragraphs,
        "titled": typeset.titled,
        "zipped": lambda values: [(value, value) for value in values],
    }
    return made


@cache
def compact(name: str) -> str:
    """A file of this folder without indentation and empty lines, as style and script stand in a page."""
    return "\n".join(line.strip() for line in _text(name).splitlines() if line.strip())


def _text(name: str) -> str:
    return resources.files("support.page").joinpath(name).read_text(encoding="utf-8")
