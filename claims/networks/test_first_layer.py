"""What a rare pattern does to the first layer's weights (paper B, Section 3.3, Figure 3), on MNIST.

The paper's MLP, trained with n images of class 0 that carry S3, a block in the corner, where images are always zero. A
trial draws images and initial weights anew and trains all its networks from the same start in the same order.

At quick scale a subset of 4,000 images and 8 epochs stand in for 60,000 and 70, at standard scale 10,000 and 10.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from support.cases import Judge
from support.document.panels import Panel, image, line, panel
from support.evidence.rows import Rows
from support.experiments.arms import UNTAUGHT
from support.experiments.pixel_importance import PixelImportance
from support.experiments.published_training import networks
from support.experiments.rare_patterns import Arm
from support.experiments.size import Size
from support.experiments.taught import Taught
from support.measures.table import FIRST_LAYER_WEIGHT
from support.statistics import Control, Estimate, Region, worst_of
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks("the paper's network", because="its first layer has a weight for every pixel")

SIZES = {
    "quick": Size(Recipe(epochs=8, milestones=(5, 7)), subset=4000, test=2000),
    "standard": Size(Recipe(epochs=10, milestones=(6, 8, 9)), subset=10_000),
    "paper": Size(Recipe()),
}
# Trials of the exact claim, and of what figures show beyond the networks that their case is decided on.
COUNTED = {"quick": 12, "standard": 12, "paper": 16}
DRAWN, MAPPED = 8, 2
GRID, MAP_GRID = (0, 3, 10, 100), (0, 10, 100)
BLOCKS = (*UNTAUGHT, *(Arm("S3", n) for n in GRID[1:]))
# Initial weights are at most 1/28 = 0.036.
GAINED = 0.05
# Empty and full colour of a map.
MAP_ENDS = (0.0, 0.5)
FIGURE_3 = "Paper B, Figure 3: weight of the corner"

MORE = {"quick": 128, "standard": 192, "paper": 40}


@pytest.mark.claim("B-09", cost=60)
def test_weights_of_always_zero_pixels_do_not_move(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect weights of pixels that are zero in every training image to stay bit-identical to their initial values.

    Without weight decay their gradient is zero, and Adam leaves them; MNIST, with and without S3 in the corner. Number
    of weights changed outside the corner, over all trials. Control: R3, which touches every pixel.
    """
    noise = Arm("R3", 100)
    taught = Taught.where_trained(evidence(networks("mnist", size, (*BLOCKS, noise)), exactly=COUNTED[scale]))
    label = "weights of always-zero pixels that training changed"
    region = Region.exactly(0)
    moved = taught.over_n("moved_dead_weights", Arm("S3", 0), GRID)
    touched = least_of(taught.of("moved_dead_weights", noise), label)
    judge(
        worst_of(moved.T.ravel().tolist(), label, exact=True),
        region,
        controls=[Control("R3", "noise on every pixel of 100 examples", touched, region)],
        sizes=size.described() | {"trials": COUNTED[scale]},
        exclusions=[Exclusion(*taught.left_out)],
    )


def least_of(values: NDArray[np.float64], label: str) -> Estimate:
    """The smallest of some counts, exact."""
    least = float(values.min())
    method = f"smallest of {len(values)}, counted"
    return Estimate(least, least, least, None, tuple(values.tolist()), label, method, None)


@pytest.mark.claim("B-09", cost=60, budget=MORE, because="64 trials decide at a pilot's spread")
def test_the_corner_gains_weight(size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect the first-layer weight of the corner to grow when S3 stands there in 100 examples: by more than 0.05.

    Mean over the 25 pixels of the largest weight, MNIST; initial weights are at most 1/28 = 0.036. A trial's change
    counts as at most half a unit. Control: always-zero pixels outside the corner.
    """
    block = Arm("S3", 100)
    maps = evidence(PixelImportance("mnist", size.recipe, MAP_GRID, "S3", size.subset), exactly=MAPPED)
    taught = Taught.where_trained(evidence(networks("mnist", size, (*UNTAUGHT, block))))
    region, label = Region.above(GAINED), "largest first-layer weight at n = 100 minus n = 0, mean over pixels"
    still = worst_of(taught.rise("still_corner_importance", block).tolist(), label)
    judge(
        mean_of(taught.rise("corner_importance", block), FIRST_LAYER_WEIGHT, label),
        region,
        controls=[
            Control(
                "outside the corner",
                "always-zero pixels elsewhere",
                still,
                region,
                constant_because="a pixel that is zero in every image gives its weights no gradient",
            )
        ],
        sizes=size.described(),
        exclusions=[Exclusion(*taught.left_out)],
        panels=[weights_over_n(size, evidence), *weight_maps(maps)],
    )


def weights_over_n(size: Size, evidence: Evidence) -> Panel:
    """Figure 3 as curves: the corner's weight over n, and that of pixels that are always zero."""
    taught = Taught.where_trained(evidence(networks("mnist", size, BLOCKS), exactly=DRAWN))
    x, block = 1 + np.array(GRID), Arm("S3", 0)
    corner, elsewhere = (
        taught.over_n(column, block, GRID) for column in ("corner_importance", "still_corner_importance")
    )
    return panel(
        FIGURE_3,
        "mnist, S3",
        0,
        [
            line("the 25 pixels of the corner", x, corner, color=0),
            line("always-zero pixels elsewhere", x, elsewhere, color=1, dashed=True),
        ],
        x_label="1 + n",
        y_label="largest first-layer weight",
        x_scale="log",
        note="Published as maps of the whole image at n = 0, 10, 100 and 2,000: the corner stands out from n = 10 "
        "on, and its weight at n = 0 is what it was before training. Beside the maps, which Figure 3 lacks: "
        "the mean over the corner, and over pixels that are zero in every image.",
    )


def weight_maps(measured: Rows) -> list[Panel]:
    """Figure 3: the largest first-layer weight of every pixel, mean over trials, a map for each n."""
    rows, _ = measured.without("diverged")
    maps = [rows.where(n=n).per_trial("importance", "pixel")[1].mean(axis=0).reshape(28, 28) for n in MAP_GRID]
    return [
        image(FIGURE_3, f"mnist, S3, n = {n}", 1 + place, weights, MAP_ENDS)
        for place, (n, weights) in enumerate(zip(MAP_GRID, maps, strict=True))
    ]
