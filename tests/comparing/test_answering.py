"""Whether it memorizes more than before: by hand-made pairs of cases whose moves are known."""

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from support.comparing.answering import fails
from support.comparing.comparison import compare
from support.document.changes import Answer, Answered, FailOn
from support.document.types import Case, Look, VitalSign
from support.statistics import Measure, Region, effects, worst_of
from support.statistics.bets import mean_interval
from tests.comparing.handmade import FILE, N, case, not_run, report

RNG = np.random.default_rng(7)
SCORES = RNG.uniform(0.3, 0.6, N)
# What chance leaves of paired moves; its mean is no larger than 0.002.
NOISE = RNG.normal(0, 0.02, N)
RISE = Measure("rise", "", -1, 1, "bounded", 0.05, "higher")
SHARE = Measure("share", "", 0, 1, "bounded", 0.05, "higher")
REMOVED = Measure("removed", "", 0, 1, "bounded", 0.05, "lower")
MEDIAN = Measure("covariance", "", -np.inf, np.inf, "median", 0.05, "higher")


def measured(values: Any, measure: Measure = RISE, **changes: Any) -> Case:
    return case(effects.mean_of(values, measure, measure.name), **changes)


def answer(before: Case, after: Case, **run: Any) -> Answered:
    """The answer of the only case of two reports."""
    (change,) = compare(report(after, **run), report(before), FILE).changes
    assert change.answer is not None
    return change.answer


@pytest.mark.parametrize(
    ("measure", "shift", "expected"),
    [
        (RISE, 0.2, "worse"),
        (RISE, -0.2, "better"),
        (REMOVED, 0.2, "better"),
        (REMOVED, -0.2, "worse"),
        (RISE, 0.0, "same"),
        (RISE, 0.049, "cannot tell"),
    ],
)
def test_a_move_is_worse_by_the_direction_of_its_measure(measure: Measure, shift: float, expected: Answer) -> None:
    """Whatever its verdict: here it is supported before and after."""
    found = answer(measured(SCORES, measure), measured(SCORES + shift + NOISE, measure))
    assert (found.answer, found.worse, found.measure) == (expected, measure.worse, measure.name)
    assert found.move == pytest.approx(shift, abs=0.005)
    assert (found.before, found.after) == pytest.approx((SCORES.mean(), (SCORES + shift + NOISE).mean()))
    assert (found.paired, found.margin) == (N, 0.05)


def test_a_refutation_that_memorizes_less_is_better() -> None:
    """Weight decay makes "three examples are learnt" false, and that is good news."""
    (change,) = compare(
        report(measured(SCORES - 0.2, verdict="refuted"), model="b.py:f"),
        report(measured(SCORES), model="a.py:f"),
        FILE,
    ).changes
    assert change.answer is not None
    assert (change.kind, change.answer.answer, change.regression) == ("verdict", "better", False)


def test_without_a_direction_there_is_no_answer() -> None:
    undirected = [measured(SCORES + shift, RISE.undirected) for shift in (0, 0.3)]
    exact = [case(worst_of([value], "gap")) for value in (0.1, 0.2)]
    for before, after in (undirected, exact):
        comparison = compare(report(after), report(before), FILE)
        assert comparison.changes[0].kind == "effect"
        assert comparison.changes[0].answer is None
        assert (comparison.answer, comparison.counts) == ("cannot tell", {})


@pytest.mark.parametrize("said", [None, "lower"])
def test_this_runs_direction_counts(said: Any) -> None:
    """Earlier reports say another direction, or none: the measure is the same one."""
    before = measured(SCORES)
    assert before.measure is not None
    before = replace(before, measure=replace(before.measure, worse=said))
    assert answer(before, measured(SCORES + 0.2)).answer == "worse"


# 1. Identical


def test_identical_is_equal_to_the_bit() -> None:
    before = measured(SCORES)
    same = answer(before, before)
    assert (same.answer, same.move, same.interval) == ("identical", 0.0, (0.0, 0.0))
    trials = list(before.trials)
    trials[3] = float(np.nextafter(trials[3] or 0.0, 1))
    assert answer(before, replace(before, trials=tuple(trials))).answer == "same"


