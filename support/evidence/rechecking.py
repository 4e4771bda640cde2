"""Are the published numbers those that the code gives? Trials drawn at random are computed again and compared.

Digests show that nothing was changed by accident. Whoever writes other rows can write their digest too; computing them
again is the answer to that.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.evidence.engine import machine
from support.evidence.escaping import escape, least_noticed
from support.evidence.keys import Origin, origin_of
from support.evidence.kinds import KINDS, arm_of, experiment_of
from support.evidence.places import Stored
from support.evidence.proving import difference, hindrance, measured_again, scene_of
from support.evidence.reach import Reach
from support.experiments.experiment import BITS, Context

# How surely the share of forged trials that is stated would have been noticed.
CONFIDENCE = 0.99


@dataclass(frozen=True)
class Trial:
    """One trial of one experiment: its stored arms, all of which are measured again."""

    arms: tuple[Stored, ...]

    @property
    def origin(self) -> Origin:
        """Of its first arm."""
        return self.arms[0].entry.manifest.origin

    def __str__(self) -> str:
        arms = [arm_of(stored.entry.manifest.origin) for stored in self.arms]
        try:
            experiment = experiment_of(self.origin, arms)
        except ValueError:  # arms that one experiment cannot ask for together
            experiment = experiment_of(self.origin, arms[:1])
        kind = self.origin.experiment.rpartition(".")[2]
        return f"{kind} ({experiment}), seed {self.origin.seed}, trial {self.origin.trial}"


@dataclass
class Population:
    """What can be drawn from.

    Attributes
    ----------
    trials : in an order that depends on nothing but what they are.
    left_out : entries that are not among them, by the reason.
    """

    trials: list[Trial] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Recheck:
    """What became of one trial.

    Attributes
    ----------
    differences : where an arm has other numbers, with its key.
    exact : whether all numbers are the same to the last bit.
    """

    trial: Trial
    differences: tuple[str, ...]
    exact: bool

    def __str__(self) -> str:
        if self.differences:
            return f"OTHER NUMBERS: {self.trial}: {'; '.join(self.differences)}"
        arms = len(self.trial.arms)
        how = "to the last bit" if self.exact else "as closely as promised"
        return f"the same {how}: {self.trial}, {arms} {'arm' if arms == 1 else 'arms'}"


@dataclass(frozen=True)
class Rechecker:
    """Draws trials and measures them again.

    Attributes
    ----------
    data : directory with datasets, or None for the default cache.
    device : what is there to measure on.
    """

    reach: Reach
    data: Path | None = None
    device: str = "cpu"

    def population(self, entries: Iterable[Stored]) -> Population:
        """The trials that today's code reads and this machine can measure again, and why others are none of them."""
        found = Population()
        trials: dict[tuple[str, bytes, int], list[Stored]] = defaultdict(list)
        today: dict[tuple[str, bytes], Origin | str] = {}
        for stored in sorted(entries, key=lambda each: each.key):
            origin = stored.entry.manifest.origin
            scene = origin.experiment, scene_of(stored.entry)
            if self.reach.of(origin) == "unreachable":
                found.left_out["today's code does not read them"] += 1
                continue
            if scene not in today:
                today[scene] = self._today(origin)
            if reason := self._hindrance(stored, today[scene]):
                found.left_out[reason] += 1
            else:
                trials[*scene, origin.trial].append(stored)
        found.trials = [Trial(tuple(trials[each])) for each in sorted(trials)]
        return found

    def _today(self, origin: Origin) -> Origin | str:
        """What identifies its experiment today, or why nothing does."""
        try:
            experiment = experiment_of(origin, [arm_of(origin)])
            return origin_of(experiment, self._context(origin))
        except ValueError as error:
            return str(error)

    def _hindrance(self, stored: Stored, today: Origin | str) -> str | None:
        if isinstance(today, str):
            return today
        manifest = stored.entry.manifest
        try:
            promise = experiment_of(manifest.origin, [arm_of(manifest.origin)]).promise
        except ValueError as error:
            return str(error)
        made = manifest.making.machine
        if promise == BITS and made != machine():
            return (
                f"they were made on another kind of machine ({made}), where networks differ from the last bit on, "
                "and are too few to be compared in distribution"
            )
        return hindrance(manifest.origin, today, self.device)

    def _context(self, origin: Origin) -> Context:
        return Context(origin.seed, self.device, self.data)

    def rechecked(self, trial: Trial) -> Recheck:
        """Measure a trial again and compare."""
        promise = KINDS[trial.origin.experiment].promise
        differences, exact = [], True
        for arms in _by_threads(trial):
            measured = measured_again([stored.entry for stored in arms], self._context(trial.origin))
            for stored, columns in zip(arms, measured, strict=True):
                exact &= difference(stored.entry.columns, columns, BITS) is None
                if found := difference(stored.entry.columns, columns, promise):
                    differences.append(f"{found} ({stored.key} of {stored.place})")
        return Recheck(trial, tuple(differences), exact)


def _by_threads(trial: Trial) -> list[list[Stored]]:
    """Arms that were measured with as many threads, which change the order of sums."""
    groups: dict[int, list[Stored]] = defaultdict(list)
    for stored in trial.arms:
        groups[stored.entry.manifest.making.threads].append(stored)
    return list(groups.values())


def drawn(trials: Sequence[Trial], share: float, at_least: int, seed: int) -> list[Trial]:
    """So many of the trials at random, each equally likely: the share, rounded up, and no fewer than `at_least`."""
    count = min(len(trials), max(at_least, math.ceil(share * len(trials))))
    chosen = random.Random(seed).sample(range(len(trials)), count)  # noqa: S311 - the seed is told afterwards
    return [trials[place] for place in sorted(chosen)]


def what_escapes(total: int, rechecked: int) -> str:
    """What the draw could not see, in words: how likely a single forged trial escapes, and how many do not."""
    least = least_noticed(total, rechecked, CONFIDENCE)
    return (
        f"one forged or broken trial among {total:,} escapes such a draw with probability "
        f"{escape(total, rechecked, 1):.3g}, {least:,} of them ({least / total:.2%}) or more are noticed with at least "
        f"{CONFIDENCE:.0%}"
    )
