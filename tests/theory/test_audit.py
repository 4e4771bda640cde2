"""The audit's exact arithmetic by hand, its search against one by numbers, and the printed formulas written again."""

from collections.abc import Callable
from fractions import Fraction as F  # noqa: N817 - written on every line
from itertools import islice, pairwise, product, takewhile
from math import gcd, sqrt

import numpy as np
import pytest
import sympy
from scipy import stats
from sympy import Expr

from support.theory import population as p
from support.theory import printed
from support.theory.audit import (
    SEARCHED,
    described,
    signed_square,
    smallest_counterexample,
    smallest_problems,
    substitution,
    value,
)
from support.theory.rational import RationalProblem

ROUNDING = 1e-12

PROBLEM = RationalProblem(F(1, 3), F(1, 2), F(3, 5), (F(1), F(-2)), (F(1, 2), F(1), F(3, 2)), penalty=F(2, 7))

# ------------------------------------------------------------------------------------------------ values at a problem


def test_substitution() -> None:
    at = substitution(PROBLEM)
    squares = {
        p.SIGMA_INV: F(1, 2),
        p.TEST_SIGMA_INV: F(1, 2),
        p.SIGMA_SP: F(3, 5),
        p.TEST_SIGMA_SP: F(3, 5),
        p.NORM_INV: F(5),
        p.NORM_SP: F(7, 2),
    }
    assert set(at) == {*squares, p.GAMMA, p.PENALTY}
    assert at[p.GAMMA] == sympy.Rational(1, 3)
    assert at[p.PENALTY] == sympy.Rational(2, 7)
    for symbol, square in squares.items():
        assert at[symbol] > 0, symbol
        assert at[symbol] ** 2 == sympy.Rational(square.numerator, square.denominator), symbol


def test_value_of_a_rational_formula() -> None:
    # (1/3)·(7/2)/(1/2 + 2/7 + 5) = (7/6)/(81/14) = 49/243.
    formula = p.GAMMA * p.NORM_SP**2 / (p.SIGMA_INV**2 + p.PENALTY + p.NORM_INV**2)
    assert value(formula, PROBLEM) == F(49, 243)
    assert isinstance(value(formula, PROBLEM), F)


def test_value_takes_products_of_roots() -> None:
    # √5·√(1/2)·√(5/2) = 5/2.
    square = RationalProblem(F(1, 3), F(1, 2), F(5, 2), (F(1), F(2)), (F(1),))
    assert value(p.NORM_INV * p.SIGMA_INV * p.SIGMA_SP, square) == F(5, 2)
    assert value(1 / (p.NORM_INV - 1) - p.NORM_INV / 4, square) == F(1, 4)


def test_what_is_not_rational_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sqrt\(5\) is not rational"):
        value(p.NORM_INV, PROBLEM)


def test_signed_square() -> None:
    assert signed_square(p.NORM_INV - 1, RationalProblem(F(0), F(1), F(1), (F(3),), (F(1),))) == 4
    assert signed_square(1 - p.NORM_INV, RationalProblem(F(0), F(1), F(1), (F(3),), (F(1),))) == -4
    # −(1/3)√(7/2)/√(3/5): squared 1/9·35/6.
    assert signed_square(-p.GAMMA * p.NORM_SP / p.SIGMA_SP, PROBLEM) == F(-35, 54)
    assert signed_square(p.NORM_INV - p.NORM_INV, PROBLEM) == 0


# ------------------------------------------------------------------------------------------------ the smallest problem


def parameters(problem: RationalProblem) -> tuple[F, ...]:
    return (problem.gamma, problem.variance_inv, problem.variance_sp, *problem.inv, *problem.sp)


def total(problem: RationalProblem) -> int:
    return sum(number.numerator + number.denominator for number in parameters(problem))


def every_problem(largest: int) -> set[tuple[F, ...]]:
    """All problems up to a total size, each number from all reduced fractions."""
    top = largest - 8  # the others are at least 1 = 1/1 each
    numbers = [F(n, d) for n in range(1, top) for d in range(1, top) if gcd(n, d) == 1 and n + d <= top]
    size = {number: number.numerator + number.denominator for number in numbers}
    return {
        chosen
        for chosen in product(numbers, repeat=5)
        if chosen[0] < 1 and sum(size[number] for number in chosen) <= largest
    }


def test_smallest_problems_are_all_of_them_once_and_in_order() -> None:
    largest = 14
    found = list(takewhile(lambda problem: total(problem) <= largest, smallest_problems()))
    assert total(found[0]) == 11
    assert all(total(first) <= total(second) for first, second in pairwise(found))
    assert len({parameters(problem) for problem in found}) == len(found)
    assert {parameters(problem) for problem in found} == every_problem(largest)
    assert all(problem.penalty == 0 and len(problem.inv) == len(problem.sp) == 1 for problem in found)


