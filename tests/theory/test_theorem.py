"""The derivation step by step and its consequences, against a loss of numbers, linear systems and root finding."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy
from scipy import optimize, stats
from sympy import Expr, Symbol

from support.theory import population as p
from support.theory import theorem

ROUNDING = 1e-9
# Central differences of width 2·10⁻⁵.
STEP, DIFFERENCED = 1e-5, 1e-6


class Point(NamedTuple):
    """Parameters in one dimension a block."""

    gamma: float
    variance_inv: float
    variance_sp: float
    norm_inv: float
    norm_sp: float
    penalty: float = 0.0


def point(rng: np.random.Generator) -> Point:
    low, high = (0.02, *[0.1] * 5), (0.98, *[3.0] * 5)
    return Point(*rng.uniform(low, high).round(3).tolist())


POINTS = [point(np.random.default_rng(seed)) for seed in range(5)]


def numbers(at: Point) -> dict[Expr, float]:
    return {
        p.GAMMA: at.gamma,
        p.PENALTY: at.penalty,
        p.SIGMA_INV: at.variance_inv**0.5,
        p.SIGMA_SP: at.variance_sp**0.5,
        p.TEST_SIGMA_INV: at.variance_inv**0.5,
        p.TEST_SIGMA_SP: at.variance_sp**0.5,
        p.NORM_INV: at.norm_inv,
        p.NORM_SP: at.norm_sp,
        theorem.V_INV: at.variance_inv + at.penalty,
        theorem.V_SP: at.variance_sp + at.penalty,
    }


def evaluated(expression: Expr, at: Point, others: dict[Expr, float] | None = None) -> float:
    found = expression.subs(numbers(at) | (others or {}))
    return float(found.replace(p.PHI, lambda z: stats.norm.cdf(float(z))))


def loss(at: Point, x: float, y: float, intercept: float) -> float:
    """½ E[(h·label − 1)²] + (λ/2)(x² + y²) for h = x·input_inv + y·input_sp + intercept."""
    total = 0.0
    for weight, inv, sp, label in (
        (1 / 2, -at.norm_inv, 0.0, -1),
        ((1 - at.gamma) / 2, at.norm_inv, 0.0, 1),
        (at.gamma / 2, at.norm_inv, at.norm_sp, 1),
    ):
        variance = x**2 * at.variance_inv + y**2 * at.variance_sp
        total += weight * (((x * inv + y * sp + intercept) * label - 1) ** 2 + variance)
    return (total + at.penalty * (x**2 + y**2)) / 2


def slopes(at: Point, beta: tuple[float, float, float]) -> list[float]:
    """Gradient of the loss; differences of width 2 are exact for a quadratic."""
    found = []
    for index in range(3):
        ends = [loss(at, *(value + sign * (i == index) for i, value in enumerate(beta))) for sign in (1, -1)]
        found.append((ends[0] - ends[1]) / 2)
    return found


def best(at: Point) -> np.ndarray:
    """(β_inv, β_sp, β₀) where the gradient, which is affine, vanishes."""
    origin = np.array(slopes(at, (0, 0, 0)))
    columns = [np.array(slopes(at, unit)) - origin for unit in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    found: np.ndarray = np.linalg.solve(np.array(columns).T, -origin)
    return found


def difference(at: Point) -> float:
    return float(best(at)[1] * at.norm_sp)


def margin(at: Point, beta: Any, inv: int, sp: int, label: int) -> float:
    """label·h at a mean over the standard deviation of h."""
    x, y, intercept = beta
    deviation = np.sqrt(x**2 * at.variance_inv + y**2 * at.variance_sp)
    return float(label * (x * inv * at.norm_inv + y * sp * at.norm_sp + intercept) / deviation)


NEGATIVE, POSITIVE, SPURIOUS = (-1, 0, -1), (1, 0, 1), (-1, 1, -1)


def accuracies(at: Point, beta: Any) -> tuple[float, float]:
    """Clean and spurious."""
    clean, spurious = (
        np.mean([stats.norm.cdf(margin(at, beta, *mean)) for mean in means])
        for means in ((NEGATIVE, POSITIVE), (SPURIOUS,))
    )
    return float(clean), float(spurious)


# ------------------------------------------------------------------------------------------------ the derivation

STEPS = [
    "The loss under the training distribution",
    "Its gradient in the invariant block",
    "Its gradient in the spurious block",
    "Its derivative in the intercept",
    "Normal equation 1 of 3",
    "Normal equation 2 of 3",
    "Normal equation 3 of 3",
    "The coefficient of the spurious feature",
    "Invariant against spurious coefficient",
    "The intercept",
    "The prediction difference",
    "Clean test accuracy",
    "Spurious test accuracy",
    "Near γ = 0: the prediction difference",
    "Near γ = 0: the spurious accuracy",
]


def right(title: str) -> Expr:
    (step,) = (step for step in theorem.derivation() if step.title == title)
    return step.equation.rhs


def left(title: str) -> Expr:
    (step,) = (step for step in theorem.derivation() if step.title == title)
    return step.equation.lhs


def test_order_of_the_steps() -> None:
    assert [step.title for step in theorem.derivation()] == STEPS
    assert all(step.text.endswith(".") for step in theorem.derivation())


def test_left_hand_sides() -> None:
    expected = {
        "The loss under the training distribution": Symbol("L"),
        "Normal equation 2 of 3": sympy.Integer(0),
        "The coefficient of the spurious feature": p.B,
        "Invariant against spurious coefficient": p.A / p.B,
        "The intercept": p.INTERCEPT / p.B,
        "The prediction difference": Symbol("PD"),
        "Near γ = 0: the prediction difference": Symbol("PD"),
        "Clean test accuracy": Symbol("ACC_clean"),
        "Spurious test accuracy": Symbol("ACC_spurious"),
        "Near γ = 0: the spurious accuracy": Symbol("ACC_spurious"),
    }
    assert {title: left(title) for title in expected} == expected


ANYWHERE = (0.7, -1.3, 0.4)


@pytest.mark.parametrize("at", POINTS, ids=str)
def test_loss_and_gradient(at: Point) -> None:
    x, y, intercept = ANYWHERE
    vectors = {theorem.BETA_INV: x, theorem.BETA_SP: y, theorem.X_INV: at.norm_inv, theorem.X_SP: at.norm_sp}
    others = vectors | {
        p.PRODUCT_INV: x * at.norm_inv,
        p.PRODUCT_SP: y * at.norm_sp,
        p.LENGTH_INV: x**2,
        p.LENGTH_SP: y**2,
        p.INTERCEPT: intercept,
    }
    found = [evaluated(right(title), at, others) for title in STEPS[:4]]
    assert found == pytest.approx([loss(at, *ANYWHERE), *slopes(at, ANYWHERE)], rel=ROUNDING)


@pytest.mark.parametrize("at", POINTS, ids=str)
def test_normal_equations(at: Point) -> None:
    # β_inv = a x_inv and β_sp = b x_sp: the gradient's blocks as multiples of x.
    a, b, intercept = ANYWHERE
    expected = slopes(at, (a * at.norm_inv, b * at.norm_sp, intercept))
    expected = [expected[0] / at.norm_inv, expected[1] / at.norm_sp, expected[2]]
    found = [evaluated(right(title), at, {p.A: a, p.B: b, p.INTERCEPT: intercept}) for title in STEPS[4:7]]
    assert found == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize("at", POINTS, ids=str)
def test_solution_and_what_it_predicts(at: Point) -> None:
    x, y, intercept = best(at)
    a, b = x / at.norm_inv, y / at.norm_sp
    assert [evaluated(right(title), at) for title in STEPS[7:11]] == pytest.approx(
        [b, a / b, intercept / b, difference(at)], rel=ROUNDING
    )
    found = [evaluated(right(title), at, {p.A: a, p.B: b, p.INTERCEPT: intercept}) for title in STEPS[11:13]]
    assert found == pytest.approx(accuracies(at, (x, y, intercept)), rel=ROUNDING)


@pytest.mark.parametrize("at", POINTS, ids=str)
def test_expansions_at_zero(at: Point) -> None:
    def ends(quantity: Any) -> float:
        return float((quantity(at._replace(gamma=STEP)) - quantity(at._replace(gamma=-STEP))) / (2 * STEP))

    by_gamma = evaluated(right(STEPS[13]), at)
    assert by_gamma / at.gamma == pytest.approx(ends(difference), rel=DIFFERENCED)
    inside = right(STEPS[14]).args[0]
    at_zero = evaluated(inside, at._replace(gamma=0.0))
    assert at_zero == pytest.approx(at.norm_inv / at.variance_inv**0.5, rel=ROUNDING)
    slope = ends(lambda one: margin(one, best(one), *SPURIOUS))
    assert (evaluated(inside, at) - at_zero) / at.gamma == pytest.approx(slope, rel=DIFFERENCED)
    assert right(STEPS[14]).func == p.PHI


@pytest.mark.parametrize("at", POINTS, ids=str)
def test_scaled_optimum(at: Point) -> None:
    x, y, intercept = best(at)
    scale = at.gamma / 2 / (y / at.norm_sp)
    scaled, rho = theorem.scaled_optimum(), {p.RHO: evaluated(theorem.ratio(), at)}
    found = [evaluated(term, at, rho) for term in (scaled.a, scaled.b, scaled.intercept)]
    assert found == pytest.approx([scale * x / at.norm_inv, at.gamma / 2, scale * intercept], rel=ROUNDING)
    for component, mean in zip((*p.CLEAN_TEST, *p.SPURIOUS_TEST), (NEGATIVE, POSITIVE, SPURIOUS), strict=True):
        assert evaluated(scaled.margin(component), at, rho) == pytest.approx(margin(at, best(at), *mean), rel=ROUNDING)


def test_ratio_is_finite_without_spurious_samples() -> None:
    at = Point(0.0, 0.5, 0.1, 1.0, 2.0, 0.3)
    # (σ_sp² + λ)/(σ_inv² + λ).
    assert evaluated(theorem.ratio(), at) == pytest.approx(0.5, rel=ROUNDING)


# ------------------------------------------------------------------------------------------------ how it is arranged


@pytest.mark.parametrize(
    "expression",
    [
        p.GAMMA / (p.SIGMA_INV**2 + p.PENALTY),
        (2 - p.GAMMA) ** 3 * (1 - p.GAMMA) ** 2 * (p.SIGMA_SP**2 + p.PENALTY) / p.NORM_SP**2,
        (p.SIGMA_INV**2 - p.SIGMA_SP**2) / (3 * (p.SIGMA_INV**2 + p.PENALTY) * (p.SIGMA_SP**2 + p.PENALTY) + p.GAMMA),
        -(p.NORM_INV**2) / 2,
    ],
    ids=str,
)
def test_sums_of_variance_and_penalty_keep_the_value(expression: Expr) -> None:
    found = theorem.effective(expression)
    for at in POINTS:
        assert evaluated(found, at) == pytest.approx(evaluated(expression, at), rel=ROUNDING)
    assert not found.has(p.SIGMA_INV, p.SIGMA_SP)


def test_denominator_starts_with_the_product_of_the_sums() -> None:
    found = theorem.effective(p.optimum().b)
    assert not found.has(p.PENALTY, p.SIGMA_INV, p.SIGMA_SP)
    (below,) = (factor.base for factor in found.args if factor.is_Pow and factor.base.is_Add)
    assert theorem.V_INV * theorem.V_SP in below.args


def test_shares_are_shown_as_shares() -> None:
    # (γ − 1)(γ − 2)² = −4(1 − γ)(1 − γ/2)².
    found = theorem.effective((p.GAMMA - 1) * (p.GAMMA - 2) ** 2 * p.NORM_SP)
    assert set(found.args) == {-4, 1 - p.GAMMA, (1 - p.GAMMA / 2) ** 2, p.NORM_SP}


def test_sums_are_named_where_they_stand() -> None:
    variance_inv, variance_sp = p.SIGMA_INV**2 + p.PENALTY, p.SIGMA_SP**2 + p.PENALTY
    found = theorem.in_sums(p.SIGMA_INV * variance_inv / (variance_sp + p.NORM_SP**2 * variance_inv))
    assert found == p.SIGMA_INV * theorem.V_INV / (theorem.V_SP + p.NORM_SP**2 * theorem.V_INV)


def test_polynomials_are_collected_by_the_unknowns() -> None:
    found = theorem.effective_polynomial(p.A * (p.SIGMA_INV**2 + p.PENALTY) + p.A * p.NORM_INV**2 - 1)
    assert found == p.A * (theorem.V_INV + p.NORM_INV**2) - 1


# ------------------------------------------------------------------------------------------------ consequences

MANY = [point(np.random.default_rng(seed)) for seed in range(100, 140)]


def test_accuracy_gain_by_hand() -> None:
    # a/b = (S/2 + w)/(γv/2) with S = γ(1 − γ)‖x_sp‖², w = σ_sp² + λ, v = σ_inv² + λ: it grows with λ if v > S/2 + w.
    expected = p.SIGMA_INV**2 - p.SIGMA_SP**2 - p.GAMMA / 2 * (1 - p.GAMMA) * p.NORM_SP**2
    assert sympy.expand(theorem.accuracy_gain() - expected) == 0


def test_accuracy_gain_is_the_sign_of_both_changes() -> None:
    signs = set()
    for at in MANY:
        predicted = evaluated(theorem.accuracy_gain(), at)
        before, after = (accuracies(at, best(at._replace(penalty=penalty))) for penalty in (0.2, 1.5))
        assert np.sign(np.subtract(after, before)).tolist() == [np.sign(predicted)] * 2, at
        signs.add(predicted > 0)
    assert signs == {True, False}


def test_accuracies_grow_with_the_ratio_as_their_slopes_say() -> None:
    spurious, (positive, negative) = theorem.accuracy_slopes()
    for at in POINTS:
        for slope, mean in ((spurious, SPURIOUS), (positive, POSITIVE), (negative, NEGATIVE)):
            for r in (0.05, 1.0, 20.0):

                def over_ratio(ratio: float, at: Point = at, mean: tuple[int, int, int] = mean) -> float:
                    # a = r, b = 1 and β₀ = −(γ/2)‖x_sp‖².
                    beta = (ratio * at.norm_inv, at.norm_sp, -at.gamma / 2 * at.norm_sp**2)
                    return margin(at, beta, *mean)

                step = STEP * r
                numeric = (over_ratio(r + step) - over_ratio(r - step)) / (2 * step)
                deviation = np.sqrt((r * at.norm_inv) ** 2 * at.variance_inv + at.norm_sp**2 * at.variance_sp)
                found = evaluated(slope, at, {Symbol("r", positive=True): r}) / deviation**3
                assert found == pytest.approx(numeric, rel=DIFFERENCED, abs=DIFFERENCED)


def test_difference_drop_by_hand() -> None:
    # Of PD = (γ/2)v s²/D with v = σ_inv² + λ: 1/PD grows by a multiple of this.
    inside = p.SIGMA_SP**2 - p.SIGMA_INV**2 + p.GAMMA / 2 * (1 - p.GAMMA) * p.NORM_SP**2
    expected = p.SIGMA_INV**2 * (p.SIGMA_INV**2 + p.PENALTY) - p.NORM_INV**2 * inside
    assert sympy.expand(theorem.difference_drop() - expected) == 0


def test_difference_drop_is_the_sign_of_the_fall() -> None:
    signs = set()
    for at in MANY:
        predicted = evaluated(theorem.difference_drop(), at)
        fall = difference(at._replace(penalty=0.0)) - difference(at)
        assert np.sign(predicted) == np.sign(fall), at
        signs.add(predicted > 0)
    assert signs == {True, False}


def test_plateau_is_the_difference_without_spurious_noise() -> None:
    for at in POINTS:
        # Only σ_sp² + λ goes to zero; the invariant block keeps its sum.
        silent = at._replace(variance_inv=at.variance_inv + at.penalty, variance_sp=0.0, penalty=0.0)
        assert evaluated(theorem.plateau(), at) == pytest.approx(difference(silent), rel=ROUNDING)


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 0.02])
def test_knee_is_where_half_the_plateau_is_reached(noise: float) -> None:
    for at in POINTS:
        still = at._replace(variance_sp=noise, penalty=0.0, norm_sp=1 + at.norm_sp)

        def short_of_half(gamma: float, still: Point = still) -> float:
            one = still._replace(gamma=gamma)
            return difference(one) - difference(one._replace(variance_sp=0.0)) / 2

        scale = noise / still.norm_sp**2
        root = optimize.brentq(short_of_half, 0.1 * scale, 20 * scale, xtol=1e-16, rtol=1e-13)
        assert evaluated(theorem.knee(), still) == pytest.approx(root, rel=1e-7)
        if noise == 1e-6:
            # γ‖x_sp‖²/(σ_sp² + λ) → 2.
            assert root / scale == pytest.approx(2, rel=1e-4)


def test_knee_takes_penalty_and_noise_together() -> None:
    at = Point(0.1, 0.5, 0.01, 1.0, 3.0)
    moved = at._replace(variance_inv=0.5 - 0.004, variance_sp=0.01 - 0.004, penalty=0.004)
    assert evaluated(theorem.knee(), moved) == pytest.approx(evaluated(theorem.knee(), at), rel=ROUNDING)


@pytest.mark.parametrize("x", [0.1, 1.0, 7.0])
def test_rescaled_limits(x: float) -> None:
    by_difference, by_margin = theorem.rescaled_limits()
    for at in POINTS:
        # At σ_sp² = 10⁻⁷ the next order is of that size.
        noise = 1e-7
        near = at._replace(variance_sp=noise, penalty=0.0, gamma=2 * x * noise / at.norm_sp**2)
        others = {Symbol("x", positive=True): x}
        assert evaluated(by_difference, near, others) == pytest.approx(difference(near), rel=1e-4)
        expected = margin(near, best(near), *SPURIOUS)
        assert evaluated(by_margin, near, others) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_rescaled_limits_by_hand() -> None:
    # σ_inv² = ‖x_inv‖² = 1: PD → x/(2(1 + x)); the argument falls from 1 at x = 0 like 1/(1 + x).
    x = Symbol("x", positive=True)
    at = {p.SIGMA_INV: 1, p.NORM_INV: 1, theorem.V_INV: 1}
    found = [sympy.simplify(limit.subs(at)) for limit in theorem.rescaled_limits()]
    assert sympy.simplify(found[0] - x / (2 * (1 + x))) == 0
    assert sympy.simplify(found[1] - 1 / (1 + x)) == 0


@pytest.mark.parametrize("at", POINTS, ids=str)
def test_excess_of_equation_2(at: Point) -> None:
    v, w, half = at.variance_inv + at.penalty, at.variance_sp + at.penalty, at.gamma / 2
    # Equation (2) as the paper prints it; β_sp = b x_sp of the normal equations.
    bracket = w + half * (1 - half) * v + half * (1 - at.gamma) * at.norm_sp**2
    printed = (v * w + bracket * at.norm_sp**2) / (half * v)
    assert evaluated(theorem.excess_of_equation_2(), at) == pytest.approx(
        printed - at.norm_sp / best(at)[1], rel=ROUNDING
    )


def test_equation_2_is_right_at_equal_norms() -> None:
    assert theorem.excess_of_equation_2().subs(p.NORM_SP, p.NORM_INV) == 0
