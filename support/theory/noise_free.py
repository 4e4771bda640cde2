"""Paper B's linear model where the spurious feature carries no noise, σ_sp = 0, in exact arithmetic.

Definition 1 and Theorem 1 ask for σ_sp² > 0; with a penalty, or in the one direction of x_sp, the normal equations have
one solution without it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from support.theory.rational import RationalProblem, dot, solution

# By what x_sp is stretched where its strength is asked about.
STRONGER = 2


def along_the_feature(cases: Sequence[RationalProblem]) -> list[RationalProblem]:
    """The problems with a spurious block of one coordinate, the first of x_sp that is not zero, and no penalty."""
    return [replace(case, sp=(next(value for value in case.sp if value),), penalty=Fraction(0)) for case in cases]


def classifier(problem: RationalProblem, *, noise: bool = False) -> list[Fraction]:
    """(β_invᵀx_inv, β_spᵀx_sp, β₀) of the optimum; its second number is the prediction difference.

    Parameters
    ----------
    noise : keep σ_sp² as the problem has it; else it is zero.
    """
    second, first = problem.moments()
    if not noise:
        for place in range(len(problem.inv), len(problem.inv) + len(problem.sp)):
            second[place][place] -= problem.variance_sp
    *slopes, intercept = solution(second, first)
    return [dot(slopes[: len(problem.inv)], problem.inv), dot(slopes[len(problem.inv) :], problem.sp), intercept]


def limit_deviation(problem: RationalProblem, *, noise: bool = False) -> list[Fraction]:
    """The derived formulas at σ_sp = 0 minus the linear system without that noise.

    Parameters
    ----------
    noise : leave σ_sp² in the formulas, a mistake that must be seen.
    """
    from support.theory import population
    from support.theory.audit import value

    best = population.optimum()
    formulas = (best.a * population.NORM_INV**2, best.b * population.NORM_SP**2, best.intercept)
    limits = formulas if noise else tuple(each.subs(population.SIGMA_SP, 0) for each in formulas)
    return [value(each, problem) - exact for each, exact in zip(limits, classifier(problem), strict=True)]


def strength_deviation(problem: RationalProblem, *, noise: bool = False, penalty: int = 0) -> list[Fraction]:
    """What stretching x_sp changes of the classifier's three numbers, with or without noise and penalty."""
    case = replace(problem, penalty=Fraction(penalty))
    longer = replace(case, sp=tuple(STRONGER * value for value in case.sp))
    before, after = classifier(case, noise=noise), classifier(longer, noise=noise)
    return [new - old for new, old in zip(after, before, strict=True)]
