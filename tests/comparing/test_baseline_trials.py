"""How many trials a case of a baseline had, found as cases are matched."""

from typing import Any

from msgspec import json

from support.comparing.baseline_trials import BaselineTrials, baseline_trials
from support.document.types import Look
from tests.comparing.handmade import TRIALS as VALUES
from tests.comparing.handmade import case, mean, not_run, report


def looked(trials: int, test: str = "claims/test_one.py::test_x[mnist]", **changes: Any) -> Any:
    return case(mean(VALUES), test=test, look=Look(trials=trials, budget=400), **changes)


def test_a_case_is_found_by_its_name() -> None:
    trials = baseline_trials(report(looked(48)), "quick")
    assert trials.at_least("A-01", "sound", "mnist", "claims/elsewhere.py::test_x[mnist]") == 48
    for other in (("A-02", "sound", "mnist"), ("A-01", "printed", "mnist"), ("A-01", "sound", "fashion")):
        assert trials.at_least(*other, "claims/test_one.py::test_x[mnist]") == 0
    assert trials.at_least("A-01", "sound", "mnist", "claims/test_one.py::test_y[mnist]") == 0


def test_of_two_of_one_name_the_same_module_is_meant() -> None:
    trials = baseline_trials(report(looked(48), looked(12, "claims/test_two.py::test_x[mnist]")), "quick")
    assert trials.at_least("A-01", "sound", "mnist", "claims/test_two.py::test_x[mnist]") == 12
    assert trials.at_least("A-01", "sound", "mnist", "claims/test_one.py::test_x[mnist]") == 48


def test_what_did_not_look_or_is_of_another_scale_asks_for_nothing() -> None:
    assert baseline_trials(report(not_run("no data")), "quick") == BaselineTrials()
    assert baseline_trials(report(looked(48)), "standard") == BaselineTrials()


def test_workers_are_told_in_json() -> None:
    trials = baseline_trials(report(looked(48)), "quick")
    assert json.decode(json.encode(trials), type=BaselineTrials) == trials
