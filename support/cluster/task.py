"""What a worker does: see that it has the run's code, data and network, and measure trials.

`compute` is all that a client asks for. What it is given and gives are built-in values, so that a worker with other
code can say so.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import pickle
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from support.cluster.user_files import Parcel, unpacked
from support.evidence.engine import EngineError, Measured, Task, measure_group
from support.evidence.entries import Making
from support.evidence.inputs import Inputs, InputsChangedError
from support.evidence.sources import SourcesError, source_identity
from support.experiments.experiment import Context

PACKAGE = "spurious-claims"

# Threads of torch and of linear algebra are of the whole process, as are modules of users' networks.
_ONE_AT_A_TIME = threading.Lock()


class Work(msgspec.Struct, frozen=True):
    """Trials of one experiment that are computed at once, as they travel.

    Attributes
    ----------
    package : version of this package.
    module : where the experiment's class is defined.
    sources : identity of that module's code.
    tasks : pickled; unpickled only where code is the same.
    parcel : the user's network.
    """

    package: str
    module: str
    sources: str
    tasks: bytes
    parcel: Parcel | None = None


class Result(msgspec.Struct, frozen=True):
    """What was measured of one trial: the columns of each arm, and how it was made."""

    columns: list[dict[str, list[float | str | None]]]
    making: Making


def compute(work: bytes) -> bytes:
    """Measure the trials of a `Work`; returns a `Result` of each, both as msgpack.

    Raises
    ------
    EngineError : this worker's code, data or network are other ones; one sentence.
    """
    from distributed import get_worker

    worker = get_worker()
    try:
        given = msgspec.msgpack.decode(work, type=Work)
        with _ONE_AT_A_TIME:
            _require_same_code(given)
            _limit_threads(worker.state.nthreads)
            with unpacked(given.parcel) if given.parcel else nullcontext() as network:
                return msgspec.msgpack.encode(_results(given, network))
    except msgspec.MsgspecError as error:
        raise EngineError(f"worker {worker.address} has another version of {PACKAGE}: {error}") from error
    except (EngineError, InputsChangedError) as error:
        raise EngineError(f"worker {worker.address}: {error}") from error


def _results(work: Work, network: str | None) -> list[Result]:
    own: list[Task] = pickle.loads(work.tasks)  # noqa: S301 - a Dask worker runs what its clients send
    tasks = [_placed(task, network) for task in own]
    results: dict[int, Measured] = {}
    experiment: Any = tasks[0].experiment
    inputs = _inputs(experiment, tasks[0].context, work.sources)
    inputs.require_unchanged()
    measure_group(tasks, lambda task, measured: results.update({task.trial: measured}))
    inputs.require_unchanged()
    return [
        Result(
            [{name: list(values) for name, values in columns.items()} for columns in results[task.trial].columns],
            results[task.trial].making,
        )
        for task in tasks
    ]


def _limit_threads(threads: int) -> None:
    """Let torch and linear algebra have so many threads, as the suite does where it computes itself."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)


def _require_same_code(work: Work) -> None:
    """Refuse work of other code, before any of it is imported.

    Raises
    ------
    EngineError : what differs.
    """
    if (own := _version()) != work.package:
        raise EngineError(f"it has {PACKAGE} {own} and the run {work.package}: start it from the run's code")
    try:
        found = importlib.util.find_spec(work.module)
    except ImportError:
        found = None
    if found is None or found.origin is None:
        raise EngineError(f"it has no module {work.module}: start it where it can be imported (PYTHONPATH)")
    try:
        same = _identity(found.origin) == work.sources
    except (SourcesError, OSError) as error:
        raise EngineError(f"it cannot read the code of {work.module}: {error}") from error
    if not same:
        raise EngineError(
            f"it has other code than the run in {work.module} or in what that imports ({found.origin}): "
            "start it anew from the run's code"
        )
    importlib.import_module(work.module)


def _placed(task: Task, network: str | None) -> Task:
    """The task with the data and the network that are here."""
    given = task.context.data
    context = dataclasses.replace(task.context, data=given if given is not None and given.is_dir() else None)
    experiment: Any = task.experiment
    _require_device(context.device)
    for name, digest in task.origin.datasets.items():
        _require_data(name, digest, context)
    _require_same_names(task, context)
    if network is not None:
        experiment = dataclasses.replace(experiment, recipe=dataclasses.replace(experiment.recipe, network=network))
    return dataclasses.replace(task, experiment=experiment, context=context)


def _require_device(device: str) -> None:
    import torch

    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= torch.cuda.device_count():
        raise EngineError(f"it has no device {device}: torch sees {torch.cuda.device_count()} CUDA devices there")


def _require_data(name: str, digest: str, context: Context) -> None:
    from support.data.datasets import DatasetError, obtain

    try:
        located = obtain(name, context.data)
    except DatasetError as error:
        raise EngineError(f"it lacks data: {error}") from error
    if located.digest != digest:
        raise EngineError(f"it has another {name} than the run, in {located.directory}")


def _require_same_names(task: Task, context: Context) -> None:
    """Refuse to read a dataset itself where the run reads its stand-in, or the other way round."""
    from support.data.datasets import read_as

    for name in task.experiment.datasets():
        if (read := read_as(name, context.data)) not in task.origin.datasets:
            raise EngineError(
                f"it reads {read} for {name} and the run {', '.join(task.origin.datasets)}: give both the same data"
            )


@lru_cache(maxsize=64)
def _inputs(experiment: Any, context: Context, sources: str) -> Inputs:  # noqa: ARG001 - one for each code
    return Inputs.of(experiment, context, None)


@cache
def _identity(file: str) -> str:
    """Of code as this process saw it first: it stays what it is."""
    return source_identity(Path(file))


@cache
def _version() -> str:
    return version(PACKAGE)


def worked(tasks: Sequence[Task], parcel: Parcel | None) -> bytes:
    """Tasks of one experiment as they travel."""
    module, sources = type(tasks[0].experiment).__module__, tasks[0].origin.sources
    return msgspec.msgpack.encode(Work(_version(), module, sources, pickle.dumps(list(tasks)), parcel))
