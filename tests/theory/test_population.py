"""The derivation of paper B's linear model against explicit vectors: coordinates, quadrature, linear systems."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
import sympy
from numpy.polynomial.hermite_e import hermegauss
from scipy import stats
from sympy import Expr, Rational, Symbol

from support.theory import population as p

ROUNDING = 1e-10
# Central differences of width 2·10⁻⁵.
STEP, DIFFERENCED = 1e-5, 1e-7

X_INV, X_SP = np.array([0.6, -1.1]), np.array([1.7, 0.4])


class Case(NamedTuple):
    """Parameters next to the two vectors."""

    gamma: float
    variance_inv: float
    variance_sp: float
    penalty: float


CASES = [
    Case(0.1, 0.5, 0.1, 0.0),
    Case(0.3, 1.0, 0.05, 0.7),
    Case(0.9, 0.2, 2.0, 10.0),
    Case(0.0, 0.5, 0.1, 0.3),
    Case(1.0, 0.5, 0.1, 0.0),
]


def mixture(gamma: float) -> list[tuple[float, np.ndarray, int]]:
    """Definition 1 in 2 + 2 dimensions: weight, mean, label."""
    none = np.zeros(2)
    return [
        (1 / 2, np.concatenate([-X_INV, none]), -1),
        ((1 - gamma) / 2, np.concatenate([X_INV, none]), 1),
        (gamma / 2, np.concatenate([X_INV, X_SP]), 1),
    ]


def quadrature(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (x, y, 1), labels and weights that integrate any quadratic over the training distribution exactly."""
    nodes, weights = hermegauss(3)
    weights = weights / weights.sum()
    noise = np.array(list(product(nodes, repeat=4))) * np.sqrt(np.repeat([case.variance_inv, case.variance_sp], 2))
    shares = np.array([np.prod(chosen) for chosen in product(weights, repeat=4)])
    points, labels, masses = [], [], []
    for weight, mean, label in mixture(case.gamma):
        points.append(np.hstack([noise + mean, np.ones((len(noise), 1))]))
        labels.append(np.full(len(noise), label))
        masses.append(weight * shares)
    return np.vstack(points), np.concatenate(labels), np.concatenate(masses)


def best(case: Case) -> np.ndarray:
    """(β_inv, β_sp, β₀) of least loss, from the second moments of the points."""
    points, labels, masses = quadrature(case)
    penalty = np.diag([case.penalty] * 4 + [0.0])
    found: np.ndarray = np.linalg.solve(points.T @ (points * masses[:, None]) + penalty, points.T @ (labels * masses))
    return found


def numbers(case: Case) -> dict[Expr, float]:
    return {
        p.GAMMA: case.gamma,
        p.PENALTY: case.penalty,
        p.SIGMA_INV: case.variance_inv**0.5,
        p.SIGMA_SP: case.variance_sp**0.5,
        p.NORM_INV: float(np.linalg.norm(X_INV)),
        p.NORM_SP: float(np.linalg.norm(X_SP)),
    }


# ------------------------------------------------------------------------------------------------ loss and gradient

BETA_INV, BETA_SP = sympy.symbols("b1 b2", real=True), sympy.symbols("b3 b4", real=True)
SYMBOLS_INV, SYMBOLS_SP = sympy.symbols("x1 x2", real=True), sympy.symbols("x3 x4", real=True)


def inner(x: tuple[Symbol, ...], y: tuple[Symbol, ...]) -> Expr:
    return sum((a * b for a, b in zip(x, y, strict=True)), sympy.Integer(0))


IN_COORDINATES = {
    p.PRODUCT_INV: inner(SYMBOLS_INV, BETA_INV),
    p.PRODUCT_SP: inner(SYMBOLS_SP, BETA_SP),
    p.LENGTH_INV: inner(BETA_INV, BETA_INV),
    p.LENGTH_SP: inner(BETA_SP, BETA_SP),
}


def loss_in_coordinates() -> Expr:
    """½ E[(h − label)²] + (λ/2)‖β‖² in components; the square of a label is 1."""
    inv, sp = inner(SYMBOLS_INV, BETA_INV), inner(SYMBOLS_SP, BETA_SP)
    at_means = (
        (-inv + p.INTERCEPT + 1) ** 2 / 2
        + (1 - p.GAMMA) / 2 * (inv + p.INTERCEPT - 1) ** 2
        + p.GAMMA / 2 * (inv + sp + p.INTERCEPT - 1) ** 2
    )
    slopes = [(b, p.SIGMA_INV) for b in BETA_INV] + [(b, p.SIGMA_SP) for b in BETA_SP]
    return (at_means + sum(b**2 * (sigma**2 + p.PENALTY) for b, sigma in slopes)) / 2


