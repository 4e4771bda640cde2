"""Intervals against SciPy's own, and their promises measured by simulation.

Every simulation has a fixed seed and allows what a binomial count exceeds with probability MISLED.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import inf, sqrt

import numpy as np
import pytest
from scipy import optimize, special, stats

from support.statistics import (
    LEVEL,
    POWER,
    Estimate,
    Region,
    Verdict,
    decide,
    largest_of,
    mean_of,
    share_of,
    slope_of,
    smallest_of,
    worst_of,
)

ROUNDING = 1e-10
MISLED = 1e-5
MISS = 1 - LEVEL
DRAWS = np.random.default_rng(8).normal(2.0, 3.0, (10, 4)) + np.array([0.0, -1.0, 5.0, -9.0])


@pytest.fixture
def quick_quantiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute each Student quantile once: thousands of samples ask for the same."""
    monkeypatch.setattr(stats.t, "ppf", lru_cache(maxsize=None)(stats.t.ppf))


def student(column: np.ndarray, level: float) -> tuple[float, float]:
    low, high = stats.t.interval(level, len(column) - 1, loc=column.mean(), scale=stats.sem(column))
    return float(low), float(high)


def misses(estimates: Sequence[Estimate], truth: float) -> int:
    return sum(not estimate.low <= truth <= estimate.high for estimate in estimates)


def at_most(count: int, probability: float) -> float:
    """What a count of events of this probability exceeds with probability MISLED."""
    return float(stats.binom.isf(MISLED, count, probability))


# ------------------------------------------------------------------------------------------------ mean


@pytest.mark.parametrize("trials", [2, 3, 10])
def test_mean_against_scipy(trials: int) -> None:
    column = DRAWS[:trials, 0]
    found = mean_of(column, "share of pairs")
    assert (found.low, found.high) == pytest.approx(student(column, 0.999), rel=ROUNDING)
    assert found.value == pytest.approx(column.mean())
    assert found.level == LEVEL == 0.999
    assert found.trials == tuple(column)
    assert found.label == "share of pairs"
    assert found.method == f"Student t over {trials} independent trials"


@pytest.mark.usefixtures("quick_quantiles")
def test_mean_is_missed_as_often_as_promised() -> None:
    count, trials = 20_000, 10
    samples = np.random.default_rng(0).normal(0.7, 2.0, (count, trials))
    estimates = [mean_of(sample, "") for sample in samples]
    missed = misses(estimates, 0.7)
    assert stats.binom.ppf(MISLED, count, MISS) <= missed <= at_most(count, MISS)


@pytest.mark.usefixtures("quick_quantiles")
def test_wrong_verdicts_are_as_rare_as_promised() -> None:
    # Truth on the edge, where a claim is hardest: either verdict counts as false.
    count, trials = 10_000, 4
    samples = np.random.default_rng(1).normal(0.5, 1.0, (count, trials))
    estimates = [mean_of(sample, "") for sample in samples]
    half = at_most(count, MISS / 2)
    for region in (Region.above(0.5), Region.below(0.5), Region.near(0.0, 0.5), Region.within(0.5, 9.0)):
        verdicts = [decide(estimate, region) for estimate in estimates]
        assert verdicts.count(Verdict.SUPPORTED) <= half
        assert verdicts.count(Verdict.REFUTED) <= half


@pytest.mark.parametrize("value", [0.0, 0.3, -1e6])
def test_trials_that_agree_are_inconclusive(value: float) -> None:
    found = mean_of([value] * 8, "")
    assert found.value == pytest.approx(value)
    assert (found.low, found.high) == (-inf, inf)
    assert found.resolution is None
    for region in (Region.above(value - 1), Region.above(value + 1), Region.near(value, 1.0)):
        assert decide(found, region) is Verdict.INCONCLUSIVE


def test_trials_that_agree_to_rounding_are_inconclusive() -> None:
    found = mean_of([0.1 + 0.2, 0.3, 0.3, 0.3], "")
    assert (found.low, found.high) == (-inf, inf)


