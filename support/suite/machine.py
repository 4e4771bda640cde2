"""What the machine gives to a run: cores, workers, threads."""

from __future__ import annotations

import os
from typing import Protocol

import pytest

THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class WorkerNode(Protocol):
    """What xdist's controller holds of a worker, of which it has no public type; `workerinput` is plain data."""

    config: pytest.Config
    workerinput: dict[str, object]


def is_controller(config: pytest.Config) -> bool:
    """Whether this process is no worker of xdist."""
    return not hasattr(config, "workerinput")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers(config: pytest.Config) -> int:
    """Processes that run tests."""
    if not is_controller(config):
        return int(config.workerinput["workercount"])  # type: ignore[attr-defined]
    counts = (str(spec).partition("*") for spec in getattr(config.option, "tx", None) or [])
    return max(1, sum(int(times) if star and times.isdecimal() else 1 for times, star, _ in counts))


def threads(config: pytest.Config) -> int:
    """Threads of each worker."""
    return max(1, cores() // workers(config))


def limit_threads(config: pytest.Config) -> None:
    """Give this process its share of threads; before the libraries are imported that read the limits."""
    for name in THREAD_LIMITS:
        os.environ[name] = str(threads(config))
