"""Numbers that cannot be are refused with their place: by bounds, as the JSON Schema says, or by other fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.document.first_schema import FIRST
from support.document.reading import parse, read
from support.document.schema import FILE
from support.document.types import ReportError
from tests.document.damage import Document, Place, damaged, refused

CASE: Place = ("claims", 0, "readings", 0, "cases", 0)
SAID = "the report is not what its schema says: report"
AT = f"{SAID}.claims[0].readings[0].cases[0]"
MEASURE = {"name": "share", "low": 0, "high": 1, "route": "bounded", "margin": 0.05}
ANSWER = {"answer": "same", "worse": "higher", "measure": "score"}
CHANGE = {"claim": "A-01", "reading": "sound", "case": "x", "kind": "unchanged", "text": "t", "regression": False}
COMPARISON = {
    "baseline": {"file": "b.json"},
    "comparable": True,
    "answer": "same",
    "changes": [CHANGE | {"answer": ANSWER}],
}


def refusal(document: Document, place: Place, value: Any) -> str:
    """What reading says of a report with another value at a place."""
    return refused(json.dumps(damaged(document, place, value)).encode()) or ""


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("run", "seed"), -1, f"{SAID}.run.seed: expected `int` >= 0"),
        (("run", "seed"), 2**63, f"{SAID}.run.seed: expected `int` <= 9223372036854775807"),
        (("run", "seconds"), -0.1, f"{SAID}.run.seconds: expected `float` >= 0.0"),
        (("run", "scale"), "huge", f"{SAID}.run.scale: expected `str` matching regex '^(quick|standard|paper)$"),
        (("run", "scale"), "quick\n", f"{SAID}.run.scale: expected `str` matching regex"),
        ((*CASE, "level"), 1, f"{AT}.level: expected `float` < 1.0"),
        ((*CASE, "level"), 0, f"{AT}.level: expected `float` > 0.0"),
        ((*CASE, "power"), 90, f"{AT}.power: expected `float` <= 1.0"),
        ((*CASE, "resolution"), -0.01, f"{AT}.resolution: expected `float` >= 0.0"),
        ((*CASE, "look"), {"trials": -1, "budget": 8}, f"{AT}.look.trials: expected `int` >= 0"),
        ((*CASE, "look"), {"trials": 10, "budget": 10**9}, f"{AT}.look.budget: expected `int` <= 1000000"),
        ((*CASE, "measure"), MEASURE | {"margin": 0}, f"{AT}.measure.margin: expected `float` > 0.0"),
        ((*CASE, "controls", 0, "kind"), "sideways", f"{AT}.controls[0].kind: invalid enum value 'sideways'"),
        (
            (*CASE, "signs"),
            [{"name": "n", "found": "f", "healthy": True, "expected": "e", "clean_accuracy": 97.1}],
            f"{AT}.signs[0].clean_accuracy: expected `float` <= 1.0",
        ),
        (("claims", 0, "readings", 0, "tested"), -2, f"{SAID}.claims[0].readings[0].tested: expected `int` >= 0"),
        (("comparison",), COMPARISON | {"counts": {"same": -1}}, f"{SAID}.comparison.counts[...]: expected `int` >= 0"),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_the_schema_too(
    document: Document, place: Place, value: Any, message: str
) -> None:
    schema = Draft202012Validator(json.loads(FILE.read_text(encoding="utf-8")))
    assert refusal(document, place, value).startswith(message)
    assert schema.is_valid(document)
    assert not schema.is_valid(damaged(document, place, value))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("run", "started"), "yesterday", f"{SAID}.run.started: 'yesterday' is no date"),
        (
            ("run", "started"),
            "2026-02-30T00:00:00+00:00",
            f"{SAID}.run.started: '2026-02-30T00:00:00+00:00' is no date",
        ),
        ((*CASE, "interval"), [0.2, 0.1], f"{AT}.interval: its low end 0.2 is above its high end 0.1"),
        ((*CASE, "controls", 0, "interval"), [1, -1], f"{AT}.controls[0].interval: its low end 1 is above"),
        ((*CASE, "region"), {"low": 1, "high": 0}, f"{AT}.region: its low end 1 is above its high end 0"),
        ((*CASE, "measure"), MEASURE | {"high": 0}, f"{AT}.measure: a range needs a low end below its high end, got 0"),
        ((*CASE, "measure"), MEASURE | {"high": None}, f"{AT}.measure: by the route 'bounded' a range has two ends"),
        (
            (*CASE, "measure"),
            MEASURE | {"route": "share", "high": 2},
            f"{AT}.measure: the range of a share is from 0 to 1",
        ),
        ((*CASE, "measure"), MEASURE | {"route": "share"}, f"{AT}.trials[0]: a trial of a share is 0 or 1, got -0.1"),
        (
            (*CASE, "look"),
            {"trials": 12, "budget": 16},
            f"{AT}.look.trials: it says 12, and there are 10 trials",
        ),
        ((*CASE, "look"), {"trials": 8, "budget": 16}, f"{AT}.look.trials: it says 8, and there are 10 trials"),
        (
            (*CASE, "exclusions"),
            [{"rule": "r", "dropped": 5, "trials": 4}],
            f"{AT}.exclusions[0].dropped: 5 of 4 trials cannot be left out",
        ),
        (
            (*CASE, "sources"),
            {"computed": 2, "read": [{"trials": 3}], "rechecked": 6},
            f"{AT}.sources.rechecked: 6 of 5 trials cannot be",
        ),
        ((*CASE, "panels", 0, "y_range"), [1, 0], f"{AT}.panels[0].y_range: its low end 1 is above its high end 0"),
        (
            (*CASE, "panels", 0, "lines", 0, "trials", 1),
            [1, 2, 3, 4],
            f"{AT}.panels[0].lines[0].trials[1]: it has 4 values over 3 places",
        ),
        (
            ("claims", 0, "readings", 0, "tested"),
            7,
            f"{SAID}.claims[0].readings[0].tested: 7 of 3 settings cannot be tested",
        ),
        (("claims", 1, "id"), "A-01", f"{SAID}.claims[1]: it stands there twice, first as claims[0]"),
        ((*CASE[:-1], 1, "id"), "h1+h2", ""),  # of another test
        (
            ("claims", 2, "readings", 1, "reading"),
            "printed",
            f"{SAID}.claims[2].readings[1]: it stands there twice, first as readings[0]",
        ),
        (
            ("comparison",),
            COMPARISON | {"counts": {"worse": 1}},
            f"{SAID}.comparison.counts: it counts 1 'worse', and 0 changes say so",
        ),
        (
            ("comparison",),
            COMPARISON | {"changes": [CHANGE | {"moved": [1, 0]}]},
            f"{SAID}.comparison.changes[0].moved: its low end 1 is above",
        ),
        (
            ("comparison",),
            COMPARISON | {"changes": [CHANGE | {"answer": ANSWER | {"paired": 3, "clipped": 4}}]},
            f"{SAID}.comparison.changes[0].answer.clipped: 4 of 3 moves cannot be clipped",
        ),
    ],
)
def test_what_cannot_be_true_together_is_refused(document: Document, place: Place, value: Any, message: str) -> None:
    document["claims"][0]["readings"][0]["cases"][0]["measure"] = MEASURE | {"low": -1}
    assert refusal(document, place, value).startswith(message)


@pytest.mark.parametrize(
    ("name", "place"),
    [("cases", CASE[:-1]), ("controls", (*CASE, "controls")), ("departures", ("departures",))],
)
def test_what_is_named_stands_there_once(document: Document, name: str, place: Place) -> None:
    part: Any = document
    for key in place:
        part = part[key]
    part.append(deepcopy(part[0]))
    said = refused(json.dumps(document).encode()) or ""
    assert said.endswith(f"{name}[{len(part) - 1}]: it stands there twice, first as {name}[0]")


def test_trials_that_were_left_out_may_be_missing(document: Document, parsed: Callable[[Document], Any]) -> None:
    case = document["claims"][0]["readings"][0]["cases"][0]
    case |= {
        "measure": MEASURE,
        "look": {"trials": 12, "budget": 16},
        "exclusions": [{"rule": "r", "dropped": 2, "trials": 12}],
    }
    assert parsed(document).claims[0].readings[0].cases[0].look.trials == 12


def test_the_place_is_the_last_that_is_named(document: Document) -> None:
    """A wrong value may hold the words that stand before a place."""
    said = refusal(document, (*CASE, "verdict"), "x - at `$.forged`")
    assert said.startswith(f"{AT}.verdict: invalid enum value 'x - at `$.forged`'")


@pytest.mark.parametrize("value", ["\x1b[2J", "a\nFAILED b", "\u202ea", "x" * 100_000])
def test_a_refusal_is_one_short_line(document: Document, value: str) -> None:
    said = refusal(document, (*CASE, "verdict"), value)
    assert said.startswith(f"{AT}.verdict: invalid enum value") or len(value) > 1000
    assert said.isprintable()
    assert len(said) <= 1001


def test_a_name_of_a_file_stays_a_name(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as told:
        read(tmp_path / "a\nFAILED \x1b[2J\udcff.json")
    assert str(told.value).isprintable()
    assert r"a FAILED \u001b[2J\udcff.json: cannot read the report: No such file" in str(told.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": f"about {'9' * 5000} trials decide it", "verdict": "not run"},
        {"method": f"largest of {'9' * 5000} conditions"},
        {"command": f"pytest a --seed {'9' * 5000}"},
        {"command": "pytest a --seed ²"},
    ],
)
def test_numbers_in_words_of_the_first_schema_may_be_too_long_for_any(changes: Document) -> None:
    assert of_the_first_schema(changes) is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"command": "pytest a --scale huge"}, "command.scale"),
        ({"command": f"pytest a --seed {2**63}"}, "command.seed"),
        ({"reason": "it is run at --scale huge", "verdict": "not run"}, "not_run.scale"),
        ({"sizes": {"trials": True, "budget of trials": 2}}, "look.trials"),
        ({"sizes": {"trials": -1, "budget of trials": 2}}, "look.trials"),
    ],
)
def test_earlier_schemas_are_held_to_the_same_bounds(changes: Document, place: str) -> None:
    assert (of_the_first_schema(changes) or "").startswith(f"{AT}.{place}: expected")


def of_the_first_schema(changes: Document) -> str | None:
    """What reading says of a report of schema 1."""
    reading = {"reading": "sound", "verdict": "supported", "cases": [{"id": "x", "verdict": "supported"} | changes]}
    claim = {"id": "A-01", "paper": "A", "title": "t", "statement": "s", "readings": [reading]}
    whole = {"schema": FIRST, "run": {}, "papers": {}, "claims": [claim], "errata": []}
    return refused(json.dumps(whole).encode())


@pytest.mark.parametrize("folder", ["quick", "standard", "paper"])
def test_what_is_published_is_read(folder: str) -> None:
    path = Path(__file__).parents[2] / "reports" / folder / "report.json"
    assert parse(path.read_bytes()).run.scale == folder
