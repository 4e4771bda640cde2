"""Whether regularization keeps a network from learning a rare pattern (paper B, Section 5), MNIST and Fashion-MNIST.

Ten training images of class 0 carry R3; for gradient clipping, S3 too. A network is trained under each regularizer with
and without them, from the same start in the same order. What the pattern taught is the excess: the mean rise of the
target probability under the pattern, minus that of the network trained under the *same* regularizer without patterned
examples. (The published curves take an unregularized network as n = 0, so that a regularizer's own effect on patterned
images is counted as a remedy, or hidden. The published score, the share of images with a rise above 0.1, is at its
ceiling of 0.9 for almost every remedy here and would hide what they do.)

The text speaks of suitable strengths without naming one; the levels were chosen from the released grids in pilots on
another seed: the largest whose cost in clean accuracy looked below two points.

Subsets of 4,000 images and 8 epochs stand in for 60,000 and 70. Trials spread so much that many of them say more than
many images do: standard scale has more of them, and Fashion-MNIST, and the published grids of strengths.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from support.evidence.collect import NotRecordedError
from support.experiments.rare_patterns import Arm, RarePatterns
from support.measures.table import ACCURACY_CHANGE, PROBABILITY_RISE
from support.document.panels import line, panel
from support.statistics import Control, Estimate, Region
from support.statistics.effects import mean_of
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks("network")

SHORT = {"subset": 4000, "test": 2000, "recipe": Recipe(epochs=8, milestones=(5, 7))}
WHOLE = {"subset": None, "test": None, "recipe": Recipe()}
SIZES: dict[str, dict[str, Any]] = {
    "quick": SHORT,
    "standard": SHORT | {"grid trials": 5},
    "paper": WHOLE | {"grid trials": 5},
}
DATASETS = ["mnist", "fashion-mnist"]
PATTERN, N = "R3", 10
OTHER = "S1"  # a pattern that no example carries
REMEDIES = ["none", "input noise", "weight decay", "clipped norm", "clipped values"]
STRENGTHS: dict[str, dict[str, dict[str, float]]] = {
    dataset: {
        "none": {},
        "input noise": {"input_noise": noise},
        "weight decay": {"weight_decay": 1e-3},
        "clipped norm": {"clip_norm": 0.1},
        "clipped values": {"clip_value": 1e-3},
    }
    for dataset, noise in (("mnist", 0.5), ("fashion-mnist", 0.2))
}
# Of the released code; it clips values only.
GRIDS: dict[str, tuple[str, tuple[float, ...]]] = {
    "input noise": ("input_noise", (0.1, 0.2, 0.5, 1.0)),
    "weight decay": ("weight_decay", (1e-5, 1e-4, 1e-3, 1e-2)),
    "clipped norm": ("clip_norm", (1.0, 0.1, 0.01)),
    "clipped values": ("clip_value", (0.1, 0.01, 0.001, 0.0001)),
}
# Five points of probability, two of accuracy; equivalent within ten points of probability.
LOWERED, CHANGE, EQUIVALENT = 0.05, 0.02, 0.1
# A network below this clean accuracy learns no pattern because it learns nothing: its trial says nothing of a remedy.
# With Adam the value clip of the released code makes every step of about the same length, however small the loss; after
# three epochs on all images of MNIST the network is back at chance (clean accuracy 0.1), which no remedy should get
# credit for.
TRAINED = 0.5


def experiment(remedy: str, dataset: str, scale: str, pattern: str = PATTERN) -> RarePatterns:
    """One remedy with and without patterned examples; remedies are paired, as a trial's draws do not depend on them."""
    size = SIZES[scale]
    arms = tuple(
        Arm(pattern, n, query=query, **STRENGTHS[dataset][remedy])  # type: ignore[arg-type]
        for n in (0, N)
        for query in (None, OTHER)
    )
    return RarePatterns(dataset, size["recipe"], arms, subset=size["subset"], test=size["test"])


