"""Kills a small run at drawn moments, starts it again, and compares it with a run that nobody disturbed.

    python -m tests.suite.kills --times 20

writes a table of what was tried, in Markdown.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.evidence.entries import Entry
from support.evidence.store import ASIDE, Store
from tests.suite.conftest import Suite, compile_support

TRIALS = 8
SECONDS = 0.04  # a trial
PATIENCE = 60.0
# Seconds in which a run that was asked to stop has ended its workers, on a machine that may be loaded.
PROMPT = 3.0
STOPPED = 0.3

MODULE = f'''
@pytest.mark.claim("A-01", cost=9)
def test_quick(judge):
    """Expect one."""
    decide(judge, 0.5)

@pytest.mark.claim("A-02")
@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_slow(name, evidence, judge):
    """Expect one."""
    evidence(Counting(name), {TRIALS})
    decide(judge, 2.0 if name == "second" else 0.5)
'''
CASES = {"quick": "supported", "first": "supported", "second": "refuted", "third": "supported"}
SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGSTOP")
TARGETS = ("controller", "worker", "group")
WORKERS = ("-n0", "-n2")


@dataclass(frozen=True)
class Kill:
    """What is sent to whom, and when: after so many trials and so much of another one."""

    signal: str
    target: str
    workers: str
    trials: int
    part: float


@dataclass
class Found:
    """What came of a kill; `lost` says what was lost, a phrase each.

    Seconds are from the signal to the end of the last worker, None where there is none, and of the run.
    """

    kill: Kill
    workers_gone: float | None
    seconds: float
    status: int
    lost: list[str] = field(default_factory=list)


def suite_in(folder: Path) -> Suite:
    """The small suite that is killed."""
    suite = Suite(folder)
    suite.register(("A-01", ["test_claims.py"]), ("A-02", ["test_claims.py"]))
    suite.module(MODULE)
    return suite


def undisturbed(folder: Path) -> dict[str, Any]:
    """What a run finds that nobody disturbs."""
    suite = suite_in(folder)
    suite.run("claims", "-n0")
    return outcome(suite)


def outcome(suite: Suite) -> dict[str, Any]:
    """Verdicts and evidence of a report, and the rows of every entry."""
    return {
        "cases": {
            name: [case["verdict"], case["effect"], [(each["key"], each["digest"]) for each in case["evidence"]]]
            for name, case in suite.cases.items()
        },
        "rows": {key: (entry.columns, entry.digest, entry.manifest.origin) for key, entry in _entries(suite).items()},
    }


def draw(kind: str, target: str, workers: str, stream: random.Random) -> Kill:
    """A kill at a drawn moment."""
    return Kill(kind, target, workers, stream.randrange(3 * TRIALS), stream.random())


def try_kill(kill: Kill, expected: dict[str, Any], folder: Path) -> Found:
    """Do it, and see what it cost."""
    suite = suite_in(folder)
    (suite.root / "seconds.txt").write_text(str(SECONDS))
    with (suite.root / "output.txt").open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - this project's own tests
            suite.command("claims", kill.workers),
            cwd=suite.root,
            env=suite.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a group of its own
            preexec_fn=_hear_all,
        )
    wait_until(lambda: len(suite.computed) >= kill.trials or process.poll() is not None)
    time.sleep(kill.part * SECONDS)
    children = _children(process.pid)
    began = time.monotonic()
    _send(kill, process.pid, children)
    if kill.signal == "SIGSTOP":
        time.sleep(STOPPED)
        _send(kill, process.pid, children, "SIGCONT")
    wait_until(lambda: not any(map(_is_alive, children)))
    workers_gone = time.monotonic() - began
    status = process.wait(PATIENCE)
    found = Found(kill, workers_gone if children else None, time.monotonic() - began, status)
    found.lost += _lost_then(suite, found)
    (suite.root / "seconds.txt").write_text("0")
    kept, computed = _entries(suite), len(suite.computed)
    suite.run("claims", "-n0")
    if outcome(suite) != expected:
        found.lost.append("the run that went on differs from one that nobody disturbed")
    if len(suite.computed) - computed != len(expected["rows"]) - len(kept):
        found.lost.append("a trial that was kept was computed again")
    # What is left of half an entry is collected by a run that comes an hour later. The name of a temporary directory
    # dies with a controller that is killed outright; the system clears it up.
    _age(suite)
    Store(suite.evidence, writable=True).sweep()
    outright = kill.signal == "SIGKILL" and kill.target != "worker"
    if left := [name for name in suite.leftovers if not (outright and name.startswith("spurious-claims-"))]:
        found.lost.append(f"left behind: {', '.join(left)}")
    return found


def _hear_all() -> None:
    # A shell's background jobs ignore the signal, and so would what they start.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _lost_then(suite: Suite, found: Found) -> list[str]:
    """What is wrong right after the kill."""
    kill, lost = found.kill, []
    ran_on = kill.signal == "SIGSTOP" or (kill.target == "worker" and kill.workers == "-n0")
    asked = kill.signal in ("SIGTERM", "SIGHUP", "SIGINT") and not ran_on
    output = (suite.root / "output.txt").read_text()
    if "INTERNALERROR" in output:
        lost.append("an internal error")
    if asked and kill.target != "worker" and (found.workers_gone or 0) > PROMPT:
        lost.append(f"{found.workers_gone:.1f} s until workers had ended")
    if left := [name for name in suite.leftovers if (asked or ran_on) and not name.startswith(ASIDE)]:
        lost.append(f"left behind: {', '.join(left)}")
    report = suite.report_folder / "report.json"
    if not report.exists():
        decided = "cases decided" in output and asked and "before any case was decided" not in output
        return [*lost, "no report"] if decided or ran_on else lost
    for name, case in suite.cases.items():
        verdict = case["verdict"]
        stopped = verdict == "not run" and case["not_run"]["why"] in ("interrupted", "error")
        if verdict != CASES[name] and (ran_on or not stopped):
            lost.append(f"{name} is {verdict}")
    if asked and suite.report["run"]["complete"] and found.status == 2:
        lost.append("a run that was interrupted calls itself complete")
    page = (suite.report_folder / "index.html").exists()
    return [*lost, "no page"] if (asked or ran_on) and not page else lost


def _age(suite: Suite) -> None:
    """Let what was left be older than anything that somebody is still writing."""
    for path in suite.evidence.glob(f"{ASIDE}*"):
        os.utime(path, (0, 0))


def _entries(suite: Suite) -> dict[str, Entry]:
    """Entries of the store that are whole."""
    store = Store(suite.evidence)
    read = {key: store.read(key) for key in store.keys()}  # noqa: SIM118 - no mapping
    return {key: entry for key, entry in read.items() if entry is not None}


def _send(kill: Kill, controller: int, children: list[int], name: str | None = None) -> None:
    number = getattr(signal, name or kill.signal)
    try:
        if kill.target == "group":
            os.killpg(controller, number)
        elif kill.target == "controller":
            os.kill(controller, number)
        elif children:
            os.kill(children[0], number)
    except ProcessLookupError:
        return  # it had ended


def _children(process: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], object]) -> None:
    """Wait, but not for ever."""
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("it did not come to pass")
        time.sleep(0.005)


def table(found: list[Found]) -> str:
    """What was tried, in Markdown."""
    lines = [
        "| signal | to | workers | tried | lost | workers ended after, s | the run, s |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    groups: dict[tuple[str, str, str], list[Found]] = defaultdict(list)
    for each in found:
        groups[each.kill.signal, each.kill.target, each.kill.workers].append(each)
    for (kind, target, workers), own in groups.items():
        lost = sum(bool(each.lost) for each in own)
        gone = [each.workers_gone for each in own if each.workers_gone is not None]
        slowest = f"{max(gone):.1f}" if gone else ""
        ended = max(each.seconds for each in own)
        lines.append(f"| {kind} | {target} | {workers} | {len(own)} | {lost} | {slowest} | {ended:.1f} |")
    lines += [f"\n{each.kill}: {'; '.join(each.lost)}" for each in found if each.lost]
    return "\n".join(lines) + "\n"


def kinds() -> list[tuple[str, str, str]]:
    """Signals, whom they are sent to, and workers; without workers there is the controller alone."""
    return [
        (kind, target, workers)
        for kind in SIGNALS
        for target in TARGETS
        for workers in WORKERS
        if workers != "-n0" or target == "controller"
    ]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.suite.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="kills of each kind")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    stream, found = random.Random(given.seed), []  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as name:
        compile_support(Path(name))
        expected = undisturbed(Path(name) / "undisturbed")
        for number in range(given.times):
            for kind, target, workers in kinds():
                kill = draw(kind, target, workers, stream)
                found.append(try_kill(kill, expected, Path(name) / f"{number}-{kind}-{target}{workers}"))
    print(table(found))  # noqa: T201


if __name__ == "__main__":
    main()
