"""From cases to the report: every registered claim with its readings and cases, in the order of the register."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import get_args

import msgspec
from msgspec.structs import asdict

from support import register as registered
from support.document.statuses import rests_on_sequence, settings_tested, worst_verdict
from support.document.types import (
    Case,
    Claim,
    Command,
    Decision,
    Departure,
    NotRun,
    Paper,
    Reading,
    ReadingName,
    Report,
    Run,
)

NOT_SELECTED = "not selected in this run"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a case before it runs."""

    claim: str
    reading: ReadingName
    id: str
    test: str
    departure: str | None
    protocol: str
    command: Command


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A case with where it stands in the report."""

    claim: str
    reading: ReadingName
    case: Case


def decided(identity: Identity, decision: Decision, seconds: float) -> Placed:
    """The case of a test that decided something."""
    return _placed(identity, decision, None, seconds)


def undecided(identity: Identity, not_run: NotRun, seconds: float = 0.0) -> Placed:
    """The case of a test that decided nothing, and why."""
    return _placed(identity, Decision(verdict="not run"), not_run, seconds)


def build(register: registered.Register, cases: Iterable[Placed], run: Run) -> Report:
    """The report, without conclusions and comparison."""
    given = list(cases)
    by_claim: dict[str, list[Placed]] = {}
    for placed in given:
        by_claim.setdefault(placed.claim, []).append(placed)
    return Report(
        run=msgspec.structs.replace(run, sequences=sum(rests_on_sequence(placed.case) for placed in given)),
        papers={key: Paper(**dataclasses.asdict(paper)) for key, paper in register.papers.items()},
        claims=tuple(_claim(claim, by_claim.get(claim.id, [])) for claim in register.claims),
        departures=tuple(Departure(**dataclasses.asdict(entry)) for entry in register.departures),
    )


def not_selected(register: registered.Register, cases: Iterable[Placed]) -> list[Placed]:
    """A *not run* case for every claim that has tests of which none reported."""
    seen = {placed.claim for placed in cases}
    why = NotRun(why="not selected", reason=NOT_SELECTED)
    return [
        undecided(
            Identity(
                claim=claim.id,
                reading="sound",
                id="all",
                test=claim.covered_by[0],
                departure=None,
                protocol="",
                command=Command(tests=claim.covered_by),
            ),
            why,
        )
        for claim in register.claims
        if claim.covered_by and claim.id not in seen
    ]


def _placed(identity: Identity, decision: Decision, not_run: NotRun | None, seconds: float) -> Placed:
    case = Case(
        **asdict(decision),
        id=identity.id,
        test=identity.test,
        departure=identity.departure,
        protocol=identity.protocol,
        not_run=not_run,
        command=identity.command,
        seconds=seconds,
    )
    return Placed(claim=identity.claim, reading=identity.reading, case=case)


def readings_of(cases: Iterable[Placed]) -> tuple[Reading, ...]:
    """The readings of one claim, each with its cases in the order of their tests."""
    given = list(cases)
    readings = []
    for name in get_args(ReadingName):
        own = sorted((each.case for each in given if each.reading == name), key=lambda case: str(case.test))
        if own:
            departures = {case.departure for case in own if case.departure}
            tested, settings = settings_tested(own)
            readings.append(
                Reading(
                    reading=name,
                    verdict=worst_verdict(case.verdict for case in own),
                    tested=tested,
                    settings=settings,
                    departure=min(departures) if departures else None,
                    cases=tuple(own),
                )
            )
    return tuple(readings)


def _claim(claim: registered.Claim, cases: Sequence[Placed]) -> Claim:
    return Claim(**dataclasses.asdict(claim), paper=claim.paper, readings=readings_of(cases))
