"""A control that lies wholly off the effect's interval has come out; one that only says so has not."""

import pytest

from support.document.statuses import (
    certainty,
    controls_failed,
    reading_status,
    settings_tested,
    status,
    worst_verdict,
)
from support.document.types import Case, Control, Measure, NotRun, Pair, Reading, Verdict, Why


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
    ("verdict", "departure", "key", "words", "expected"),
    [
        ("refuted", None, "refuted", "refuted", False),
        ("refuted", "E-4", "erratum", "refuted, as erratum E-4 says", True),
        ("refuted", "F-3", "finding", "refuted, as finding F-3 says", True),
        ("refuted", "S-1", "slip", "refuted, slip S-1 of the summary", True),
        ("supported", "S-1", "contested", "supported, against slip S-1 of the summary", False),
        ("inconclusive", "E-4", "inconclusive", "inconclusive", False),
    ],
)
def test_a_status_says_whose_a_departure_is(
    verdict: Verdict, departure: str | None, key: str, words: str, expected: bool
) -> None:
    shown = status(verdict, departure)
    assert (shown.key, shown.words, shown.expected) == (key, words, expected)


def ran(verdict: Verdict, why: Why = "not asked here") -> Case:
    idle = NotRun(why=why, reason="words") if verdict == "not run" else None
    return Case(id="mnist", verdict=verdict, not_run=idle)


@pytest.mark.parametrize(
    ("cases", "tested", "settings", "key", "words"),
    [
        ([ran("supported")], 1, 1, "supported", "supported"),
        ([ran("supported"), ran("not run")], 1, 2, "partial", "supported in part (1 of 2)"),
        ([ran("supported"), ran("not run", "interrupted")], 1, 2, "partial", "supported in part (1 of 2)"),
        ([ran("supported"), ran("not run", "not selected")], 1, 2, "partial", "supported in part (1 of 2)"),
        ([ran("supported"), ran("not run", "other model")], 1, 1, "supported", "supported"),
        ([ran("supported"), ran("inconclusive"), ran("not run")], 2, 3, "inconclusive", "inconclusive"),
        ([ran("refuted"), ran("not run")], 1, 2, "refuted", "refuted"),
        ([ran("not run")], 0, 1, "not-run", "not run"),
    ],
)
def test_a_reading_is_supported_in_part_where_settings_were_not_tested(
    cases: list[Case], tested: int, settings: int, key: str, words: str
) -> None:
    assert settings_tested(cases) == (tested, settings)
    verdict = worst_verdict(case.verdict for case in cases)
    reading = Reading(reading="sound", verdict=verdict, tested=tested, settings=settings, cases=tuple(cases))
    shown = reading_status(reading)
    assert (shown.key, shown.words) == (key, words)
    assert (shown.shape == "✓") == (key == "supported")


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
