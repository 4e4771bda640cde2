"""The history of headline effects over several runs, as a page of small multiples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.comparing.history import Point, Series, history
from support.document.letters import plain
from support.document.statuses import ends
from support.document.types import Report, ReportError, Run
from support.page import templates, typeset
from support.page.names import of_test, short
from support.page.pictures import finite, round_numbers
from support.page.templates import STYLE, compact
from support.whole_files import write_whole

WIDTH, HEIGHT = 240.0, 96.0
_SIDE, _FREE = 16.0, 0.08  # units left and right of the runs; share of the height above and below


@dataclass(frozen=True)
class Mark:
    """A run's effect in a picture: its place, its interval from top to bottom, and what is said of it."""

    run: int
    x: float
    y: float
    top: float
    bottom: float
    verdict: str
    step: str | None
    said: str


@dataclass(frozen=True)
class Multiple:
    """One small picture."""

    claim: str
    title: str
    reading: str
    case: str
    label: str
    marks: list[Mark]
    region: tuple[float, float] | None
    ticks: list[tuple[float, str]]
    steps: int


def render(reports: Sequence[Report], files: Sequence[str]) -> str:
    """The page.

    Parameters
    ----------
    reports : in the order of the runs.
    files : where each was read from, for the reader.

    Raises
    ------
    ReportError : as `support.comparing.history.history`.
    """
    multiples = [found for series in history(reports) if (found := _multiple(series, len(reports), files))]
    runs = [(number + 1, file, report.run) for number, (file, report) in enumerate(zip(files, reports, strict=True))]
    page = templates.environment().get_template("history.html")
    drawn = page.render(
        runs=[(number, file, _named(run)) for number, file, run in runs],
        scale=reports[0].run.scale,
        multiples=multiples,
        moved=[each for each in multiples if each.steps],
        width=WIDTH,
        height=HEIGHT,
        style=compact(STYLE),
    )
    return plain(drawn)


def write(reports: Sequence[Report], files: Sequence[str], path: Path) -> None:
    """Write the page; errors as of `render`, and ReportError where the file cannot be written."""
    text = render(reports, files)
    try:
        write_whole(text.encode(), path)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror or error}") from error


def _named(run: Run) -> str:
    """What tells a run from others."""
    commit = f"commit {run.commit[:12]}" + (" with changes" if run.dirty else "") if run.commit else "commit unknown"
    day = (run.started or "").partition("T")[0]
    return ", ".join(filter(None, [day, commit, f"seed {run.seed}", run.model and f"model {run.model}"]))


def _multiple(series: Series, runs: int, files: Sequence[str]) -> Multiple | None:
    """The picture of a series, None where no run has a number that can be drawn."""
    points = [point for point in series.points if finite([point.case.effect])]
    if not points:
        return None
    last = points[-1].case
    region = ends((last.region.low, last.region.high)) if last.region else (-math.inf, math.inf)
    # Intervals and regions may have an end beyond the picture; effects do not.
    inner = [value for point in points for value in finite([point.case.effect, *(point.case.interval or ())])]
    low, high = min(inner), max(inner)
    near = [value for value in finite(region) if low - (high - low) <= value <= high + (high - low)]
    low, high = min([low, *near]), max([high, *near])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    free = _FREE * (high - low)
    low, high = low - free, high + free

    def y(value: float) -> float:
        return round(HEIGHT * min(max((high - value) / (high - low), 0.0), 1.0), 2)

    step = (WIDTH - 2 * _SIDE) / max(1, runs - 1)
    marks = [_mark(point, round(_SIDE + step * point.run, 2), y, files[point.run]) for point in points]
    shaded = (y(region[1]), y(region[0])) if finite(region) else None
    return Multiple(
        claim=series.claim.id,
        title=series.claim.title,
        reading=series.reading,
        case=name if (name := short(last)) == (own := of_test(last)) else f"{own}: {name}",
        label=last.effect_label or "",
        marks=marks,
        region=shaded,
        ticks=[(y(value), typeset.number(value)) for value in round_numbers(low, high)],
        steps=sum(mark.step is not None for mark in marks),
    )


def _mark(point: Point, x: float, y: Callable[[float], float], file: str) -> Mark:
    case = point.case
    first, last = ends(case.interval or (case.effect, case.effect))
    departure = f", as {case.departure} says" if case.departure and case.verdict == "refuted" else ""
    said = f"run {point.run + 1} ({file}): {case.verdict}{departure}, {typeset.number(case.effect)}"
    if case.interval is not None:
        said += f" {typeset.interval(case.interval)}"
    if point.step:
        said += f"; moved {point.step} against the run before"
    return Mark(
        run=point.run + 1,
        x=x,
        y=y(case.effect or 0.0),
        top=y(last),
        bottom=y(first),
        verdict=case.verdict,
        step=point.step,
        said=said,
    )
