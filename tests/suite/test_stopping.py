"""What asks a run to stop ends it with a report, once; and what is written then cannot be spoilt."""

import hashlib
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.suite import stopping
from tests.suite.kills import wait_until

pytestmark = pytest.mark.long("starts pytest anew for every test")

PATIENCE = 60
MODULE = '''
@pytest.mark.claim("A-01", cost=9)
def test_quick(evidence, judge):
    """Expect one."""
    evidence(Counting("quick"), 2)
    decide(judge, 0.5)

@pytest.mark.claim("A-01")
def test_slow(evidence, judge):
    """Expect one."""
    evidence(Counting("slow"), 400)
    decide(judge, 0.5)
'''
OLD = '{"an earlier": "report"}'


def start(suite: Any, *arguments: str, stdout: int = subprocess.PIPE, **options: Any) -> subprocess.Popen[str]:
    (suite.root / "seconds.txt").write_text("0.1")
    return subprocess.Popen(  # noqa: S603 - this project's own tests
        suite.command("claims", "-n0", *arguments),
        cwd=suite.root,
        env=suite.environment,
        text=True,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=options.pop("first", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)),
        **options,
    )


def under_way(suite: Any) -> bool:
    return sum(name.startswith("slow") for name in list[str](suite.computed)) >= 2


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_run_that_is_asked_to_stop_reports_what_was_decided(ready: Any, name: str) -> None:
    process = start(ready, "--summary", "summary.md")
    wait_until(lambda: under_way(ready))
    process.send_signal(getattr(signal, name))
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert {case: found["verdict"] for case, found in ready.cases.items()} == {"quick": "supported", "slow": "not run"}
    assert ready.report["run"]["complete"] is False
    assert (ready.report_folder / "index.html").exists()
    assert (ready.root / "summary.md").exists()
    assert "the run was interrupted: 1 more cases have not run" in output
    assert ready.leftovers == []


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_before_the_first_decided_case_it_says_what_was_kept(ready: Any, name: str) -> None:
    ready.report_folder.mkdir()
    (ready.report_folder / "report.json").write_text(OLD)
    process = start(ready, "-k", "slow")
    wait_until(lambda: under_way(ready))
    process.send_signal(getattr(signal, name))
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert (ready.report_folder / "report.json").read_text() == OLD
    assert f"before any case was decided: no report is written, and {ready.report_folder} is as it was" in output
    assert f"what was computed is kept in {ready.evidence}; the same command goes on from there" in output
    assert ready.leftovers == []


def test_what_a_process_was_told_to_ignore_stays_ignored(ready: Any) -> None:
    ready.module(MODULE.replace("400", "20"))
    process = start(ready, first=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))  # as nohup does
    wait_until(lambda: under_way(ready))
    process.send_signal(signal.SIGHUP)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert ready.report["run"]["complete"] is True


def test_a_terminal_that_is_closed(ready: Any) -> None:
    """The kernel sends SIGHUP, and nobody can be told anything any more."""
    (ready.root / "seconds.txt").write_text("0.1")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ready.root)
        command = ready.command("claims", "-n0")
        os.execve(command[0], command, ready.environment)  # noqa: S606 - this project's own tests
    drained = subprocess.Popen(["cat"], stdin=terminal, stdout=subprocess.DEVNULL)  # noqa: S607
    wait_until(lambda: under_way(ready))
    drained.kill()
    drained.wait()
    os.close(terminal)
    os.waitpid(pid, 0)
    assert {case: found["verdict"] for case, found in ready.cases.items()} == {"quick": "supported", "slow": "not run"}
    assert (ready.report_folder / "index.html").exists()
    assert ready.leftovers == []


SLOW_PAGE = """
import time
from pathlib import Path
import support.page.html as html
render = html.render
def slow(*arguments):
    Path("drawing.txt").touch()
    time.sleep(2)
    return render(*arguments)
html.render = slow
"""


@pytest.mark.parametrize("first", ["SIGINT", None])
def test_more_of_them_while_the_report_is_written_change_nothing(ready: Any, first: str | None) -> None:
    ready.module(MODULE.replace("400", "4" if first is None else "400"))
    (ready.root / "drawn.py").write_text(SLOW_PAGE)
    process = start(ready, "-p", "drawn")
    if first:
        wait_until(lambda: under_way(ready))
        process.send_signal(getattr(signal, first))
    wait_until((ready.root / "drawing.txt").exists)
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        process.send_signal(each)
        time.sleep(0.1)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == (pytest.ExitCode.INTERRUPTED if first else 0), output
    assert "this run is ending, its report is being written" in output
    assert ready.cases["quick"]["verdict"] == "supported"
    assert (ready.report_folder / "index.html").exists()
    assert ready.leftovers == []


def made_from(folder: Path) -> str:
    (digest,) = re.findall(r'<code id="made-from">([0-9a-f]{64})</code>', (folder / "index.html").read_text())
    return str(digest)


def test_a_page_says_of_which_json_it_was_made(ready: Any) -> None:
    assert ready.run("claims", "-k", "quick").returncode == 0
    content = (ready.report_folder / "report.json").read_bytes()
    assert made_from(ready.report_folder) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_a_run_that_is_killed_between_two_files_leaves_no_old_page_beside_a_new_report(ready: Any, moved: int) -> None:
    """Moved: the JSON of the verdicts, the whole JSON, the page."""
    ready.report_folder.mkdir()
    for name in ("report.json", "index.html"):
        (ready.report_folder / name).write_text(OLD)
    (ready.root / "killed.py").write_text(
        "import os, support.whole_files as files, support.suite.report_files as report\n"
        "moves = []\n"
        "def swap(written, stale=()):\n"
        f"    files.swap(written, stale)\n    moves.append(1)\n    len(moves) > {moved} and os._exit(9)\n"
        "report.swap = swap\n"
    )
    assert ready.run("claims", "-k", "quick", "-p", "killed").returncode == 9
    assert ready.cases["quick"]["verdict"] == "supported"
    page = ready.report_folder / "index.html"
    assert page.exists() == (moved == 2)
    if page.exists():
        assert made_from(ready.report_folder) == hashlib.sha256(page.with_name("report.json").read_bytes()).hexdigest()
    assert ready.run("claims", "-k", "quick").returncode == 0  # nothing stands in its way


def test_a_second_run_into_one_directory_is_refused(ready: Any, one_sentence: Any) -> None:
    process = start(ready)
    wait_until(lambda: under_way(ready))
    before = list(ready.report_folder.iterdir())
    said = one_sentence(ready.run("claims", "-k", "quick"))
    expected = (
        f"report directory {ready.report_folder} belongs to a run that is still going (process {process.pid} on "
        f"{os.uname().nodename}): wait for it, or give another with --report DIR"
    )
    assert said == expected
    assert list(ready.report_folder.iterdir()) == before
    assert ready.run("claims", "--collect-only").returncode == 0  # it writes nothing
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert ready.run("claims", "-k", "quick").returncode == 0


def test_only_children_are_stopped() -> None:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)  # noqa: S607
    deaf = subprocess.Popen(["bash", "-c", "trap '' TERM; echo; while :; do sleep 0.1; done"], stdout=subprocess.PIPE)  # noqa: S607
    assert deaf.stdout
    deaf.stdout.readline()
    began = time.monotonic()
    stopping.stop([child.pid, deaf.pid, os.getppid(), 1])
    assert time.monotonic() - began < PATIENCE
    assert child.wait(PATIENCE) == -signal.SIGTERM
    assert deaf.wait(PATIENCE) == -signal.SIGKILL
    deaf.stdout.close()
    os.kill(os.getppid(), 0)
