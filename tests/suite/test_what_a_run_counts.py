"""Each case is counted once, and a run that decides nothing keeps the earlier report."""

from typing import Any

import pytest

from tests.suite.earlier_report import MODULE, count, is_kept

pytestmark = pytest.mark.long("starts pytest anew for every test")

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
