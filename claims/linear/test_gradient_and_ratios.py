"""The algebra under Theorem 1 of paper B that is right as printed (arXiv 2202.05189v3, Appendix D).

B-16: Claim 1, the gradient of the population loss. B-17: Equations (3) and (4), the ratios of the optimal coefficients.
Decided by: formulas against explicit vectors, second moments of the three Gaussians and one linear system in rational
numbers (support/theory/rational.py), which share no algebra with them; true where the largest difference is zero.
Problems are drawn at random: one to three coordinates per block, γ in (0, 1), rational variances, vectors, penalties.
Control: the same formulas of a loss from which the noise was dropped.
"""

from __future__ import annotations

import pytest

from claims.linear.formulas import derivation
from support.cases import Judge
from support.statistics import Control, Region, worst_of
from support.theory.deviations import gradient_deviation, largest, ratio_deviation, terms_unlike_printed
from support.theory.rational import problems

# Problems.
SIZES = {"quick": 25, "standard": 200, "paper": 500}
EXACT = Region.exactly(0)


@pytest.mark.claim("B-16", reading="printed")
def test_gradient_of_the_population_loss(size: int, seed: int, judge: Judge) -> None:
    """Claim 1, the gradient: expect every coordinate to equal the slope of the loss, exactly.

    The loss is evaluated at rational classifiers from the three Gaussians; central differences of a quadratic are
    exact. The gradient that the suite derives must agree as well, and term by term with the printed one. Control: the
    gradient of a loss whose input noise was forgotten.
    """
    cases = problems(seed, size)
    label = "largest difference between gradient and slope of the loss"
    by_printed = largest(gradient_deviation("printed"), cases)
    by_derived = largest(gradient_deviation("derived"), cases)
    noiseless = largest(gradient_deviation("noise dropped"), cases)
    judge(
        worst_of([*by_printed, *by_derived, float(terms_unlike_printed())], label, exact=True),
        EXACT,
        controls=[
            Control("no input noise", "σ_inv = σ_sp = 0 in the loss", worst_of(noiseless, label, exact=True), EXACT)
        ],
        sizes={"problems": size},
        formulas=derivation("The loss", "Its gradient", "Its derivative"),
    )


@pytest.mark.claim("B-17", reading="printed")
def test_ratios_of_the_coefficients(size: int, seed: int, judge: Judge) -> None:
    """Equations (3) and (4): expect a/b and β₀/b to be those of the linear system, and β parallel to x, exactly.

    Control: the ratios of a loss without spurious noise, which is what a derivation with a dropped term would give.
    """
    cases = problems(seed, size)
    label = "largest difference in a/b, β₀/b and direction"
    dropped = largest(ratio_deviation("noise dropped"), cases)
    judge(
        worst_of(largest(ratio_deviation("printed"), cases), label, exact=True),
        EXACT,
        controls=[
            Control("spurious noise dropped", "σ_sp = 0 in the loss", worst_of(dropped, label, exact=True), EXACT)
        ],
        sizes={"problems": size},
        formulas=derivation("Normal equation", "Invariant against", "The intercept"),
    )
