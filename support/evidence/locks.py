"""Whose turn it is to compute a trial. Locks save work that would be done twice; correctness does not rest on them.

What goes wrong with a lock is no fault of the evidence: where a file system has none, everybody computes. (filelock,
which waits for locks elsewhere in this project, keeps its locks in weak dictionaries, in whose callbacks Python
swallows Control-C; these are plain objects that are held by whoever holds the lock.)
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # a system without flock: nobody is held up
    fcntl = None  # type: ignore[assignment]

# The holder touches its lock so often; one that has not been touched for so long has stopped, and is not waited for.
BEAT, STOPPED = 1.0, 30.0


class Turn:
    """A lock file that is asked for and never waited for; a context manager.

    Attributes
    ----------
    granted : inside the context, whether it is ours, or nobody can tell.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.granted, self._handle = path, False, -1

    def __enter__(self) -> Turn:
        self.granted = self._ask()
        if self._handle >= 0:
            _HEART.add(self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            _HEART.remove(handle)
            with suppress(OSError):
                self.path.unlink()  # while it is still held: who waits finds the entry first
            with suppress(OSError):
                os.close(handle)
        self.granted = False

    def _ask(self) -> bool:
        if fcntl is None:
            return True
        handle = -1
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if handle >= 0:
                with suppress(OSError):
                    os.close(handle)
            return not isinstance(error, BlockingIOError)
        self._handle = handle
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()} on {os.uname().nodename}".encode())
        return True


class _Heart(threading.Thread):
    """Touches every lock that this process holds."""

    def __init__(self) -> None:
        super().__init__(name="lock heartbeat", daemon=True)
        self.held: set[int] = set()
        self.lock = threading.Lock()

    def add(self, handle: int) -> None:
        with self.lock:
            self.held.add(handle)
            if not self.is_alive() and self.ident is None:
                self.start()

    def remove(self, handle: int) -> None:
        with self.lock:
            self.held.discard(handle)

    def run(self) -> None:
        while True:
            time.sleep(BEAT)
            with self.lock:
                for handle in self.held:
                    with suppress(OSError):
                        os.utime(handle)


_HEART = _Heart()


class Wait:
    """Watches a lock that somebody else holds, by whether it is still touched."""

    def __init__(self, path: Path) -> None:
        self.path, self._touched, self._since = path, -1, time.monotonic()

    @property
    def holder(self) -> str:
        """The process, as it wrote itself down."""
        try:
            return self.path.read_text(encoding="utf-8") or "unknown"
        except (OSError, UnicodeError):
            return "unknown"

    def stopped(self) -> bool:
        """Whether the holder has not touched it for `STOPPED` seconds of this process's clock."""
        try:
            touched = self.path.stat().st_mtime_ns
        except OSError:
            return False  # it is gone: the turn can be asked for
        if touched != self._touched:
            self._touched, self._since = touched, time.monotonic()
        return time.monotonic() - self._since > STOPPED
