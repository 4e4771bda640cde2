"""Theorem 1 of paper B, derived: the steps in order, and what follows from them, as equations to be shown.

What the optimum sees of noise and penalty are the sums σ_inv² + λ and σ_sp² + λ; equations are arranged in these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy
from sympy import Eq, Expr, Symbol

from support.theory import population
from support.theory.population import (
    CLEAN_TEST,
    GAMMA,
    INTERCEPT,
    NORM_INV,
    NORM_SP,
    PENALTY,
    RHO,
    SIGMA_INV,
    SIGMA_SP,
    SPURIOUS_TEST,
    A,
    B,
    Optimum,
)

# σ_inv² + λ and σ_sp² + λ.
V_INV, V_SP = Symbol("v_inv", positive=True), Symbol("v_sp", positive=True)
BETA_INV, BETA_SP = Symbol("beta_inv"), Symbol("beta_sp")
X_INV, X_SP = Symbol("x_inv"), Symbol("x_sp")


@dataclass(frozen=True)
class Step:
    """One equation of the derivation, with what it says in words."""

    title: str
    text: str
    equation: Eq


def effective(expression: Expr) -> Expr:
    """A rational expression in σ² + λ, as one fraction whose denominator starts with (σ_inv²+λ)(σ_sp²+λ) if it can."""
    merged = sympy.cancel(sympy.together(expression.subs(_AS_SUMS)))
    over, under = (sympy.expand(part) for part in sympy.fraction(merged))
    leading = sympy.Poly(under, V_INV, V_SP, GAMMA, NORM_INV, NORM_SP).coeff_monomial(V_INV * V_SP)
    scale = leading if leading != 0 else sympy.Integer(1)
    blocks = (NORM_INV**2 * NORM_SP**2, NORM_INV**2, NORM_SP**2)
    collected = sympy.collect(sympy.expand(under / scale), blocks, func=_factored)
    return _factored(over / scale) / collected


def _factored(expression: Expr) -> Expr:
    """Factored where γ occurs, with 1 − γ and 1 − γ/2 for SymPy's γ − 1 and γ − 2."""
    if not expression.has(GAMMA):
        return sympy.expand(expression)
    coefficient, factors = sympy.factor_list(expression)
    result = sympy.Integer(1)
    for base, power in factors:
        shown = base
        for share in (1, 2):
            if sympy.expand(base - GAMMA + share) == 0:
                coefficient, shown = coefficient * (-share) ** power, 1 - GAMMA / share
        result *= shown**power
    return result * coefficient


_AS_SUMS = {SIGMA_INV: sympy.sqrt(V_INV - PENALTY), SIGMA_SP: sympy.sqrt(V_SP - PENALTY)}


@cache
def ratio() -> Expr:
    """ρ = (γ/2)·a/b."""
    best = population.optimum()
    return effective(sympy.cancel(GAMMA / 2 * best.a / best.b))


@cache
def scaled_optimum() -> Optimum:
    """The optimum times γ/(2b), in terms of ρ, as the theorem prints accuracies: no positive factor changes them."""
    best = population.optimum()
    per_b = sympy.cancel(best.intercept / best.b)
    return Optimum(RHO, GAMMA / 2, sympy.factor(GAMMA / 2 * per_b))


@cache
def excess_of_equation_2() -> Expr:
    """1/b of Equation (2) minus the derived 1/b, factored: zero where ‖x_sp‖ = ‖x_inv‖ and nowhere else."""
    from support.theory import printed

    difference = sympy.cancel((1 / printed.B - 1 / population.optimum().b).subs(_AS_SUMS))
    norms = NORM_SP**2 - NORM_INV**2
    over, under = sympy.fraction(sympy.cancel(difference / norms))
    return norms * sympy.collect(over, NORM_SP, func=_factored) / under


