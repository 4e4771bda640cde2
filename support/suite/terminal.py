"""What the terminal says at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from support.document.statuses import certainty
from support.document.types import Comparison
from support.suite.run import Run

# More lines than this are for the report to show.
MOST_LINES = 40
# So many cases that have not run for the same reason are told in one line.
MANY = 10


def claim_lines(run: Run) -> Iterator[str]:
    """Verdicts, every case that is not supported, and what went wrong on the way."""
    counts = Counter(placed.case.verdict for placed in run.cases)
    yield ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts)) + f" of {len(run.cases)} cases"
    reasons = Counter(placed.case.not_run.reason for placed in run.cases if placed.case.not_run)
    many = {reason: count for reason, count in reasons.items() if count >= MANY}
    yield from (f"  {count} cases not run: {reason}" for reason, count in many.items())
    for placed in sorted(run.cases, key=lambda placed: (placed.claim, placed.case.test or "")):
        case = placed.case
        reason = case.not_run.reason if case.not_run else case.reason
        if case.verdict != "supported" and reason not in many:
            known = f" (as {case.erratum} says)" if case.erratum and case.verdict == "refuted" else ""
            said = f": {reason}" if reason else ""
            yield f"  {placed.claim} {placed.reading} [{case.id}] {case.verdict}{known}{said}"
    if run.unfinished:
        yield f"  the run was interrupted: {len(run.unfinished)} more cases have not run"
    if risk := certainty(placed.case for placed in run.cases):
        yield f"  {risk}"
    yield from (f"  {note}" for note in run.notes)


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """What moved against the baseline: regressions first, then other verdicts and effects."""
    from support.comparing.comparison import counted, notable_changes

    baseline = comparison.baseline
    yield f"{baseline.file} (scale {baseline.scale}, seed {baseline.seed}): {counted(comparison)}"
    changes = notable_changes(comparison)
    for change in changes[:MOST_LINES]:
        mark = "REGRESSION " if change.regression else ""
        yield f"  {mark}{change.claim} {change.reading} [{change.case}] {change.kind}: {change.text}"
    if len(changes) > MOST_LINES:
        yield f"  and {len(changes) - MOST_LINES} more in the report"
    yield from (f"  {note}" for note in comparison.notes)
