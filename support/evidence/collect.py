"""From an experiment to its rows: look into the evidence, measure what is missing, hand back one table."""

from __future__ import annotations

import functools
import os
import platform
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import msgspec

from support.evidence.entries import Entry, Making, Manifest
from support.evidence.inputs import Inputs, UserNetwork
from support.evidence.keys import Origin, of_arm, origin_of
from support.evidence.library import Library
from support.evidence.locks import Turn, Wait
from support.evidence.proofs import Proofs
from support.evidence.rechecks import Rechecks
from support.evidence.rows import Rows, table
from support.evidence.store import Store
from support.evidence.trial_sources import ArmSource, of_trial
from support.experiments.experiment import Context, Experiment

# Trials that share a GPU: their networks fill its stacks, their images its memory. An interrupted run loses them.
TOGETHER = 32
# Seconds between two looks at what another process is computing.
PATIENCE = 0.2


class NotRecordedError(Exception):
    """Trials that are not among the evidence, and nothing was to be computed."""


class Progress(Protocol):
    """Told how far an experiment is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` trials of `what` are there."""
        ...


@dataclass(frozen=True)
class Collector:
    """Collects evidence in one run.

    Several processes may collect the same experiment at once: each takes the trials that no other is working on.

    Attributes
    ----------
    library : where evidence is, and where it goes.
    context : what experiments are given.
    network : the user's network, in the place of the paper's.
    recorded : compute nothing.
    commit : of the checkout at the start of the run.
    proofs : which other code gives the same numbers.
    rechecks : which entries were measured again.
    run : a name of this run, by which its processes know what it computed.
    """

    library: Library
    context: Context
    network: UserNetwork | None = None
    recorded: bool = False
    commit: str | None = None
    proofs: Proofs = field(default_factory=Proofs)
    rechecks: Rechecks = field(default_factory=Rechecks)
    run: str | None = None

    def rows(
        self, experiment: Experiment, trials: int, progress: Progress | None = None, *, recorded: bool = False
    ) -> Rows:
        """Rows of the first `trials` trials, of every arm; what the evidence lacks is measured now.

        Parameters
        ----------
        recorded : compute nothing for this call.

        Raises
        ------
        ValueError : trials < 1.
        NotRecordedError : with `recorded`, of the call or of all, where arms are missing.
        support.evidence.store.EvidenceDirectoryError : a place of evidence cannot be read or written.
        support.evidence.inputs.InputsChangedError : code or data changed during the run.
        MemoryError : a GPU is full.
        """
        if trials < 1:
            raise ValueError(f"trials must be at least 1, got {trials}")
        search = _Search(self, experiment, trials, progress)
        missing = [trial for trial in range(trials) if search.missing(trial)]
        if missing and (recorded or self.recorded):
            raise NotRecordedError(search.what_is_there())
        if missing:
            self.library.store.require_room()
            search.inputs.require_unchanged()
            self._compute(search, missing)
        return search.table()

    def _compute(self, search: _Search, missing: Sequence[int]) -> None:
        if _shares_a_gpu(search.experiment, self.context):
            for start in range(0, len(missing), TOGETHER):
                _compute_together(search, missing[start:][:TOGETHER])
        for trial in missing:
            if search.missing(trial):
                search.take(trial)
        waits = {trial: Wait(search.lock_path(trial)) for trial in missing if search.missing(trial)}
        while waits:
            for trial, wait in tuple(waits.items()):
                if wait.stopped():
                    search.measure(trial)  # whoever is first to store it, the numbers are the same
                elif not search.take(trial):
                    search.say(f"{search.experiment}, trial {trial}, which process {wait.holder} computes")
                    continue
                del waits[trial]
            if waits:
                time.sleep(PATIENCE)


