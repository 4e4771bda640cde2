"""What a rare pattern does to the first layer's weights (paper B, Section 3.3, Figure 3), on MNIST.

The paper's MLP, trained with n images of class 0 that carry S3, a block in the corner, where images are always zero. A
trial draws images and initial weights anew and trains all its networks from the same start in the same order.

At quick scale 1,000 images and 8 epochs stand in for 60,000 and 70, at standard scale 4,000 and 8; the largest n is 30
there and 100 here, and stands for the paper's 100 and 2,000.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from support.analysis.growth import steps_up
from support.analysis.taught import Taught, balanced
from support.analysis.vital_signs import vital_signs
from support.cases import Judge
from support.document.panels import Panel, image, line, panel
from support.evidence.rows import Rows
from support.experiments import network_sizes
from support.experiments.arms import UNTAUGHT
from support.experiments.network_sizes import LARGEST
from support.experiments.pixel_importance import PixelImportance
from support.experiments.published_training import networks
from support.experiments.rare_patterns import Arm
from support.experiments.size import Size
from support.measures.table import FIRST_LAYER_WEIGHT, STEPS_UP
from support.statistics import Control, Estimate, Region, worst_of
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence

pytestmark = pytest.mark.asks("the paper's network", because="its first layer has a weight for every pixel")

SIZES = network_sizes.SIZES
# Trials of the exact claim, and of what figures show beyond the networks that their case is decided on.
COUNTED = {"quick": 12, "standard": 12, "paper": 16}
DRAWN, MAPPED = 8, 2
# Initial weights are at most 1/28 = 0.036.
GAINED = 0.05
# Empty and full colour of a map.
MAP_ENDS = (0.0, 0.5)
FIGURE_3 = "Paper B, Figure 3: weight of the corner"

MOST_STEPS = 0.75  # halfway between chance and certainty
SEVERAL = {"quick": 96, "standard": 96, "paper": 64}
MORE = {"quick": 128, "standard": 192, "paper": 40}


def grid_of(scale: str) -> tuple[int, ...]:
    """Numbers of patterned examples."""
    return 0, 3, 10, LARGEST[scale]


def blocks(scale: str) -> tuple[Arm, ...]:
    """Networks with and without examples of S3."""
    return (*UNTAUGHT, *(Arm("S3", n) for n in grid_of(scale)[1:]))


@pytest.mark.claim("B-09", cost=60)
def test_weights_of_always_zero_pixels_do_not_move(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect weights of pixels that are zero in every training image to stay bit-identical to their initial values.

    Without weight decay their gradient is zero, and Adam leaves them; MNIST, with and without S3 in the corner. Number
    of weights changed outside the corner, over all trials. Control: R3, which touches every pixel.
    """
    noise = Arm("R3", LARGEST[scale])
    experiment = networks("mnist", size, (*blocks(scale), noise))
    taught = Taught.where_trained(evidence(experiment, exactly=COUNTED[scale]))
    label = "weights of always-zero pixels that training changed"
    region = Region.exactly(0)
    moved = taught.over_n("moved_dead_weights", Arm("S3", 0), grid_of(scale))
    touched = least_of(taught.of("moved_dead_weights", noise), label)
    judge(
        worst_of(moved.T.ravel().tolist(), label, exact=True),
        region,
        controls=[Control("R3", f"noise on every pixel of {noise.n} examples", touched, region)],
        sizes=size.described() | {"trials": COUNTED[scale]},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


def least_of(values: NDArray[np.float64], label: str) -> Estimate:
    """The smallest of some counts, exact."""
    least = float(values.min())
    method = f"smallest of {len(values)}, counted"
    return Estimate(least, least, least, None, tuple(values.tolist()), label, method, None)


@pytest.mark.claim("B-09", cost=60, budget=MORE, because="64 trials decided in a pilot at quick, planned beyond")
def test_the_corner_gains_weight(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect the first-layer weight of the corner to grow by more than 0.05 when S3 stands there in many examples.

    Mean over the 25 pixels of the largest weight, MNIST; initial weights are at most 1/28 = 0.036. A trial's change
    counts as at most half a unit. Control: always-zero pixels outside the corner.
    """
    block = Arm("S3", LARGEST[scale])
    maps = evidence(PixelImportance("mnist", size.recipe, map_grid(scale), "S3", size.subset), exactly=MAPPED)
    experiment = networks("mnist", size, (*UNTAUGHT, block))
    taught = Taught.where_trained(evidence(experiment))
    region = Region.above(GAINED)
    label = f"largest first-layer weight at n = {block.n} minus n = 0, mean over pixels"
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
        sizes=size.described() | {"n": block.n},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
        panels=[weights_over_n(scale, size, evidence), *weight_maps(scale, maps)],
    )


@pytest.mark.claim("B-09", cost=10, budget=SEVERAL, because="32 trials decided in a pilot at quick, planned beyond")
def test_the_weight_grows_with_n(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect the corner's weight to grow at more than three steps in four of n = 0, 3 and the largest.

    Share of a trial's steps, ties half. Control: balanced carriers, whose block says nothing of the class. Their first
    examples raise the weight as well; further ones do not.
    """
    grid, block = (0, 3, LARGEST[scale]), Arm("S3", 0)
    arms = (one for n in grid[1:] for one in (Arm("S3", n), balanced(Arm("S3", n))[0]))
    experiment = networks("mnist", size, (*UNTAUGHT, *arms))
    taught = Taught.where_trained(evidence(experiment))
    region, label = Region.above(MOST_STEPS), "share of steps of n at which the corner's weight grows"
    own, scattered = (
        mean_of(steps_up(taught.over_n("corner_importance", shown, grid)), STEPS_UP, label)
        for shown in (block, balanced(block)[0])
    )
    judge(
        own,
        region,
        controls=[Control("no correlation", "balanced carriers", scattered, region)],
        sizes=size.described() | {"n": list(grid)},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


def weights_over_n(scale: str, size: Size, evidence: Evidence) -> Panel:
    """Figure 3 as curves: the corner's weight over n, and that of pixels that are always zero."""
    taught = Taught.where_trained(evidence(networks("mnist", size, blocks(scale)), exactly=DRAWN))
    grid, block = grid_of(scale), Arm("S3", 0)
    corner, elsewhere = (
        taught.over_n(column, block, grid) for column in ("corner_importance", "still_corner_importance")
    )
    return panel(
        FIGURE_3,
        "mnist, S3",
        0,
        [
            line("the 25 pixels of the corner", grid, corner, color=0),
            line("always-zero pixels elsewhere", grid, elsewhere, color=1, dashed=True),
        ],
        x_label="n",
        y_label="largest first-layer weight",
        x_scale="log1p",
        note="Published as maps of the whole image at n = 0, 10, 100 and 2,000: the corner stands out from n = 10 "
        "on, and its weight at n = 0 is what it was before training. Beside the maps, which Figure 3 lacks: "
        "the mean over the corner, and over pixels that are zero in every image.",
    )


def map_grid(scale: str) -> tuple[int, ...]:
    """Numbers of examples of the maps of Figure 3."""
    return (0, 10, LARGEST[scale])


def weight_maps(scale: str, measured: Rows) -> list[Panel]:
    """Figure 3: the largest first-layer weight of every pixel, mean over trials, a map for each n."""
    grid = map_grid(scale)
    rows, _ = measured.without("diverged")
    maps = [rows.where(n=n).per_trial("importance", "pixel")[1].mean(axis=0).reshape(28, 28) for n in grid]
    return [
        image(FIGURE_3, f"mnist, S3, n = {n}", 1 + place, weights, MAP_ENDS)
        for place, (n, weights) in enumerate(zip(grid, maps, strict=True))
    ]