@cache
def derivation() -> tuple[Step, ...]:
    """From the loss to the expansions at γ = 0."""
    loss = population.loss()
    slope = population.gradient(loss)
    best = population.optimum()
    general = Optimum(A, B, INTERCEPT)
    difference, margin = population.expansions()
    clean, spurious = (population.same_noise_at_test(general.accuracy(test)) for test in (CLEAN_TEST, SPURIOUS_TEST))
    equations = population.normal_equations(slope)
    return (
        Step(
            "The loss under the training distribution",
            "Three Gaussians with weights 1/2, (1 − γ)/2 and γ/2 (Definition 1); the noise enters through the variance "
            "of h, the penalty leaves the intercept alone.",
            Eq(Symbol("L"), loss, evaluate=False),
        ),
        Step(
            "Its gradient in the invariant block",
            "Claim 1, first part.",
            Eq(Symbol("gradient_inv"), slope.along_beta_inv * BETA_INV + slope.along_inv * X_INV, evaluate=False),
        ),
        Step(
            "Its gradient in the spurious block",
            "Claim 1, second part.",
            Eq(Symbol("gradient_sp"), slope.along_beta_sp * BETA_SP + slope.along_sp * X_SP, evaluate=False),
        ),
        Step(
            "Its derivative in the intercept",
            "Claim 1, third part.",
            Eq(Symbol("gradient_0"), slope.intercept, evaluate=False),
        ),
        *(
            Step(
                f"Normal equation {number} of 3",
                "Where the gradient vanishes β_inv = a x_inv and β_sp = b x_sp, since the factor of β is positive.",
                Eq(sympy.Integer(0), effective_polynomial(equation), evaluate=False),
            )
            for number, equation in enumerate(equations, 1)
        ),
        Step(
            "The coefficient of the spurious feature",
            "The only solution of the three equations. Equation (2) has ‖x_sp‖² where ‖x_inv‖² stands here.",
            Eq(B, effective(best.b), evaluate=False),
        ),
        Step(
            "Invariant against spurious coefficient",
            "Equation (3), as printed.",
            Eq(A / B, effective(best.a / best.b), evaluate=False),
        ),
        Step("The intercept", "Equation (4), as printed.", Eq(INTERCEPT / B, effective(best.intercept / best.b))),
        Step(
            "The prediction difference",
            "h(x_inv, x_sp) − h(x_inv, 0) = β_spᵀx_sp for every input; the intercept cancels.",
            Eq(Symbol("PD"), effective(best.prediction_difference()), evaluate=False),
        ),
        Step(
            "Clean test accuracy",
            "The output at each mean over the standard deviation of the output, whose variance is "
            "‖β_inv‖²σ_inv² + ‖β_sp‖²σ_sp².",
            Eq(Symbol("ACC_clean"), clean, evaluate=False),
        ),
        Step(
            "Spurious test accuracy",
            "The same for negative samples that carry the spurious feature.",
            Eq(Symbol("ACC_spurious"), spurious, evaluate=False),
        ),
        Step(
            "Near γ = 0: the prediction difference",
            "First order in γ.",
            Eq(Symbol("PD"), effective(difference.slope) * GAMMA, evaluate=False),
        ),
        Step(
            "Near γ = 0: the spurious accuracy",
            "First order in γ, inside Φ.",
            Eq(
                Symbol("ACC_spurious"),
                population.PHI(margin.value * (1 + effective(margin.slope / margin.value) * GAMMA)),
                evaluate=False,
            ),
        ),
    )


def in_sums(expression: Expr) -> Expr:
    """An expression as it stands, with σ² + λ written as one."""
    return expression.subs({SIGMA_INV**2 + PENALTY: V_INV, SIGMA_SP**2 + PENALTY: V_SP})


def effective_polynomial(expression: Expr) -> Expr:
    """A polynomial in σ² + λ, collected by the unknowns."""
    return sympy.collect(sympy.expand(expression.subs(_AS_SUMS)), (A, B, INTERCEPT))


# ---------------------------------------------------------------------------------------------- consequences


@cache
def accuracy_gain() -> Expr:
    """Positive where a penalty, or noise on the training inputs only, raises both accuracies; negative where it lowers.

    Both accuracies depend on the classifier through a/b alone and increase in it (`accuracy_slopes`). This is the
    factor of ∂(a/b)/∂λ that decides its sign; it does not contain λ.
    """
    best = population.optimum()
    numerator, _ = sympy.fraction(sympy.together(sympy.diff(sympy.cancel(best.a / best.b), PENALTY)))
    (factor,) = [
        part for part, _ in sympy.factor_list(sympy.factor(numerator))[1] if part.has(SIGMA_INV) and part.has(SIGMA_SP)
    ]
    normalised = factor / sympy.Poly(factor, SIGMA_INV).coeff_monomial(SIGMA_INV**2)
    return sympy.collect(sympy.expand(normalised), NORM_SP, func=_factored)


