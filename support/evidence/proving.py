"""Does today's code give the numbers of earlier code? Trials of every arm are measured again and compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from support.evidence.engine import machine
from support.evidence.entries import Entry, Manifest
from support.evidence.keys import Origin, canonical, origin_of
from support.evidence.kinds import KINDS, arm_of, experiment_of
from support.evidence.library import Listed
from support.evidence.proofs import Proof, Proofs
from support.experiments.experiment import Columns, Context


def difference(old: Columns, new: Columns, promise: float) -> str | None:
    """Where two sets of rows differ by more than the promise, in words; None where they are the same.

    Numbers may differ by `promise` times the larger of the two, or of 1.
    """
    if set(old) != set(new):
        return f"columns {', '.join(sorted(set(old) ^ set(new)))}"
    for name in sorted(old):
        if len(old[name]) != len(new[name]):
            return f"{name}: {len(old[name])} rows before, {len(new[name])} now"
        for before, now in zip(old[name], new[name], strict=True):
            if not _same(before, now, promise):
                return f"{name}: {before} before, {now} now"
    return None


def _same(before: float | str | None, now: float | str | None, promise: float) -> bool:
    if isinstance(before, float | int) and isinstance(now, float | int):
        return abs(before - now) <= promise * max(1.0, abs(before), abs(now))
    return before == now


def made_elsewhere(manifest: Manifest) -> bool:
    """Whether an entry was made on another kind of machine, where its numbers may come out otherwise."""
    return not KINDS[manifest.origin.experiment].portable and manifest.making.machine != machine()


@dataclass
class Outcome:
    """What was found for one experiment under one earlier identity.

    Attributes
    ----------
    same, changed : kinds of arms (`Origin.kind`) that gave the same numbers in every trial, and those that did not,
        with an example each.
    trials : entries that were compared.
    not_proven : why arms could not be measured again or compared, and how many.
    """

    experiment: str
    old: str
    new: str
    promise: float
    same: set[str] = field(default_factory=set)
    changed: dict[str, str] = field(default_factory=dict)
    trials: int = 0
    not_proven: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def differs(self, manifest: Manifest, where: str) -> None:
        """An arm has not given the same numbers: the code is another, or only the machine."""
        kind = manifest.origin.kind
        if kind in self.same:
            self.same.discard(kind)
            if made_elsewhere(manifest):
                self.not_proven[f"the last bits differ, on another kind of machine ({manifest.making.machine})"] += 1
            else:
                self.changed[kind] = where

    def __str__(self) -> str:
        name = self.experiment.rpartition(".")[2]
        parts = [f"{len(self.same)} arms give the same numbers ({self.trials} trials)"] if self.same else []
        parts += [f"an arm gives other numbers: {example}" for example in self.changed.values()]
        parts += [f"{count} arms not proven: {reason}" for reason, count in self.not_proven.items()]
        return f"{name}, {self.old[:8]} to {self.new[:8]}: {'; '.join(parts)}"


@dataclass(frozen=True)
class Prover:
    """Measures entries again with today's code.

    Attributes
    ----------
    data : directory with datasets, or None for the default cache.
    trials : of every arm.
    device : what is there to measure on.
    """

    data: Path | None = None
    trials: int = 1
    device: str = "cpu"

    def outcomes(self, places: Sequence[Listed], proofs: Proofs) -> Iterator[Outcome]:
        """What is found for every experiment and earlier identity whose arms are not proven already."""
        entries = [entry for place in places for key in place.keys() if (entry := place.read(key)) is not None]  # noqa: SIM118
        entries.sort(key=_experiment_and_sources)
        for (name, old), group in groupby(entries, key=_experiment_and_sources):
            outcome = self._outcome(name, old, list(group), proofs)
            if outcome is not None:
                yield outcome

    def _outcome(self, name: str, old: str, entries: list[Entry], proofs: Proofs) -> Outcome | None:
        outcome = Outcome(name, old, "", 0.0)
        for scene in _alike(entries, scene_of):
            first = scene[0].manifest.origin
            try:
                experiment = experiment_of(first, [arm_of(entry.manifest.origin) for entry in scene[:1]])
                today = origin_of(experiment, self._context(first))
            except ValueError as error:
                outcome.not_proven[str(error)] += len(_alike(scene, _kind))
                continue
            outcome.new, outcome.promise = today.sources, experiment.promise
            open_arms = [
                arm
                for arm in _alike(scene, _kind)
                if today.sources not in proofs.identities(arm[0].manifest.origin.kind, old)
            ]
            self._try(outcome, open_arms, today)
        told = outcome.same or outcome.changed or outcome.not_proven
        return outcome if told else None

    def _try(self, outcome: Outcome, arms: list[list[Entry]], today: Origin) -> None:
        """Measure the first trials of each arm of one scene again; arms of a trial together."""
        by_trial: dict[int, list[Entry]] = defaultdict(list)
        for entries in arms:
            if reason := hindrance(entries[0].manifest.origin, today, self.device):
                outcome.not_proven[reason] += 1
                continue
            outcome.same.add(entries[0].manifest.origin.kind)
            entries.sort(key=lambda entry: entry.manifest.origin.trial)
            for entry in entries[: self.trials]:
                by_trial[entry.manifest.origin.trial].append(entry)
        for trial, entries in sorted(by_trial.items()):
            measured = measured_again(entries, self._context(entries[0].manifest.origin))
            for entry, columns in zip(entries, measured, strict=True):
                outcome.trials += 1
                if found := difference(entry.columns, columns, outcome.promise):
                    outcome.differs(entry.manifest, f"trial {trial}, {found}")

    def _context(self, origin: Origin) -> Context:
        return Context(origin.seed, self.device, self.data)


def hindrance(origin: Origin, today: Origin, device: str) -> str | None:
    """Why an entry cannot be measured again on this device, or None.

    Parameters
    ----------
    today : what the same experiment is identified by today.
    """
    if origin.network is not None:
        return "they are of a network of the user's"
    if origin.device != device.split(":")[0]:
        return f"they are of a {origin.device} device"
    if origin.datasets != today.datasets:
        return "their data are other ones"
    return None


def measured_again(entries: Sequence[Entry], context: Context) -> list[Columns]:
    """Rows of entries of one scene and trial, measured with today's code and as many threads as theirs were."""
    import torch

    origin = entries[0].manifest.origin
    arms = [arm_of(entry.manifest.origin) for entry in entries]
    threads = entries[0].manifest.making.threads  # they change the order of sums
    torch.set_num_threads(threads)
    try:
        experiment = experiment_of(origin, arms)
    except ValueError:  # arms that one experiment cannot ask for together
        if len(entries) == 1:
            raise
        return [part for entry in entries for part in measured_again([entry], context)]
    with threadpool_limits(threads):
        return experiment.measure(arms, origin.trial, context)


def _experiment_and_sources(entry: Entry) -> tuple[str, str]:
    return entry.manifest.origin.experiment, entry.manifest.origin.sources


def scene_of(entry: Entry) -> bytes:
    """What entries of one experiment must have in common to be measured in one call, but the trial."""
    origin = entry.manifest.origin
    return canonical([origin.fields, origin.seed, origin.device, origin.datasets, origin.network])


def _kind(entry: Entry) -> bytes:
    return entry.manifest.origin.kind.encode()


def _alike(entries: Sequence[Entry], key: Any) -> list[list[Entry]]:
    groups: dict[bytes, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return list(groups.values())


def recorded(proofs: Proofs, outcomes: Iterable[Outcome], commit: str | None) -> Proofs:
    """The table with what was found to be the same."""
    found = [
        Proof(
            experiment=outcome.experiment,
            old=outcome.old,
            new=outcome.new,
            kinds=tuple(sorted(outcome.same)),
            trials=outcome.trials,
            promise=outcome.promise,
            commit=commit,
            machine=machine(),
        )
        for outcome in outcomes
        if outcome.same
    ]
    return Proofs([*proofs.proofs, *found])
