"""A report into its file, and parts of one into text."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from support.document.letters import written_out
from support.document.types import Report


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
    write_whole(encoded(report, indent=1), path)


def write_whole(content: bytes, path: Path) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    OSError : it cannot be written.
    """
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # some disks say only now that they are full
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
