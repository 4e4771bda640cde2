"""Whether regularization keeps a network from learning a rare pattern (paper B, Section 5), on MNIST.

Ten training images of class 0 carry R3. A network is trained under each regularizer with and without them, from the
same start in the same order. What the pattern taught is the excess: the mean rise of the target probability under the
pattern, minus that of the network trained under the *same* regularizer without patterned examples. (The published
curves take an unregularized network as n = 0, so that a regularizer's own effect on patterned images is counted as a
remedy, or hidden. The published score, the share of images with a rise above 0.1, is at its ceiling of 0.9 for almost
every remedy here and would hide what they do.)

The text speaks of suitable strengths without naming one; the levels were chosen from the released grids in a pilot on
another seed: the largest whose cost in clean accuracy looked below two points.

At quick scale a subset of 4,000 images and 8 epochs stand in for 60,000 and 70.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.experiments.rare_patterns import Arm, RarePatterns
from support.report.panels import line, panel
from support.statistics import Control, Estimate, Region, mean_of
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks("network")

SIZES: dict[str, dict[str, Any]] = {
    "quick": {"subset": 4000, "test": 2000, "recipe": Recipe(epochs=8, milestones=(5, 7)), "trials": 12},
    "standard": {"subset": None, "test": None, "recipe": Recipe(epochs=20, milestones=(12, 16, 18)), "trials": 10},
    "paper": {"subset": None, "test": None, "recipe": Recipe(), "trials": 10},
}
PATTERN, N = "R3", 10
OTHER = "S1"  # a pattern that no example carries
REMEDIES: dict[str, dict[str, float]] = {
    "none": {},
    "input noise": {"input_noise": 0.5},
    "weight decay": {"weight_decay": 1e-3},
    "clipped norm": {"clip_norm": 0.1},
    "clipped values": {"clip_value": 1e-3},
}
# Five points of probability, two of accuracy; equivalent within ten points of probability.
LOWERED, CHANGE, EQUIVALENT = 0.05, 0.02, 0.1


# Trials of networks without a remedy and with input noise, the one remedy that quick can decide.
MORE_TRIALS = 3


def experiment(remedy: str, scale: str) -> RarePatterns:
    """One remedy with and without patterned examples; remedies are paired, as a trial's draws do not depend on them."""
    size = SIZES[scale]
    arms = tuple(
        Arm(PATTERN, n, query=query, **REMEDIES[remedy])  # type: ignore[arg-type]
        for n in (0, N)
        for query in (None, OTHER)
    )
    return RarePatterns("mnist", size["recipe"], arms, subset=size["subset"], test=size["test"])


def trials(remedy: str, scale: str) -> int:
    """Trials of a remedy."""
    count: int = SIZES[scale]["trials"]
    return count * MORE_TRIALS if remedy in ("none", "input noise") else count


def described(scale: str) -> dict[str, Any]:
    """What the report says was run."""
    size = SIZES[scale]
    return {
        "training images": size["subset"] or 60_000,
        "epochs": size["recipe"].epochs,
        "trials": size["trials"],
        "pattern": PATTERN,
        "n": N,
    }


class Remedies:
    """Per-trial numbers under each remedy; comparisons are over the trials that both remedies have."""

    def __init__(self, remedy: str, scale: str, evidence: Any) -> None:
        self.count = trials(remedy, scale)
        runs = {name: evidence(experiment(name, scale), trials(name, scale)) for name in {"none", remedy}}
        # A trial in which a network diverged under either is left out of the comparison.
        self.left_out = np.concatenate([rows.trials_with("diverged") for rows in runs.values()])
        self.rows = runs

    def of(self, column: str, remedy: str, n: int = N, query: str = "") -> np.ndarray:
        """A column under a remedy."""
        rows = self.rows[remedy].where(n=n, query=query)
        kept = (rows["trial"] < self.count) & ~np.isin(rows["trial"], self.left_out)
        found: np.ndarray = rows[column][kept]
        return found

    def excess(self, remedy: str, query: str = "") -> np.ndarray:
        """What the patterned examples add to the mean rise of the probability under a remedy."""
        added: np.ndarray = self.of("difference", remedy, N, query) - self.of("difference", remedy, 0, query)
        return added


