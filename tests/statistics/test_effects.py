"""Effects by confidence sequence, from trials to an estimate that the judge takes."""

import numpy as np
import pytest
from scipy import stats

from support.statistics import Control, Estimate, Measure, Region, Verdict, decide, grants
from support.statistics.effects import largest_of, mean_of, ratio_of, slope_of, slopes_of, smallest_of
from support.statistics.near_normal import Grant, half_width
from support.statistics.verdicts import comes_out, decide_with_controls, discriminates

SHARE = Measure("share", "", 0, 1, "bounded", 0.05)
CHANGE = Measure("change", "", -1, 1, "bounded", 0.05)
RATIO = Measure("ratio", "", -1, 2, "ratio", 0.1)
NORMAL = Measure("a normal mean", "", -np.inf, np.inf, "near-normal", 0.1)
GRANTED = Grant(200, 0.0, 0.0, None)


def drawn(mean: float, spread: float, trials: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, spread, trials)


# 1. Estimates


def test_thirteen_trials_that_agree_show_more_than_half_and_twelve_do_not() -> None:
    for trials, verdict in ((12, Verdict.INCONCLUSIVE), (13, Verdict.SUPPORTED)):
        assert decide(mean_of(np.ones(trials), SHARE, "share"), Region.above(0.5)) == verdict


def test_an_estimate_says_what_it_is_made_of() -> None:
    found = mean_of([0.2, 0.4, 1.5], SHARE, "a share")
    assert (found.label, found.measure, found.level) == ("a share", SHARE, 0.999)
    assert found.trials == (0.2, 0.4, 1.5)
    assert found.value == pytest.approx((0.2 + 0.4 + 1) / 3)
    assert found.method == "bounded sequence over 3 trials, 1 of them clipped to [0, 1]"


def test_a_slope_is_that_of_least_squares_in_a_range_that_no_trial_can_leave() -> None:
    x = np.log10([1, 2, 5, 11])
    table = np.random.default_rng(1).random((20, 4))
    found = slope_of(x, table, SHARE, "slope")
    assert found.trials == pytest.approx([stats.linregress(x, row).slope for row in table])
    slopes, most = slopes_of(x, [[0, 0, 1, 1], [1, 1, 0, 0]])  # the steepest that values in [0, 1] can be
    assert slopes == pytest.approx([most, -most])
    assert found.measure is not None
    assert (found.measure.low, found.measure.high) == pytest.approx((-most, most))
    with pytest.raises(ValueError, match="one value per x and two distinct x"):
        slope_of([1, 1], [[0, 1]], SHARE, "slope")


def test_the_largest_and_smallest_hold_the_extreme_mean() -> None:
    columns = [drawn(mean, 0.05, 100, seed).clip(0, 1) for seed, mean in enumerate((0.2, 0.5, 0.8))]
    largest, smallest = largest_of(columns, SHARE, "most"), smallest_of(columns, SHARE, "least")
    assert largest.low < 0.8 < largest.high
    assert smallest.low < 0.2 < smallest.high
    assert largest.value == pytest.approx(columns[2].mean())
    assert smallest.trials == pytest.approx(columns[0])
    away = largest_of([-columns[2], columns[0]], CHANGE, "furthest", absolute=True)
    assert away.low < 0.8 < away.high
    assert away.trials == pytest.approx(columns[2])


def test_a_ratio_is_every_ratio_that_is_not_excluded() -> None:
    whole = drawn(0.8, 0.05, 200)
    part = 0.25 * whole + drawn(0, 0.05, 200, 1)
    found = ratio_of(part, whole, RATIO, CHANGE, "share")
    assert found.value == pytest.approx(part.mean() / whole.mean())
    assert -1 < found.low < 0.25 < found.high < 2
    # Where the interval ends, the remainder part - r whole is as far from 0 as a bounded mean must be.
    for end in (found.low, found.high):
        remainder = mean_of(part - end * whole, Measure("r", "", -1 - abs(end), 1 + abs(end), "bounded", 1), "r")
        assert min(abs(remainder.low), abs(remainder.high)) < 1e-6
    # A positive part of a positive whole that may be next to nothing can be any positive share of it.
    nothing = ratio_of(part, drawn(0, 0.5, 200, 2), RATIO, CHANGE, "share")
    assert nothing.low == pytest.approx(0, abs=1e-6)
    assert nothing.high == 2


