"""Headline effects over several runs: which cases, in which runs, and where one moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.comparing.history import history
from support.document.reading import parse
from support.document.types import Report, ReportError

MEASURE = {"name": "share", "unit": "", "low": 0.0, "high": 1.0, "route": "bounded", "margin": 0.05, "worse": "higher"}


@pytest.fixture
def run(document: dict[str, Any]) -> Callable[..., Report]:
    """A report with one case of a headline claim: its effect with so much to either side, over trials of its own."""

    def make(value: float, half: float = 0.02, *, seed: int = 0, headline: bool = True, **changes: Any) -> Report:
        made = json.loads(json.dumps(document))
        made["run"]["seed"] = seed
        claim = made["claims"][0]
        claim["id"] = "A-19"
        claim["headline"] = headline
        (reading,) = claim["readings"][:1]
        claim["readings"] = [reading]
        case = reading["cases"][0]
        reading["cases"] = [case]
        case |= {"effect": value, "interval": [value - half, value + half], "measure": MEASURE, "resolution": 0.05}
        case |= {"effect_kind": "mean", "trials": [value + (-1) ** n * 0.001 * seed for n in range(10)]} | changes
        made["claims"] = [claim]
        made |= {"comparison": None, "conclusions": [], "departures": []}
        return parse(json.dumps(made).encode())

    return make


def test_a_case_stands_in_every_run_that_ran_it_and_steps_where_it_moved(run: Callable[..., Report]) -> None:
    (series,) = history([run(0.1, seed=1), run(0.11, seed=2), run(0.4, seed=3), run(0.1, seed=4)])
    assert [point.run for point in series.points] == [0, 1, 2, 3]
    assert [point.step for point in series.points] == [None, None, "up", "down"]


def test_a_step_is_against_the_run_before_that_has_the_case(run: Callable[..., Report]) -> None:
    missing: dict[str, Any] = {
        "verdict": "not run",
        "not_run": {"why": "interrupted", "reason": "x"},
        "interval": None,
        "trials": [],
    }
    missing |= {"effect": None, "controls": [], "region": None, "looks": None}
    (series,) = history([run(0.1, seed=1), run(0.4, seed=2, **missing), run(0.4, seed=3)])
    assert [(point.run, point.step) for point in series.points] == [(0, None), (2, "up")]


def test_what_is_no_headline_or_exact_is_left_out(run: Callable[..., Report]) -> None:
    exact = {"level": None, "measure": None}
    assert history([run(0.1, **exact), run(0.2, **exact)]) == []


def test_one_report_or_two_scales_have_no_history(run: Callable[..., Report]) -> None:
    with pytest.raises(ReportError, match="a history needs at least two reports"):
        history([run(0.1)])
    other = parse(json.dumps({**json.loads(dumped(run(0.1))), "run": {"scale": "standard"}}).encode())
    with pytest.raises(ReportError, match="a history is of runs at one scale, got quick, standard"):
        history([run(0.1), other])


def dumped(report: Report) -> str:
    from support.document.writing import encoded

    return encoded(report).decode()