def require(dataset: str, scale: str) -> None:
    """Leave the second dataset out at quick scale."""
    if scale == "quick" and dataset != "mnist":
        pytest.skip("not run: a second dataset would take quick scale beyond ten minutes; --scale standard")


class Remedies:
    """Per-trial numbers under each remedy; comparisons are over the trials that both remedies have."""

    def __init__(self, remedy: str, dataset: str, scale: str, evidence: Any, pattern: str = PATTERN) -> None:
        require(dataset, scale)
        runs = {name: evidence(experiment(name, dataset, scale, pattern)) for name in {"none", remedy}}
        # A trial in which a network under either diverged, which counts as accuracy 0, or stayed at chance is left out.
        idle = [rows.trials_short_of("clean_accuracy", TRAINED) for rows in runs.values()]
        self.left_out = np.unique(np.concatenate(idle))
        trials = runs["none"].trials
        self.dataset, self.scale, self.remedy, self.pattern, self.rows = dataset, scale, remedy, pattern, runs
        if trials - len(self.left_out) < 2:
            pytest.skip(
                f"not run: under {remedy} at {self.strength:g} a network of every trial diverged or ended at chance, "
                "and one that learns nothing learns no pattern"
            )

    def of(self, column: str, remedy: str, n: int = N, query: str = "") -> np.ndarray:
        """A column under a remedy."""
        rows = self.rows[remedy].without_trials(self.left_out).where(n=n, query=query)
        found: np.ndarray = rows[column]
        return found

    def excess(self, remedy: str, query: str = "") -> np.ndarray:
        """What the patterned examples add to the mean rise of the probability under a remedy."""
        added: np.ndarray = self.of("difference", remedy, N, query) - self.of("difference", remedy, 0, query)
        return added

    @property
    def strength(self) -> float:
        """Of the remedy."""
        (strength,) = STRENGTHS[self.dataset][self.remedy].values()
        return strength

    def sizes(self) -> dict[str, Any]:
        """What the report says was run."""
        size = SIZES[self.scale]
        return {
            "training images": size["subset"] or 60_000,
            "epochs": size["recipe"].epochs,
            "trials left out because a network diverged or stayed at chance": len(self.left_out),
            "pattern": self.pattern,
            "n": N,
            "remedy": f"{self.remedy}, {self.strength:g}",
        }


def judge_remedy(remedy: str, what: str, dataset: str, scale: str, evidence: Any, judge: Any) -> None:
    """Shared by noise and weight decay: excess rise lower, spurious accuracy higher, clean accuracy kept."""
    remedies = Remedies(remedy, dataset, scale, evidence)
    accuracy_kept = Region.below(CHANGE)
    measure = PROBABILITY_RISE if what == "lowers the score" else ACCURACY_CHANGE
    if what == "lowers the score":
        label, region = "excess rise without minus with the remedy", Region.above(LOWERED)
        effect = remedies.excess("none") - remedies.excess(remedy)
        control = Control(
            "one pixel",
            "the same difference for networks shown S1, which no example carried",
            mean_of(remedies.excess("none", OTHER) - remedies.excess(remedy, OTHER), measure, label),
            region,
        )
    elif what == "raises spurious accuracy":
        label, region = "spurious accuracy with minus without the remedy", Region.above(CHANGE)
        effect = remedies.of("spurious_accuracy", remedy) - remedies.of("spurious_accuracy", "none")
        plain = remedies.of("clean_accuracy", remedy) - remedies.of("clean_accuracy", "none")
        control = Control(
            "clean images", "the same difference without the pattern", mean_of(plain, measure, label), region
        )
    else:
        label, region = "clean accuracy without minus with the remedy", accuracy_kept
        effect = remedies.of("clean_accuracy", "none") - remedies.of("clean_accuracy", remedy)
        control = Control(
            "with the pattern",
            "clean accuracy minus accuracy on patterned images",
            mean_of(remedies.of("clean_accuracy", "none") - remedies.of("spurious_accuracy", "none"), measure, label),
            region,
        )
    judge(
        mean_of(effect, measure, label),
        region,
        controls=[control],
        sizes=remedies.sizes(),
        panels=[figure(remedies)] if scale == "quick" else [],
    )


