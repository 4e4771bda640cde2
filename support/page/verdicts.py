"""What a verdict says of itself, once for the terminal, the page and the Markdown summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from support.document.statuses import Status, controls_failed, ends
from support.document.types import Case, Measured
from support.page import typeset


def sentence(case: Case) -> str:
    """Say in one or two sentences why a case has its verdict."""
    if case.not_run:
        return f"Not run: {case.not_run.reason.rstrip('.')}."
    said = [_comparison(case)]
    if case.controls:
        failed = len(controls_failed(case))
        count = len(case.controls)
        controls = "The control" if count == 1 else f"All {count} controls"
        said.append(
            f"{failed} of {count} controls did not come out." if failed else f"{controls} came out as expected."
        )
    reason = (case.reason or "").rstrip(".")
    if reason:
        said.append(f"{reason[0].upper()}{reason[1:]}.")
    if planned := _planned(case):
        said.append(planned)
    return " ".join(said)


def _planned(case: Case) -> str | None:
    """How many trials would decide an undecided case, where the report holds those that there are."""
    if case.look is None or not more_may_tell(case):
        return None
    from support.comparing.first_looks import looks_again, most_imagined, trials_to_decide

    if not looks_again(case):
        return None
    try:
        planned = trials_to_decide(case)
    except ValueError:  # a report of others may name a range, route or edge that nothing can be looked at with
        return None
    most = f"{most_imagined(case):,} would not decide it"
    return f"Were further trials like these, {most if planned is None else f'{planned:,} would decide it'}."


def more_may_tell(case: Case) -> bool:
    """Whether more trials may decide a case: all that is wrong is that intervals cross an edge."""
    waiting = controls_failed(case)
    sound = all(control.verdict == "inconclusive" for control in waiting) and all(sign.healthy for sign in case.signs)
    crosses = placement(case) == "neither" or bool(waiting)
    return case.verdict == "inconclusive" and case.look is not None and sound and crosses


def _comparison(case: Case) -> str:
    if case.interval is None or case.region is None:
        return f"{case.verdict.capitalize()}."
    lies = {
        "inside": "lies inside the region in which the claim holds",
        "outside": "lies outside the region in which the claim holds",
        "neither": "lies neither inside nor outside the region in which the claim holds",
    }[placement(case)]
    region = typeset.region(case.region.low, case.region.high)
    return f"{case.verdict.capitalize()}: the {_bound(case)} {typeset.interval(case.interval)} {lies} ({region})."


def _bound(row: Measured) -> str:
    """What an interval is."""
    return f"{typeset.percent(row.level)} interval" if row.level else "numeric error bound"


def in_short(shown: Status, case: Case) -> str:
    """What came out of a case in one phrase: its status, what was measured, and why where something failed."""
    if case.not_run:
        return f"{shown.words}: {case.not_run.reason}"
    failed = ", ".join(control.name for control in controls_failed(case))
    why = f"controls that did not come out: {failed}" if failed else case.reason
    return "; ".join(filter(None, (shown.words, _decision(case), why)))


def _decision(case: Case) -> str | None:
    if case.effect is None or case.interval is None or case.region is None:
        return None
    found = f"{_effect(case)} {typeset.interval(case.interval)}"
    return f"{found}, the claim holds for effects {case.region.label}"


def _effect(row: Measured) -> str:
    """The effect under its label, with its unit where it has one."""
    unit = row.measure.unit if row.measure else ""
    return " ".join(filter(None, (f"{row.effect_label} =", typeset.number(row.effect), unit)))


def numbers(row: Measured) -> Iterator[tuple[str, str]]:
    """What was measured of a case or a control: (what it is, as text)."""
    if row.effect is not None or row.interval is not None:
        yield "effect", _effect(row)
    if row.interval is not None:
        method = f", {row.method}" if row.method else ""
        yield "interval", f"{typeset.interval(row.interval)}, {_bound(row)}{method}"
    if row.region is not None:
        yield "region", f"the claim holds for effects {typeset.region(row.region.low, row.region.high)}"


def placement(row: Measured) -> Literal["inside", "outside", "neither"]:
    """Return where an interval lies with respect to its region; neither where one of them was not recorded."""
    if row.interval is None or row.region is None:
        return "neither"
    first, last = ends(row.interval)
    low, high = ends((row.region.low, row.region.high))
    if low <= first and last <= high:
        return "inside"
    if last < low or high < first:
        return "outside"
    return "neither"
