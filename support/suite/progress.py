"""What is said while claims run: one line that is redrawn in place on a terminal, else a plain line a minute."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from support.document.letters import in_one_line
from support.suite.run import Run
from support.suite.streams import Courteous
from support.suite.worker_files import COSTS, DOING, Doing

Word = TypeVar("Word")

# Seconds between two lines, on a terminal and elsewhere.
REDRAWN, PLAIN = 1.0, 60.0
# Seconds for a last line, which nobody may be reading.
PATIENCE = 2.0
# Seconds over which trials are counted for their number a minute.
WINDOW = 120.0
MINUTE = 60


@dataclass(frozen=True)
class State:
    """How far a run is.

    Attributes
    ----------
    seconds : since its start.
    decided : cases with a verdict.
    undecided : cases that are still to end; None before it is known which there are.
    pace : trials measured a minute, by all workers; None before the first.
    left : seconds that the run may still take; None while there is nothing to estimate them from.
    now : what each worker is doing.
    """

    seconds: float
    decided: int
    undecided: int | None = None
    pace: float | None = None
    left: float | None = None
    now: Sequence[str] = ()


def line(state: State) -> str:
    """The state in one line of plain letters, what matters most first: a terminal cuts it to its width."""
    elapsed = int(state.seconds)
    parts = [
        f"{elapsed // MINUTE}:{elapsed % MINUTE:02d}, {state.decided} cases decided",
        f"{_or_unknown(state.undecided)} undecided",
        f"{'?' if state.pace is None else f'{state.pace:.3g}'} trials a minute",
        f"{_duration(state.left)} left",
    ]
    return in_one_line(f"{', '.join(parts)}; now: {' | '.join(state.now)}")


def _or_unknown(count: int | None) -> str:
    return "?" if count is None else str(count)


def _duration(seconds: float | None) -> str:
    """About how long, in minutes: ``about 41 min``, ``under a minute``, ``?``."""
    if seconds is None:
        return "?"
    return f"about {round(seconds / MINUTE)} min" if seconds >= MINUTE else "under a minute"


def seconds_left(elapsed: float, decided: float, undecided: float) -> float | None:
    """Seconds that a run may still take, by what its tests are said to cost.

    Parameters
    ----------
    elapsed : seconds until now.
    decided, undecided : cost of the cases with a verdict, and of those that are still to end.

    Returns
    -------
    None while no cost is behind it.
    """
    if undecided <= 0:
        return 0.0
    return elapsed * undecided / decided if decided > 0 else None


@dataclass
class Pace:
    """Trials a minute, over the last WINDOW seconds."""

    seen: deque[tuple[float, int]] = field(default_factory=lambda: deque([(0.0, 0)]))

    def __call__(self, seconds: float, trials: int) -> float | None:
        """The pace when so many trials have been measured after so many seconds; None before the first trial."""
        self.seen.append((seconds, trials))
        while len(self.seen) > 2 and self.seen[1][0] <= seconds - WINDOW:
            self.seen.popleft()
        began, before = self.seen[0]
        return (trials - before) * MINUTE / (seconds - began) if trials and seconds > began else None


class Watching:
    """Shows how far a run is until it ends; a plugin of pytest at the controller.

    Whatever becomes of the terminal is no matter of the run's.

    Parameters
    ----------
    terminal : where a line can be redrawn; None where there is none.
    """

    def __init__(self, run: Run, terminal: Courteous | None) -> None:
        self._run, self._terminal = run, terminal
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pace = Pace()
        self._costs: Mapping[str, float] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Begin."""
        terminal = self._terminal
        if terminal is not None:
            self._start(terminal, REDRAWN)
            return
        # A copy of stderr is past pytest's capture, or nothing would be seen before a test ends.
        with suppress(OSError):  # it is closed, and nobody would see anything
            self._start(_Plain(os.dup(2)), PLAIN)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """End; the line makes room for what is said of the interruption."""
        self.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End."""
        self.stop()

    def _start(self, shown: Courteous | _Plain, seconds: float) -> None:
        def show() -> None:
            while not self._stop.wait(seconds):
                if (state := self.state()).now:
                    shown.show(f"  {line(state)}")
            shown.hide()

        self._thread = threading.Thread(target=show, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Show nothing more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def state(self) -> State:
        """How far the run is."""
        doing = [found for path in self._files(DOING) if (found := _read(path, Doing)) is not None]
        ended = dict(self._run.ended)
        costs = self._cost_of_each()
        undecided = [cost for test, cost in costs.items() if test not in ended]
        decided = [test for test, placed in ended.items() if placed.case.not_run is None]
        seconds = time.perf_counter() - self._run.clock
        return State(
            seconds,
            len(decided),
            len(undecided) if costs else None,
            self._pace(seconds, sum(each.trials for each in doing)),
            seconds_left(seconds, sum(costs.get(test or "", 0) for test in decided), sum(undecided)) if costs else None,
            [each.now for each in doing if each.now],
        )

    def _cost_of_each(self) -> Mapping[str, float]:
        """What each test is said to cost that was collected to run; all workers collect the same."""
        if not self._costs:
            told = (_read(path, dict[str, float]) for path in self._files(COSTS))
            self._costs = next(filter(None, told), {})
        return self._costs

    def _files(self, what: str) -> list[Path]:
        return sorted(self._run.folder.glob(f"*.{what}"))


class _Plain:
    """Shows lines one after another, on a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def show(self, text: str) -> None:
        """Show a line."""
        with suppress(OSError):  # a courtesy; a terminal that is full or gone must not fail a run
            os.write(self._descriptor, f"\n{text}\n".encode("utf-8", "backslashreplace"))

    def hide(self) -> None:
        """Leave the descriptor."""
        with suppress(OSError):
            os.close(self._descriptor)


def _read(path: Path, kind: type[Word]) -> Word | None:
    """What a worker said; None where it cannot be read, which is no matter of the run's."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
