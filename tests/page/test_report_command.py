"""`python -m support.page`: one sentence for every failure, and never half a page."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from support.page.__main__ import main

REPOSITORY = Path(__file__).parents[2]
SCHEMAS = "'spurious-claims/report/3', 'spurious-claims/report/2' or 'spurious-claims/report/1'"


@pytest.fixture
def report_json(tmp_path: Path, document: dict[str, Any]) -> Path:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_command_writes_beside_the_report(report_json: Path, page: str) -> None:
    finished = subprocess.run(  # noqa: S603  our own interpreter and module
        [sys.executable, "-m", "support.page", str(report_json)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    written = report_json.with_name("index.html")
    assert (finished.returncode, finished.stdout.strip()) == (0, str(written)), finished.stderr
    made_from = (
        f'; the SHA-256 of the JSON is <code id="made-from">{sha256(report_json.read_bytes()).hexdigest()}</code>'
    )
    assert written.read_text(encoding="utf-8").replace(made_from, "") == page
    assert sorted(path.name for path in report_json.parent.iterdir()) == ["index.html", "report.json"]


def test_the_page_may_go_elsewhere(report_json: Path, tmp_path: Path) -> None:
    assert main([str(report_json), "--output", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read the report: No such file or directory"),
        (b'{"schema": "spurious-claims/report/3", "run": {', "not a complete JSON document: "),
        (b"", "not a complete JSON document: "),
        (b"\xff\xfe", "not a complete JSON document: "),
        (b'{"run": ' + b"[" * 100_000, "not a complete JSON document: "),
        (b"[]", "the report is not what its schema says: report: expected `object`, got `array`"),
        (
            b"{}",
            f"the report's schema must be {SCHEMAS}, got None",
        ),
        (b'{"schema": "spurious-claims/report/4"}', f"{SCHEMAS}, got 'spurious-claims/report/4'"),
        (b'{"schema": "spurious-claims/report/3"}', "report lacks `run`"),
        (b'{"schema": "spurious-claims/report/2"}', "report lacks `run`"),
        (b'{"schema": "spurious-claims/report/1"}', "report lacks `run`"),
    ],
)
def test_a_bad_report_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content)
    page = tmp_path / "index.html"
    page.write_text("the last good page")
    assert main([str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{path}: ")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert page.read_text() == "the last good page"


def test_a_page_that_cannot_be_written_is_one_sentence(
    report_json: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "folder"
    blocked.mkdir()
    for target in (blocked, tmp_path / "missing" / "index.html"):
        assert main([str(report_json), "--output", str(target)]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"the page {target} cannot be written: ")
        assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "report.json"]


def test_importing_the_page_loads_no_numerical_package() -> None:
    code = "import sys, support.page; sys.exit('numpy' in sys.modules)"
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, cwd=REPOSITORY, timeout=120, check=False)  # noqa: S603  our own
    assert finished.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seeds", "{dir}/new.md", "--output", "{dir}/x.html"], "draws no page: leave out --output"),
        (["--seeds", "{dir}/new.md", "--readme", "{dir}/x.md"], "draws no page: leave out --readme"),
        (["--output", "{dir}/report.json"], "is or lies in the report"),
        (["--seeds", "{dir}/report.json"], "is or lies in the report"),
        (["--output", "{dir}/pipe"], "is a device or a pipe: give a file"),
        (["--readme", "{dir}/README.md", "--output", "{dir}/README.md"], "is or lies in --readme"),
    ],
)
def test_options_that_would_be_ignored_or_take_the_place_of_something_are_refused(
    report_json: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    (tmp_path / "README.md").write_text("its own")
    os.mkfifo(tmp_path / "pipe")
    before = {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()}
    assert main([str(report_json), *(part.format(dir=tmp_path) for part in arguments)]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()} == before
