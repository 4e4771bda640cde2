"""From a test to its case in the report: what is known before it runs, and what came out."""

from __future__ import annotations

import inspect
import json
import shlex
from typing import Any

import pytest

from support.suite.markers import marked, reading_of
from support.suite.settings import Settings


def identity(item: pytest.Item, settings: Settings) -> dict[str, Any]:
    """What is known of a case before it runs, with the command that runs it alone."""
    device = [] if item.config.option.device == "auto" else ["--device", item.config.option.device]
    data = [] if settings.data is None else ["--data", str(settings.data)]
    own = [part for name in ("model", "features") if (text := getattr(settings, name)) for part in (f"--{name}", text)]
    options = [*device, *data, *own, *(["--recorded"] if settings.recorded else [])]
    return {
        "claim": marked(item, "claim"),
        "reading": reading_of(item),
        "erratum": marked(item, "erratum"),
        "id": item.callspec.id if hasattr(item, "callspec") else item.name.removeprefix("test_"),
        "test": item.nodeid,
        "protocol": _docstring(item),
        "command": shlex.join(
            ["pytest", item.nodeid, "--scale", settings.scale, "--seed", str(settings.seed), *options]
        ),
    }


def case_text(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, settings: Settings) -> str:
    """The case of a test that ended, as JSON text; one that ended without a verdict is made to fail."""
    record = _decided(item, call) or _undecided(report, call)
    case = record | identity(item, settings) | {"seconds": round(call.duration, 2)}
    return json.dumps(case, allow_nan=False)


def _decided(item: pytest.Item, call: pytest.CallInfo[None]) -> dict[str, Any] | None:
    """The judge's record, unless the test broke down after it had been decided."""
    from support.cases import Inconclusive, Refuted

    if call.excinfo is not None and not call.excinfo.errisinstance((Refuted, Inconclusive)):
        return None
    judge = getattr(item, "funcargs", {}).get("judge")
    record: dict[str, Any] | None = judge.record if judge is not None else None
    return record


def _undecided(report: pytest.TestReport, call: pytest.CallInfo[None]) -> dict[str, Any]:
    from support.report.document import undecided

    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ").removeprefix("not run: ")
    elif call.excinfo is not None:
        reason = f"error, no verdict: {call.excinfo.exconly()[:500]}"
    else:
        reason = "error, no verdict: the test ended without asking for one"
        report.outcome = "failed"
        report.longrepr = reason
    return undecided(reason)


def _docstring(item: pytest.Item) -> str:
    module = inspect.getdoc(getattr(item, "module", None)) or ""
    own = inspect.getdoc(getattr(item, "function", None)) or ""
    return f"{own}\n\n{module}".strip()
