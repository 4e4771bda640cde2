"""How far one case's effect moved between two runs, and what a move must exceed to count.

A move has an interval at the suite's level: a sequence over the moves of single trials where both runs drew the same
random numbers (same seed and sizes) and the effect is a mean of bounded trials, else what the two intervals leave.
Where a measure has a direction and a move could exceed a unit, one beyond half a unit counts as half a unit: else even
where nothing moves it took some three hundred trials to say so. It is called

    effect      the move exceeds the margin and its interval excludes zero
    unchanged   its interval lies within ±margin, or every number is the same
    undecided   neither

The margin is the one that the case was registered with, half the width of its region, where that has two ends. A
region with one end names none: there it is the measure's or, of two reports of a version without measures, the
baseline's resolution, the distance that it could tell from the region's edge with the power that its report states. An
exact case has no sampling error, so any difference beyond rounding counts; what an identity's own tolerance calls
rounding is rounding here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from msgspec.structs import replace

from support.comparing.wording import HALF_A_UNIT, clipped_words
from support.document.changes import Direction
from support.document.statuses import ends
from support.document.types import Case, Measure, Pair, Region, Run, Values
from support.statistics import LEVEL
from support.statistics.differences import ROUNDING, Difference, difference_of_intervals, paired_difference

MARGIN_RULE = (
    f"An effect has moved, for worse or better where it has a direction, where its move exceeds the margin and the "
    f"{100 * LEVEL:g} % interval of the move excludes zero; it is unchanged, or the same, where that interval lies "
    "within the margin; else nobody can tell yet. The margin is half the width of a region with two ends, else the "
    "measure's, or the baseline's resolution; in exact cases it is rounding."
)
# Exact claims that are true below a bound as small as this one state how far rounding may carry an identity.
IDENTITY = 1e-6

# Effects that are the mean of their trials; trials of an extreme are those of the condition that was picked.
MEANS = ("mean", "slope", "share")


@dataclass(frozen=True)
class Runs:
    """The run blocks of the baseline (`before`) and of this run (`after`): what can be compared between them."""

    before: Run
    after: Run

    @property
    def same_scale(self) -> bool:
        """Whether both have the same sizes."""
        return self.before.scale == self.after.scale

    @property
    def same_seed(self) -> bool:
        """Whether both drew the same random numbers."""
        return self.before.seed == self.after.seed

    @property
    def same_model(self) -> bool:
        """Whether both asked the same models."""
        return self.before.model == self.after.model

    @property
    def other_datasets(self) -> set[str]:
        """Datasets that both runs had, with other content."""
        before, after = (
            {name: digest for name, digest in run.datasets.items() if digest} for run in (self.before, self.after)
        )
        return {name for name in before.keys() & after.keys() if before[name] != after[name]}

    def notes(self) -> Iterator[str]:
        """What of the two runs can be compared, and what cannot, in sentences."""
        before, after = self.before, self.after
        if not self.same_scale:
            yield (
                f"The scale is {after.scale}, the baseline's {before.scale}: only verdicts are compared, and "
                "only of cases that ran in both."
            )
        elif not self.same_seed:
            yield (
                f"The seed is {after.seed}, the baseline's {before.seed}: effects are compared between "
                "independent trials, those of exact cases only where they agree."
            )
        for name in sorted(self.other_datasets):
            yield f"{name} has other content than in the baseline: of cases that use it, only verdicts are compared."
        if not self.same_model:
            now, then = (run.model or "built in" for run in (after, before))
            yield f"The model is {now}, the baseline's {then}: moves are what the two models differ by."
        if before.complete is False:
            yield "The baseline's own run was not complete."


@dataclass(frozen=True)
class Move:
    """How far an effect moved, and what it must exceed to count.

    Attributes
    ----------
    difference : after minus before.
    margin : what counts as a move; None where the baseline names nothing to go by, and any counts.
    measure : what the margin is, in words.
    rounding : differences up to this one are none.
    """

    difference: Difference
    margin: float | None
    measure: str
    rounding: float

    @property
    def same_numbers(self) -> bool:
        """Whether nothing moved beyond rounding."""
        return max(abs(self.difference.low), abs(self.difference.high)) <= self.rounding

    @property
    def kind(self) -> Literal["effect", "unchanged", "undecided"]:
        """``effect``, ``unchanged`` or ``undecided``."""
        move, margin = self.difference, self.margin or 0.0
        if self.same_numbers or max(abs(move.low), abs(move.high)) <= margin:
            return "unchanged"
        return "effect" if abs(move.value) > margin and self.direction else "undecided"

    @property
    def direction(self) -> Direction | None:
        """``up`` or ``down`` where the interval excludes zero."""
        if self.difference.low > 0:
            return "up"
        return "down" if self.difference.high < 0 else None

    @property
    def ends(self) -> Pair:
        """The interval as the report stores it."""
        low, high = self.difference.low, self.difference.high
        return low if isfinite(low) else None, high if isfinite(high) else None

    @property
    def text(self) -> str:
        """The move with its interval, and how it lies to the margin."""
        if self.same_numbers:
            return "the same numbers"
        move = self.difference
        by = f"moved by {move.value:+.3g}"
        if move.low < move.high:
            by += f" [{move.low:+.3g}, {move.high:+.3g}] ({move.method}{clipped_words(move.clipped_to, move.clipped)})"
        if self.margin is None:
            return f"{by}; there is no margin to hold it against"
        lies = {"unchanged": "within", "effect": "beyond", "undecided": "neither within nor beyond"}[self.kind]
        return f"{by}, {lies} the margin of {self.margin:.3g} ({self.measure})"


def move_of(before: Case, after: Case, runs: Runs) -> Move | str:
    """The move of a case's effect, or why the two effects cannot be compared."""
    if not runs.same_scale:
        return "another scale"
    if changed := runs.other_datasets & {*before.datasets, *after.datasets}:
        return f"other content of {', '.join(sorted(changed))}"
    if before.datasets and after.datasets and set(before.datasets) != set(after.datasets):
        return f"other data: {', '.join(after.datasets)} in the place of {', '.join(before.datasets)}"
    if before.effect is None or after.effect is None or before.interval is None or after.interval is None:
        return "one of them is not a finite number"
    if before.effect_label != after.effect_label:
        return f"another effect is measured, it was {before.effect_label}"
    if (before.level is None) != (after.level is None):
        return "one is exact, the other is not"
    if not same_measure(before.measure, after.measure):
        return "they share no measure"
    common = runs.same_seed and before.sizes == after.sizes
    rounding = ROUNDING * max(abs(before.effect), abs(after.effect))
    if before.level is not None:
        intervals = ends(before.interval), ends(after.interval)
        difference = _same(before, after, rounding) or paired(before, after) if common else None
        return Move(
            difference or difference_of_intervals(before.effect, after.effect, *intervals), *_margin(before), rounding
        )
    rounding = max(rounding, _tolerance(before.region))
    move = after.effect - before.effect
    if abs(move) > rounding and not common:
        return "an exact claim on other instances"
    return Move(Difference(move, move, move, "exact"), rounding, "rounding", rounding)