SHOWN = {
    "spurious score": "score_0.1",
    "spurious accuracy": "spurious_accuracy",
    "clean accuracy": "clean_accuracy",
}
FIGURES = {"S3": "Paper B, Figures 7 and 14: regularization, S3", PATTERN: "Paper B, Figure 15: regularization, R3"}


def figure(remedies: Remedies) -> dict[str, Any]:
    """Figure 15 as far as quick scale goes: without the remedy, and at the strength that the claims are decided at."""
    curves = [
        line(
            name,
            (0, remedies.strength),
            np.column_stack([remedies.of(column, which) for which in ("none", remedies.remedy)]),
            color=place,
        )
        for place, (name, column) in enumerate(SHOWN.items())
    ]
    return described_panel(
        PATTERN,
        remedies.dataset,
        remedies.remedy,
        curves,
        note="Published: curves over a grid of strengths, averaged over n, with errors over n; here one strength, one "
        "n, and the spread over trials. The grids are trained at standard scale.",
    )


def described_panel(
    pattern: str, dataset: str, remedy: str, curves: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    """A panel of the figures of this section."""
    return panel(
        FIGURES[pattern],
        f"{dataset}, {remedy}",
        2 * REMEDIES.index(remedy) + DATASETS.index(dataset),
        curves,
        x_label="strength",
        y_label=f"rate, n = {N}",
        y_range=(0, 1),
        **more,
    )


def grid_experiment(dataset: str, scale: str) -> RarePatterns:
    """Every strength of every remedy's grid, for both patterns that the figures show."""
    size = SIZES[scale]
    levels: list[dict[str, float]] = [{}]
    levels += [{field: strength} for field, strengths in GRIDS.values() for strength in strengths]
    arms = [
        Arm(pattern, n, **level)  # type: ignore[arg-type]
        for level in levels
        for pattern in FIGURES
        for n in (0, N)
    ]
    return RarePatterns(dataset, size["recipe"], tuple(arms), subset=size["subset"], test=size["test"])


def grids(dataset: str, remedy: str, scale: str, evidence: Any) -> list[dict[str, Any]]:
    """Figures 7, 14 and 15 of one remedy: the score and both accuracies over the released strengths."""
    rows, _ = evidence(grid_experiment(dataset, scale), SIZES[scale]["grid trials"]).without("diverged")
    field, strengths = GRIDS[remedy]
    off = {name: 0.0 for name, _ in GRIDS.values()}

    def at(pattern: str, column: str, level: dict[str, float]) -> np.ndarray:
        found: np.ndarray = rows.where(pattern=pattern, n=N, **(off | level))[column]
        return found

    return [
        described_panel(
            pattern,
            dataset,
            remedy,
            [
                line(
                    name,
                    sorted(strengths),
                    np.column_stack([at(pattern, column, {field: strength}) for strength in sorted(strengths)]),
                    color=place,
                )
                for place, (name, column) in enumerate(SHOWN.items())
            ],
            x_scale="log",
            guides=((float(at(pattern, "score_0.1", {}).mean()), "score without"),),
            note="Published: averages over n = 1 to 100 with errors over n, where every curve's n = 0 is the "
            "unregularized network. Here n = 10, the spread over five seeds, and the score of the same networks "
            "without the remedy. Clipping is stronger to the left.",
        )
        for pattern in FIGURES
    ]


def if_recorded(panels: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """These panels, or none where a run that computes nothing lacks their evidence: no verdict waits for a figure."""
    try:
        return panels()
    except NotRecordedError:
        return []


# By the spread at quick scale 48 trials decide whether noise lowers the excess and something is left of it, 192 whether
# it raises spurious accuracy; that clean accuracy is kept within two points takes 512 to 768.
BUDGET = {"quick": 96, "standard": 400, "paper": 24}
BECAUSE = "by the spread at quick scale 48 trials decide what noise lowers and what is left"

# Trials that would decide, resampled from quick's: of what its budget does not reach.
PLANNED = {"lowers the score": 128, "raises spurious accuracy": 192, "keeps clean accuracy": 768}

WHAT = ["lowers the score", "raises spurious accuracy", "keeps clean accuracy"]


@pytest.mark.claim("B-27", cost=90, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("dataset", DATASETS)
def test_input_noise(dataset: str, what: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect noise on the training inputs to lower the excess rise and raise spurious accuracy at little cost.

    Standard deviation 0.5 on MNIST and 0.2 on Fashion-MNIST: by more than 0.05 and 0.02, with less than 0.02 of clean
    accuracy lost. Controls: a pattern that no example carried, clean images, and accuracy on patterned images.
    """
    if scale == "quick" and what != "lowers the score":
        pytest.skip(
            f"not run: about {PLANNED[what]} trials would decide at this spread, and quick has {BUDGET['quick']}"
        )
    judge_remedy("input noise", what, dataset, scale, evidence, judge)


@pytest.mark.claim("B-28", cost=90, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("dataset", DATASETS)
def test_weight_decay(dataset: str, what: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect weight decay to lower the excess rise and raise spurious accuracy at little cost of clean accuracy.

    λ = 0.001; as for input noise. Decay is coupled to Adam's gradient, as in the released code.
    """
    if scale == "quick":
        pytest.skip(
            f"not run: about {PLANNED[what]} trials would decide at this spread, and quick has {BUDGET['quick']}"
        )
    judge_remedy("weight decay", what, dataset, scale, evidence, judge)


@pytest.mark.claim("B-29", cost=90, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("remedy", ["clipped norm", "clipped values"])
@pytest.mark.parametrize("pattern", ["S3", PATTERN])
@pytest.mark.parametrize("dataset", DATASETS)
def test_gradient_clipping_does_not_help(
    dataset: str, pattern: str, remedy: str, scale: str, evidence: Any, judge: Any
) -> None:
    """Expect gradient clipping to leave the excess rise where it is: within 0.1, an equivalence.

    By norm at 0.1, as the text says, and by value at 0.001, as the code does; for S3, which Figure 7 shows, and for R3.
    Control: no patterned examples in place of clipping.
    """
    if scale == "quick":
        pytest.skip("not run: an equivalence within 0.1 needs more trials than quick has")
    remedies = Remedies(remedy, dataset, scale, evidence, pattern)
    region, label = Region.near(0, EQUIVALENT), "excess rise with minus without clipping"
    judge(
        mean_of(remedies.excess(remedy) - remedies.excess("none"), PROBABILITY_RISE, label),
        region,
        controls=[
            Control(
                "no examples",
                "excess 0 in place of the clipped one",
                mean_of(-remedies.excess("none"), PROBABILITY_RISE, label),
                region,
            )
        ],
        sizes=remedies.sizes(),
    )


@pytest.mark.claim("B-30", cost=90, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("remedy", REMEDIES[1:])
@pytest.mark.parametrize("dataset", DATASETS)
def test_nothing_removes_it(dataset: str, remedy: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect an excess rise of more than 0.05 to be left under every remedy.

    Control: the same networks, shown a pattern that no example carried (S1).
    """
    remedies = Remedies(remedy, dataset, scale, evidence)
    region, label = Region.above(LOWERED), "excess rise left"

    def left(query: str) -> Estimate:
        return mean_of(remedies.excess(remedy, query), PROBABILITY_RISE, label)

    judge(
        left(""),
        region,
        controls=[Control("one pixel", "shown S1", left(OTHER), region)],
        sizes=remedies.sizes(),
        panels=[] if scale == "quick" else if_recorded(lambda: grids(dataset, remedy, scale, evidence)),
    )
