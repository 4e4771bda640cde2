"""Which architectures and optimisers learn a rare pattern (paper B, Appendix B.4, Table 2 and Figures 9 to 12).

Every architecture is trained on the same images in the same order, with and without patterned examples of class 0, so
that architectures are paired within a trial. What is compared is the rise of the spurious score over the network
trained without the pattern: architectures react differently to a pattern that they never saw.

Subsets of 4,000 images and 8 epochs stand in for 60,000 and 70. Differences of scores spread widely between networks:
what fully connected ones answer takes 48 trials and more, which standard scale has. A CNN takes thirty times as long
and, at this learning rate, leaves chance in six trials of ten only; CIFAR-10's ResNets and VGG16 need the data set,
which no package registry carries. Both need an accelerator: they run at paper scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

from support.cases import Judge
from support.data.patterns import PATTERNS
from support.experiments.pattern_overlays import PatternOverlays
from support.experiments.pixel_removal import PixelRemoval
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.scene import CLASSES
from support.measures.table import PROBABILITY, PROBABILITY_RISE, RANK_CORRELATION, SCORE_RISE
from support.models.architectures import MLPS
from support.document.panels import line, panel
from support.statistics import Control, Estimate, Region, worst_of
from support.statistics.effects import largest_of, mean_of, slope_of
from support.suite.looking import Evidence
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks(
    "the paper's network", because="it compares the paper's architectures and optimisers with each other"
)

# Appendix B.1 and Table 2.
TABLE_2 = {
    "small MLP": 203_530,
    "MLP": 335_114,
    "large MLP": 932_362,
    "CNN": 312_202,
    "ResNet20": 269_722,
    "ResNet32": 464_154,
    "ResNet110": 1_727_962,
    "VGG16": 134_301_514,
}
COLOUR = ("ResNet20", "ResNet32", "ResNet110", "VGG16")
# The text gives the MLP and the large MLP two hidden layers.
IN_THE_TEXT = {"MLP": (256, 256), "large MLP": (512, 512)}
SHORT = {"epochs": 8, "milestones": (5, 7)}
SIZES: dict[str, dict[str, Any]] = {
    "quick": {"subset": 4000, "test": 2000, "schedule": SHORT},
    "standard": {"subset": 4000, "test": 2000, "schedule": SHORT},
    "paper": {"subset": None, "test": None, "schedule": {}},
}
# The last look, by what is compared.
BUDGETS: dict[str, dict[str, int]] = {
    "norms": {"quick": 16, "standard": 128, "paper": 40},
    "pixels": {"quick": 96, "standard": 384, "paper": 40},
    "small": {"quick": 24, "standard": 128, "paper": 40},
    "sizes": {"quick": 16, "standard": 128, "paper": 40},
    "CNN": {"quick": 8, "standard": 16, "paper": 40},
    "optimizers": {"quick": 12, "standard": 128, "paper": 40},
    "clipping": {"quick": 32, "standard": 128, "paper": 40},
    "colour": {"quick": 8, "standard": 16, "paper": 40},
}
BECAUSE = {
    "norms": "by the spread at standard scale 64 to 96 trials tell the slope from that of a pattern never carried",
    "pixels": "the mean lies two points above the region's edge: 320 trials by the spread at standard scale",
    "small": "by the spread at standard scale 64 to 96 trials decide a rise of 0.3 to 0.4 against 0.05",
    "sizes": "a difference within a tenth takes 96 trials without any spread, and 128 with that of standard scale",
    "CNN": "a trial takes a minute of a core, and four in ten networks never leave chance",
    "optimizers": "by the spread at standard scale 48 to 96 trials decide what is learnt of R3",
    "clipping": "a difference within a tenth takes 96 trials without any spread, and 128 with that of standard scale",
    "colour": "a trial takes minutes of an accelerator",
}
# A mean near 0 on [-1, 1] takes so many trials, however little they spread, to lie within a tenth and below 0.05.
WITHIN_A_TENTH, BELOW_FIVE_POINTS = 112, 192
# Trials that decide by the spread at standard scale: where a CNN is among them, those that are left out included.
MANY = 2048  # and more
SIZES_TAKE = {
    ("mnist", "S3"): 192,
    ("mnist", "R3"): 128,
    ("fashion-mnist", "S3"): 192,
    ("fashion-mnist", "R3"): MANY,
}
OPTIMIZERS_TAKE = {
    ("mnist", "S3"): 192,
    ("mnist", "R3"): 96,
    ("fashion-mnist", "S3"): 128,
    ("fashion-mnist", "R3"): 48,
}
CLIPPING_TAKES = {("mnist", "S3", "norm"): 1024, ("mnist", "S3", "value"): 192}
PIXELS_TAKE, PIXELS_LEAST = 320, 145  # even from the middle of the region its edge is five points away
NORMS_TAKE = {"mnist": 96, "fashion-mnist": 64}
CNN_TAKES = {"R3": 55, "S3": 110, "pixels": 240, "order": 55}
DATASETS = ["mnist", "fashion-mnist"]
COMPARED = ["S3", "R3"]
N = 10
PATTERN_SEEDS = 5
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
# A tenth of the test images is what we would call a different score, five points the least rise that is one.
SAME, LEARNT, STEEP = 0.1, 0.05, 0.01
# The text says "around 0.9".
SURE, ABOUT = 0.9, 0.05
# With Adam at 0.01 three CNNs in ten never leave chance: they learn no pattern because they learn nothing. A trial with
# a network below this accuracy says nothing of architectures and is left out.
TRAINED = 0.5
# Appendix B.4.2: ResNets learn at 0.1 with SGD, VGG16 fails to converge there; colour images have weight decay.
COLOUR_RATE, COLOUR_DECAY = {"VGG16": 0.01}, 1e-4
RESNETS = ["ResNet20", "ResNet32", "ResNet110"]


def recipe(architecture: str, scale: str, **changes: Any) -> Recipe:
    """How an architecture is trained; fully connected ones by the faster trainer."""
    own: dict[str, Any] = {"hidden": MLPS[architecture]} if architecture in MLPS else {"network": architecture}
    if architecture in COLOUR:
        own |= {"optimizer": "sgd", "augmentation": True}
    return Recipe(**(SIZES[scale]["schedule"] | own | changes))


def experiment(dataset: str, scale: str, own: Recipe, arms: tuple[Arm, ...]) -> RarePatterns:
    """Networks of one recipe."""
    size, rate = SIZES[scale], 0.01
    if dataset == "cifar-10":
        rate = COLOUR_RATE.get(str(own.network), 0.1)
        arms = tuple(replace(arm, weight_decay=COLOUR_DECAY) for arm in arms)
    return RarePatterns(dataset, own, arms, size["subset"], size["test"], rate)


def described(scale: str, **more: Any) -> dict[str, Any]:
    """What the report says was run."""
    return {
        "training images": SIZES[scale]["subset"] or "all",
        "epochs": recipe("MLP", scale).epochs,
    } | more


def taught(pattern: str, *sizes: int) -> tuple[Arm, ...]:
    """Networks without and with n examples of a pattern; each is shown S1 too, which no example carried."""
    return tuple(Arm(pattern, n, query=query) for n in (0, *sizes) for query in (None, "S1"))


def require(what: str, dataset: str, scale: str, needed: int, *, least: int = 0) -> None:
    """Leave a case out where its data or network belong to another scale, or its budget is known not to decide it.

    Parameters
    ----------
    needed : trials that decide, by the spread at standard scale; that of paper scale is not known.
    least : trials that are needed whatever the spread.
    """
    if dataset == "cifar-10" and scale != "paper":
        pytest.skip("not run: a ResNet20 takes two seconds per thousand images and epoch on a CPU core; --scale paper")
    budget = BUDGETS[what][scale]
    if scale != "paper" and needed > budget:
        pytest.skip(f"not run: it takes about {needed} trials at this spread, and {scale} has {budget}")
    if least > budget:
        pytest.skip(f"not run: it takes {least} trials or more at any spread, and {scale} has {budget}")


class Networks:
    """Per-trial numbers of several recipes on one dataset, over the trials in which every network was trained."""

    def __init__(
        self, dataset: str, scale: str, evidence: Evidence, recipes: dict[str, Recipe], arms: tuple[Arm, ...]
    ) -> None:
        self.scale = scale
        self.runs = {name: evidence(experiment(dataset, scale, own, arms)) for name, own in recipes.items()}
        # Whether it diverged or stayed at chance.
        self.bad = np.unique(
            np.concatenate([rows.trials_short_of("clean_accuracy", TRAINED) for rows in self.runs.values()])
        )
        if min(rows.trials for rows in self.runs.values()) - len(self.bad) < 2:
            pytest.skip("not run: a network of every trial diverged or ended at chance, where it learns no pattern")

    def of(self, name: str, column: str, pattern: str, n: int, query: str = "", **arm: Any) -> np.ndarray:
        """A column of one arm, one number per trial."""
        found: np.ndarray = (
            self.runs[name].without_trials(self.bad).where(pattern=pattern, n=n, query=query, **arm)[column]
        )
        return found

    def learnt(self, name: str, pattern: str, n: int, query: str = "", **arm: Any) -> np.ndarray:
        """The rise of the score over the network trained without the pattern."""
        after, before = (self.of(name, "score_0.1", pattern, size, query, **arm) for size in (n, 0))
        rise: np.ndarray = after - before
        return rise

    def accuracy(self, name: str) -> float:
        """Mean clean accuracy of the networks without examples, of all trials that count."""
        rows = self.runs[name].without_trials(self.bad).where(n=0, query="")
        return float(rows["clean_accuracy"].mean())

    def sizes(self, **more: Any) -> dict[str, Any]:
        """What the report says was run, with clean accuracies for readers who take a weaker network for a safer one."""
        accuracy = ", ".join(f"{name} {self.accuracy(name):.3f}" for name in self.runs)
        left_out = {"trials left out because a network diverged or stayed at chance": len(self.bad)}
        return described(self.scale) | left_out | {"clean accuracy": accuracy} | more

    def curves(self, pattern: str, grid: tuple[int, ...], **arm: Any) -> list[dict[str, Any]]:
        """The score over n, a line for each recipe."""
        return [
            line(
                name,
                1 + np.array(grid),
                np.column_stack([self.of(name, "score_0.1", pattern, n, **arm) for n in grid]),
                color=place,
            )
            for place, name in enumerate(self.runs)
        ]


def scores(figure: str, dataset: str, pattern: str, curves: list[dict[str, Any]], note: str) -> dict[str, Any]:
    """A panel of scores over n."""
    return panel(
        figure,
        f"{dataset}, {pattern}",
        2 * COMPARED.index(pattern) + DATASETS.index(dataset),
        curves,
        x_label="1 + n",
        y_label="spurious score",
        x_scale="log",
        y_range=(-0.02, 1.02),
        note=note,
    )


FIGURE_9 = "Paper B, Figure 9: architectures"


def compared(networks: Networks, names: Sequence[str], dataset: str, pattern: str) -> list[dict[str, Any]]:
    """These architectures' part of Figure 9, each drawn by one claim."""
    if dataset not in DATASETS:
        return []
    note = (
        "Published: MLPs of three sizes lie on each other and the CNN below them, with five seeds and 60,000 images. "
        "Here without and with ten examples, which the cases ask about."
    )
    curves = [curve for curve in networks.curves(pattern, (0, N)) if curve["label"] in names]
    return [scores(FIGURE_9, dataset, pattern, curves, note)]