def test_a_near_normal_mean_needs_a_grant_and_its_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="a normal mean: the near-normal route is not granted: the measure was never"):
        mean_of(drawn(0, 1, 30), NORMAL, "mean")
    monkeypatch.setattr(grants, "granted", lambda: {"a normal mean": GRANTED})
    early = mean_of(drawn(0, 1, 23), NORMAL, "mean")
    assert (early.low, early.high) == (-np.inf, np.inf)
    assert early.method == "near-normal sequence over 23 trials (23 trials, first look at 24)"
    trials = drawn(0, 1, 48)
    found = mean_of(trials, NORMAL, "mean")
    assert found.high - found.low == pytest.approx(2 * trials.std(ddof=1) * float(half_width(48)))


def test_calibration_decides_nothing_and_notes_each_effect(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "grants.json"
    monkeypatch.setattr(grants, "calibrating", True)
    monkeypatch.setattr(grants, "_seen", {"a normal mean": {}})
    for label, trials in (("fine", drawn(0, 1, 200)), ("skewed", np.random.default_rng(0).exponential(size=200))):
        assert decide(mean_of(trials, NORMAL, label), Region.above(-9)) == Verdict.INCONCLUSIVE
    mean_of(drawn(0, 1, 199), NORMAL, "too few")
    grants.write(7, path)
    monkeypatch.setattr(grants, "TABLE", path)
    grants.granted.cache_clear()
    found = grants.granted()["a normal mean"]
    assert found.refusal is not None  # one effect that is not near normal takes the route from its measure
    assert found.refusal.startswith("skewness")
    assert path.read_text().count('"trials"') == 2
    grants.granted.cache_clear()


# 2. Verdicts


def estimate(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, low, high, 0.999, (), "effect", "a sequence", SHARE)


ABOVE, NEAR = Region.above(0.05), Region.near(0, 0.1)


def negative(low: float, high: float, region: Region = ABOVE) -> Control:
    return Control("absent", "without it", estimate(low, high), region)


@pytest.mark.parametrize(
    ("low", "high", "out", "blind"),
    [
        (-0.1, 0.04, True, False),  # outside the region
        (0.1, 0.3, True, False),  # inside it, and wholly below the effect
        (-0.1, 0.3, True, False),
        (0.1, 0.6, False, True),  # inside, and not told from the effect: decided the wrong way
        (-0.1, 0.6, False, False),  # not decided yet
        (0.8, 0.9, False, True),  # more without the mechanism than with it
    ],
)
def test_a_negative_control_comes_out_outside_the_region_or_wholly_below_the_effect(
    low: float, high: float, out: bool, blind: bool
) -> None:
    effect, control = estimate(0.5, 0.7), negative(low, high)
    assert comes_out(control, effect, ABOVE) == out
    assert discriminates(control, effect, ABOVE) == (not blind)
    expected = Verdict.SUPPORTED if out else Verdict.INCONCLUSIVE
    assert decide_with_controls(effect, ABOVE, (control,)) == expected


def test_an_equivalence_is_told_from_its_control_only_outside_the_region() -> None:
    effect = estimate(-0.01, 0.01)
    assert not comes_out(negative(0.02, 0.09, NEAR), effect, NEAR)
    assert comes_out(negative(0.2, 0.3, NEAR), effect, NEAR)


def test_a_positive_control_and_one_of_another_region_must_be_decided_by_themselves() -> None:
    positive = Control("there", "with it", estimate(0.1, 0.2), Region.above(0.3), Verdict.SUPPORTED)
    assert not comes_out(positive, estimate(0.5, 0.7), Region.above(0.3))
    assert not comes_out(negative(0.1, 0.2, Region.above(0.15)), estimate(0.5, 0.7), ABOVE)


def test_an_empty_interval_decides_nothing() -> None:
    assert decide(estimate(0.7, 0.5), ABOVE) == Verdict.INCONCLUSIVE
    assert not comes_out(negative(0.4, 0.3), estimate(0.5, 0.7), ABOVE)
