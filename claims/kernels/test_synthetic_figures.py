"""What stands behind the synthetic panels of paper A, Figures 2 and 6: fits, alignments, kernels and drawn bands.

The runs are those of the figures (`support/experiments/synthetic_figures.py`); their curves over N are decided in
test_sample_size.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.analysis.regression_curves import RegressionCurves
from support.cases import Judge
from support.experiments.kernel_families import FAMILIES, ORDERS, other_order
from support.experiments.kernel_size import KernelSizes, described
from support.experiments.published_bands import caption_half_width, default_half_width, varying
from support.experiments.synthetic_figures import ALPHAS, FIGURE_SIZES, D, figure_runs
from support.measures.table import ALIGNMENT
from support.models import explicit
from support.models.features import Family, FeatureMap
from support.randomness import stream
from support.statistics import Control, Estimate, Region, Verdict, worst_of
from support.statistics.effects import largest_of
from support.suite.looking import Evidence
from support.theory.alignment_constant import predicted_alignment

SIZES = FIGURE_SIZES
# Below the smallest difference between the two activations' predicted constants, 0.0305 at α = 1/4.
ALIGNMENT_MARGIN = 0.025
# Interpolation means no training error; in double precision a fit that leaves more is not one.
INTERPOLATED = 1e-8
# Of two kernels computed in double precision.
ROUNDING = 1e-12
# A band that is wider or narrower by a tenth would still be taken for one standard deviation.
BAND_MARGIN = 0.1
# Of the exact claim, and of the published bands.
EXACT_TRIALS, PUBLISHED_TRIALS = 24, 10
PAIRS = ["second order", "fourth order"]

BUDGET = {"quick": 96, "standard": 96, "paper": 64}
BECAUSE = "effects lie one standard deviation of a trial or more from their edges, which 24 to 32 trials decide"


@pytest.mark.claim("A-34", cost=60)
@pytest.mark.parametrize("family", FAMILIES)
def test_training_error_is_zero(family: Family, size: KernelSizes, seed: int, evidence: Evidence, judge: Judge) -> None:
    """Expect every model of the synthetic figures to fit its training labels: relative residual below 1e-8.

    Every activation, α and N of every trial. Control: least squares with more samples than features, which cannot
    interpolate.
    """
    rows = evidence(figure_runs(family, size), EXACT_TRIALS)
    rng = stream(seed, 0, "no interpolation")
    relu = FeatureMap("rf", "relu", 1)
    phi = explicit.feature_matrix(relu, rng.standard_normal((30, 20)), rng.standard_normal((15, 20)))
    labels = rng.choice([-1.0, 1.0], 30)
    left = np.abs(phi @ explicit.minimum_norm(phi, labels) - labels).max()
    label = "largest training residual over the largest label"
    region = Region.below(INTERPOLATED)
    judge(
        worst_of(np.maximum(rows["residual"], rows["train_error"]).tolist(), label),
        region,
        controls=[Control("N > p", "30 samples on 15 features", worst_of([float(left)], label), region)],
        sizes=described(figure_runs(family, size)) | {"trials": EXACT_TRIALS},
    )


@pytest.mark.claim("A-35", reading="published", cost=60)
@pytest.mark.erratum("E-3")
def test_published_bands_are_one_standard_deviation(
    size: KernelSizes, seed: int, evidence: Evidence, judge: Judge
) -> None:
    """Captions say that bands show one standard deviation; the released code leaves the plotting library's default.

    Both bands for the same trials (10, as published): half-width of a 95 % percentile bootstrap interval of the
    mean, over the standard deviation, for every N and α; expected to be 1 within 10 %. Positive control: the
    standard deviation recomputed from the raw trials.
    """
    rows = evidence(figure_runs("ntk", size), PUBLISHED_TRIALS).where(activation=ORDERS["ntk"][0])
    rng = stream(seed, 0, "bootstrap")
    curves = [RegressionCurves(rows.where(alpha=alpha), "n") for alpha in ALPHAS]
    # Where every trial is at the ceiling, both bands have no width.
    conditions = [trials for curve in curves for trials in varying(curve.table("spurious_accuracy"))]
    label = "half-width of the published band over one standard deviation"
    region = Region.near(1, BAND_MARGIN)
    judge(
        worst_of([default_half_width(trials, rng) for trials in conditions], label),
        region,
        controls=[
            Control(
                "one standard deviation",
                "from the raw trials",
                worst_of([caption_half_width(trials) for trials in conditions], label),
                region,
                Verdict.SUPPORTED,
            ),
            Control(
                "standard error",
                "one standard error of the mean",
                worst_of([1 / np.sqrt(PUBLISHED_TRIALS)], label),
                region,
            ),
        ],
        sizes=described(figure_runs("ntk", size)) | {"trials": PUBLISHED_TRIALS},
    )


@pytest.mark.claim("A-13", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("activation", ORDERS["rf"])
def test_alignment_of_finite_random_features(
    activation: str, alpha: float, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect the alignment of random features of finite width where the derivation puts it, within 0.025.

    The runs of Figure 2 from N = 10 to half of d, where k is still several times N. The effect is the largest
    absolute deviation of the mean alignment from the derived constant over N, with simultaneous intervals. Control:
    the alignment of the other activation, whose constants are 0.03 or more away at some N.
    """
    rows = evidence(figure_runs("rf", size)).where(alpha=alpha)
    samples = RegressionCurves(rows.where(activation=activation), "n").between(0, D / 2).values
    features = FeatureMap("rf", activation, None)
    predicted = np.array([predicted_alignment(features, alpha, ratio) for ratio in (samples / D).tolist()])
    label = "largest |γ − predicted γ| over N"
    region = Region.below(ALIGNMENT_MARGIN)

    def deviation(name: str) -> Estimate:
        curves = RegressionCurves(rows.where(activation=name), "n").between(0, D / 2)
        return largest_of(list((curves.table("alignment") - predicted).T), ALIGNMENT.undirected, label, absolute=True)

    other = other_order("rf", activation)
    judge(
        deviation(activation),
        region,
        controls=[Control("other activation", f"γ of {other} in its place", deviation(other), region)],
        sizes=described(figure_runs("rf", size)) | {"N": samples.tolist()},
    )


@pytest.mark.claim("A-30")
@pytest.mark.parametrize("pair", PAIRS)
def test_ntk_kernel_equals_the_rf_kernel(pair: str, seed: int, judge: Judge) -> None:
    """Expect the infinite-width kernels of φ2 and φ'2, and of φ4 and φ'4, to coincide, so that both figures agree.

    Largest entry of the difference of the two Gram matrices on Gaussian samples. Control: the kernels of different
    order.
    """
    import torch

    from support.models.gram import grams

    samples, d = 60, 50
    inputs = torch.from_numpy(stream(seed, 0, "kernel comparison").standard_normal((samples, d)))
    rf = grams("rf", ORDERS["rf"], None, inputs, samples, seed=seed, trial=0)
    ntk = grams("ntk", ORDERS["ntk"], None, inputs, samples, seed=seed, trial=0)
    index = PAIRS.index(pair)
    label = "largest difference between the two Gram matrices"

    def difference(own: int, other: int) -> Estimate:
        gap = rf[ORDERS["rf"][own]] - ntk[ORDERS["ntk"][other]]
        return worst_of([float(gap.abs().max())], label)

    region = Region.below(ROUNDING)
    judge(
        difference(index, index),
        region,
        controls=[Control("other order", "kernels of different order", difference(index, 1 - index), region)],
        sizes={"d": d, "samples": samples},
    )
