"""Own data in a cache of the test's own, and audits that compute in this process."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from support.audit.asking import Asked, ask
from support.audit.result import Audit
from support.audit.subject import Subject, dataset_of
from support.data.catalogue import DATASETS
from support.evidence.engine import Here, Keep, Measured, Task, measured
from support.experiments.rare_patterns import RarePatterns
from tests.audit.networks import stripes


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache that ends with the test, and no dataset that outlives it."""
    known = dict(DATASETS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    DATASETS.clear()
    DATASETS.update(known)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As audits' processes have: threads that share products as short as these wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def dataset() -> str:
    """Striped images of 8x8 pixels."""
    return dataset_of(stripes())


_MEASURED: dict[Hashable, Measured] = {}


class Remembering(Here):
    """Trains the networks of a trial with and without carriers once, however many audits here ask for them."""

    def measure(self, tasks: Iterator[Task], keep: Keep, tell: Callable[[], None]) -> None:  # noqa: ARG002
        """Measure all tasks."""
        for task in tasks:
            if not isinstance(task.experiment, RarePatterns):
                keep(task, measured(task))
                continue
            key = (task.experiment, task.arms, task.trial, task.context, msgspec.json.encode(task.origin))
            if key not in _MEASURED:
                _MEASURED[key] = measured(task)
            keep(task, _MEASURED[key])


def asked_here(after: Subject, before: Subject | None = None, *, first: bool = True, trials: int = 128) -> Audit:
    """An audit without processes."""
    return ask(Asked(after, before, 0, "cpu", None, None, 1, trials, first=first), engine=Remembering())