def exact_difference(problem: RationalProblem) -> F:
    """b x_sp by Cramer's rule on the three normal equations of Appendix D.4."""
    gamma, v, w, (n,), (s,) = problem.gamma, problem.variance_inv, problem.variance_sp, problem.inv, problem.sp
    # (v + n²)a + (γ/2)s²b = 1 and (γ/2)n²a + (w + (γ/2)(1 − γ/2)s²)b = γ/2, the intercept put in.
    half = gamma / 2
    determinant = (v + n * n) * (w + half * (1 - half) * s * s) - half * s * s * half * n * n
    return ((v + n * n) * half - half * n * n) / determinant * s * s


def printed_difference(problem: RationalProblem) -> F:
    """Theorem 1 in fractions."""
    gamma, v, w, (s,) = problem.gamma, problem.variance_inv, problem.variance_sp, problem.sp
    half = gamma / 2
    below = v * w + (w + half * (1 - half) * v + half * (1 - gamma) * s * s) * s * s
    return half * v * s * s / below


def test_smallest_counterexample_is_the_first() -> None:
    derived = p.optimum().prediction_difference()
    found = smallest_counterexample(printed.PREDICTION_DIFFERENCE, derived, value)
    assert found is not None
    problem, wrong, right = found
    expected = next(one for one in smallest_problems() if printed_difference(one) != exact_difference(one))
    assert problem == expected
    assert (wrong, right) == (printed_difference(problem), exact_difference(problem))
    # Numbers as small as 1 and 1/2 hide nothing but equal norms.
    smaller = list(takewhile(lambda one: one != problem, smallest_problems()))
    assert smaller
    assert all(abs(one.inv[0]) == abs(one.sp[0]) for one in smaller)


def test_counterexample_comes_in_the_order_of_the_search() -> None:
    one, two = sympy.Integer(1), sympy.Integer(2)
    found = smallest_counterexample(one, two, lambda formula, _: F(int(formula)))
    assert found == (next(smallest_problems()), F(1), F(2))
    tenth = next(islice(smallest_problems(), 9, None))
    late = smallest_counterexample(sympy.Integer(0), one, lambda formula, problem: F(int(formula) * (problem == tenth)))
    assert late is not None
    assert late[0] == tenth


def test_the_search_ends_where_formulas_agree() -> None:
    one = sympy.Integer(1)
    assert smallest_counterexample(one, one, lambda formula, _: F(int(formula))) is None
    # The last problem that is looked at, and the next.
    last, beyond = islice(smallest_problems(), SEARCHED - 1, SEARCHED + 1)

    def only_at(where: RationalProblem) -> Callable[[Expr, RationalProblem], F]:
        return lambda formula, problem: F(int(formula) * (problem == where))

    assert smallest_counterexample(sympy.Integer(0), one, only_at(last)) == (last, F(0), F(1))
    assert smallest_counterexample(sympy.Integer(0), one, only_at(beyond)) is None


def test_description() -> None:
    problem = RationalProblem(F(1, 3), F(2), F(3, 5), (F(4),), (F(7, 2),), penalty=F(1, 9))
    assert described(problem) == "γ = 1/3, σ_inv² = 2, σ_sp² = 3/5, ‖x_inv‖ = 4, ‖x_sp‖ = 7/2, λ = 1/9"


# ------------------------------------------------------------------------------------------------ the printed text

# Appendix D a second time. Letters: γ g, λ lam, σ_inv i, σ_sp j, ‖x_inv‖ n, ‖x_sp‖ s, x_invᵀβ_inv u, x_spᵀβ_sp v, β₀ c,
# and r for the fraction over σ_inv² + λ that Theorem 1 repeats.
SYMBOLS = {
    "g": p.GAMMA,
    "lam": p.PENALTY,
    "i": p.SIGMA_INV,
    "j": p.SIGMA_SP,
    "n": p.NORM_INV,
    "s": p.NORM_SP,
    "u": p.PRODUCT_INV,
    "v": p.PRODUCT_SP,
    "c": p.INTERCEPT,
    "r": p.RHO,
}


def equation_2(g: float, lam: float, i: float, j: float, s: float, **_: float) -> float:
    bracket = j**2 + lam + g / 2 * (1 - g / 2) * (i**2 + lam) + g / 2 * (1 - g) * s**2
    return g / 2 * (i**2 + lam) / ((i**2 + lam) * (j**2 + lam) + bracket * s**2)


def fraction(g: float, lam: float, i: float, j: float, s: float, **_: float) -> float:
    return (g / 2 * (1 - g) * s**2 + j**2 + lam) / (i**2 + lam)


Argument = Callable[..., float]


def argument(last: Callable[[float], float]) -> tuple[Argument, Argument]:
    """The argument of Φ in Theorem 1, whose second term has `last`(γ) before ‖x_sp‖²: with r, and written out."""

    def in_ratio(g: float, i: float, j: float, n: float, s: float, r: float, **_: float) -> float:
        root = sqrt(r**2 * n**4 * i**2 + (g / 2) ** 2 * s**4 * j**2)
        return (r * n**2 + last(g) * s**2) / root

    return in_ratio, lambda **at: in_ratio(**at | {"r": fraction(**at)})


