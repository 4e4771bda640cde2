"""What a penalty changes, worked by hand at everything 1 and γ = 1/2."""

from dataclasses import replace
from fractions import Fraction as F  # noqa: N817 - written on every line
from math import sqrt

import pytest
from scipy import stats

from support.theory.rational import RationalProblem
from support.theory.regularization import (
    accuracy_boundary,
    clean_accuracy_raised,
    clean_disagreements,
    difference_boundary,
    difference_lowered,
    disagreements,
    free,
    noise_against_penalty,
    penalised,
    spurious_margin_raised,
)

# β₀ = −b/4, (2 + λ)a + b/4 = 1 and (1 + λ)b + (a + 3b/4 − 1)/4 = 0: (18, 4, −1)/37 at λ = 0, (17, 4, −1)/52 at λ = 1.
UNIT = RationalProblem(F(1, 2), F(1), F(1), (F(1),), (F(1),))
# (γ/2)(1 − γ)‖x_sp‖² = 1/8 = σ_inv² − σ_sp²: a penalty changes no accuracy.
TIED = replace(UNIT, variance_inv=F(9, 8))
# And beyond it raises both.
RAISED = replace(UNIT, variance_inv=F(2))


def test_penalty_of_a_problem() -> None:
    assert penalised(UNIT) == replace(UNIT, penalty=F(1))
    assert penalised(replace(UNIT, penalty=F(1, 3))).penalty == F(1, 3)
    assert free(replace(UNIT, penalty=F(1, 3))) == UNIT


def test_noise_against_penalty() -> None:
    assert noise_against_penalty(UNIT, F(1), F(1)) == [0, 0, 0]
    # Noise of 1 on the invariant block alone: 3a + b/4 = 1 and b + (a + 3b/4 − 1)/4 = 0 give (9, 4, −1)/28.
    expected = [F(9, 28) - F(17, 52), F(4, 28) - F(4, 52), F(-1, 28) - F(-1, 52)]
    assert noise_against_penalty(UNIT, F(1), F(0)) == expected
    # On top of a penalty that is there: λ = 1/2 and noise of 1/2 are λ = 1.
    half = replace(UNIT, penalty=F(1, 2))
    assert noise_against_penalty(half, F(1, 2), F(1, 2)) == [0, 0, 0]


def test_what_the_penalty_changes() -> None:
    assert difference_lowered(UNIT) == F(4, 37) - F(4, 52)
    # label·h at (−1, 1) is 15/37 and 14/52; variances 18² + 4² and 17² + 4².
    assert spurious_margin_raised(UNIT) == F(196, 305) - F(225, 340)
    before = stats.norm.cdf([19 / sqrt(340), 17 / sqrt(340)]).mean()
    after = stats.norm.cdf([18 / sqrt(305), 16 / sqrt(305)]).mean()
    assert clean_accuracy_raised(UNIT) == pytest.approx(after - before, rel=1e-9)
    # Whatever penalty the problem has is set against none.
    assert difference_lowered(replace(UNIT, penalty=F(1))) == difference_lowered(UNIT)


def test_boundaries() -> None:
    # σ_inv²(σ_inv² + λ) − ‖x_inv‖²(σ_sp² − σ_inv² + 1/8), and σ_inv² − σ_sp² − 1/8.
    assert difference_boundary(UNIT) == F(15, 8)
    assert difference_boundary(RAISED) == 6 + F(7, 8)
    assert [accuracy_boundary(problem) for problem in (UNIT, TIED, RAISED)] == [F(-1, 8), 0, F(7, 8)]


def test_signs_side_by_side() -> None:
    cases = [UNIT, TIED, RAISED]
    assert disagreements(cases, accuracy_boundary, spurious_margin_raised) == [0, 0, 0]
    # A number without sign is neither up nor down.
    assert disagreements(cases, lambda _: F(1), spurious_margin_raised) == [1, 1, 0]
    assert disagreements(cases, lambda case: -accuracy_boundary(case), spurious_margin_raised) == [1, 0, 1]


def test_signs_of_the_clean_accuracy() -> None:
    # At the tie nothing changes but rounding.
    assert abs(clean_accuracy_raised(TIED)) < 1e-15
    cases = [UNIT, TIED, RAISED]
    assert clean_disagreements(cases, accuracy_boundary) == [0, 0]
    assert clean_disagreements(cases, lambda _: F(1)) == [1, 0]
