"""Where and for whom a run is made: letters that UTF-8 has not, checkouts by another path, users without a home."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.document.reading import read
from tests.suite.earlier_report import MODULE, count, is_kept

pytestmark = pytest.mark.long("starts pytest anew for every test")

# 1. Letters that UTF-8 has not

ODD = '''
import warnings

@pytest.mark.claim("A-01")
def test_odd(judge):
    """Expect one."""
    raise ValueError("a file \\udcff that the network wanted")

@pytest.mark.claim("A-01")
@pytest.mark.filterwarnings("default")
def test_printed(judge):
    """Expect one."""
    warnings.warn("\\udcfc", stacklevel=1)
    print("\\udcfe")
    decide(judge, 2.0, sizes={"file": "\\udcfd"})
'''


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_lone_surrogate_is_written_out_everywhere_alike(ready: Any, workers: str) -> None:
    """In the terminal too, which may be of an encoding that would take it."""
    ready.module(ODD)
    done = ready.run("claims", workers, "--summary", "summary.md")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "INTERNALERROR" not in done.stdout
    text = r"ValueError: a file \udcff that the network wanted"
    assert text in ready.cases["odd"]["not_run"]["reason"]
    assert ready.cases["printed"]["sizes"] == {"file": r"\udcfd"}
    assert text in (ready.report_folder / "index.html").read_text()
    assert text.replace("\\", r"\\") in (ready.root / "summary.md").read_text()  # Markdown shows one of two
    assert f"[odd] not run: error, no verdict: {text}" in done.stdout
    assert read(ready.report_folder / "report.json").claims


NAME = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize("option", ["--report", "--evidence", "--data", "--summary", "--baseline", "--model", "-k"])
def test_a_name_that_is_no_utf_8_is_refused(reported: Any, one_sentence: Any, option: str) -> None:
    (reported.root / NAME).mkdir()
    said = one_sentence(reported.run("claims", option, f"{NAME}/x.py:f" if option == "--model" else NAME, "-n2"))
    assert "must be text, got " in said
    assert r"caf\udce9" in said
    assert is_kept(reported)
    assert reported.computed == []


def test_a_current_directory_whose_name_is_no_utf_8_is_refused(reported: Any, one_sentence: Any) -> None:
    odd = reported.root / NAME
    odd.mkdir()
    command = reported.command(str(reported.root / "claims"))
    done = subprocess.run(  # noqa: S603
        command, cwd=odd, env=reported.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert "the name of the current directory must be text, got " in one_sentence(done)


# 2. Checkouts by another path


def runs(suite: Any, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        suite.command(*arguments),
        cwd=cwd,
        env=suite.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )


def test_evidence_is_found_by_whatever_path_the_checkout_is_reached(ready: Any, tmp_path: Path) -> None:
    assert ready.run().returncode == 0
    computed, commands = list(ready.computed), dict(ready.commands)
    assert len(computed) == 4
    link, elsewhere = tmp_path / "link", tmp_path / "elsewhere"
    link.symlink_to(ready.root)
    elsewhere.mkdir()
    ways = [
        (ready.root, "claims/../claims"),
        (ready.root / "claims", "."),
        (ready.root / "claims",),
        (link, "claims"),
        (elsewhere, f"{link}/claims"),
        (elsewhere, "../link/claims/test_claims.py"),
        (elsewhere, f"{ready.root}/claims"),
        (ready.root, "claims", "--rootdir", ".."),
        (ready.root, "claims", "--rootdir", "claims"),
        (elsewhere, f"{link}/claims", "--rootdir", str(elsewhere)),
        (elsewhere, f"{link}/claims", "-c", f"{ready.root}/pyproject.toml", "-n2"),
    ]
    for cwd, *arguments in ways:
        shutil.rmtree(ready.report_folder)
        done = runs(ready, cwd, *(arguments or ("-q",)))
        assert done.returncode == 0, f"{cwd} {arguments}: {done.stdout}"
        assert count(ready) == ["one", "two"], (cwd, arguments)
        assert ready.commands == commands, (cwd, arguments)
        assert [case["test"] for case in ready.cases.values()] == [
            f"claims/test_claims.py::test_claim[{name}]" for name in ("one", "two")
        ]
    assert ready.computed == computed


def test_a_crash_is_told_of_its_case_from_whatever_root(ready: Any, tmp_path: Path) -> None:
    ready.module('@pytest.mark.claim("A-01")\ndef test_crash(judge):\n    """Expect one."""\n    os._exit(7)\n')
    runs(ready, ready.root, "claims", "--rootdir", str(tmp_path), "-n1")
    assert ready.cases["crash"]["not_run"]["reason"].startswith("error, no verdict: worker 'gw0' crashed while running")


def test_a_checkout_that_is_moved_finds_its_evidence(ready: Any, tmp_path: Path) -> None:
    ready.evidence = tmp_path / "evidence"
    assert ready.run().returncode == 0
    computed = list(ready.computed)
    moved = tmp_path / "moved"
    ready.root.rename(moved)
    ready.root, ready.report_folder = moved, moved / "report"
    assert ready.run().returncode == 0
    assert ready.computed == computed


def test_a_case_that_is_gone_is_gone_from_whatever_root(ready: Any, tmp_path: Path) -> None:
    assert ready.run().returncode == 0
    shutil.copy(ready.report_folder / "report.json", ready.root / "baseline.json")
    ready.module(MODULE.replace('["one", "two"]', '["one"]'))
    for more in ([], ["--rootdir", str(tmp_path)]):
        done = runs(ready, ready.root, "claims", "--baseline", "baseline.json", "--fail-on", "changed", *more)
        assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
        changes = {change["case"]: change["kind"] for change in ready.report["comparison"]["changes"]}
        assert changes == {"one": "unchanged", "two": "gone"}


# 3. Users without a home


def test_a_user_without_a_home_says_where_everything_is(ready: Any, tmp_path: Path) -> None:
    (ready.root / "data").mkdir()
    (ready.root / "homeless.py").write_text("import os\nos.path.expanduser = lambda path: path\n")
    environment = {name: value for name, value in ready.environment.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    (tmp_path / "file").touch()
    for home in ({}, {"HOME": str(tmp_path / "file")}, {"HOME": "/proc/nowhere"}, {"XDG_CACHE_HOME": "/proc/nowhere"}):
        unknown = [] if home else ["-p", "homeless"]
        done = subprocess.run(  # noqa: S603
            ready.command("claims", "--data", "data", *unknown),
            cwd=ready.root,
            env=environment | home,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, f"{home}: {done.stdout}"
        assert count(ready) == ["one", "two"]
