"""Which files code opens to read them: weights beside a user's file, its configuration.

Python tells of every file that it opens itself. What a library opens on its own (in C or Rust) is not seen.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR
# Of the machine, not of the user's network.
_SYSTEM = {Path(folder) for folder in ("/proc", "/sys", "/dev", "/run", "/etc", "/usr")}


@dataclass
class Opened:
    """Files by absolute path: those that were read, and those that were written and may be temporary."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)

    def data(self, own: Path | None) -> list[Path]:
        """Files that were only read, are still there, and belong neither to the machine nor to a cache.

        Parameters
        ----------
        own : folder of the user's, in which nothing else counts as the machine's.
        """
        found = [path for path in sorted(map(Path, self.read - self.written)) if path.is_file()]
        return [
            path
            for path in found
            if not _is_compiled(path) and ((own is not None and path.is_relative_to(own)) or _is_kept(path))
        ]


def _is_compiled(path: Path) -> bool:
    return path.suffix == ".pyc" or "__pycache__" in path.parts


def _is_kept(path: Path) -> bool:
    """Whether a file is neither of the machine nor in a hidden folder such as ~/.cache."""
    return _SYSTEM.isdisjoint(path.parents) and not any(part.startswith(".") for part in path.parts[:-1])


class _Noting(threading.local):
    """What is being noted in this thread."""

    opened: Opened | None = None
    installed = False


_noting = _Noting()
_hooked = threading.Event()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _noting.opened is not None:
        path, _, flags = arguments
        with suppress(TypeError, ValueError, OSError):  # a number of a file, say
            noted = _noting.opened.written if flags & _WRITING else _noting.opened.read
            noted.add(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - without following links


@contextmanager
def opened_files(opened: Opened) -> Iterator[None]:
    """Note the files that this thread opens until the context ends."""
    if not _hooked.is_set():
        _hooked.set()
        sys.addaudithook(_hook)  # it cannot be taken away; it does nothing while nothing is noted
    outer, _noting.opened = _noting.opened, opened
    try:
        yield
    finally:
        _noting.opened = outer
