"""Reports of earlier schemas: what they said in words is data, and everything else stays as it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.document.commands import shell
from support.document.first_schema import FIRST
from support.document.reading import parse, read
from support.document.second_schema import SECOND
from support.document.types import Case, Command, Departure, DepartureKind, Look, NotRun, Report
from support.document.walking import every_case
from tests.document.damage import WRONG, damaged, places, refused

REPOSITORY = Path(__file__).parents[2]
CASE: dict[str, Any] = {
    "id": "mnist",
    "test": "claims/test_x.py::test_y[mnist]",
    "verdict": "supported",
    "effect": 0.5,
    "interval": [0.4, None],
    "level": 0.999,
    "method": "bounded sequence over 40 trials",
    "region": {"low": 0.1, "high": None, "label": "above 0.1"},
    "trials": [0.5, None] * 20,
    "measure": {"name": "share", "unit": "", "low": 0, "high": 1, "route": "bounded", "margin": 0.1, "worse": None},
    "controls": [
        {"name": "absent", "expected": "refuted", "verdict": "refuted", "method": "ratio sequence over 40 trials"}
    ],
    "sizes": {"N": [10, 100], "trials": 40, "budget of trials": 160},
    "command": "pytest 'claims/test_x.py::test_y[mnist]' --scale quick --seed 0",
}


def old(**changes: Any) -> dict[str, Any]:
    """A report of schema 1 with one case."""
    reading = {"reading": "sound", "verdict": "supported", "erratum": None, "cases": [CASE | changes]}
    claim = {"id": "A-01", "paper": "A", "title": "t", "statement": "s", "readings": [reading]}
    return {"schema": FIRST, "run": {"seed": 0}, "papers": {}, "claims": [claim], "errata": []}


def second(**changes: Any) -> dict[str, Any]:
    """A report of schema 2 with one case."""
    whole = old(command=None, method=None, **changes)
    whole["claims"][0]["readings"][0]["cases"][0]["look"] = {"trials": 40, "budget": 160}
    return whole | {"schema": SECOND}


def case(**changes: Any) -> Case:
    report = parse(json.dumps(old(**changes)).encode())
    return report.claims[0].readings[0].cases[0]


@pytest.mark.parametrize(
    ("method", "kind", "conditions"),
    [
        ("Student t over 10 independent trials", "mean", None),
        ("near-normal sequence over 24 trials", "mean", None),
        ("share sequence over 40 trials, 1 of them clipped to [0, 1]", "share", None),
        ("ratio of means, Fieller, over 10 independent trials", "ratio", None),
        ("ratio sequence over 40 trials", "ratio", None),
        ("largest of 4 conditions, simultaneous Student t (Bonferroni), 10 trials", "largest", 4),
        ("smallest of 12, near-normal sequence over 24 trials", "smallest", 12),
        ("largest of 50, computed in double precision", "worst", None),
        ("largest of 50, exact arithmetic", "worst", None),
        ("smallest of 50, counted", "smallest", None),
        ("another", None, None),
        (None, None, None),
    ],
)
def test_methods_say_what_the_effect_is(method: str | None, kind: str | None, conditions: int | None) -> None:
    made = case(method=method)
    assert (made.effect_kind, made.conditions, made.method) == (kind, conditions, method)
    assert made.controls[0].effect_kind == "ratio"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("error, no verdict: ValueError: x", NotRun(why="error", reason="error, no verdict: ValueError: x")),
        ("not selected in this run", NotRun(why="not selected", reason="not selected in this run")),
        (
            "the run was interrupted before this case ended",
            NotRun(why="interrupted", reason="the run was interrupted before this case ended"),
        ),
        (
            "the evidence holds 0 of 2 trials (this code, seed 0, cuda) of x",
            NotRun(why="not recorded", reason="the evidence holds 0 of 2 trials (this code, seed 0, cuda) of x"),
        ),
        (
            "n = 3 is trained at --scale standard only",
            NotRun(why="not asked here", reason="n = 3 is trained at --scale standard only", scale="standard"),
        ),
        (
            "it takes about 3,000 trials at this spread, and quick has 160",
            NotRun(
                why="not asked here",
                reason="it takes about 3,000 trials at this spread, and quick has 160",
                planned=3000,
            ),
        ),
        (None, NotRun(why="not asked here", reason="no reason was recorded")),
    ],
)
def test_reasons_say_why_a_case_has_not_run(reason: str | None, expected: NotRun) -> None:
    made = case(verdict="not run", reason=reason)
    assert (made.not_run, made.reason) == (expected, None)


def test_the_reason_of_a_case_that_ran_stays() -> None:
    made = case(verdict="inconclusive", reason="the interval crosses the edge of the region")
    assert (made.not_run, made.reason) == (None, "the interval crosses the edge of the region")


def test_how_many_trials_were_looked_at_is_no_size() -> None:
    assert (case().look, case().sizes) == (Look(trials=40, budget=160), {"N": [10, 100]})
    assert (case(sizes={"trials": 10}).look, case(sizes={"trials": 10}).sizes) == (None, {"trials": 10})


@pytest.mark.parametrize(
    "command",
    [
        Command(tests=("claims/test_x.py::test_y[it's]",), scale="quick", seed=3),
        Command(tests=("a.py", "b.py")),
        Command(tests=("a.py::x",), scale="paper", seed=0, device="cuda", data="/my data", recorded=True),
        Command(tests=("a.py::x",), model="/a.py:net", features="own:map"),
    ],
)
def test_commands_are_taken_apart(command: Command) -> None:
    assert case(command=shell(command)).command == command


@pytest.mark.parametrize("text", [None, "", "python -m x", "pytest 'a", "pytest a -k b", "pytest a --seed x"])
def test_what_is_no_command_of_the_suite_is_none(text: str | None) -> None:
    assert case(command=text).command is None


@pytest.mark.parametrize("write", [old, second])
@pytest.mark.parametrize(
    ("erratum", "departure", "kind", "formerly"),
    [
        ("E-4", "E-4", "erratum", None),
        ("E-1", "S-1", "slip", "E-1"),
        ("E-14", "F-3", "finding", "E-14"),
        ("E-18", "F-6", "finding", "E-18"),
    ],
)
def test_errata_of_another_kind_have_todays_ids(
    write: Any, erratum: str, departure: str, kind: DepartureKind, formerly: str | None
) -> None:
    whole = write(erratum=erratum)
    whole["claims"][0]["readings"][0]["erratum"] = erratum
    whole["errata"] = [{"id": erratum, "claim": "A-01", "title": "t", "printed": "p"}]
    report = parse(json.dumps(whole).encode())
    (reading,) = report.claims[0].readings
    assert (reading.departure, reading.cases[0].departure) == (departure, departure)
    assert report.departures == (
        Departure(id=departure, kind=kind, claim="A-01", title="t", printed="p", formerly=formerly),
    )


@pytest.mark.parametrize("write", [old, second])
def test_cases_that_are_asked_of_other_models_are_no_settings(write: Any) -> None:
    whole = write()
    cases = whole["claims"][0]["readings"][0]["cases"]
    for reason in (
        "it is asked of a feature map of your own, --features FILE.py:FUNCTION",
        "--model cannot stand in for the paper's network: it counts layers",
        "with --model and --features only claims about networks and feature maps in general are asked",
        "n = 3 is trained at --scale standard only",
    ):
        told = {"not_run": {"why": "not asked here", "reason": reason}} if write is second else {"reason": reason}
        cases.append({"id": reason, "verdict": "not run"} | told)
    (reading,) = parse(json.dumps(whole).encode()).claims[0].readings
    whys = [case.not_run.why for case in reading.cases if case.not_run]
    assert whys == ["other model"] * 3 + ["not asked here"]
    assert (reading.tested, reading.settings) == (1, 2)


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_the_published_reports_read_with_all_that_they_say(scale: str) -> None:
    path = REPOSITORY / "reports" / scale / "report.json"
    raw, report = json.loads(path.read_text(encoding="utf-8")), read(path)
    if raw["schema"] != FIRST:
        pytest.skip("it is of today's schema")
    cases = [case for claim in raw["claims"] for reading in claim["readings"] for case in reading["cases"]]
    for before, (_, _, after) in zip(cases, every_case(report.claims), strict=True):
        assert (before["verdict"], before["effect"], before["id"]) == (after.verdict, after.effect, after.id)
        assert tuple(before["trials"]) == after.trials
        assert (after.not_run.reason if after.not_run else after.reason) == before["reason"]
        assert after.command is not None
        assert shell(after.command) == before["command"]
        assert (after.effect_kind is None) == (after.verdict == "not run")
    assert isinstance(report, Report)


SHAPES: list[tuple[Any, dict[str, Any]]] = [
    (old, {}),
    (old, {"verdict": "not run", "reason": "words"}),
    (second, {"erratum": "E-1"}),
    (second, {"verdict": "not run", "not_run": {"why": "interrupted", "reason": "words"}}),
]


@settings(
    derandomize=True, database=None, deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.data())
def test_a_damaged_report_reads_or_is_refused_in_one_sentence(data: st.DataObject) -> None:
    write, changes = data.draw(st.sampled_from(SHAPES))
    whole = write(**changes)
    place = data.draw(st.sampled_from(list(places(whole))))
    said = refused(json.dumps(damaged(whole, place, data.draw(st.sampled_from([*WRONG, ...])))).encode())
    assert said is None or ("\n" not in said and said.startswith(("the report's schema", "the report is not what")))
