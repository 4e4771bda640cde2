"""What paper B says in words of its linear model: its score, and its γ (Sections 2, 4.1 and D.3; arXiv 2202.05189v3).

B-26: a linear model's prediction difference is the same at every input, so its score is 0 or 1. B-45: γ is the share of
spurious samples.
Decided by: Definitions 1 and 3 at explicit vectors, in rational numbers; true where the largest difference is zero.
Controls: a classifier that is not linear, a class that never carries the pattern, and what holds in place of a sentence
that does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from claims.linear.formulas import counterexample, printed_and_corrected
from support.cases import Judge
from support.statistics import Control, Estimate, Region, Verdict, worst_of
from support.theory.deviations import (
    INPUTS,
    largest,
    output_at_pattern_deviation,
    score_deviation,
    share_deviation,
    share_with_pattern,
)
from support.theory.rational import problems

# Problems.
SIZES = {"quick": 25, "standard": 200, "paper": 500}
EXACT = Region.exactly(0)


def exactly(values: Sequence[float], label: str) -> Estimate:
    """The largest of numbers from exact arithmetic."""
    return worst_of(values, label, exact=True)


@pytest.mark.claim("B-26")
def test_a_linear_score_is_zero_or_one(size: int, seed: int, judge: Judge) -> None:
    """Expect the prediction difference of a linear classifier to be β_spᵀx_sp at every input, so its score is 0 or 1.

    At four inputs per problem, exactly. Control: a classifier that squares the output, whose difference varies.
    """
    cases = problems(seed, size)
    label = "largest difference between PD at any input and β_spᵀx_sp"
    squared = largest(score_deviation(lambda output: output**2), cases)
    judge(
        exactly(largest(score_deviation(lambda output: output), cases), label),
        EXACT,
        controls=[Control("not linear", "h² in place of h", exactly(squared, label), EXACT)],
        sizes={"problems": size, "inputs": len(INPUTS)},
    )


@pytest.mark.claim("B-26", reading="printed")
@pytest.mark.erratum("E-9")
def test_the_prediction_difference_is_not_the_output_at_the_pattern(size: int, seed: int, judge: Judge) -> None:
    """PD(x; h) = h(x_sp) as printed: expect the intercept to stand between them.

    h(x_sp) minus the prediction difference is β₀, which vanishes only at γ = 0. Positive control: the identity without
    intercept.
    """
    cases = problems(seed, size)
    label = "largest difference between h(x_sp) and PD"
    without = largest(output_at_pattern_deviation(intercept=False), cases)
    twice = largest(output_at_pattern_deviation(multiple=2, intercept=False), cases)
    judge(
        exactly(largest(output_at_pattern_deviation(intercept=True), cases), label),
        EXACT,
        controls=[
            Control("no intercept", "β₀ left out", exactly(without, label), EXACT, expected=Verdict.SUPPORTED),
            Control("twice the pattern", "h at 2·x_sp, intercept left out", exactly(twice, label), EXACT),
        ],
        sizes={"problems": size} | counterexample("E-9"),
        formulas=printed_and_corrected("E-9"),
    )


SHARE = "largest difference in the share of samples with the pattern"


@pytest.mark.claim("B-45")
def test_gamma_is_the_share_within_the_positive_class(size: int, seed: int, judge: Judge) -> None:
    """Expect a share γ of the positive samples, γ/2 of all, to carry the pattern under Definition 1.

    Control: the negative class, which never carries it.
    """
    cases = problems(seed, size)
    shares = largest(
        lambda case: [share_with_pattern(case, 1) - case.gamma, share_with_pattern(case) - case.gamma / 2], cases
    )
    negative = largest(share_deviation(-1), cases)
    judge(
        exactly(shares, SHARE),
        EXACT,
        controls=[Control("negative class", "γ as the share of the negative samples", exactly(negative, SHARE), EXACT)],
        sizes={"problems": size},
    )


@pytest.mark.claim("B-45", reading="printed")
@pytest.mark.erratum("E-10")
def test_gamma_is_not_the_share_of_all_samples(size: int, seed: int, judge: Judge) -> None:
    """γ as the fraction of spurious samples, as Sections 2 and 4.1 have it: expect Definition 1 to give half of it.

    Positive control: the share of the positive samples. Negative control: that of the negative ones.
    """
    cases = problems(seed, size)
    among_positive = exactly(largest(share_deviation(1), cases), SHARE)
    among_negative = exactly(largest(share_deviation(-1), cases), SHARE)
    judge(
        exactly(largest(share_deviation(None), cases), SHARE),
        EXACT,
        controls=[
            Control("positive class", "of the positive samples", among_positive, EXACT, expected=Verdict.SUPPORTED),
            Control("negative class", "of the negative samples", among_negative, EXACT),
        ],
        sizes={"problems": size} | counterexample("E-10"),
        formulas=printed_and_corrected("E-10"),
    )