def test_trials_that_agree_are_known_to_the_grain() -> None:
    trials, grain = 12, 1 / 2000
    tail = float(stats.t.ppf((1 + LEVEL) / 2, trials - 1))
    found = mean_of([0.0] * trials, "", grain=grain)
    assert (found.low, found.high) == pytest.approx((-tail * grain / 12, tail * grain / 12), rel=ROUNDING)
    assert decide(found, Region.above(0.05)) is Verdict.REFUTED
    assert found.resolution is not None
    # A slope over two places one apart is a difference of two such values, each with its own rounding.
    slope = slope_of([0.0, 1.0], [[0.3, 0.3]] * trials, "", grain=grain)
    assert slope.high == pytest.approx(sqrt(2) * found.high, rel=ROUNDING)


def test_the_grain_adds_its_rounding_to_the_spread() -> None:
    values = np.array([0.2, 0.4, 0.3, 0.5])
    plain, rounded = mean_of(values, ""), mean_of(values, "", grain=0.3)
    spread = values.var(ddof=1)
    assert rounded.high - rounded.value == pytest.approx(
        (plain.high - plain.value) * sqrt((spread + 0.3**2 / 12) / spread), rel=ROUNDING
    )
    with pytest.raises(ValueError, match=r"grain must not be negative, got -0.1"):
        mean_of(values, "", grain=-0.1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "at least 2 independent trials"),
        ([1.0], r"at least 2 independent trials, got shape \(1,\)"),
        ([1.0, np.nan], "must be finite"),
        ([1.0, inf, 2.0], "must be finite"),
    ],
)
def test_mean_refuses(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_of(values, "")


# ------------------------------------------------------------------------------------------------ resolution


@pytest.mark.usefixtures("quick_quantiles")
@pytest.mark.parametrize(("trials", "promised"), [(30, 0.885), (100, 0.893)])
def test_an_effect_at_the_resolution_is_decided(trials: int, promised: float) -> None:
    count, spread = 2_000, 2.0
    # The resolution that a sample with the true spread would report.
    shape = stats.zscore(np.random.default_rng(2).normal(size=trials), ddof=1)
    resolution = mean_of(spread * shape, "").resolution
    assert resolution is not None
    samples = np.random.default_rng(3).normal(resolution, spread, (count, trials))
    verdicts = [decide(mean_of(sample, ""), Region.above(0.0)) for sample in samples]
    assert verdicts.count(Verdict.SUPPORTED) >= stats.binom.ppf(MISLED, count, promised)
    assert verdicts.count(Verdict.SUPPORTED) <= stats.binom.isf(MISLED, count, POWER)


def test_resolution_is_near_the_noncentral_quantile() -> None:
    # The exact shift at which the interval clears the edge with probability POWER.
    trials = 30
    shape = stats.zscore(np.random.default_rng(2).normal(size=trials), ddof=1)
    tail = stats.t.ppf((1 + LEVEL) / 2, trials - 1)
    exact = special.nctdtrinc(trials - 1, 1 - POWER, tail) / sqrt(trials)
    assert mean_of(shape, "").resolution == pytest.approx(exact, rel=0.02)


# ------------------------------------------------------------------------------------------------ slope


def test_slope_against_polyfit() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    slopes = [float(np.polyfit(x, row, 1)[0]) for row in DRAWS]
    found = slope_of(x, DRAWS, "fall per doubling")
    assert found.trials == pytest.approx(slopes, rel=ROUNDING)
    assert found.value == pytest.approx(np.mean(slopes), rel=ROUNDING)
    assert (found.low, found.high) == pytest.approx(student(np.array(slopes), LEVEL), rel=ROUNDING)
    assert found.label == "fall per doubling"


def test_slope_of_a_falling_line_is_negative() -> None:
    x = np.array([0.0, 1.0, 3.0])
    noise = np.random.default_rng(4).normal(0, 1e-3, (6, 3))
    assert slope_of(x, 5 - 2 * x + noise, "").value == pytest.approx(-2.0, abs=0.01)


@pytest.mark.parametrize(
    ("x", "values"),
    [([1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]]), ([1.0, 2.0, 3.0], [[1.0, 2.0], [2.0, 1.0]]), ([1.0, 2.0], [1.0, 2.0])],
    ids=["one x", "a missing value", "no trials"],
)
def test_slope_refuses(x: list[float], values: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="a slope needs one value per x and two distinct x"):
        slope_of(x, values, "")


# ------------------------------------------------------------------------------------------------ share

