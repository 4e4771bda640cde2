"""Runs that end before their time: what was finished is kept, what was not is said."""

import os
import re
import signal
import subprocess
from collections import Counter
from typing import Any

import pytest

from support.evidence.store import Store
from tests.suite.kills import wait_until

pytestmark = pytest.mark.long("starts pytest anew for every test")

TRIALS = 12
SECONDS = "0.2"  # a trial
PATIENCE = 60

SLOW = f'''
@pytest.mark.claim("A-01", cost=9)
def test_quick(judge):
    """Expect one."""
    decide(judge, 0.5)

@pytest.mark.claim("A-02")
@pytest.mark.parametrize("name", ["first", "second"])
def test_slow(name, evidence, judge):
    """Expect one."""
    evidence(Counting(name), {TRIALS})
    decide(judge, 0.5)
'''


def entries(suite: Any) -> int:
    """Entries of the store, every one of which must be whole."""
    store = Store(suite.evidence)
    keys = list(store.keys())
    assert all(store.read(key) is not None for key in keys)
    return len(keys)


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_what_was_finished_before_control_c_is_kept(suite: Any, workers: str) -> None:
    suite.register(("A-01", ["test_claims.py"]), ("A-02", ["test_claims.py"]), ("A-03", ["test_other.py"]))
    suite.module(SLOW)
    (suite.root / "seconds.txt").write_text(SECONDS)
    process = subprocess.Popen(  # noqa: S603 - this project's own tests
        suite.command("claims", workers),
        cwd=suite.root,
        env=suite.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, which the terminal would send the signal to
        # A shell's background jobs ignore the signal, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # Under xdist the worker that began with the quick case has sent word of it once both slow ones are under way, and
    # the controller has had the time of a trial or two to hear it.
    under_way = 1 if workers == "-n0" else 2
    wait_until(lambda: len(suite.computed) >= 8 and len({name[:5] for name in suite.computed}) >= under_way)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output

    kept, computed = entries(suite), Counter(suite.computed)
    # Each process notes a trial just before it stores it, so at most one of each is noted and not yet stored.
    assert 8 - under_way <= kept <= len(computed) < 2 * TRIALS
    assert suite.leftovers == []
    report = suite.report
    assert report["run"]["complete"] is False
    verdicts = {name: (case["verdict"], (case["not_run"] or case)["reason"]) for name, case in suite.cases.items()}
    assert verdicts == {
        "quick": ("supported", None),
        "first": ("not run", "the run was interrupted before this case ended"),
        "second": ("not run", "the run was interrupted before this case ended"),
    }
    assert "the run was interrupted: 2 more cases have not run" in output
    # Progress, past pytest's capture and from workers too: of three cases one is decided and two are not.
    assert re.search(r"\n  0:\d\d, 1 cases decided, 2 undecided, [\d.]+ trials a minute, .* left; now: ", output)

    (suite.root / "seconds.txt").write_text("0")
    done = suite.run("claims", "-n0")
    assert done.returncode == 0, done.stdout
    assert suite.report["run"]["complete"] is True
    assert entries(suite) == 2 * TRIALS
    # Each trial once; but one that was noted and not yet stored when the signal came is computed again.
    assert len(suite.computed) == len(computed) + 2 * TRIALS - kept
    assert set(suite.computed) == {f"{name}/{trial}" for name in ("first", "second") for trial in range(TRIALS)}


def test_a_crashed_worker_takes_no_case_with_it(suite: Any) -> None:
    suite.register(("A-01", ["test_claims.py"]))
    suite.module('''
@pytest.mark.claim("A-01", cost=2)
def test_crash(judge):
    """Expect one."""
    os._exit(7)

@pytest.mark.claim("A-01")
def test_fine(judge):
    """Expect one."""
    decide(judge, 0.5)
''')
    done = suite.run("claims", "-n1")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    cases = suite.cases
    assert cases["fine"]["verdict"] == "supported"
    assert cases["crash"]["verdict"] == "not run"
    assert cases["crash"]["not_run"]["reason"].startswith("error, no verdict: worker 'gw0' crashed while running")
    assert suite.report["run"]["complete"] is True


def test_a_run_that_stops_at_the_first_failure_is_not_complete(suite: Any) -> None:
    suite.register(("A-01", ["test_claims.py"]))
    suite.module('''
@pytest.mark.claim("A-01")
@pytest.mark.parametrize("value", [1.5, 0.5])
def test_value(value, judge):
    """Expect one."""
    decide(judge, value)
''')
    done = suite.run("claims", "-x")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert suite.report["run"]["complete"] is False
    assert {name: case["verdict"] for name, case in suite.cases.items()} == {"1.5": "refuted", "0.5": "not run"}
