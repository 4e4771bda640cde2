"""Reports with a field that is wrong or gone, and what reading them says."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from support.document.reading import parse
from support.document.types import ReportError

# What a field may hold by mistake.
WRONG: tuple[Any, ...] = (
    None,
    True,
    3,
    -0.5,
    10**30,
    "text",
    "",
    [],
    [1.5],
    [1, None],
    ["text"],
    {},
    {"a": "b"},
    [[1]],
)
Document = dict[str, Any]
Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*place, key)
        yield from places(value[key], (*place, key))


def damaged(document: Document, place: Place, value: Any) -> Document:
    """A copy with another value at a place, or with nothing there where it is ``...``."""
    copy = deepcopy(document)
    part: Any = copy
    for key in place[:-1]:
        part = part[key]
    if value is ...:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return copy


def refused(content: bytes) -> str | None:
    """What reading says, None where it reads; any other exception is a mistake."""
    try:
        parse(content)
    except ReportError as error:
        return str(error)
    return None
