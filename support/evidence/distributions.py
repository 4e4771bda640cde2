"""Could old and new numbers come from one distribution? Trials of another kind of machine, in pairs.

A network's numbers differ between kinds of machines from the last bit on, and training spreads that. Where both are
honest, a trial's old and new numbers are two draws alike, and either is as often the larger: the signs of their
differences are those of a fair coin, whatever the distribution, and whatever differs from trial to trial. Arms of one
trial may go together, so that a trial has one sign: that of the sum over its arms and rows. All trials of a kind of
experiment are held together, and those of each arm apart; at so many signs at once, Bonferroni's way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

from support.experiments.experiment import Columns

# With which probability honest numbers are called other ones, over all that is compared in one recheck.
ALARM = 0.001


@dataclass(frozen=True)
class Pair:
    """One arm of one trial, before and now.

    Attributes
    ----------
    experiment : the name of its class.
    arm : what is measured, in whichever trial.
    trial : which trial of what.
    """

    experiment: str
    arm: str
    trial: tuple[Any, ...]
    old: Columns
    new: Columns


@dataclass(frozen=True)
class Signs:
    """In how many trials a column was larger before, and in how many it is now; those that agree are left out."""

    column: str
    before: int
    now: int

    @property
    def trials(self) -> int:
        """How many have a sign."""
        return self.before + self.now

    @property
    def p(self) -> float:
        """Probability of signs as uneven as these, by a fair coin."""
        return float(stats.binomtest(self.before, self.trials).pvalue)


@dataclass(frozen=True)
class Compared:
    """What was found of one kind of experiment, or of one of its arms.

    Attributes
    ----------
    name, arm : the experiment's class; the arm, or None for all of them together.
    signs : of the columns that have trials enough; none where all have too few.
    threshold : a column with a smaller p has other numbers.
    """

    name: str
    arm: str | None
    signs: tuple[Signs, ...]
    threshold: float

    @property
    def others(self) -> list[Signs]:
        """The columns with other numbers."""
        return [signs for signs in self.signs if signs.p < self.threshold]

    def escape(self, share: float) -> float:
        """Probability that a column escapes which was moved one way in a share of its trials.

        It was moved by more than the machines differ by; the signs of its other trials are a fair coin's. Of the
        column with the fewest trials.
        """
        trials = min(signs.trials for signs in self.signs)
        moved = int(share * trials)
        free = trials - moved
        unseen = [k for k in range(free + 1) if stats.binomtest(moved + k, trials).pvalue >= self.threshold]
        return float(sum(stats.binom.pmf(unseen, free, 0.5)))

    def __str__(self) -> str:
        what = self.name if self.arm is None else f"{self.name}, arm {self.arm}"
        if self.others:
            return f"OTHER NUMBERS: {what}: " + "; ".join(
                f"{signs.column} was larger in {signs.before} of {signs.trials} trials, p = {signs.p:.1g}"
                for signs in self.others
            )
        least, count = min(self.signs, key=lambda signs: signs.p), len(self.signs)
        return (
            f"could be of one distribution: {what}, {count} {'column' if count == 1 else 'columns'} over "
            f"{_between(self.signs)} trials; "
            f"smallest p = {least.p:.2g} ({least.column})"
        )


def compare(pairs: Iterable[Pair]) -> tuple[list[Compared], dict[str, int]]:
    """What each kind of experiment and each of its arms comes to, and which kinds have too few trials, and how many.

    An arm that has too few of its own counts with its kind.
    """
    groups: dict[tuple[str, str | None], list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.experiment, None].append(pair)
        groups[pair.experiment, pair.arm].append(pair)
    signs = {group: _signs(members) for group, members in groups.items()}
    threshold, least = _threshold([each.trials for found in signs.values() for each in found])
    compared, few = [], {}
    for (name, arm), found in sorted(signs.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        enough = tuple(each for each in found if each.trials >= least)
        if enough:
            compared.append(Compared(name, arm, enough, threshold))
        elif arm is None:
            few[name] = len({pair.trial for pair in groups[name, None]})
    return compared, few


def _threshold(trials: Sequence[int]) -> tuple[float, int]:
    """The level of each column, and the fewest trials at which it can be reached: chosen by numbers of trials alone.

    So many columns are tested as can be refuted at all at the level that their number leaves to each: all signs alike
    have probability 2^(1 - n).
    """
    threshold, least = 0.0, max(trials, default=0) + 1
    for each in sorted(set(trials), reverse=True):
        number = sum(other >= each for other in trials)
        if 2.0 ** (1 - each) >= ALARM / number:
            break
        threshold, least = ALARM / number, each
    return threshold, least


def _signs(pairs: Sequence[Pair]) -> list[Signs]:
    """The signs of each column over trials; whether something was measured at all counts as a column of its own."""
    sums: dict[str, dict[tuple[Any, ...], float]] = defaultdict(lambda: defaultdict(float))
    for pair in pairs:
        for name, values in pair.old.items():
            for before, now in zip(values, pair.new[name], strict=True):
                if isinstance(before, float | int) and isinstance(now, float | int):
                    sums[name][pair.trial] += before - now
                elif before is None or now is None:
                    sums[f"{name} measured"][pair.trial] += (before is not None) - (now is not None)
    found = []
    for name, by_trial in sorted(sums.items()):
        before, now = sum(each > 0 for each in by_trial.values()), sum(each < 0 for each in by_trial.values())
        if before + now:
            found.append(Signs(name, before, now))
    return found


def _between(signs: Sequence[Signs]) -> str:
    counts = sorted({each.trials for each in signs})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def other_rows(old: Columns, new: Columns) -> str | None:
    """Where rows cannot be paired: columns, their lengths, or a text are other ones; None where they can be."""
    if set(old) != set(new):
        return f"columns {', '.join(sorted(set(old) ^ set(new)))}"
    for name in sorted(old):
        if len(old[name]) != len(new[name]):
            return f"{name}: {len(old[name])} rows before, {len(new[name])} now"
        for before, now in zip(old[name], new[name], strict=True):
            if (isinstance(before, str) or isinstance(now, str)) and before != now:
                return f"{name}: {before} before, {now} now"
    return None


def what_escapes_elsewhere(compared: Sequence[Compared], few: dict[str, int]) -> list[str]:
    """What such a comparison could not see, a sentence for each kind of experiment."""
    said = [
        f"{each.name} of another kind of machine is compared by which of a trial's old and new numbers is larger, with "
        f"a false alarm in {1 / ALARM:,.0f} rechecks: a column moved one way, beyond what the machines differ by, in "
        f"all trials escapes with probability {each.escape(1.0):.3g}, in half of them with {each.escape(0.5):.3g}, in "
        "a single one nearly always"
        for each in compared
        if each.arm is None
    ]
    return said + [
        f"{name} of another kind of machine is not compared: {count} trials with other numbers are too few to tell, "
        "draw more with --share"
        for name, count in few.items()
    ]
