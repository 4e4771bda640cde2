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


def test_the_end_is_one_table_by_paper(document: dict[str, Any], tmp_path: Path) -> None:
    """The cases of the report that this project's tests have, counted by hand."""
    for reading in document["claims"][2]["readings"]:
        for case in reading["cases"]:
            case["departure"] = reading["departure"]
    report = parse(json.dumps(document).encode())
    lines = list(claim_lines(run_of(report, report, tmp_path)))
    assert lines[:7] == [
        "readings                 paper A  paper B  in all",
        "supported                      2        1       3",
        "supported in part              1        0       1",
        "refuted, as registered         1        0       1",
        "refuted, not registered        1        0       1",
        "inconclusive                   1        0       1",
        "not run                        0        1       1",
    ]
    assert lines[7] == "1 inconclusive, 2 not run, 2 refuted (1 by errata), 5 supported of 10 cases"
    refuted, undecided = lines[8:10]
    assert refuted == (
        "  A-04 published [h1+h2] refuted; change of spurious accuracy per decade of N = 0.01 [−0.01, 0.03], the claim "
        "holds for effects falls by more than 0.02 per decade"
    )
    assert undecided.startswith("  A-05 printed [h1+h2] inconclusive; ")
    assert lines[10:14] == [
        "  A-01 printed [mnist] not run: needs --scale paper",
        "  B-01 printed [ResNet] not run: needs --scale paper",
        "  refuted as registered: A-03 printed (as erratum E-1 says)",
        "  supported in part: A-01 printed (2 of 3)",
    ]


def test_what_no_paper_asks_is_counted_apart(document: dict[str, Any], tmp_path: Path) -> None:
    report = parse(json.dumps(document).encode())
    run = run_of(report, report, tmp_path)
    run.extensions = frozenset({"A-01", "A-02"})
    table = list(claim_lines(run))[:7]
    assert table[0] == "readings                 paper A  paper B  this suite  in all"
    # A-02 is one of two that hold, A-01 the one that holds in part.
    assert table[1].split()[-4:] == ["1", "1", "1", "3"]
    assert table[2].split()[-4:] == ["0", "0", "1", "1"]


def test_however_many_cases_there_are_the_end_is_short(
    document: dict[str, Any], make_case: Any, tmp_path: Path
) -> None:
    reason = {"why": "not asked here", "planned": 96}
    idle = [
        make_case("not run", f"idle {number}", not_run=reason | {"reason": f"about {number} trials decide it"})
        for number in range(40)
    ]
    document["claims"][0]["readings"][0]["cases"] = [
        *(make_case("refuted", f"refuted {number}") for number in range(10, 40)),
        *(make_case("not run", f"wrecked {n}", not_run={"why": "error", "reason": f"error {n}"}) for n in range(3)),
        *idle,
    ]
    slip = document["claims"][3]
    slip["readings"][0]["cases"] = [
        make_case("refuted", f"known {number}", departure="F-1", effect=0.01, interval=[-0.01, 0.03])
        for number in range(9)
    ]
    document["claims"] += [slip | {"id": f"A-{number}"} for number in range(11, 31)]
    document["run"]["notes"] = [f"note {number}" for number in range(50)]
    report = parse(json.dumps(document).encode())
    lines = list(claim_lines(run := run_of(report, report, tmp_path)))
    first = next(number for number, line in enumerate(lines) if line.startswith("  A-01"))
    assert first <= 9  # the table, and how many cases there are
    assert [line.split("]")[0] for line in lines[first : first + 5]] == [
        *(f"  A-01 printed [wrecked {number}" for number in range(3)),
        *(f"  A-01 printed [refuted {number}" for number in (10, 11)),
    ]
    # What the sample has beside these: a refuted reading without a departure, and an inconclusive one.
    assert lines[first + 5] == "  and 30 more in the report"
    assert lines[first + 6] == "  not run: 40 need more trials than their budget; 1: needs --scale paper"
    known = ", ".join(f"A-{number} published (as finding F-1 says)" for number in ("04", 11, 12, 13, 14, 15))
    assert lines[first + 7] == f"  refuted as registered: {known}, and 15 more in the report"
    # The remarks of a run stand among its notes, and so do its failures, which are told in full beside the report.
    assert lines[-5:] == [
        *(f"  model under test: note {number}" for number in range(4)),
        "  and 96 more in the report",
    ]
    assert len(lines) <= 9 + 14
    assert sum(line.startswith("FAILED: ") for line in report_lines(run)) == 50


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
