"""From an experiment to its rows: look into the store, run what is missing, hand back all trials as one table."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from filelock import FileLock, Timeout

from support.evidence.store import Entry, Store, canonical
from support.experiments.experiment import Context, Experiment

# What produces numbers; a change to any of these files makes every older entry unreachable.
SOURCES = ("randomness.py", "data", "models", "training", "measures", "experiments")

# Trials that share a GPU: their networks fill its stacks, their images its memory. An interrupted run loses them.
TOGETHER = 32


class NotRecordedError(Exception):
    """Trials that are not among the evidence, and nothing was to be computed."""


class Progress(Protocol):
    """Told how far an experiment is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` trials of `what` are there."""
        ...


@cache
def source_digest() -> str:
    """SHA-256 over the names and bytes of every source file that produces numbers."""
    package = Path(__file__).parents[1]
    files = [file for name in SOURCES for file in (sorted((package / name).rglob("*.py")) or [package / name])]
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(package).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def cell_key(experiment: Experiment, trial: int, context: Context, network: str | None = None) -> str:
    """SHA-256 of all that determines the numbers of one trial.

    The experiment's fields, the trial, the suite's seed, the device kind, the content of the datasets, and the
    source code. Not the number of trials: more trials reuse the ones that are there.

    Parameters
    ----------
    network : digest of a network that is no part of that source code; it takes the place of the recipe's
        specification, which says where the network stands and not what it is.
    """
    fields: dict[str, Any] = dataclasses.asdict(experiment)  # type: ignore[call-overload]
    if network is not None:
        fields["recipe"]["network"] = network
    identity = {
        "experiment": type(experiment).__name__,
        "fields": fields,
        "trial": trial,
        "seed": context.seed,
        "device": context.device.split(":")[0],
        "datasets": {name: _dataset_digest(name, context.data) for name in experiment.datasets()},
        "source": source_digest(),
    }
    return hashlib.sha256(canonical(identity)).hexdigest()


def _dataset_digest(name: str, directory: Path | None) -> str:
    """The dataset's digest, fetching it only where the digest is not known without it (CIFAR-10)."""
    from support.data.datasets import NotAvailable, content_digest, obtain

    try:
        return content_digest(name, directory)
    except NotAvailable:
        return obtain(name, directory).digest


@dataclass(frozen=True)
class Rows:
    """Rows of all trials as columns, with the column ``trial`` added.

    Attributes
    ----------
    experiment : what was run, as text.
    columns : column name to array, all of one length.
    cells : evidence key and rows digest of every trial.
    made : what the trials were computed with: device kind and versions; several where trials differ.
    """

    experiment: str
    columns: dict[str, np.ndarray]
    cells: tuple[tuple[str, str], ...]
    made: tuple[str, ...] = ()

    def where(self, **conditions: object) -> Rows:
        """The rows in which every named column equals the given value.

        Raises
        ------
        KeyError : no such column.
        ValueError : no row is left.
        """
        keep = np.ones(len(self.columns["trial"]), dtype=bool)
        for name, value in conditions.items():
            keep &= self.columns[name] == value
        if not keep.any():
            raise ValueError(f"no row of {self.experiment} has {conditions}")
        return self._keeping(keep)

    def trials_with(self, flag: str) -> np.ndarray:
        """Trials in which some row has a non-zero `flag`, increasing.

        Raises
        ------
        KeyError : no such column.
        """
        return np.unique(self["trial"][self[flag] != 0])

    def without(self, flag: str) -> tuple[Rows, int]:
        """The rows of the trials in which no row has a non-zero `flag`, and how many trials are left out.

        Raises
        ------
        KeyError : no such column.
        ValueError : no trial is left.
        """
        bad = self.trials_with(flag)
        keep = ~np.isin(self["trial"], bad)
        if not keep.any():
            raise ValueError(f"every trial of {self.experiment} is {flag}")
        return self._keeping(keep), len(bad)

    def _keeping(self, keep: np.ndarray) -> Rows:
        return dataclasses.replace(self, columns={name: part[keep] for name, part in self.columns.items()})

    def __getitem__(self, column: str) -> np.ndarray:
        return self.columns[column]

    def per_trial(self, column: str, over: str) -> tuple[np.ndarray, np.ndarray]:
        """(values of `over`, table of `column`): the table has a row per trial and a column per value.

        Raises
        ------
        ValueError : the rows left do not hold exactly one entry per trial and value of `over`.
        """
        trials, values = np.unique(self["trial"]), np.unique(self[over])
        if len(self[column]) != len(trials) * len(values):
            raise ValueError(f"{column} over {over} is not a table: fix the other conditions with where()")
        order = np.lexsort((self[over], self["trial"]))
        return values, self[column][order].reshape(len(trials), len(values))

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of all trials, in order."""
        return hashlib.sha256("".join(digest for _, digest in self.cells).encode()).hexdigest()


def collect(
    store: Store,
    experiment: Experiment,
    trials: int,
    context: Context,
    progress: Progress | None = None,
    *,
    network: str | None = None,
    recorded: bool = False,
) -> Rows:
    """Rows of the first `trials` trials, from the store or computed now.

    Several processes may collect the same experiment at once: each takes the trials that no other is working on.

    Parameters
    ----------
    network : digest of the user's network, as in `cell_key`.
    recorded : compute nothing.

    Raises
    ------
    ValueError : trials < 1.
    NotRecordedError : with `recorded`, where trials are missing.
    """
    if trials < 1:
        raise ValueError(f"trials must be at least 1, got {trials}")
    keys = [cell_key(experiment, trial, context, network) for trial in range(trials)]
    found: dict[int, Entry] = {}
    lock = Lock()

    def note(trial: int, entry: Entry) -> None:
        with lock:
            found[trial] = entry
            if progress is not None:
                progress(str(experiment), len(found), trials)

    def compute(trial: int) -> None:
        note(trial, store.read(keys[trial]) or _compute(store, keys[trial], experiment, trial, context))

    def attempt(trial: int, patience: float) -> None:
        with suppress(Timeout), FileLock(store.lock_path(keys[trial]), timeout=patience):
            compute(trial)

    for trial, key in enumerate(keys):
        entry = store.read(key)
        if entry is not None:
            found[trial] = entry
    missing = [trial for trial in range(trials) if trial not in found]
    if missing and recorded:
        kind = context.device.split(":")[0]
        raise NotRecordedError(
            f"the evidence holds {len(found)} of {trials} trials (this code, seed {context.seed}, {kind}) "
            f"of {experiment}"
        )
    if _shares_a_gpu(experiment, context):
        for start in range(0, len(missing), TOGETHER):
            _compute_together(compute, {trial: store.lock_path(keys[trial]) for trial in missing[start:][:TOGETHER]})
    for patience in (0, -1):
        for trial in missing:
            if trial not in found:
                attempt(trial, patience)
    return _table(experiment, [found[trial] for trial in range(trials)], keys)


def _shares_a_gpu(experiment: Experiment, context: Context) -> bool:
    """Whether the networks of its trials can be trained in the same stacks, and gain by it."""
    recipe = getattr(experiment, "recipe", None)
    return context.device.startswith("cuda") and recipe is not None and recipe.network is None


def _compute_together(compute: Callable[[int], None], locks: Mapping[int, Path]) -> None:
    """Compute those of the trials that no other process is working on, all at once."""
    from support.training.ensemble import train_together
    from support.training.gathering import together

    with ExitStack() as held:
        own = []
        for trial, path in locks.items():
            with suppress(Timeout):
                held.enter_context(FileLock(path, timeout=0, thread_local=False))
                own.append(trial)
        if own:
            together(compute, own, train_together)


def _compute(store: Store, key: str, experiment: Experiment, trial: int, context: Context) -> Entry:
    import torch

    started = time.perf_counter()
    try:
        columns = experiment.run(trial, context)
    except torch.OutOfMemoryError as error:
        raise MemoryError(
            f"{context.device} has no memory left for {experiment}: let fewer workers share it (-n 2)"
        ) from error
    manifest: dict[str, Any] = {
        "experiment": repr(experiment),
        "trial": trial,
        "seed": context.seed,
        "device": context.device,
        "threads": torch.get_num_threads(),
        "seconds": round(time.perf_counter() - started, 3),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("torch", "numpy")},
        "process": os.getpid(),
    }
    return store.write(key, columns, manifest)


def _table(experiment: Experiment, entries: Sequence[Entry], keys: Sequence[str]) -> Rows:
    names = list(entries[0].columns)
    columns = {name: np.concatenate([np.asarray(entry.columns[name]) for entry in entries]) for name in names}
    lengths = [len(next(iter(entry.columns.values()))) for entry in entries]
    columns["trial"] = np.repeat(np.arange(len(entries)), lengths)
    cells = tuple((key, entry.digest) for key, entry in zip(keys, entries, strict=True))
    made = tuple(sorted({_made(entry.manifest) for entry in entries}))
    return Rows(str(experiment), columns, cells, made)


def _made(manifest: dict[str, Any]) -> str:
    """The device kind and versions of a manifest, in words."""
    device, versions = manifest["device"].split(":")[0], manifest["versions"]
    return f"{device}, Python {versions['python']}, torch {versions['torch']}, NumPy {versions['numpy']}"
