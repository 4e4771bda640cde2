"""Curves of the linear model against values of the audit, moments written by hand, draws and limits."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from support.theory import curves, printed
from support.theory import population as p
from support.theory.curves import (
    FIGURE_6C,
    FIGURE_13,
    Setting,
    Shape,
    clean_accuracy,
    evaluate,
    prediction_difference,
    spurious_accuracy,
)

ROUNDING = 1e-10
# Half a unit of the last decimal.
THREE, FOUR = 5e-4, 5e-5


def by_moments(
    gamma: float,
    variance_inv: float,
    variance_sp: float,
    norm_inv: float,
    norm_sp: float,
    penalty: float = 0.0,
    training_noise: float = 0.0,
    test_noise: float = 0.0,
) -> tuple[float, float, float]:
    """Prediction difference, clean and spurious accuracy in one dimension a block, from the moments of (x, y, 1)."""
    mean, product = gamma / 2 * norm_sp, gamma / 2 * norm_inv * norm_sp
    added = training_noise + penalty
    second = [
        [norm_inv**2 + variance_inv + added, product, 0.0],
        [product, gamma / 2 * norm_sp**2 + variance_sp + added, mean],
        [0.0, mean, 1.0],
    ]
    x, y, intercept = np.linalg.solve(second, [norm_inv, mean, 0.0])
    deviation = np.sqrt(x**2 * (variance_inv + test_noise) + y**2 * (variance_sp + test_noise))
    negative, positive = x * norm_inv - intercept, x * norm_inv + intercept
    spurious = x * norm_inv - y * norm_sp - intercept
    clean = (stats.norm.cdf(negative / deviation) + stats.norm.cdf(positive / deviation)) / 2
    return float(y * norm_sp), float(clean), float(stats.norm.cdf(spurious / deviation))


def derived(setting: Setting) -> list[float]:
    return [float(quantity(setting)) for quantity in (prediction_difference, clean_accuracy, spurious_accuracy)]


# ------------------------------------------------------------------------------------------------ known values


def test_settings_of_the_figures() -> None:
    # Figure 6c: σ_inv² = 1, σ_sp² = 0.05, ‖x_inv‖ = 1, ‖x_sp‖ = 5. Figure 13: ‖x_sp‖² = 5, σ_inv² = 0.5, σ_sp² = 0.1.
    assert FIGURE_6C == {"variance_inv": 1.0, "variance_sp": 0.05, "norm_inv": 1.0, "norm_sp": 5.0}
    found = FIGURE_13 | {"norm_sp": FIGURE_13["norm_sp"] ** 2}
    assert found == pytest.approx({"variance_inv": 0.5, "variance_sp": 0.1, "norm_inv": 1.0, "norm_sp": 5.0})


def test_derived_and_printed_at_figure_13() -> None:
    at = Setting(0.1, **FIGURE_13)
    assert derived(at) == pytest.approx([0.2532, 0.9207, 0.8146], abs=FOUR)
    names = (printed.PREDICTION_DIFFERENCE, printed.CLEAN_ACCURACY, printed.SPURIOUS_ACCURACY)
    assert [float(evaluate(name, at)) for name in names] == pytest.approx([0.0697, 0.9182, 0.8118], abs=FOUR)


def test_derived_and_printed_at_figure_6c() -> None:
    at = Setting([0.01, 0.05, 0.3], **FIGURE_6C)
    np.testing.assert_allclose(prediction_difference(at), [0.359, 0.480, 0.634], atol=THREE)
    np.testing.assert_allclose(evaluate(printed.PREDICTION_DIFFERENCE, at), [0.028, 0.037, 0.053], atol=THREE)
    np.testing.assert_allclose(spurious_accuracy(at), [0.612, 0.521, 0.424], atol=THREE)
    np.testing.assert_allclose(evaluate(printed.SPURIOUS_ACCURACY, at), [0.610, 0.521, 0.427], atol=THREE)


def test_penalties_of_figure_13() -> None:
    at = Setting(0.1, **FIGURE_13, penalty=[0, 1, 10, 100])
    np.testing.assert_allclose(prediction_difference(at), [0.253, 0.113, 0.022, 0.002], atol=THREE)
    np.testing.assert_allclose(spurious_accuracy(at), [0.815, 0.849, 0.858, 0.859], atol=THREE)
    np.testing.assert_allclose(clean_accuracy(at)[[0, -1]], [0.9207, 0.9211], atol=FOUR)
    often = Setting(0.4, **FIGURE_13, penalty=[0, 100])
    np.testing.assert_allclose(spurious_accuracy(often), [0.726, 0.610], atol=THREE)


def test_where_a_penalty_changes_no_accuracy() -> None:
    # (γ/2)(1 − γ)‖x_sp‖² = σ_inv² − σ_sp² = 0.4.
    at = Setting(0.2, **FIGURE_13, penalty=[0, 0.1, 1, 10, 1000])
    for accuracy in (clean_accuracy, spurious_accuracy):
        assert np.ptp(accuracy(at)) < ROUNDING
    assert np.ptp(prediction_difference(at)) > 0.1
    beside = Setting(0.19, **FIGURE_13, penalty=[0, 0.1, 1, 10, 1000])
    assert np.all(np.diff(spurious_accuracy(beside)) > 0)


# ------------------------------------------------------------------------------------------------ moments and draws


def test_anywhere_in_the_box() -> None:
    rng = np.random.default_rng(13)
    for _ in range(40):
        drawn = np.exp(rng.uniform(np.log(0.05), np.log(5), 4)).tolist()
        added = rng.uniform(0, 2, 3) * (rng.random(3) < 0.7)
        fields = (rng.uniform(0, 1), *drawn, *added.tolist())
        assert derived(Setting(*fields)) == pytest.approx(by_moments(*fields), rel=1e-8, abs=ROUNDING), fields


@pytest.mark.parametrize("gamma", [0.0, 1.0])
@pytest.mark.parametrize("penalty", [0.0, 3.0])
def test_ends_of_the_range(gamma: float, penalty: float) -> None:
    found = derived(Setting(gamma, **FIGURE_6C, penalty=penalty))
    assert found == pytest.approx(by_moments(gamma, **FIGURE_6C, penalty=penalty), abs=ROUNDING)
    if gamma == 0:
        # The classifier looks along x_inv alone: Φ(‖x_inv‖/σ_inv).
        assert found == pytest.approx([0, stats.norm.cdf(1), stats.norm.cdf(1)], abs=ROUNDING)


def test_draws_of_definition_1() -> None:
    # Least squares on a million draws in 3 + 2 dimensions: five standard errors of an accuracy near 0.8 are 0.002; the
    # prediction difference of a fit spreads by 0.0016, and 0.008 is a twentieth of the distance to the printed value.
    n, gamma, rng = 1_000_000, 0.1, np.random.default_rng(2022)
    inv, sp = np.array([2.0, -1.0, 2.0]) / 3, np.array([1.0, 2.0])
    deviations = np.sqrt([0.5] * 3 + [0.1] * 2)

    def inputs(means: np.ndarray) -> np.ndarray:
        return np.hstack([rng.standard_normal((n, 5)) * deviations + means, np.ones((n, 1))])

    none = np.zeros(2)
    means = np.array([[*-inv, *none], [*inv, *none], [*inv, *sp]])
    drawn = rng.choice(3, n, p=[1 / 2, (1 - gamma) / 2, gamma / 2])
    training = inputs(means[drawn])
    labels = np.where(drawn == 0, -1.0, 1.0)
    beta = np.linalg.solve(training.T @ training, training.T @ labels)
    clean = np.mean(inputs(np.outer(labels, [*inv, *none])) @ beta * labels > 0)
    spurious = np.mean(inputs(np.array([*-inv, *sp])) @ beta < 0)
    found = derived(Setting(gamma, 0.5, 0.1, float(np.linalg.norm(inv)), float(np.linalg.norm(sp))))
    assert found[0] == pytest.approx(beta[3:5] @ sp, abs=0.008)
    assert found[1:] == pytest.approx([clean, spurious], abs=0.002)


# ------------------------------------------------------------------------------------------------ noise and arrays


def test_training_noise_is_a_penalty_and_test_noise_touches_accuracies_only() -> None:
    louder = derived(Setting(0.1, **FIGURE_13, training_noise=0.7))
    assert louder == pytest.approx(derived(Setting(0.1, **FIGURE_13, penalty=0.7)), rel=ROUNDING)
    plain, tested = (derived(Setting(0.1, **FIGURE_13, test_noise=noise)) for noise in (0.0, 0.7))
    assert tested[0] == plain[0]
    assert tested[1] < plain[1]
    assert tested[2] < plain[2]
    # Noise at both is a larger variance.
    shape: Shape = FIGURE_13 | {"variance_inv": 1.2, "variance_sp": 0.8}
    both = derived(Setting(0.1, **FIGURE_13, training_noise=0.7, test_noise=0.7))
    assert both == pytest.approx(derived(Setting(0.1, **shape)), rel=ROUNDING)


QUANTITIES = [prediction_difference, clean_accuracy, spurious_accuracy]


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.__name__)
def test_arrays_broadcast(quantity: Any) -> None:
    gammas, penalties, noises = [0.0, 0.1, 0.4], [0.0, 2.0], [0.0, 0.3, 0.6, 5.0]
    found = quantity(
        Setting(
            np.array(gammas)[:, None, None],
            **FIGURE_13,
            penalty=np.array(penalties)[:, None],
            test_noise=noises,
        )
    )
    assert found.shape == (3, 2, 4)
    for (i, j, k), value in np.ndenumerate(found):
        one = Setting(gammas[i], **FIGURE_13, penalty=penalties[j], test_noise=noises[k])
        assert value == pytest.approx(float(quantity(one)), rel=ROUNDING, abs=ROUNDING)
    assert quantity(Setting(0.1, **FIGURE_13)).shape == ()


def test_every_field_broadcasts() -> None:
    one = Setting(0.3, 1.0, 0.5, 1.5, 2.0, 0.1, 0.2, 0.3)
    for name, value in vars(one).items():
        repeated = replace(one, **{name: np.full(2, value)})
        for quantity, expected in zip(QUANTITIES, derived(one), strict=True):
            np.testing.assert_allclose(quantity(repeated), [expected] * 2, rtol=ROUNDING, err_msg=name)


def test_formulas_of_few_symbols_fill_the_shape() -> None:
    at = Setting([[0.1], [0.2]], **FIGURE_13, penalty=[1.0, 2.0, 3.0])
    assert evaluate(p.GAMMA * 2, at).tolist() == [[0.2] * 3, [0.4] * 3]
    # A formula without any symbol, too.
    assert evaluate(p.GAMMA - p.GAMMA + 7, at).tolist() == [[7.0] * 3] * 2


def test_each_symbol_takes_its_field() -> None:
    at = Setting(0.25, 4.0, 9.0, 2.0, 3.0, penalty=0.5, training_noise=12.0, test_noise=16.0)
    expected = {
        p.GAMMA: 0.25,
        p.PENALTY: 0.5,
        p.SIGMA_INV: 4.0,
        p.SIGMA_SP: 21**0.5,
        p.NORM_INV: 2.0,
        p.NORM_SP: 3.0,
        p.TEST_SIGMA_INV: 20**0.5,
        p.TEST_SIGMA_SP: 5.0,
        p.PHI(p.NORM_INV): stats.norm.cdf(2.0),
    }
    assert {symbol: float(evaluate(symbol, at)) for symbol in expected} == pytest.approx(expected, rel=ROUNDING)


# ------------------------------------------------------------------------------------------------ what is refused

LEGAL: dict[str, Any] = {"gamma": 0.1, **FIGURE_13, "penalty": 0.0, "training_noise": 0.0, "test_noise": 0.0}
POSITIVE = ("variance_inv", "variance_sp", "norm_inv", "norm_sp")
ADDED = ("penalty", "training_noise", "test_noise")


@pytest.mark.parametrize(
    ("field", "given", "message"),
    [
        ("gamma", -0.01, r"gamma must lie in \[0, 1\], got -0.01"),
        ("gamma", 1.01, r"gamma must lie in \[0, 1\], got 1.01"),
        ("gamma", [0.2, 0.5, 1.5, 2.5], r"gamma must lie in \[0, 1\], got 1.5"),
        *((name, 0.0, f"{name} must be finite and positive, got 0") for name in POSITIVE),
        *((name, [[1.0, -2.5]], f"{name} must be finite and positive, got -2.5") for name in POSITIVE),
        *((name, -0.5, f"{name} must be finite and not negative, got -0.5") for name in ADDED),
        *((name, value, f"{name} must .*, got {value}") for name in LEGAL for value in (float("nan"), float("inf"))),
    ],
)
def test_refused(field: str, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        Setting(**LEGAL | {field: given})


def test_legal_setting_is_kept() -> None:
    assert vars(Setting(**LEGAL)) == LEGAL
    assert Setting(**LEGAL) == curves.Setting(0.1, **FIGURE_13)
