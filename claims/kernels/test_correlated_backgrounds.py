"""What a background that correlates with the label gives back: what was memorized, and what was learnt (paper A).

A-38: the paper's analysis requires y to be independent of g and leaves a correlated y out. By Lemma 4.1 alone, with
no such assumption,

    Cov(f(z₁ˢ, θ*), g₁) = γ [Var g − Cov(f(z₁, θ*₋₁), g₁)] + Cov(f(z₁ˢ, θ*₋₁), g₁)

where γ is constant: the first term is memorized from the sample, the last is what a model without the sample knows from
its background, 0 where y is independent (A-06). That this extends the paper's formula, and all margins, are this
suite's. Backgrounds move by the label times a strength along one fixed random direction of unit length; d = 400,
N = 200, α = 1/2.
Decided by: medians over trials of both sides of the identity; of the last term over strengths 0, 1, 2 and 4; and of
what is left of the first.
Controls: labels at random on the same inputs, whose background moves with a label that is not the one learnt.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from support.analysis.correlated_backgrounds import Correlated
from support.cases import Judge
from support.data.gaussian import Gaussian
from support.document.panels import Panel, line, panel
from support.experiments.kernel_families import FAMILIES, NAMES, ORDERS, cases
from support.experiments.kernel_regression import GaussianRegression
from support.measures.table import CORRELATED_COVARIANCE
from support.models.features import Family, FeatureMap
from support.statistics import Control, Estimate, Region, Verdict
from support.statistics.effects import largest_of, mean_of, smallest_of
from support.suite.looking import Evidence

D, N, ALPHA = 400, 200, 0.5
# Random features at infinite width; NTK with k = d.
WIDTHS: Mapping[Family, int | None] = {"rf": None, "ntk": 400}
# How far a background moves with the label, in standard deviations of a coordinate: from a direction that 200 samples
# can hardly find to one that tells nearly every label.
STRENGTHS = (0.0, 1.0, 2.0, 4.0)
CLEAN, AT_RANDOM = 0.0, 0.5
# As for the identity with an independent y, in units of Var g = 1.
COVARIANCE_MARGIN = 0.03
# Least rise of what is learnt from one strength to the next, and least fall of what is memorized, which is γ (0.23 to
# 0.36 here) times what the model gains elsewhere.
RISE, FALL = 0.03, 0.02
SHOWN: Mapping[str, object] = {"d": D, "N": N, "α": ALPHA, "strengths": list(STRENGTHS)}

BUDGET = {"quick": 192, "standard": 192, "paper": 192}
BECAUSE = (
    "one of ten trials at strength 0 lies beyond the margin in a pilot at another seed: 48 to 64 bound their median"
)


def experiment(family: Family, strength: float) -> GaussianRegression:
    """One strength, with labels as they are and at random; inputs and weights of a trial are the same at all."""
    return GaussianRegression(
        family=family,
        activations=ORDERS[family],
        width=WIDTHS[family],
        data=Gaussian(D, strength),
        sizes=(N,),
        alphas=(ALPHA,),
        label_noise=(CLEAN, AT_RANDOM),
        test=2,
    )


def over_strengths(family: Family, activation: str, evidence: Evidence, label_noise: float = CLEAN) -> Correlated:
    """What is memorized and what is learnt at every strength."""
    found = [evidence(experiment(family, strength)) for strength in STRENGTHS]
    rows = [each.where(activation=activation, label_noise=label_noise) for each in found]
    return Correlated(rows, FeatureMap(family, activation, None), ALPHA, N / D)


def figure(family: Family, activation: str, found: Correlated) -> Panel:
    """One activation's two parts over the strength."""
    parts = {
        "memorized": (found.memorized, False),
        "memorized, derived": (found.derived.mean(axis=0), True),
        "learnt": (found.learnt, False),
    }
    return panel(
        "Memorized and learnt from a background that correlates with the label",
        f"{activation}, {NAMES[family]}",
        10 * FAMILIES.index(family) + ORDERS[family].index(activation),
        [
            line(name, STRENGTHS, table, color=color, dashed=derived, band=not derived)
            for color, (name, (table, derived)) in zip((0, 0, 1), parts.items(), strict=True)
        ],
        x_label="how far the background moves with the label",
        y_label="covariance with the label",
        note="Not a figure of the paper, which asks for a background that is independent of the label (strength 0).",
    )


