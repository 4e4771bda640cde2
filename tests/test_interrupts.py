"""What a signal interrupts at an awkward moment: between opening a file and keeping it, and within a destructor."""

import gc
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.interrupts import Interrupts

PATIENCE = 10.0


@pytest.fixture(autouse=True)
def dropped(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """What Python could not raise, but for what `Interrupts` makes of it."""
    found: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: found.append(unraisable.exc_value))
    return found


@pytest.fixture(autouse=True)
def interrupts(dropped: list[BaseException | None]) -> Iterator[Interrupts]:
    assert dropped == []  # this comes first, so that it is what Interrupts finds
    earlier = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    found = Interrupts()
    found.listen()
    yield found
    found.forget()
    signal.signal(signal.SIGTERM, earlier)


def interrupt() -> None:
    signal.raise_signal(signal.SIGTERM)


def open_and_be_interrupted(path: Path) -> None:
    stream = path.open()
    interrupt()
    stream.close()


class Broken:
    def __del__(self) -> None:
        raise ValueError("broken")


class Interrupted:
    def __del__(self) -> None:
        interrupt()


def drop_and_go_on() -> None:
    Interrupted()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        time.sleep(0.01)


def test_a_file_that_an_interrupt_leaves_open_is_no_fault(dropped: list[BaseException | None], tmp_path: Path) -> None:
    """Where warnings are errors, as in this suite, the run would end with another exit status."""
    (tmp_path / "rows").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        with pytest.raises(KeyboardInterrupt, match="SIGTERM") as raised:
            open_and_be_interrupted(tmp_path / "rows")
        del raised
        gc.collect()
    assert dropped == []


def test_other_things_that_cannot_be_raised_are_told(dropped: list[BaseException | None]) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    Broken()
    assert [str(found) for found in dropped] == ["broken"]


def test_an_interrupt_that_a_destructor_swallows_comes_again(dropped: list[BaseException | None]) -> None:
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        drop_and_go_on()
    assert dropped == []


def test_forgotten_it_leaves_everything_as_it_was(interrupts: Interrupts) -> None:
    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert sys.unraisablehook is not hook
    interrupts.forget()
    assert sys.unraisablehook is hook
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
