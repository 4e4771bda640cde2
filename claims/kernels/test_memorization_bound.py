"""How much is memorized: Cov(f(z_1^s, θ*), g_1) against alignment and generalization error (paper A, Eqs. 6, 11, 27).

One experiment serves the module: Gaussian data with d = 400 and N = 200, where every leave-one-out quantity
comes in closed form for all samples at once. All trials are independent; within a trial the activations, spurious
shares and noise levels share data and weights. RF is φ(Vz), NTK is z ⊗ φ'(Wz). Numbers of a trial are means over its
200 samples, near normal by calibration trials at another seed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from support.analysis.memorization import covariance_bound, covariance_from_alignment
from support.analysis.regression_curves import RegressionCurves
from support.cases import Judge
from support.data.gaussian import Gaussian
from support.evidence.rows import Rows
from support.experiments.kernel_families import FAMILIES, ORDERS, cases
from support.experiments.kernel_regression import GaussianRegression
from support.measures.table import COVARIANCE, MEMORIZATION_SLOPE, STABILITY
from support.models.features import Family
from support.statistics import Control, Estimate, Region
from support.statistics.effects import mean_of, slope_of
from support.suite.looking import Evidence

D, N, TEST = 400, 200, 500
# Numbers k of neurons.
SIZES: Mapping[str, Mapping[Family, int]] = {
    "quick": {"rf": 2000, "ntk": 200},
    "standard": {"rf": 8000, "ntk": 400},
    "paper": {"rf": 100_000, "ntk": 400},
}
ALPHAS, ALPHA = (0.25, 0.5, 0.75), 0.5
NOISE = (0.0, 0.25, 0.5)
# Of the control: how far a background moves with the label.
LABEL_SHIFT = 4.0
# A covariance spreads by 0.03 per trial, the relative gap of A-05 by 0.07. Last looks.
BUDGET = {"quick": 128, "standard": 384, "paper": 384}
BECAUSE = "24 to 48 trials decide by the spread at quick scale"

# Memorization itself is 0.1 to 0.6 here (in units of Var g = 1); a tenth of its middle is worth caring about.
COVARIANCE_MARGIN = 0.03
# Leave-one-out error against held-out error, relative.
ERROR_MARGIN = 0.05
# Eq. (11) holds up to o(1): at d = 400 we allow a hundredth of Var g.
VANISHING = 0.01
# Memorization per unit of √R or γ. Theory at fixed γ = 0.36: Cov rises from γ(1 − 0.14) to γ while √R rises from
# 0.93 to 1.07, a slope near 0.35; 0.1 is a third of that.
ERROR_SLOPE, ALIGNMENT_SLOPE = 0.1, 0.3


def experiment(family: Family, size: Mapping[Family, int], *, label_shift: float = 0.0) -> GaussianRegression:
    """The module's experiment; with a label shift, only what the control needs."""
    return GaussianRegression(
        family=family,
        activations=ORDERS[family],
        width=size[family],
        data=Gaussian(D, label_shift),
        sizes=(N,),
        alphas=(ALPHA,) if label_shift else ALPHAS,
        label_noise=NOISE[:1] if label_shift else NOISE,
        test=TEST,
    )


def described(family: Family, size: Mapping[Family, int]) -> dict[str, object]:
    """What the report says was run."""
    return {"d": D, "N": N, "k": size[family], "test samples": TEST}


