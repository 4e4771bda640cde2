"""The JSON Schema that is shipped: made from the types, and true of what the suite writes and publishes."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from support.document.reading import read
from support.document.schema import FILE, json_schema
from support.document.types import Report
from tests.document.generated import REPORTS

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_shipped_schema_is_made_from_the_types() -> None:
    assert FILE.read_text(encoding="utf-8") == json_schema(), "write it anew: python -m support.document.schema"


def test_reports_are_valid(validator: Draft202012Validator, document: dict[str, Any]) -> None:
    validator.validate(document)  # absent fields
    published = read(REPOSITORY / "reports" / "quick" / "report.json")
    few = msgspec.structs.replace(published, claims=published.claims[:6])  # the validator takes its time
    validator.validate(json.loads(msgspec.json.encode(few)))


@settings(derandomize=True, database=None, deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(REPORTS)
def test_every_report_is_valid(validator: Draft202012Validator, report: Report) -> None:
    validator.validate(json.loads(msgspec.json.encode(report)))


@pytest.mark.parametrize("report", [[], {}, "report", {"schema": "spurious-claims/report/1"}])
def test_what_is_no_report_is_not(validator: Draft202012Validator, report: Any) -> None:
    assert not validator.is_valid(report)


def test_fields_of_later_versions_are_allowed(validator: Draft202012Validator, document: dict[str, Any]) -> None:
    document["later"] = document["run"]["later"] = {"x": 1}
    validator.validate(document)