@cache
def accuracy_slopes() -> tuple[Expr, tuple[Expr, Expr]]:
    """Derivatives in a/b of the margins: (spurious, clean), up to a positive factor.

    The classifier enters as a = r and b = 1 with β₀ = −(γ/2)‖x_sp‖², and the margin is N/S with S² its variance: the
    derivative is (N′S² − N(S²)′/2)/S³, of which the numerator is returned.
    """
    r = Symbol("r", positive=True)
    best = population.optimum()
    scaled = Optimum(r, sympy.Integer(1), sympy.cancel(best.intercept / best.b))
    variance = r**2 * NORM_INV**2 * population.TEST_SIGMA_INV**2 + NORM_SP**2 * population.TEST_SIGMA_SP**2

    def slope(component: population.Component) -> Expr:
        over = sympy.expand(scaled.margin(component) * sympy.sqrt(variance))
        return sympy.factor(sympy.expand(sympy.diff(over, r) * variance - over * sympy.diff(variance, r) / 2))

    positive, negative = (slope(component) for component in reversed(CLEAN_TEST))
    return slope(SPURIOUS_TEST[0]), (positive, negative)


@cache
def difference_drop() -> Expr:
    """Positive where a penalty λ (or as much noise on the training inputs) lowers the prediction difference from λ = 0.

    The factor of PD(0) − PD(λ) that decides its sign, with σ² the variances without penalty.
    """
    difference = population.optimum().prediction_difference()
    drop = sympy.factor(sympy.together(difference.subs(PENALTY, 0) - difference))
    (factor,) = [part for part, _ in sympy.factor_list(sympy.fraction(drop)[0])[1] if part.has(NORM_INV)]
    # The other factors have one sign everywhere, which any point shows.
    point = dict.fromkeys((SIGMA_INV, SIGMA_SP, NORM_INV, NORM_SP, PENALTY), sympy.Integer(1))
    sign = sympy.sign((drop / factor).subs(point | {GAMMA: sympy.Rational(1, 2)}))
    normalised = sympy.expand(sign * factor)
    scale = sympy.Abs(sympy.Poly(normalised, SIGMA_INV).coeff_monomial(SIGMA_INV**4))
    inside = sympy.expand(normalised / scale).coeff(NORM_INV, 2)
    rest = sympy.expand(normalised / scale).coeff(NORM_INV, 0)
    return NORM_INV**2 * sympy.collect(inside, NORM_SP, func=_factored) + sympy.factor(rest)


@cache
def plateau() -> Expr:
    """The prediction difference without spurious noise (σ_sp² + λ → 0): it starts at γ = 0 with a jump."""
    over, under = sympy.fraction(sympy.cancel(effective(population.optimum().prediction_difference()).subs(V_SP, 0)))
    scale = sympy.Poly(under, GAMMA, V_INV, NORM_INV).coeff_monomial(V_INV)
    return over / scale / sympy.collect(sympy.expand(under / scale), (V_INV, NORM_INV), func=_factored)


@cache
def knee() -> Expr:
    """The share γ at which the prediction difference is half of the `plateau` value there: where the growth ends."""
    condition = sympy.together(2 / plateau() - 1 / effective(population.optimum().prediction_difference()))
    numerator = sympy.expand(sympy.fraction(sympy.cancel(condition))[0])
    roots = sympy.roots(sympy.Poly(numerator, GAMMA), multiple=True)
    at = {V_SP: sympy.Rational(1, 10**6), V_INV: 1, NORM_INV: 1, NORM_SP: 1}
    return min(roots, key=lambda root: abs(float(root.subs(at))))


@cache
def rescaled_limits() -> tuple[Expr, Expr]:
    """Limits, as σ_sp² + λ → 0, of the prediction difference and the spurious margin at γ = 2x(σ_sp² + λ)/‖x_sp‖².

    The second one with λ = 0, where the noise at test is that of training.
    """
    x = Symbol("x", positive=True)
    difference = effective(population.optimum().prediction_difference()).subs(GAMMA, 2 * x * V_SP / NORM_SP**2)
    margin = population.same_noise_at_test(scaled_optimum().margin(SPURIOUS_TEST[0])).subs(RHO, ratio())
    without_penalty = margin.subs({V_INV: SIGMA_INV**2, V_SP: SIGMA_SP**2})
    rescaled = sympy.cancel(without_penalty.subs(GAMMA, 2 * x * SIGMA_SP**2 / NORM_SP**2))
    return (
        sympy.factor(sympy.limit(sympy.cancel(difference), V_SP, 0)),
        sympy.factor(sympy.simplify(sympy.limit(rescaled, SIGMA_SP, 0, "+"))),
    )
