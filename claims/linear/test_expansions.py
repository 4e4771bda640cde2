"""Expansions at γ = 0, as corrected and as printed (paper B, Section D.3.1, Observation 1; arXiv 2202.05189v3).

B-21: spurious accuracy near γ = 0. B-22: prediction difference near γ = 0.
Decided by: value and slope against the linear system in rational numbers, differentiated in γ; true where the largest
difference is zero. Arguments of Φ are compared squared with their sign.
Controls: a spurious noise ten times too large; the printed ones must be accepted where they happen to be right.
"""

from __future__ import annotations

import pytest

from claims.linear.formulas import counterexample, derivation, printed_and_corrected
from support.cases import Judge
from support.statistics import Control, Region, Verdict, worst_of
from support.theory.deviations import expansion_deviation, largest
from support.theory.rational import problems

# Problems.
SIZES = {"quick": 25, "standard": 200, "paper": 500}
EXACT = Region.exactly(0)
MARGIN = "largest difference in value and slope of the spurious margin at γ = 0 (squared)"
SLOPE = "largest difference in the slope of the prediction difference at γ = 0"
LOUDER = "σ_sp² ten times too large in the formula"


@pytest.mark.claim("B-21")
def test_spurious_expansion_derived(size: int, seed: int, judge: Judge) -> None:
    """Expect value and slope of the derived spurious accuracy at γ = 0 to be those of the linear system, exactly.

    The linear system is differentiated in γ. Control: a spurious noise ten times too large.
    """
    cases = problems(seed, size)
    wrong = largest(expansion_deviation("spurious_accuracy", "derived", louder=True), cases)
    judge(
        worst_of(largest(expansion_deviation("spurious_accuracy", "derived"), cases), MARGIN, exact=True),
        EXACT,
        controls=[Control("noise dropped", LOUDER, worst_of(wrong, MARGIN, exact=True), EXACT)],
        sizes={"problems": size},
        formulas=derivation("Near γ = 0: the spurious"),
    )


@pytest.mark.claim("B-21", reading="printed")
@pytest.mark.erratum("E-7")
def test_spurious_expansion_printed(size: int, seed: int, judge: Judge) -> None:
    """The printed expansion starts from Φ(1): expect it to miss the accuracy without spurious samples.

    It is right where ‖x_inv‖ = σ_inv = 1, which the positive control uses.
    """
    lucky = problems(seed, size, "unit norms")
    printed = expansion_deviation("spurious_accuracy", "printed")
    wrong = largest(expansion_deviation("spurious_accuracy", "printed", louder=True), lucky)
    judge(
        worst_of(largest(printed, problems(seed, size)), MARGIN, exact=True),
        EXACT,
        controls=[
            Control("noise dropped", LOUDER, worst_of(wrong, MARGIN, exact=True), EXACT),
            Control(
                "unit norms",
                "where the printed expansion is right",
                worst_of(largest(printed, lucky), MARGIN, exact=True),
                EXACT,
                expected=Verdict.SUPPORTED,
            ),
        ],
        sizes={"problems": size} | counterexample("E-7"),
        formulas=printed_and_corrected("E-7"),
    )


@pytest.mark.claim("B-22")
def test_difference_expansion_derived(size: int, seed: int, judge: Judge) -> None:
    """Expect the slope of the derived prediction difference at γ = 0 to be that of the linear system, exactly.

    Control: a spurious noise ten times too large.
    """
    cases = problems(seed, size)
    wrong = largest(expansion_deviation("prediction_difference", "derived", louder=True), cases)
    judge(
        worst_of(largest(expansion_deviation("prediction_difference", "derived"), cases), SLOPE, exact=True),
        EXACT,
        controls=[Control("noise dropped", LOUDER, worst_of(wrong, SLOPE, exact=True), EXACT)],
        sizes={"problems": size},
        formulas=derivation("Near γ = 0: the prediction"),
    )


@pytest.mark.claim("B-22", reading="printed")
@pytest.mark.erratum("E-8")
def test_difference_expansion_printed(size: int, seed: int, judge: Judge) -> None:
    """The printed slope of the prediction difference: expect it to inherit the norm of Equation (2).

    It is right where the two norms are equal, which the positive control uses.
    """
    lucky = problems(seed, size, "equal norms")
    printed = expansion_deviation("prediction_difference", "printed")
    wrong = largest(expansion_deviation("prediction_difference", "printed", louder=True), lucky)
    judge(
        worst_of(largest(printed, problems(seed, size)), SLOPE, exact=True),
        EXACT,
        controls=[
            Control("noise dropped", LOUDER, worst_of(wrong, SLOPE, exact=True), EXACT),
            Control(
                "equal norms",
                "where the printed expansion is right",
                worst_of(largest(printed, lucky), SLOPE, exact=True),
                EXACT,
                expected=Verdict.SUPPORTED,
            ),
        ],
        sizes={"problems": size} | counterexample("E-8"),
        formulas=printed_and_corrected("E-8"),
    )
