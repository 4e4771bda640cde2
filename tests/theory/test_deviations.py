"""Deviations of formulas from the linear system, worked by hand at problems of small numbers."""

from dataclasses import replace
from fractions import Fraction as F  # noqa: N817 - written on every line

import pytest

from support.theory import population, printed
from support.theory.deviations import (
    INPUTS,
    closed_form_deviation,
    expansion_deviation,
    gradient_deviation,
    largest,
    moved_outputs,
    output_at_pattern_deviation,
    ratio_deviation,
    score_deviation,
    share_deviation,
    share_with_pattern,
    terms_unlike_printed,
)
from support.theory.rational import RationalProblem

# Everything 1 and γ = 1/2: β₀ = −b/4, 2a + b/4 = 1 and b + (a + 3b/4 − 1)/4 = 0, so β = (18, 4, −1)/37.
UNIT = RationalProblem(F(1, 2), F(1), F(1), (F(1),), (F(1),))
# With ‖x_sp‖ = 2: β₀ = −b, 2a + b = 1 and 4b + a + 3b = 1, so a = 6/13, b = 1/13, β₀ = −1/13 and PD = 4/13. The
# variance of h is (6² + (2·1)²)/13² = 40/13², and 6² + 4² = 52 with fourth powers of the norms.
TWICE = replace(UNIT, sp=(F(2),))
# Directions of several coordinates, and a penalty.
WIDE = RationalProblem(F(3, 10), F(1, 2), F(2, 5), (F(3, 5), F(-1)), (F(1), F(2, 5), F(-1, 3)), penalty=F(7, 4))


def test_largest_is_of_magnitudes_problem_by_problem() -> None:
    assert largest(lambda problem: [problem.gamma, F(-3, 4), F(0)], [UNIT, replace(UNIT, gamma=F(1))]) == [0.75, 1.0]
    assert largest(lambda _: [F(0)], [UNIT]) == [0.0]


# ------------------------------------------------------------------------------------------------ the gradient


@pytest.mark.parametrize("problem", [UNIT, TWICE, WIDE], ids=str)
def test_gradient_is_right(problem: RationalProblem) -> None:
    zeros = [0] * (len(problem.inv) + len(problem.sp) + 1)
    assert gradient_deviation("printed")(problem) == zeros
    assert gradient_deviation("derived")(problem) == zeros


def test_gradient_without_noise_lacks_the_variance_times_beta() -> None:
    # At β_i = ((7i mod 5) − 2)/(1 + i) + γ = −3/2, 1/2, 7/6.
    assert gradient_deviation("noise dropped")(UNIT) == [F(3, 2), F(-1, 2), 0]


def test_terms_unlike_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terms_unlike_printed() == 0
    wrong = replace(printed.GRADIENT, along_inv=printed.GRADIENT.along_inv + 1, intercept=population.GAMMA)
    monkeypatch.setattr(printed, "GRADIENT", wrong)
    assert terms_unlike_printed() == 2


# ------------------------------------------------------------------------------------------------ the optimum


@pytest.mark.parametrize("problem", [UNIT, TWICE, WIDE], ids=str)
def test_ratios_are_right(problem: RationalProblem) -> None:
    assert ratio_deviation("printed")(problem) == [0] * (2 + len(problem.inv) + len(problem.sp))


def test_ratios_without_spurious_noise() -> None:
    # Without it β = (2, 4, −1)/5: a/b is 1/2 for 9/2, β₀/b is −1/4 all the same.
    assert ratio_deviation("noise dropped")(UNIT) == [-4, 0, 0, 0]


def test_printed_closed_forms() -> None:
    # Equation (2): (1/4)·4/(1 + (1 + 3/16 + 1/2)·4) = 4/31.
    assert closed_form_deviation("prediction_difference", "printed")(TWICE) == [F(4, 31) - F(4, 13)]
    # Outputs times label at (−1, 0), (1, 0) and (−1, 1): 7/13, 5/13 and 3/13.
    assert closed_form_deviation("clean_accuracy", "printed")(TWICE) == [
        F(49, 52) - F(49, 40),
        F(25, 52) - F(25, 40),
    ]
    assert closed_form_deviation("spurious_accuracy", "printed")(TWICE) == [F(9, 52) - F(9, 40)]


