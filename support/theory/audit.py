"""Printed against derived formulas, in exact rational arithmetic.

A margin (the argument of Φ) holds a square root; it is compared by its square with its sign, which is rational.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import count, islice, product

import sympy
from sympy import Expr

from support.theory import population
from support.theory.rational import RationalProblem, dot


def exact(number: Fraction) -> Expr:
    """A fraction as SymPy has it."""
    return sympy.Rational(number.numerator, number.denominator)


def substitution(problem: RationalProblem) -> dict[Expr, Expr]:
    """Values of the symbols of `support.theory.population` at a problem, exact."""
    norm_inv, norm_sp = (sympy.sqrt(exact(dot(vector, vector))) for vector in (problem.inv, problem.sp))
    sigma_inv, sigma_sp = sympy.sqrt(exact(problem.variance_inv)), sympy.sqrt(exact(problem.variance_sp))
    return {
        population.GAMMA: exact(problem.gamma),
        population.PENALTY: exact(problem.penalty),
        population.SIGMA_INV: sigma_inv,
        population.SIGMA_SP: sigma_sp,
        population.TEST_SIGMA_INV: sigma_inv,
        population.TEST_SIGMA_SP: sigma_sp,
        population.NORM_INV: norm_inv,
        population.NORM_SP: norm_sp,
    }


def value(expression: Expr, problem: RationalProblem, others: Mapping[Expr, Fraction] | None = None) -> Fraction:
    """A rational formula at a problem, and at values of other symbols that it holds.

    Raises
    ------
    ValueError : the value is not rational.
    """
    at = substitution(problem) | {symbol: exact(number) for symbol, number in (others or {}).items()}
    return _fraction(sympy.radsimp(sympy.expand(expression.subs(at))))


def signed_square(margin: Expr, problem: RationalProblem) -> Fraction:
    """sign(m)·m² of a margin at a problem."""
    at = margin.subs(substitution(problem))
    square = _fraction(sympy.radsimp(sympy.expand(at**2)))
    return square if at.evalf() > 0 else -square


def _fraction(number: Expr) -> Fraction:
    if not number.is_Rational:
        raise ValueError(f"{number} is not rational")
    return Fraction(int(number.p), int(number.q))


Exact = Callable[[Expr, RationalProblem], Fraction]


def smallest_problems() -> Iterator[RationalProblem]:
    """Problems in one dimension a block without penalty, those written with the smallest numbers first.

    0 < γ < 1; both variances and norms positive. A number's size is its numerator plus its denominator; of those of one
    size the largest, 2 before 1/2, comes first.
    """
    for total in count(3 + 4 * 2):
        for sizes in product(range(2, total), repeat=5):
            if sum(sizes) == total:
                for gamma, variance_inv, variance_sp, inv, sp in product(*(_of_size(size) for size in sizes)):
                    if gamma < 1:
                        yield RationalProblem(gamma, variance_inv, variance_sp, (inv,), (sp,))


def _of_size(size: int) -> list[Fraction]:
    found = [Fraction(numerator, size - numerator) for numerator in range(size - 1, 0, -1)]
    return [number for number in found if number.numerator + number.denominator == size]


# Formulas that agree at so many of the smallest problems are taken to agree.
SEARCHED = 500


def smallest_counterexample(
    printed: Expr, derived: Expr, exact: Exact
) -> tuple[RationalProblem, Fraction, Fraction] | None:
    """The first of `smallest_problems` at which two formulas differ, with both values; None if SEARCHED show none."""
    for problem in islice(smallest_problems(), SEARCHED):
        values = exact(printed, problem), exact(derived, problem)
        if values[0] != values[1]:
            return problem, *values
    return None


def described(problem: RationalProblem) -> str:
    """A problem in one line, for a reader."""
    (inv,), (sp,) = problem.inv, problem.sp
    return (
        f"γ = {problem.gamma}, σ_inv² = {problem.variance_inv}, σ_sp² = {problem.variance_sp}, "
        f"‖x_inv‖ = {inv}, ‖x_sp‖ = {sp}, λ = {problem.penalty}"
    )