def parameters(network: Any) -> int:
    """How many parameters a module has."""
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.claim("B-33")
def test_parameter_counts(judge: Judge) -> None:
    """Expect the architectures of the released code to have the parameter counts of Table 2, to the last one.

    Largest deviation over the eight networks. Control: the MLPs with the two hidden layers that the text gives them.
    """
    import torch

    from support.models.networks import build

    label, region = "largest deviation from Table 2, parameters", Region.exactly(0)
    with torch.device("meta"):
        counts = {
            name: parameters(build(name, (32, 32, 3) if name in COLOUR else (28, 28), CLASSES)) for name in TABLE_2
        }
    told = {name: mlp_count(hidden) for name, hidden in IN_THE_TEXT.items()}
    judge(
        worst_of([abs(counts[name] - count) for name, count in TABLE_2.items()], label, exact=True),
        region,
        controls=[
            Control(
                "two hidden layers",
                "as the text has them",
                worst_of([abs(told[name] - TABLE_2[name]) for name in told], label, exact=True),
                region,
            )
        ],
        sizes=counts,
    )


@pytest.mark.claim("B-33", reading="printed")
@pytest.mark.erratum("E-15")
def test_parameter_counts_of_the_text(judge: Judge) -> None:
    """Expect the MLPs as the text describes them, with two hidden layers, to have the parameter counts of Table 2.

    Control: two hidden layers of 257.
    """
    label, region = "largest deviation from Table 2, parameters", Region.exactly(0)
    told = {name: mlp_count(hidden) for name, hidden in IN_THE_TEXT.items()}
    other = abs(mlp_count((257, 257)) - TABLE_2["MLP"])
    judge(
        worst_of([abs(told[name] - TABLE_2[name]) for name in told], label, exact=True),
        region,
        controls=[Control("other width", "two layers of 257", worst_of([other], label, exact=True), region)],
        sizes=told,
    )


