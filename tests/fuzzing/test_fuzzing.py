"""Reports of others through everything that reads them: one sentence or a right document, whatever they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzing.documents import KINDS
from tests.fuzzing.trying import RIGHT, tried

few = settings(derandomize=True, database=None, deadline=None, max_examples=4, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=150)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzing") / "report.json"


def _try(kind: str, data: st.DataObject, file: Path) -> None:
    reports, must_be_read = KINDS[kind]
    for found in tried(data.draw(reports), must_be_read, file):
        assert found.outcome in RIGHT, f"{found.reader}: {found.outcome}\n{found.why}"


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_a_report_is_refused_in_a_sentence_or_shown_as_it_is(kind: str, file: Path, data: st.DataObject) -> None:
    _try(kind, data, file)


@pytest.mark.long("hundreds of reports of every kind")
@pytest.mark.parametrize("kind", KINDS)
@many
@given(data=st.data())
def test_many_reports_are(kind: str, file: Path, data: st.DataObject) -> None:
    _try(kind, data, file)
