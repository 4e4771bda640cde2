"""What the page says beyond the report's own fields: sentences, and what deserves attention."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from support.document.commands import shell
from support.document.departures import kind_of
from support.document.statuses import (
    COLUMNS,
    NOT_RUN,
    Status,
    controls_failed,
    reading_status,
    refuting,
    settings_tested,
    share_tested,
    status_of,
    untested,
    worst_verdict,
)
from support.document.trial_sources import Read, in_words
from support.document.types import Case, Claim, Control, Departure, Reading, Region, Size
from support.document.walking import every_case
from support.page import names, typeset
from support.page.verdicts import in_short, placement, sentence


def region_note(region: Region) -> str | None:
    """Return a region's label where it says more than its two ends."""
    low, high = region.low, region.high
    plain = {
        None if low is None else f"above {low:g}",
        None if high is None else f"below {high:g}",
        None if low is None or high is None else f"between {low:g} and {high:g}",
        None if low is None or low != high else f"exactly {low:g}",
    }
    return None if region.label in plain else region.label


def single_value(region: Region | None) -> bool:
    """Whether a region holds one effect and no other."""
    return region is not None and region.low is not None and region.low == region.high


def contradiction(row: Case | Control) -> str | None:
    """Return what a case's or control's verdict contradicts in its own record, or None.

    The page decides anew from the interval and region as written, so that a wrong verdict cannot hide
    behind right numbers.
    """
    verdict = row.verdict
    if verdict == "not run":
        return None
    if row.interval is None or row.region is None:
        return f"{verdict}, but no {'interval' if row.interval is None else 'region'} was recorded"
    if isinstance(row, Case) and controls_failed(row):
        return None if verdict == "inconclusive" else f"{verdict}, but a control did not come out"
    found = placement(row)
    decided = {"inside": "supported", "outside": "refuted", "neither": "inconclusive"}[found]
    if verdict == decided:
        return None
    where = f"{found} the recorded region" if found != "neither" else "across an edge of the recorded region"
    return f"{verdict}, but the recorded interval lies {where}"


@dataclass(frozen=True)
class Surprise:
    """Something that a reader must see first, with the place where it stands."""

    claim: Claim
    reading: str
    case: Case
    text: str


CONTRADICTION = "Verdicts that contradict their own record"
_CONTROLS, _INCONCLUSIVE = "Controls that did not come out", "Inconclusive"
SURPRISES = (
    "Failed before reaching a verdict",
    "Refuted, and not registered",
    "Supported, although registered as not holding",
    _CONTROLS,
    CONTRADICTION,
    _INCONCLUSIVE,
)
# What leaves a question open; all else says that something is not as it should be.
_OPEN = frozenset({_CONTROLS, _INCONCLUSIVE})


def surprises(claims: Sequence[Claim]) -> dict[str, list[Surprise]]:
    """Return everything that did not come out as registered, by kind."""
    found: dict[str, list[Surprise]] = {kind: [] for kind in SURPRISES}
    for claim, reading, case in every_case(claims):
        if kind := _unregistered(reading, case):
            open_question = kind in _OPEN  # its own sentence says what would close it
            words = in_short(status_of(reading, case), case) if open_question else sentence(case)
            found[kind].append(Surprise(claim, reading.reading, case, words))
        for kind, text in _faults(reading, case):
            found[kind].append(Surprise(claim, reading.reading, case, text))
    return {kind: listed for kind, listed in found.items() if listed}


def alarming(found: Iterable[str]) -> bool:
    """Whether kinds of surprises are more than open questions, so that they come before what was found."""
    return not _OPEN.issuperset(found)


def _unregistered(reading: Reading, case: Case) -> str | None:
    """Which of SURPRISES a verdict is that is not as registered."""
    _, refuted, contested, _, _, inconclusive = SURPRISES
    kinds = {"refuted": refuted, "contested": contested, "inconclusive": inconclusive}
    return kinds.get(status_of(reading, case).key)


def _faults(reading: Reading, case: Case) -> Iterator[tuple[str, str]]:
    """What is wrong with a case beside its verdict, as (one of SURPRISES, in words)."""
    failed, _, _, controls, contradictions, _ = SURPRISES
    if case.not_run and case.not_run.why == "error":
        yield failed, case.not_run.reason
    for control in controls_failed(case):
        # An undecided control of an undecided case waits with it, as the case says.
        if not case.verdict == control.verdict == "inconclusive":
            yield controls, f"{control.name}: expected {control.expected}, got {control.verdict}."
    broken = contradiction(case)
    if broken:
        yield contradictions, f"{broken}."
    for control in case.controls:
        broken = contradiction(control)
        if broken:
            yield contradictions, f"Control {control.name}: {broken}."
    if case is reading.cases[0]:
        expected = worst_verdict(other.verdict for other in reading.cases)
        if reading.verdict != expected:
            yield (
                contradictions,
                f"The reading is recorded as {reading.verdict}, its cases make it {expected}.",
            )
        tested, settings = settings_tested(reading.cases)
        if (reading.tested, reading.settings) != (tested, settings):
            recorded = share_tested(reading)
            yield (
                contradictions,
                f"Recorded as tested in {recorded} settings, its cases make it {tested} of {settings}.",
            )


