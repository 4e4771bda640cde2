"""Formulas of paper B's linear model minus what the linear system gives, problem by problem, in exact arithmetic.

The linear system (`support.theory.rational`) shares no algebra with the formulas. Arguments of Φ hold square roots and
are compared squared with their sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from support.theory.quantities import Quantity
from support.theory.rational import RationalProblem, dot

if TYPE_CHECKING:
    from sympy import Expr

    from support.theory.population import Expansion, Gradient, Optimum

Deviation = Callable[[RationalProblem], list[Fraction]]
# The formula of the paper, that derived from the loss, and those of a loss from which a term was dropped.
Version = Literal["printed", "derived", "noise dropped", "penalty dropped"]
# (invariant, spurious, label) of the Gaussians of each test distribution.
MEANS: dict[Quantity, tuple[tuple[int, int, int], ...]] = {
    "clean_accuracy": ((-1, 0, -1), (1, 0, 1)),
    "spurious_accuracy": ((-1, 1, -1),),
}


def largest(deviation: Deviation, cases: Sequence[RationalProblem]) -> list[float]:
    """The largest magnitude at each problem; zero only where every number agrees exactly."""
    return [float(max(abs(value) for value in deviation(problem))) for problem in cases]


# ------------------------------------------------------------------------------------------------ the gradient


def gradient_deviation(version: Literal["printed", "derived", "noise dropped"]) -> Deviation:
    """Claim 1 minus the slope of the loss, coordinate by coordinate, at a classifier that depends on the problem.

    Central differences of the loss, which are exact for a quadratic; with "noise dropped" σ_inv = σ_sp = 0.
    """
    from support.theory import mistakes, population, printed

    if version == "printed":
        slope = printed.GRADIENT
    else:
        right = version == "derived"
        slope = population.gradient(population.loss()) if right else mistakes.gradient_without_noise()
    return lambda problem: _gradient_gaps(problem, slope)


def terms_unlike_printed() -> int:
    """How many of the five terms of the derived gradient are not those of Claim 1."""
    import sympy

    from support.theory import population, printed

    pairs = zip(population.gradient(population.loss()).terms(), printed.GRADIENT.terms(), strict=True)
    return sum(bool(sympy.simplify(derived - stated)) for derived, stated in pairs)


def _gradient_gaps(problem: RationalProblem, slope: Gradient) -> list[Fraction]:
    from support.theory import population as p
    from support.theory.audit import value

    size = len(problem.inv) + len(problem.sp) + 1
    beta = [Fraction((7 * i) % 5 - 2, 1 + i) + problem.gamma for i in range(size)]
    beta_inv, beta_sp = beta[: len(problem.inv)], beta[len(problem.inv) : -1]
    at = {
        p.PRODUCT_INV: dot(problem.inv, beta_inv),
        p.PRODUCT_SP: dot(problem.sp, beta_sp),
        p.INTERCEPT: beta[-1],
    }
    along_beta_inv, along_inv, along_beta_sp, along_sp, intercept = (value(term, problem, at) for term in slope.terms())
    by_formula = [
        *(along_beta_inv * b + along_inv * x for b, x in zip(beta_inv, problem.inv, strict=True)),
        *(along_beta_sp * b + along_sp * x for b, x in zip(beta_sp, problem.sp, strict=True)),
        intercept,
    ]
    return [f - g for f, g in zip(by_formula, problem.gradient(beta), strict=True)]


# ------------------------------------------------------------------------------------------------ the optimum


def ratio_deviation(version: Literal["printed", "noise dropped"]) -> Deviation:
    """Equations (3) and (4), a/b and β₀/b, minus the system's, and what is left of β outside the direction of x."""
    from support.theory import mistakes, printed

    if version == "printed":
        ratios = printed.A_OVER_B, printed.INTERCEPT_OVER_B
    else:
        wrong = mistakes.optimum_with("noise dropped")
        ratios = wrong.a / wrong.b, wrong.intercept / wrong.b
    return lambda problem: _ratio_gaps(problem, *ratios)


def _ratio_gaps(problem: RationalProblem, a_over_b: Expr, intercept_over_b: Expr) -> list[Fraction]:
    from support.theory.audit import value

    beta_inv, beta_sp, intercept = problem.coefficients()
    a = dot(beta_inv, problem.inv) / dot(problem.inv, problem.inv)
    b = dot(beta_sp, problem.sp) / dot(problem.sp, problem.sp)
    aside = [v - a * x for v, x in zip(beta_inv, problem.inv, strict=True)]
    aside += [v - b * x for v, x in zip(beta_sp, problem.sp, strict=True)]
    return [value(a_over_b, problem) - a / b, value(intercept_over_b, problem) - intercept / b, *aside]


def closed_form_deviation(quantity: Quantity, version: Version) -> Deviation:
    """Theorem 1 minus the system: of the prediction difference, or of the arguments of Φ squared with their sign."""
    from support.theory import mistakes, population, printed

    best: Optimum | None
    if version in ("noise dropped", "penalty dropped"):
        best = mistakes.optimum_with(version)
    else:
        best = population.optimum() if version == "derived" else None
    if quantity == "prediction_difference":
        difference = best.prediction_difference() if best else printed.PREDICTION_DIFFERENCE
        return lambda problem: _difference_gap(problem, difference)
    clean = quantity == "clean_accuracy"
    margins = printed.CLEAN_MARGINS if clean else (printed.SPURIOUS_MARGIN,)
    if best:
        test = population.CLEAN_TEST if clean else population.SPURIOUS_TEST
        margins = tuple(population.same_noise_at_test(best.margin(component)) for component in test)
    return lambda problem: _margin_gaps(problem, margins, MEANS[quantity])


