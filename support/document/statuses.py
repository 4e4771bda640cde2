"""What a verdict is for its reader: in words, with a shape, expected or not; and what the verdicts of a run risk."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from support.document.departures import because, kind_of, named
from support.document.types import Case, Control, Measured, Pair, Reading, Registered, Verdict
from support.document.walking import departure_of
from support.register import LETTERS


class Status(NamedTuple):
    """A verdict as the reader meets it: in words, with a shape, and a key for its colour."""

    key: str
    shape: str
    words: str
    expected: bool  # whether the suite as registered passes with it


NOT_RUN = Status("not-run", "–", "not run", expected=True)
NOT_COVERED = Status("not-covered", "○", "not covered", expected=True)
NOT_CHECKABLE = Status("not-checkable", "⊘", "not checkable from the sources at hand", expected=True)
COLUMNS = (
    ("supported", "✓", "supported"),
    ("partial", "◐", "supported in part"),
    ("erratum", "✗", "refuted, as an erratum says"),
    ("finding", "✗", "refuted, as a finding says"),
    ("slip", "✗", "refuted, a slip of the summary"),
    ("refuted", "✗", "refuted, not registered"),
    ("contested", "✓", "supported, against what is registered"),
    ("inconclusive", "◇", "inconclusive"),
    ("not-run", "–", "not run"),
)


def status(verdict: Verdict, departure: str | None) -> Status:
    """How a verdict is shown, given the erratum, finding or slip registered for it."""
    if verdict == "refuted":
        if departure:
            return Status(kind_of(departure), "✗", f"refuted, {because([departure])}", expected=True)
        return Status("refuted", "✗", "refuted", expected=False)
    if verdict == "supported":
        if departure:
            return Status("contested", "✓", f"supported, against {named(departure)}", expected=False)
        return Status("supported", "✓", "supported", expected=True)
    if verdict == "inconclusive":
        return Status("inconclusive", "◇", "inconclusive", expected=False)
    return NOT_RUN


def status_of(reading: Reading, case: Case) -> Status:
    """How a case is shown."""
    return status(case.verdict, departure_of(reading, case))


def reading_status(reading: Reading) -> Status:
    """The status of a reading: its worst case's; one that is supported is so in part where settings were not tested.

    A refutation that is not registered is worse than one that is.
    """
    order = ("refuted", "contested", "erratum", "finding", "slip", "inconclusive", "supported", "not-run")
    ranked = sorted((status_of(reading, case) for case in reading.cases), key=lambda shown: order.index(shown.key))
    worst = ranked[0] if ranked else NOT_RUN
    if worst.key == "supported" and reading.tested < reading.settings:
        return Status("partial", "◐", f"supported in part ({share_tested(reading)})", expected=True)
    if worst.key in LETTERS:
        return worst._replace(words=f"refuted, {because(refuting(reading))}")
    return worst


def untested(claim: Registered) -> Status:
    """The status of a claim without readings: there is no test, or there can be none."""
    return NOT_CHECKABLE if claim.not_checkable else NOT_COVERED


def refuting(reading: Reading) -> list[str]:
    """The errata that refuted cases of a reading are refuted by; findings where there are none, else slips."""
    found = {departure_of(reading, case) for case in reading.cases if case.verdict == "refuted"}
    kinds = ([name for name in found if name and kind_of(name) == kind] for kind in LETTERS)
    return sorted(next(filter(None, kinds), []), key=lambda name: (len(name), name))


def share_tested(reading: Reading) -> str:
    """How many of its settings were tested: ``4 of 6``."""
    return f"{reading.tested} of {reading.settings}"


def settings_tested(cases: Iterable[Case]) -> tuple[int, int]:
    """How many cases ran, and of how many that could be asked of this run's models."""
    asked = [case for case in cases if case.not_run is None or case.not_run.why != "other model"]
    return sum(case.verdict != "not run" for case in asked), len(asked)


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on a reading: the worst of its cases; those not run count only if none ran."""
    seen = set(verdicts)
    worst_first: tuple[Verdict, ...] = ("refuted", "inconclusive", "supported")
    return next((verdict for verdict in worst_first if verdict in seen), "not run")


def controls_failed(case: Case) -> list[Control]:
    """The controls of a case that ran which did not come out.

    One that is not outside the region has come out where its interval lies wholly off the effect's.
    """
    if case.verdict == "not run":
        return []
    failed = [control for control in case.controls if control.verdict != control.expected]
    return [control for control in failed if not (control.separated and _apart(case, control))]


def _apart(case: Measured, control: Measured) -> bool:
    """Whether a control's interval, as recorded, lies wholly off the effect's."""
    if case.interval is None or control.interval is None:
        return False
    (first, last), (low, high) = ends(case.interval), ends(control.interval)
    return high < first or low > last


def ends(pair: Pair) -> tuple[float, float]:
    """The ends of an interval or region as numbers; null is infinite."""
    low, high = pair
    return -math.inf if low is None else low, math.inf if high is None else high


def rests_on_sequence(case: Case) -> bool:
    """Whether a case has a verdict that rests on a confidence sequence."""
    return case.verdict in ("supported", "refuted") and case.measure is not None


def certainty(cases: Iterable[Case]) -> str | None:
    """What the verdicts of cases on random trials risk together, in a sentence; None where there are none.

    Intervals of confidence sequences hold at every look; that any of them misses has at most the sum of their chances.
    """
    chances = [1 - case.level for case in cases if case.level is not None and rests_on_sequence(case)]
    if not chances:
        return None
    wrong = sum(chances)
    return (
        f"{len(chances)} verdicts rest on confidence sequences: with probability at least {max(0.0, 1 - wrong):.3f} "
        f"all of them hold at once, and at most {wrong:.3f} are expected to be wrong, looks, reruns and seeds counted."
    )
