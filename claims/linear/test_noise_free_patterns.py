"""What Theorem 1 says of patterns without noise (paper B, Appendix D.2: S1 to S3 as σ_sp = 0; Definition 1, captions).

B-53: S1, S2 and S3 correspond to σ_sp = 0 and growing ‖x_sp‖. Theorem 1 asks for σ_sp² > 0. B-54: the covariance is
σ_inv·I and σ_sp·I, as the captions of Figures 6 and 16 have it.
Decided by: linear systems in rational numbers, with σ_sp² struck out of them; true where the largest difference of the
classifier's numbers is zero.
Controls: formulas and systems that keep the noise, or a penalty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from claims.linear.formulas import consequences
from support.cases import Judge
from support.statistics import Control, Estimate, Region, Verdict, worst_of
from support.theory.deviations import caption_deviation, largest
from support.theory.noise_free import STRONGER, along_the_feature, limit_deviation, strength_deviation
from support.theory.rational import RationalProblem, problems

# Problems.
SIZES = {"quick": 25, "standard": 200, "paper": 500}
EXACT = Region.exactly(0)
# At which deviations are their own squares.
UNIT = Fraction(1)


def exactly(deviation: Callable[[RationalProblem], list[Fraction]], cases: Sequence[RationalProblem]) -> Estimate:
    """The largest difference over problems."""
    return worst_of(largest(deviation, cases), "largest difference of β_invᵀx_inv, β_spᵀx_sp and β₀", exact=True)


@pytest.mark.claim("B-53")
def test_the_derived_theorem_holds_without_spurious_noise(size: int, seed: int, judge: Judge) -> None:
    """Expect the derived formulas at σ_sp = 0 to be the classifier of the system without that noise, exactly.

    So the theorem, which asks for σ_sp² > 0, can be used where Appendix D.2 uses it. Its formulas have a limit for
    every γ in (0, 1), also without a penalty. Control: σ_sp² left in the formulas.
    """
    cases = along_the_feature(problems(seed, size))
    kept = exactly(lambda problem: limit_deviation(problem, noise=True), cases)
    judge(
        exactly(limit_deviation, cases),
        EXACT,
        controls=[Control("noise kept", "σ_sp² in the formulas, none in the system", kept, EXACT)],
        sizes={"problems": size},
        formulas=consequences("Without spurious noise"),
    )


@pytest.mark.claim("B-53")
def test_strength_does_not_matter_without_noise_or_penalty(size: int, seed: int, judge: Judge) -> None:
    """Expect ‖x_sp‖ to change nothing at σ_sp = 0 and λ = 0: what differs from S1 to S3 is outside this case.

    x_sp doubled: the prediction difference, the invariant part and the intercept must stay, exactly; so both accuracies
    do. Controls, in which strength does matter: σ_sp² as drawn, and λ = 1.
    """
    cases = along_the_feature(problems(seed, size))
    noisy = exactly(lambda problem: strength_deviation(problem, noise=True), cases)
    penalised = exactly(lambda problem: strength_deviation(problem, penalty=1), cases)
    judge(
        exactly(strength_deviation, cases),
        EXACT,
        controls=[
            Control("noise", "σ_sp² > 0", noisy, EXACT),
            Control("penalty", "σ_sp = 0, λ = 1", penalised, EXACT),
        ],
        sizes={"problems": size, "x_sp stretched by": STRONGER},
    )


@pytest.mark.claim("B-54", reading="printed")
@pytest.mark.erratum("E-21")
def test_deviations_in_the_place_of_variances(size: int, seed: int, judge: Judge) -> None:
    """The covariance of two captions, σ_inv·I and σ_sp·I: expect another classifier than Definition 1's, σ² in both.

    Positive control: σ_inv = σ_sp = 1, where the two are one. Negative control: there too, with σ_inv doubled.
    """
    cases = problems(seed, size)
    unit = [replace(case, variance_inv=UNIT, variance_sp=UNIT) for case in cases]
    doubled = [replace(case, variance_inv=2 * UNIT) for case in unit]
    judge(
        exactly(caption_deviation, cases),
        EXACT,
        controls=[
            Control("unit", "σ_inv = σ_sp = 1", exactly(caption_deviation, unit), EXACT, expected=Verdict.SUPPORTED),
            Control("one doubled", "σ_inv = 2, σ_sp = 1", exactly(caption_deviation, doubled), EXACT),
        ],
        sizes={"problems": size},
    )
