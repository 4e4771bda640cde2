"""Whether the kernels of paper A can be inverted: smallest eigenvalue in and out of the stated regimes.

The part of the kernel that other samples cannot explain, the Hermite power above the linear part, puts a floor
under the smallest eigenvalue: Σ_{l≥2} μ_l² for random features (per k), Σ_{l≥1} μ'_l² for NTK (per kd). The
effect is the smallest eigenvalue over that level. Decided by its mean over independent trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from support.cases import Judge
from support.data.gaussian import Gaussian
from support.experiments.kernel_families import ACTIVATIONS
from support.experiments.kernel_spectrum import KernelSpectrum
from support.measures.table import EIGENVALUE_SHARE
from support.models.activations import Activation
from support.models.features import Family
from support.statistics import Control, Region, worst_of
from support.statistics.effects import mean_of
from support.suite.looking import Evidence

# The level is asymptotic. At d = 200 the squared norms of the samples spread by 10 %, their fourth powers by 40 %,
# and the smallest eigenvalue feels the smallest of N; a quarter of the level is still far from singular.
SHARE_OF_LEVEL = 0.25
D = 200
# Last looks.
BUDGET = {"quick": 48, "standard": 48, "paper": 48}
BECAUSE = "8 to 32 trials decide: the control out of the regime needs the most of them"


@dataclass(frozen=True)
class Regime:
    """Where the kernel is said to be invertible: N log³ N is about k (RF) or kd (NTK), the edge of what is stated."""

    width: int
    samples: int


SIZES: Mapping[str, Mapping[Family, Regime]] = {
    "quick": {"rf": Regime(10_000, 100), "ntk": Regime(200, 250)},
    "standard": {"rf": Regime(40_000, 200), "ntk": Regime(400, 400)},
    "paper": {"rf": Regime(100_000, 400), "ntk": Regime(800, 800)},
}


def experiment(
    family: Family, width: int, samples: int, d: int = D, *, activations: Sequence[str] = ()
) -> KernelSpectrum:
    """All activations of a family, or those given."""
    return KernelSpectrum(family, tuple(activations) or ACTIVATIONS[family], width, Gaussian(d), (samples,))


@pytest.mark.claim("A-10", cost=8, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("activation", ACTIVATIONS["rf"])
def test_random_feature_kernel_is_invertible(
    activation: str, size: Mapping[Family, Regime], evidence: Evidence, judge: Judge
) -> None:
    """Expect the smallest eigenvalue of ΦΦᵀ/k to stay near Σ_{l≥2} μ_l² when N log³ N is at most about k.

    Controls, which must be singular: a linear activation with N = 2d, and 900 samples on 1,000 features, where
    the count of parameters alone still allows interpolation but the regime is left.
    """
    regime = size["rf"]
    inside = evidence(experiment("rf", regime.width, regime.samples))
    linear = evidence(experiment("rf", 1000, 2 * D, activations=("h1",)))
    outside = evidence(experiment("rf", 1000, 900))
    level = Activation(activation).spectrum.above(1)
    label = "smallest eigenvalue of ΦΦᵀ/k over Σ_{l≥2} μ_l²"
    region = Region.above(SHARE_OF_LEVEL)
    judge(
        mean_of(inside.where(activation=activation)["smallest"] / level, EIGENVALUE_SHARE, label),
        region,
        controls=[
            Control(
                "linear activation",
                "φ = h1 with N = 2d, over the same level: zero, up to rounding",
                worst_of((linear["smallest"] / level).tolist(), label),
                region,
            ),
            Control(
                "out of the regime",
                "N = 900 on k = 1,000",
                mean_of(outside.where(activation=activation)["smallest"] / level, EIGENVALUE_SHARE, label),
                region,
            ),
        ],
        sizes={"d": D, "N": regime.samples, "k": regime.width},
    )


@pytest.mark.claim("A-11", cost=8, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("activation", ACTIVATIONS["ntk"])
def test_ntk_kernel_is_invertible(
    activation: str, size: Mapping[Family, Regime], evidence: Evidence, judge: Judge
) -> None:
    """Expect the smallest eigenvalue of ΦΦᵀ/(kd) to stay near Σ_{l≥1} μ'_l² when N log³ N is at most about kd.

    N > d, as the theorem asks, so the part linear in z gives no help. Controls, which must be singular: N = 1.2 kd
    (more samples than parameters), and φ' = h0, whose features are linear in z, with N > d.
    """
    regime = size["ntk"]
    inside = evidence(experiment("ntk", regime.width, regime.samples))
    crowded = evidence(experiment("ntk", 5, 600, d=100))
    linear = evidence(experiment("ntk", regime.width, regime.samples, activations=("h0",)))
    level = Activation(activation).spectrum.above(0)
    label = "smallest eigenvalue of ΦΦᵀ/(kd) over Σ_{l≥1} μ'_l²"
    region = Region.above(SHARE_OF_LEVEL)
    judge(
        mean_of(inside.where(activation=activation)["smallest"] / level, EIGENVALUE_SHARE, label),
        region,
        controls=[
            Control(
                "N > kd",
                "600 samples on k = 5, d = 100: zero, up to rounding",
                worst_of((crowded.where(activation=activation)["smallest"] / level).tolist(), label),
                region,
            ),
            Control(
                "linear features",
                "φ' = h0 with N > d: zero, up to rounding",
                worst_of((linear["smallest"] / level).tolist(), label),
                region,
            ),
        ],
        sizes={"d": D, "N": regime.samples, "k": regime.width},
    )
