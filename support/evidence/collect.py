"""From an experiment to its rows: look into the evidence, measure what is missing, hand back one table."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

import msgspec

from support.evidence.engine import Engine, Here, Measured, Task
from support.evidence.entries import Entry, Manifest
from support.evidence.inputs import Inputs, InputsChangedError, UserNetwork
from support.evidence.keys import Origin, of_arm, origin_of
from support.evidence.library import Library
from support.evidence.locks import Turn, Wait
from support.evidence.proofs import Proofs
from support.evidence.rechecks import Rechecks
from support.evidence.rows import Rows, table
from support.evidence.store import Store
from support.evidence.trial_sources import ArmSource, of_trial
from support.evidence.user_networks import same_answers
from support.experiments.experiment import Context, Experiment

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
    engine : where trials are computed.
    measured : called once for each trial of which arms were measured for this process, after they were stored.
    """

    library: Library
    context: Context
    network: UserNetwork | None = None
    recorded: bool = False
    commit: str | None = None
    proofs: Proofs = field(default_factory=Proofs)
    rechecks: Rechecks = field(default_factory=Rechecks)
    run: str | None = None
    engine: Engine = field(default_factory=Here)
    measured: Callable[[], None] | None = None

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
        support.evidence.engine.EngineError : the engine cannot compute them.
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
        waits: dict[int, Wait] = {}
        while missing:
            with search.turns:
                self.engine.measure(search.tasks(missing, waits), search.keep, search.say)
            missing = [trial for trial in missing if search.missing(trial)]
            for trial in missing:
                wait = waits.setdefault(trial, Wait(search.lock_path(trial)))
                search.say(f", trial {trial}, which process {wait.holder} computes")
            if missing:
                time.sleep(PATIENCE)


class _Turns:
    """The trials that this process has taken; a context manager, at whose end it gives back those that are left."""

    def __init__(self) -> None:
        self._held: dict[int, ExitStack] = {}

    def __enter__(self) -> _Turns:
        return self

    def __exit__(self, *_: object) -> None:
        for trial in tuple(self._held):
            self.give_back(trial)

    def take(self, trial: int, path: Path) -> bool:
        """Ask for a trial's turn; returns whether it is ours."""
        held = self._held[trial] = ExitStack()
        return held.enter_context(Turn(path)).granted

    def give_back(self, trial: int) -> None:
        """Let others have it, if it was taken."""
        self._held.pop(trial, ExitStack()).close()


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
        self.turns, self.lock = _Turns(), Lock()
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
                    self._require_same_answers(number, entry)
                    with self.lock:
                        self.read[trial, place] = number, identity != origin.sources
                        self.found[trial][place] = key, entry
                    break

    def _require_same_answers(self, number: int, entry: Entry) -> None:
        """Refuse evidence of a user's network that has the same files and weights and answers otherwise."""
        network, answers = self.collector.network, entry.manifest.answers
        if network is not None and answers is not None and not same_answers(network.answers, answers):
            place = self.collector.library.names[number] or self.store.place
            raise InputsChangedError(
                f"the network of --model answers otherwise than when the evidence in {place} was made, though its "
                "files and initial weights are the same: something else that it reads has changed, such as a variable "
                "of the environment; put that back or give another directory with --evidence"
            )

    def missing(self, trial: int) -> list[int]:
        """Places of the arms of a trial that have not been found."""
        return [place for place in range(len(self.arms)) if place not in self.found[trial]]

    def lock_path(self, trial: int) -> Path:
        """The lock of this trial of this experiment, whichever arms are asked of it."""
        return self.store.lock_path(msgspec.structs.replace(self.origin, trial=trial).key)

    def tasks(self, trials: Sequence[int], waits: Mapping[int, Wait]) -> Iterator[Task]:
        """What is missing of trials that no other process is working on, or whose process has stopped."""
        for trial in trials:
            if self._wanted(trial, waits.get(trial)):
                arms = tuple(self.arms[place] for place in self.missing(trial))
                yield Task(self.experiment, arms, trial, self.collector.context, self.origin, self.collector.network)

    def _wanted(self, trial: int, wait: Wait | None) -> bool:
        """Take a trial, unless another process is at it; returns whether something of it is to be measured here."""
        # Of a process that has stopped: whoever is first to store it, the numbers are the same.
        ours = (wait is not None and wait.stopped()) or self.turns.take(trial, self.lock_path(trial))
        self.look(trial)
        if not (wanted := ours and bool(self.missing(trial))):
            self.turns.give_back(trial)
        return wanted

    def keep(self, task: Task, measured: Measured) -> None:
        """Store what was measured of a trial."""
        self.inputs.require_unchanged()
        making = msgspec.structs.replace(measured.making, commit=self.collector.commit, run=self.collector.run)
        entries: dict[int, tuple[str, Entry]] = {}
        for place, columns in zip(self.missing(task.trial), measured.columns, strict=True):
            origin = self.origin_at(task.trial, place)
            network = self.collector.network
            manifest = Manifest(origin=origin, making=making, answers=(network and network.answers) or None)
            entries[place] = origin.key, self.store.write(origin.key, manifest, columns)
        with self.lock:
            self.found[task.trial] |= entries
            if self.collector.measured is not None:
                self.collector.measured()
            self._say()
        self.turns.give_back(task.trial)

    def say(self, further: str = "") -> None:
        """Tell how far the experiment is."""
        with self.lock:
            self._say(further)

    def _say(self, further: str = "") -> None:
        if self.progress is not None:
            done = sum(len(found) == len(self.arms) for found in self.found)
            state = self.collector.engine.state
            self.progress(f"{self.experiment}{further}{f' ({state})' if state else ''}", done, self.trials)

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
