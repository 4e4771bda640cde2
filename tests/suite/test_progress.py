"""What is said while claims run: in one line that is redrawn on a terminal, a plain line now and then elsewhere."""

import fcntl
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.document.reading import parse
from support.document.types import Report
from support.suite.progress import Pace, State, Watching, line, seconds_left
from support.suite.streams import ERASE, Courteous, beneath, live
from support.suite.worker_files import COSTS, DOING, Doing, Progress
from tests.fuzzing.oracles import require_lines
from tests.fuzzing.readers import run_of
from tests.suite.screen import Screen

long = pytest.mark.long("starts pytest anew for every test")


@pytest.fixture
def report(document: dict[str, Any]) -> Report:
    return parse(json.dumps(document).encode())


MODULE = '''
@pytest.mark.claim("A-01", cost=5)
@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_claim(name, evidence, judge):
    """Expect one."""
    evidence(Counting(name), 4)
    decide(judge, 0.5)
'''


# 1. What it says


def test_a_state_in_one_line() -> None:
    state = State(175.2, 29, 521, 34.26, 2460.0, ["test_a: x, trial 3 of 8", "test_b"])
    assert line(state) == (
        "2:55, 29 cases decided, 521 undecided, 34.3 trials a minute, about 41 min left; "
        "now: test_a: x, trial 3 of 8 | test_b"
    )


def test_what_is_not_known_is_a_question_mark() -> None:
    assert line(State(0.4, 0, now=["x"])) == "0:00, 0 cases decided, ? undecided, ? trials a minute, ? left; now: x"


def test_the_last_minute_is_not_counted_down() -> None:
    assert ", under a minute left;" in line(State(600, 9, 1, 1.0, 59.9))
    assert ", about 1 min left;" in line(State(600, 9, 1, 1.0, 60.0))


def test_names_of_others_steer_no_terminal() -> None:
    said = line(State(1, 1, now=["a\x1b[2J\nb\u202e"]))
    require_lines([said])
    assert said.endswith(r"now: a\u001b[2J b\u202e")


@pytest.mark.parametrize(
    ("elapsed", "decided", "undecided", "left"),
    [
        (60.0, 30.0, 90.0, 180.0),  # a third of it is behind
        (60.0, 0.0, 90.0, None),  # nothing to estimate from
        (60.0, 30.0, 0.0, 0.0),
        (60.0, 0.0, 0.0, 0.0),
    ],
)
def test_the_time_left_goes_by_what_tests_cost(
    elapsed: float, decided: float, undecided: float, left: float | None
) -> None:
    assert seconds_left(elapsed, decided, undecided) == left


def test_the_pace_is_that_of_the_last_two_minutes() -> None:
    pace = Pace()
    assert pace(10.0, 0) is None
    assert pace(30.0, 10) == 20.0  # 10 in half a minute
    assert pace(60.0, 20) == 20.0
    assert pace(200.0, 20) == pytest.approx(60 * 0 / 140)  # since the 60th second none
    assert pace(260.0, 50) == 30 * 60 / 200