def _difference_gap(problem: RationalProblem, difference: Expr) -> list[Fraction]:
    from support.theory.audit import value

    return [value(difference, problem) - dot(problem.coefficients()[1], problem.sp)]


def _margin_gaps(
    problem: RationalProblem, margins: Sequence[Expr], means: Sequence[tuple[int, int, int]]
) -> list[Fraction]:
    from support.theory.audit import signed_square

    return [signed_square(margin, problem) - problem.margin(*mean) for margin, mean in zip(margins, means, strict=True)]


# ------------------------------------------------------------------------------------------------ expansions at γ = 0


def expansion_deviation(
    quantity: Literal["prediction_difference", "spurious_accuracy"],
    version: Literal["printed", "derived"],
    *,
    louder: bool = False,
) -> Deviation:
    """An expansion at γ = 0 minus that of the system, which is differentiated in γ.

    Of the prediction difference its slope, of the argument of Φ in the spurious accuracy value and slope, squared with
    their sign.

    Parameters
    ----------
    louder : with σ_sp² ten times as large in the formula, a mistake that must be seen.
    """
    from support.theory import mistakes, population, printed

    difference, margin = (
        (printed.DIFFERENCE_EXPANSION, printed.SPURIOUS_EXPANSION) if version == "printed" else population.expansions()
    )
    expansion = difference if quantity == "prediction_difference" else margin
    if louder:
        expansion = mistakes.ten_times_the_noise(expansion)
    if quantity == "prediction_difference":
        return lambda problem: _difference_slope_gap(problem, expansion)
    return lambda problem: _margin_expansion_gaps(problem, expansion)


def _difference_slope_gap(problem: RationalProblem, expansion: Expansion) -> list[Fraction]:
    from support.theory.audit import value

    slope = dot(problem.slope_at_zero()[len(problem.inv) : -1], problem.sp)
    return [value(expansion.slope, problem) - slope]


def _margin_expansion_gaps(problem: RationalProblem, expansion: Expansion) -> list[Fraction]:
    from support.theory.audit import signed_square

    at_zero = replace(problem, gamma=Fraction(0))
    *beta, intercept = at_zero.solve()
    *beta_slope, intercept_slope = problem.slope_at_zero()
    mean = [-value for value in problem.inv] + list(problem.sp)
    over, over_slope = -dot(mean, beta) - intercept, -dot(mean, beta_slope) - intercept_slope
    spread = [b * v for b, v in zip(beta, problem.variances(), strict=True)]
    variance, half_slope = dot(beta, spread), dot(beta_slope, spread)
    # (N/S)' = (N' S² − N S S')/S³, with S² the variance.
    slope = over_slope * variance - over * half_slope
    return [
        signed_square(expansion.value, problem) - over * abs(over) / variance,
        signed_square(expansion.slope, problem) - slope * abs(slope) / variance**3,
    ]


# ------------------------------------------------------------------------------------------------ definitions

# Inputs, as multiples of x_inv, at which the definition of the prediction difference is tried.
INPUTS = (Fraction(-1), Fraction(0), Fraction(1, 3), Fraction(2))


def moved_outputs(problem: RationalProblem, function: Callable[[Fraction], Fraction]) -> list[Fraction]:
    """function(h(x, x_sp)) − function(h(x, 0)) of the optimal classifier h at INPUTS."""
    beta_inv, beta_sp, intercept = problem.coefficients()
    before = [factor * dot(problem.inv, beta_inv) + intercept for factor in INPUTS]
    return [function(output + dot(problem.sp, beta_sp)) - function(output) for output in before]


def score_deviation(function: Callable[[Fraction], Fraction]) -> Deviation:
    """How far what the pattern moves of function(h) is from β_spᵀx_sp, at INPUTS."""
    return lambda problem: [
        moved - dot(problem.coefficients()[1], problem.sp) for moved in moved_outputs(problem, function)
    ]


def output_at_pattern_deviation(*, multiple: int = 1, intercept: bool) -> Deviation:
    """h at a multiple of x_sp, with or without β₀, minus the prediction difference at INPUTS."""

    def gaps(problem: RationalProblem) -> list[Fraction]:
        _, beta_sp, beta_0 = problem.coefficients()
        at_pattern = multiple * dot(beta_sp, problem.sp) + beta_0 * intercept
        return [at_pattern - moved for moved in moved_outputs(problem, lambda output: output)]

    return gaps


def share_with_pattern(problem: RationalProblem, label: Literal[1, -1] | None = None) -> Fraction:
    """Probability under Definition 1 that a sample carries the pattern, of all samples or of those with one label."""
    none = [Fraction(0)] * len(problem.sp)
    chosen = [part for part in problem.components() if label in (None, part[2])]
    total = sum((weight for weight, _, _ in chosen), Fraction(0))
    carrying = sum((weight for weight, mean, _ in chosen if mean[len(problem.inv) :] != none), Fraction(0))
    return carrying / total


def share_deviation(label: Literal[1, -1] | None) -> Deviation:
    """The share of samples with the pattern, of all or of one class, minus γ."""
    return lambda problem: [share_with_pattern(problem, label) - problem.gamma]


def caption_deviation(problem: RationalProblem) -> list[Fraction]:
    """The optimum under σ_inv·I and σ_sp·I, as two captions have the covariance, minus that under Definition 1.

    The problem's variances are taken for σ_inv and σ_sp, so that both covariances are rational.
    """
    squared = replace(problem, variance_inv=problem.variance_inv**2, variance_sp=problem.variance_sp**2)
    return [caption - defined for caption, defined in zip(problem.solve(), squared.solve(), strict=True)]
