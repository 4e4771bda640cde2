"""Reports of schema 2 as today's.

Schema 2 called everything an erratum that a reading departs from, whoever wrote it and whatever shows it; it did not
count of how many settings a reading was tested; and it told only in words that a case is asked of other models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import msgspec

from support.document.changes import Comparison
from support.document.departures import kind_of
from support.document.statuses import settings_tested
from support.document.types import (
    Case,
    Claim,
    Command,
    Conclusion,
    Decision,
    Departure,
    NotRun,
    Paper,
    Reading,
    ReadingName,
    Registered,
    Report,
    Run,
    Verdict,
)

SECOND = "spurious-claims/report/2"

Part = TypeVar("Part", bound=msgspec.Struct)

# Errata that are slips of a summary, or findings: what they were called, and the register's id today.
RENAMED: Mapping[str, str] = MappingProxyType(
    {
        "E-1": "S-1",
        "E-2": "S-2",
        "E-12": "F-1",
        "E-13": "F-2",
        "E-14": "F-3",
        "E-16": "F-4",
        "E-17": "F-5",
        "E-18": "F-6",
    }
)

# How the reasons began that a case had which is asked of other models.
_OTHER_MODEL = re.compile(
    r"it is asked of a feature map of your own|--model cannot stand in for|with --(?:model|features)\b.* only claims"
)


class Case2(Decision, frozen=True, kw_only=True):
    """A case of schema 2."""

    id: str
    test: str | None = None
    erratum: str | None = None
    protocol: str | None = None
    not_run: NotRun | None = None
    command: Command | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.verdict == "not run") != (self.not_run is not None):
            raise ValueError("a case that is not run says why in `not_run`, and no other does")


class Reading2(msgspec.Struct, frozen=True, kw_only=True):
    """A reading of schema 2."""

    reading: ReadingName
    verdict: Verdict
    erratum: str | None = None
    cases: tuple[Case2, ...]


class Claim2(Registered, frozen=True, kw_only=True):
    """A claim of schema 2."""

    readings: tuple[Reading2, ...]


class Erratum2(msgspec.Struct, frozen=True, kw_only=True):
    """What schema 2 called an erratum."""

    id: str
    claim: str
    reading: ReadingName | None = None
    title: str
    place: str | None = None
    printed: str | None = None
    corrected: str | None = None
    explanation: str | None = None
    changes: str | None = None


class Report2(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SECOND):
    """A report of schema 2."""

    run: Run
    papers: dict[str, Paper]
    claims: tuple[Claim2, ...]
    errata: tuple[Erratum2, ...]
    comparison: Comparison | None = None
    conclusions: tuple[Conclusion, ...] = ()


def upgraded(report: Report2) -> Report:
    """A report of schema 2 as one of today's."""
    departures = [_departure(erratum) for erratum in report.errata]
    departures.sort(key=lambda entry: ("erratum", "finding", "slip").index(entry.kind))
    return made(Report, report, claims=tuple(_claim(claim) for claim in report.claims), departures=tuple(departures))


def _departure(erratum: Erratum2) -> Departure:
    name = _renamed(erratum.id) or erratum.id
    return made(Departure, erratum, id=name, kind=kind_of(name), formerly=None if name == erratum.id else erratum.id)


def _claim(claim: Claim2) -> Claim:
    return made(Claim, claim, readings=tuple(_reading(reading) for reading in claim.readings))


def _reading(reading: Reading2) -> Reading:
    cases = tuple(_case(case) for case in reading.cases)
    tested, settings = settings_tested(cases)
    return made(Reading, reading, tested=tested, settings=settings, departure=_renamed(reading.erratum), cases=cases)


def _case(case: Case2) -> Case:
    why = case.not_run
    if why is not None and why.why == "not asked here" and _OTHER_MODEL.match(why.reason):
        why = msgspec.structs.replace(why, why="other model")
    return made(Case, case, departure=_renamed(case.erratum), not_run=why)


def _renamed(erratum: str | None) -> str | None:
    return None if erratum is None else RENAMED.get(erratum, erratum)


def made(kind: type[Part], part: msgspec.Struct, /, **changes: object) -> Part:
    """A struct of this kind with the fields that another has too, but for the changes."""
    fields = {name: getattr(part, name) for name in kind.__struct_fields__ if hasattr(part, name)}
    return kind(**(fields | changes))
