"""Runs of the small suite whose trials are computed on a cluster of real processes."""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.evidence.store import Store
from tests.cluster.processes import PATIENCE, LocalCluster, kill, wait_until

pytestmark = pytest.mark.long("starts pytest, a scheduler and workers")

TRIALS = 12
MODULE = f'''
@pytest.mark.claim("A-01")
@pytest.mark.parametrize("name", ["one", "two"])
def test_claim(name, evidence, judge):
    """Expect one."""
    evidence(Counting(name), {TRIALS})
    decide(judge, 0.5)
'''


@pytest.fixture
def processes(ready: Any, tmp_path: Path) -> Iterator[LocalCluster]:
    """A scheduler and two workers with the small suite's code."""
    with LocalCluster(tmp_path / "cluster") as started:
        for _ in range(2):
            started.add_worker(ready.root, ready.root / "claims")
        wait_until(lambda: started.log().count("Registered to:") == 2)
        yield started


def kept(suite: Any) -> int:
    store = Store(suite.evidence)
    keys = list(store.keys())
    assert all(store.read(key) is not None for key in keys)
    return len(keys)


def test_a_run_on_a_cluster_says_so_and_computes_each_trial_once(ready: Any, processes: LocalCluster) -> None:
    (ready.root / "seconds.txt").write_text("0.05")
    done = ready.run("claims", "-n2", "--engine", processes.engine)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^engine: dask at tcp://127\.0\.0\.1:\d+, 2 workers of 2 threads in all$", done.stdout, re.M)
    assert re.search(r"test_claim\[one\]: .* \(2 workers, \d+ trials in flight\), trial \d+ of 12", done.stdout)
    assert re.fullmatch(r"dask:tcp://127\.0\.0\.1:\d+", ready.report["run"]["engine"])
    assert len(ready.computed) == len(set(ready.computed)) == kept(ready) == 2 * TRIALS


def test_a_lost_scheduler_is_one_sentence_for_each_case_and_finished_trials_are_kept(
    ready: Any, processes: LocalCluster
) -> None:
    (ready.root / "seconds.txt").write_text("0.3")
    process = subprocess.Popen(  # noqa: S603 - this project's own tests
        ready.command("claims", "-n0", "--engine", processes.engine),
        cwd=ready.root,
        env=ready.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_until(lambda: len(ready.computed) >= 5)
    kill(processes.scheduler)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == pytest.ExitCode.TESTS_FAILED, output
    assert "Traceback" not in output, output
    assert "Warning" not in output, output
    assert output.count("During handling") == 0, output
    why = {case["not_run"]["reason"] for case in ready.cases.values()}
    assert len(why) == 1
    assert re.fullmatch(
        r"error, no verdict: Failed: the scheduler at tcp://\S+ is gone: trials that were finished are kept; run again "
        "to go on",
        why.pop(),
    )
    assert 1 <= kept(ready) < TRIALS
    assert ready.leftovers == []

    (ready.root / "seconds.txt").write_text("0")
    before = kept(ready)
    computed = len(ready.computed)
    assert ready.run("claims").returncode == 0
    assert len(ready.computed) - computed == 2 * TRIALS - before


def test_a_scheduler_that_cannot_be_reached_is_told_soon(
    ready: Any, one_sentence: Callable[[subprocess.CompletedProcess[str]], str]
) -> None:
    with socket.socket() as unheard:  # a port that nobody listens to, and that nobody else gets
        unheard.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unheard.getsockname()[1]}"
        started = time.monotonic()
        said = one_sentence(ready.run("claims", "--engine", f"dask:{address}"))
    assert said.startswith(f"no scheduler can be reached at {address}: ")
    assert time.monotonic() - started < PATIENCE
    assert ready.computed == []


def test_a_scheduler_that_speaks_tls_takes_a_certificate(
    ready: Any, one_sentence: Callable[[subprocess.CompletedProcess[str]], str]
) -> None:
    said = one_sentence(ready.run("claims", "--engine", "dask:tls://127.0.0.1:9"))
    assert said.startswith(
        "no scheduler can be reached at tls://127.0.0.1:9 without a certificate in distributed.comm.tls"
    )
    assert ready.computed == []
