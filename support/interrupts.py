"""What asks a program to stop: Control-C, the SIGTERM of a scheduler, the SIGHUP of a closed terminal, all alike."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

ASKED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
# Signals that come within so many seconds of another are the same wish, as where a group and its members are told.
ONCE = 1.0
# Seconds after which one is repeated that came within a destructor, where Python drops what is raised.
AGAIN = 0.05


class Interrupts:
    """Raises KeyboardInterrupt where one of them comes, until the program is ending.

    Parameters
    ----------
    told : what is said on stderr to one that comes while it is ending; nothing where it is empty.

    Attributes
    ----------
    ending : set where nothing more is to be interrupted.
    """

    def __init__(self, told: str = "") -> None:
        self.ending = False
        self._told = told
        self._earlier: dict[int, object] = {}
        self._heard = -math.inf
        self._number = int(signal.SIGINT)
        self._hook = sys.unraisablehook

    def listen(self) -> None:
        """Hear from now on; what the process was told to ignore (`nohup`) stays ignored."""
        if threading.current_thread() is not threading.main_thread():
            return  # this was started from within another program, which hears its own signals
        for number in ASKED:
            earlier = signal.getsignal(number)
            if earlier in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, self._asked)
                self._earlier[number] = earlier

    def forget(self) -> None:
        """Hear no more."""
        for number, earlier in self._earlier.items():
            signal.signal(number, earlier)  # type: ignore[arg-type]  # as it was given
        self._earlier.clear()
        if sys.unraisablehook == self._dropped:
            sys.unraisablehook = self._hook

    def _asked(self, number: int, _: FrameType | None) -> None:
        earlier, self._heard, self._number = self._heard, time.monotonic(), number
        if self.ending:
            with suppress(OSError):  # a courtesy
                os.write(2, self._told.encode())
        elif self._heard - earlier >= ONCE:  # what is interrupted clears up
            if sys.unraisablehook != self._dropped:
                self._hook, sys.unraisablehook = sys.unraisablehook, self._dropped
            raise KeyboardInterrupt(signal.Signals(number).name)

    def _dropped(self, unraisable: UnraisableHookArgs, /) -> None:
        """Hear of what Python drops: an interrupt comes again, and a file that one left open is no fault."""
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            self._heard = -math.inf
            threading.Timer(AGAIN, os.kill, (os.getpid(), self._number)).start()
        elif not isinstance(unraisable.exc_value, ResourceWarning):
            self._hook(unraisable)
