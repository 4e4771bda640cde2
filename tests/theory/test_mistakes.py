"""Derivations with a planted mistake, solved by hand at everything 1 and γ = 1/2."""

from fractions import Fraction as F  # noqa: N817 - written on every line

import sympy

from support.theory import population as p
from support.theory.mistakes import gradient_without_noise, optimum_with, ten_times_the_noise
from support.theory.population import Expansion


def at_one(expression: sympy.Expr, penalty: int = 0) -> F:
    ones = dict.fromkeys((p.SIGMA_INV, p.SIGMA_SP, p.NORM_INV, p.NORM_SP), 1)
    found = expression.subs(ones | {p.GAMMA: sympy.Rational(1, 2), p.PENALTY: penalty})
    return F(int(found.p), int(found.q))


def test_gradient_without_noise() -> None:
    # The noise stands before β only, beside the penalty.
    found = gradient_without_noise()
    assert (found.along_beta_inv, found.along_beta_sp) == (p.PENALTY, p.PENALTY)
    assert sympy.expand(found.along_inv - (p.PRODUCT_INV + p.GAMMA * p.PRODUCT_SP / 2 - 1)) == 0
    assert sympy.expand(found.intercept - (p.INTERCEPT + p.GAMMA * p.PRODUCT_SP / 2)) == 0


def test_optimum_without_spurious_noise() -> None:
    # β₀ = −b/4 leaves 2a + b/4 = 1 and a + 3b/4 = 1.
    found = optimum_with("noise dropped")
    assert [at_one(term) for term in (found.a, found.b, found.intercept)] == [F(2, 5), F(4, 5), F(-1, 5)]


def test_optimum_without_spurious_penalty() -> None:
    # λ = 1: 3a + b/4 = 1 and b + (a + 3b/4 − 1)/4 = 0; with λ on both blocks it would be 2b.
    found = optimum_with("penalty dropped")
    assert [at_one(term, penalty=1) for term in (found.a, found.b, found.intercept)] == [
        F(9, 28),
        F(1, 7),
        F(-1, 28),
    ]
    # Without a penalty nothing was dropped: 2a + b/4 = 1 and b + (a + 3b/4 − 1)/4 = 0.
    assert [at_one(term) for term in (found.a, found.b, found.intercept)] == [F(18, 37), F(4, 37), F(-1, 37)]


def test_ten_times_the_noise() -> None:
    found = ten_times_the_noise(Expansion(p.SIGMA_SP**2 + p.SIGMA_INV, p.GAMMA / p.SIGMA_SP**2))
    assert sympy.expand(found.value - (10 * p.SIGMA_SP**2 + p.SIGMA_INV)) == 0
    assert sympy.expand(found.slope - p.GAMMA / (10 * p.SIGMA_SP**2)) == 0
