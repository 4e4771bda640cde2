"""Reports of several seeds side by side, as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.comparing.seeds import Row, rows, seed_of
from support.document.statuses import controls_failed, status
from support.document.types import Case, Report, ReportError
from support.page.markdown import as_text, table
from support.statistics import Verdict


def markdown(reports: Sequence[Report]) -> str:
    """A table of what the seeds say, and how far they agree; parameters and errors as for `rows`."""
    found = rows(reports)
    seeds = sorted(set(map(seed_of, reports)))
    alike = sum(len(row.verdicts) == 1 and "inconclusive" not in row.verdicts for row in found)
    open_cases = [row for row in found if "inconclusive" in row.verdicts and not row.contradictory]
    decided = sum(row.pooled is not None and row.pooled[1] != Verdict.INCONCLUSIVE for row in open_cases)
    said = f"""{len(found)} cases ran at two seeds or more, at {as_text(reports[0].run.scale)} scale.

- {alike} have the same verdict, supported or refuted, at every seed that ran them.
- {len(open_cases)} are undecided at some seed or at all; over the trials of all seeds {decided} of these are decided.
- {sum(row.contradictory for row in found)} are supported at one seed and refuted at another.

✓ supported, ✗ refuted, ◇ inconclusive, (c) a control did not come out; effect and 99.9 % interval. Empty: not run, or
no mean over trials.
"""
    header = ("claim", "case", *(f"seed {seed}" for seed in seeds), "all trials")
    lines = [
        (
            " ".join(row.name[:2]),
            f"{row.name[2].removeprefix('test_')}: {row.name[3]}",
            *(_cell(row.cases.get(seed)) for seed in seeds),
            _pooled_cell(row),
        )
        for row in found
    ]
    return said + "\n" + table(header, lines, most=None) + "\n"


def write(reports: Sequence[Report], file: Path) -> None:
    """Write that table; parameters and errors as for `rows`, and ReportError where the file cannot be written."""
    text = markdown(reports)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{file}: cannot be written: {error.strerror or error}") from error


def _cell(case: Case | None) -> str:
    if case is None:
        return ""
    numbers = _numbers(case.effect, *(case.interval or (None, None)))
    text = f"{status(case.verdict, None).shape} {numbers}"
    return text + (" (c)" if controls_failed(case) else "")


def _pooled_cell(row: Row) -> str:
    if row.pooled is None:
        return ""
    estimate, verdict = row.pooled
    return f"{status(verdict.value, None).shape} {_numbers(estimate.value, estimate.low, estimate.high)}"


def _numbers(effect: float | None, low: float | None, high: float | None) -> str:
    first, *ends = ("∞" if number is None else f"{number:.3g}" for number in (effect, low, high))
    return f"{first} [{', '.join(ends)}]"
