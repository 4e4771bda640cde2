"""The linear model without spurious noise, solved by hand; and the deviations that the claims ask about."""

from fractions import Fraction

import pytest

from support.theory.deviations import caption_deviation
from support.theory.noise_free import along_the_feature, classifier, limit_deviation, strength_deviation
from support.theory.rational import RationalProblem, problems

ONE = Fraction(1)
# Everything 1, γ = 1/2. Without spurious noise the normal equations in (a, b, β₀) are 2a + b/4 = 1, a + b + β₀ = 1 and
# β₀ = −b/4, so that a = 2/5 and b = 4/5.
SIMPLE = RationalProblem(Fraction(1, 2), ONE, ONE, (ONE,), (ONE,))


def test_the_classifier_by_hand() -> None:
    assert classifier(SIMPLE) == [Fraction(2, 5), Fraction(4, 5), Fraction(-1, 5)]


def test_noise_is_kept_where_asked() -> None:
    beta_inv, beta_sp, intercept = SIMPLE.coefficients()
    assert classifier(SIMPLE, noise=True) == [*beta_inv, *beta_sp, intercept]


def test_the_prediction_difference_does_not_vanish_with_the_share() -> None:
    """σ_inv²/(‖x_inv‖² + σ_inv²), which is 1/2 here, is its limit at γ = 0: the transition is a jump."""
    rare = RationalProblem(Fraction(1, 10**9), ONE, ONE, (ONE,), (ONE,))
    assert float(classifier(rare)[1]) == pytest.approx(0.5, abs=1e-8)


def test_the_derived_formulas_have_that_limit() -> None:
    assert limit_deviation(SIMPLE) == [0, 0, 0]
    assert all(limit_deviation(SIMPLE, noise=True))


def test_strength_matters_with_noise_or_penalty_only() -> None:
    assert strength_deviation(SIMPLE) == [0, 0, 0]
    assert any(strength_deviation(SIMPLE, noise=True))
    assert any(strength_deviation(SIMPLE, penalty=1))


def test_problems_are_brought_to_one_direction_without_penalty() -> None:
    found = along_the_feature(problems(0, 20))
    assert all(len(case.sp) == 1 and case.sp[0] != 0 and case.penalty == 0 for case in found)


def test_captions_agree_with_the_definition_at_unit_deviations_only() -> None:
    assert caption_deviation(SIMPLE) == [0, 0, 0]
    assert any(caption_deviation(RationalProblem(Fraction(1, 2), 2 * ONE, ONE, (ONE,), (ONE,))))
