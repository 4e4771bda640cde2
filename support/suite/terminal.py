"""What the terminal says at the end of a run: one table, and about ten lines that are short enough to be read.

Reasons, names and a baseline are texts of others: whatever is in them, each of these lines is one line, and steers no
terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pytest

from support.comparing import wording
from support.document.build import Placed, readings_of
from support.document.departures import PLURALS, because, kind_of
from support.document.letters import in_one_line
from support.document.not_run_reasons import counted
from support.document.statuses import certainty, reading_status, refuting, share_tested, status
from support.document.trial_sources import in_words, total
from support.document.types import Reading
from support.page.summary import CONTRADICTION, SURPRISES, first_surprise
from support.page.verdicts import in_short
from support.register import LETTERS
from support.suite.outcome_table import outcome_table
from support.suite.run import Run

# More lines of a kind than this are for the report to show: of a comparison, of what did not come out as registered, of
# notes, and readings in one line.
MOST_LINES = 20
MOST_UNEXPECTED = 5
MOST_NOTES = 4
MOST_READINGS = 6


class Ending:
    """Tells what came of a run, once pytest has told what failed; a plugin of pytest at the controller."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        """Verdicts, what moved, and where the report is."""
        run = self._run
        if not run.cases:
            if exitstatus == pytest.ExitCode.INTERRUPTED:
                _write(terminalreporter, nothing_decided_lines(run))
            return
        terminalreporter.section("claims")
        _write(terminalreporter, claim_lines(run))
        if run.comparison is not None:
            terminalreporter.section("does it memorize more than before?")
            _write(terminalreporter, comparison_lines(run))
        _write(terminalreporter, report_lines(run))


def _write(terminal: pytest.TerminalReporter, lines: Iterable[str]) -> None:
    for line in lines:
        terminal.write_line(line)


def claim_lines(run: Run) -> Iterator[str]:
    """How many readings of whose claims have which verdict, what a reader must see, and what else there is to know."""
    return map(in_one_line, _claim_lines(run))


def _claim_lines(run: Run) -> Iterator[str]:
    readings = _readings(run)
    yield from outcome_table(
        ("this suite" if claim in run.extensions else f"paper {claim[:1]}", reading) for claim, reading in readings
    )
    yield _counted(run.cases)
    unexpected = _unexpected(run)
    yield from _cut(unexpected, MOST_UNEXPECTED)
    yield from _not_run(run.cases, MOST_UNEXPECTED - len(unexpected))
    yield from _named("refuted as registered", _as_registered(readings))
    yield from _named("supported in part", _in_part(readings))
    if run.unfinished:
        yield f"  the run was interrupted: {len(run.unfinished)} more cases have not run"
    sources = [placed.case.sources for placed in run.cases if placed.case.sources is not None]
    if sources:
        yield f"  trials, counted in every case that rests on them: {in_words(total(sources))}"
    if risk := certainty(placed.case for placed in run.cases):
        yield f"  {risk}"
    yield from _cut([f"  {note}" for note in run.notes], MOST_NOTES)


def _readings(run: Run) -> list[tuple[str, Reading]]:
    """Every reading of which a case was to run, with its claim; cases that were not selected count as not tested."""
    by_claim: dict[str, list[Placed]] = {}
    for placed in [*run.cases, *run.unfinished, *run.unselected]:
        by_claim.setdefault(placed.claim, []).append(placed)
    asked = {(placed.claim, placed.reading) for placed in [*run.cases, *run.unfinished]}
    found = [(claim, reading) for claim, cases in sorted(by_claim.items()) for reading in readings_of(cases)]
    return [(claim, reading) for claim, reading in found if (claim, reading.reading) in asked]


def _unexpected(run: Run) -> list[str]:
    """A line for each case that did not come out as registered, what broke down first."""
    found = []
    for placed in run.cases:
        (reading,) = readings_of([placed])
        if surprise := first_surprise(reading, placed.case):
            kind, text = surprise
            case = placed.case
            said = in_short(status(case.verdict, case.departure), case)
            more = f"; {text}" if kind == CONTRADICTION else ""
            line = f"  {placed.claim} {placed.reading} [{case.id}] {said}{more}"
            found.append((SURPRISES.index(kind), placed.claim, case.test or "", line))
    return [line for *_, line in sorted(found)]


def _not_run(cases: Iterable[Placed], room: int) -> Iterator[str]:
    """Cases that have not run, but for what broke down: each with its reason where there is room, else counted."""
    idle = [placed for placed in cases if placed.case.not_run and placed.case.not_run.why != "error"]
    reasons = [placed.case.not_run for placed in idle if placed.case.not_run]
    if len(idle) > room:
        yield f"  not run: {counted(reasons)}"
        return
    for placed, not_run in zip(idle, reasons, strict=True):
        yield f"  {placed.claim} {placed.reading} [{placed.case.id}] not run: {not_run.reason}"


def _as_registered(readings: Iterable[tuple[str, Reading]]) -> list[str]:
    """Readings with cases that are refuted as an erratum, a finding or a slip says, whatever others are."""
    refuted = [(claim, reading, refuting(reading)) for claim, reading in readings]
    return [f"{claim} {reading.reading} ({because(names)})" for claim, reading, names in refuted if names]


def _in_part(readings: Iterable[tuple[str, Reading]]) -> list[str]:
    """Readings that are supported as far as they were tested."""
    partly = [(claim, reading) for claim, reading in readings if reading_status(reading).key == "partial"]
    return [f"{claim} {reading.reading} ({share_tested(reading)})" for claim, reading in partly]


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    """Names in one line, nothing where there are none."""
    if names:
        left = f", and {len(names) - MOST_READINGS} more in the report" if len(names) > MOST_READINGS else ""
        yield f"  {what}: {', '.join(names[:MOST_READINGS])}{left}"


def _cut(lines: Sequence[str], most: int, indent: str = "  ") -> Iterator[str]:
    """The first lines, and how many there are beyond."""
    yield from lines[:most]
    if len(lines) > most:
        yield f"{indent}and {len(lines) - most} more in the report"


def nothing_decided_lines(run: Run) -> Iterator[str]:
    """What is left of a run that was interrupted before any case was decided."""
    yield f"interrupted before any case was decided: no report is written, and {run.settings.report} is as it was"
    yield f"what was computed is kept in {run.settings.evidence[0]}; the same command goes on from there"


def report_lines(run: Run) -> Iterator[str]:
    """What went wrong at the end, and where the report is."""
    return map(in_one_line, _report_lines(run))


def _report_lines(run: Run) -> Iterator[str]:
    yield from (f"FAILED: {failure}" for failure in run.failures)
    if run.nothing_recorded:
        yield f"nothing that was asked is recorded: no report is written, and {run.settings.report} is as it was"
    if run.written:
        yield f"report: {run.written[-1]}"


def _counted(cases: Iterable[Placed]) -> str:
    """How many cases have each verdict; of those refuted, how many as an erratum, a finding or a slip says."""
    verdicts = Counter(placed.case.verdict for placed in cases)
    refuted = [placed.case for placed in cases if placed.case.verdict == "refuted"]
    kinds = Counter(kind_of(case.departure) for case in refuted if case.departure)
    of_whom = {"slip": " of the summary"}
    as_registered = ", ".join(
        f"{kinds[kind]} by {PLURALS[kind]}{of_whom.get(kind, '')}" for kind in LETTERS if kinds[kind]
    )
    said = {verdict: f"{count} {verdict}" for verdict, count in verdicts.items()}
    if as_registered:
        said["refuted"] += f" ({as_registered})"
    return ", ".join(said[verdict] for verdict in sorted(said)) + f" of {verdicts.total()} cases"


def comparison_lines(run: Run) -> Iterator[str]:
    """Whether it memorizes more than before, case by case; then the verdicts that changed, and other effects."""
    return map(in_one_line, _comparison_lines(run))


def _comparison_lines(run: Run) -> Iterator[str]:
    comparison = run.comparison
    if comparison is None:
        return
    baseline = comparison.baseline
    yield wording.headline(comparison)
    yield f"  baseline {baseline.file} (scale {baseline.scale}, seed {baseline.seed}); {wording.counted(comparison)}"
    if rows := wording.answer_rows(comparison):
        yield from (f"  {line}" for line in wording.aligned(wording.ANSWER_HEADER, [row.cells for row in rows]))
    if left := wording.rows_left(comparison):
        yield f"  {left}"
    yield from _listed("verdicts that changed", (" ".join(row.cells) for row in wording.verdict_rows(comparison)))
    others = wording.other_moves(comparison)
    yield from _listed(
        "effects that moved, of which neither way is worse",
        (f"{change.claim} {change.reading}, {change.case}: {change.text}" for change in others),
    )
    yield from (f"  {note}" for note in comparison.notes)
    if not run.verdicts_fail:
        yield f"  the exit status says what moved (--fail-on {run.settings.fail_on}), not what claims hold of the model"


def _listed(title: str, texts: Iterable[str]) -> Iterator[str]:
    """A few lines under a title, nothing where there are none."""
    lines = [f"    {text}" for text in texts]
    if lines:
        yield f"  {title}:"
    yield from _cut(lines, MOST_LINES, indent="    ")
