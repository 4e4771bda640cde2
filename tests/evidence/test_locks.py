"""Whose turn it is: asked for and never waited for, given back by the dead, and no obstacle where its holder stops."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from support.evidence import collect, locks
from support.evidence.keys import origin_of
from support.evidence.locks import Turn, Wait
from support.evidence.store import Store
from support.experiments.experiment import Context
from tests.evidence.counted import Counted, collector

ROOT = Path(__file__).parents[2]
# Seconds: in which a process must do what is asked of it; in which a beat comes; without one, a holder has stopped.
PATIENCE, BEAT, STOPPED = 60, 0.02, 0.8
# That asking for a turn may take, even of a busy machine.
AT_ONCE = 5
# A hammer that misses the moment in which one of twenty signals is lost passes once in twenty runs.
SIGNALS = 60

HOLDER = """
import sys
from pathlib import Path
from support.evidence import locks
locks.BEAT = float(sys.argv[2])
with locks.Turn(Path(sys.argv[1])) as turn:
    print("granted" if turn.granted else "not granted", flush=True)
    sys.stdin.readline()
print("given back", flush=True)
sys.stdin.readline()
"""

# Children of a process that has imported all and has no threads: each takes turns until a signal ends it.
HAMMER = """
import os, random, signal, sys, time
from pathlib import Path
from support.evidence import locks
from support.evidence.store import Store
from tests.evidence.faults import Meant

directory, signals, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
locks.BEAT = 0.001
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
os.fsync = lambda handle: None  # in which it would be found most of the time
moments = random.Random(seed)
for number in range(signals):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # one that has swallowed its signal ends by this one
        store = Store(directory)
        done = 0
        while True:
            for _ in range(5):
                with locks.Turn(store.lock_path("a")):
                    pass
            with locks.Turn(store.lock_path("b")):
                Meant(f"{number} {done}").write(store)
            if not done:
                os.write(writing, b"!")  # however busy the machine is, the signal finds it at work
            done += 1
    os.read(reading, 1)
    os.close(reading), os.close(writing)
    time.sleep(moments.uniform(0, 0.03))
    os.kill(child, signal.SIGINT)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