def test_a_worker_tells_what_it_does_and_how_many_trials_it_measured(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.count()
    progress.count()
    progress.say("test_x")
    (written,) = tmp_path.glob(f"*.{DOING}")
    assert written.read_text() == '{"now": "test_x", "trials": 2}'
    Progress(tmp_path / "gone", Doing()).say("nobody hears")  # and nothing fails


def test_cases_are_counted_by_what_was_collected_and_what_ended(report: Report, tmp_path: Path) -> None:
    run = run_of(report, report, tmp_path)
    run.ended = {f"test {number}": placed for number, placed in enumerate(run.cases)}
    costs = {f"test {number}": 10.0 for number in range(len(run.ended))} | {"long": 30.0, "longer": 50.0}
    state = Watching(run, None).state()
    assert (state.undecided, state.left, state.pace, state.now) == (None, None, None, [])
    for name, trials in (("gw0", 3), ("gw1", 4)):
        (tmp_path / f"{name}.{COSTS}").write_text(json.dumps(costs))
        (tmp_path / f"{name}.{DOING}").write_text(json.dumps({"now": f"at {name}", "trials": trials}))
    (tmp_path / f"gw2.{DOING}").write_text("{")  # cut short, which is no matter of the run's
    state = Watching(run, None).state()
    # Of the sample's ten cases two are not run: eight that cost 80 are decided, and what costs 80 more is not.
    assert (state.decided, state.undecided, state.now) == (8, 2, ["at gw0", "at gw1"])
    assert state.left == pytest.approx(state.seconds)
    assert state.pace == pytest.approx(7 * 60 / state.seconds)


@pytest.mark.parametrize("end", ["pytest_sessionfinish", "pytest_keyboard_interrupt"])
def test_nothing_is_shown_after_the_end(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Also where a worker that is gone has left word of what it was doing."""
    monkeypatch.setattr("support.suite.progress.REDRAWN", 0.01)
    Progress(tmp_path).say("test_x")
    ours, theirs = pty.openpty()
    screen = Screen()
    with Courteous(theirs) as terminal:
        watching = Watching(run_of(report, report, tmp_path), terminal)
        watching.pytest_sessionstart()
        screen.write(os.read(ours, 10_000).decode())
        getattr(watching, end)()
        for _ in range(20):  # what is still on its way, and nothing without end
            if select.select([ours], [], [], 0.02)[0]:
                screen.write(os.read(ours, 10_000).decode())
        watching.stop()
        assert screen.lines == [""]
    os.close(ours)


# 2. Where it stands


@pytest.mark.parametrize("before", ["", "claims/test_x.py ..", "\x1b[32m.\x1b[0m" * 30, "gone\rclaims ."])
@pytest.mark.parametrize("first", ["", "earlier\r\n", "a\r\nb\r\n"])
def test_the_line_stands_beneath_and_the_dots_go_on(first: str, before: str) -> None:
    screen, untouched = Screen(), Screen()
    for each in (screen, untouched):
        each.write(first + before)
    seen = untouched.lines
    for text in ("a long line: " + "x" * 100, "a short one"):
        drawn = beneath(before, text, 80)
        assert drawn is not None
        screen.write(drawn)
        row = len(seen) - (0 if before else 1)
        assert screen.lines == [*seen[:row], text[:79]]
        assert screen.cursor == untouched.cursor
        screen.write(ERASE)
        assert [each for each in screen.lines if each] == [each for each in seen if each]
        assert screen.cursor == untouched.cursor
    for each in (screen, untouched):
        each.write("..F [ 50%]\r\nmore")
    assert screen.lines == untouched.lines


@pytest.mark.parametrize("before", ["x" * 80, "x" * 81, "名", "\x1b[3D", "a\tb"])
def test_where_the_cursor_stands_on_no_known_letter_there_is_no_line(before: str) -> None:
    assert beneath(before, "text", 80) is None


def test_wide_letters_take_two_cells() -> None:
    assert beneath("", "名前名前", 7) == "名前名\r"
    assert beneath("", "名前名前", 6) == "名前\r"


def test_whatever_is_written_next_finds_the_line_gone() -> None:
    ours, theirs = pty.openpty()
    stream, screen = Courteous(theirs), Screen()

    def seen() -> list[str]:
        text = ""
        while select.select([ours], [], [], 0.3)[0]:  # a terminal hands on what it is given a little later
            text += os.read(ours, 10_000).decode()
        screen.write(text)
        return screen.lines

    stream.write(b"claims/test_a.py .")
    stream.show("far more than what is written then, and of another length")
    assert seen()[1].startswith("far more than")
    stream.write(b"\nclaims/test_b.py ")
    assert seen() == ["claims/test_a.py .", "claims/test_b.py"]
    stream.show("shown again")
    assert seen()[2] == "shown again"
    stream.hide()
    stream.hide()
    assert seen() == ["claims/test_a.py .", "claims/test_b.py"]
    os.close(ours)
    stream.show("nobody sees it")  # and nothing fails
    stream.write(b"nor this")
    stream.close()
    stream.show("too late")


def test_only_a_terminal_with_a_cursor_has_a_live_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with (
        io.TextIOWrapper(Courteous(theirs)) as terminal,
        (tmp_path / "file").open("w") as file,
        io.TextIOWrapper(Courteous(os.dup(file.fileno()))) as no_terminal,
    ):
        monkeypatch.setenv("TERM", "xterm")
        assert live(terminal) is terminal.buffer
        assert live(no_terminal) is None
        assert live(file) is None
        monkeypatch.setenv("TERM", "dumb")
        assert live(terminal) is None
        monkeypatch.delenv("TERM")
        assert live(terminal) is None
    os.close(ours)


# 3. On a terminal


@contextmanager
def on_a_terminal(suite: Any, *arguments: str, width: int = 80, name: str = "xterm") -> Iterator[Any]:
    """A run whose standard streams are a terminal; yields the process and the terminal's other end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = suite.environment | {"TERM": name}
    environment.pop("COLUMNS", None)  # a worker of xdist has it, and pytest believes it more than the terminal
    process = subprocess.Popen(  # noqa: S603 - this project's own tests
        suite.command("claims", *arguments),
        cwd=suite.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):
            os.close(ours)


def read_all(ours: int) -> Iterator[str]:
    """What is written to the terminal, as it comes, until its other end is closed."""
    while True:
        try:
            yield os.read(ours, 100_000).decode()
        except OSError:  # EIO: nobody has it open any more
            return


@pytest.fixture
def slow(ready: Any) -> Any:
    (ready.root / "seconds.txt").write_text("0.15")
    return ready


@long
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_line_is_redrawn_beneath_the_dots_and_gone_at_the_end(slow: Any, workers: str) -> None:
    screen, beneath_dots, text = Screen(70), [], ""
    with on_a_terminal(slow, workers, width=70) as (process, ours):
        for chunk in read_all(ours):
            text += chunk
            whole = re.sub(r"\x1b[^A-Za-z]*\Z", "", text)  # an order may be cut
            screen.write(whole)
            text = text[len(whole) :]
            seen = screen.lines
            beneath_dots += [(above, below) for above, below in pairwise(seen) if "decided" in below]
        assert process.wait(60) == 0
    said = [below for _, below in beneath_dots]
    assert max(map(len, said)) == 69  # cut
    assert any(re.match(r"  0:\d\d, 0 cases decided, 3 undecided, ", each) for each in said)
    assert any(re.match(r"  0:\d\d, [12] cases decided, [21] undecided, [\d.]+ trials a minute", each) for each in said)
    dots = r"\.\.?" if workers == "-n2" else r"claims/test_claims\.py \.\.?"
    assert any(re.fullmatch(dots, above) for above, _ in beneath_dots)
    assert not any("cases decided" in each for each in screen.lines)
    dots = r"\.\.\. +\[100%\]" if workers == "-n2" else r"claims/test_claims\.py \.\.\. +\[100%\]"
    assert sum(bool(re.fullmatch(dots, each)) for each in screen.lines) == 1
    assert f"report: {slow.report_folder}/index.html" in "".join(screen.lines)  # in two lines


@long
def test_a_terminal_without_a_cursor_gets_plain_lines(slow: Any) -> None:
    with on_a_terminal(slow, "-n0", name="dumb") as (process, ours):
        text = "".join(read_all(ours))
        assert process.wait(60) == 0
    assert "\x1b" not in text
    assert re.search(r"\r\n  0:\d\d, \d cases decided, \d undecided, .* left; now: test_claim", text)


@long
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_terminal_that_is_gone_ends_no_run(slow: Any, workers: str) -> None:
    with on_a_terminal(slow, workers) as (process, ours):
        seen = ""
        while "cases decided" not in seen:
            seen += os.read(ours, 100_000).decode()
        os.close(ours)
        assert process.wait(60) == 0
    assert {case["verdict"] for case in slow.cases.values()} == {"supported"}
    assert slow.report["run"]["complete"] is True
    assert slow.leftovers == []
