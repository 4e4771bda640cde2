"""The predicted alignment against a root finder, its limits, its Hermite series and tables worked out beforehand."""

from itertools import pairwise
from math import factorial, inf, pi, sqrt

import pytest
from scipy import integrate, optimize, special, stats

from support.models.features import FeatureMap, neural_tangent, random_features
from support.theory.alignment_constant import (
    predicted_alignment,
    recalled_lower_bound,
    unexplained_linear_fraction,
)

ROUNDING = 1e-12
# Half a unit of the third decimal.
PRINTED = 5e-4

# ------------------------------------------------------------------------------------------------ the fixed point


@pytest.mark.parametrize("ratio", [0.0, 1e-6, 0.2, 1.0, 2.0, 10.0, 1e4])
@pytest.mark.parametrize("strength", [1e-8, 0.1, 1.0, 2.75, 1e6])
def test_fraction_solves_its_equation(ratio: float, strength: float) -> None:
    expected = optimize.brentq(
        lambda c: c - 1 / (1 + ratio * strength / (1 + strength * c)), 0.0, 1.0 + 1e-9, xtol=1e-15, rtol=1e-14
    )
    assert unexplained_linear_fraction(ratio, strength) == pytest.approx(expected, rel=1e-9)


def test_fraction_is_where_iteration_ends() -> None:
    c = 1.0
    for _ in range(500):
        c = 1 / (1 + 0.5 * 2.75 / (1 + 2.75 * c))
    assert unexplained_linear_fraction(0.5, 2.75) == pytest.approx(c, abs=ROUNDING)


def test_limits_of_the_fraction() -> None:
    assert unexplained_linear_fraction(0.0, 2.0) == 1.0
    assert unexplained_linear_fraction(1e-9, 2.0) == pytest.approx(1.0, abs=1e-8)
    assert unexplained_linear_fraction(1e9, 2.0) == pytest.approx(0.0, abs=1e-8)
    # No linear part to begin with: nothing of it is explained.
    assert unexplained_linear_fraction(3.0, 0.0) == 1.0
    # Almost nothing else: below N = d the others leave the fraction 1 − N/d, as for a linear model.
    assert unexplained_linear_fraction(0.25, 1e12) == pytest.approx(0.75, abs=1e-6)
    assert unexplained_linear_fraction(4.0, 1e12) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("ratio", "strength"), [(-0.1, 1.0), (1.0, -0.1)])
def test_negative_arguments_are_refused(ratio: float, strength: float) -> None:
    with pytest.raises(ValueError, match=f"ratio and strength must be non-negative, got {ratio} and {strength}"):
        unexplained_linear_fraction(ratio, strength)


# ------------------------------------------------------------------------------------------------ the tables

D = 1000
# Of N samples N − 1 are the others.
# N: (φ2 α=.25, φ2 α=.5, φ4 α=.25, φ4 α=.5), φ2 = h1+h2 and φ4 = h1+h4 (for NTK, φ' = h0+h1 and h0+h3).
TABLE = {
    10: (0.156, 0.375, 0.127, 0.281),
    100: (0.154, 0.372, 0.124, 0.276),
    200: (0.152, 0.369, 0.121, 0.270),
    500: (0.145, 0.360, 0.112, 0.254),
    1_000: (0.134, 0.346, 0.098, 0.230),
    10_000: (0.079, 0.273, 0.026, 0.102),
}
FAMILIES = {
    "rf": (random_features("h1+h2"), random_features("h1+h4")),
    "ntk": (neural_tangent("h0+h1"), neural_tangent("h0+h3")),
}
RELU = {
    "rf": (random_features("relu"), (0.073, 0.192, 0.418, 0.682, 0.864)),
    "ntk": (neural_tangent("step"), (0.051, 0.140, 0.325, 0.569, 0.764)),
}
EVERY = [*FAMILIES["rf"], *FAMILIES["ntk"], RELU["rf"][0], RELU["ntk"][0]]


