"""Where an audit's trials are computed: in processes of this machine, one thread each.

A small network gains nothing by several threads, and threads of one process wait for each other. Functions that were
handed over as objects travel with their code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from loky import ProcessPoolExecutor
from loky.process_executor import TerminatedWorkerError

from support.data.catalogue import DATASETS, Dataset
from support.data.datasets import DatasetError
from support.evidence.engine import EngineError, Keep, Measured, Task, measured
from support.models.held import hold_as, holdings
from support.models.user_code import UserCodeError, said

# Seconds between two words of what is at work.
PATIENCE = 0.5


class Processes:
    """An engine of so many processes; a context manager, at whose end they stop.

    Parameters
    ----------
    workers : processes, at least 1.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        own = {name: dataset for name, dataset in DATASETS.items() if not dataset.sources}
        self.workers = workers
        self._pool = ProcessPoolExecutor(
            workers, initializer=_prepare, initargs=(own, holdings(), Path.cwd()), env={"OMP_NUM_THREADS": "1"}
        )

    @property
    def state(self) -> str:
        """Nothing to say."""
        return ""

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(kill_workers=kind is not None)

    def measure(self, tasks: Iterator[Task], keep: Keep, tell: Callable[[], None]) -> None:
        """Measure all tasks, twice as many in flight as there are processes.

        Raises
        ------
        EngineError : a process died.
        Exception : what an experiment raises.
        """
        flying: dict[Future[Measured], Task] = {}
        try:
            while True:
                for task in islice(tasks, 2 * self.workers - len(flying)):
                    flying[self._pool.submit(_measured, task)] = task
                if not flying:
                    return
                done, _ = wait(flying, timeout=PATIENCE, return_when=FIRST_COMPLETED)
                if not done:
                    tell()
                for future in done:
                    keep(flying.pop(future), future.result())
        except TerminatedWorkerError as error:
            raise EngineError(f"a process that trained networks died, perhaps for want of memory: {error}") from error
        finally:
            for future in flying:
                future.cancel()


def _measured(task: Task) -> Measured:
    """Measure a task; what a user's network or training raises becomes a sentence."""
    try:
        return measured(task)
    except (ValueError, DatasetError, MemoryError, OSError):
        raise  # with a sentence of its own
    except Exception as error:
        raise UserCodeError(f"trial {task.trial} fails: {said(error)}") from error


def _prepare(datasets: dict[str, Dataset], functions: dict[str, Callable[..., Any]], folder: Path) -> None:
    """At the start of a process: what its parent knows and no file says."""
    import torch

    os.chdir(folder)
    torch.set_num_threads(1)
    DATASETS.update(datasets)
    for name, function in functions.items():
        hold_as(name, function)
