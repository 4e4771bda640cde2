"""How far an effect moved between two cases, and what the move is held against."""

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from support.document import types as document
from support.document.types import Look
from support.statistics import Estimate, Measure, Region, effects, worst_of
from support.statistics.bets import mean_interval
from tests.comparing.handmade import NOISE, SHARE, TRIALS, TWO_SIDED, N, case, mean, only

WIDE = Measure("deviation", "", -np.inf, np.inf, "median", 0.07)

# 1. Effects: how the move is measured


def extreme(values: Any) -> Estimate:
    return effects.largest_of([values, values + 0.1], SHARE, "largest share")


def without_range(values: Any) -> Estimate:
    return effects.mean_of(values, WIDE, "deviation")


def test_the_same_numbers_are_unchanged() -> None:
    """Of whatever kind the effect is, and however wide its intervals."""
    for effect in (mean, extreme, without_range):
        change = only(case(effect(TRIALS)), case(effect(TRIALS * (1 + 1e-12))))
        assert (change.kind, change.text, change.regression) == ("unchanged", "the same numbers", False)
    before = replace(case(mean(TRIALS)), measure=None, look=None)
    assert only(before, before).text == "the same numbers"


def test_numbers_that_agree_at_another_seed_bound_no_move() -> None:
    """As shares that are all one: what each run leaves open stays open."""
    ones = case(mean(np.ones(20)), TWO_SIDED)
    assert only(ones, ones, run={"seed": 1}).kind == "undecided"
    assert only(ones, ones).kind == "unchanged"


def test_common_random_numbers_are_paired() -> None:
    after = TRIALS + 0.3 + NOISE
    change = only(case(mean(TRIALS)), case(mean(after)))
    expected = mean_interval(after - TRIALS, -1, 1)
    assert (change.kind, change.direction, change.regression) == ("effect", "up", False)
    assert change.moved == pytest.approx((expected.low, expected.high))
    assert f"bounded sequence over {N} paired trials" in change.text
    assert change.before is not None
    assert change.before.startswith(f"{TRIALS.mean():.4g} [")
    assert change.after is not None
    assert change.after.startswith(f"{after.mean():.4g} [")


def from_intervals(before: Estimate, after: Estimate) -> tuple[float, float]:
    return after.low - before.high, after.high - before.low


@pytest.mark.parametrize(
    ("run", "changes"),
    [
        ({"seed": 1}, {}),
        ({}, {"sizes": {"N": 20}}),
        ({}, {"look": Look(trials=N + 1, budget=400)}),
        ({}, {"exclusions": (document.Exclusion(rule="at chance", dropped=1, trials=N),)}),
    ],
    ids=["another seed", "other sizes", "a trial is missing", "a trial was left out"],
)
def test_others_are_compared_by_both_intervals(run: dict[str, Any], changes: dict[str, Any]) -> None:
    before, after = mean(TRIALS), mean(TRIALS + 0.3 + NOISE)
    change = only(case(before), case(after, **changes), run=run)
    assert change.moved == pytest.approx(from_intervals(before, after))
    assert "(from both intervals)" in change.text
    assert change.kind == "effect"


def test_of_another_number_of_trials_the_common_ones_are_paired() -> None:
    change = only(case(mean(TRIALS)), case(mean(TRIALS[:150] + 0.3)))
    assert "bounded sequence over 150 paired trials" in change.text


def test_down_is_down() -> None:
    assert only(case(mean(TRIALS)), case(mean(TRIALS - 0.3 + NOISE))).direction == "down"


def test_a_measure_without_a_range_is_compared_by_both_intervals() -> None:
    before, after = without_range(TRIALS), without_range(TRIALS + 5)
    assert only(case(before), case(after)).moved == pytest.approx(from_intervals(before, after))


