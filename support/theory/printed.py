"""Theorem 1 of paper B and what leads to it, transcribed as printed (arXiv 2202.05189v3, Appendix D).

This is the text under audit: nothing here is derived, and nothing else in the suite computes with it.
"""

from __future__ import annotations

from sympy import Expr, Integer, sqrt

from support.theory.population import (
    GAMMA,
    INTERCEPT,
    NORM_INV,
    NORM_SP,
    PENALTY,
    PHI,
    PRODUCT_INV,
    PRODUCT_SP,
    RHO,
    SIGMA_INV,
    SIGMA_SP,
    Expansion,
    Gradient,
)

_INV, _SP = SIGMA_INV**2 + PENALTY, SIGMA_SP**2 + PENALTY

# Claim 1.
GRADIENT = Gradient(
    along_beta_inv=_INV,
    along_inv=PRODUCT_INV + GAMMA * PRODUCT_SP / 2 - 1,
    along_beta_sp=_SP,
    along_sp=GAMMA / 2 * (PRODUCT_INV + PRODUCT_SP + INTERCEPT - 1),
    intercept=GAMMA * PRODUCT_SP / 2 + INTERCEPT,
)

# Equation (2).
B = (GAMMA / 2 * _INV) / (
    _INV * _SP + (_SP + GAMMA / 2 * (1 - GAMMA / 2) * _INV + GAMMA / 2 * (1 - GAMMA) * NORM_SP**2) * NORM_SP**2
)
# Equation (3), a/b, and Equation (4), β₀/b.
A_OVER_B = (GAMMA / 2 * (1 - GAMMA) * NORM_SP**2 + _SP) / (GAMMA / 2 * _INV)
INTERCEPT_OVER_B = -GAMMA * NORM_SP**2 / 2

# Theorem 1. Its accuracies repeat one ratio, (γ/2)·a/b, which is written ρ here.
PREDICTION_DIFFERENCE = (GAMMA / 2 * _INV * NORM_SP**2) / (
    _INV * _SP + (_SP + GAMMA / 2 * (1 - GAMMA / 2) * _INV + GAMMA / 2 * (1 - GAMMA) * NORM_SP**2) * NORM_SP**2
)
RATIO = (GAMMA / 2 * (1 - GAMMA) * NORM_SP**2 + _SP) / _INV
_DEVIATION = sqrt(RHO**2 * NORM_INV**4 * SIGMA_INV**2 + (GAMMA / 2) ** 2 * NORM_SP**4 * SIGMA_SP**2)
CLEAN_MARGINS_IN_RATIO: tuple[Expr, Expr] = (
    (RHO * NORM_INV**2 + (GAMMA / 2) ** 2 * NORM_SP**2) / _DEVIATION,
    (RHO * NORM_INV**2 - (GAMMA / 2) ** 2 * NORM_SP**2) / _DEVIATION,
)
SPURIOUS_MARGIN_IN_RATIO = (RHO * NORM_INV**2 + (GAMMA / 2 - 1) * GAMMA / 2 * NORM_SP**2) / _DEVIATION
CLEAN_MARGINS: tuple[Expr, Expr] = (
    CLEAN_MARGINS_IN_RATIO[0].subs(RHO, RATIO),
    CLEAN_MARGINS_IN_RATIO[1].subs(RHO, RATIO),
)
SPURIOUS_MARGIN = SPURIOUS_MARGIN_IN_RATIO.subs(RHO, RATIO)
CLEAN_ACCURACY = (PHI(CLEAN_MARGINS[0]) + PHI(CLEAN_MARGINS[1])) / 2
SPURIOUS_ACCURACY = PHI(SPURIOUS_MARGIN)

# Section D.3.1, Observation 1: near γ = 0, of the argument of Φ and of the prediction difference.
SPURIOUS_EXPANSION = Expansion(Integer(1), -_INV * NORM_SP**2 / (2 * _SP * NORM_INV**2 * SIGMA_INV))
DIFFERENCE_EXPANSION = Expansion(Integer(0), _INV * NORM_SP**2 / (2 * _SP * (_INV + NORM_SP**2)))
# The end of the sharp decay, by the last two of three terms (the first is 1).
KNEE_TERMS: tuple[Expr, Expr] = (_SP / NORM_SP**2, _SP / (SIGMA_SP * NORM_SP**2 * _INV))

# Sections 2 and 4.1: the share of spurious samples. Section D.3: the prediction difference as h(x_sp).
SHARE_WITH_PATTERN = GAMMA
LINEAR_DIFFERENCE = PRODUCT_SP + INTERCEPT
