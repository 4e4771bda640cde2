"""The report as data: the worst case decides a reading, and no registered claim is left out."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from support.register import Register, load_register
from support.report.document import build, not_selected, reading_verdict, undecided, write_json
from support.report.schema import OBJECTS, SCHEMA, complete

RUN = {"complete": True, "scale": "quick", "seed": 0}


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def case(claim: str, verdict: str = "supported", reading: str = "sound", **changes: Any) -> dict[str, Any]:
    test = f"claims/{claim}::{verdict}"
    identity = {"claim": claim, "reading": reading, "erratum": None, "id": verdict, "test": test, "verdict": verdict}
    return undecided("") | identity | changes


# 1. The verdict on a reading


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "not run"], "supported"),
        (["supported", "inconclusive"], "inconclusive"),
        (["inconclusive", "refuted", "supported"], "refuted"),
        (["not run"], "not run"),
        ([], "not run"),
    ],
)
def test_the_worst_case_decides(verdicts: list[str], expected: str) -> None:
    assert reading_verdict(verdicts) == expected
    assert reading_verdict(reversed(verdicts)) == expected


# 2. The document


def test_every_claim_stands_in_the_order_of_the_register(register: Register) -> None:
    last, first = register.claims[-1].id, register.claims[0].id
    built = build(register, [case(last), case(first)], RUN)
    assert built["schema"] == SCHEMA
    document = complete(built)
    assert document["run"]["seed"] == 0
    assert [claim["id"] for claim in document["claims"]] == [claim.id for claim in register.claims]
    assert [erratum["id"] for erratum in document["errata"]] == [erratum.id for erratum in register.errata]
    assert set(document["papers"]) == set(register.papers)
    assert [claim["id"] for claim in document["claims"] if claim["readings"]] == [first, last]


def test_readings_and_cases_are_sorted(register: Register) -> None:
    name = register.claims[0].id
    cases = [
        case(name, "supported"),
        case(name, "refuted"),
        case(name, "refuted", "printed", erratum="E-1"),
        case(name, "inconclusive", "published"),
    ]
    claims = [build(register, order, RUN)["claims"][0] for order in (cases, cases[::-1])]
    assert claims[0] == claims[1]
    readings = claims[0]["readings"]
    assert [(reading["reading"], reading["verdict"], reading["erratum"]) for reading in readings] == [
        ("printed", "refuted", "E-1"),
        ("published", "inconclusive", None),
        ("sound", "refuted", None),
    ]
    assert [entry["id"] for entry in readings[2]["cases"]] == ["refuted", "supported"]


# 3. What has not run


def test_claims_that_have_tests_and_reported_none_are_not_run(register: Register) -> None:
    covered = [claim for claim in register.claims if claim.covered_by]
    added = not_selected(register, [case(covered[0].id)])
    assert [entry["claim"] for entry in added] == [claim.id for claim in covered[1:]]
    assert {(entry["verdict"], entry["reason"]) for entry in added} == {("not run", "not selected in this run")}
    assert added[0]["command"] == f"pytest {' '.join(covered[1].covered_by)}"


def test_a_case_without_a_verdict_has_every_field_of_one() -> None:
    measured = {field.removesuffix("?") for field in OBJECTS["case"]}
    measured -= {"id", "test", "erratum", "protocol", "command", "seconds"}
    assert undecided("why").keys() == measured
    assert undecided("why")["reason"] == "why"


# 4. The file


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_json({"α": 1}, path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"α": 1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"α": math.nan}, path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"α": 1}
