"""The fast tests again and again beside busy processes: `python -m tests.repeat --times 10 --load 0 1 4`.

Prints Markdown: how long runs take, and which tests fail now and then. Odd runs take the tests in their own order,
even ones shuffle the files and the tests in each by a seed that is the number of the run, so that it can be had again:

    python -m pytest tests -n auto -p tests.repeat --order 4
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUSY = "while True: pass"

# ---------------------------------------------------------------------------------------- as a plugin of pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `main` asks of a run."""
    parser.addoption("--order", type=int, help="seed that shuffles files and the tests in each")
    parser.addoption("--failures", type=Path, help="JSON file for the names of the tests that failed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle, where a seed is given; every worker of xdist alike."""
    if config.option.order is not None:
        items[:] = shuffled(items, config.option.order)


def shuffled(items: Sequence[pytest.Item], seed: int) -> list[pytest.Item]:
    """Files in another order and the tests of each; they stay together, or fixtures of modules were made anew."""
    order = random.Random(seed)  # noqa: S311 - an order of tests
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    order.shuffle(files)
    for tests in files:
        order.shuffle(tests)
    return [item for tests in files for item in tests]


class Failures:
    """Notes which tests fail, at the process that starts the workers."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.names: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test whose setup, call or teardown failed."""
        if report.failed:
            self.names.add(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be collected."""
        if report.failed:
            self.names.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write them."""
        self.file.write_text(json.dumps(sorted(self.names)), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Listen, but not at a worker."""
    if config.option.failures is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config.option.failures))


# ---------------------------------------------------------------------------------------------------- as a command


@dataclass(frozen=True)
class Run:
    """One run of the tests.

    Attributes
    ----------
    load : busy processes beside it.
    order : the seed of its order; None for the tests' own.
    seconds : of wall time.
    status : pytest's exit status.
    failures : names of the tests that failed; None where the run ended before it could tell.
    """

    load: int
    order: int | None
    seconds: float
    status: int
    failures: tuple[str, ...] | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not green: tests that failed, or its exit status where none did."""
        return self.failures or ((f"exit status {self.status}",) if self.status else ())


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that compute without end."""
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]  # noqa: S603 - this interpreter
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def run_once(load: int, order: int | None, arguments: Sequence[str]) -> Run:
    """Run the tests beside so many busy processes."""
    with tempfile.TemporaryDirectory(prefix="spurious-claims-") as folder, busy(load):
        file = Path(folder) / "failures.json"
        command = [sys.executable, "-m", "pytest", *arguments, "-p", "tests.repeat", "--failures", str(file)]
        command += [] if order is None else ["--order", str(order)]
        start = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False)  # noqa: S603 - this project's tests
        seconds = time.monotonic() - start
        failures = tuple(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None
    return Run(load, order, seconds, done.returncode, failures)


def table(runs: Sequence[Run]) -> str:
    """The runs as Markdown."""
    lines = ["| busy processes | runs | not green | wall time, s: least, median, most |", "|---|---|---|---|"]
    for load in dict.fromkeys(run.load for run in runs):
        own = [run for run in runs if run.load == load]
        seconds = [run.seconds for run in own]
        times = f"{min(seconds):.0f}, {statistics.median(seconds):.0f}, {max(seconds):.0f}"
        lines.append(f"| {load} | {len(own)} | {sum(run.status != 0 for run in own)} | {times} |")
    failed = Counter(name for run in runs for name in run.reasons)
    if not failed:
        return "\n".join(lines)
    lines += ["", "| test | failed in | busy processes, order |", "|---|---|---|"]
    for name, count in failed.most_common():
        own = [run for run in runs if name in run.reasons]
        where = "; ".join(f"{run.load}, {'own' if run.order is None else run.order}" for run in own)
        lines.append(f"| `{name}` | {count} of {len(runs)} | {where} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; 1 where any run was not green."""
    parser = argparse.ArgumentParser(prog="python -m tests.repeat", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="runs at each load")
    parser.add_argument("--load", type=int, nargs="+", default=[0], help="busy processes beside the tests")
    parser.add_argument("--pytest", nargs=argparse.REMAINDER, default=["tests", "-n", "auto", "-q"], help="what is run")
    given = parser.parse_args(arguments)
    if given.times < 1 or min(given.load) < 0:
        parser.error(f"--times must be 1 or more and --load 0 or more, got {given.times} and {min(given.load)}")
    runs: list[Run] = []
    for load in given.load:
        for number in range(1, given.times + 1):
            runs.append(run_once(load, None if number % 2 else number, given.pytest))
            sys.stderr.write(f"\n{table(runs)}\n")
    sys.stdout.write(f"{table(runs)}\n")
    return int(any(run.status for run in runs))


if __name__ == "__main__":
    sys.exit(main())
