"""Reports of others through everything that reads them: one sentence or a right document, whatever they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzzing.documents import KINDS
from tests.fuzzing.readers import page
from tests.fuzzing.trying import RIGHT, tried

few = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=4,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
many = settings(few, max_examples=30, phases=[Phase.generate, Phase.shrink])


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


@pytest.mark.parametrize("number", [0.0, 5e-324, -1e-310, 2.3e-308, 1e-301, 1e-299, -1e150])
@pytest.mark.parametrize("other", [0.0, 5e-324, 1e-305, 1.0, 1e150])
def test_numbers_at_the_ends_of_what_a_computer_has_are_drawn(
    document: dict[str, Any], number: float, other: float, file: Path
) -> None:
    low, high = sorted((number, other))
    case = document["claims"][0]["readings"][0]["cases"][0]
    case |= {"effect": number, "interval": [low, high], "region": {"low": low, "high": high}, "trials": [number, other]}
    case["controls"][0] |= {"effect": other, "interval": [None, low], "region": {"low": None, "high": number}}
    lines = [case["panels"][0]["lines"][0] | {"x": [number, other], "trials": [[number, other]]}]
    case["panels"] = [
        case["panels"][0] | {"panel": f"{scale} {ends}", "x_scale": scale, "y_range": ends, "lines": lines}
        for scale in ("log", "linear")
        for ends in ([low, high], None)
    ]
    document["claims"] = document["claims"][:1]
    file.write_text(json.dumps(document), encoding="utf-8")
    page(file)


@pytest.mark.long("thirty reports of every kind")
@pytest.mark.parametrize("kind", KINDS)
@many
@given(data=st.data())
def test_many_reports_are(kind: str, file: Path, data: st.DataObject) -> None:
    _try(kind, data, file)
