"""Where trials are computed. An engine is given tasks and hands back rows; it knows nothing of the store.

This one computes here; `support.cluster` computes on the workers of an existing cluster.
"""

from __future__ import annotations

import functools
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from typing import Any, Protocol

from support.evidence.entries import Making
from support.evidence.inputs import UserNetwork
from support.evidence.keys import Origin
from support.experiments.experiment import Columns, Context, Experiment

# Trials that share a GPU: their networks fill its stacks, their images its memory. An interrupted run loses them.
TOGETHER = 32


class EngineError(Exception):
    """Trials cannot be computed where they were asked for; one sentence."""


@dataclass(frozen=True)
class Task:
    """Arms of one trial that are to be measured.

    Attributes
    ----------
    experiment, arms, trial, context : what `Experiment.measure` is given.
    origin : of the experiment: the code, the data and the user's network that its numbers will be found under.
    network : the user's network, in the place of the paper's.
    """

    experiment: Experiment
    arms: tuple[Any, ...]
    trial: int
    context: Context
    origin: Origin
    network: UserNetwork | None = None


@dataclass(frozen=True)
class Measured:
    """The columns of each arm of a task, and how they were made (without the commit, which only the run knows)."""

    columns: Sequence[Columns]
    making: Making


# What an engine does with a task that is done; it may be called from several threads at once.
Keep = Callable[[Task, Measured], None]


class Engine(Protocol):
    """Computes tasks, in any order.

    Attributes
    ----------
    state : what is at work, for the line that shows progress; empty where there is nothing to say.
    """

    @property
    def state(self) -> str:
        """What is at work."""
        ...

    def measure(self, tasks: Iterator[Task], keep: Keep, tell: Callable[[], None]) -> None:
        """Measure all tasks and hand each to `keep` as soon as it is done.

        Tasks are of one experiment. They are asked for one by one, in the calling thread, and only when there is room.

        Parameters
        ----------
        tell : called now and then while nothing is done.

        Raises
        ------
        EngineError : they cannot be computed there.
        MemoryError : a GPU is full.
        Exception : what an experiment raises; tasks that were in flight are given up.
        """
        ...


@dataclass(frozen=True)
class Here:
    """Computes in this process: trials whose networks share a GPU together, others one after another."""

    state: str = ""

    def measure(self, tasks: Iterator[Task], keep: Keep, tell: Callable[[], None]) -> None:  # noqa: ARG002
        """Measure all tasks."""
        for group in groups(tasks):
            measure_group(group, keep)


def groups(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    """Tasks as they are computed at once: alone, or up to TOGETHER that share a GPU."""
    for task in tasks:
        yield [task, *islice(tasks, TOGETHER - 1)] if _shares_a_gpu(task.experiment, task.context) else [task]


def measure_group(group: Sequence[Task], keep: Keep) -> None:
    """Measure tasks at once in this process."""
    if len(group) == 1:
        keep(group[0], measured(group[0]))
        return
    from support.training.ensemble import train_together
    from support.training.gathering import together

    together(lambda task: keep(task, measured(task)), group, train_together)


def _shares_a_gpu(experiment: Experiment, context: Context) -> bool:
    """Whether the networks of its trials can be trained in the same stacks, and gain by it."""
    recipe = getattr(experiment, "recipe", None)
    return context.device.startswith("cuda") and recipe is not None and recipe.network is None


def measured(task: Task) -> Measured:
    """Measure one task in this thread.

    Raises
    ------
    MemoryError : a GPU is full.
    """
    import torch

    started = time.perf_counter()
    try:
        columns = task.experiment.measure(task.arms, task.trial, task.context)
    except torch.OutOfMemoryError as error:
        raise MemoryError(
            f"{task.context.device} has no memory left for {task.experiment}: let fewer workers share it (-n 2)"
        ) from error
    return Measured(columns, _making(task, time.perf_counter() - started))


def _making(task: Task, seconds: float) -> Making:
    import torch

    return Making(
        commit=None,
        device=task.context.device,
        machine=machine(),
        threads=torch.get_num_threads(),
        seconds=round(seconds, 3),
        arms=len(task.arms),
        versions={"python": platform.python_version()} | {name: version(name) for name in ("torch", "numpy")},
        process=os.getpid(),
    )


@functools.cache
def machine() -> str:
    """The kind of machine, within which the same code gives networks to the last bit, torch included."""
    import torch

    processor = f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    return f"{platform.system()} {processor}, torch {version('torch')}"
