"""An experiment that costs nothing and notes what it computes, and processes that share a store."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from support.evidence.collect import Collector
from support.evidence.library import Library
from support.evidence.proofs import Proofs
from support.evidence.rows import Rows
from support.evidence.store import Store
from support.experiments.experiment import BITS, CHOOSES_ARMS, ByArm, Columns, Context
from tests.evidence.counted import Counted

ROOT = Path(__file__).parents[2]
CONTEXT = Context(seed=0)
TIMEOUT = 60


@dataclass(frozen=True)
class Counting(ByArm):
    """A row for each arm of each trial, which holds both; each computed trial is appended to the file `log`."""

    promise: ClassVar[float] = BITS
    arm_type: ClassVar[type] = int

    log: str
    asked: tuple[int, ...] = field(default=(0, 1), metadata=CHOOSES_ARMS)
    dataset: str = ""
    factor: float = 10.0

    @property
    def arms(self) -> tuple[int, ...]:
        return self.asked

    @classmethod
    def choosing(cls, arms: Sequence[int]) -> dict[str, Any]:
        return {"asked": tuple(sorted(arms))}

    def datasets(self) -> tuple[str, ...]:
        return (self.dataset,) if self.dataset else ()

    def measure(self, arms: Sequence[int], trial: int, context: Context) -> list[Columns]:
        with Path(self.log).open("a") as file:
            file.write(f"{trial} by seed {context.seed}: {', '.join(map(str, arms))}\n")
        return [{"value": [self.factor * trial + arm], "arm": [float(arm)]} for arm in arms]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence")


@pytest.fixture
def counting(tmp_path: Path) -> Callable[..., Counting]:
    """Builds the experiment: counting(asked=(0, 1, 2))."""
    return lambda **fields: Counting(str(tmp_path / "computed.txt"), **fields)


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    """One pass, which notes each trial that it measures."""
    return Counted(str(tmp_path / "measured.txt"))


@pytest.fixture
def computed(tmp_path: Path) -> Callable[[], list[str]]:
    """What has been computed so far."""
    path = tmp_path / "computed.txt"
    return lambda: path.read_text().splitlines() if path.exists() else []


Collect = Callable[..., Rows]


@pytest.fixture
def collect(store: Store) -> Collect:
    """Rows of an experiment in the store: collect(experiment, 3, recorded=True)."""

    def rows(
        experiment: Any,
        trials: int,
        context: Context = CONTEXT,
        *,
        others: Sequence[Any] = (),
        progress: Any = None,
        recorded: bool = False,
        commit: str | None = None,
        proofs: Proofs | None = None,
        network: Any = None,
    ) -> Rows:
        library = Library(store, others)
        collector = Collector(library, context, network, recorded, commit, proofs or Proofs())
        return collector.rows(experiment, trials, progress)

    return rows


Start = Callable[..., subprocess.Popen[str]]
TORCH = """
get_num_threads = lambda: 1
class backends:
    class cpu:
        get_cpu_capability = staticmethod(lambda: "NONE")
class OutOfMemoryError(RuntimeError):
    pass
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Run code in a process of its own, with the suite's support and a stand-in for torch, which it needs little of."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "torch.py").write_text(TORCH)
    path = os.pathsep.join([str(modules), str(ROOT)])
    processes: list[subprocess.Popen[str]] = []

    def popen(code: str, *arguments: object) -> subprocess.Popen[str]:
        file = modules / f"process_{hashlib.sha256(code.encode()).hexdigest()[:8]}.py"
        file.write_text(code)
        command = [sys.executable, str(file), *map(str, arguments)]
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
