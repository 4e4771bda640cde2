"""JSON as a report may hold it: every name once, numbers that a figure can show, and text that is text.

JSON itself allows more, and programs that read it differ in what they then see: of a name that stands twice most take
the second, a number beyond all doubles is infinite or an error, and half of a surrogate pair cannot be written again.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from support.document.letters import is_text
from support.document.types import ReportError

# What is squared in the course of a comparison must stay within a double.
LARGEST = 1e150
# Digits of a number, or letters of a name, that a message repeats.
MOST_SHOWN = 40

# Half of a surrogate pair, as JSON writes it; the other half may make it whole.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class _Wrong:
    """In the place of a value that no report has."""

    what: str


class _Reader:
    """Reads a document and notes whether anything in it is wrong."""

    def __init__(self) -> None:
        self.found = False

    def wrong(self, what: str) -> _Wrong:
        self.found = True
        return _Wrong(what)

    def constant(self, text: str) -> object:
        return self.wrong(f"{text} is no number")

    def number(self, text: str) -> object:
        value = float(text)
        if math.isfinite(value) and abs(value) <= LARGEST:
            return value
        shown = text if len(text) <= MOST_SHOWN else f"a number of {len(text.lstrip('-')):,} digits"
        return self.wrong(f"{shown} is beyond ±{LARGEST:g}, which no figure shows")

    def pairs(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    found[name] = self.wrong("stands there twice")
                seen.add(name)
        return found


def require_plain(content: bytes) -> None:
    """See that a document is JSON of which all programs read the same.

    Raises
    ------
    ReportError : it is not, or no complete JSON; with the place.
    """
    reader = _Reader()
    try:
        text = content.decode()
        if not text.strip():
            raise ReportError("not a complete JSON document: the file is empty")
        document = json.loads(
            text,
            object_pairs_hook=reader.pairs,
            parse_constant=reader.constant,
            parse_float=reader.number,
            parse_int=reader.number,
        )
    except UnicodeDecodeError as error:
        raise ReportError(f"not a complete JSON document: byte {error.start:,} is not UTF-8") from error
    except RecursionError as error:
        raise ReportError("not a complete JSON document: it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ReportError(f"not a complete JSON document: {error}") from error
    if reader.found or _SURROGATE.search(content):
        _require_right(document)


def _require_right(document: object) -> None:
    """Go through all values, in their order, to the first that is wrong."""
    open_ends: list[tuple[str, object]] = [("report", document)]
    while open_ends:
        place, value = open_ends.pop()
        if isinstance(value, _Wrong):
            raise ReportError(f"the report is not what its schema says: {place}: {value.what}")
        if isinstance(value, str) and not is_text(value):
            raise ReportError(f"the report is not what its schema says: {place}: half of a surrogate pair is no text")
        if isinstance(value, dict):
            open_ends += reversed([(f"{place}.{_shown(name)}", each) for name, each in value.items()])
            if not all(map(is_text, value)):
                raise ReportError(
                    f"the report is not what its schema says: {place}: half of a surrogate pair is no name"
                )
        elif isinstance(value, list):
            open_ends += reversed([(f"{place}[{number}]", each) for number, each in enumerate(value)])


def _shown(name: str) -> str:
    """A name in a place, printable and short."""
    plain = name if name.isidentifier() else json.dumps(name)
    return plain if len(plain) <= MOST_SHOWN else f"{plain[:MOST_SHOWN]}…"