Hold = Callable[[Path], subprocess.Popen[str]]


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - code of these tests
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Starts a process that holds a lock until it is told to let go."""
    processes: list[subprocess.Popen[str]] = []

    def hold(path: Path) -> subprocess.Popen[str]:
        processes.append(started(HOLDER, path, BEAT))
        assert said(processes[-1]) == "granted"
        return processes[-1]

    yield hold
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def lock(store: Store, counted: Counted) -> Path:
    """Of trial 1 of the experiment."""
    return store.lock_path(msgspec.structs.replace(origin_of(counted, Context(seed=0)), trial=1).key)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "STOPPED", STOPPED)
    monkeypatch.setattr(locks, "BEAT", BEAT)
    monkeypatch.setattr(collect, "PATIENCE", BEAT)


def granted(path: Path) -> bool:
    started = time.monotonic()
    with Turn(path) as turn:
        assert time.monotonic() - started < AT_ONCE
        return turn.granted


# 1. Turns


def test_a_second_process_is_not_granted_and_not_held_up(lock: Path, hold: Hold) -> None:
    holder = hold(lock)
    assert not granted(lock)
    assert Wait(lock).holder == f"{holder.pid} on {os.uname().nodename}"
    let_go(holder)
    assert said(holder) == "given back"
    assert not lock.exists()
    assert granted(lock)
    assert not lock.exists()


def test_a_second_turn_of_one_process_is_not_granted(lock: Path) -> None:
    with Turn(lock) as first, Turn(lock) as second:
        assert (first.granted, second.granted) == (True, False)
    assert (first.granted, second.granted) == (False, False)
    assert granted(lock)


def test_a_turn_that_ends_by_an_error_is_given_back(lock: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Turn(lock):
        raise KeyboardInterrupt
    assert not lock.exists()
    assert granted(lock)


def test_a_killed_holder_gives_back(lock: Path, hold: Hold) -> None:
    holder = hold(lock)
    holder.kill()
    holder.wait(PATIENCE)
    assert lock.exists()
    assert granted(lock)
    assert not lock.exists()


def test_only_a_holder_that_has_stopped_is_called_stopped(lock: Path, hold: Hold) -> None:
    holder, wait = hold(lock), Wait(lock)
    for _ in range(int(2 * STOPPED / BEAT)):
        touched = lock.stat().st_mtime
        # On a busy machine a holder may be kept from touching it for as long.
        assert not wait.stopped() or time.time() - touched >= STOPPED
        time.sleep(BEAT)
    os.kill(holder.pid, signal.SIGSTOP)
    started = time.monotonic()
    while not wait.stopped():
        assert time.monotonic() - started < PATIENCE
        time.sleep(BEAT)
    assert time.monotonic() - started > STOPPED - 2 * BEAT
    os.kill(holder.pid, signal.SIGCONT)
    while wait.stopped():
        assert time.monotonic() - started < PATIENCE
        time.sleep(BEAT)


def test_a_lock_that_is_gone_has_no_holder_who_could_have_stopped(lock: Path) -> None:
    wait = Wait(lock)
    assert wait.holder == "unknown"
    assert not wait.stopped()
    time.sleep(1.2 * STOPPED)
    assert not wait.stopped()


# 2. Collecting beside another process


def test_a_run_does_not_wait_for_a_holder_that_has_stopped(
    store: Store, counted: Counted, lock: Path, hold: Hold
) -> None:
    holder, told = hold(lock), []
    os.kill(holder.pid, signal.SIGSTOP)
    rows = collector(store).rows(counted, 3, lambda what, done, total: told.append((what, done, total)))
    assert rows["value"].tolist() == [0, 1, 2]
    assert counted.measured == [0, 2, 1]
    waited = f"{counted}, trial 1, which process {holder.pid} on {os.uname().nodename} computes"
    assert [call for call in told if call[0] == waited] == [(waited, 2, 3)] * (len(told) - 3)
    assert told[-1] == (str(counted), 3, 3)
    # Let it go on: its entry is there, and it has nothing to do.
    os.kill(holder.pid, signal.SIGCONT)
    let_go(holder)
    assert said(holder) == "given back"
    assert list(store.directory.glob("locks/*")) == []


def test_a_run_waits_for_a_holder_that_works(store: Store, counted: Counted, lock: Path, hold: Hold) -> None:
    holder, given_back = hold(lock), threading.Event()

    def release() -> None:
        given_back.set()
        let_go(holder)

    threading.Timer(2 * STOPPED, release).start()
    assert collector(store).rows(counted, 3)["value"].tolist() == [0, 1, 2]
    assert given_back.is_set()
    assert counted.measured == [0, 2, 1]


def test_a_run_goes_on_where_a_holder_is_killed(store: Store, counted: Counted, lock: Path, hold: Hold) -> None:
    threading.Timer(BEAT, hold(lock).kill).start()
    assert collector(store).rows(counted, 3)["value"].tolist() == [0, 1, 2]
    assert counted.measured in ([0, 2, 1], [0, 1, 2])


# 3. Control-C


def hammer(directory: Path, signals: int, seed: int) -> tuple[list[int], str]:
    """Exit codes of processes that got one signal each, and what all of them wrote to stderr."""
    out, errors = started(HAMMER, directory, signals, seed).communicate(timeout=10 * PATIENCE)
    return [int(line) for line in out.split()], errors


def test_control_c_is_never_swallowed_and_leaves_nothing_half_done(store: Store) -> None:
    codes, errors = hammer(store.directory, SIGNALS, seed=0)
    assert codes == [-signal.SIGINT] * SIGNALS
    assert errors.count("\nKeyboardInterrupt") == SIGNALS
    assert "Exception ignored" not in errors
    keys = list(store.keys())
    assert len(keys) >= SIGNALS
    assert all(store.read(key) for key in keys)
    assert all(granted(store.lock_path(name)) for name in "ab")