@pytest.mark.parametrize(
    ("run", "changes"), [({"seed": 1}, {}), ({}, {"sizes": {"N": 11}})], ids=["another seed", "other sizes"]
)
def test_agreeing_numbers_of_other_trials_are_not_identical(run: Any, changes: Any) -> None:
    """As shares that are all one: the intervals of both leave the move open."""
    ones = measured(np.ones(20))
    assert answer(ones, replace(ones, **changes), **run).answer == "cannot tell"


# 2. Moves beyond half a unit


def test_wide_measures_count_moves_beyond_half_a_unit_as_half_a_unit() -> None:
    """One network in four goes from nothing learnt to everything: 1 counts as 1/2, so that the mean move is 1/8."""
    before, after = np.zeros(80), np.tile([1.0, 0.0, 0.0, 0.0], 20)
    found, expected = answer(measured(before), measured(after)), mean_interval(after / 2, -0.5, 0.5)
    assert found.interval == pytest.approx((expected.low, expected.high))
    assert found.move == pytest.approx(0.125)
    assert (found.answer, found.clipped_to, found.clipped) == ("worse", 0.5, 20)
    (change,) = compare(report(measured(after)), report(measured(before)), FILE).changes
    assert "moves beyond half a unit count as half a unit: 20 of them" in change.text


def test_measures_no_wider_than_a_unit_count_moves_as_they_are() -> None:
    before, after = np.zeros(80), np.tile([1.0, 0.0, 0.0, 0.0], 20)
    found = answer(measured(before, SHARE), measured(after, SHARE))
    assert found.move == pytest.approx(0.25)
    assert (found.clipped_to, found.clipped) == (None, 0)
    undirected = [measured(values, RISE.undirected) for values in (before, after)]
    (change,) = compare(report(undirected[1]), report(undirected[0]), FILE).changes
    expected = mean_interval(after, -2, 2)
    assert change.moved == pytest.approx((expected.low, expected.high))


def test_a_trial_beyond_its_range_moves_as_its_effect_has_it() -> None:
    """1.2 on [0, 1] counts as 1 in the effect, and so in the move from 0.8."""
    found = answer(measured(np.full(80, 0.8), SHARE), measured(np.full(80, 1.2), SHARE))
    assert (found.before, found.after, found.move) == pytest.approx((0.8, 1.0, 0.2))


@pytest.mark.parametrize(("trials", "expected"), [(79, "cannot tell"), (80, "same")])
def test_where_nothing_moves_eighty_trials_tell(trials: int, expected: Answer) -> None:
    """By arithmetic: half of the capital bets 0.99 of the largest bet. A move of 1e-6 keeps it from being identical."""
    before = measured(SCORES[:trials])
    assert answer(before, measured(SCORES[:trials] + 1e-6)).answer == expected


# 3. What more trials would tell


def test_of_what_cannot_be_told_it_says_how_many_more_trials_would_tell() -> None:
    """Where nothing moves: 96 is the first look beyond the eighty that tell."""
    before, after = measured(SCORES[:24]), measured(SCORES[:24] + 1e-6)
    assert answer(before, after).more_trials == 96 - 24
    assert answer(measured(SCORES), measured(SCORES + 0.2)).more_trials is None


def test_where_nobody_can_say_it_says_nothing() -> None:
    """A move as large as its margin is never told, and trials that are not paired foresee nothing."""
    edge = answer(measured(SCORES), measured(SCORES + 0.0499))
    assert (edge.answer, edge.more_trials) == ("cannot tell", None)
    other = answer(measured(SCORES[:24]), measured(SCORES[:24] + 0.01), seed=1)
    assert (other.answer, other.paired, other.more_trials) == ("cannot tell", None, None)
    median = answer(measured(SCORES, MEDIAN), measured(SCORES + 0.01, MEDIAN))
    assert (median.answer, median.paired, median.more_trials) == ("cannot tell", None, None)


