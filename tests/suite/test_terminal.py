"""Lines of the terminal: one line each, whatever reasons, names, files, exceptions and warnings say."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from support.comparing.comparison import compare
from support.document.reading import parse
from support.suite.records import write_out, write_out_warning
from support.suite.terminal import claim_lines, comparison_lines, report_lines
from tests.fuzzing.oracles import orders, require_lines
from tests.fuzzing.readers import run_of

ORDERS = "\x1b[2J\x1b[31mred\rforged\nFAILED: forged\u2028\u202e"
SEEN = r"\u001b[2J\u001b[31mred forged FAILED: forged \u202e"


def test_reasons_names_and_notes_are_one_line(document: dict[str, Any], tmp_path: Path) -> None:
    why = {"why": "error", "reason": f"error, no verdict: ValueError: {ORDERS}"}
    document["claims"][5]["readings"][0]["cases"][0] |= {"id": ORDERS, "not_run": why}
    document["run"]["notes"] = [ORDERS]
    report = parse(json.dumps(document).encode())
    lines = [*claim_lines(run := run_of(report, report, tmp_path)), *report_lines(run)]
    require_lines(lines)
    assert f"  B-01 printed [{SEEN}] not run: error, no verdict: ValueError: {SEEN}" in lines
    assert f"  model under test: {SEEN}" in lines
    assert f"FAILED: {SEEN}" in lines
    assert [line for line in lines if line.startswith("FAILED")] == [f"FAILED: {SEEN}"]


def test_a_baseline_of_others_is_one_line_each(document: dict[str, Any], tmp_path: Path) -> None:
    after = parse(json.dumps(document).encode())
    case = document["claims"][0]["readings"][0]["cases"][0]
    case |= {"verdict": "refuted", "effect_label": ORDERS, "reason": ORDERS}
    document["run"]["model"] = ORDERS
    before = parse(json.dumps(document).encode())
    compared = replace(after, comparison=compare(after, before, f"reports/{ORDERS}.json"))
    lines = list(comparison_lines(run_of(compared, before, tmp_path)))
    require_lines(lines)
    assert any(line.startswith(f"  baseline reports/{SEEN}.json (scale quick, seed 0); ") for line in lines)
    assert any(f"another effect is measured, it was {SEEN}" in line for line in lines)
    assert any(f"the baseline's {SEEN}: moves are" in line for line in lines)


def test_what_a_network_raises_prints_and_warns_of_steers_no_terminal() -> None:
    report = pytest.TestReport(
        "test_x.py::test_y", ("test_x.py", 1, "test_y"), {}, "failed", f"E  {ORDERS}", "call", [("Captured", ORDERS)]
    )
    write_out(report)
    for text in (report.longreprtext, report.sections[0][1]):
        assert set(orders(text)) == {"\n"}
        assert r"\u001b[2J\u001b[31mred\u000dforged" in text
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        warnings.warn(ORDERS, stacklevel=1)
    write_out_warning(recorded[0])
    assert set(orders(str(recorded[0].message))) == {"\n"}
