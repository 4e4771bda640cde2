"""Where pytest tells how a run goes: a stream that is full, closed or gone takes nothing with it."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Courteous(io.FileIO):
    """Writes what can be written, and drops the rest."""

    def write(self, content: ReadableBuffer) -> int:
        """Write; what comes before in the process's own stream stands before it."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
        left = memoryview(content).cast("B")
        with suppress(OSError):
            while left:
                left = left[super().write(left) :]
        return memoryview(content).nbytes


def courteous_terminal() -> TextIO:
    """What pytest's terminal may write to in the place of `sys.stdout`, whatever becomes of that."""
    given = sys.stdout
    try:
        descriptor = os.dup(given.fileno())
    except (OSError, ValueError, AttributeError):  # it is closed, or no file
        if given is not None and not given.closed:
            return given
        descriptor = os.open(os.devnull, os.O_WRONLY)
    return io.TextIOWrapper(
        _Courteous(descriptor, "w"),
        encoding=getattr(given, "encoding", None) or "utf-8",
        errors=getattr(given, "errors", None) or "backslashreplace",
        write_through=True,
    )


def replace_closed_stderr() -> None:
    """Open something in the place of a stream that was closed (`2>&-`): plugins of pytest's own take it for granted."""
    if sys.__stderr__ is None:
        sys.__stderr__ = Path(os.devnull).open("w", encoding="utf-8")  # type: ignore[misc]  # noqa: SIM115 - to stay