def test_pairs_are_the_common_first_trials() -> None:
    found = answer(measured(SCORES[:120]), measured(SCORES + 0.2 + NOISE))
    assert (found.answer, found.paired) == ("worse", 120)
    gap = answer(measured(SCORES), measured(SCORES + 0.2, look=Look(trials=N + 1, budget=400)))
    assert (gap.answer, gap.paired) == ("worse", None)


# 4. What is not compared


def test_what_is_not_compared_cannot_be_told_and_says_why() -> None:
    found = answer(measured(SCORES), measured(SCORES + 0.3), scale="standard")
    assert (found.answer, found.reason, found.move) == ("cannot tell", "another scale", None)


def test_clean_accuracy_stands_beside_it_where_both_have_it_as_a_number() -> None:
    signs = [
        (VitalSign(name="accuracy", found="0.900", healthy=True, expected="any", clean_accuracy=value),)
        for value in (0.9, 0.7, None)
    ]
    before, after, words = (measured(SCORES, signs=own) for own in signs)
    assert answer(before, after).clean_accuracy == (0.9, 0.7)
    assert answer(words, after).clean_accuracy == (None, 0.7)


# 5. Over all, and whether the run fails


def several(**shifts: float) -> dict[str, list[Case]]:
    """Cases by name, before and after."""
    names: dict[str, Any] = {name: {"id": name, "test": f"claims/test_one.py::test_x[{name}]"} for name in shifts}
    return {
        "before": [measured(SCORES, **names[name]) for name in shifts],
        "after": [measured(SCORES + shift, **names[name]) for name, shift in shifts.items()],
    }


@pytest.mark.parametrize(
    ("shifts", "together", "counts"),
    [
        ({"a": 0.2, "b": -0.2, "c": 0.0}, "worse", {"worse": 1, "better": 1, "identical": 1}),
        ({"a": -0.2, "b": 0.0499, "c": 0.0}, "better", {"better": 1, "cannot tell": 1, "identical": 1}),
        ({"a": 0.0499, "b": 0.01}, "cannot tell", {"cannot tell": 1, "same": 1}),
        ({"a": 0.01, "b": 0.0}, "same", {"same": 1, "identical": 1}),
        ({"a": 0.0}, "identical", {"identical": 1}),
    ],
)
def test_what_cases_say_together(shifts: dict[str, float], together: Answer, counts: dict[Answer, int]) -> None:
    cases = several(**shifts)
    comparison = compare(report(*cases["after"]), report(*cases["before"]), FILE)
    assert (comparison.answer, comparison.counts) == (together, counts)


@pytest.mark.parametrize(
    ("shift", "after", "failing"),
    [
        (0.2, {}, {"worse", "changed"}),
        (-0.2, {}, {"changed"}),
        (-0.2, {"verdict": "refuted"}, {"changed"}),
        (0.0, {"verdict": "inconclusive"}, {"changed"}),
        (0.0, {}, set()),
        (0.0499, {}, set()),
    ],
)
def test_what_fails_a_run(shift: float, after: dict[str, Any], failing: set[FailOn]) -> None:
    comparison = compare(report(measured(SCORES + shift, **after)), report(measured(SCORES)), FILE)
    whens: tuple[FailOn, ...] = ("worse", "changed", "never")
    assert {when for when in whens if fails(comparison, when)} == failing


def test_a_case_that_is_gone_or_no_longer_runs_fails_what_must_not_change() -> None:
    for after in (report(), report(not_run("no data"))):
        comparison = compare(after, report(measured(SCORES)), FILE)
        assert (fails(comparison, "worse"), fails(comparison, "changed")) == (False, True)


def test_a_region_sets_the_margin() -> None:
    before, after = (case(effects.mean_of(SCORES + shift, RISE, "rise"), Region.near(0.3, 0.3)) for shift in (0.0, 0.2))
    assert answer(before, after).answer == "same"
