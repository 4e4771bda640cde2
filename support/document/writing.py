"""A report into its file, and parts of one into text."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from support.document.types import Report


def encoded(part: msgspec.Struct | Sequence[msgspec.Struct], *, indent: int | None = None) -> bytes:
    """Parts of a report as JSON; letters that UTF-8 has not, as in a badly named test, become question marks.

    Raises
    ------
    ValueError : a NaN or an infinity, which msgspec itself would write as null.
    """
    text = json.dumps(msgspec.to_builtins(part), ensure_ascii=False, indent=indent, allow_nan=False)
    return text.encode("utf-8", errors="replace")


def write(report: Report, path: Path) -> None:
    """Write the report, whole or not at all.

    Raises
    ------
    ValueError : as `encoded`.
    OSError : it cannot be written.
    """
    content = encoded(report, indent=1)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
