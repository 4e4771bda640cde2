"""What the benchmarks measured, as one table at the end of the session.

Speed is a ratio of two timings of one run. It is reported, never asserted: what fails a benchmark is a result
that differs.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import timing
from benchmarks.timing import cores, elapsed


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the number, and the number hoped for."""

    what: str
    measured: str
    target: str


ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option that keeps the benchmarks running in continuous integration."""
    parser.addoption(
        "--smallest", action="store_true", help="run each benchmark once at its smallest size: numbers mean nothing"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start with an empty table."""
    config.stash[ROWS] = []
    timing.most_turns = 1 if config.option.smallest else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what pytest-benchmark times where that is off."""
    if hasattr(config, "workerinput") or config.getoption("benchmark_disable"):
        off = pytest.mark.skip(reason="timings need pytest-benchmark, which is off under xdist: run with -n0")
        for item in items:
            if "in_turns" in getattr(item, "fixturenames", ()):
                item.add_marker(off)


@pytest.fixture(scope="session", autouse=True)
def _threads() -> None:
    torch.set_num_threads(cores())


@pytest.fixture
def pick(pytestconfig: pytest.Config) -> Callable[[Any, Any], Any]:
    """``pick(size, smallest)``: the size of this run."""
    return lambda size, smallest: smallest if pytestconfig.option.smallest else size


@pytest.fixture
def row(pytestconfig: pytest.Config) -> Callable[..., None]:
    """``row(what, measured, target)``: adds a line to the table."""

    def add(what: str, measured: str, target: str = "") -> None:
        pytestconfig.stash[ROWS].append(Row(what, measured, target))

    return add


@pytest.fixture
def in_turns(benchmark: Any) -> Callable[..., tuple[dict[str, float], dict[str, Any]]]:
    """``in_turns(subject, rivals, rounds)``: pytest-benchmark times the subject, each rival runs before each round.

    Returns each one's fastest seconds and its result, the subject's under ``"subject"``. The ratios also go to
    pytest-benchmark's JSON as extra information.
    """

    def measure(
        subject: Callable[[], Any], rivals: Mapping[str, Callable[[], Any]], rounds: int
    ) -> tuple[dict[str, float], dict[str, Any]]:
        seconds: dict[str, float] = {}
        results: dict[str, Any] = {}

        def run_rivals() -> None:
            for name, rival in rivals.items():

                def call(name: str = name, rival: Callable[[], Any] = rival) -> None:
                    results[name] = rival()

                seconds[name] = min(elapsed(call), seconds.get(name, float("inf")))

        results["subject"] = benchmark.pedantic(
            subject, setup=run_rivals, rounds=min(rounds, timing.most_turns or rounds), iterations=1
        )
        seconds["subject"] = benchmark.stats.stats.min
        benchmark.extra_info.update({f"{name} / subject": seconds[name] / seconds["subject"] for name in rivals})
        return seconds, results

    return measure


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table, and what it was measured on."""
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("measured in this run")
    if config.option.smallest:
        terminalreporter.write_line("at the smallest sizes: the numbers mean nothing")
    terminalreporter.write_line(
        f"{cores()} cores, {torch.get_num_threads()} threads, {platform.machine()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}"
    )
    wide = max(len(row.what) for row in rows)
    for row in rows:
        terminalreporter.write_line(f"{row.what:<{wide}}  {row.measured:>12}  {row.target}".rstrip())