@pytest.mark.parametrize("problem", [UNIT, TWICE, WIDE], ids=str)
def test_derived_closed_forms(problem: RationalProblem) -> None:
    assert closed_form_deviation("prediction_difference", "derived")(problem) == [0]
    assert closed_form_deviation("clean_accuracy", "derived")(problem) == [0, 0]
    assert closed_form_deviation("spurious_accuracy", "derived")(problem) == [0]


def test_closed_forms_of_mistakes() -> None:
    # Without spurious noise b = 4/5 for 4/37; at λ = 1 without it on the spurious block b = 1/7 for 1/13.
    assert closed_form_deviation("prediction_difference", "noise dropped")(UNIT) == [F(4, 5) - F(4, 37)]
    penalised = replace(UNIT, penalty=F(1))
    assert closed_form_deviation("prediction_difference", "penalty dropped")(penalised) == [F(1, 7) - F(1, 13)]
    # (2, 4, −1)/5: label·h at (−1, 1) is −1/5 and the variance at test 20/25; truly 15/37 and 340/37².
    assert closed_form_deviation("spurious_accuracy", "noise dropped")(UNIT) == [-F(1, 20) - F(225, 340)]


# ------------------------------------------------------------------------------------------------ expansions


def test_expansion_of_the_prediction_difference() -> None:
    # At γ = 0 a = 1/2, and to first order b = (γ/2)(1 − 1/2): slope ‖x_sp‖²/4 = 1, as printed 4/(2·(1 + 4)) = 2/5.
    assert expansion_deviation("prediction_difference", "derived")(TWICE) == [0]
    assert expansion_deviation("prediction_difference", "printed")(TWICE) == [F(2, 5) - 1]
    assert expansion_deviation("prediction_difference", "derived", louder=True)(TWICE) == [F(1, 10) - 1]


def test_expansion_of_the_spurious_margin() -> None:
    # ‖x_inv‖ = 2: β_inv = 2/5 at γ = 0, b' = (1/2)(1 − 4/5) = 1/10. The margin is (4/5 − γ/10)/(2/5) = 2 − γ/4; as
    # printed 1 − γ/8. Squared with their signs: 4 and −1/16; 1 and −1/64.
    long = replace(UNIT, inv=(F(2),))
    assert expansion_deviation("spurious_accuracy", "derived")(long) == [0, 0]
    assert expansion_deviation("spurious_accuracy", "printed")(long) == [1 - 4, F(1, 16) - F(1, 64)]
    assert expansion_deviation("spurious_accuracy", "derived", louder=True)(long) == [0, F(1, 16) - F(1, 1600)]


@pytest.mark.parametrize("quantity", ["prediction_difference", "spurious_accuracy"])
def test_expansions_in_several_dimensions(quantity: str) -> None:
    assert not any(expansion_deviation(quantity, "derived")(WIDE))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ definitions


def test_moved_outputs() -> None:
    assert list(INPUTS) == [-1, 0, F(1, 3), 2]
    assert moved_outputs(UNIT, lambda output: output) == [F(4, 37)] * 4
    # h = −19, −1, 5 and 35 over 37 without the pattern, 4/37 more with it: (h + 4)² − h² = 8h + 16.
    squares = [F(8 * h + 16, 37**2) for h in (-19, -1, 5, 35)]
    assert moved_outputs(UNIT, lambda output: output**2) == squares
    assert score_deviation(lambda output: output**2)(UNIT) == [square - F(4, 37) for square in squares]
    assert score_deviation(lambda output: output)(WIDE) == [0] * 4


def test_output_at_the_pattern() -> None:
    assert output_at_pattern_deviation(intercept=True)(UNIT) == [F(-1, 37)] * 4
    assert output_at_pattern_deviation(intercept=False)(UNIT) == [0] * 4
    assert output_at_pattern_deviation(multiple=2, intercept=False)(UNIT) == [F(4, 37)] * 4


def test_share_with_pattern() -> None:
    problem = replace(WIDE, gamma=F(3, 10))
    assert share_with_pattern(problem) == F(3, 20)
    assert share_with_pattern(problem, 1) == F(3, 10)
    assert share_with_pattern(problem, -1) == 0
    assert share_deviation(None)(problem) == [F(-3, 20)]
    assert share_deviation(1)(problem) == [0]
    assert share_deviation(-1)(problem) == [F(-3, 10)]
