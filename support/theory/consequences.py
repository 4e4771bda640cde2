"""What follows from Theorem 1 of paper B, as equations and conditions to be shown, in order.

Limits at γ = 0, and the boundaries beyond which noise or a penalty does harm; the expressions are those of
`support.theory.theorem`.
"""

from __future__ import annotations

from functools import cache

from sympy import Eq, Expr, Gt, Symbol

from support.theory import theorem
from support.theory.theorem import Step


@cache
def consequences() -> tuple[Step, ...]:
    """Of the transition first, then of noise and penalty."""
    difference, margin = theorem.rescaled_limits()
    spurious_slope, (positive, negative) = theorem.accuracy_slopes()
    return (
        _equation("Without spurious noise", "PD", theorem.plateau(), "σ_sp² + λ → 0: the curve starts with a jump."),
        _equation(
            "Where half of that is reached",
            "gamma",
            theorem.knee(),
            "The γ at which the prediction difference is half of the curve above; γ‖x_sp‖²/(σ_sp² + λ) → 2.",
        ),
        _equation(
            "The transition under the magnifying glass: prediction difference",
            "PD",
            difference,
            "Limit at γ = 2x(σ_sp² + λ)/‖x_sp‖² with x fixed: the curve's shape is x/(1 + x) in every setting.",
        ),
        _equation(
            "The transition under the magnifying glass: argument of Φ in the spurious accuracy",
            "z",
            margin,
            "The same limit with λ = 0, from ‖x_inv‖/σ_inv at x = 0 downwards.",
        ),
        _condition(
            "Where training noise or a penalty lowers the prediction difference",
            theorem.difference_drop(),
            "It does if and only if this holds; λ stands for the penalty or the variance of the noise. The "
            "bracket decides the accuracies as well (next step): where they rise the prediction difference falls.",
        ),
        _condition(
            "Where training noise or a penalty raises both accuracies",
            theorem.accuracy_gain(),
            "It does, at every strength, if and only if this holds; at equality nothing changes at all.",
        ),
        _equation(
            "Spurious accuracy increases with r = a/b",
            "slope",
            spurious_slope,
            "Derivative of the argument of Φ in r, up to a positive factor: positive since γ ≤ 1.",
        ),
        _equation(
            "Clean accuracy, negative samples",
            "slope",
            negative,
            "The same for the negative samples, whose argument of Φ is the larger one; it may be negative.",
        ),
        _equation(
            "Clean accuracy, positive samples",
            "slope",
            positive,
            "And for the positive samples: at least as large in size, and weighed by a larger density since its "
            "argument is the smaller one. The sum is positive, so clean accuracy increases with r as well.",
        ),
    )


def _equation(title: str, left: str, right: Expr, text: str) -> Step:
    return Step(title, text, Eq(Symbol(left), right, evaluate=False))


def _condition(title: str, positive: Expr, text: str) -> Step:
    return Step(title, text, Gt(positive, 0, evaluate=False))