GRAIN = 1e-6


def rejects(share: float, part: np.ndarray, whole: np.ndarray, grain: float) -> float:
    """By how much Student's t of part − share·whole exceeds its quantile; rounding adds to both variances."""
    n = len(part)
    rest = part - share * whole
    error = sqrt((rest.var(ddof=1) + (1 + share**2) * grain**2 / 12) / n)
    return abs(float(rest.mean())) / error - float(stats.t.ppf((1 + LEVEL) / 2, n - 1))


def fieller(part: np.ndarray, whole: np.ndarray, grain: float) -> tuple[float, float]:
    """Ends of the set of shares that the t test does not reject, by a scan outwards from the ratio of means."""
    ratio = float(part.mean() / whole.mean())
    ends = []
    for side in (-1.0, 1.0):
        steps = [ratio + side * 1e-9 * 1.1**step for step in range(300)]
        out = next(place for place, share in enumerate(steps) if rejects(share, part, whole, grain) > 0)
        ends.append(optimize.brentq(rejects, *sorted((steps[out - 1], steps[out])), args=(part, whole, grain)))
    return ends[0], ends[1]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("trials", "grain"), [(4, GRAIN), (10, GRAIN), (10, 2.0)])
def test_share_against_a_scan_of_the_t_test(trials: int, grain: float, sign: float) -> None:
    generator = np.random.default_rng(11)
    whole = generator.normal(20.0, 1.0, trials)
    part = sign * 0.3 * whole + generator.normal(0.0, 0.5, trials)
    found = share_of(part, whole, "share of the fall", grain=grain)
    assert (found.low, found.high) == pytest.approx(fieller(part, whole, grain), rel=1e-6)
    assert found.value == pytest.approx(part.mean() / whole.mean(), rel=ROUNDING)
    assert found.trials == pytest.approx(tuple(part / whole.mean()), rel=ROUNDING)
    assert (found.level, found.label) == (LEVEL, "share of the fall")
    assert found.method == f"ratio of means, Fieller, over {trials} independent trials"


def test_a_share_of_a_known_whole_is_a_mean() -> None:
    part, whole = DRAWS[:, 0], np.full(10, 4.0)
    share, mean = share_of(part, whole, "", grain=GRAIN), mean_of(part / 4, "")
    assert (share.low, share.high) == pytest.approx((mean.low, mean.high), rel=1e-6)
    assert share.resolution == pytest.approx(mean.resolution, rel=1e-6)


def test_a_share_does_not_depend_on_the_unit() -> None:
    part, whole = DRAWS[:, 0], DRAWS[:, 2]
    one, other = (share_of(unit * part, unit * whole, "", grain=abs(unit) * GRAIN) for unit in (1.0, -250.0))
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), rel=1e-6)
    assert one.resolution == pytest.approx(other.resolution, rel=1e-6)


@pytest.mark.usefixtures("quick_quantiles")
@pytest.mark.parametrize("share", [-0.5, 0.0, 0.9])
def test_a_share_is_missed_as_often_as_promised(share: float) -> None:
    # Parts that move with their wholes, and a whole six standard errors from zero: the plain ratio's error is skewed.
    count, trials = 12_000, 9
    generator = np.random.default_rng(12)
    wholes = generator.normal(2.0, 1.0, (count, trials))
    parts = 2.0 * share + 1.5 * (wholes - 2.0) + generator.normal(0.0, 0.3, (count, trials))
    estimates = [share_of(part, whole, "", grain=GRAIN) for part, whole in zip(parts, wholes, strict=True)]
    assert stats.binom.ppf(MISLED, count, MISS) <= misses(estimates, share) <= at_most(count, MISS)


@pytest.mark.usefixtures("quick_quantiles")
def test_a_share_at_the_resolution_is_decided() -> None:
    count, trials = 1_000, 30
    generator = np.random.default_rng(13)
    noise = stats.zscore(generator.normal(size=trials), ddof=1)
    resolution = share_of(noise, np.full(trials, 10.0), "", grain=GRAIN).resolution
    assert resolution is not None
    parts = generator.normal(10 * resolution, 1.0, (count, trials))
    verdicts = [decide(share_of(part, np.full(trials, 10.0), "", grain=GRAIN), Region.above(0.0)) for part in parts]
    # As of a mean over 30 trials, whose power is 0.885.
    assert stats.binom.ppf(MISLED, count, 0.885) <= verdicts.count(Verdict.SUPPORTED)
    assert verdicts.count(Verdict.SUPPORTED) <= stats.binom.isf(MISLED, count, POWER)