@pytest.mark.claim("A-38", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_identity_holds_with_a_correlated_background(
    family: Family, activation: str, evidence: Evidence, judge: Judge
) -> None:
    """Expect both sides of the identity with its last term to agree within 0.03 Var g at every strength.

    The effect is the largest absolute difference over strengths 1, 2 and 4; γ is the constant derived for an
    independent background, everything else the trial's own. Controls: the same at strength 0, where it must hold
    (A-07); without the last term, as for an independent background; and the background of another training sample.
    """
    found = over_strengths(family, activation, evidence)
    label = "largest |Cov(f(z₁ˢ, θ*), g₁) − γ [Var g − Cov(f(z₁, θ*₋₁), g₁)] − Cov(f(z₁ˢ, θ*₋₁), g₁)|"
    region = Region.below(COVARIANCE_MARGIN)

    def largest(differences: NDArray[np.float64]) -> Estimate:
        return largest_of(list(differences.T), CORRELATED_COVARIANCE.undirected, label, absolute=True)

    both_sides = found.memorized - found.derived
    permuted = found.table("permuted_covariance") - found.derived - found.learnt
    judge(
        largest(both_sides[:, 1:]),
        region,
        controls=[
            Control("independent background", "strength 0", largest(both_sides[:, :1]), region, Verdict.SUPPORTED),
            Control(
                "without the last term",
                "Cov(f(z₁ˢ, θ*), g₁) against the first term alone",
                largest((both_sides + found.learnt)[:, 1:]),
                region,
            ),
            Control("another's background", "the query carries another sample's", largest(permuted[:, 1:]), region),
        ],
        sizes=SHOWN,
        panels=[figure(family, activation, found)],
    )


@pytest.mark.claim("A-38", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_what_is_learnt_grows_with_the_correlation(
    family: Family, activation: str, evidence: Evidence, judge: Judge
) -> None:
    """Expect what a model knows of the background without its sample to grow by more than 0.03 Var g at every step.

    The effect is the smallest rise of Cov(f(z₁ˢ, θ*₋₁), g₁) from strength 0 to 1, 1 to 2 and 2 to 4. Controls: at
    strength 0 there is nothing of it (within 0.03); with labels at random on the same inputs it does not rise.
    """
    found = over_strengths(family, activation, evidence)
    at_random = over_strengths(family, activation, evidence, AT_RANDOM)
    label = "smallest rise of Cov(f(z₁ˢ, θ*₋₁), g₁) over a step of the strength"
    region = Region.above(RISE)

    def smallest(table: NDArray[np.float64]) -> Estimate:
        return smallest_of(list(np.diff(table, axis=1).T), CORRELATED_COVARIANCE.undirected, label)

    independent = mean_of(
        found.learnt[:, 0], CORRELATED_COVARIANCE.undirected, "Cov(f(z₁ˢ, θ*₋₁), g₁), independent background"
    )
    judge(
        smallest(found.learnt),
        region,
        controls=[
            Control("random labels", "the background moves with another label", smallest(at_random.learnt), region),
            Control(
                "independent background",
                "nothing is known without the sample",
                independent,
                Region.near(0, COVARIANCE_MARGIN),
                Verdict.SUPPORTED,
            ),
        ],
        sizes=SHOWN,
    )


@pytest.mark.claim("A-38", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_what_is_learnt_is_memorized_less(family: Family, activation: str, evidence: Evidence, judge: Judge) -> None:
    """Expect what the sample itself puts into the background to fall with the correlation, by 0.02 Var g at every step.

    The better the others predict the sample, the less is left to memorize (Eq. 11). The effect is the smallest fall of
    Cov(f(z₁ˢ, θ*) − f(z₁ˢ, θ*₋₁), g₁) from strength 0 to 1, 1 to 2 and 2 to 4. Control: labels at random on the same
    inputs, of which nothing can be predicted.
    """
    found = over_strengths(family, activation, evidence)
    at_random = over_strengths(family, activation, evidence, AT_RANDOM)
    label = "smallest fall of Cov(f(z₁ˢ, θ*) − f(z₁ˢ, θ*₋₁), g₁) over a step of the strength"
    region = Region.above(FALL)

    def smallest(table: NDArray[np.float64]) -> Estimate:
        return smallest_of(list(-np.diff(table, axis=1).T), CORRELATED_COVARIANCE.undirected, label)

    judge(
        smallest(found.memorized),
        region,
        controls=[
            Control("random labels", "nothing can be predicted of them", smallest(at_random.memorized), region),
        ],
        sizes=SHOWN,
    )
