"""The end of a run: each case is counted once, and whatever fails then, verdicts and report are kept."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.document.reading import read

pytestmark = pytest.mark.long("starts pytest anew for every test")

MODULE = '''
@pytest.mark.claim("A-01")
@pytest.mark.parametrize("name", ["one", "two"])
def test_claim(name, evidence, judge):
    """Expect one."""
    evidence(Counting(name), 2)
    decide(judge, 0.5)
'''
KEPT = '{"an earlier": "report"}'


@pytest.fixture
def reported(ready: Any) -> Any:
    """The suite with files of an earlier report."""
    ready.report_folder.mkdir()
    for name in ("report.json", "index.html"):
        (ready.report_folder / name).write_text(KEPT)
    return ready


def is_kept(suite: Any) -> bool:
    return all((suite.report_folder / name).read_text() == KEPT for name in ("report.json", "index.html"))


def count(suite: Any) -> list[str]:
    """Ids of all cases in the report, as often as they stand there."""
    cases = [case for claim in suite.report["claims"] for reading in claim["readings"] for case in reading["cases"]]
    return sorted(case["id"] for case in cases)


# 1. Counted once

AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    '''As plugins do that run a test again: every run is reported, all but the last as a rerun.'''
    for number in range(3):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            if number < 2 and report.when == "call":
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        item._initrequest()
    return True

def pytest_report_teststatus(report):
    if report.outcome == "rerun":
        return "rerun", "R", ("RERUN", {"yellow": True})
"""
FLAKY = '''
@pytest.mark.claim("A-01")
def test_flaky(judge):
    """Expect one."""
    with COMPUTED.open("a") as file:
        file.write("x ")
    decide(judge, 2.0 if len(COMPUTED.read_text().split()) < 3 else 0.5)
'''


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_of_a_test_that_is_run_again_the_last_run_counts(ready: Any, workers: str) -> None:
    ready.module(FLAKY)
    (ready.root / "again.py").write_text(AGAIN)
    done = ready.run("claims", "-p", "again", workers)
    assert len((ready.root / "computed.txt").read_text().split()) == 3
    assert count(ready) == ["flaky"]
    assert ready.cases["flaky"]["verdict"] == "supported"
    assert "1 supported of 1 cases" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["claims", "claims"],
        ["--keep-duplicates", "claims/test_claims.py", "claims/test_claims.py"],
        ["--keep-duplicates", "claims", "./claims/../claims", "-n2"],
    ],
)
def test_what_is_named_twice_is_counted_once(ready: Any, arguments: list[str]) -> None:
    done = ready.run(*arguments)
    assert done.returncode == 0, done.stdout
    assert count(ready) == ["one", "two"]
    assert "2 supported of 2 cases" in done.stdout


COUNT = """
def pytest_addoption(parser):
    parser.addoption("--count", type=int, default=1)
    parser.addoption("--flake-finder", dest="flake_finder_enable", action="store_true")
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dist", "each", "--tx", "2*popen"], "--dist each asks every claim on every worker"),
        (["--count", "3"], "--count 3 asks every claim 3 times"),
        (["--flake-finder"], "--flake-finder asks every claim many times"),
    ],
)
def test_options_that_ask_every_claim_again_are_refused(
    reported: Any, one_sentence: Any, arguments: list[str], said: str
) -> None:
    (reported.root / "count.py").write_text(COUNT)
    assert one_sentence(reported.run("claims", "-p", "count", *arguments)).startswith(said)
    assert is_kept(reported)


def test_workers_are_counted_as_xdist_reads_them(ready: Any) -> None:
    done = ready.run("claims", "--dist", "load", "--tx", "2*popen")
    assert done.returncode == 0, done.stdout
    assert ready.report["run"]["workers"] == 2
    assert count(ready) == ["one", "two"]


def test_last_failed_leaves_the_others_as_not_selected(ready: Any) -> None:
    ready.module(MODULE.replace("decide(judge, 0.5)", 'decide(judge, 2.0 if name == "two" else 0.5)'))
    command = [part for part in ready.command("claims") if part != "no:cacheprovider"]
    command.pop(command.index("-p"))  # the cache is what it is about
    ready.command = lambda *arguments: [*command, *arguments]
    ready.run()
    ready.run("--lf")
    assert count(ready) == ["one", "two"]
    assert list(ready.cases) == ["two"]


# 2. Nothing is decided, and nothing is written


@pytest.mark.parametrize(
    "arguments",
    [
        ["--setup-plan"],
        ["--setup-only"],
        ["--setup-only", "-n2"],
        ["--collect-only"],
        ["--co", "-q"],
        ["--fixtures"],
        ["--fixtures-per-test"],
        ["--markers"],
        ["--help"],
        ["--version"],
        ["-VV"],
        ["-k", "nothing"],
    ],
    ids=" ".join,
)
def test_a_run_that_decides_nothing_keeps_the_report(reported: Any, arguments: list[str]) -> None:
    reported.module(MODULE + '@pytest.mark.claim("A-01")\n@pytest.mark.skip\ndef test_x(judge):\n    """Expect."""\n')
    done = reported.run("claims", *arguments)
    assert done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED), done.stdout
    assert "INTERNALERROR" not in done.stdout
    assert is_kept(reported)
    assert reported.computed == []
    assert reported.leftovers == []


@pytest.mark.parametrize("argument", ["--help", "--version", "--markers", "--fixtures"])
def test_what_asks_pytest_itself_looks_at_no_place(ready: Any, argument: str) -> None:
    done = ready.run("claims", argument, "--baseline", "nowhere.json", "--evidence", "torch.py/it", "--model", "x.py:f")
    assert done.returncode == 0, done.stdout
    assert not ready.report_folder.exists()
    assert not ready.evidence.exists()


def test_tests_whose_setup_is_shown_are_decided(reported: Any) -> None:
    assert reported.run("claims", "--setup-show").returncode == 0
    assert count(reported) == ["one", "two"]


def test_where_nothing_is_recorded_the_report_is_kept(reported: Any) -> None:
    done = reported.run("claims", "--recorded", "-n2")
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout
    assert is_kept(reported)
    said = f"nothing that was asked is recorded: no report is written, and {reported.report_folder} is as it was"
    assert said in done.stdout


# 3. The report first


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


# 4. Terminals that are full or gone


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


# 5. Letters that UTF-8 has not

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


# 6. Checkouts by another path


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


# 7. Users without a home


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
