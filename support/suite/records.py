"""From a test to its case in the report: what is known before it runs, and what came out."""

from __future__ import annotations

import inspect
import warnings
from typing import cast

import pytest
from msgspec import structs

from support.cases import Inconclusive, Judge, Refuted
from support.document.build import Identity, Placed, decided, undecided
from support.document.letters import is_plain, plain
from support.document.types import Command, Decision, NotRun, ReadingName
from support.suite.markers import apart_at, departure_of, marked, reading_of
from support.suite.not_run import NOT_RUN
from support.suite.selection import from_checkout
from support.suite.settings import Settings


def identity(item: pytest.Item, settings: Settings) -> Identity:
    """What is known of a case before it runs, with the command that runs it alone.

    Raises
    ------
    ValueError : the item decides no claim.
    """
    claim, asked = marked(item, "claim"), item.config.option.device
    if claim is None:
        raise ValueError(f"{item.nodeid} has no marker claim")
    test = from_checkout(item, settings.root)
    return Identity(
        claim=claim,
        reading=cast("ReadingName", reading_of(item)),  # it was checked when the item was collected
        departure=departure_of(item, settings.scale),
        id=item.callspec.id if hasattr(item, "callspec") else item.name.removeprefix("test_"),
        test=test,
        protocol=_docstring(item),
        command=Command(
            tests=(test,),
            scale=settings.scale,
            seed=settings.seed,
            device=None if asked == "auto" else asked,
            data=None if settings.data is None else str(settings.data),
            model=settings.model,
            features=settings.features,
            only=_only(item, settings.scale),
            recorded=settings.recorded,
        ),
    )


def _only(item: pytest.Item, scale: str | None) -> str | None:
    """The `--only` that a test needs at a scale."""
    apart = apart_at(item, scale)
    return None if apart is None else apart.only


def case_of(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, settings: Settings) -> Placed:
    """The case of a test that ended; one that ended without a verdict is made to fail."""
    own, seconds = identity(item, settings), round(call.duration, 2)
    if (decision := _decision(item, call)) is not None:
        return decided(own, decision, seconds)
    not_run = _not_run(item, report, call)
    if not_run.scale is not None and own.command is not None:
        own = structs.replace(own, command=structs.replace(own.command, only=_only(item, not_run.scale)))
    return undecided(own, not_run, seconds)


def write_out(report: pytest.TestReport) -> None:
    """Let a test's report hold no lone surrogate, which neither xdist nor every terminal can carry, nor steer one.

    What a user's network prints or raises may hold control characters.
    """
    if isinstance(report.longrepr, tuple):
        path, line, said = report.longrepr
        report.longrepr = path, line, plain(said)
    elif not is_plain(report.longreprtext):
        report.longrepr = plain(report.longreprtext)
    report.sections = [(plain(name), plain(text)) for name, text in report.sections]


def write_out_warning(recorded: warnings.WarningMessage) -> None:
    """The same of a warning, as a user's network may give."""
    if isinstance(recorded.message, Warning):
        given = recorded.message.args
        recorded.message.args = tuple(plain(each) if isinstance(each, str) else each for each in given)


def _decision(item: pytest.Item, call: pytest.CallInfo[None]) -> Decision | None:
    """The judge's, unless the test broke down after it had been decided."""
    if call.excinfo is not None and not call.excinfo.errisinstance((Refuted, Inconclusive)):
        return None
    judge = getattr(item, "funcargs", {}).get("judge")
    return judge.decision if isinstance(judge, Judge) else None


def _not_run(item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]) -> NotRun:
    """Why there is no verdict."""
    if report.skipped and (known := item.stash.get(NOT_RUN, None)) is not None:
        return NotRun(why=known.why, reason=known.reason, scale=known.scale, planned=known.planned)
    if report.skipped and isinstance(report.longrepr, tuple):
        return NotRun(why="not asked here", reason=report.longrepr[2].removeprefix("Skipped: "))
    if call.excinfo is not None:
        return NotRun(why="error", reason=f"error, no verdict: {call.excinfo.exconly()[:500]}")
    reason = "error, no verdict: the test ended without asking for one"
    report.outcome, report.longrepr = "failed", reason
    return NotRun(why="error", reason=reason)


def _docstring(item: pytest.Item) -> str:
    module = inspect.getdoc(getattr(item, "module", None)) or ""
    own = inspect.getdoc(getattr(item, "function", None)) or ""
    return f"{own}\n\n{module}".strip()
