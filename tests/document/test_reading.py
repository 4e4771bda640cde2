"""Reports in and out of files: nothing is lost, and what is no report is refused in one sentence."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.document.reading import parse, read
from support.document.types import SCHEMA, Case, Report, ReportError
from support.document.writing import encoded, write
from tests.document.damage import WRONG, Document, Place, damaged, places, refused
from tests.document.generated import REPORTS

searched = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))

# 1. Nothing is lost


@settings(searched, max_examples=40)
@given(REPORTS)
def test_every_report_survives_its_file(tmp_path_factory: pytest.TempPathFactory, report: Report) -> None:
    path = tmp_path_factory.getbasetemp() / "survivor.json"
    write(report, path)
    assert read(path) == report


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path, parsed: Callable[[Document], Report]) -> None:
    path, report = tmp_path / "report.json", parsed({"schema": SCHEMA} | EMPTY)
    write(report, path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(msgspec.structs.replace(report, run=msgspec.structs.replace(report.run, seconds=math.nan)), path)
    assert read(path) == report
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


EMPTY: Document = {"run": {}, "papers": {}, "claims": [], "departures": []}


def test_letters_that_utf_8_has_not_become_question_marks() -> None:
    case = Case(id="bad \udcff name", verdict="supported")
    assert msgspec.json.decode(encoded(case), type=Case).id == "bad ? name"


def test_numbers_of_later_programs_and_fields_of_later_versions_are_passed_over(
    document: Document, parsed: Callable[[Document], Report]
) -> None:
    assert parsed(document | {"later": {"x": 1}}) == parsed(document)


# 2. What is refused


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("schema",), "other/1", "the report's schema must be 'spurious-claims/report/3', .*, got 'other/1'"),
        (("claims",), ..., "report lacks `claims`"),
        (("claims", 1, "id"), ..., r"report.claims\[1\] lacks `id`"),
        (("run", "seed"), "zero", r"report.run.seed: expected `int \| null`, got `str`"),
        (
            ("claims", 0, "readings", 0, "verdict"),
            "true",
            r"report.claims\[0\].readings\[0\].verdict: invalid enum value 'true'",
        ),
        (
            ("claims", 0, "readings", 0, "cases", 0, "interval"),
            [1],
            r"cases\[0\].interval: expected `array` of length 2",
        ),
        (
            ("claims", 0, "readings", 0, "cases", 0, "trials"),
            ["1"],
            r"cases\[0\].trials\[0\]: expected `float \| null`",
        ),
        (
            ("claims", 0, "readings", 0, "cases", 0, "formulas"),
            [{"chapter": "c"}],
            r"cases\[0\].formulas\[0\] lacks `title`",
        ),
        (
            ("claims", 0, "readings", 0, "cases", 2, "not_run"),
            ...,
            r"cases\[2\]: a case that is not run says why in `not_run`, and no other does",
        ),
    ],
)
def test_a_wrong_field_is_named(document: Document, place: Place, value: Any, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        parse(json.dumps(damaged(document, place, value)).encode())


@settings(searched, max_examples=200)
@given(st.data())
def test_a_damaged_report_reads_or_is_refused_in_one_sentence(data: st.DataObject) -> None:
    whole = json.loads(encoded(data.draw(REPORTS)))
    broken = damaged(whole, data.draw(st.sampled_from(list(places(whole)))), data.draw(st.sampled_from([*WRONG, ...])))
    said = refused(json.dumps(broken).encode())
    assert said is None or ("\n" not in said and said.startswith(("the report's schema", "the report is not what")))


@settings(searched, max_examples=60)
@given(REPORTS, st.floats(0, 1, exclude_max=True))
def test_a_report_that_is_cut_short_is_refused(report: Report, share: float) -> None:
    content = encoded(report)
    said = refused(content[: int(share * len(content))])
    assert said is not None
    assert said.startswith("not a complete JSON document: ")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'{"run": ' + b"[" * 100_000, b'{"schema": NaN}'])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    assert (refused(content) or "").startswith("not a complete JSON document: ")
