"""Errata of the linear model: corrections against fractions worked by hand, and the smallest counterexamples."""

from fractions import Fraction as F  # noqa: N817 - written on every line

import pytest
import sympy
from scipy import stats
from sympy import Expr

from support.theory import population, printed, theorem
from support.theory.errata import Erratum, corrections, smallest_counterexample, third_term_by_unit
from support.theory.population import PHI
from support.theory.rational import RationalProblem

ROUNDING = 1e-12

# Everything 1 but ‖x_sp‖ = 2, γ = 1/2: β₀ = −b, 2a + b = 1 and 4b + a + 3b = 1, so a = 6/13 and b = 1/13; ρ = (1/4)·6.
AT = {
    population.GAMMA: F(1, 2),
    population.PENALTY: 0,
    population.SIGMA_INV: 1,
    population.SIGMA_SP: 1,
    population.NORM_INV: 1,
    population.NORM_SP: 2,
    population.RHO: F(3, 2),
    population.PRODUCT_SP: F(4, 13),
    population.INTERCEPT: F(-1, 13),
    theorem.V_INV: 1,
    theorem.V_SP: 1,
}


def at_point(expression: Expr) -> float:
    return float(sympy.sympify(expression).subs(AT).replace(PHI, lambda z: stats.norm.cdf(float(z))))


def clean(variance: int) -> float:
    """Outputs times label at the two means are 7/13 and 5/13, over the root of a variance in 1/13²."""
    return float(stats.norm.cdf([7 / variance**0.5, 5 / variance**0.5]).mean())


# (left, printed, corrected) of each formula: the bracket of Equation (2) is 4·(1 + 3/16 + 1/2) for 1 + 1/2 + 4·3/16.
SHOWN: dict[Erratum, list[tuple[str, float, float]]] = {
    "E-4": [("b", 1 / 31, 1 / 13), ("PD", 4 / 31, 4 / 13)],
    "E-5": [("ACC_clean", clean(52), clean(40))],
    "E-6": [("ACC_spurious", stats.norm.cdf(3 / 52**0.5), stats.norm.cdf(3 / 40**0.5))],
    # With equal norms and variances of 1 both start from 1 and fall by 4/2 times γ.
    "E-7": [("ACC_spurious", stats.norm.cdf(0), stats.norm.cdf(0))],
    "E-8": [("PD", 2 / 5 / 2, 1 / 2)],
    "E-9": [("PD", 3 / 13, 4 / 13)],
    "E-10": [("share", 1 / 2, 1 / 4)],
}


@pytest.mark.parametrize("erratum", SHOWN)
def test_corrections(erratum: Erratum) -> None:
    found = corrections(erratum)
    assert [each.left for each in found] == [left for left, _, _ in SHOWN[erratum]]
    values = [(at_point(each.printed), at_point(each.corrected)) for each in found]
    for pair, (_, wrong, right) in zip(values, SHOWN[erratum], strict=True):
        assert pair == pytest.approx((wrong, right), rel=ROUNDING)


def test_correction_of_the_spurious_expansion() -> None:
    # ‖x_inv‖ = 3, σ_inv = 2: 1 − γ·4·4/(2·9·2) as printed, (3/2)(1 − γ·4·4/(2·9)) as it should be.
    at = AT | {population.NORM_INV: 3, population.SIGMA_INV: 2}
    (found,) = corrections("E-7")
    inside = [expression.args[0].subs(at) for expression in (found.printed, found.corrected)]
    assert inside == [sympy.Rational(7, 9), sympy.Rational(5, 6)]


def test_titles() -> None:
    titles = [each.title for erratum in SHOWN for each in corrections(erratum)]
    assert titles == [
        "Equation (2)",
        "The prediction difference",
        "Clean test accuracy, with ρ = (γ/2)·a/b",
        "Spurious test accuracy, with ρ = (γ/2)·a/b",
        "Spurious accuracy near γ = 0",
        "Prediction difference near γ = 0",
        "The prediction difference of a linear classifier",
        "Share of samples with the pattern",
    ]


# ------------------------------------------------------------------------------------------------ counterexamples

UNIT = RationalProblem(F(1, 2), F(1), F(1), (F(1),), (F(1),))
TWICE = RationalProblem(F(1, 2), F(1), F(1), (F(1),), (F(2),))
LONG = RationalProblem(F(1, 2), F(1), F(1), (F(2),), (F(1),))
# As printed and as it is. At UNIT 2a + b/4 = 1 and b + (a + 3b/4 − 1)/4 = 0: PD = 4/37 and β₀ = −1/37.
SMALLEST: dict[Erratum, tuple[RationalProblem, F, F]] = {
    "E-4": (TWICE, F(4, 31), F(4, 13)),
    "E-5": (TWICE, F(49, 52), F(49, 40)),
    "E-6": (TWICE, F(9, 52), F(9, 40)),
    "E-7": (LONG, F(1), F(4)),
    "E-8": (TWICE, F(2, 5), F(1)),
    "E-9": (UNIT, F(3, 37), F(4, 37)),
    "E-10": (UNIT, F(1, 2), F(1, 4)),
}


@pytest.mark.parametrize("erratum", SMALLEST)
def test_smallest_counterexample(erratum: Erratum) -> None:
    found = smallest_counterexample(erratum)
    assert (found.problem, found.printed, found.derived) == SMALLEST[erratum]


def test_counterexample_in_words() -> None:
    assert str(smallest_counterexample("E-4")) == (
        "γ = 1/2, σ_inv² = 1, σ_sp² = 1, ‖x_inv‖ = 1, ‖x_sp‖ = 2, λ = 0: PD is 4/31 as printed, 4/13 derived"
    )


def test_no_counterexample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "SHARE_WITH_PATTERN", population.GAMMA / 2)
    with pytest.raises(ValueError, match="no counterexample to what E-10 says is false among the smallest 500"):
        smallest_counterexample("E-10")


def test_third_term_by_unit() -> None:
    # (σ_sp² + λ)/(σ_sp‖x_sp‖²(σ_inv² + λ)) at 1 and with lengths of 2 and 3: 4/(2·4·4) and 9/(3·9·9).
    assert third_term_by_unit(2) == (F(1), F(1, 8))
    assert third_term_by_unit(3) == (F(1), F(1, 27))