def _tolerance(region: Region | None) -> float:
    """How far an exact identity allows rounding to go: the bound of a region `below` a tiny number."""
    if region is None or region.low is not None or not 0 < (region.high or inf) <= IDENTITY:
        return 0.0
    return region.high or 0.0


def _margin(before: Case) -> tuple[float | None, str]:
    region = before.region or Region()
    if region.low is not None and region.high is not None and region.low < region.high:
        return (region.high - region.low) / 2, "half the width of the region"
    if before.measure is not None:
        return before.measure.margin, "the measure's"
    return before.resolution, "the baseline's resolution"


def _same(before: Case, after: Case, rounding: float) -> Difference | None:
    """No move at all: where the random numbers are the same, and so is every number that came of them."""
    alike = len(before.trials) == len(after.trials) and all(
        earlier == later or (earlier is not None and later is not None and abs(later - earlier) <= rounding)
        for earlier, later in zip(_numbers(before), _numbers(after), strict=True)
    )
    return Difference(0.0, 0.0, 0.0, "the same numbers") if alike else None


def _numbers(case: Case) -> Values:
    return (case.effect, *(case.interval or ()), *case.trials)


def same_measure(one: Measure | None, other: Measure | None) -> bool:
    """Whether two measures are one, whatever is worse: earlier reports say that of fewer measures, or of more."""
    if one is None or other is None:
        return one is other
    return replace(one, worse=None) == replace(other, worse=None)


def paired(before: Case, after: Case) -> Difference | None:
    """The mean move over the common first trials; None where they cannot be paired by their place, or have no range."""
    found = trials_in_pairs(before, after)
    width = width_of(after.measure)
    if found is None or width is None:
        return None
    return paired_difference(*found, width, most=most_of(after.measure))


def trials_in_pairs(before: Case, after: Case) -> tuple[list[float], list[float]] | None:
    """The trials of both in the order of their numbers, in their measure's range as the effects have them.

    None where their place does not tell their numbers.
    """
    if not {before.effect_kind, after.effect_kind} <= set(MEANS) or not (_whole(before) and _whole(after)):
        return None
    low, high = (-inf, inf) if after.measure is None else ends((after.measure.low, after.measure.high))
    earlier, later = (
        [min(max(trial, low), high) for trial in case.trials if trial is not None] for case in (before, after)
    )
    return earlier, later


def width_of(measure: Measure | None) -> float | None:
    """The width of a measure's range where its route bounds the mean by it, else None."""
    if measure is None or measure.low is None or measure.high is None or measure.route not in ("bounded", "share"):
        return None
    return measure.high - measure.low


def most_of(measure: Measure | None) -> float | None:
    """What larger moves of a trial count as; None where they count as they are."""
    width = width_of(measure)
    return HALF_A_UNIT if measure is not None and measure.worse and width is not None and width > 1 else None


def _whole(case: Case) -> bool:
    """Whether the trials are the first ones without a gap, so that a place is a number of a trial."""
    looked = len(case.trials) if case.look is None else case.look.trials
    return (
        len(case.trials) == looked
        and len(case.trials) > 1
        and None not in case.trials
        and not any(exclusion.dropped for exclusion in case.exclusions)
    )
