"""What README prints of the audit is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.audit.__main__ import main

ROOT = Path(__file__).parents[2]
COMMAND = "python -m support.audit examples/wide.py:factory --against examples/wide.py:before --first"
NUMBER = re.compile(r"-?\d+\.\d+")
# Networks of another kind of machine differ from the last bit on, and means over dozens of them by less than this.
APART = 0.1


def printed() -> list[str]:
    """The block of README between the command and the exit status."""
    _, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"    {COMMAND}\n")
    block, _, _ = after.partition("The exit status is 1")
    lines = [line.removeprefix("    ").rstrip() for line in block.splitlines()]
    return lines[next(number for number, line in enumerate(lines) if line.startswith("before: ")) :]


@pytest.mark.long("it trains hundreds of networks until a move is decided")
def test_the_printed_audit_is_what_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()  # the user's cache, where MNIST is
    monkeypatch.chdir(ROOT)
    assert main([*COMMAND.split()[3:], "--evidence", str(tmp_path)]) == 1
    wanted = [line for line in printed() if line]
    found = [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()][-len(wanted) :]
    for one, other in zip(found, wanted, strict=True):
        assert re.sub(r"\d+", "#", one) == re.sub(r"\d+", "#", other)
        for number, expected in zip(NUMBER.findall(one), NUMBER.findall(other), strict=True):
            assert float(number) == pytest.approx(float(expected), abs=APART)


def test_what_readme_prints_ends_with_an_answer() -> None:
    assert [line for line in printed() if line][-1] == "WORSE: it memorizes more than before"
