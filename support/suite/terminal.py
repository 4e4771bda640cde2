"""What the terminal says at the end of a run.

Reasons, names and a baseline are texts of others: whatever is in them, each of these lines is one line, and steers no
terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from support.comparing import wording
from support.document.build import Placed
from support.document.departures import PLURALS, because, kind_of
from support.document.letters import in_one_line
from support.document.statuses import certainty, settings_tested, worst_verdict
from support.document.trial_sources import in_words, total
from support.register import LETTERS
from support.suite.run import Run

# More lines of a kind than this are for the report to show.
MOST_LINES = 20
# So many cases that have not run for the same reason are told in one line.
MANY = 10


def claim_lines(run: Run) -> Iterator[str]:
    """Verdicts, every case that is not supported, and what went wrong on the way."""
    return map(in_one_line, _claim_lines(run))


def _claim_lines(run: Run) -> Iterator[str]:
    yield _counted(run.cases)
    reasons = Counter(placed.case.not_run.reason for placed in run.cases if placed.case.not_run)
    many = {reason: count for reason, count in reasons.items() if count >= MANY}
    yield from (f"  {count} cases not run: {reason}" for reason, count in many.items())
    for placed in sorted(run.cases, key=lambda placed: (placed.claim, placed.case.test or "")):
        case = placed.case
        reason = case.not_run.reason if case.not_run else case.reason
        if case.verdict != "supported" and reason not in many:
            known = f" ({because([case.departure])})" if case.departure and case.verdict == "refuted" else ""
            said = f": {reason}" if reason else ""
            yield f"  {placed.claim} {placed.reading} [{case.id}] {case.verdict}{known}{said}"
    yield from _in_part([*run.cases, *run.unfinished, *run.unselected])
    if run.unfinished:
        yield f"  the run was interrupted: {len(run.unfinished)} more cases have not run"
    sources = [placed.case.sources for placed in run.cases if placed.case.sources is not None]
    if sources:
        yield f"  trials, counted in every case that rests on them: {in_words(total(sources))}"
    if risk := certainty(placed.case for placed in run.cases):
        yield f"  {risk}"
    yield from (f"  {note}" for note in run.notes)


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


def _in_part(cases: Iterable[Placed]) -> Iterator[str]:
    """The readings that are supported as far as they were tested."""
    readings: dict[tuple[str, str], list[Placed]] = {}
    for placed in cases:
        readings.setdefault((placed.claim, placed.reading), []).append(placed)
    for (claim, reading), own in sorted(readings.items()):
        tested, settings = settings_tested(placed.case for placed in own)
        if worst_verdict(placed.case.verdict for placed in own) == "supported" and tested < settings:
            yield f"  {claim} {reading} supported in part ({tested} of {settings})"


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
    lines = list(texts)
    if lines:
        yield f"  {title}:"
    yield from (f"    {line}" for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"    and {len(lines) - MOST_LINES} more in the report"
