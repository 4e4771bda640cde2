"""The JSON Schema that is shipped: the same as the suite's own check, on every field and every mistake."""

import json
from collections.abc import Iterator
from copy import deepcopy
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.report.schema import (
    CHANGES,
    DIRECTIONS,
    OBJECTS,
    SCHEMA,
    SIDES,
    VERDICTS,
    ReportError,
    complete,
    json_schema,
)

ANEW = "python -c 'from support.report.schema import json_schema; print(json_schema(), end=\"\")'"
WRONG: tuple[Any, ...] = (None, True, 3, 0.5, "text", [], [1.5], [1, None], ["text"], {}, {"a": "b"}, [[1]])
VALUES: dict[str, Any] = {
    "text": "words",
    "flag": True,
    "object": {"N": 3},
    "number": 0.5,
    "value": None,
    "values": [1, None],
    "interval": [None, 2],
    "verdict": VERDICTS[0],
    "side": SIDES[0],
    "change_kind": CHANGES[0],
    "direction": DIRECTIONS[0],
}


def specimen(kind: str) -> Any:
    """A value of this kind with every field that there is."""
    if kind.startswith("["):
        return [specimen(kind[1:-1])]
    if kind.startswith("{"):
        return {"name": specimen(kind[1:-1])}
    if kind in VALUES:
        return VALUES[kind]
    return {field.removesuffix("?"): specimen(part) for field, part in OBJECTS[kind].items()}


FULL = {"schema": SCHEMA} | specimen("report")


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    text = resources.files("support.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def accepted(document: Any) -> bool:
    try:
        complete(document)
    except ReportError:
        return False
    return True


def mutations(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Copies of the full report with one place replaced or left out, and which."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        place = (*path, key)
        for wrong in WRONG:
            yield place, changed(place, wrong)
        if isinstance(value, dict):
            yield place, changed(place, ...)
        yield from mutations(value[key], place)


def changed(place: tuple[str | int, ...], value: Any) -> Any:
    document = deepcopy(FULL)
    part: Any = document
    for key in place[:-1]:
        part = part[key]
    if value is ...:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return document


def test_the_shipped_schema_is_the_suites_own() -> None:
    shipped = resources.files("support.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    assert shipped == json_schema(), f"write support/report/report.schema.json anew: {ANEW}"


def test_reports_are_valid(validator: Draft202012Validator, document: dict[str, Any]) -> None:
    for report in (document, FULL):
        validator.validate(report)
        assert accepted(report)
        validator.validate({"schema": SCHEMA} | complete(report))  # absent fields as null


def test_both_refuse_the_same_mistakes(validator: Draft202012Validator) -> None:
    refused = 0
    for place, mutated in mutations(FULL):
        valid = validator.is_valid(mutated)
        assert valid == accepted(mutated), (place, mutated)
        refused += not valid
    assert refused > 1000


@pytest.mark.parametrize("report", [[], {}, "report", {"schema": "spurious-claims/report/2"}, {"schema": SCHEMA}])
def test_both_refuse_what_is_no_report(validator: Draft202012Validator, report: Any) -> None:
    assert not validator.is_valid(report)
    assert not accepted(report)


def test_fields_of_later_versions_are_passed_over(validator: Draft202012Validator, document: dict[str, Any]) -> None:
    document["later"] = document["run"]["later"] = {"x": 1}
    validator.validate(document)
    assert "later" not in complete(document)
