"""Are the published numbers those that the code gives? Trials drawn at random are computed again and compared.

Digests show that nothing was changed by accident. Whoever writes other rows can write their digest too; computing them
again is the answer to that. Networks of another kind of machine cannot be compared one by one: their trials are pairs
for `support.evidence.distributions`.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.evidence.distributions import Compared, Pair, other_rows
from support.evidence.engine import machine
from support.evidence.escaping import escape, least_noticed
from support.evidence.keys import Origin, origin_of
from support.evidence.kinds import KINDS, arm_of, experiment_of
from support.evidence.places import Stored
from support.evidence.proving import difference, hindrance, made_elsewhere, measured_again, scene_of
from support.evidence.reach import Reach
from support.evidence.rechecks import How, Rechecked
from support.experiments.experiment import BITS, Columns, Context

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

    @property
    def elsewhere(self) -> bool:
        """Whether an arm was made on another kind of machine, where it may come out otherwise."""
        return any(made_elsewhere(stored.entry.manifest) for stored in self.arms)

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
class Arm:
    """What became of one arm.

    Attributes
    ----------
    how : it was compared.
    other : where it has other numbers, in words.
    pair : its rows before and now, where they are to be compared as draws from one distribution.
    """

    stored: Stored
    how: How
    other: str | None
    pair: Pair | None = None


@dataclass(frozen=True)
class Recheck:
    """What became of one trial.

    Attributes
    ----------
    arms : what became of each arm.
    """

    trial: Trial
    arms: tuple[Arm, ...]

    @property
    def differences(self) -> list[str]:
        """Where an arm has other numbers, with its key."""
        return [f"{arm.other} ({arm.stored.key} of {arm.stored.place})" for arm in self.arms if arm.other]

    @property
    def exact(self) -> bool:
        """Whether all numbers are the same to the last bit."""
        return all(arm.how == "bits" and not arm.other for arm in self.arms)

    @property
    def pairs(self) -> list[Pair]:
        """The arms that can only be compared as draws from one distribution."""
        return [arm.pair for arm in self.arms if arm.pair is not None]

    def __str__(self) -> str:
        if self.differences:
            return f"OTHER NUMBERS: {self.trial}: {'; '.join(self.differences)}"
        arms = f"{len(self.arms)} {'arm' if len(self.arms) == 1 else 'arms'}"
        if self.pairs:
            return f"measured on another kind of machine than before: {self.trial}, {arms}"
        return f"the same {'to the last bit' if self.exact else 'as closely as promised'}: {self.trial}, {arms}"


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
        origin = stored.entry.manifest.origin
        try:
            experiment_of(origin, [arm_of(origin)])
        except ValueError as error:
            return str(error)
        return hindrance(origin, today, self.device)

    def _context(self, origin: Origin) -> Context:
        return Context(origin.seed, self.device, self.data)

    def rechecked(self, trial: Trial) -> Recheck:
        """Measure a trial again and compare."""
        arms = []
        for group in _by_threads(trial):
            measured = measured_again([stored.entry for stored in group], self._context(trial.origin))
            arms += [_compared(stored, columns) for stored, columns in zip(group, measured, strict=True)]
        return Recheck(trial, tuple(arms))


def _compared(stored: Stored, now: Columns) -> Arm:
    """An arm beside its rows of now."""
    before, origin = stored.entry.columns, stored.entry.manifest.origin
    if difference(before, now, BITS) is None:
        return Arm(stored, "bits", None)
    if not made_elsewhere(stored.entry.manifest):
        promise = KINDS[origin.experiment].promise
        return Arm(stored, "promise" if promise else "bits", difference(before, now, promise))
    if found := other_rows(before, now):
        return Arm(stored, "distribution", found)
    experiment = experiment_of(origin, [arm_of(origin)])
    trial = scene_of(stored.entry), origin.trial
    name = origin.experiment.rpartition(".")[2]
    return Arm(stored, "distribution", None, Pair(name, f"{origin.kind} of {experiment}", trial, before, now))


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


def recorded(
    rechecks: Iterable[Recheck], compared: Iterable[Compared], date: str, commit: str | None
) -> list[tuple[Path, Rechecked]]:
    """What is to be kept of each arm, with its place; not of arms that had too few others to be compared with.

    Parameters
    ----------
    compared : what the pairs came to.
    """
    same = {(each.name, each.arm): not each.others for each in compared}
    found = []
    for arm in (arm for each in rechecks for arm in each.arms):
        pair = arm.pair
        if pair is not None and (pair.experiment, None) not in same:
            continue
        alike = pair is None or (same[pair.experiment, None] and same.get((pair.experiment, pair.arm), True))
        stored = arm.stored
        made = Rechecked(
            key=stored.key,
            digest=stored.entry.digest,
            same=alike and arm.other is None,
            how=arm.how,
            date=date,
            machine=machine(),
            commit=commit,
        )
        found.append((stored.place, made))
    return found
