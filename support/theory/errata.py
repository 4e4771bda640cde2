"""The printed formulas of paper B that are false: each beside its correction, and where the two first differ.

Errata are named as in the register (E-4 to E-11). A smallest counterexample is the first of
`support.theory.audit.smallest_problems`, one dimension a block and no penalty, at which printed and derived differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import sympy
from sympy import Expr

from support.theory import audit, population, printed, theorem
from support.theory.audit import Exact, signed_square, value
from support.theory.population import GAMMA, PHI, optimum, same_noise_at_test
from support.theory.rational import RationalProblem

Erratum = Literal["E-4", "E-5", "E-6", "E-7", "E-8", "E-9", "E-10"]


@dataclass(frozen=True)
class Correction:
    """A formula as printed and as it should be; `left` is the name of what both are said to equal."""

    title: str
    left: str
    printed: Expr
    corrected: Expr


def corrections(erratum: Erratum) -> tuple[Correction, ...]:
    """The formulas that an erratum corrects, as they are shown: accuracies in terms of ρ, which is printed right."""
    best = optimum()
    if erratum == "E-4":
        difference = theorem.effective(best.prediction_difference())
        return (
            Correction("Equation (2)", "b", printed.B, theorem.effective(best.b)),
            Correction("The prediction difference", "PD", printed.PREDICTION_DIFFERENCE, difference),
        )
    if erratum == "E-5":
        shown = sum(map(PHI, printed.CLEAN_MARGINS_IN_RATIO)) / 2
        return (_accuracy("Clean", shown, population.CLEAN_TEST),)
    if erratum == "E-6":
        return (_accuracy("Spurious", PHI(printed.SPURIOUS_MARGIN_IN_RATIO), population.SPURIOUS_TEST),)
    difference_expansion, margin_expansion = population.expansions()
    if erratum == "E-7":
        terms = (PHI(each.value + each.slope * GAMMA) for each in (printed.SPURIOUS_EXPANSION, margin_expansion))
        return (Correction("Spurious accuracy near γ = 0", "ACC_spurious", *terms),)
    if erratum == "E-8":
        slopes = printed.DIFFERENCE_EXPANSION.slope, theorem.effective(difference_expansion.slope)
        return (Correction("Prediction difference near γ = 0", "PD", *(slope * GAMMA for slope in slopes)),)
    if erratum == "E-9":
        title = "The prediction difference of a linear classifier"
        return (Correction(title, "PD", printed.LINEAR_DIFFERENCE, population.PRODUCT_SP),)
    return (
        Correction(
            "Share of samples with the pattern", "share", printed.SHARE_WITH_PATTERN, population.share_with_pattern()
        ),
    )


def _accuracy(test: str, shown: Expr, components: tuple[population.Component, ...]) -> Correction:
    derived = same_noise_at_test(theorem.scaled_optimum().accuracy(components))
    return Correction(f"{test} test accuracy, with ρ = (γ/2)·a/b", f"ACC_{test.lower()}", shown, derived)


# ------------------------------------------------------------------------------------------------ counterexamples


@dataclass(frozen=True)
class Counterexample:
    """A problem at which a printed formula is false, with what it gives there and what is right; `what` names it."""

    what: str
    problem: RationalProblem
    printed: Fraction
    derived: Fraction

    def __str__(self) -> str:
        return f"{audit.described(self.problem)}: {self.what} {self.printed} as printed, {self.derived} derived"


def smallest_counterexample(erratum: Erratum) -> Counterexample:
    """Where a printed formula first fails, written with the smallest numbers.

    Raises
    ------
    ValueError : printed and derived agree at all problems that are searched.
    """
    what, stated, derived, exact = _compared(erratum)
    found = audit.smallest_counterexample(stated, derived, exact)
    if found is None:
        raise ValueError(f"no counterexample to what {erratum} says is false among the smallest {audit.SEARCHED}")
    return Counterexample(what, *found)


def _compared(erratum: Erratum) -> tuple[str, Expr, Expr, Exact]:
    """What is compared in words, the printed and the derived expression, and how each is evaluated."""
    best = optimum()
    difference = best.prediction_difference()
    if erratum == "E-4":
        return "PD is", printed.PREDICTION_DIFFERENCE, difference, value
    if erratum == "E-5":
        margin = same_noise_at_test(best.margin(population.CLEAN_TEST[0]))
        return "the first argument of Φ, squared, is", printed.CLEAN_MARGINS[0], margin, signed_square
    if erratum == "E-6":
        margin = same_noise_at_test(best.margin(population.SPURIOUS_TEST[0]))
        return "the argument of Φ, squared with its sign, is", printed.SPURIOUS_MARGIN, margin, signed_square
    difference_expansion, margin_expansion = population.expansions()
    if erratum == "E-7":
        what = "the argument of Φ at γ = 0, squared, is"
        return what, printed.SPURIOUS_EXPANSION.value, margin_expansion.value, signed_square
    if erratum == "E-8":
        what = "the slope of PD at γ = 0 is"
        return what, printed.DIFFERENCE_EXPANSION.slope, difference_expansion.slope, value
    if erratum == "E-9":
        at_pattern = printed.LINEAR_DIFFERENCE.subs(
            {population.PRODUCT_SP: difference, population.INTERCEPT: best.intercept}
        )
        return "PD is", sympy.cancel(at_pattern), difference, value
    return "the share of samples is", printed.SHARE_WITH_PATTERN, population.share_with_pattern(), value


def third_term_by_unit(factor: int) -> tuple[Fraction, Fraction]:
    """The third term of the printed estimate (E-11) at σ_inv = σ_sp = ‖x_inv‖ = ‖x_sp‖ = 1, and in another unit.

    Curves do not change where every length is `factor` times as large; the term does.
    """
    term = printed.KNEE_TERMS[1]
    lengths = (population.SIGMA_INV, population.SIGMA_SP, population.NORM_INV, population.NORM_SP)
    one, other = (term.subs({population.PENALTY: 0} | dict.fromkeys(lengths, scale)) for scale in (1, factor))
    return Fraction(int(one.p), int(one.q)), Fraction(int(other.p), int(other.q))
