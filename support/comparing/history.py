"""The effects by which the papers are known, over several runs: commits, models, seeds.

Runs stand in the order in which they are given. Where a run's effect moved against the one before it that ran the case,
by the suite's own rule for moves, there is a step. Cases without sampling error are left out: what they compare is the
same in every run, but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.comparing.comparison import compare
from support.document.changes import Direction
from support.document.types import Case, Claim, Report, ReportError
from support.document.walking import case_name, every_case, function_of
from support.register import load_register

# Kinds of changes whose direction is told: the interval of the move excludes zero.
MOVED = ("effect", "verdict")
Name = tuple[str, str, str, str]


@dataclass(frozen=True)
class Point:
    """A case in one run.

    Attributes
    ----------
    run : which one, from 0.
    step : how its effect moved against the run before it that has the case; None where nobody can tell that it did.
    """

    run: int
    case: Case
    step: Direction | None


@dataclass(frozen=True)
class Series:
    """A case over the runs that ran it."""

    claim: Claim
    reading: str
    name: Name
    points: tuple[Point, ...]


def history(reports: Sequence[Report]) -> list[Series]:
    """The cases of headline claims that ran in at least one of the reports, as the last report orders them.

    Raises
    ------
    ReportError : there are fewer than two, or they share no scale.
    """
    if len(reports) < 2:
        raise ReportError("a history needs at least two reports")
    if len(scales := dict.fromkeys(report.run.scale for report in reports)) > 1:
        raise ReportError(f"a history is of runs at one scale, got {', '.join(map(str, scales))}")
    # Reports of earlier versions do not say by which claims the papers are known; today's register does.
    known = {claim.id for claim in load_register().claims if claim.headline}
    found: dict[Name, tuple[Claim, str, list[Point]]] = {}
    for number, report in enumerate(reports):
        steps = [_steps(report, before) for before in reports[:number]]
        for claim, reading, case in every_case(report.claims):
            if (claim.headline or claim.id in known) and case.verdict != "not run" and case.level is not None:
                name = case_name(claim.id, reading.reading, case)
                *_, points = found.setdefault(name, (claim, reading.reading, []))
                step = steps[points[-1].run].get(name) if points else None
                points.append(Point(number, case, step))
    return [Series(claim, reading, name, tuple(points)) for name, (claim, reading, points) in sorted(found.items())]


def _steps(report: Report, before: Report) -> dict[Name, Direction | None]:
    """How the effects of all cases moved that ran in both."""
    return {
        (change.claim, change.reading, function_of(change.test or ""), change.case): change.direction
        for change in compare(report, before, "").changes
        if change.kind in MOVED
    }