FIRST_IN_RATIO, FIRST = argument(lambda g: (g / 2) ** 2)
SECOND_IN_RATIO, SECOND = argument(lambda g: -((g / 2) ** 2))
SPURIOUS_IN_RATIO, SPURIOUS = argument(lambda g: (g / 2 - 1) * g / 2)

PRINTED: dict[str, tuple[Expr, Callable[..., float]]] = {
    "claim 1, β_inv": (printed.GRADIENT.along_beta_inv, lambda i, lam, **_: i**2 + lam),
    "claim 1, x_inv": (printed.GRADIENT.along_inv, lambda g, u, v, **_: u + g * v / 2 - 1),
    "claim 1, β_sp": (printed.GRADIENT.along_beta_sp, lambda j, lam, **_: j**2 + lam),
    "claim 1, x_sp": (printed.GRADIENT.along_sp, lambda g, u, v, c, **_: g / 2 * (u + v + c - 1)),
    "claim 1, β₀": (printed.GRADIENT.intercept, lambda g, v, c, **_: g * v / 2 + c),
    "equation 2": (printed.B, equation_2),
    "equation 3": (
        printed.A_OVER_B,
        lambda g, lam, i, j, s, **_: (g / 2 * (1 - g) * s**2 + j**2 + lam) / (g / 2 * (i**2 + lam)),
    ),
    "equation 4": (printed.INTERCEPT_OVER_B, lambda g, s, **_: -(g * s**2) / 2),
    "theorem 1, PD": (printed.PREDICTION_DIFFERENCE, lambda **at: equation_2(**at) * at["s"] ** 2),
    "theorem 1, fraction": (printed.RATIO, fraction),
    "theorem 1, clean, first Φ, in the fraction": (printed.CLEAN_MARGINS_IN_RATIO[0], FIRST_IN_RATIO),
    "theorem 1, clean, second Φ, in the fraction": (printed.CLEAN_MARGINS_IN_RATIO[1], SECOND_IN_RATIO),
    "theorem 1, spurious Φ, in the fraction": (printed.SPURIOUS_MARGIN_IN_RATIO, SPURIOUS_IN_RATIO),
    "theorem 1, clean, first Φ": (printed.CLEAN_MARGINS[0], FIRST),
    "theorem 1, clean, second Φ": (printed.CLEAN_MARGINS[1], SECOND),
    "theorem 1, clean": (
        printed.CLEAN_ACCURACY,
        lambda **at: 1 / 2 * stats.norm.cdf(FIRST(**at)) + 1 / 2 * stats.norm.cdf(SECOND(**at)),
    ),
    "theorem 1, spurious Φ": (printed.SPURIOUS_MARGIN, SPURIOUS),
    "theorem 1, spurious": (printed.SPURIOUS_ACCURACY, lambda **at: stats.norm.cdf(SPURIOUS(**at))),
    "observation 1, spurious, value": (printed.SPURIOUS_EXPANSION.value, lambda **_: 1.0),
    "observation 1, spurious, slope": (
        printed.SPURIOUS_EXPANSION.slope,
        lambda lam, i, j, n, s, **_: -((i**2 + lam) * s**2) / (2 * (j**2 + lam) * n**2 * i),
    ),
    "observation 1, PD, value": (printed.DIFFERENCE_EXPANSION.value, lambda **_: 0.0),
    "observation 1, PD, slope": (
        printed.DIFFERENCE_EXPANSION.slope,
        lambda lam, i, j, s, **_: (i**2 + lam) * s**2 / (2 * (j**2 + lam) * (i**2 + lam + s**2)),
    ),
    "observation 1, end of the decay, second term": (
        printed.KNEE_TERMS[0],
        lambda lam, j, s, **_: (j**2 + lam) / s**2,
    ),
    "observation 1, end of the decay, third term": (
        printed.KNEE_TERMS[1],
        lambda lam, i, j, s, **_: (j**2 + lam) / (j * s**2 * (i**2 + lam)),
    ),
    "sections 2 and 4.1, share of spurious samples": (printed.SHARE_WITH_PATTERN, lambda g, **_: g),
    "section D.3, h(x_sp)": (printed.LINEAR_DIFFERENCE, lambda v, c, **_: v + c),
}


@pytest.mark.parametrize("place", PRINTED)
def test_transcription(place: str) -> None:
    expression, expected = PRINTED[place]
    rng = np.random.default_rng(220_205_189)
    for _ in range(5):
        at = {letter: float(rng.uniform(0.05, 0.95 if letter == "g" else 3.0)) for letter in SYMBOLS}
        found = expression.subs({SYMBOLS[letter]: number for letter, number in at.items()})
        found = found.replace(p.PHI, lambda z: stats.norm.cdf(float(z)))
        assert float(found) == pytest.approx(expected(**at), rel=ROUNDING), at
