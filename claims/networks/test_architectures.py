"""Which architectures learn a rare pattern (paper B, Appendix B.4.2, Figure 9).

Every architecture is trained on the same images in the same order, with and without ten patterned examples of class 0,
so that architectures are paired within a trial. What is compared is the rise of the spurious score over the network
trained without the pattern: architectures react differently to a pattern that they never saw.

Subsets of 4,000 images and 8 epochs stand in for 60,000 and 70. Differences of scores spread widely between networks:
what fully connected ones answer takes 48 trials and more, which standard scale has. A CNN takes thirty times as long
and, at this learning rate, leaves chance in six trials of ten only; CIFAR-10's ResNets and VGG16 need the data set,
which no package registry carries. Both need an accelerator: they run at paper scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pytest

from support.cases import Judge
from support.document.panels import Panel, line, panel
from support.experiments.arms import UNSEEN, shown_both
from support.experiments.published_training import described, networks, trained_as_published
from support.experiments.rare_patterns import Arm
from support.experiments.scene import decay_on
from support.experiments.size import Size
from support.experiments.taught import Taught, taught_alike
from support.measures.table import SCORE_RISE
from support.models.architectures import MLPS, RESNETS
from support.statistics import Control, Estimate, Region
from support.statistics.effects import largest_of, mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import not_run, require_budget
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks(
    "the paper's network", because="it compares the paper's architectures and optimisers with each other"
)

SHORT = Size(Recipe(epochs=8, milestones=(5, 7)), subset=4000, test=2000)
SIZES = {"quick": SHORT, "standard": SHORT, "paper": Size(Recipe())}
DATASETS = ["mnist", "fashion-mnist"]
COMPARED = ["S3", "R3"]
N = 10
# A tenth of the test images is what we would call a different score, five points the least rise that is one.
SAME, LEARNT = 0.1, 0.05

SIZES_BUDGET = {"quick": 16, "standard": 128, "paper": 40}
CNN_BUDGET = {"quick": 8, "standard": 16, "paper": 40}
# A mean near 0 on [-1, 1] takes so many trials, however little they spread, to lie within a tenth.
WITHIN_A_TENTH = 112
# Trials that decide by the spread at standard scale: where a CNN is among them, those that are left out included. That
# of paper scale is not known.
MANY = 2048  # and more
SIZES_TAKE = {
    ("mnist", "S3"): 192,
    ("mnist", "R3"): 128,
    ("fashion-mnist", "S3"): 192,
    ("fashion-mnist", "R3"): MANY,
}
CNN_TAKES = {"R3": 55, "S3": 110}


def side_by_side(names: Sequence[str], dataset: str, pattern: str, size: Size, evidence: Evidence) -> dict[str, Taught]:
    """These architectures with and without the pattern, over the trials in which all of them learn without it."""
    arms = shown_both(pattern, 0, N)
    runs = {name: evidence(networks(dataset, trained_as_published(name, size), arms)) for name in names}
    return taught_alike(runs, weight_decay=decay_on(dataset))


@pytest.mark.claim(
    "B-34",
    cost=60,
    budget=SIZES_BUDGET,
    because="a difference within a tenth takes 96 trials without any spread, and 128 with that of standard scale",
)
@pytest.mark.parametrize("pattern", COMPARED)
@pytest.mark.parametrize("dataset", [*DATASETS, "cifar-10"])
def test_size_within_a_family_does_not_matter(
    dataset: str, pattern: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect three MLPs, or three ResNets, to learn a pattern alike: rises of the score within 0.1, an equivalence.

    Ten examples; the largest absolute difference over the three pairs, with simultaneous intervals. Control: the
    second network with and without patterned examples.
    """
    require_colour_scale(dataset, scale)
    by_spread = 0 if scale == "paper" else SIZES_TAKE.get((dataset, pattern), MANY)
    require_budget(max(by_spread, WITHIN_A_TENTH), SIZES_BUDGET[scale])
    names = list(RESNETS if dataset == "cifar-10" else MLPS)
    runs = side_by_side(names, dataset, pattern, size, evidence)
    region, label = Region.below(SAME), "largest difference of rises between two sizes"
    rises = {name: taught.rise("score_0.1", question(pattern, dataset)) for name, taught in runs.items()}
    second = mean_of(rises[names[1]], SCORE_RISE, label)
    judge(
        largest_of([rises[a] - rises[b] for a, b in combinations(names, 2)], SCORE_RISE, label, absolute=True),
        region,
        controls=[Control("with and without", f"the {names[1]}'s own rise", second, region)],
        sizes=sizes(runs, dataset, pattern, size),
        exclusions=[Exclusion(*runs[names[0]].left_out)],
        panels=figure_9(runs, names, dataset, pattern),
    )


