"""Reports in and out of files: nothing is lost, and what is no report is refused in one sentence."""

import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.document.reading import parse, read
from support.document.types import SCHEMA, Case, Report, ReportError
from support.document.writing import as_read, encoded, write
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


def test_letters_that_utf_8_has_not_are_written_out() -> None:
    """A pair of halves too: together they would be read as another letter."""
    case = Case(id="bad \udcff name, \ud83d\ude00", verdict="supported", sizes={"\udc80": "\ud800"})
    read_again = msgspec.json.decode(encoded(case), type=Case)
    assert read_again.id == r"bad \udcff name, \ud83d\ude00"
    assert read_again.sizes == {r"\udc80": r"\ud800"}
    assert msgspec.json.decode(encoded(read_again), type=Case) == read_again


def test_what_is_drawn_says_what_the_file_says(tmp_path: Path, parsed: Callable[[Document], Report]) -> None:
    report = parsed({"schema": SCHEMA} | EMPTY)
    named = msgspec.structs.replace(report, run=msgspec.structs.replace(report.run, command="pytest b\udcff"))
    write(named, tmp_path / "report.json")
    assert as_read(named) == read(tmp_path / "report.json")
    assert as_read(named).run.command == r"pytest b\udcff"


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


@settings(searched, max_examples=50)
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


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\xff\xfe", "byte 0 is not UTF-8"),
        (b'{"schema": "\xed\xb3\xbf"}', "byte 12 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "Unexpected UTF-8 BOM"),
        (b'{"run": ' + b"[" * 100_000, "it is nested too deeply"),
        (b'{"run": ' + b'{"a":' * 100_000, "it is nested too deeply"),
        (b"{'run': 1}", "Expecting property name enclosed in double quotes: line 1 column 2"),
        (b'{"run": Infinit}', "Expecting value: line 1 column 9"),
    ],
)
def test_what_is_no_json_is_refused(content: bytes, why: str) -> None:
    said = refused(content) or ""
    assert said.startswith(f"not a complete JSON document: {why}")
    assert "\n" not in said


BEYOND = "is beyond ±1e+150, which no figure shows"


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        ("run.seed", "1" + "0" * 400, f"run.seed: a number of 401 digits {BEYOND}"),
        ("run.seed", "-1" + "0" * 400, f"run.seed: a number of 401 digits {BEYOND}"),
        ("run.seed", "9" * 5000, f"run.seed: a number of 5,000 digits {BEYOND}"),
        ("run.seconds", "1e400", f"run.seconds: 1e400 {BEYOND}"),
        ("run.seconds", "-1.5E+151", f"run.seconds: -1.5E+151 {BEYOND}"),
        ("run.seconds", "NaN", "run.seconds: NaN is no number"),
        ("run.seconds", "Infinity", "run.seconds: Infinity is no number"),
        ("run.seconds", "-Infinity", "run.seconds: -Infinity is no number"),
        ("run.later.x", "NaN", "run.later.x: NaN is no number"),  # what other programs read too
        ("claims[1].title", r'"a \udcff b"', "claims[1].title: half of a surrogate pair is no text"),
        ("claims[1].title", r'"\uDE00\uD83D"', "claims[1].title: half of a surrogate pair is no text"),
        ("run.versions", r'{"\ud800": "1"}', "run.versions: half of a surrogate pair is no name"),
        ("run.versions", '{"a": "1", "a": "1"}', "run.versions.a: stands there twice"),
        ("run.versions", '{"a b": "1", "a b": "1"}', 'run.versions."a b": stands there twice'),
        ("claims[0].id", '"A-01", "id": "A-01"', "claims[0].id: stands there twice"),
    ],
)
def test_what_programs_read_differently_is_refused_with_its_place(
    document: Document, place: str, text: str, message: str
) -> None:
    keys: list[str | int] = [int(key) if key.isdigit() else key for key in re.findall(r"\w+", place)]
    if "later" in keys:
        document["run"]["later"] = {}
    part: Any = document
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = "@@"
    said = refused(json.dumps(document).replace('"@@"', text).encode())
    assert said == f"the report is not what its schema says: report.{message}"


def test_a_pair_of_surrogates_is_a_letter(document: Document) -> None:
    document["claims"][0]["title"] = "@@"
    content = json.dumps(document).replace("@@", r"\ud83d\ude00 and \\udcff").encode()
    assert parse(content).claims[0].title == "\U0001f600 and \\udcff"


def test_a_seed_of_63_bits_and_small_numbers_are_read(document: Document) -> None:
    document["run"] |= {"seed": 2**63 - 1, "seconds": 1e-300}
    run = parse(json.dumps(document).encode()).run
    assert (run.seed, run.seconds) == (2**63 - 1, 1e-300)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("directory", "Is a directory"),
        ("pipe", "it is no file, but a device or a pipe"),
        ("device", "it is no file, but a device or a pipe"),
        ("loop", "Too many levels of symbolic links"),
        ("long", "File name too long"),
        ("huge", "it has 200,000,000 bytes, and a report at most 64,000,000"),
    ],
)
def test_what_is_no_file_of_a_report_is_refused_unread(kind: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "long":
        path = tmp_path / ("a" * 300)
    else:
        with path.open("wb") as file:
            file.truncate(200_000_000)  # a hole, which takes no room
    with pytest.raises(ReportError) as told:
        read(path)
    assert str(told.value) == f"{path}: cannot read the report: {why}"
