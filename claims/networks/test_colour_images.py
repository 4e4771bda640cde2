"""What networks on colour images learn from rare patterns (paper B, Section 3.2 and Appendix B.4.2), on CIFAR-10.

ResNet20 and VGG16 are trained with crops and flips, with ten patterned examples of class 0, with ten of all classes
(balanced carriers, which correlate with nothing), and with none. By the sound protocol what is learnt is what
target-class carriers add over balanced ones to the mean target probability on patterned images; as published it is the
rise of the score over none. They need an accelerator, and the data set, which no package registry carries: they run at
paper scale. B-06 runs on two cores as well, on a fiftieth of the images and for eight epochs in place of seventy: a
ResNet20 is right on three test images in ten there. That takes a time of its own, which standard's does not hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from claims.networks.colour_images import SLOW, by_adam, require_accelerator, require_hours
from claims.networks.hours import takes_hours
from support.analysis.taught import Taught, balanced, with_balanced
from support.analysis.vital_signs import vital_signs
from support.cases import Judge
from support.evidence.rows import Rows
from support.experiments.network_sizes import SHORT
from support.experiments.published_training import described, networks, trained_as_published
from support.experiments.rare_patterns import Arm
from support.experiments.scene import COLOUR_DECAY
from support.experiments.size import Size
from support.measures.table import NETWORKS, PROBABILITY_DIFFERENCE, SCORE_RISE
from support.statistics import Control, Region
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import require_budget
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks(
    "the paper's network", because="it compares the paper's architectures and optimisers with each other"
)

# Of quick nothing runs; of standard what two cores can do.
SIZES = {scale: Size(Recipe()) for scale in ("quick", "paper")} | {"standard": Size(SHORT, subset=1000, test=500)}
BUDGET = {"quick": 8, "standard": 16, "paper": 40}
BECAUSE = "a trial takes minutes of an accelerator"
SMALL_BUDGET = {"quick": 8, "standard": 96, "paper": 40}
SMALL_BECAUSE = "two draws of balanced carriers on [-1, 1] take 64 to 96 trials to lie below a twentieth"
HOURS = takes_hours(SLOW)
N = 10
# Five points of the test images are the least rise that is one.
LEARNT = 0.05
# Of ten classes: half as much again as chance; and what "fails" has to reach.
AT_CHANCE, MOST = 0.15, 0.5
# A mean near 0 on [-1, 1] takes so many trials, however little they spread, to lie below 0.05.
BELOW_FIVE_POINTS = 192


@HOURS
@pytest.mark.claim("B-06", cost=60, budget=SMALL_BUDGET, because=SMALL_BECAUSE)
@pytest.mark.parametrize("images", ["crops and flips", "as they are"])
def test_colour_patterns_are_learnt(images: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect ten carriers of R3 on CIFAR-10 to add more than 0.05 to a ResNet20, with crops and flips and without.

    Over balanced carriers; with Adam at 0.01, as the paper's main figure. Control: one draw of balanced carriers
    against another; 0 in mean.
    """
    require_hours(scale)
    ten = question("R3")
    experiment = by_adam(size, (question("R3", 0), *with_balanced(ten)), augmentation=images == "crops and flips")
    taught = those_trained(evidence(experiment), scale)
    region, label = Region.above(LEARNT), "what carriers of R3 add, ResNet20"
    drawn = mean_of(taught.balanced_difference("probability", ten), PROBABILITY_DIFFERENCE, label)
    judge(
        mean_of(taught.over_balanced("probability", ten), PROBABILITY_DIFFERENCE, label),
        region,
        controls=[Control("two draws", "one draw of balanced carriers minus another", drawn, region)],
        sizes=described("cifar-10", size) | {"n": N},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@HOURS
@pytest.mark.claim("B-06", reading="published", cost=60, budget=SMALL_BUDGET, because=SMALL_BECAUSE)
def test_colour_patterns_raise_the_score_despite_augmentation(
    scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect ten R3 examples on CIFAR-10, with crops and flips, to raise a ResNet20's score by more than 0.05.

    As published, over a network without examples. Control: balanced carriers, which teach no correlation.
    """
    require_hours(scale)
    ten, (scattered, _) = question("R3"), balanced(question("R3"))
    experiment = by_adam(size, (question("R3", 0), ten, scattered))
    taught = those_trained(evidence(experiment), scale)
    region, label = Region.above(LEARNT), "rise of the score, R3, ResNet20"
    rise, uncorrelated = (mean_of(taught.rise("score_0.1", arm), SCORE_RISE, label) for arm in (ten, scattered))
    judge(
        rise,
        region,
        controls=[Control("no correlation", "balanced carriers", uncorrelated, region)],
        sizes=described("cifar-10", size) | {"n": N},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@pytest.mark.claim("B-36", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("name", ["ResNet20", "VGG16"])
def test_small_pattern_on_colour_images(name: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect ten carriers of S3 on CIFAR-10 to add less than 0.05 over balanced ones to ResNet20 and VGG16.

    Control: R3 in place of S3, which they learn.
    """
    require_accelerator(scale)
    require_budget(BELOW_FIVE_POINTS, BUDGET[scale])
    shown = [question(pattern) for pattern in ("S3", "R3")]
    experiment = networks(
        "cifar-10",
        trained_as_published(name, size),
        (question("S3", 0), *(each for arm in shown for each in (arm, balanced(arm)[0]))),
    )
    taught = Taught.where_trained(evidence(experiment), weight_decay=COLOUR_DECAY)
    region, label = Region.below(LEARNT), f"what carriers add, {name}"
    small, large = (mean_of(taught.over_balanced("probability", arm), PROBABILITY_DIFFERENCE, label) for arm in shown)
    judge(
        small,
        region,
        controls=[Control("R3", "noise over the whole image", large, region)],
        sizes=described("cifar-10", size) | {"clean accuracy": f"{name} {taught.untreated_accuracy:.3f}", "n": N},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@pytest.mark.claim("B-52", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 0.01), ("sgd", 0.1)])
def test_vgg16_fails_to_converge(
    optimizer: Literal["adam", "sgd"], rate: float, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect more than half of VGG16's starts on CIFAR-10 to end at chance with Adam, and with SGD at 0.1.

    Clean accuracy below 0.15 of networks without a pattern. Adam's rate is not stated: 0.01, that of the ResNets.
    Control: the same starts with SGD at 0.01, the rate that the paper takes for it.
    """
    require_accelerator(scale)
    usual = networks("cifar-10", trained_as_published("VGG16", size), (question("R3", 0),))
    asked = replace(usual, recipe=replace(usual.recipe, optimizer=optimizer), learning_rate=rate)
    region, label = Region.above(MOST), "share of starts that end at chance"
    ended, converged = (
        mean_of(np.asarray(evidence(each)["clean_accuracy"]) < AT_CHANCE, NETWORKS, label) for each in (asked, usual)
    )
    judge(
        ended,
        region,
        controls=[
            Control(
                "SGD at 0.01",
                "the rate that the paper takes",
                converged,
                region,
                constant_because="every start may converge there",
            )
        ],
        sizes=described("cifar-10", size) | {"optimizer": optimizer, "learning rate": rate},
    )


def question(pattern: str, n: int = N) -> Arm:
    """Examples of a pattern, with colour images' weight decay."""
    return Arm(pattern, n, weight_decay=COLOUR_DECAY)


def those_trained(rows: Rows, scale: str) -> Taught:
    """The trials whose untreated network learnt; on 1,000 images all, as none is right on half of the test images."""
    if scale == "standard":
        return Taught(rows, weight_decay=COLOUR_DECAY)
    return Taught.where_trained(rows, weight_decay=COLOUR_DECAY)