@pytest.mark.claim(
    "B-35",
    cost=60,
    budget=CNN_BUDGET,
    because="a trial takes a minute of a core, and four in ten networks never leave chance",
)
@pytest.mark.parametrize("pattern", COMPARED)
@pytest.mark.parametrize("dataset", [*DATASETS, "cifar-10"])
def test_the_cnn_is_less_affected(
    dataset: str, pattern: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect the CNN to learn ten patterned examples less than the MLP, VGG16 less than ResNet20: by more than 0.05.

    Rise of the score, the one minus the other. Control: the same networks, shown a pattern that no example carried
    (S1).
    """
    more, less = ("ResNet20", "VGG16") if dataset == "cifar-10" else ("MLP", "CNN")
    judge_less_affected(more, less, dataset, pattern, scale, size, evidence, judge)


@pytest.mark.claim(
    "B-39",
    cost=60,
    budget=CNN_BUDGET,
    because="a trial takes a minute of a core, and four in ten networks never leave chance",
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_more_parameters_do_not_mean_more_susceptible(
    dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect the CNN (312,202 parameters) to learn S3 less than the small MLP (203,530): by more than 0.05.

    Rise of the score at ten examples. Control: the same networks, shown a pattern that no example carried (S1).
    """
    judge_less_affected("small MLP", "CNN", dataset, "S3", scale, size, evidence, judge)


def judge_less_affected(
    more: str, less: str, dataset: str, pattern: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Rise of the score under the first architecture, minus the second, above 0.05; the control shows both S1."""
    require_colour_scale(dataset, scale)
    require_budget(0 if scale == "paper" else CNN_TAKES[pattern], CNN_BUDGET[scale])
    runs = side_by_side((more, less), dataset, pattern, size, evidence)
    region, label = Region.above(LEARNT), f"rise of the score, {more} minus {less}"

    def difference(query: str | None) -> Estimate:
        rises = [taught.rise("score_0.1", question(pattern, dataset, query)) for taught in runs.values()]
        return mean_of(rises[0] - rises[1], SCORE_RISE, label)

    judge(
        difference(None),
        region,
        controls=[Control("one pixel", "the same networks, shown S1", difference(UNSEEN), region)],
        sizes=sizes(runs, dataset, pattern, size),
        exclusions=[Exclusion(*runs[more].left_out)],
        panels=figure_9(runs, [less], dataset, pattern),
    )


def require_colour_scale(dataset: str, scale: str) -> None:
    """Leave colour images out where there is no accelerator."""
    if dataset == "cifar-10" and scale != "paper":
        not_run("a ResNet20 takes two seconds per thousand images and epoch on a CPU core", scale="paper")


def question(pattern: str, dataset: str, query: str | None = None) -> Arm:
    """Ten examples of a pattern, with the dataset's weight decay."""
    return Arm(pattern, N, query=query, weight_decay=decay_on(dataset))


def sizes(runs: Mapping[str, Taught], dataset: str, pattern: str, size: Size) -> dict[str, object]:
    """What was run, with clean accuracies for readers who take a weaker network for a safer one."""
    accuracy = ", ".join(f"{name} {taught.untreated_accuracy:.3f}" for name, taught in runs.items())
    return described(dataset, size) | {"clean accuracy": accuracy, "n": N, "pattern": pattern}


def figure_9(runs: Mapping[str, Taught], names: Sequence[str], dataset: str, pattern: str) -> list[Panel]:
    """These architectures' part of Figure 9, each drawn by one claim."""
    if dataset not in DATASETS:
        return []
    x = 1 + np.array((0, N))
    curves = [
        line(name, x, taught.over_n("score_0.1", question(pattern, dataset), (0, N)), color=place)
        for place, (name, taught) in enumerate(runs.items())
        if name in names
    ]
    return [
        panel(
            "Paper B, Figure 9: architectures",
            f"{dataset}, {pattern}",
            2 * COMPARED.index(pattern) + DATASETS.index(dataset),
            curves,
            x_label="1 + n",
            y_label="spurious score",
            x_scale="log",
            y_range=(-0.02, 1.02),
            note="Published: MLPs of three sizes lie on each other and the CNN below them, with five seeds and 60,000 "
            "images. Here without and with ten examples, which the cases ask about.",
        )
    ]
