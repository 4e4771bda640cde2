"""Every bad input of the list ends in its exit status and one line that says what is wrong, and all is as it was."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.inputs.asked import bad
from tests.inputs.commands import COMMANDS
from tests.inputs.table import ALL, TITLES, Tried, markdown, possible, tried

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "reports" / "inputs.md"
SECONDS = 900


@pytest.mark.long("tries hundreds of bad inputs")
def test_every_bad_input_is_refused_in_one_line_and_loses_nothing() -> None:
    command = [sys.executable, "-m", "tests.inputs.table", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)  # noqa: S603
    found = msgspec.json.decode(done.stdout, type=list[Tried])
    assert [one for one in found if not one.right] == []
    assert done.returncode == 0, done.stderr
    assert len(found) >= len(possible()) >= 200


def test_the_list_has_every_command_and_no_input_twice() -> None:
    assert {one.command for one in ALL} == set(TITLES)
    names = [(one.command, one.given, one.nobody) for one in ALL]
    assert len(names) == len(set(names)) >= 200
    assert all(one.says.strip() and one.status for one in ALL)


def test_the_published_table_is_of_this_list() -> None:
    """As many of each command, all refused: python -m tests.inputs.table > reports/inputs.md."""
    text = PAGE.read_text(encoding="utf-8")
    for command, title in TITLES.items():
        section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
        assert len(rows) >= sum(one.command == command for one in ALL), title
        assert f"\n| {command} | {len(rows)} | 0 | 0 | 0 | 0 |\n" in text


def test_what_is_not_as_it_should_be_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is drawn, a sentence that says something else, a command that breaks down, and one that is right."""

    def breaks_down(_: list[str]) -> int:
        raise ZeroDivisionError

    monkeypatch.setitem(COMMANDS, "ledger", breaks_down)
    asked = [
        bad("page", "report/report.json", "no"),
        bad("page", "nowhere.json", "another sentence"),
        bad("ledger", "report/report.json evidence", "no"),
        bad("page", "nowhere.json", "No such file"),
    ]
    drawn, other, broken, right = tried(asked)
    assert (drawn.accepted, drawn.lost, drawn.right) == (True, ("report/index.html",), False)
    assert (other.accepted, other.traceback, other.lost, other.right) == (False, False, (), False)
    assert (broken.traceback, broken.right) == (True, False)
    assert right.right


def test_what_is_not_refused_is_counted() -> None:
    """By hand: one refused, one that broke down and changed a file, one accepted."""
    right = Tried("page", "x.json", 2, "x.json: no", traceback=False, accepted=False, lost=(), wrong="")
    broken = msgspec.structs.replace(right, status=70, traceback=True, lost=("report.json",), wrong="3 lines")
    accepted = msgspec.structs.replace(right, status=0, accepted=True)
    assert [one.right for one in (right, broken, accepted)] == [True, False, False]
    assert "\n| page | 3 | 1 | 1 | 1 | 1 |\n" in markdown([right, broken, accepted])
