"""Where pytest tells how a run goes: a stream that is full, closed or gone takes nothing with it.

On a terminal there is room for one line of ours beneath what pytest has written. The cursor stays where pytest left it,
so that its dots go on where they were, and the line is gone before anything else is written.
"""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import unicodedata
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# What colours letters or tells a terminal's window of progress, and moves no cursor.
_STILL = re.compile(r"\x1b\[[0-9;]*m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
# Erases from the cursor to the end of the screen.
ERASE = "\x1b[J"
# More letters of a line, with their colours, than any terminal shows; of a longer one it is not known where it ends.
_LONGEST = 20_000
_UNKNOWN = "\0"
# Of a terminal that does not say how wide it is.
_WIDTH = 80


class Courteous(io.FileIO):
    """Writes what can be written, and drops the rest."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w")
        # A signal may come while this thread writes, and what it does writes too.
        self._lock = threading.RLock()
        self._shown = False
        self._line = ""

    def write(self, content: ReadableBuffer) -> int:
        """Write; what comes before in the process's own stream stands before it."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
        whole = memoryview(content).cast("B")
        with self._lock:
            self.hide()
            self._put(whole)
            written = (self._line + str(whole, "utf-8", "replace")).rpartition("\n")[2]
            self._line = written if len(written) <= _LONGEST else _UNKNOWN
        return whole.nbytes

    def show(self, text: str) -> None:
        """Show one line of plain letters beneath what was written, cut to the width; nothing where there is no room."""
        with self._lock, suppress(OSError, ValueError):
            width = os.get_terminal_size(self.fileno()).columns or _WIDTH
            self.hide()
            if (drawn := beneath(self._line, text, width)) is not None:
                self._shown = True
                self._put(memoryview(drawn.encode("utf-8", "backslashreplace")))

    def hide(self) -> None:
        """Let the line be gone."""
        with self._lock:
            if self._shown:
                self._shown = False
                self._put(memoryview(ERASE.encode()))

    def _put(self, left: memoryview) -> None:
        with suppress(OSError):
            while left:
                left = left[super().write(left) :]


def beneath(line: str, text: str, width: int) -> str | None:
    """What shows a text beneath a line and puts the cursor back at the line's end.

    Parameters
    ----------
    line : what was written since the last line break.
    text : plain letters, which are cut.
    width : of the terminal, in letters.

    Returns
    -------
    None where it is not known on which letter the cursor stands, or where the line fills the terminal.
    """
    column = _column(line)
    if column is None or column >= width:
        return None
    cut = _cut(text, width - 1)
    return f"{cut}\r" if column == 0 else f"\n\r{cut}\x1b[A\r\x1b[{column}C"


def _column(line: str) -> int | None:
    """How many letters stand before the cursor; None where other letters than these of ASCII, or orders, are in it."""
    written = _STILL.sub("", line).rpartition("\r")[2]
    return len(written) if written.isascii() and (written.isprintable() or not written) else None


def _cut(text: str, cells: int) -> str:
    """As much of a text as fits; wide letters take two cells."""
    taken = accumulate(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)
    return text[: sum(cell <= cells for cell in taken)]


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
        Courteous(descriptor),
        encoding=getattr(given, "encoding", None) or "utf-8",
        errors=getattr(given, "errors", None) or "backslashreplace",
        write_through=True,
    )


def live(stream: TextIO) -> Courteous | None:
    """The stream beneath, where it is a terminal that can show a line in one place; None of any other.

    A terminal that calls itself dumb has no cursor to move.
    """
    raw = getattr(stream, "buffer", None)
    is_live = isinstance(raw, Courteous) and raw.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return raw if isinstance(raw, Courteous) and is_live else None


def replace_closed_stderr() -> None:
    """Open something in the place of a stream that was closed (`2>&-`): plugins of pytest's own take it for granted."""
    if sys.__stderr__ is None:
        sys.__stderr__ = Path(os.devnull).open("w", encoding="utf-8")  # type: ignore[misc]  # noqa: SIM115 - to stay