def mlp_count(hidden: tuple[int, ...]) -> int:
    """Weights and biases of a fully connected network on 784 pixels and ten classes."""
    widths = (784, *hidden, CLASSES)
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))


@pytest.mark.claim("B-32", cost=60, budget=BUDGETS["norms"], because=BECAUSE["norms"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_norm_goes_with_the_score(dataset: str, scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect larger patterns to be learnt more: the rise of the score grows by more than 0.01 per unit of their norm.

    Slope over the seven patterns of Table 1 in each trial, n = 10, target class 0; norms are measured on the test
    images, and rises over the network trained without the pattern: the published scores still hold what large patterns
    do to any network. Over the norms' range 0.01 is 0.14 of a score. Control: the same networks, shown a pattern that
    no example carried (S1).
    """
    require("norms", dataset, scale, NORMS_TAKE[dataset], least=NORMS_TAKE[dataset])
    overlays = evidence(PatternOverlays(dataset), exactly=PATTERN_SEEDS)
    norms = {name: float(overlays.where(pattern=name)["norm"].mean()) for name in PATTERNS}
    arms = tuple(arm for pattern in norms for arm in taught(pattern, N))
    networks = Networks(dataset, scale, evidence, {"MLP": recipe("MLP", scale)}, arms)
    region, label = Region.above(STEEP), "rise of the score per unit of the pattern's norm"

    def slope(query: str) -> Estimate:
        # S1 shown to networks trained with S1 is no control.
        names = [name for name in norms if not (query and name == "S1")]
        rises = np.column_stack([networks.learnt("MLP", name, N, query) for name in names])
        return slope_of([norms[name] for name in names], rises, SCORE_RISE, label)

    def correlation(n: int) -> str:
        scores = [networks.of("MLP", "score_0.1", name, n).mean() for name in norms]
        return f"{np.corrcoef(list(norms.values()), scores)[0, 1]:.2f}"

    judge(
        slope(""),
        region,
        controls=[Control("one pixel", "the same networks, shown S1", slope("S1"), region)],
        sizes=networks.sizes(
            n=N,
            **{
                "correlation of norms with mean scores, as published": correlation(N),
                "the same at n = 0, where nothing was taught": correlation(0),
            },
        ),
    )


@pytest.mark.claim("B-34", cost=60, budget=BUDGETS["sizes"], because=BECAUSE["sizes"])
@pytest.mark.parametrize("pattern", COMPARED)
@pytest.mark.parametrize("dataset", [*DATASETS, "cifar-10"])
def test_size_within_a_family_does_not_matter(
    dataset: str, pattern: str, scale: str, evidence: Evidence, judge: Judge
) -> None:
    """Expect three MLPs, or three ResNets, to learn a pattern alike: rises of the score within 0.1, an equivalence.

    Ten examples; the largest absolute difference over the three pairs, with simultaneous intervals. Control: the
    second network with and without patterned examples.
    """
    require("sizes", dataset, scale, SIZES_TAKE.get((dataset, pattern), MANY), least=WITHIN_A_TENTH)
    names = RESNETS if dataset == "cifar-10" else list(MLPS)
    recipes = {name: recipe(name, scale) for name in names}
    networks = Networks(dataset, scale, evidence, recipes, taught(pattern, N))
    region, label = Region.below(SAME), "largest difference of rises between two sizes"
    rises = {name: networks.learnt(name, pattern, N) for name in names}
    judge(
        largest_of([rises[a] - rises[b] for a, b in combinations(names, 2)], SCORE_RISE, label, absolute=True),
        region,
        controls=[
            Control(
                "with and without", f"the {names[1]}'s own rise", mean_of(rises[names[1]], SCORE_RISE, label), region
            )
        ],
        sizes=networks.sizes(n=N, pattern=pattern),
        panels=compared(networks, names, dataset, pattern),
    )


def judge_less_affected(
    more: str, less: str, dataset: str, pattern: str, scale: str, evidence: Evidence, judge: Judge
) -> None:
    """Rise of the score under the first architecture, minus the second, above 0.05; the control shows both S1."""
    require("CNN", dataset, scale, CNN_TAKES[pattern])
    recipes = {name: recipe(name, scale) for name in (more, less)}
    networks = Networks(dataset, scale, evidence, recipes, taught(pattern, N))
    judge_difference(networks, pattern, judge, compared(networks, [less], dataset, pattern))


def judge_difference(networks: Networks, pattern: str, judge: Judge, panels: list[dict[str, Any]]) -> None:
    """Rise of the score under the first of two recipes, minus the second, above 0.05; the control shows both S1."""
    more, less = networks.runs
    region, label = Region.above(LEARNT), f"rise of the score, {more} minus {less}"

    def difference(query: str) -> Estimate:
        rises = [networks.learnt(name, pattern, N, query) for name in (more, less)]
        return mean_of(rises[0] - rises[1], SCORE_RISE, label)

    judge(
        difference(""),
        region,
        controls=[Control("one pixel", "the same networks, shown S1", difference("S1"), region)],
        sizes=networks.sizes(n=N, pattern=pattern),
        panels=panels,
    )


@pytest.mark.claim("B-35", cost=60, budget=BUDGETS["CNN"], because=BECAUSE["CNN"])
@pytest.mark.parametrize("pattern", COMPARED)
@pytest.mark.parametrize("dataset", [*DATASETS, "cifar-10"])
def test_the_cnn_is_less_affected(dataset: str, pattern: str, scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect the CNN to learn ten patterned examples less than the MLP, VGG16 less than ResNet20: by more than 0.05.

    Rise of the score, the one minus the other. Control: the same networks, shown a pattern that no example carried
    (S1).
    """
    pair = ("ResNet20", "VGG16") if dataset == "cifar-10" else ("MLP", "CNN")
    judge_less_affected(*pair, dataset, pattern, scale, evidence, judge)


@pytest.mark.claim("B-39", cost=60, budget=BUDGETS["CNN"], because=BECAUSE["CNN"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_more_parameters_do_not_mean_more_susceptible(
    dataset: str, scale: str, evidence: Evidence, judge: Judge
) -> None:
    """Expect the CNN (312,202 parameters) to learn S3 less than the small MLP (203,530): by more than 0.05.

    Rise of the score at ten examples. Control: the same networks, shown a pattern that no example carried (S1).
    """
    judge_less_affected("small MLP", "CNN", dataset, "S3", scale, evidence, judge)


# Architecture, n, and whether it learns; trials that decide by the spread at standard scale, and whatever the spread.
SMALL_PATTERN = {
    "the MLP learns from ten": ("MLP", N, True, 96, 0),
    "the CNN does not": ("CNN", N, False, BELOW_FIVE_POINTS, BELOW_FIVE_POINTS),
    "the CNN learns from a hundred": ("CNN", 100, True, 320, 0),
}


@pytest.mark.claim("B-36", cost=60, budget=BUDGETS["small"], because=BECAUSE["small"])
@pytest.mark.parametrize("what", SMALL_PATTERN)
@pytest.mark.parametrize("dataset", DATASETS)
def test_small_pattern_from_few_examples(dataset: str, what: str, scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect an MLP to learn S3 from ten examples, a CNN not from ten but from a hundred: a rise of 0.05 or none.

    Control: the same networks, shown a pattern that no example carried (S1); where nothing should be learnt, the MLP.
    """
    name, n, learns, needed, least = SMALL_PATTERN[what]
    require("small", dataset, scale, needed, least=least)
    networks = Networks(dataset, scale, evidence, {name: recipe(name, scale)}, taught("S3", n))
    label, region = "rise of the score, S3", Region.above(LEARNT) if learns else Region.below(LEARNT)
    if learns:
        shown = mean_of(networks.learnt(name, "S3", n, "S1"), SCORE_RISE, label)
        control = Control("one pixel", "shown S1", shown, region)
    else:
        mlp = Networks(dataset, scale, evidence, {"MLP": recipe("MLP", scale)}, taught("S3", n))
        in_its_place = mean_of(mlp.learnt("MLP", "S3", n), SCORE_RISE, label)
        control = Control("the MLP", "in the CNN's place", in_its_place, region)
    judge(
        mean_of(networks.learnt(name, "S3", n), SCORE_RISE, label),
        region,
        controls=[control],
        sizes=networks.sizes(n=n),
    )


@pytest.mark.claim("B-36", cost=60, budget=BUDGETS["colour"], because=BECAUSE["colour"])
@pytest.mark.parametrize("name", ["ResNet20", "VGG16"])
def test_small_pattern_on_colour_images(name: str, scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect ResNet20 and VGG16 on CIFAR-10 not to learn S3 from ten examples: a rise below 0.05.

    Control: R3 in place of S3, which they learn.
    """
    require("colour", "cifar-10", scale, BELOW_FIVE_POINTS, least=BELOW_FIVE_POINTS)
    arms = (*taught("S3", N), *taught("R3", N))
    networks = Networks("cifar-10", scale, evidence, {name: recipe(name, scale)}, arms)
    region, label = Region.below(LEARNT), f"rise of the score, {name}"
    small, large = (mean_of(networks.learnt(name, pattern, N), SCORE_RISE, label) for pattern in COMPARED)
    judge(
        small,
        region,
        controls=[Control("R3", "noise over the whole image", large, region)],
        sizes=networks.sizes(n=N),
    )


def removal(dataset: str, architecture: str, scale: str) -> PixelRemoval:
    """A clean network, and images that lose their pixels."""
    return PixelRemoval(dataset, recipe(architecture, scale), SHARES, subset=SIZES[scale]["subset"])


@pytest.mark.claim("B-37", cost=10, budget=BUDGETS["pixels"], because=BECAUSE["pixels"])
def test_half_of_the_pixels_are_enough_for_an_mlp(scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect an MLP on MNIST to give the true class about 0.9 (within 0.05) with half of the non-zero pixels removed.

    Mean over 500 training images, as the released code has it (the text says test images; the sizes give those too),
    with an exact share of pixels removed. Control: images whose pixels are shuffled.
    """
    require("pixels", "mnist", scale, PIXELS_TAKE, least=PIXELS_LEAST)
    rows, diverged = evidence(removal("mnist", "MLP", scale)).without("diverged")
    region, label = Region.near(SURE, ABOUT), "mean probability of the true class, half of the pixels removed"
    half = rows.where(share=0.5)
    judge(
        mean_of(half["train_probability"], PROBABILITY, label),
        region,
        controls=[
            Control(
                "shuffled",
                "pixels shuffled within images",
                mean_of(half["shuffled_probability"], PROBABILITY, label),
                region,
            )
        ],
        sizes=described(
            scale,
            **{
                "trials left out because the network diverged": diverged,
                "mean over 500 test images": f"{half['test_probability'].mean():.3f}",
            },
        ),
        panels=[
            pixels_removed(
                "mnist",
                {
                    "MLP": rows.per_trial("train_probability", "share"),
                    "MLP, test images": rows.per_trial("test_probability", "share"),
                },
            )
        ],
    )


def pixels_removed(dataset: str, curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """A dataset's part of Figure 10."""
    return panel(
        "Paper B, Figure 10: pixels removed",
        dataset,
        DATASETS.index(dataset),
        [
            line(name, shares, table, color=int("CNN" in name), dashed="test" in name)
            for name, (shares, table) in curves.items()
        ],
        x_label="share of non-zero pixels removed",
        y_label="probability of the true class",
        y_range=(0, 1),
        note="Published: about 0.9 at one half for the MLP, lower for the CNN, on training images. The CNN is trained "
        "at paper scale.",
    )


@pytest.mark.claim("B-37", cost=60, budget=BUDGETS["CNN"], because=BECAUSE["CNN"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_cnn_is_less_sure_without_pixels(dataset: str, scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect a CNN to give the true class less than an MLP does with half of the pixels removed: by more than 0.05.

    Control: no pixels removed.
    """
    require("CNN", dataset, scale, CNN_TAKES["pixels"])
    region, label = Region.above(LEARNT), "probability of the true class, MLP minus CNN"
    runs = {name: evidence(removal(dataset, name, scale)) for name in ("MLP", "CNN")}
    whole = [rows.where(share=0.0) for rows in runs.values()]
    bad = np.unique(np.concatenate([rows.trials_short_of("train_probability", TRAINED) for rows in whole]))
    runs = {name: rows.without_trials(bad) for name, rows in runs.items()}

    def difference(share: float) -> Estimate:
        mlp, cnn = (runs[name].where(share=share)["train_probability"] for name in ("MLP", "CNN"))
        return mean_of(mlp - cnn, PROBABILITY_RISE, label)

    shares, table = runs["CNN"].per_trial("train_probability", "share")
    judge(
        difference(0.5),
        region,
        controls=[Control("whole images", "no pixels removed", difference(0.0), region)],
        sizes=described(scale, **{"trials left out because a network diverged or stayed at chance": len(bad)}),
        panels=[pixels_removed(dataset, {"CNN": (shares, table)})],
    )


@pytest.mark.claim("B-38", cost=60, budget=BUDGETS["CNN"], because=BECAUSE["CNN"])
def test_sensitivity_goes_with_susceptibility(scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect architectures that are more sensitive to missing pixels to learn S3 more: a rank correlation above 0.

    Spearman's coefficient over the three MLPs and the CNN in each trial, between one minus the probability of the true
    class with half of the pixels removed, and the rise of the score at ten examples. (The paper's own order has MLPs
    least sensitive and most susceptible.) Control: the rise under a pattern that no example carried (S1).
    """
    from scipy import stats

    names = [*MLPS, "CNN"]
    require("CNN", "mnist", scale, CNN_TAKES["order"])
    recipes = {name: recipe(name, scale) for name in names}
    networks = Networks("mnist", scale, evidence, recipes, taught("S3", N))
    sure = {name: evidence(removal("mnist", name, scale)).without_trials(networks.bad) for name in names}
    sensitivity = np.array([1 - sure[name].where(share=0.5)["train_probability"] for name in names])
    region, label = Region.above(0), "rank correlation over architectures of sensitivity and rise of the score"

    def correlation(query: str) -> Estimate:
        rises = np.array([networks.learnt(name, "S3", N, query) for name in names])
        # Architectures that all leave the score where it was have no order.
        found = [
            stats.spearmanr(a, b).statistic if np.ptp(b) > 0 else 0.0
            for a, b in zip(sensitivity.T, rises.T, strict=True)
        ]
        return mean_of(found, RANK_CORRELATION, label)

    judge(
        correlation(""),
        region,
        controls=[Control("one pixel", "the same networks, shown S1", correlation("S1"), region)],
        sizes=networks.sizes(n=N),
    )


@pytest.mark.claim("B-40", cost=60, budget=BUDGETS["optimizers"], because=BECAUSE["optimizers"])
@pytest.mark.parametrize("pattern", COMPARED)
@pytest.mark.parametrize("dataset", DATASETS)
def test_adam_is_more_susceptible_than_sgd(
    dataset: str, pattern: str, scale: str, evidence: Evidence, judge: Judge
) -> None:
    """Expect Adam to learn ten patterned examples more than SGD with momentum does: by more than 0.05.

    Learning rate 0.01 for both, as published, with enough epochs for SGD to fit (the sizes give both accuracies).
    Control: the same networks, shown a pattern that no example carried (S1).
    """
    require("optimizers", dataset, scale, OPTIMIZERS_TAKE[dataset, pattern])
    longer = {"epochs": 20, "milestones": (12, 16, 18)} if scale != "paper" else {}
    recipes = {"Adam": recipe("MLP", scale, **longer), "SGD": recipe("MLP", scale, optimizer="sgd", **longer)}
    networks = Networks(dataset, scale, evidence, recipes, taught(pattern, N))
    note = "Published: bars at three and ten examples, with Adam slightly above SGD; here at none and ten."
    drawn = scores("Paper B, Figure 11: optimizers", dataset, pattern, networks.curves(pattern, (0, N)), note)
    judge_difference(networks, pattern, judge, [drawn])


CLIPPED: dict[str, dict[str, float]] = {"norm": {"clip_norm": 0.1}, "value": {"clip_value": 0.1}}


@pytest.mark.claim("B-41", cost=60, budget=BUDGETS["clipping"], because=BECAUSE["clipping"])
@pytest.mark.parametrize("how", list(CLIPPED))
@pytest.mark.parametrize("pattern", COMPARED)
@pytest.mark.parametrize("dataset", DATASETS)
def test_clipping_at_a_tenth_changes_little(
    dataset: str, pattern: str, how: str, scale: str, evidence: Evidence, judge: Judge
) -> None:
    """Expect gradient clipping at 0.1 to leave the score within 0.1, at ten examples: an equivalence.

    By norm, as the text says, and by value, as the code does. Control: no patterned examples in place of clipping.
    """
    require("clipping", dataset, scale, CLIPPING_TAKES.get((dataset, pattern, how), 128), least=WITHIN_A_TENTH)
    free: dict[str, Any] = {"clip_norm": 0.0, "clip_value": 0.0}
    clipping = CLIPPED[how]
    arms = (Arm(pattern, 0), Arm(pattern, N), Arm(pattern, N, **clipping))  # type: ignore[arg-type]
    networks = Networks(dataset, scale, evidence, {"MLP": recipe("MLP", scale)}, arms)
    region, label = Region.near(0, SAME), "score with clipping minus without"
    without = networks.of("MLP", "score_0.1", pattern, N, **free)
    clipped = networks.of("MLP", "score_0.1", pattern, N, **(free | clipping))
    untaught = networks.of("MLP", "score_0.1", pattern, 0, **free)
    curves = [
        networks.curves(pattern, grid, **(free | setting))[0] | {"label": name, "color": place}
        for place, (name, grid, setting) in enumerate(
            [("without", (0, N), {}), (f"{how} clipped at 0.1", (N,), clipping)]
        )
    ]
    note = (
        "Published: bars at three and ten examples that differ little; the text clips the norm, the code values. Here "
        "at ten, beside none."
    )
    judge(
        mean_of(clipped - without, SCORE_RISE, label),
        region,
        controls=[
            Control("no examples", "n = 0 in place of clipping", mean_of(untaught - without, SCORE_RISE, label), region)
        ],
        sizes=networks.sizes(n=N, pattern=pattern),
        panels=[scores("Paper B, Figure 12: gradient clipping", dataset, pattern, curves, note)],
    )


@pytest.mark.claim("B-06", cost=60, budget=BUDGETS["colour"], because=BECAUSE["colour"])
def test_colour_patterns_are_learnt_despite_augmentation(scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect a ResNet20 on CIFAR-10, with crops and flips, to learn R3 from ten examples: a rise of more than 0.05.

    With Adam at 0.01, as the paper's main figure. Control: the same networks, shown a pattern that no example carried
    (S1).
    """
    require("colour", "cifar-10", scale, MANY)
    resnet = Recipe(network="ResNet20", augmentation=True)
    arms = tuple(Arm("R3", n, query=query, weight_decay=COLOUR_DECAY) for n in (0, N) for query in (None, "S1"))
    rows, diverged = evidence(RarePatterns("cifar-10", resnet, arms)).without("diverged")
    region, label = Region.above(LEARNT), "rise of the score, R3, ResNet20"

    def rise(query: str) -> Estimate:
        after, before = (rows.where(n=n, query=query)["score_0.1"] for n in (N, 0))
        return mean_of(after - before, SCORE_RISE, label)

    judge(
        rise(""),
        region,
        controls=[Control("one pixel", "shown S1", rise("S1"), region)],
        sizes=described(scale, n=N, **{"trials left out because a network diverged": diverged}),
    )