@pytest.mark.parametrize("n", TABLE)
@pytest.mark.parametrize("family", FAMILIES)
def test_hermite_table(family: str, n: int) -> None:
    second, fourth = FAMILIES[family]
    found = [
        predicted_alignment(features, alpha, (n - 1) / D) for features in (second, fourth) for alpha in (0.25, 0.5)
    ]
    assert found == pytest.approx(TABLE[n], abs=PRINTED)


@pytest.mark.parametrize("family", FAMILIES)
def test_limit_of_many_samples_is_the_power_above_the_linear(family: str) -> None:
    second, fourth = FAMILIES[family]
    for alpha in (0.25, 0.5):
        assert predicted_alignment(second, alpha, inf) == pytest.approx(alpha**2, abs=ROUNDING)
        assert predicted_alignment(fourth, alpha, inf) == pytest.approx(alpha**4, abs=ROUNDING)
        assert predicted_alignment(second, alpha, 1e9) == pytest.approx(alpha**2, abs=1e-6)


@pytest.mark.parametrize("family", RELU)
def test_relu_table(family: str) -> None:
    features, expected = RELU[family]
    found = [predicted_alignment(features, alpha, 199 / D) for alpha in (0.1, 0.25, 0.5, 0.75, 0.9)]
    assert found == pytest.approx(expected, abs=PRINTED)


# ------------------------------------------------------------------------------------------------ its shape


@pytest.mark.parametrize("features", EVERY, ids=str)
@pytest.mark.parametrize("ratio", [0.0, 0.2, 5.0, inf])
def test_ends_and_order(features: FeatureMap, ratio: float) -> None:
    found = [predicted_alignment(features, alpha / 20, ratio) for alpha in range(21)]
    assert found[0] == pytest.approx(0.0, abs=ROUNDING)
    assert found[-1] == pytest.approx(1.0, abs=ROUNDING)
    assert all(low < high for low, high in pairwise(found))


@pytest.mark.parametrize("features", EVERY, ids=str)
def test_more_samples_align_less(features: FeatureMap) -> None:
    found = [predicted_alignment(features, 0.5, ratio) for ratio in (0.0, 0.1, 1.0, 10.0, inf)]
    assert all(low < high for low, high in pairwise(found[::-1]))


@pytest.mark.parametrize("alpha", [-0.01, 1.01])
def test_alpha_outside_the_unit_interval_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match=rf"alpha must lie in \[0, 1\], got {alpha}"):
        predicted_alignment(random_features("relu"), alpha, 0.2)


# ------------------------------------------------------------------------------------------------ the recalled bound


def relu_power(degree: int) -> float:
    """μ_l² of ReLU by quadrature."""

    def density(x: float) -> float:
        return float(x * special.eval_hermitenorm(degree, x) * stats.norm.pdf(x))

    return float(integrate.quad(density, 0, inf)[0] ** 2 / factorial(degree))


def test_recalled_bound_of_hermite_sums() -> None:
    assert recalled_lower_bound(random_features("h1+h2"), 0.5) == pytest.approx(0.25 / 2)
    assert recalled_lower_bound(random_features("h0+h1+h2+h4"), 0.5) == pytest.approx((0.25 + 0.0625) / 3)


def test_recalled_bound_of_relu() -> None:
    # At α = 0.3 degrees past 14 add less than 0.3¹⁵; the powers sum to Var[ReLU(g)] = 1/2 − 1/(2π).
    above = sum(relu_power(degree) * 0.3**degree for degree in range(2, 15))
    assert recalled_lower_bound(random_features("relu"), 0.3) == pytest.approx(above / (1 / 2 - 1 / (2 * pi)), abs=1e-7)


def test_recalled_bound_lies_below_the_prediction() -> None:
    for alpha in (0.1, 0.5, 0.9):
        assert recalled_lower_bound(random_features("relu"), alpha) < predicted_alignment(
            random_features("relu"), alpha, sqrt(10)
        )


def test_recalled_bound_is_for_random_features() -> None:
    with pytest.raises(ValueError, match="the recalled lower bound is for random features, got NTK"):
        recalled_lower_bound(neural_tangent("step"), 0.5)
