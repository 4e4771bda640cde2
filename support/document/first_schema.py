"""Reports of schema 1 as of schema 2: what they said in words becomes data here, once, and nowhere else.

Schema 1 said in `method` what an effect is, in `reason` why a case had not run and at which scale it would, among
`sizes` how many trials a sequence had looked at, and its commands were text.
"""

from __future__ import annotations

import re
import shlex
from typing import TypeVar

import msgspec

from support.document.changes import Comparison
from support.document.second_schema import Case2, Claim2, Erratum2, Reading2, Report2, made
from support.document.types import (
    Command,
    Conclusion,
    Decision,
    EffectKind,
    Look,
    Measured,
    NotRun,
    Paper,
    ReadingName,
    Registered,
    Run,
    Size,
    Verdict,
)

FIRST = "spurious-claims/report/1"

Effect = TypeVar("Effect", bound=Measured)

NO_REASON = "no reason was recorded"
NOT_SELECTED = "not selected in this run"
INTERRUPTED = "the run was interrupted before this case ended"
NOT_RECORDED = "the evidence holds "
ERROR = "error"
# Of the largest seed; Python does not read numbers of thousands of digits at all.
MOST_DIGITS = 19

# How methods of schema 1 begin, and what the effect is: mean_of and slope_of alike had "Student t over".
_KINDS: tuple[tuple[str, EffectKind], ...] = (
    (r"ratio ", "ratio"),
    (r"largest of (?P<conditions>\d+)(?: conditions|, [a-z-]+ sequence)", "largest"),
    (r"smallest of (?P<conditions>\d+)(?: conditions|, [a-z-]+ sequence)", "smallest"),
    (r"largest of \d+, ", "worst"),
    (r"smallest of \d+, counted", "smallest"),
    (r"share sequence over ", "share"),
    (r"Student t over |[a-z-]+ sequence over ", "mean"),
)


class Case1(Decision, frozen=True, kw_only=True):
    """A case of schema 1."""

    id: str
    test: str | None = None
    erratum: str | None = None
    protocol: str | None = None
    command: str | None = None
    seconds: float | None = None


class Reading1(msgspec.Struct, frozen=True, kw_only=True):
    """A reading of schema 1."""

    reading: ReadingName
    verdict: Verdict
    erratum: str | None = None
    cases: tuple[Case1, ...]


class Claim1(Registered, frozen=True, kw_only=True):
    """A claim of schema 1."""

    readings: tuple[Reading1, ...]


class Report1(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=FIRST):
    """A report of schema 1."""

    run: Run
    papers: dict[str, Paper]
    claims: tuple[Claim1, ...]
    errata: tuple[Erratum2, ...]
    comparison: Comparison | None = None
    conclusions: tuple[Conclusion, ...] = ()


def upgraded(report: Report1) -> Report2:
    """A report of schema 1 as one of schema 2."""
    return made(Report2, report, claims=tuple(_claim(claim) for claim in report.claims))


def _claim(claim: Claim1) -> Claim2:
    readings = (
        made(Reading2, reading, cases=tuple(_case(case) for case in reading.cases)) for reading in claim.readings
    )
    return made(Claim2, claim, readings=tuple(readings))


def _case(case: Case1) -> Case2:
    ran = case.verdict != "not run"
    look, sizes = _looked(case)
    return made(
        Case2,
        _of_a_kind(case),
        reason=case.reason if ran else None,
        not_run=None if ran else _not_run(case.reason),
        controls=tuple(_of_a_kind(control) for control in case.controls),
        sizes=sizes,
        look=look,
        command=_command(case.command),
    )


def _of_a_kind(part: Effect) -> Effect:
    """A case or control with what its method says of its effect."""
    for pattern, kind in _KINDS:
        if found := re.match(pattern, part.method or ""):
            conditions = found.groupdict().get("conditions")
            return msgspec.structs.replace(part, effect_kind=kind, conditions=_count(conditions))
    return part


def _not_run(reason: str | None) -> NotRun:
    """Why a case has not run, at which scale it would, and how many trials would decide it."""
    words = reason or NO_REASON
    if words.startswith(ERROR):
        return NotRun(why="error", reason=words)
    if words in (NOT_SELECTED, INTERRUPTED):
        return NotRun(why="not selected" if words == NOT_SELECTED else "interrupted", reason=words)
    if words.startswith(NOT_RECORDED):
        return NotRun(why="not recorded", reason=words)
    scale = re.search(r"--scale (\w+)", words)
    planned = re.search(r"about (\d[\d,]*) trials", words)
    return NotRun(
        why="not asked here",
        reason=words,
        scale=scale[1] if scale else None,
        planned=_count(planned[1].replace(",", "")) if planned else None,
    )


def _count(digits: str | None) -> int | None:
    """The number that digits say; None where it is longer than any count is."""
    return int(digits) if digits and len(digits) <= MOST_DIGITS else None


def _looked(case: Case1) -> tuple[Look | None, dict[str, Size]]:
    """How many trials a sequence looked at, and the sizes without that."""
    trials, budget = (case.sizes.get(name) for name in ("trials", "budget of trials"))
    if not isinstance(trials, int) or not isinstance(budget, int):
        return None, case.sizes
    sizes = {name: value for name, value in case.sizes.items() if name not in ("trials", "budget of trials")}
    return Look(trials=trials, budget=budget), sizes


def _command(text: str | None) -> Command | None:
    """A command that a case of schema 1 gave; None where it is none of pytest's, or has options of another time."""
    try:
        program, *words = shlex.split(text or "")
    except ValueError:
        return None
    given: dict[str, str] = {}
    tests: list[str] = []
    recorded = "--recorded" in words
    rest = iter(word for word in words if word != "--recorded")
    for word in rest:
        if word.startswith("-"):
            given[word.removeprefix("--")] = next(rest, "")
        else:
            tests.append(word)
    seed = given.pop("seed", None)
    if program != "pytest" or given.keys() - {"scale", "device", "data", "model", "features"}:
        return None
    if seed is not None and (not seed.isdecimal() or _count(seed) is None):
        return None
    return Command(tests=tuple(tests), seed=_count(seed), recorded=recorded, **given)
