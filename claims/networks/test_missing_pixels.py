"""How sure networks stay without some of the pixels, and what that says of them (paper B, Appendix B.4.2, Figure 10).

A network trained on clean images gives the true class a probability; of the images a share of the non-zero pixels is
removed. An architecture that is less sure without them is called more sensitive.

At standard scale 4,000 images and 8 epochs stand in for 60,000 and 70. How sure a network is depends on how well it is
trained, so that a number such as 0.9 is not asked of quick scale's 1,000 images. A CNN takes thirty times as long as an
MLP and, at this learning rate, leaves chance from six starts of ten only; a start that does not is drawn again. It
needs an accelerator, and runs at paper scale.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from claims.networks.hours import takes_hours
from support.analysis.excluded_trials import without
from support.analysis.sureness import Sureness, sure_where_trained
from support.analysis.taught import taught_alike
from support.analysis.vital_signs import vital_signs
from support.cases import Judge
from support.document.panels import Line, Panel, line, panel
from support.experiments import network_sizes
from support.experiments.pixel_removal import PixelRemoval
from support.experiments.published_training import networks, redraws_of, trained_as_published
from support.experiments.rare_patterns import Arm
from support.experiments.size import Size
from support.measures.table import PROBABILITY, PROBABILITY_RISE, RANK_CORRELATION
from support.models.architectures import MLPS
from support.statistics import Control, Region, Verdict
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import require_budget

pytestmark = pytest.mark.asks(
    "the paper's network", because="it compares the paper's architectures and optimisers with each other"
)

SIZES = network_sizes.SIZES
DATASETS = ["mnist", "fashion-mnist"]
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
QUARTER, HALF, THREE_QUARTERS = 0.25, 0.5, 0.75
# The text says "around 0.9".
SURE, ABOUT = 0.9, 0.05
# Five points of probability are the least that we would call less sure.
LESS = 0.05
N = 10

MLP_BUDGET = {"quick": 96, "standard": 384, "paper": 40}
CNN_BUDGET = {"quick": 8, "standard": 16, "paper": 40}
SLOW = "a trial of a CNN takes minutes of a core"
# Trials that decide by the spread of an earlier report at standard scale; that of paper scale is not known. Even from
# the middle of the MLP's region its edge is five points away, which takes 145 at any spread.
MLP_TAKES, MLP_LEAST = 320, 145
CNN_TAKES, ORDER_TAKES = 144, 32


def removal(dataset: str, architecture: str, size: Size) -> PixelRemoval:
    """A clean network, and images that lose their pixels."""
    own = trained_as_published(architecture, size)
    return PixelRemoval(dataset, own.recipe, SHARES, subset=size.subset, redraws=redraws_of(own))


@takes_hours("256 to 384 trials decide it")
@pytest.mark.claim(
    "B-37",
    cost=10,
    budget=MLP_BUDGET,
    because="the mean lies two points above the region's edge: 320 trials by the spread at standard scale",
)
def test_half_of_the_pixels_are_enough_for_an_mlp(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect an MLP on MNIST to give the true class about 0.9 (within 0.05) with half of the non-zero pixels removed.

    Mean over 500 training images, as the released code has it (the text says test images; the sizes give those too),
    with an exact share of pixels removed. Control: images whose pixels are shuffled.
    """
    require_budget(MLP_LEAST if scale == "paper" else MLP_TAKES, MLP_BUDGET[scale])
    mlp = sure_where_trained({"MLP": evidence(removal("mnist", "MLP", size))})["MLP"]
    region, label = Region.near(SURE, ABOUT), "mean probability of the true class, half of the pixels removed"
    half, shuffled = (
        mean_of(mlp.at(HALF, column), PROBABILITY, label) for column in ("train_probability", "shuffled_probability")
    )
    test_images = mlp.curve("test_probability")
    judge(
        half,
        region,
        controls=[Control("shuffled", "pixels shuffled within images", shuffled, region)],
        sizes=size.described() | {"mean over 500 test images": f"{mlp.at(HALF, 'test_probability').mean():.3f}"},
        exclusions=[Exclusion(*mlp.left_out)],
        panels=[
            figure_10(
                "mnist",
                [line("MLP", *mlp.curve(), color=0), line("MLP, test images", *test_images, color=0, dashed=True)],
            )
        ],
    )


