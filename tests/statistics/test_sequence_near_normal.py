"""The always-valid t against numerical integration and SciPy; grants and vetoes at their bounds."""

from math import inf, sqrt

import numpy as np
import pytest
from scipy import integrate, stats

from support.statistics.near_normal import Grant, grant, half_width, near_normal_interval, veto

GRANTED = Grant(200, 0.0, 0.0, None)


@pytest.mark.parametrize("n", [24, 30, 96])
@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_half_width_is_where_the_ratio_of_t_densities_reaches_one_over_alpha(n: int, alpha: float) -> None:
    t = float(half_width(n, alpha=alpha)) * sqrt(n)

    def density(effect: float) -> float:
        """Of t where the effect size is drawn from N(0, 1)."""
        return float(stats.nct.pdf(t, n - 1, effect * sqrt(n)) * stats.norm.pdf(effect))

    mixed = integrate.quad(density, -9, 9, points=[t / sqrt(n)], limit=400)[0]
    assert mixed / stats.t.pdf(t, n - 1) == pytest.approx(1 / alpha, rel=1e-5)


def test_half_widths_as_tabulated() -> None:
    """To the second place, as another program computed them."""
    expected = [1.04, 0.86, 0.67, 0.57, 0.46, 0.40]
    assert half_width([24, 32, 48, 64, 96, 128]).round(2).tolist() == expected


def test_too_few_trials_exclude_nothing() -> None:
    # R >= g where (g/alpha²)^(1/n) >= g, that is, g^(n−1) <= 1/alpha².
    finite = [n for n in range(2, 40) if (1 + n) ** (n - 1) > 1e6]
    assert np.flatnonzero(np.isfinite(half_width(np.arange(2, 40)))).tolist() == [n - 2 for n in finite]
    assert finite[0] == 8


def test_always_wider_than_students_t_at_one_number_of_trials() -> None:
    n = np.arange(24, 400)
    assert (half_width(n) > stats.t.isf(0.0005, n - 1) / np.sqrt(n)).all()


def test_interval_around_the_mean() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 60)
    interval = near_normal_interval(values, GRANTED)
    half = float(half_width(60)) * stats.tstd(values)
    assert (interval.low, interval.high) == pytest.approx((values.mean() - half, values.mean() + half), rel=1e-12)
    assert (interval.estimate, interval.trials, interval.silence) == (values.mean(), 60, None)
    assert near_normal_interval(values, GRANTED, alpha=0.0001).low < interval.low


def test_nothing_is_said_before_the_first_look() -> None:
    values = np.random.default_rng(1).normal(size=24)
    early = near_normal_interval(values[:23], GRANTED)
    assert (early.low, early.high, early.silence) == (-inf, inf, "23 trials, first look at 24")
    assert near_normal_interval(values, GRANTED).high < inf


def test_moments_are_those_of_scipy() -> None:
    values = np.random.default_rng(2).gamma(30, size=300)
    given = grant(values)
    assert given.skewness == pytest.approx(stats.skew(values), rel=1e-12)
    assert given.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-12)


def quantiles(law: stats.rv_continuous, n: int = 400, **arguments: float) -> np.ndarray:
    """A sample as regular as can be, whose moments are near the law's."""
    return np.asarray(law.ppf((np.arange(n) + 0.5) / n, **arguments))


@pytest.mark.parametrize(
    ("values", "moment"),
    [
        (quantiles(stats.norm), None),
        (quantiles(stats.logistic), None),
        (quantiles(stats.gamma, a=20), None),
        (quantiles(stats.gamma, a=12), "skewness"),
        (-quantiles(stats.gamma, a=12), "skewness"),
        (quantiles(stats.t, df=3), "excess kurtosis"),
        (quantiles(stats.beta, a=0.5, b=0.5), "excess kurtosis"),
    ],
)
def test_grants(values: np.ndarray, moment: str | None) -> None:
    said = {
        None: None,
        "skewness": f"skewness {stats.skew(values):.2f} lies outside [-0.50, 0.50]",
        "excess kurtosis": f"excess kurtosis {stats.kurtosis(values):.2f} lies outside [-1.20, 3.00]",
    }
    given = grant(values)
    assert given.refusal == said[moment]
    assert given.granted == (moment is None)
    assert given.trials == 400


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        (quantiles(stats.norm, 199), "199 calibration trials, fewer than 200"),
        (np.full(300, 0.1), "all 300 calibration trials agree: they show no spread"),
        (np.zeros(300), "all 300 calibration trials agree: they show no spread"),
    ],
)
def test_calibration_trials_that_show_nothing(values: np.ndarray, refusal: str) -> None:
    assert grant(values).refusal == refusal
    assert grant(quantiles(stats.norm, 200)).granted


def test_a_route_that_is_not_granted_is_not_gone() -> None:
    refused = grant(np.random.default_rng(0).exponential(size=300))
    with pytest.raises(ValueError, match="the near-normal route is not granted: skewness"):
        near_normal_interval(np.random.default_rng(1).normal(size=100), refused)


@pytest.mark.parametrize("scale", [1.0, 1e-15, 1e6])
def test_a_veto_silences(scale: float) -> None:
    ruined = np.random.default_rng(0).normal(0.9, 0.01, 48)
    assert veto(ruined * scale) is None
    ruined[17] = 0.0
    interval = near_normal_interval(ruined * scale, GRANTED)
    assert (interval.low, interval.high) == (-inf, inf)
    assert interval.silence is not None
    assert interval.silence.startswith("skewness -6.")


def test_trials_that_agree_are_vetoed() -> None:
    assert near_normal_interval(np.full(50, 0.7), GRANTED).silence == "all 50 trials agree: they show no spread"


@pytest.mark.parametrize("n", [24, 96, 384])
def test_the_veto_is_the_grant_widened_by_three_errors(n: int) -> None:
    """Trials of which one is moved out: the veto falls between moves whose moments lie on either side of its bound."""
    regular = quantiles(stats.norm, n)
    for move in np.linspace(0, 20, 60):
        values = regular.copy()
        values[-1] += move
        skewness, kurtosis = stats.skew(values), stats.kurtosis(values)
        beyond = abs(skewness) > 0.5 + 3 * sqrt(6 / n) or kurtosis > 3 + 3 * sqrt(24 / n)
        assert (veto(values) is not None) == beyond


def test_normal_trials_are_hardly_ever_vetoed() -> None:
    streams = np.random.default_rng(4).normal(size=(1000, 384))
    vetoed = [any(veto(stream[:n]) for n in (24, 48, 96, 192, 384)) for stream in streams]
    assert sum(vetoed) <= stats.binom.isf(1e-5, 1000, 0.001)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 trials, got 1"):
        half_width([24, 1])
    with pytest.raises(ValueError, match=r"alpha must lie inside \(0, 1\), got 1"):
        half_width(24, alpha=1)
    with pytest.raises(ValueError, match="must be finite"):
        grant([0.0, np.nan])
