"""A report out of its file: read once, upgraded where it is of an earlier schema; mistakes in one sentence."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from support.document import first_schema, second_schema
from support.document.consistency import require_consistent
from support.document.earlier_panels import over_n
from support.document.first_schema import FIRST, Report1
from support.document.second_schema import SECOND, Report2
from support.document.strict_json import require_plain
from support.document.types import SCHEMA, Report, ReportError
from support.document.writing import encoded

# Ten times the largest that was ever written; what is larger is something else, and would fill the memory.
MOST_BYTES = 64_000_000

Part = TypeVar("Part", bound=msgspec.Struct)


class _Head(msgspec.Struct):
    """What tells of which schema a document is."""

    schema: str | None = None


def read(path: Path) -> Report:
    """The report in a `report.json`.

    Raises
    ------
    ReportError : the file cannot be read, holds no complete JSON or no report, in one sentence that begins with the
        file's name.
    """
    try:
        return parse(content_of(path))
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error


def content_of(path: Path) -> bytes:
    """What the file of a report holds.

    Raises
    ------
    ReportError : it cannot be read, or is larger than a report; the message does not name it.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise ReportError("cannot read the report: it is no file, but a device or a pipe")
        if status.st_size > MOST_BYTES:
            raise ReportError(
                f"cannot read the report: it has {status.st_size:,} bytes, and a report at most {MOST_BYTES:,}"
            )
        return path.read_bytes()
    except OSError as error:
        raise ReportError(f"cannot read the report: {error.strerror or error}") from error


def parse(content: bytes) -> Report:
    """The report in the bytes of a file.

    Raises
    ------
    ReportError : as `read`, without a file's name.
    """
    require_plain(content)
    schema = _decoded(content, _Head).schema
    if schema == SCHEMA:
        report = _decoded(content, Report)
    elif schema == SECOND:
        report = _checked(second_schema.upgraded(_decoded(content, Report2)))
    elif schema == FIRST:
        report = _checked(second_schema.upgraded(first_schema.upgraded(_decoded(content, Report1))))
    else:
        raise ReportError(f"the report's schema must be {SCHEMA!r}, {SECOND!r} or {FIRST!r}, got {schema!r}")
    require_consistent(report)
    return over_n(report)


def _checked(upgraded: Report) -> Report:
    """A report of an earlier schema, held to today's types."""
    return _decoded(encoded(upgraded), Report)


def _decoded(content: bytes, kind: type[Part]) -> Part:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise ReportError(f"the report is not what its schema says: {_sentence(error)}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReportError(f"not a complete JSON document: {error}") from error


def _sentence(error: msgspec.ValidationError) -> str:
    """What is wrong, with the place before it: ``report.claims[1] lacks `id` ``."""
    said = " ".join(str(error).split())
    # A wrong value may hold these words too: the place stands last.
    what, found, where = said.rpartition(" - at `$")
    what, place = (what, f"report{where.rstrip('`')}") if found else (said, "report")
    if what.startswith("Object missing required field "):
        return f"{place} lacks {what.removeprefix('Object missing required field ')}"
    return f"{place}: {what[0].lower()}{what[1:]}"
