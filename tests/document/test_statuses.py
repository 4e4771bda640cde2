"""A control that lies wholly off the effect's interval has come out; one that only says so has not."""

import pytest

from support.document.statuses import certainty, controls_failed, worst_verdict
from support.document.types import Case, Control, Measure, NotRun, Pair, Verdict


def case(interval: Pair, control: Pair, *, separated: bool) -> Case:
    told = Control(name="absent", expected="refuted", verdict="inconclusive", interval=control, separated=separated)
    return Case(id="mnist", verdict="supported", interval=interval, controls=(told,))


@pytest.mark.parametrize(
    ("interval", "control", "separated", "failed"),
    [
        ((0.5, 0.7), (-0.1, 0.4), True, False),
        ((-0.7, -0.5), (-0.4, None), True, False),
        ((0.5, 0.7), (-0.1, 0.6), True, True),  # forged: the intervals overlap
        ((0.5, 0.7), (-0.1, None), True, True),
        ((0.5, 0.7), (-0.1, 0.4), False, True),
    ],
)
def test_separation_is_seen_on_the_recorded_intervals(
    interval: Pair, control: Pair, separated: bool, failed: bool
) -> None:
    assert bool(controls_failed(case(interval, control, separated=separated))) == failed


def test_of_a_case_that_did_not_run_no_control_failed() -> None:
    idle = NotRun(why="interrupted", reason="words")
    told = Control(name="absent", expected="refuted", verdict="inconclusive")
    assert controls_failed(Case(id="mnist", verdict="not run", not_run=idle, controls=(told,))) == []


def test_what_verdicts_risk_together_is_the_sum_over_sequences_alone() -> None:
    share = Measure(name="share", low=0, high=1, route="share", margin=0.1)

    def ran(verdict: Verdict, level: float | None, measure: Measure | None) -> Case:
        idle = NotRun(why="interrupted", reason="words") if verdict == "not run" else None
        return Case(id="mnist", verdict=verdict, level=level, measure=measure, not_run=idle)

    cases = [ran("supported", 0.999, share), ran("refuted", 0.999, share), ran("inconclusive", 0.999, share)]
    cases += [ran("supported", None, None), ran("supported", 0.999, None), ran("not run", None, None)]
    assert certainty(cases) == (
        "2 verdicts rest on confidence sequences: with probability at least 0.998 all of them hold at once, and at "
        "most 0.002 are expected to be wrong, looks, reruns and seeds counted."
    )
    assert certainty(cases[3:]) is None


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "not run"], "supported"),
        (["supported", "inconclusive"], "inconclusive"),
        (["inconclusive", "refuted", "supported"], "refuted"),
        (["not run"], "not run"),
        ([], "not run"),
    ],
)
def test_the_worst_case_decides_a_reading(verdicts: list[Verdict], expected: str) -> None:
    assert worst_verdict(verdicts) == expected
    assert worst_verdict(reversed(verdicts)) == expected