def has_section(claim: Claim) -> bool:
    """Whether a claim has anything to show beyond a row in the coverage table."""
    return any(case.verdict != "not run" or case.panels or case.formulas for _, _, case in every_case([claim]))


def _listed(names: list[tuple[str, str]]) -> str:
    """List (reading, case) by reading: `printed h1+h2, h1+h4; sound h1+h2`."""
    readings = dict.fromkeys(reading for reading, _ in names)
    apart = "; " if any(", " in case for _, case in names) else ", "
    return "; ".join(f"{own} {apart.join(case for reading, case in names if reading == own)}" for own in readings)


def not_run(claim: Claim) -> list[tuple[str, str]]:
    """Return the cases of a claim that did not run, gathered by their reason: (names, reason)."""
    reasons: dict[str, list[tuple[str, str]]] = {}
    called = names.by_case(claim.readings)
    for _, reading, case in every_case([claim]):
        if case.not_run:
            reasons.setdefault(case.not_run.reason, []).append((reading.reading, called[id(case)]))
    if claim.readings and not any(reading.cases for reading in claim.readings):
        return [("no case", "none was recorded")]
    return [(_listed(names), reason) for reason, names in reasons.items()]


def quoted(claim: Claim, departures: Iterable[Departure]) -> list[tuple[str | None, Departure | None]]:
    """Return the words that a claim is taken from, each with the departure that gives them, where one does."""
    if claim.quote:
        return [(claim.quote, None)]
    return [(entry.printed, entry) for entry in departures if entry.claim == claim.id]


def reading_word(reading: Reading) -> str:
    """Return what a reading is called; what only a summary of a paper has is not called printed."""
    return "summary" if any(kind_of(name) == "slip" for name in refuting(reading)) else reading.reading


def tally(reading: Reading) -> str:
    """Count the cases of a reading by status: `17 supported, 1 not run`."""
    found = [status_of(reading, case) for case in reading.cases]
    return ", ".join(f"{found.count(shown)} {shown.words}" for shown in dict.fromkeys(found))


# Cases with no more to say than their effect: in print they have a line, unless one needs attention.
BRIEF = frozenset({"supported", NOT_RUN.key})


def needs_attention(reading: Reading, case: Case) -> bool:
    """Whether a case did not come out as registered."""
    return first_surprise(reading, case) is not None


def first_surprise(reading: Reading, case: Case) -> tuple[str, str | None] | None:
    """Return what a reader must see first of a case; None where nothing is.

    It is (one of SURPRISES, in words); the words are None where the verdict is what surprises, which says so itself.
    """
    kind = _unregistered(reading, case)
    return (kind, None) if kind else next(_faults(reading, case), None)


COVERED = Status("covered", "●", "covered", expected=True)
PARTLY = Status("partly", "◐", "covered in part", expected=True)


def coverage(claim: Claim) -> Status:
    """Return whether a claim is covered, in part, by tests that did not run, or not at all."""
    if not claim.readings:
        return untested(claim)
    ran = {case.verdict != "not run" for _, _, case in every_case([claim])}
    return PARTLY if len(ran) > 1 else COVERED if ran == {True} else NOT_RUN


def scale_of(case: Case, scale: str | None) -> str:
    """Return the scale at which a case ran or, where one is known, would."""
    return (case.not_run and case.not_run.scale) or scale or "unknown"


def facets(claim: Claim, scale: str | None) -> list[tuple[str, str]]:
    """Return the (status key, scale) pairs among a claim's cases: what the page's filters look at."""
    found = [(status_of(reading, case).key, scale_of(case, scale)) for _, reading, case in every_case([claim])]
    return list(dict.fromkeys(found)) or [(untested(claim).key, scale or "unknown")]


def datasets(claim: Claim) -> list[str]:
    """Return the names of the datasets behind a claim's evidence."""
    return list(dict.fromkeys(name for _, _, case in every_case([claim]) for name in case.datasets))


# What sizes say of a look.
LOOKED = ("trials", "budget of trials")