def test_parts_that_agree_are_known_to_the_grain() -> None:
    trials, grain = 10, 0.01
    whole = np.random.default_rng(14).normal(0.8, 0.05, trials)
    found = share_of(np.zeros(trials), whole, "", grain=grain)
    tail = float(stats.t.ppf((1 + LEVEL) / 2, trials - 1))
    assert found.value == 0.0
    assert (found.low, found.high) == pytest.approx(fieller(np.zeros(trials), whole, grain), rel=1e-6)
    # To first order, the error of rounding over the whole; the spread of the whole adds a few percent.
    assert found.high == pytest.approx(tail * grain / sqrt(12 * trials) / whole.mean(), rel=0.1)
    assert found.low == pytest.approx(-found.high, rel=ROUNDING)
    assert decide(found, Region.near(0.0, 0.05)) is Verdict.SUPPORTED
    assert found.resolution is not None


@pytest.mark.parametrize("whole", [[1.0, -1.0, 0.5, -0.6], [0.0] * 4], ids=["about zero", "zero"])
@pytest.mark.parametrize("part", [[0.0] * 4, [5.0, 5.1, 4.9, 5.0]], ids=["nothing", "something"])
def test_a_share_of_what_may_be_nothing_is_open(part: list[float], whole: list[float]) -> None:
    found = share_of(part, whole, "", grain=GRAIN)
    assert (found.low, found.high, found.resolution) == (-inf, inf, None)
    assert np.isfinite(found.trials).all()
    for region in (Region.above(0.0), Region.below(0.0), Region.near(0.0, 9.0)):
        assert decide(found, region) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("part", "whole", "grain", "message"),
    [
        ([1.0], [1.0], GRAIN, "at least 2 independent trials"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], GRAIN, "part and whole must have the same trials, got 2 and 3"),
        ([1.0, np.nan], [1.0, 2.0], GRAIN, "must be finite"),
        ([1.0, 2.0], [1.0, inf], GRAIN, "must be finite"),
        ([1.0, 2.0], [1.0, 2.0], 0.0, r"grain must be positive, got 0\.0"),
        ([1.0, 2.0], [1.0, 2.0], float("nan"), "grain must be positive, got nan"),
    ],
)
def test_share_refuses(part: list[float], whole: list[float], grain: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        share_of(part, whole, "", grain=grain)


# ------------------------------------------------------------------------------------------------ extremes


def test_largest_against_simultaneous_intervals() -> None:
    found = largest_of(DRAWS, "worst condition")
    intervals = [student(column, 1 - MISS / 4) for column in DRAWS.T]
    assert found.low == pytest.approx(max(low for low, _ in intervals), rel=ROUNDING)
    assert found.high == pytest.approx(max(high for _, high in intervals), rel=ROUNDING)
    assert found.value == pytest.approx(DRAWS.mean(axis=0).max())
    assert found.trials == tuple(DRAWS[:, 2])
    assert (found.level, found.label) == (LEVEL, "worst condition")
    assert found.method == "largest of 4 conditions, simultaneous Student t (Bonferroni), 10 trials"


def test_smallest_against_simultaneous_intervals() -> None:
    found = smallest_of(DRAWS, "")
    intervals = [student(column, 1 - MISS / 4) for column in DRAWS.T]
    assert found.low == pytest.approx(min(low for low, _ in intervals), rel=ROUNDING)
    assert found.high == pytest.approx(min(high for _, high in intervals), rel=ROUNDING)
    assert found.value == pytest.approx(DRAWS.mean(axis=0).min())
    assert found.trials == tuple(DRAWS[:, 3])
    assert found.method.startswith("smallest of 4 conditions")


def test_largest_absolute_mean() -> None:
    found = largest_of(DRAWS, "", absolute=True)
    # The last condition, with a mean near −7, is the largest in absolute value.
    low, high = student(-DRAWS[:, 3], 1 - MISS / 4)
    assert (found.value, found.low, found.high) == pytest.approx((-DRAWS[:, 3].mean(), low, high), rel=ROUNDING)
    assert found.trials == pytest.approx(tuple(-DRAWS[:, 3]))


def test_absolute_interval_does_not_pass_zero() -> None:
    found = largest_of(np.array([[1.0, -1.0], [-1.0, 2.0], [0.5, -1.5]]), "", absolute=True)
    assert found.low == 0.0
    assert found.high > 0.0


def test_one_condition_is_a_mean() -> None:
    column = DRAWS[:, 0]
    alone, mean = largest_of(column, ""), mean_of(column, "")
    assert (alone.low, alone.high) == pytest.approx((mean.low, mean.high), rel=ROUNDING)


def test_conditions_may_have_their_own_trials() -> None:
    columns = [DRAWS[:4, 0], DRAWS[:9, 1]]
    intervals = [student(column, 1 - MISS / 2) for column in columns]
    found = largest_of(columns, "")
    assert found.high == pytest.approx(max(high for _, high in intervals), rel=ROUNDING)
    assert smallest_of(columns, "").low == pytest.approx(min(low for low, _ in intervals), rel=ROUNDING)


Extreme = Callable[[list[np.ndarray]], Estimate]


@pytest.mark.usefixtures("quick_quantiles")
@pytest.mark.parametrize(
    ("extreme", "means", "truth"),
    [
        pytest.param(lambda columns: largest_of(columns, ""), [0.3] * 12, 0.3, id="largest of equal means"),
        pytest.param(lambda columns: smallest_of(columns, ""), [0.3] * 12, 0.3, id="smallest of equal means"),
        pytest.param(lambda columns: largest_of(columns, ""), [0.3, -5.0, 0.0], 0.3, id="largest"),
        pytest.param(
            lambda columns: largest_of(columns, "", absolute=True), [0.2, -0.4] * 6, 0.4, id="absolute, both signs"
        ),
        pytest.param(lambda columns: largest_of(columns, "", absolute=True), [0.0] * 12, 0.0, id="absolute, no effect"),
    ],
)
def test_extremes_are_missed_no_more_than_promised(extreme: Extreme, means: list[float], truth: float) -> None:
    # Conditions differ in their spread and in their number of trials, as experiments do.
    count, generator = 1_500, np.random.default_rng(6)
    draws = [generator.normal(mean, 1.0 + which, (count, (4, 7, 12)[which % 3])) for which, mean in enumerate(means)]
    estimates = [extreme([column[repetition] for column in draws]) for repetition in range(count)]
    assert misses(estimates, truth) <= at_most(count, MISS)


def test_a_condition_that_agrees_leaves_the_extreme_open() -> None:
    found = largest_of([np.array([1.0, 1.0, 1.0]), DRAWS[:, 0]], "")
    assert found.high == inf
    assert decide(found, Region.below(1e9)) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((1, 3)), "at least 2 independent trials"),
        ([np.array([1.0, 2.0]), np.array([1.0])], "at least 2 independent trials"),
        (np.array([[1.0, np.nan], [1.0, 2.0]]), "must be finite"),
    ],
)
def test_extremes_refuse(values: list[np.ndarray], message: str) -> None:
    for extreme in (largest_of, smallest_of):
        with pytest.raises(ValueError, match=message):
            extreme(values, "")


# ------------------------------------------------------------------------------------------------ exact claims


def test_worst_is_the_largest_number_itself() -> None:
    found = worst_of([0.2, -3.0, 1.5], "largest difference")
    assert (found.value, found.low, found.high) == (1.5, 1.5, 1.5)
    assert (found.level, found.resolution, found.trials) == (None, None, (0.2, -3.0, 1.5))
    assert decide(found, Region.below(1.5)) is Verdict.SUPPORTED
    assert decide(found, Region.below(1.4)) is Verdict.REFUTED


def test_worst_may_be_infinite() -> None:
    assert decide(worst_of([0.0, inf], ""), Region.below(1.0)) is Verdict.REFUTED


@pytest.mark.parametrize("values", [[], [float("nan")], [1.0, float("nan")]])
def test_worst_refuses(values: list[float]) -> None:
    with pytest.raises(ValueError, match="largest difference: needs numbers"):
        worst_of(values, "largest difference")
