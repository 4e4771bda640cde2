"""A cluster of real processes, and collectors that compute on it and here."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cluster.address import scheduler_address
from support.cluster.client import Cluster
from support.evidence.collect import Collector
from support.evidence.library import Library
from support.evidence.store import Store
from support.experiments.experiment import Context
from tests.cluster.processes import LocalCluster

CONTEXT = Context(5)

Collecting = Callable[..., Collector]


# A stand-in for torch, which takes seconds to import; trials that wait need little of it.
TORCH = """
class cuda:
    device_count = staticmethod(lambda: 0)
class backends:
    class cpu:
        get_cpu_capability = staticmethod(lambda: "NONE")
_threads = 1
def set_num_threads(count):
    global _threads
    _threads = count
get_num_threads = lambda: _threads
class OutOfMemoryError(RuntimeError):
    pass
"""


@pytest.fixture
def without_torch(tmp_path: Path) -> Path:
    """A folder for a worker's path before this project's."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "torch.py").write_text(TORCH)
    return folder


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[LocalCluster]:
    with LocalCluster(tmp_path / "cluster") as started:
        yield started


@pytest.fixture
def engine(processes: LocalCluster) -> Iterator[Cluster]:
    """A client of the cluster; it may have no workers yet."""
    cluster = Cluster(scheduler_address(processes.engine))
    yield cluster
    cluster.close()


@pytest.fixture
def collecting(tmp_path: Path) -> Collecting:
    """Builds a collector with a store of its own: collecting("there", engine=engine)."""

    def build(name: str, context: Context = CONTEXT, **given: Any) -> Collector:
        return Collector(Library(Store(tmp_path / name)), context, **given)

    return build