class _Search:
    """What one call has found so far of each trial's arms."""

    def __init__(self, collector: Collector, experiment: Experiment, trials: int, progress: Progress | None) -> None:
        self.collector, self.experiment, self.trials, self.progress = collector, experiment, trials, progress
        network = collector.network
        self.origin = origin_of(experiment, collector.context, network.digest if network else None)
        self.arms = experiment.arms
        self.origins = [of_arm(self.origin, arm) for arm in self.arms]
        # Source identities under which an arm may be found, today's first.
        self.identities = [collector.proofs.identities(origin.kind, origin.sources) for origin in self.origins]
        self.found: list[dict[int, tuple[str, Entry]]] = [{} for _ in range(trials)]
        # Arms that were found and not computed by this call, by trial and arm: the place, and whether by a proof.
        self.read: dict[tuple[int, int], tuple[int, bool]] = {}
        self.lock = Lock()
        for trial in range(trials):
            self.look(trial)

    @functools.cached_property
    def inputs(self) -> Inputs:
        """What the numbers rest on."""
        return Inputs.of(self.experiment, self.collector.context, self.collector.network)

    @property
    def store(self) -> Store:
        """Where new entries go."""
        return self.collector.library.store

    def origin_at(self, trial: int, place: int) -> Origin:
        """What identifies one arm of one trial."""
        return msgspec.structs.replace(self.origins[place], trial=trial)

    def look(self, trial: int) -> None:
        """Look for the arms of a trial that have not been found."""
        for place in self.missing(trial):
            origin = self.origin_at(trial, place)
            for identity in self.identities[place]:
                key = msgspec.structs.replace(origin, sources=identity).key
                found = self.collector.library.find(key)
                if found is not None:
                    number, entry = found
                    with self.lock:
                        self.read[trial, place] = number, identity != origin.sources
                        self.found[trial][place] = key, entry
                    break

    def missing(self, trial: int) -> list[int]:
        """Places of the arms of a trial that have not been found."""
        return [place for place in range(len(self.arms)) if place not in self.found[trial]]

    def lock_path(self, trial: int) -> Path:
        """The lock of this trial of this experiment, whichever arms are asked of it."""
        return self.store.lock_path(msgspec.structs.replace(self.origin, trial=trial).key)

    def take(self, trial: int) -> bool:
        """Measure what a trial lacks, unless another process is at it; returns whether the trial is there."""
        with Turn(self.lock_path(trial)) as turn:
            self.look(trial)
            if turn.granted:
                self.measure(trial)
        return not self.missing(trial)

    def measure(self, trial: int) -> None:
        """Measure what a trial lacks and store it."""
        places = self.missing(trial)
        if places:
            started = time.perf_counter()
            parts = _measured(self.experiment, [self.arms[place] for place in places], trial, self.collector.context)
            self.inputs.require_unchanged()
            making = _making(self.collector, time.perf_counter() - started, len(places))
            for place, columns in zip(places, parts, strict=True):
                origin = self.origin_at(trial, place)
                entry = self.store.write(origin.key, Manifest(origin=origin, making=making), columns)
                self.found[trial][place] = origin.key, entry
        self.say(str(self.experiment))

    def say(self, what: str) -> None:
        """Tell how far the experiment is."""
        with self.lock:
            if self.progress is not None:
                done = sum(len(found) == len(self.arms) for found in self.found)
                self.progress(what, done, self.trials)

    def what_is_there(self) -> str:
        """How much of what was asked for is recorded."""
        done = sum(not self.missing(trial) for trial in range(self.trials))
        damaged = self.store.damaged
        return (
            f"the evidence holds {done} of {self.trials} trials (this code, seed {self.origin.seed}, "
            f"{self.origin.device}) of {self.experiment}"
            + (f"; {len(damaged)} entries there are damaged" if damaged else "")
        )

    def table(self) -> Rows:
        """All trials."""
        cells = [[self.found[trial][place] for place in range(len(self.arms))] for trial in range(self.trials)]
        proven = sum(by_proof for _, by_proof in self.read.values())
        names = self.collector.library.names
        sources = [
            of_trial([self._source(trial, place) for place in range(len(self.arms))], names)
            for trial in range(self.trials)
        ]
        return table(str(self.experiment), cells, proven, sources)

    def _source(self, trial: int, place: int) -> ArmSource:
        """Where an arm is from; what another process of this run has computed meanwhile was computed in this run."""
        key, entry = self.found[trial][place]
        number, by_proof = self.read.get((trial, place), (None, False))
        run = self.collector.run
        computed = number is None if run is None else entry.manifest.making.run == run
        return ArmSource(computed, number or 0, by_proof, self.collector.rechecks.of(key, entry.digest))


def _shares_a_gpu(experiment: Experiment, context: Context) -> bool:
    """Whether the networks of its trials can be trained in the same stacks, and gain by it."""
    recipe = getattr(experiment, "recipe", None)
    return context.device.startswith("cuda") and recipe is not None and recipe.network is None


def _compute_together(search: _Search, trials: Sequence[int]) -> None:
    """Measure those of the trials that no other process is working on, all at once."""
    from support.training.ensemble import train_together
    from support.training.gathering import together

    with ExitStack() as held:
        own = [trial for trial in trials if held.enter_context(Turn(search.lock_path(trial))).granted]
        for trial in own:
            search.look(trial)
        lacking = [trial for trial in own if search.missing(trial)]
        if lacking:
            together(search.measure, lacking, train_together)


def _measured(experiment: Experiment, arms: Sequence[Any], trial: int, context: Context) -> Sequence[Any]:
    import torch

    try:
        return experiment.measure(arms, trial, context)
    except torch.OutOfMemoryError as error:
        raise MemoryError(
            f"{context.device} has no memory left for {experiment}: let fewer workers share it (-n 2)"
        ) from error


def _making(collector: Collector, seconds: float, arms: int) -> Making:
    import torch

    return Making(
        commit=collector.commit,
        device=collector.context.device,
        machine=machine(),
        threads=torch.get_num_threads(),
        seconds=round(seconds, 3),
        arms=arms,
        versions={"python": platform.python_version()} | {name: version(name) for name in ("torch", "numpy")},
        process=os.getpid(),
        run=collector.run,
    )


@functools.cache
def machine() -> str:
    """The kind of machine, within which the same code gives networks to the last bit, torch included."""
    import torch

    processor = f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    return f"{platform.system()} {processor}, torch {version('torch')}"