@pytest.mark.claim("B-37", cost=60, budget=CNN_BUDGET, because=SLOW)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_cnn_is_less_sure_without_pixels(
    dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect a CNN to give the true class less than an MLP does with half of the pixels removed: by more than 0.05.

    Control: no pixels removed.
    """
    require_budget(0 if scale == "paper" else CNN_TAKES, CNN_BUDGET[scale])
    runs = sure_where_trained({name: evidence(removal(dataset, name, size)) for name in ("MLP", "CNN")})
    mlp, cnn = runs["MLP"], runs["CNN"]
    region, label = Region.above(LESS), "probability of the true class, MLP minus CNN"
    half, whole = (mean_of(mlp.at(share) - cnn.at(share), PROBABILITY_RISE.undirected, label) for share in (HALF, 0.0))
    judge(
        half,
        region,
        controls=[Control("whole images", "no pixels removed", whole, region)],
        sizes=size.described(),
        exclusions=[Exclusion(*mlp.left_out)],
        panels=[figure_10(dataset, [line("CNN", *cnn.curve(), color=1)])],
    )


def figure_10(dataset: str, curves: list[Line]) -> Panel:
    """A dataset's part of Figure 10."""
    return panel(
        "Paper B, Figure 10: pixels removed",
        dataset,
        DATASETS.index(dataset),
        curves,
        x_label="share of non-zero pixels removed",
        y_label="probability of the true class",
        y_range=(0, 1),
        note="Published: about 0.9 at one half for the MLP, lower for the CNN, on training images. The CNN is trained "
        "at paper scale.",
    )


@pytest.mark.claim("B-38", cost=60, budget=CNN_BUDGET, because=SLOW)
def test_sensitivity_goes_with_susceptibility(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect architectures that are more sensitive to missing pixels to learn S3 more: a rank correlation above 0.

    Spearman's coefficient over the three MLPs and the CNN in each trial, between one minus the probability of the true
    class with half of the non-zero pixels removed, and the rise of the score at ten examples. (The paper's own order
    has MLPs least sensitive and most susceptible.) Controls, where the answer is known: in the place of the rise, how
    sure the networks stay with a quarter of the pixels removed, and how unsure they are with three quarters.
    """
    require_budget(0 if scale == "paper" else ORDER_TAKES, CNN_BUDGET[scale])
    untreated, ten = Arm("S3", 0), Arm("S3", N)
    asked = {name: networks("mnist", trained_as_published(name, size), (untreated, ten)) for name in (*MLPS, "CNN")}
    removed = {name: evidence(removal("mnist", name, size)) for name in asked}
    runs = taught_alike({name: evidence(experiment) for name, experiment in asked.items()})
    # The same networks in the same trials: what is asked does not enter their training.
    sure = [Sureness(without(removed[name], taught.idle)) for name, taught in runs.items()]
    at = {share: np.array([network.at(share) for network in sure]) for share in (QUARTER, HALF, THREE_QUARTERS)}
    rises = np.array([taught.rise("score_0.1", ten) for taught in runs.values()])
    region, label = Region.above(0), "rank correlation over architectures of sensitivity and rise of the score"
    learnt, sureness, unsureness = (
        mean_of(rank_correlations(1 - at[HALF], other), RANK_CORRELATION, label)
        for other in (rises, at[QUARTER], 1 - at[THREE_QUARTERS])
    )
    accuracy = ", ".join(f"{name} {taught.untreated_accuracy:.3f}" for name, taught in runs.items())
    judge(
        learnt,
        region,
        controls=[
            Control("sureness", "how sure they stay without a quarter of the pixels", sureness, region),
            Control("unsureness", "how unsure without three quarters", unsureness, region, Verdict.SUPPORTED),
        ],
        sizes=size.described() | {"clean accuracy": accuracy, "n": N},
        exclusions=[Exclusion(*runs["MLP"].left_out)],
        signs=[sign for name, taught in runs.items() for sign in vital_signs(taught, asked[name])],
    )


def rank_correlations(sensitivity: NDArray[np.float64], others: NDArray[np.float64]) -> list[float]:
    """Spearman's coefficient of each trial, from (architectures, trials); 0 where architectures do not differ."""
    from scipy import stats

    return [
        float(stats.spearmanr(a, b).statistic) if np.ptp(b) > 0 else 0.0
        for a, b in zip(sensitivity.T, others.T, strict=True)
    ]
