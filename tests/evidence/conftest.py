"""An experiment that costs nothing and notes what it computes, and processes that share a store."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.evidence.store import Store
from support.experiments.experiment import Columns, Context

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Counting:
    """Row i of trial t holds t and i; each computed trial is appended to the file `log`."""

    log: str
    rows: int = 2
    dataset: str = ""

    def datasets(self) -> tuple[str, ...]:
        return (self.dataset,) if self.dataset else ()

    def run(self, trial: int, context: Context) -> Columns:
        with Path(self.log).open("a") as file:
            file.write(f"{trial} by seed {context.seed}\n")
        return {
            "value": [float(10 * trial + row) for row in range(self.rows)],
            "row": list(map(float, range(self.rows))),
        }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence")


@pytest.fixture
def counting(tmp_path: Path) -> Callable[..., Counting]:
    """Builds the experiment: counting(rows=3)."""
    return lambda **fields: Counting(str(tmp_path / "computed.txt"), **fields)


@pytest.fixture
def computed(tmp_path: Path) -> Callable[[], list[str]]:
    """What has been computed so far."""
    path = tmp_path / "computed.txt"
    return lambda: path.read_text().splitlines() if path.exists() else []


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Run code in a process of its own, with the suite's support and a stand-in for torch, which it needs little of."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "torch.py").write_text("get_num_threads = lambda: 1\n")
    path = os.pathsep.join([str(tmp_path / "modules"), str(ROOT)])
    processes: list[subprocess.Popen[str]] = []

    def popen(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": path}
        processes.append(
            subprocess.Popen(  # noqa: S603 - code of these tests
                command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        )
        return processes[-1]

    yield popen
    for process in processes:
        process.kill()
        process.communicate()