def test_loss_in_coordinates() -> None:
    assert sympy.expand(p.loss().subs(IN_COORDINATES) - loss_in_coordinates()) == 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_loss_by_quadrature(case: Case) -> None:
    beta = np.array([0.3, -0.8, 0.5, 1.2, -0.4])
    points, labels, masses = quadrature(case)
    expected = masses @ (points @ beta * labels - 1) ** 2 / 2 + case.penalty / 2 * beta[:4] @ beta[:4]
    at = numbers(case) | {
        p.PRODUCT_INV: X_INV @ beta[:2],
        p.PRODUCT_SP: X_SP @ beta[2:4],
        p.LENGTH_INV: beta[:2] @ beta[:2],
        p.LENGTH_SP: beta[2:4] @ beta[2:4],
        p.INTERCEPT: beta[4],
    }
    assert float(p.loss().subs(at)) == pytest.approx(expected, rel=ROUNDING)


def test_loss_of_another_mixture() -> None:
    # One Gaussian with label −1: ½((h + 1)² + βᵀΣβ).
    found = p.loss([p.Component(sympy.Integer(1), 2, -3, -1)])
    output = 2 * p.PRODUCT_INV - 3 * p.PRODUCT_SP + p.INTERCEPT
    variance = p.SIGMA_INV**2 * p.LENGTH_INV + p.SIGMA_SP**2 * p.LENGTH_SP
    expected = ((output + 1) ** 2 + variance + p.PENALTY * (p.LENGTH_INV + p.LENGTH_SP)) / 2
    assert sympy.expand(found - expected) == 0


def test_gradient_in_coordinates() -> None:
    slope, whole = p.gradient(p.loss()), loss_in_coordinates()
    blocks = [
        (slope.along_beta_inv, slope.along_inv, BETA_INV, SYMBOLS_INV),
        (slope.along_beta_sp, slope.along_sp, BETA_SP, SYMBOLS_SP),
    ]
    for along_beta, along_x, beta, x in blocks:
        for b, coordinate in zip(beta, x, strict=True):
            found = (along_beta * b + along_x * coordinate).subs(IN_COORDINATES)
            assert sympy.expand(found - sympy.diff(whole, b)) == 0, b
    assert sympy.expand(slope.intercept.subs(IN_COORDINATES) - sympy.diff(whole, p.INTERCEPT)) == 0
    assert slope.terms() == (
        slope.along_beta_inv,
        slope.along_inv,
        slope.along_beta_sp,
        slope.along_sp,
        slope.intercept,
    )


def test_normal_equations_are_those_of_the_proof() -> None:
    # Appendix D.4, before Equation (2).
    effective_inv, effective_sp = p.SIGMA_INV**2 + p.PENALTY, p.SIGMA_SP**2 + p.PENALTY
    half = p.GAMMA * p.NORM_SP**2 / 2 * p.B
    expected = (
        p.A * effective_inv + p.A * p.NORM_INV**2 + half - 1,
        p.B * effective_sp + p.GAMMA / 2 * (p.A * p.NORM_INV**2 + p.B * p.NORM_SP**2 + p.INTERCEPT - 1),
        half + p.INTERCEPT,
    )
    for found, printed in zip(p.normal_equations(p.gradient(p.loss())), expected, strict=True):
        assert sympy.expand(found - printed) == 0


# ------------------------------------------------------------------------------------------------ the optimum


