"""What the terminal says at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from support.report.summary import certainty
from support.suite.run import Run

# More lines than this are for the report to show.
MOST_LINES = 40
# So many cases that have not run for the same reason are told in one line.
MANY = 10


def claim_lines(run: Run) -> Iterator[str]:
    """Verdicts, every case that is not supported, and what went wrong on the way."""
    counts = Counter(case["verdict"] for case in run.cases)
    yield ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts)) + f" of {len(run.cases)} cases"
    reasons = Counter(case["reason"] for case in run.cases if case["verdict"] == "not run")
    many = {reason: count for reason, count in reasons.items() if count >= MANY}
    yield from (f"  {count} cases not run: {reason}" for reason, count in many.items())
    for case in sorted(run.cases, key=lambda case: (case["claim"], case["test"])):
        if case["verdict"] != "supported" and case["reason"] not in many:
            known = f" (as {case['erratum']} says)" if case["erratum"] and case["verdict"] == "refuted" else ""
            reason = f": {case['reason']}" if case["reason"] else ""
            yield f"  {case['claim']} {case['reading']} [{case['id']}] {case['verdict']}{known}{reason}"
    if run.unfinished:
        yield f"  the run was interrupted: {len(run.unfinished)} more cases have not run"
    if said := certainty(run.cases):
        yield f"  {said}"
    yield from (f"  {note}" for note in run.notes)


def comparison_lines(comparison: dict[str, Any]) -> Iterator[str]:
    """What moved against the baseline: regressions first, then other verdicts and effects."""
    from support.report.comparison import counted, told

    baseline = comparison["baseline"]
    yield f"{baseline['file']} (scale {baseline['scale']}, seed {baseline['seed']}): {counted(comparison)}"
    changes = told(comparison)
    for change in changes[:MOST_LINES]:
        mark = "REGRESSION " if change["regression"] else ""
        yield f"  {mark}{change['claim']} {change['reading']} [{change['case']}] {change['kind']}: {change['text']}"
    if len(changes) > MOST_LINES:
        yield f"  and {len(changes) - MOST_LINES} more in the report"
    yield from (f"  {note}" for note in comparison["notes"])
