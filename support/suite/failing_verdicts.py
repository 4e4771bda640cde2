"""What a verdict that fails says in pytest's list of failures: what was found and what to do, and no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.document.build import Placed
from support.document.commands import shell
from support.document.letters import in_one_line
from support.document.statuses import controls_failed, status
from support.document.types import Measured
from support.page.typeset import number
from support.page.verdicts import more_may_tell, numbers, sentence
from support.suite.places import PAGE
from support.suite.strips import WIDTH, axis, strip

# Styles of tracebacks with which pytest's own is kept: they were asked for.
WHOLE = ("long", "native", "line")
SECTION = "the verdict"
_NAMES = 10


def tell(report: pytest.TestReport, call: pytest.CallInfo[None], placed: Placed, title: str, page: Path) -> None:
    """Let the report of a test whose verdict fails say what it found.

    A test that ended by any other exception has no verdict, and keeps its traceback.

    Parameters
    ----------
    placed : the case that the test decided.
    title : of its claim.
    page : the directory of the run's report.
    """
    if not report.failed or placed.case.not_run is not None:
        return
    lines = list(verdict_lines(placed, title, page))
    if call.excinfo is None:  # supported, though registered as not holding: pytest says so itself, in one line
        report.sections.append((SECTION, "\n".join(lines)))
    else:
        # As text of an entry, so that what stands in pytest's last list stays the exception's own line.
        shown = call.excinfo.getrepr(style="value", chain=False)
        entry = shown.reprtraceback.reprentries[-1]
        entry.lines = lines
        report.longrepr = shown


def shows_all(config: pytest.Config) -> bool:
    """Whether whole tracebacks were asked for (`--full-trace`, `--tb=long`)."""
    return bool(config.getoption("fulltrace", False)) or config.getoption("tbstyle", "auto") in WHOLE


def verdict_lines(placed: Placed, title: str, page: Path) -> Iterator[str]:
    """Claim, reading and case, what was measured, where it lies, and what to do next; one line each."""
    return map(in_one_line, _verdict_lines(placed, title, page))


def _verdict_lines(placed: Placed, title: str, page: Path) -> Iterator[str]:
    case = placed.case
    words = status(case.verdict, case.departure).words
    yield f"{placed.claim} {placed.reading} [{case.id}] {words}: {title}"
    yield sentence(case)
    yield ""
    yield from _measured(case)
    if case.look is not None:
        yield _row("trials", f"{case.look.trials} of a budget of {case.look.budget}")
    for control in controls_failed(case):
        yield ""
        yield _row("control", f"{control.name}: expected {control.expected}, came out {control.verdict}")
        yield from _measured(control)
    yield ""
    yield from _next_steps(placed, page)


def _measured(row: Measured) -> Iterator[str]:
    """The numbers, and a strip of them."""
    yield from (_row(name, text) for name, text in numbers(row))
    if row.interval is None or row.region is None:
        return
    region = row.region.low, row.region.high
    shown = axis(row.effect, row.interval, region)
    holds, found = strip(row.effect, row.interval, region, shown)
    left, right = number(shown[0]), number(shown[1])
    yield _row("", holds + "  where the claim holds")
    yield _row("", found + "  what was found")
    yield _row("", left + right.rjust(WIDTH - len(left)))


def _next_steps(placed: Placed, page: Path) -> Iterator[str]:
    case = placed.case
    if case.command is not None:
        yield _row("alone", shell(case.command))
        if more_may_tell(case) and not case.command.recorded:
            yield _row("go on", f"{shell(case.command)} --until-decided")
    yield _row("read on", f"{page / PAGE}#{placed.claim}")


def _row(name: str, text: str) -> str:
    return f"  {name:{_NAMES}}{text}"