@pytest.mark.parametrize("case", CASES, ids=str)
def test_optimum_is_that_of_the_moments(case: Case) -> None:
    found = p.optimum()
    a, b, intercept = (float(term.subs(numbers(case))) for term in (found.a, found.b, found.intercept))
    np.testing.assert_allclose([*(a * X_INV), *(b * X_SP), intercept], best(case), rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_prediction_difference_is_the_output_that_the_pattern_adds(case: Case) -> None:
    found = float(p.optimum().prediction_difference().subs(numbers(case)))
    assert found == pytest.approx(best(case)[2:4] @ X_SP, rel=ROUNDING, abs=ROUNDING)


def test_prediction_difference_leaves_the_intercept_out() -> None:
    # Whatever the classifier: b‖x_sp‖².
    other = p.Optimum(Rational(2), Rational(3), Rational(5))
    assert other.prediction_difference() == 3 * p.NORM_SP**2


def test_optimum_worked_by_hand() -> None:
    # All of σ_inv², σ_sp², ‖x_inv‖, ‖x_sp‖ equal to 1, γ = 1/2, λ = 0. β₀ = −b/4 leaves 2a + b/4 = 1 and
    # b + (a + 3b/4 − 1)/4 = 0, so a = 1/2 − b/8 and 37b/2 = 2.
    at = dict.fromkeys((p.SIGMA_INV, p.SIGMA_SP, p.NORM_INV, p.NORM_SP), sympy.Integer(1))
    at |= {p.GAMMA: Rational(1, 2), p.PENALTY: sympy.Integer(0)}
    found = p.optimum()
    assert [term.subs(at) for term in (found.a, found.b, found.intercept)] == [
        Rational(18, 37),
        Rational(4, 37),
        Rational(-1, 37),
    ]


def test_without_spurious_samples_the_pattern_has_no_weight() -> None:
    # a = 1/(‖x_inv‖² + σ_inv² + λ), the ridge solution of ±x_inv.
    found = p.optimum()
    assert found.b.subs(p.GAMMA, 0) == 0
    assert found.intercept.subs(p.GAMMA, 0) == 0
    expected = 1 / (p.NORM_INV**2 + p.SIGMA_INV**2 + p.PENALTY)
    assert sympy.simplify(found.a.subs(p.GAMMA, 0) - expected) == 0


def test_optimum_of_a_loss_that_penalises_one_block() -> None:
    # γ = 0 keeps the invariant block alone: λ on the spurious one does not matter.
    found = p.solve(p.loss().subs(p.PENALTY, 0) + p.PENALTY / 2 * p.LENGTH_SP)
    assert sympy.simplify(found.a.subs(p.GAMMA, 0) - 1 / (p.NORM_INV**2 + p.SIGMA_INV**2)) == 0
    assert found.b.has(p.PENALTY)


# ------------------------------------------------------------------------------------------------ accuracies

TEST_NOISE = (0.8, 0.15)
# Definition 1 at test: weight, multiples of x_inv and x_sp, label.
CLEAN, SPURIOUS = [(0.5, -1, 0, -1), (0.5, 1, 0, 1)], [(1.0, -1, 1, -1)]


def expected_margin(beta: np.ndarray, invariant: int, spurious: int, label: int) -> float:
    mean = np.concatenate([invariant * X_INV, spurious * X_SP])
    spread = np.sqrt(beta[:4] ** 2 @ np.repeat(TEST_NOISE, 2))
    return float(label * (beta[:4] @ mean + beta[4]) / spread)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(
    ("components", "definition"), [(p.CLEAN_TEST, CLEAN), (p.SPURIOUS_TEST, SPURIOUS)], ids=["clean", "spurious"]
)
def test_accuracy(
    components: tuple[p.Component, ...], definition: list[tuple[float, int, int, int]], case: Case
) -> None:
    beta = best(case)
    at = numbers(case) | {p.TEST_SIGMA_INV: TEST_NOISE[0] ** 0.5, p.TEST_SIGMA_SP: TEST_NOISE[1] ** 0.5}
    margins = [expected_margin(beta, *mean) for _, *mean in definition]
    found = [float(p.optimum().margin(component).subs(at)) for component in components]
    assert found == pytest.approx(margins, rel=ROUNDING)
    accuracy = p.optimum().accuracy(components).subs(at).replace(p.PHI, lambda z: stats.norm.cdf(float(z)))
    expected = sum(weight * stats.norm.cdf(m) for (weight, *_), m in zip(definition, margins, strict=True))
    assert float(accuracy) == pytest.approx(expected, rel=ROUNDING)


def test_same_noise_at_test() -> None:
    expression = p.TEST_SIGMA_INV * p.GAMMA + p.TEST_SIGMA_SP**2 + p.SIGMA_SP
    assert p.same_noise_at_test(expression) == p.SIGMA_INV * p.GAMMA + p.SIGMA_SP**2 + p.SIGMA_SP


# ------------------------------------------------------------------------------------------------ at γ = 0


def test_expansion_of_a_known_function() -> None:
    found = p.at_zero((3 + p.GAMMA) ** 2 / (1 + p.GAMMA))
    # 9 + (6 − 9)γ.
    assert found == p.Expansion(sympy.Integer(9), sympy.Integer(-3))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_expansions(case: Case) -> None:
    def quantities(gamma: float) -> np.ndarray:
        beta = best(case._replace(gamma=gamma))
        mean = np.concatenate([-X_INV, X_SP])
        spread = np.sqrt(beta[:4] ** 2 @ np.repeat([case.variance_inv, case.variance_sp], 2))
        return np.array([beta[2:4] @ X_SP, -(beta[:4] @ mean + beta[4]) / spread])

    slopes = (quantities(STEP) - quantities(-STEP)) / (2 * STEP)
    found = p.expansions()
    at = numbers(case)
    assert [float(one.value.subs(at)) for one in found] == pytest.approx(quantities(0.0), rel=ROUNDING)
    assert [float(one.slope.subs(at)) for one in found] == pytest.approx(slopes, rel=DIFFERENCED)


def test_share_with_pattern() -> None:
    assert p.share_with_pattern() == p.GAMMA / 2
    assert p.share_with_pattern(label=1) == p.GAMMA
    assert p.share_with_pattern(label=-1) == 0
    assert p.share_with_pattern(p.CLEAN_TEST) == 0
    assert p.share_with_pattern(p.SPURIOUS_TEST) == 1
