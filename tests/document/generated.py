"""Reports of every shape, for Hypothesis, from the types alone; their texts try to be more than text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from support.document.changes import Answered, Change, Comparison
from support.document.trial_sources import TrialSources
from support.document.types import (
    Case,
    Claim,
    Exclusion,
    Measure,
    Measured,
    NotRun,
    Panel,
    Reading,
    Region,
    Report,
    Run,
    Verdict,
)

Struct = TypeVar("Struct", bound=msgspec.Struct)

# What would be mark-up, an order to a terminal, or a line of somebody else's, were it not text.
PLANTED = (
    "<b id=planted>x</b>",
    "'\"><img src=x onerror=planted()>",
    "</script><script>planted()</script>",
    "[x](javascript:planted)",
    "![x](http://planted.example/x.png)",
    "| planted | `x` | planted",
    "``` planted\n# planted",
    "x\n\n## planted\n- x",
    "&lt;b&gt;planted&#60;",
    "# planted",
    "1. planted",
    "- planted",
    "\x1b[2J\x1b]0;planted\x07",
    "x\rplanted: all supported",
    "x\r\nFAILED planted",
    "\u202edetnalp",
    "x\u2028planted\u0085planted",
    "\x00planted\x9b31m",
    "{{ planted }}{% planted %}",
    "$\\planted$ \\",
    "<!-- verdicts: end -->",
    "planted" * 80,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=4) | st.sampled_from(PLANTED),
    int: st.integers(-(2**60), 2**60),
    float: st.floats(-1e150, 1e150),
    bool: st.booleans(),
    NoneType: st.none(),
}


FILLED = (Claim, Reading, Case, Change)


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type; lists and mappings are short."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if origin is Annotated:
        return bounded(*parts)
    if kind is Case:
        ran = [verdict for verdict in get_args(Verdict) if verdict != "not run"]
        return struct(Case, verdict=st.sampled_from(ran), not_run=st.none()) | struct(
            Case, verdict=st.just("not run"), not_run=values(NotRun)
        )
    if kind is Run:
        dates = st.datetimes().map(lambda date: date.isoformat(timespec="seconds"))
        return struct(Run, started=st.none() | dates)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return struct(kind)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, parts))
    if origin is dict:
        return st.dictionaries(values(parts[0]), values(parts[1]), max_size=1)
    if origin is list:
        return st.lists(values(parts[0]), max_size=2)
    if origin is tuple and parts[-1] is ...:
        if parts[0] in FILLED:  # one of each on the way, or hardly a report would hold a case
            least = st.sampled_from((0, 1, 1, 1, 1, 1))
            return least.flatmap(lambda most: st.lists(values(parts[0]), min_size=most, max_size=2)).map(tuple)
        return st.lists(values(parts[0]), max_size=1).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, parts))
    raise TypeError(f"no values for {kind}")


def bounded(kind: type, meta: msgspec.Meta) -> st.SearchStrategy[Any]:
    """Values of a type within its bounds, the bounds among them."""
    if meta.pattern is not None:
        return st.from_regex(meta.pattern, fullmatch=True)
    if kind is int:
        least, most = meta.ge, meta.le
        return st.integers(least if least is None else int(least), most if most is None else int(most))
    least, most = meta.gt if meta.ge is None else meta.ge, meta.lt if meta.le is None else meta.le
    return st.floats(
        least, 1e150 if most is None else most, exclude_min=meta.gt is not None, exclude_max=meta.lt is not None
    )


def struct(kind: type[Struct], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Struct]:
    """Structs of a type, every field given, whose fields do not contradict each other."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(
        kind, **{name: given[name] if name in given else values(hints[name]) for name in kind.__struct_fields__}
    ).map(agreeing)


def agreeing(part: Struct) -> Struct:
    """The part with the least changes by which its fields can be true together."""
    for name in ("interval", "moved", "y_range"):
        if (pair := getattr(part, name, None)) is not None and None not in pair:
            part = replace(part, **{name: tuple(sorted(pair))})
    for kind, change in AGREE.items():
        if isinstance(part, kind):
            part = change(part)
    return part


def _measured(part: Measured) -> Measured:
    if part.measure is None or part.measure.route != "share":
        return part
    return replace(part, trials=tuple(trial if trial is None else float(trial > 0) for trial in part.trials))


def _case(case: Case) -> Case:
    look = case.look
    if look is not None and case.trials:
        look = replace(look, trials=len(case.trials))
    return replace(case, look=look, controls=_unlike(case.controls, "name"))


def _measure(measure: Measure) -> Measure:
    low, high = measure.low or 0.0, measure.high or 0.0
    if measure.route == "share":
        low, high = 0.0, 1.0
    elif not low < high:
        low, high = min(low, high) - 1e149, max(low, high) + 1e149
    return replace(measure, low=max(low, -1e150), high=min(high, 1e150))


def _region(region: Region) -> Region:
    if region.low is not None and region.high is not None:
        return replace(region, low=min(region.low, region.high), high=max(region.low, region.high))
    return region


def _sources(sources: TrialSources) -> TrialSources:
    most = sources.computed + sum(each.trials for each in sources.read)
    counted = {name: min(getattr(sources, name), most) for name in ("proven", "rechecked", "differing")}
    return replace(sources, **counted)


def _panel(panel: Panel) -> Panel:
    lines = tuple(
        replace(line, trials=tuple((*trial, *line.x)[: len(line.x)] for trial in line.trials)) for line in panel.lines
    )
    return replace(panel, lines=lines)


def _comparison(comparison: Comparison) -> Comparison:
    found = Counter(change.answer.answer for change in comparison.changes if change.answer is not None)
    return replace(comparison, counts=dict(found))


def _unlike(parts: Iterable[Struct], name: str) -> tuple[Struct, ...]:
    """Parts of which no two have the same name."""
    return tuple(replace(part, **{name: f"{getattr(part, name)}{number}"}) for number, part in enumerate(parts))


AGREE: dict[type[msgspec.Struct], Callable[[Any], Any]] = {
    Answered: lambda answer: (
        answer if answer.paired is None else replace(answer, clipped=min(answer.clipped, answer.paired))
    ),
    Case: _case,
    Claim: lambda claim: replace(
        claim, readings=tuple({reading.reading: reading for reading in claim.readings}.values())
    ),
    Comparison: _comparison,
    Exclusion: lambda left_out: replace(left_out, dropped=min(left_out.dropped, left_out.trials)),
    Measure: _measure,
    Measured: _measured,
    Panel: _panel,
    Reading: lambda reading: replace(
        reading, tested=min(reading.tested, reading.settings), cases=_unlike(reading.cases, "id")
    ),
    Region: _region,
    Report: lambda report: replace(
        report, claims=_unlike(report.claims, "id"), departures=_unlike(report.departures, "id")
    ),
    TrialSources: _sources,
}

REPORTS: st.SearchStrategy[Report] = struct(Report)
