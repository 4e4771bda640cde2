"""A report out of its file: read once, upgraded where it is of an earlier schema; mistakes in one sentence."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from support.document import first_schema, second_schema
from support.document.earlier_panels import over_n
from support.document.first_schema import FIRST, Report1
from support.document.second_schema import SECOND, Report2
from support.document.strict_json import require_plain
from support.document.types import SCHEMA, Report, ReportError

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
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise ReportError(f"{path}: cannot read the report: it is no file, but a device or a pipe")
        if status.st_size > MOST_BYTES:
            raise ReportError(
                f"{path}: cannot read the report: it has {status.st_size:,} bytes, and a report at most {MOST_BYTES:,}"
            )
        content = path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path}: cannot read the report: {error.strerror or error}") from error
    try:
        return parse(content)
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error


def parse(content: bytes) -> Report:
    """The report in the bytes of a file.

    Raises
    ------
    ReportError : as `read`, without a file's name.
    """
    require_plain(content)
    schema = _decoded(content, _Head).schema
    if schema == SCHEMA:
        return over_n(_decoded(content, Report))
    if schema == SECOND:
        return over_n(second_schema.upgraded(_decoded(content, Report2)))
    if schema == FIRST:
        return over_n(second_schema.upgraded(first_schema.upgraded(_decoded(content, Report1))))
    raise ReportError(f"the report's schema must be {SCHEMA!r}, {SECOND!r} or {FIRST!r}, got {schema!r}")


def _decoded(content: bytes, kind: type[Part]) -> Part:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise ReportError(f"the report is not what its schema says: {_sentence(error)}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReportError(f"not a complete JSON document: {error}") from error


def _sentence(error: msgspec.ValidationError) -> str:
    """What is wrong, with the place before it: ``report.claims[1] lacks `id` ``."""
    what, _, where = " ".join(str(error).split()).partition(" - at `$")
    place = "report" + where.rstrip("`")
    if what.startswith("Object missing required field "):
        return f"{place} lacks {what.removeprefix('Object missing required field ')}"
    return f"{place}: {what[0].lower()}{what[1:]}"
