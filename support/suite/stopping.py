"""How a run is stopped: what was decided until then is reported, and more signals meanwhile change nothing."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.interrupts import Interrupts

# Seconds that workers have to leave what they compute, before they are killed.
LEAVE = 0.8
POLL = 0.02
# In which file a worker names its process.
PROCESS = "process"


class Stopping:
    """Ends a run that is asked to stop; a plugin of pytest.

    Parameters
    ----------
    workers : the directory in which they leave word of their processes, at the controller; None at a worker.
    """

    def __init__(self, interrupts: Interrupts, workers: Path | None) -> None:
        self._interrupts, self._workers = interrupts, workers

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Stop the workers, which would go on for seconds."""
        self._interrupts.ending = True
        if self._workers is not None:
            stop([int(path.read_text()) for path in self._workers.glob(f"*.{PROCESS}")])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Let nothing interrupt what comes now."""
        self._interrupts.ending = True

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Hear no more."""
        self._interrupts.forget()


def stop(processes: list[int]) -> None:
    """Ask child processes to stop, and kill those that do not; of what is no child (any more), nothing is done."""
    if not hasattr(os, "waitid"):
        return  # then xdist stops them, in its own time
    for process in processes:
        _send(process, signal.SIGTERM)
    until = time.monotonic() + LEAVE
    while time.monotonic() < until and any(map(_runs, processes)):
        time.sleep(POLL)
    for process in processes:
        _send(process, signal.SIGKILL)


def _send(process: int, number: signal.Signals) -> None:
    if _runs(process):
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _runs(process: int) -> bool:
    """Whether it is a child of this process that has not ended; until it is waited for, no other takes its number."""
    try:
        return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
