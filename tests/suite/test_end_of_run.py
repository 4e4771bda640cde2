"""The end of a run: whatever fails then, verdicts and report are kept, and nobody need be told of them."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.document.reading import read
from tests.suite.earlier_report import KEPT, MODULE, count, is_kept  # noqa: F401 - the fixture `ready` takes MODULE

pytestmark = pytest.mark.long("starts pytest anew for every test")

# 1. The report first


def broken(suite: Any, module: str, function: str, raised: str = "RuntimeError('as a test wants it')") -> None:
    """Let a function of a module of support fail."""
    path = suite.root / "broken.py"
    earlier = path.read_text() if path.exists() else ""
    path.write_text(
        f"{earlier}\nimport importlib\ndef fail(*_, **__):\n    raise {raised}\n"
        f"setattr(importlib.import_module({module!r}), {function!r}, fail)\n"
    )


STEPS = {
    "comparison": ("support.comparing.comparison", "compare", "the comparison was not made"),
    "conclusions": ("support.page.conclusions", "conclude", "the conclusions were not made"),
    "page": ("support.page.html", "render", "index.html was not drawn"),
    "page that is not text": ("support.page.html", "file_content", "index.html was not drawn"),
    "summary": ("support.page.markdown", "markdown", "--summary summary.md was not written"),
}


@pytest.mark.parametrize("name", STEPS)
def test_what_fails_at_the_end_is_told_and_the_verdicts_are_kept(reported: Any, name: str) -> None:
    assert reported.run().returncode == 0
    shutil.copy(reported.report_folder / "report.json", reported.root / "baseline.json")
    module, function, said = STEPS[name]
    broken(reported, module, function)
    done = reported.run("claims", "-p", "broken", "--baseline", "baseline.json", "--summary", "summary.md")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "INTERNALERROR" not in done.stdout
    (sentence,) = re.findall(r"^FAILED: (.*)$", done.stdout, re.MULTILINE)
    assert sentence.endswith(f"{said}: RuntimeError: as a test wants it")
    assert {case["verdict"] for case in reported.cases.values()} == {"supported"}
    assert sentence in reported.report["run"]["notes"]
    assert (reported.report["comparison"] is None) == (name == "comparison")
    page = reported.report_folder / "index.html"
    assert page.exists() == (not name.startswith("page"))  # the earlier run's page says nothing of this one
    if page.exists() and name != "summary":
        assert "as a test wants it" in page.read_text()
    assert (reported.root / "summary.md").exists() == (name != "summary")
    assert reported.leftovers == []


def test_a_comparison_that_is_interrupted_comes_after_the_report(reported: Any) -> None:
    assert reported.run().returncode == 0
    shutil.copy(reported.report_folder / "report.json", reported.root / "baseline.json")
    (reported.report_folder / "report.json").write_text(KEPT)
    broken(reported, "support.comparing.comparison", "compare", "KeyboardInterrupt")
    reported.run("claims", "-p", "broken", "--baseline", "baseline.json")
    assert {case["verdict"] for case in reported.cases.values()} == {"supported"}


def test_a_report_that_cannot_be_written_goes_elsewhere(reported: Any) -> None:
    (reported.root / "broken.py").write_text(
        "import support.suite.report_files as files\naside = files.aside\n"
        "def full(content, path):\n"
        "    if path.parent.name == 'report':\n        raise OSError(28, 'No space left on device')\n"
        "    return aside(content, path)\nfiles.aside = full\n"
    )
    done = reported.run("claims", "-p", "broken")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    path = reported.report_folder / "report.json"
    (said,) = re.findall(r"^FAILED: (.*)$", done.stdout, re.MULTILINE)
    place = said.removeprefix(f"{path} could not be written (No space left on device): the report is in ")
    assert Path(place).parent == reported.root / "temporary"
    assert len(read(Path(place) / "report.json").claims) == 1
    assert (Path(place) / "index.html").exists()
    assert is_kept(reported)


def test_a_disk_that_is_full_everywhere(reported: Any) -> None:
    broken(reported, "support.suite.report_files", "aside", "OSError(28, 'No space left on device')")
    done = reported.run("claims", "-p", "broken")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "(No space left on device): the evidence is kept, and the same command decides it again" in done.stdout
    assert "2 supported of 2 cases" in done.stdout
    assert is_kept(reported)


def test_evidence_that_is_gone_at_the_end_takes_no_verdict_with_it(reported: Any) -> None:
    gone = "EvidenceDirectoryError('cannot read it: Stale file handle')"
    (reported.root / "broken.py").write_text(
        "from support.evidence.store import EvidenceDirectoryError, Store\nset_aside, calls = Store.set_aside, []\n"
        "def fail(self):\n    calls.append(1)\n    if len(calls) == 1:\n        return set_aside(self)\n"
        f"    raise {gone}\nStore.set_aside = fail\n"
    )
    done = reported.run("claims", "-p", "broken")
    assert done.returncode == 0, done.stdout
    assert reported.report["run"]["notes"] == ["cannot read it: Stale file handle"]


# 2. Terminals that are full or gone


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2>&1 >/dev/null"])
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_nobody_need_see_what_is_running(ready: Any, redirection: str, workers: str) -> None:
    (ready.root / "seconds.txt").write_text("0.3")
    command = shlex.join(ready.command("claims", workers))
    shell = ["bash", "-c", f"{command} >/dev/null {redirection}"]
    done = subprocess.run(shell, cwd=ready.root, env=ready.environment, timeout=120)  # noqa: S603
    assert done.returncode == 0
    assert count(ready) == ["one", "two"]
    assert ready.report["run"]["complete"] is True


@pytest.mark.parametrize("redirection", [">/dev/full", ">/dev/full 2>&1", "| true", "2>&1 | true"])
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_what_nobody_can_be_told_ends_no_run(ready: Any, redirection: str, workers: str) -> None:
    (ready.root / "seconds.txt").write_text("0.1")
    shell = ["bash", "-c", f"set -o pipefail; {shlex.join(ready.command('claims', workers))} {redirection}"]
    done = subprocess.run(shell, cwd=ready.root, env=ready.environment, timeout=120, stderr=subprocess.PIPE)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert count(ready) == ["one", "two"]
    assert ready.report["run"]["complete"] is True
    assert (ready.report_folder / "index.html").exists()
    assert ready.leftovers == []


@pytest.mark.parametrize("redirection", [">&-", ">&- 2>&-"])
def test_streams_that_were_closed_take_no_report_along(ready: Any, redirection: str) -> None:
    """Python itself has no stream then, which pytest cannot flush when all is done."""
    shell = ["bash", "-c", f"{shlex.join(ready.command('claims', '-n0'))} {redirection}"]
    subprocess.run(shell, cwd=ready.root, env=ready.environment, timeout=120, stderr=subprocess.DEVNULL)  # noqa: S603
    assert count(ready) == ["one", "two"]
    assert ready.report["run"]["complete"] is True
    assert (ready.report_folder / "index.html").exists()
    assert ready.leftovers == []
