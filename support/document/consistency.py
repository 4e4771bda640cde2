"""What the fields of a report say of each other: numbers that no type refuses and that cannot be true together.

What a report concludes from its numbers is not looked at here: the page lists a verdict that contradicts its interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import singledispatch

import msgspec

from support.document.changes import Answered, Change, Comparison, Two
from support.document.trial_sources import TrialSources
from support.document.types import (
    Case,
    Claim,
    Exclusion,
    Measure,
    Measured,
    Panel,
    Reading,
    Region,
    Report,
    ReportError,
    Run,
)

# What is wrong: the place within the part that was looked at, such as ``.interval``, and why.
Wrong = tuple[str, str]


def require_consistent(report: Report) -> None:
    """See that no two fields of a report contradict each other.

    Raises
    ------
    ReportError : two do, with the place.
    """
    for place, part in _parts("report", report):
        for where, why in _look(part):
            raise ReportError(f"the report is not what its schema says: {place}{where}: {why}")


def _parts(place: str, part: object) -> Iterator[tuple[str, msgspec.Struct]]:
    """Every struct with its place, from the outside inwards."""
    if isinstance(part, msgspec.Struct):
        yield place, part
        for name in part.__struct_fields__:
            yield from _parts(f"{place}.{name}", getattr(part, name))
    elif isinstance(part, tuple) and part and isinstance(part[0], msgspec.Struct):
        for number, each in enumerate(part):
            yield from _parts(f"{place}[{number}]", each)


def _ordered(where: str, pair: Two | None) -> Iterator[Wrong]:
    low, high = pair or (None, None)
    if low is not None and high is not None and low > high:
        yield where, f"its low end {low:g} is above its high end {high:g}"


def _once(what: str, names: Iterable[object]) -> Iterator[Wrong]:
    first: dict[object, int] = {}
    for number, name in enumerate(names):
        if name in first:
            yield f".{what}[{number}]", f"it stands there twice, first as {what}[{first[name]}]"
        first.setdefault(name, number)


@singledispatch
def _look(part: msgspec.Struct) -> Iterator[Wrong]:  # noqa: ARG001 - of most parts types say all
    """What is wrong with a part, all that it holds not counted."""
    yield from ()


@_look.register
def _run(run: Run) -> Iterator[Wrong]:
    if run.started is not None:
        try:
            datetime.fromisoformat(run.started)
        except ValueError:
            yield ".started", f"{run.started!r} is no date, such as 2026-01-31T23:59:59+00:00"


@_look.register
def _region(region: Region) -> Iterator[Wrong]:
    yield from _ordered("", (region.low, region.high))


@_look.register
def _measure(measure: Measure) -> Iterator[Wrong]:
    low, high, route = measure.low, measure.high, measure.route
    if low is not None and high is not None and low >= high:
        yield "", f"a range needs a low end below its high end, got {low:g} and {high:g}"
    elif route == "share" and (low, high) != (0, 1):
        yield "", "the range of a share is from 0 to 1"
    elif route in ("bounded", "ratio") and (low is None or high is None):
        yield "", f"by the route {route!r} a range has two ends"


@_look.register
def _measured(part: Measured) -> Iterator[Wrong]:
    yield from _ordered(".interval", part.interval)
    if part.measure is not None and part.measure.route == "share" and not list(_measure(part.measure)):
        for number, trial in enumerate(part.trials):
            if trial not in (0, 1, None):
                yield f".trials[{number}]", f"a trial of a share is 0 or 1, got {trial:g}"


@_look.register
def _case(case: Case) -> Iterator[Wrong]:
    yield from _measured(case)
    yield from _once("controls", (control.name for control in case.controls))
    if case.look is not None and case.measure is not None and case.trials:
        left_out = sum(each.dropped for each in case.exclusions)
        if not case.look.trials - left_out <= len(case.trials) <= case.look.trials:
            told = f", of which {left_out:,} were left out" if left_out else ""
            yield ".look.trials", f"it says {case.look.trials:,}{told}, and there are {len(case.trials):,} trials"


@_look.register
def _exclusion(exclusion: Exclusion) -> Iterator[Wrong]:
    if exclusion.dropped > exclusion.trials:
        yield ".dropped", f"{exclusion.dropped:,} of {exclusion.trials:,} trials cannot be left out"


@_look.register
def _sources(sources: TrialSources) -> Iterator[Wrong]:
    trials = sources.computed + sum(each.trials for each in sources.read)
    for name in ("proven", "rechecked", "differing"):
        if getattr(sources, name) > trials:
            yield f".{name}", f"{getattr(sources, name):,} of {trials:,} trials cannot be"


@_look.register
def _panel(panel: Panel) -> Iterator[Wrong]:
    yield from _ordered(".y_range", panel.y_range)
    for number, line in enumerate(panel.lines):
        for place, trial in enumerate(line.trials):
            if len(trial) > len(line.x):  # fewer are missing
                yield f".lines[{number}].trials[{place}]", f"it has {len(trial)} values over {len(line.x)} places"


@_look.register
def _reading(reading: Reading) -> Iterator[Wrong]:
    if reading.tested > reading.settings:
        yield ".tested", f"{reading.tested:,} of {reading.settings:,} settings cannot be tested"
    yield from _once("cases", ((case.test, case.id) for case in reading.cases))


@_look.register
def _claim(claim: Claim) -> Iterator[Wrong]:
    yield from _once("readings", (reading.reading for reading in claim.readings))


@_look.register
def _answered(answer: Answered) -> Iterator[Wrong]:
    yield from _ordered(".interval", answer.interval)
    if answer.paired is not None and answer.clipped > answer.paired:
        yield ".clipped", f"{answer.clipped:,} of {answer.paired:,} moves cannot be clipped"


@_look.register
def _change(change: Change) -> Iterator[Wrong]:
    yield from _ordered(".moved", change.moved)


@_look.register
def _comparison(comparison: Comparison) -> Iterator[Wrong]:
    found = Counter(change.answer.answer for change in comparison.changes if change.answer is not None)
    for answer, count in comparison.counts.items():
        if count != found[answer]:
            yield ".counts", f"it counts {count:,} {answer!r}, and {found[answer]:,} changes say so"


@_look.register
def _report(report: Report) -> Iterator[Wrong]:
    yield from _once("claims", (claim.id for claim in report.claims))
    yield from _once("departures", (departure.id for departure in report.departures))
