"""A control that lies wholly off the effect's interval has come out; one that only says so has not."""

from typing import Any

import pytest

from support.report import summary


def case(interval: list[float | None], control: list[float | None], *, separated: bool) -> dict[str, Any]:
    told = {"name": "absent", "expected": "refuted", "verdict": "inconclusive", "interval": control}
    return {"verdict": "supported", "interval": interval, "controls": [told | {"separated": separated}]}


@pytest.mark.parametrize(
    ("interval", "control", "separated", "failed"),
    [
        ([0.5, 0.7], [-0.1, 0.4], True, False),
        ([-0.7, -0.5], [-0.4, None], True, False),
        ([0.5, 0.7], [-0.1, 0.6], True, True),  # forged: the intervals overlap
        ([0.5, 0.7], [-0.1, None], True, True),
        ([0.5, 0.7], [-0.1, 0.4], False, True),
    ],
)
def test_separation_is_seen_on_the_recorded_intervals(
    interval: list[float | None], control: list[float | None], separated: bool, failed: bool
) -> None:
    found = summary.controls_failed(case(interval, control, separated=separated))
    assert bool(found) == failed


def test_of_a_case_that_did_not_run_no_control_failed() -> None:
    assert summary.controls_failed(case([0.0, 1.0], [0.0, 1.0], separated=False) | {"verdict": "not run"}) == []


def test_what_verdicts_risk_together_is_the_sum_over_sequences_alone() -> None:
    def ran(verdict: str, level: float | None, measure: object) -> dict[str, Any]:
        return {"verdict": verdict, "level": level, "measure": measure}

    cases = [ran("supported", 0.999, {}), ran("refuted", 0.999, {}), ran("inconclusive", 0.999, {})]
    cases += [ran("supported", None, None), ran("supported", 0.999, None), ran("not run", None, None)]
    assert summary.certainty(cases) == (
        "2 verdicts rest on confidence sequences: with probability at least 0.998 all of them hold at once, and at "
        "most 0.002 are expected to be wrong, looks, reruns and seeds counted."
    )
    assert summary.certainty(cases[3:]) is None