def judge_remedy(remedy: str, what: str, scale: str, evidence: Any, judge: Any) -> None:
    """Shared by noise and weight decay: excess rise lower, spurious accuracy higher, clean accuracy kept."""
    remedies = Remedies(remedy, scale, evidence)
    accuracy_kept = Region.below(CHANGE)
    if what == "lowers the score":
        label, region = "excess rise without minus with the remedy", Region.above(LOWERED)
        effect = remedies.excess("none") - remedies.excess(remedy)
        control = Control(
            "one pixel",
            "the same difference for networks shown S1, which no example carried",
            mean_of(remedies.excess("none", OTHER) - remedies.excess(remedy, OTHER), label),
            region,
        )
    elif what == "raises spurious accuracy":
        label, region = "spurious accuracy with minus without the remedy", Region.above(CHANGE)
        effect = remedies.of("spurious_accuracy", remedy) - remedies.of("spurious_accuracy", "none")
        plain = remedies.of("clean_accuracy", remedy) - remedies.of("clean_accuracy", "none")
        control = Control("clean images", "the same difference without the pattern", mean_of(plain, label), region)
    else:
        label, region = "clean accuracy without minus with the remedy", accuracy_kept
        effect = remedies.of("clean_accuracy", "none") - remedies.of("clean_accuracy", remedy)
        control = Control(
            "with the pattern",
            "clean accuracy minus accuracy on patterned images",
            mean_of(remedies.of("clean_accuracy", "none") - remedies.of("spurious_accuracy", "none"), label),
            region,
        )
    judge(
        mean_of(effect, label),
        region,
        controls=[control],
        sizes=described(scale) | {"remedy": remedy},
        panels=[figure(remedies, remedy)] if what == "keeps clean accuracy" else [],
    )


def figure(remedies: Remedies, remedy: str) -> dict[str, Any]:
    """Figure 15's curves of one remedy: the score and both accuracies without it and at its strength."""
    (strength,) = REMEDIES[remedy].values()
    shown = {
        "spurious score": "score_0.1",
        "spurious accuracy": "spurious_accuracy",
        "clean accuracy": "clean_accuracy",
    }
    curves = [
        line(
            name,
            (0, strength),
            np.column_stack([remedies.of(column, which) for which in ("none", remedy)]),
            color=place,
        )
        for place, (name, column) in enumerate(shown.items())
    ]
    return panel(
        "Paper B, Figure 15: regularization, R3",
        remedy,
        list(REMEDIES).index(remedy),
        curves,
        x_label="strength",
        y_label=f"rate, n = {N}",
        y_range=(0, 1),
        note="Published: curves over a grid of strengths, averaged over n, with errors over n; here one strength, one "
        "n, and the spread over trials.",
    )


WHAT = ["lowers the score", "raises spurious accuracy", "keeps clean accuracy"]


@pytest.mark.claim("B-27", cost=90)
@pytest.mark.parametrize("what", WHAT)
def test_input_noise(what: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect noise on the training inputs to lower the excess rise and raise spurious accuracy at little cost.

    Standard deviation 0.5: by more than 0.05 and 0.02, with less than 0.02 of clean accuracy lost. Controls: a
    pattern that no example carried, clean images, and accuracy on patterned images.
    """
    judge_remedy("input noise", what, scale, evidence, judge)


@pytest.mark.claim("B-28", cost=90)
@pytest.mark.parametrize("what", WHAT)
def test_weight_decay(what: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect weight decay to lower the excess rise and raise spurious accuracy at little cost of clean accuracy.

    λ = 0.001; as for input noise. Decay is coupled to Adam's gradient, as in the released code.
    """
    if scale == "quick" and what != "keeps clean accuracy":
        pytest.skip("not run: trials spread by 0.3 about a difference of 0.2; quick has too few of them")
    judge_remedy("weight decay", what, scale, evidence, judge)


@pytest.mark.claim("B-29", cost=90)
@pytest.mark.parametrize("remedy", ["clipped norm", "clipped values"])
def test_gradient_clipping_does_not_help(remedy: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect gradient clipping to leave the excess rise where it is: within 0.1, an equivalence.

    By norm at 0.1, as the text says, and by value at 0.001, as the code does. Control: no patterned examples in place
    of clipping.
    """
    if scale == "quick":
        pytest.skip("not run: an equivalence within 0.1 needs more trials than quick has")
    remedies = Remedies(remedy, scale, evidence)
    region, label = Region.near(0, EQUIVALENT), "excess rise with minus without clipping"
    judge(
        mean_of(remedies.excess(remedy) - remedies.excess("none"), label),
        region,
        controls=[
            Control(
                "no examples", "excess 0 in place of the clipped one", mean_of(-remedies.excess("none"), label), region
            )
        ],
        sizes=described(scale) | {"remedy": remedy},
    )


@pytest.mark.claim("B-30", cost=90)
@pytest.mark.parametrize("remedy", [name for name in REMEDIES if name != "none"])
def test_nothing_removes_it(remedy: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect an excess rise of more than 0.05 to be left under every remedy.

    Control: the same networks, shown a pattern that no example carried (S1).
    """
    remedies = Remedies(remedy, scale, evidence)
    region, label = Region.above(LOWERED), "excess rise left"

    def left(query: str) -> Estimate:
        return mean_of(remedies.excess(remedy, query), label)

    judge(
        left(""),
        region,
        controls=[Control("one pixel", "shown S1", left(OTHER), region)],
        sizes=described(scale) | {"remedy": remedy},
    )
