"""Reports of the same suite at several seeds, case by case: what each says, and what all their trials say together.

Seeds are independent replications. Effects that are means of trials are pooled where every report measures them alike:
all trials together are one more look at one sequence, decided by the suite's one rule with the controls pooled alike.
Other effects, and those of reports without measures, only stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from support.comparing.moves import MEANS, same_measure
from support.document import types as document
from support.document.statuses import ends
from support.document.types import Case, Measured, Report, ReportError
from support.document.walking import case_name, every_case
from support.statistics import Control, Estimate, Measure, Region, Verdict, effects
from support.statistics.grants import grant_of
from support.statistics.verdicts import decide_with_controls

Name = tuple[str, str, str, str]


@dataclass(frozen=True)
class Row:
    """One case at all seeds.

    Attributes
    ----------
    name : claim, reading, test function and case.
    cases : by seed, for the seeds at which it ran.
    pooled : the estimate over the trials of all seeds and its verdict, or None where it cannot be had.
    """

    name: Name
    cases: dict[int, Case]
    pooled: tuple[Estimate, Verdict] | None

    @property
    def verdicts(self) -> set[str]:
        """Those of the seeds."""
        return {case.verdict for case in self.cases.values()}

    @property
    def contradictory(self) -> bool:
        """Whether it is supported at one seed and refuted at another."""
        return {"supported", "refuted"} <= self.verdicts


def rows(reports: Sequence[Report]) -> list[Row]:
    """The cases that ran at two seeds or more.

    Parameters
    ----------
    reports : several of one seed complete each other, the first that ran a case counts.

    Raises
    ------
    ReportError : fewer than two seeds, one that is not known, or reports of several scales or models.
    """
    for field, values in (
        ("scale", [report.run.scale for report in reports]),
        ("model", [report.run.model for report in reports]),
    ):
        if len(found := dict.fromkeys(values)) > 1:
            raise ReportError(f"reports of one {field} can be compared by seed, got {', '.join(map(str, found))}")
    if len(set(map(seed_of, reports))) < 2:
        raise ReportError("a comparison by seed needs reports of at least two seeds")
    cases: dict[Name, dict[int, Case]] = {}
    for report in reports:
        for claim, reading, case in every_case(report.claims):
            if case.verdict != "not run":
                cases.setdefault(case_name(claim.id, reading.reading, case), {}).setdefault(seed_of(report), case)
    return [
        Row(name, dict(sorted(found.items())), _pooled(list(found.values())))
        for name, found in sorted(cases.items())
        if len(found) > 1
    ]


def seed_of(report: Report) -> int:
    """The seed of a run.

    Raises
    ------
    ReportError : it was not recorded.
    """
    if report.run.seed is None:
        raise ReportError("a comparison by seed needs reports that say their seed")
    return report.run.seed


def _pooled(cases: Sequence[Case]) -> tuple[Estimate, Verdict] | None:
    estimate, region = _over_all(cases), _region(cases)
    if estimate is None or region is None:
        return None
    controls: list[Control] = []
    for number, control in enumerate(cases[0].controls):
        alike = [case.controls[number] for case in cases if len(case.controls) > number]
        if [each.name for each in alike] != [control.name] * len(cases):
            return None
        pooled, known = _over_all(alike), _region(alike)
        if pooled is None or known is None:
            # No mean over trials, such as the largest of them: it counts where it came out at every seed.
            if any(each.verdict != each.expected for each in alike):
                return estimate, Verdict.INCONCLUSIVE
        else:
            controls.append(Control(control.name, "", pooled, known, Verdict(control.expected)))
    return estimate, decide_with_controls(estimate, region, tuple(controls))


def _over_all(parts: Sequence[Measured]) -> Estimate | None:
    """The mean over the trials of cases or controls, by their measure's route; None where they share none."""
    measure = parts[0].measure
    if measure is None or any(
        not same_measure(part.measure, measure) or part.effect_kind not in MEANS for part in parts
    ):
        return None
    trials = [trial for part in parts for trial in part.trials if trial is not None]
    if measure.route == "ratio" or len(trials) < 2 or len(trials) != sum(len(part.trials) for part in parts):
        return None
    if measure.route == "near-normal" and not grant_of(measure.name).granted:
        return None  # a measure of others, or of another time, that is not granted the route here
    return effects.mean_of(trials, measure_of(measure), "over all seeds")


def measure_of(measure: document.Measure) -> Measure:
    """A measure as the statistics have it."""
    low, high = ends((measure.low, measure.high))
    return Measure(measure.name, measure.unit, low, high, measure.route, measure.margin, measure.worse)


def _region(parts: Sequence[Measured]) -> Region | None:
    """The region, where it is the same for all and leaves out some effect."""
    found = {(part.region.low, part.region.high) for part in parts if part.region is not None}
    if len(found) != 1 or any(part.region is None for part in parts):
        return None
    ((low, high),) = found
    if low is None and high is None:
        return None
    return Region(-inf if low is None else low, inf if high is None else high)