@pytest.mark.claim("A-05", cost=40, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_mean_stability_is_the_generalization_error(
    family: Family, activation: str, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Expect the mean of S_{z_i}(z_i)² over training samples to be the test error of the model without one (Eq. 6).

    Per trial: mean leave-one-out squared error minus the squared error of θ*_{−1} on fresh samples, relative to
    the latter's mean, averaged over three labellings (α = 1/4, 1/2, 3/4); it must lie within 5 % of zero. Controls:
    S of models that learnt labels with 25 % noise, whose errors are larger by that noise, and the interpolator's own
    training error, which is zero, in place of S².
    """
    rows = evidence(experiment(family, size)).where(activation=activation, n=N)
    curves, noisy = (RegressionCurves(rows.where(label_noise=level), "alpha") for level in NOISE[:2])
    stability, error = curves.average("self_stability"), curves.average("test_error")
    region = Region.near(0, ERROR_MARGIN)
    label = "(mean S² − test error) / mean test error"

    def against(value: NDArray[np.float64]) -> Estimate:
        # The trials know the mean error to about a hundredth, by which the edges of the region may be off.
        return mean_of((value - error) / error.mean(), STABILITY, label)

    judge(
        against(stability),
        region,
        controls=[
            Control(
                "noisy labels",
                "S of models whose labels carry 25 % noise, which adds to their error",
                against(noisy.average("self_stability")),
                region,
            ),
            Control(
                "training error",
                "squared training error in place of S²",
                against(curves.table("residual").max(axis=1) ** 2),
                region,
            ),
        ],
        sizes=described(family, size),
    )


@pytest.mark.claim("A-06", cost=30, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_unseen_background_is_uncorrelated(
    family: Family, activation: str, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Expect Cov(f(z_1^s, θ*_{−1}), g_1) = 0: a model that never saw sample 1 knows nothing of its label.

    In no text at hand: a step supplied here on the way to Eq. (11). The mean over trials must lie within 0.03 of zero.
    Controls: the model that did see it (memorization itself), and backgrounds that move with the label, where not
    having seen the sample is no protection.
    """
    clean = evidence(experiment(family, size))
    clean = clean.where(activation=activation, n=N, alpha=ALPHA, label_noise=0.0)
    moved = evidence(experiment(family, size, label_shift=LABEL_SHIFT))
    moved = moved.where(activation=activation, n=N)
    region, label = Region.near(0, COVARIANCE_MARGIN), "Cov(f(z_1^s, θ*_{−1}), g_1)"
    seen = mean_of(clean["covariance"], COVARIANCE.undirected, label)
    judge(
        mean_of(clean["unseen_covariance"], COVARIANCE.undirected, label),
        region,
        controls=[
            Control("seen", "θ* in place of θ*_{−1}", seen, region),
            Control(
                "correlated background",
                "y moves by 4 times the label along a fixed direction",
                mean_of(moved["unseen_covariance"], COVARIANCE.undirected, label),
                region,
            ),
        ],
        sizes=described(family, size),
    )


def judge_bound(
    family: Family, activation: str, noise: float, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Shared by A-07 and A-08, which are one statement about two families.

    The control's backgrounds move with the label, where the bound does not hold: what is generalized adds to what is
    memorized.
    """
    rows = evidence(experiment(family, size))
    rows = rows.where(activation=activation, n=N, alpha=ALPHA, label_noise=noise)
    moved = evidence(experiment(family, size, label_shift=LABEL_SHIFT)).where(activation=activation, n=N)
    region = Region.below(VANISHING)
    label = "Cov(f(z_1^s, θ*), g_1) − γ √R √Var g"

    def excess(of: Rows) -> Estimate:
        return mean_of(of["covariance"] - covariance_bound(of), COVARIANCE.undirected, label)

    judge(
        excess(rows),
        region,
        controls=[
            Control(
                "correlated background",
                "y moves by 4 times the label along a fixed direction, and predicts it without being memorized",
                excess(moved),
                region,
            )
        ],
        sizes=described(family, size),
    )


def judge_equality(
    family: Family, activation: str, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Shared by A-07 and A-08."""
    rows = evidence(experiment(family, size))
    rows = rows.where(activation=activation, n=N, alpha=ALPHA, label_noise=0.0)
    predicted = covariance_from_alignment(rows)
    region = Region.near(0, COVARIANCE_MARGIN)
    label = "Cov(f(z_1^s, θ*), g_1) − γ [Var g − Cov(f(z_1, θ*_{−1}), g_1)]"
    judge(
        mean_of(rows["covariance"] - predicted, COVARIANCE.undirected, label),
        region,
        controls=[
            Control(
                "permuted background",
                "the query carries another training sample's background, so nothing is memorized",
                mean_of(rows["permuted_covariance"] - predicted, COVARIANCE.undirected, label),
                region,
            )
        ],
        sizes=described(family, size),
    )


@pytest.mark.claim("A-07", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("noise", [0.0, 0.5], ids=["clean labels", "random labels"])
@pytest.mark.parametrize("activation", ORDERS["rf"])
def test_covariance_bound_rf(
    activation: str, noise: float, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Expect Cov(f(z_1^s, θ*), g_1) ≤ γ_RF √R √Var(g_1), Eq. (11).

    Per trial, both sides from the same model: the covariance over training samples, the mean alignment and the
    mean leave-one-out error. Random labels are the case in which nothing can be generalized.
    """
    judge_bound("rf", activation, noise, size, evidence, judge)


@pytest.mark.claim("A-07", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("activation", ORDERS["rf"])
def test_covariance_equality_rf(activation: str, size: Mapping[Family, int], evidence: Evidence, judge: Judge) -> None:
    """Expect the equality behind Eq. (11): Cov(f(z_1^s, θ*), g_1) = γ [Var(g_1) − Cov(f(z_1, θ*_{−1}), g_1)].

    It follows from Lemma 4.1 when the alignment is constant; Eq. (11) is Cauchy-Schwarz on it. Equivalence
    within 0.03.
    """
    judge_equality("rf", activation, size, evidence, judge)


@pytest.mark.claim("A-08", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("noise", [0.0, 0.5], ids=["clean labels", "random labels"])
@pytest.mark.parametrize("activation", ORDERS["ntk"])
def test_covariance_bound_ntk(
    activation: str, noise: float, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Expect Cov(f(z_1^s, θ*), g_1) ≤ γ_NTK √R √Var(g_1), Eq. (27); as for random features."""
    judge_bound("ntk", activation, noise, size, evidence, judge)


@pytest.mark.claim("A-08", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("activation", ORDERS["ntk"])
def test_covariance_equality_ntk(activation: str, size: Mapping[Family, int], evidence: Evidence, judge: Judge) -> None:
    """Expect the equality behind Eq. (27), as for random features, within 0.03."""
    judge_equality("ntk", activation, size, evidence, judge)


@pytest.mark.claim("A-09", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("family", FAMILIES)
def test_memorization_follows_the_error_at_fixed_alignment(
    family: Family, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Expect memorization to rise with the generalization error when the alignment cannot change.

    Label noise of 0, 25 and 50 % moves the error; inputs, weights and hence γ stay the same within a trial. The
    pooled error √R of each noise level (mean over trials) is the x axis; the effect is the mean over trials of
    the slope of Cov(f(z_1^s, θ*), g_1) against it. Control: the same for permuted backgrounds.
    """
    rows = evidence(experiment(family, size))
    curves = RegressionCurves(rows.where(activation=ORDERS[family][0], n=N, alpha=ALPHA), "label_noise")
    error = np.sqrt(curves.table("self_stability").mean(axis=0))
    region = Region.above(ERROR_SLOPE)

    def slope(column: str) -> Estimate:
        return slope_of(error, curves.table(column), MEMORIZATION_SLOPE, "slope of memorization against √R")

    judge(
        slope("covariance"),
        region,
        controls=[Control("permuted background", "another training sample's", slope("permuted_covariance"), region)],
        sizes=described(family, size) | {"label noise": list(NOISE)},
    )


@pytest.mark.claim("A-09", cost=10, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("family", FAMILIES)
def test_memorization_follows_the_alignment_at_fixed_error(
    family: Family, size: Mapping[Family, int], evidence: Evidence, judge: Judge
) -> None:
    """Expect memorization to rise with the alignment when the generalization error cannot change.

    α of 0.25, 0.5 and 0.75 moves γ; inputs and weights stay the same within a trial and the error has the same
    distribution at every α < 1, since u is one random direction of isotropic data. The effect is the slope of the
    covariance against the trial's own mean alignment. Control: permuted backgrounds.
    """
    rows = evidence(experiment(family, size))
    curves = RegressionCurves(rows.where(activation=ORDERS[family][0], n=N, label_noise=0.0), "alpha")
    region = Region.above(ALIGNMENT_SLOPE)

    def slope(column: str) -> Estimate:
        slopes = curves.slopes(column, against="alignment")
        return mean_of(slopes, MEMORIZATION_SLOPE, "slope of memorization against γ")

    judge(
        slope("covariance"),
        region,
        controls=[Control("permuted background", "another training sample's", slope("permuted_covariance"), region)],
        sizes=described(family, size) | {"α": list(ALPHAS)},
    )