@pytest.mark.parametrize("which", ["before", "after"])
def test_effects_that_share_no_measure_are_not_compared(which: str) -> None:
    """As a baseline of a version that decided by Student's t at a fixed number of trials."""
    cases = {"before": case(mean(TRIALS)), "after": case(mean(TRIALS + 0.3))}
    cases[which] = replace(cases[which], measure=None, look=None)
    change = only(cases["before"], cases["after"])
    assert change.kind == "undecided"
    assert change.text == "supported as before; effects are not compared: they share no measure"


# 2. Effects: what the move is held against


def test_the_margin_is_half_the_width_of_a_region_with_two_ends() -> None:
    for shift, kind in ((0.02, "unchanged"), (0.2, "effect")):
        change = only(case(mean(TRIALS), TWO_SIDED), case(mean(TRIALS + shift + NOISE), TWO_SIDED))
        assert change.kind == kind
        assert change.margin == pytest.approx(0.1)
        assert "margin of 0.1 (half the width of the region)" in change.text


def test_else_it_is_the_measures() -> None:
    for shift, kind in ((0.01, "unchanged"), (0.2, "effect")):
        change = only(case(mean(TRIALS)), case(mean(TRIALS + shift + NOISE)))
        assert (change.kind, change.margin) == (kind, SHARE.margin)
        assert "margin of 0.07 (the measure's)" in change.text


def test_else_it_is_the_baselines_resolution() -> None:
    """Of two reports of a version that had no measures."""
    before, after = (
        replace(case(mean(TRIALS + shift)), measure=None, look=None, resolution=0.05) for shift in (0, 0.3)
    )
    change = only(before, after)
    assert (change.kind, change.margin) == ("effect", 0.05)
    assert "margin of 0.05 (the baseline's resolution)" in change.text
    assert only(replace(before, resolution=None), after).text.endswith("there is no margin to hold it against")


def test_what_is_neither_beyond_nor_within_is_undecided() -> None:
    before = case(mean(TRIALS), TWO_SIDED)
    close = only(before, case(mean(TRIALS + 0.09 + NOISE), TWO_SIDED))
    assert (close.kind, close.direction) == ("undecided", "up")
    assert "neither within nor beyond the margin" in close.text
    wide = only(before, case(mean(TRIALS + 0.07), TWO_SIDED), run={"seed": 1})
    assert wide.kind == "undecided"
    assert "neither within nor beyond the margin" in wide.text


# 3. Extremes over conditions


def test_an_extreme_is_compared_by_its_intervals() -> None:
    """Its trials are those of one condition, which may be another each time."""
    before, after = extreme(TRIALS), extreme(TRIALS + 0.3)
    change = only(case(before), case(after))
    assert change.moved == pytest.approx(from_intervals(before, after))
    assert (change.kind, change.direction) == ("effect", "up")


# 4. Exact cases


@pytest.mark.parametrize(("after", "kind"), [(0.25 * (1 + 1e-11), "unchanged"), (0.25 * (1 + 1e-7), "effect")])
def test_in_an_exact_case_any_difference_beyond_rounding_counts(after: float, kind: str) -> None:
    assert only(case(worst_of([0.25], "gap")), case(worst_of([after], "gap"))).kind == kind


@pytest.mark.parametrize(("bound", "kind"), [(1e-8, "unchanged"), (0.005, "effect")])
def test_an_identity_says_itself_what_rounding_is(bound: float, kind: str) -> None:
    region = Region.below(bound)
    assert only(case(worst_of([3e-13], "gap"), region), case(worst_of([8e-12], "gap"), region)).kind == kind


def test_an_exact_claim_on_other_instances_is_compared_by_its_verdict() -> None:
    change = only(case(worst_of([0.25], "gap")), case(worst_of([0.5], "gap")), run={"seed": 1})
    assert (change.kind, change.moved) == ("undecided", None)
    assert change.text == "supported as before; effects are not compared: an exact claim on other instances"
    assert only(case(worst_of([0.25], "gap")), case(worst_of([0.25], "gap")), run={"seed": 1}).kind == "unchanged"