def sizes(case: Case) -> dict[str, Size]:
    """Return what was run: its sizes, what vital signs found, how many trials were looked at and left out.

    Healthy signs without a number of their own, and rules that left nothing out, are counted.
    """
    looked: dict[str, Size] = {}
    if case.look is not None:
        looked = dict(zip(LOOKED, (case.look.trials, case.look.budget), strict=True))
    told = [sign for sign in case.signs if not sign.healthy or sign.clean_accuracy is not None]
    signs: dict[str, Size] = {sign.name: sign.found for sign in told}
    healthy: dict[str, Size] = {"other vital signs, healthy": len(case.signs) - len(told)} if case.signs else {}
    rules: dict[str, Size] = {each.rule: each.dropped for each in case.exclusions if each.dropped}
    idle = len(case.exclusions) - len(rules)
    unused: dict[str, Size] = {"rules that left out no trial": idle} if idle else {}
    return case.sizes | signs | healthy | rules | unused | looked


def record(case: Case, usual: Read | None = None) -> Iterator[str]:
    """What was run and how it was decided, in short phrases: trials, method, sizes, data, where trials are from.

    Parameters
    ----------
    usual : as `support.document.trial_sources.in_words`.
    """
    ran = sizes(case)
    if case.verdict != "not run":
        if case.look is None and (spread_of := spread(case.trials)):
            yield f"trials: {spread_of}"
        if case.method:
            method = (
                f"{typeset.percent(case.level)} interval: {case.method}"
                if case.level
                else f"error bound: {case.method}"
            )
            if case.look and case.method.endswith(f" over {case.look.trials} trials"):
                method += f" of a budget of {case.look.budget}"
                ran = {name: value for name, value in ran.items() if name not in LOOKED}
            yield method
        if case.resolution is not None:
            power = f" at power {typeset.percent(case.power)}" if case.power is not None else ""
            yield f"resolution: {typeset.number(case.resolution)}{power}"
        if case.region and (note := region_note(case.region)):
            yield f"region: {note}"
    for name, value in ran.items():
        yield f"{name} = {_size(value)}"
    if case.datasets:
        yield f"data: {typeset.titled(', '.join(case.datasets))}"
    if case.sources and case.sources.all_own_and_proven:
        yield "trials of earlier code, proven to give the same numbers"
    elif case.sources and not case.sources.all_from(usual.place if usual else None):
        yield f"trials from: {in_words(case.sources, usual)}"


def _size(value: Size) -> str:
    if isinstance(value, list):
        return ", ".join(map(_size, value))
    if isinstance(value, bool) or value is None or isinstance(value, str | dict):
        return str(value)
    return typeset.number(value)


def worth_a_picture(case: Case) -> bool:
    """Whether a case has more to see than two numbers: an exact one has a bound and a region."""
    return case.level is not None


def command(case: Case) -> str | None:
    """Return the command that runs a case again; one that has not run, at a scale at which it does."""
    if case.command is None:
        return None
    return shell(case.command, case.not_run.scale if case.not_run else None)


def claim_command(claim: Claim) -> str | None:
    """Return one command that runs every case of a claim again, with the options of its first."""
    cases = [case for _, _, case in every_case([claim]) if case.test and case.command]
    if not cases or cases[0].command is None:
        return None
    tests = dict.fromkeys((case.test or "").partition("[")[0] for case in cases)
    return shell(replace(cases[0].command, tests=tuple(tests)))


def spread(trials: Sequence[float | None]) -> str | None:
    """Say how many trials there are, and from where to where they lie."""
    values = [value for value in trials if value is not None and math.isfinite(value)]
    if not values:
        return None
    if len(values) == 1 or min(values) == max(values):
        return f"{len(values)}, {'all ' if len(values) > 1 else ''}at {typeset.number(values[0])}"
    return f"{len(values)}, from {typeset.number(min(values))} to {typeset.number(max(values))}"


@dataclass(frozen=True)
class Count:
    """How the claims and readings of one paper came out."""

    name: str
    claims: int
    covered: int
    readings: dict[str, int]  # by status key


def counts(papers: list[str], claims: Sequence[Claim]) -> list[Count]:
    """Count by paper and, where there are several papers, in all."""
    rows = [_count(f"Paper {paper}", [claim for claim in claims if claim.paper == paper]) for paper in papers]
    return [*rows, _count("Both" if len(papers) == 2 else "All", claims)] if len(papers) > 1 else rows


def _count(name: str, claims: Sequence[Claim]) -> Count:
    keys = [reading_status(reading).key for claim in claims for reading in claim.readings]
    return Count(
        name,
        claims=len(claims),
        covered=sum(bool(claim.readings) for claim in claims),
        readings={key: keys.count(key) for key, _, _ in COLUMNS},
    )
