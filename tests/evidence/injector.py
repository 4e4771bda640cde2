"""Faults of the operating system, injected into whatever asks it through the modules os and fcntl."""

from __future__ import annotations

import errno
import fcntl
import functools
import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What the store and its locks ask of the operating system. (pathlib asks through the same names.)
CALLS = ("open", "read", "write", "fsync", "close", "link", "replace", "rename", "unlink", "mkdir", "stat", "listdir")
ERRORS = ("EIO", "ENOSPC", "EACCES", "EMFILE")
LASTING = " from then on"
KILLED, CONTENT_CUT, NAMES_CUT = "killed", "power cut, contents", "power cut, names too"
OTHER, THEN_KILLED = "another writer", "another writer, then killed"
INTERRUPT = "Control-C"
FAILING = (*ERRORS, *(name + LASTING for name in ("EIO", "ENOSPC")))
FAULTS = (*FAILING, INTERRUPT, KILLED, CONTENT_CUT, NAMES_CUT, OTHER, THEN_KILLED)

real_write, real_close = os.write, os.close


def error_of(name: str) -> OSError:
    """The error as the operating system gives it."""
    number = getattr(errno, name)
    return OSError(number, os.strerror(number))


@dataclass
class Injector:
    """Counts the calls and makes something of one of them.

    Attributes
    ----------
    at : which call, from 0; -1 for none.
    fault : one of `FAULTS`; all of them write half where they strike a write, but for another's writing and Control-C,
        of which Python tells when the call is done.
    lacking : names of calls that this file system does not have.
    gap : calls from another's writing to the kill; 0 where none follows.
    other : what another process does.
    calls : the names of the calls until now.
    """

    at: int = -1
    fault: str = ""
    lacking: Sequence[str] = ()
    gap: int = 0
    other: Callable[[], object] = list
    calls: list[str] = field(default_factory=list)
    inside: bool = False
    folders: dict[int, str] = field(default_factory=dict)
    unflushed: dict[int, int] = field(default_factory=dict)
    undo: dict[str, list[Callable[[], object]]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def injected(self) -> Iterator[None]:
        """In here, calls are counted and one has its fault."""
        places = [(os, name) for name in CALLS] + [(fcntl, "flock")]
        real = [getattr(module, name) for module, name in places]
        for (module, name), call in zip(places, real, strict=True):
            setattr(module, name, self.wrapped(name, call))
        try:
            yield
        finally:
            for (module, name), call in zip(places, real, strict=True):
                setattr(module, name, call)

    def wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, counted; calls that a fault makes itself are not."""

        @functools.wraps(call)
        def counted(*given: Any, **options: Any) -> Any:
            if self.inside:
                return call(*given, **options)
            self.inside = True
            try:
                number = len(self.calls)
                self.calls.append(name)
                self.strike(number, name, given)
                if name in self.lacking:
                    raise error_of("ENOLCK" if name == "flock" else "EPERM")
                self.before(name, given)
                # Nothing here can see whether a flush has reached a disk; that it is asked for is noted.
                result = None if name == "fsync" else call(*given, **options)
                self.after(name, given, result)
                if self.fault == INTERRUPT and number == self.at:
                    raise KeyboardInterrupt
                return result
            finally:
                self.inside = False

        return counted

    def strike(self, number: int, name: str, given: tuple[Any, ...]) -> None:
        """The fault, where this is the call for it."""
        lasting = self.fault.endswith(LASTING)
        if self.fault in (OTHER, THEN_KILLED) and number == self.at - self.gap:
            self.other()
        if self.fault == INTERRUPT or (number != self.at and not (lasting and number > self.at >= 0)):
            return
        if name == "write" and self.fault != OTHER:
            real_write(given[0], bytes(given[1])[: len(given[1]) // 2])
        if self.fault in (CONTENT_CUT, NAMES_CUT):
            self.cut_power()
        if self.fault in (KILLED, CONTENT_CUT, NAMES_CUT, THEN_KILLED):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault != OTHER:
            if name == "close":
                real_close(given[0])  # a close that fails has closed
            raise error_of(self.fault.removesuffix(LASTING))

    def before(self, name: str, given: tuple[Any, ...]) -> None:
        """Note what a call is going to replace, whose name is not on disk until its folder is flushed."""
        if self.fault == NAMES_CUT and name == "replace":
            target = Path(given[1])
            old = target.read_bytes() if target.is_file() else None
            if old is not None:
                self.undo[str(target.parent)] += [lambda: target.write_bytes(old), target.unlink]

    def after(self, name: str, given: tuple[Any, ...], result: Any) -> None:
        """Note what is not on disk yet: contents until they are flushed, names until their folder is."""
        if self.fault not in (CONTENT_CUT, NAMES_CUT):
            return
        if name == "open":
            if Path(given[0]).is_dir():
                self.folders[result] = str(given[0])
            elif given[1] & os.O_WRONLY:
                self.unflushed[result] = os.dup(result)
        elif name == "fsync":
            if given[0] in self.folders:
                self.undo.pop(self.folders[given[0]], None)
            else:
                real_close(self.unflushed.pop(given[0]))
        elif name == "close":
            self.folders.pop(given[0], None)
        elif name in ("link", "rename"):
            target = Path(given[1])
            self.undo[str(target.parent)].append(target.unlink)
        elif name == "mkdir":
            self.undo[str(Path(given[0]).parent)].append(functools.partial(shutil.rmtree, given[0]))

    def cut_power(self) -> None:
        """Take what is not on disk: half of each content; the names too, or none of them."""
        for handle in self.unflushed.values():
            os.ftruncate(handle, os.fstat(handle).st_size // 2)
        if self.fault == NAMES_CUT:
            for folder in self.undo.values():
                for forget in reversed(folder):
                    with suppress(OSError):
                        forget()
