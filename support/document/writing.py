"""A report into its file, and parts of one into text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from support.document.letters import written_out
from support.document.types import Report
from support.whole_files import write_whole


def encoded(part: msgspec.Struct | Sequence[msgspec.Struct], *, indent: int | None = None) -> bytes:
    """Parts of a report as JSON.

    What UTF-8 has no letters for, as the bytes of a badly named file, is written out: a file b"\\xff" comes in as a
    lone surrogate and is read as the six letters \\udcff, in the JSON and in all that is made of it.

    Raises
    ------
    ValueError : a NaN or an infinity, which msgspec itself would write as null.
    """
    text = json.dumps(msgspec.to_builtins(part), ensure_ascii=False, indent=indent, allow_nan=False)
    return written_out(text, backslash=r"\\").encode()


def as_read(report: Report) -> Report:
    """The report as it will be read from its file, so that whatever is drawn of it says the same.

    Raises
    ------
    ValueError : as `encoded`.
    """
    return msgspec.json.decode(encoded(report), type=Report)


def write(report: Report, path: Path) -> None:
    """Write the report, whole or not at all.

    Raises
    ------
    ValueError : as `encoded`.
    OSError : it cannot be written.
    """
    write_whole(file_content(report), path)


def file_content(report: Report) -> bytes:
    """What is written of a report.

    Raises
    ------
    ValueError : as `encoded`.
    """
    return encoded(report, indent=1)
