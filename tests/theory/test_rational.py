"""Exact rational problems of paper B against fractions worked by hand, NumPy and central differences."""

from dataclasses import replace
from fractions import Fraction as F  # noqa: N817 - written on every line
from functools import cache
from typing import Any

import numpy as np
import pytest

from support.theory.rational import Kind, RationalProblem, dot, problems

ROUNDING = 1e-10
# Central differences of width 2·10⁻⁵.
STEP, DIFFERENCED = 1e-5, 1e-5

# Everything 1 and γ = 1/2; solved by hand in `test_solution_by_hand`.
UNIT = RationalProblem(F(1, 2), F(1), F(1), (F(1),), (F(1),))
WIDE = RationalProblem(
    F(3, 10), F(1, 2), F(2, 5), (F(3, 5), F(-11, 10)), (F(17, 10), F(2, 5), F(-1, 3)), penalty=F(7, 4)
)
EVERY = [
    UNIT,
    WIDE,
    replace(WIDE, penalty=F(0)),
    replace(WIDE, gamma=F(0)),
    replace(WIDE, gamma=F(1)),
    replace(WIDE, gamma=F(0), penalty=F(0)),
]


def moments(problem: RationalProblem, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """E[vvᵀ] + penalty and E[v·label] in double precision at any γ, negative ones included, block by block.

    x has mean 0 and covariance x_inv x_invᵀ + σ_inv² I; y is (γ/2) x_sp on average, and only where x is around x_inv.
    """
    inv, sp = (np.array(vector, dtype=float) for vector in (problem.inv, problem.sp))
    variance_inv, variance_sp, penalty = (
        float(value) for value in (problem.variance_inv, problem.variance_sp, problem.penalty)
    )
    second = np.block(
        [
            [np.outer(inv, inv), gamma / 2 * np.outer(inv, sp), np.zeros((len(inv), 1))],
            [gamma / 2 * np.outer(sp, inv), gamma / 2 * np.outer(sp, sp), gamma / 2 * sp[:, None]],
            [np.zeros((1, len(inv))), gamma / 2 * sp[None], np.ones((1, 1))],
        ]
    )
    second += np.diag([variance_inv + penalty] * len(inv) + [variance_sp + penalty] * len(sp) + [0.0])
    return second, np.concatenate([inv, gamma / 2 * sp, [0.0]])


def floats(values: Any) -> np.ndarray:
    return np.array([float(value) for value in values])


# ------------------------------------------------------------------------------------------------ by hand


def test_loss_by_hand() -> None:
    # h = x + 2y − 1 at (−1, 0), (1, 0) and (1, 1) is −2, 0 and 2, with variance 1 + 4: squared errors 1, 1, 1 plus 5.
    assert UNIT.loss([F(1), F(2), F(-1)]) == 3
    # λ = 3 adds 3/2 of 1 + 4, nothing for the intercept.
    assert replace(UNIT, penalty=F(3)).loss([F(1), F(2), F(-1)]) == F(21, 2)
    # h = 1 everywhere: wrong by 2 on the negative half.
    assert replace(WIDE, penalty=F(9)).loss([F(0)] * 5 + [F(1)]) == 1


def test_loss_weighs_the_gaussians() -> None:
    # h = y + 1 with x_sp = 3: the negative half is wrong by 2, a share γ/2 of all by 3; the variance is 1/5.
    problem = RationalProblem(F(1, 4), F(7), F(1, 5), (F(1),), (F(3),))
    assert problem.loss([F(0), F(1), F(1)]) == (F(1, 2) * 4 + F(1, 8) * 9 + F(1, 5)) / 2


def test_solution_by_hand() -> None:
    # β₀ = −b/4 leaves 2a + b/4 = 1 and b + (a + 3b/4 − 1)/4 = 0, so a = 1/2 − b/8 and 37b/2 = 2.
    assert UNIT.solve() == [F(18, 37), F(4, 37), F(-1, 37)]
    assert UNIT.coefficients() == ([F(18, 37)], [F(4, 37)], F(-1, 37))


def test_solution_without_spurious_samples() -> None:
    # x_inv/(‖x_inv‖² + σ_inv² + λ), and nothing else.
    problem = RationalProblem(F(0), F(1, 2), F(3), (F(1), F(2)), (F(5),), penalty=F(3, 2))
    assert problem.solve() == [F(1, 7), F(2, 7), 0, 0]


def test_solution_where_every_positive_sample_has_the_pattern() -> None:
    # Both coordinates tell the classes apart: y − 1/2 = ±1/2 is half as long as x = ±1. With weights a and b on x and
    # 2(y − 1/2) and noise 1 and 4 on these: 2a + b = 1 and a + 5b = 1.
    problem = replace(UNIT, gamma=F(1))
    assert problem.solve() == [F(4, 9), F(2, 9), F(-1, 9)]


def test_slope_at_zero_by_hand() -> None:
    # At γ = 0 β = (1/2, 0, 0). To first order b = (γ/2)(1 − 1/2) by the second normal equation, β₀ = O(γ²) and
    # 2a = 1 − O(γ²).
    assert UNIT.slope_at_zero() == [0, F(1, 4), 0]
    assert replace(UNIT, gamma=F(9, 10)).slope_at_zero() == [0, F(1, 4), 0]


def test_components_and_variances() -> None:
    problem = RationalProblem(F(1, 4), F(7), F(5), (F(1), F(-2)), (F(3),))
    assert problem.components() == [
        (F(1, 2), [F(-1), F(2), F(0)], -1),
        (F(3, 8), [F(1), F(-2), F(0)], 1),
        (F(1, 8), [F(1), F(-2), F(3)], 1),
    ]
    assert problem.variances() == [7, 7, 5]


def test_dot() -> None:
    assert dot([F(1, 3), F(2)], [F(3), F(-1, 4)]) == F(1, 2)
    assert dot([], []) == 0
    with pytest.raises(ValueError, match="shorter"):
        dot([F(1), F(2)], [F(1)])


# ------------------------------------------------------------------------------------------------ by NumPy


@pytest.mark.parametrize("problem", EVERY, ids=str)
def test_moments(problem: RationalProblem) -> None:
    for found, expected in zip(problem.moments(), moments(problem, float(problem.gamma)), strict=True):
        np.testing.assert_allclose(np.array(found, dtype=float), expected, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("problem", EVERY, ids=str)
def test_gradient_vanishes_at_the_solution_only(problem: RationalProblem) -> None:
    solution = problem.solve()
    assert problem.gradient(solution) == [0] * len(solution)
    elsewhere = [value + F(1, 3 + i) for i, value in enumerate(solution)]
    second, first = moments(problem, float(problem.gamma))
    np.testing.assert_allclose(floats(problem.gradient(elsewhere)), second @ floats(elsewhere) - first, atol=ROUNDING)
    assert problem.loss(elsewhere) > problem.loss(solution)


def test_solution_is_that_of_the_moments() -> None:
    for problem in [*EVERY, *problems(0, 10)]:
        expected = np.linalg.solve(*moments(problem, float(problem.gamma)))
        np.testing.assert_allclose(floats(problem.solve()), expected, rtol=1e-8, atol=ROUNDING)


def test_slope_at_zero_is_that_of_the_solution() -> None:
    for problem in [*EVERY, *problems(1, 10)]:
        ends = [np.linalg.solve(*moments(problem, gamma)) for gamma in (STEP, -STEP)]
        np.testing.assert_allclose(
            floats(problem.slope_at_zero()), (ends[0] - ends[1]) / (2 * STEP), rtol=DIFFERENCED, atol=DIFFERENCED
        )


def test_penalty_leaves_the_intercept_alone() -> None:
    # At the optimum E[h] = 0, where no penalty enters: β₀ = −(γ/2) β_spᵀx_sp.
    for problem in (WIDE, replace(WIDE, penalty=F(50)), replace(WIDE, gamma=F(1))):
        _, beta_sp, intercept = problem.coefficients()
        assert intercept == -problem.gamma / 2 * dot(beta_sp, problem.sp)
        assert intercept != 0


# ------------------------------------------------------------------------------------------------ what is drawn


KINDS: tuple[Kind, ...] = ("any", "equal norms", "unit norms")
EXAMPLES = 40
# Distinct values among them at least.
VARIED = 5


@cache
def drawn(kind: Kind) -> list[RationalProblem]:
    return problems(0, EXAMPLES, kind)


def test_problems_repeat_and_differ_by_seed() -> None:
    assert problems(0, EXAMPLES) == drawn("any")
    assert problems(1, EXAMPLES) != drawn("any")


@pytest.mark.parametrize("kind", KINDS)
def test_problems_stay_in_range(kind: Kind) -> None:
    found = drawn(kind)
    assert len(found) == EXAMPLES
    assert all(F(1, 100) <= problem.gamma <= F(99, 100) for problem in found)
    assert all(1 <= len(vector) <= 3 and any(vector) for problem in found for vector in (problem.inv, problem.sp))
    assert {problem.penalty > 0 for problem in found} == {True, False}
    for varied in ({one.gamma for one in found}, {one.variance_sp for one in found}, {one.sp for one in found}):
        assert len(varied) > VARIED


def test_kinds_of_problems() -> None:
    norms = {kind: [(dot(one.inv, one.inv), dot(one.sp, one.sp)) for one in drawn(kind)] for kind in KINDS}
    assert {len(one.inv) for one in drawn("any")} == {len(one.sp) for one in drawn("any")} == {1, 2, 3}
    assert sum(inv != sp for inv, sp in norms["any"]) > EXAMPLES / 2
    assert all(inv == sp for inv, sp in norms["equal norms"])
    assert len(set(norms["equal norms"])) > VARIED
    assert all(inv == sp == 1 for inv, sp in norms["unit norms"])
    assert {one.variance_inv for one in drawn("unit norms")} == {1}
    assert len({one.variance_inv for one in drawn("equal norms")}) > VARIED


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("field", "given", "message"),
    [
        ("gamma", F(-1, 10), r"gamma must lie in \[0, 1\], got -1/10"),
        ("gamma", F(11, 10), r"gamma must lie in \[0, 1\], got 11/10"),
        ("variance_inv", F(0), "variances must be positive, got 0 and 2/5"),
        ("variance_sp", F(-1, 3), "variances must be positive, got 1/2 and -1/3"),
        ("penalty", F(-1, 2), "penalty must not be negative, got -1/2"),
        ("inv", (), r"inv must have a coordinate other than zero, got \(\)"),
        ("inv", (F(0), F(0)), r"inv must have a coordinate other than zero, got \(0, 0\)"),
        ("sp", (), r"sp must have a coordinate other than zero, got \(\)"),
        ("sp", (F(0),), r"sp must have a coordinate other than zero, got \(0\)"),
    ],
)
def test_refused(field: str, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(WIDE, **{field: given})


def test_ends_of_the_range_are_legal() -> None:
    for gamma in (F(0), F(1)):
        assert replace(WIDE, gamma=gamma, penalty=F(0), inv=(F(0), F(1))).solve()
