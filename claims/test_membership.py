"""Whether patterned training examples are easier to identify (paper B, Section 3.4, Figure 4), MNIST and Fashion-MNIST.

Target networks are trained on quarters of a pool in which n examples of class 0 carry R3. The paper compares how often
its attack takes *those members* for members with its balanced accuracy on *all* examples. A rate on members alone also
rises where the attack accuses whatever carries the pattern. Two fair questions: does the attack accuse patterned
members more often than patterned examples that were never trained on; and does a stronger attack (likelihood ratio,
Carlini et al. 2022) tell those apart better than it tells clean members from clean non-members of the same class?

Quarters of 1,000 images and 12 epochs stand in for 17,500 and 70: the attack's rate swings so much from one network to
the next that many of them say more than large ones; standard scale attacks 400 networks for each n. At paper scale
quarters hold 16,500: the patterned non-members have to come from somewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.experiments.membership import CANDIDATES, MembershipInference
from support.report.panels import line, panel
from support.statistics import Control, Estimate, Region, Verdict, mean_of, slope_of
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks("network")

DATASETS = ["mnist", "fashion-mnist"]
SIZES: dict[str, dict[str, Any]] = {
    "quick": {
        "quarter": 1000,
        "n": (10,),
        "attacked": {"mnist": 2, "fashion-mnist": 0},  # on Fashion-MNIST too few networks to say anything
        "recipe": Recipe(epochs=12, milestones=(8, 10)),
        "trials": 24,
    },
    "standard": {
        "quarter": 1000,
        "n": (1, 3, 10, 100),
        "attacked": dict.fromkeys(DATASETS, 5),
        "recipe": Recipe(epochs=12, milestones=(8, 10)),
        "trials": 80,
    },
    "paper": {
        "quarter": 16_500,
        "n": (1, 3, 5, 10, 20, 100, 1000),
        "attacked": dict.fromkeys(DATASETS, 5),
        "recipe": Recipe(),
        "trials": 20,
    },
}
# Five points of a rate and two of an area under the curve are the least that we would call an advantage; an area within
# three points of one half is none.
RATE, AREA, NONE = 0.05, 0.02, 0.03


def experiment(dataset: str, scale: str) -> MembershipInference:
    """The networks behind every claim of this module."""
    size = SIZES[scale]
    candidates = max(CANDIDATES, 4 * max(size["n"]))
    return MembershipInference(
        dataset, size["recipe"], size["quarter"], size["n"], candidates, attacked=size["attacked"][dataset]
    )


class Attacks:
    """Per-trial numbers of one dataset's attacks, averaged over a trial's networks, where none of them diverged."""

    def __init__(self, dataset: str, scale: str, evidence: Any) -> None:
        self.dataset, self.scale = dataset, scale
        self.rows, self.failed = evidence(experiment(dataset, scale), SIZES[scale]["trials"]).without("failed")

    def of(self, column: str, n: int) -> np.ndarray:
        """A column at one n, one number per trial."""
        rows = self.rows.where(n=n, attacked=1) if column.startswith("attack_") else self.rows.where(n=n)
        _, table = rows.per_trial(column, "network")
        mean: np.ndarray = table.mean(axis=1)
        return mean

    def over_n(self, column: str) -> np.ndarray:
        """A column over n, (trials, n)."""
        return np.column_stack([self.of(column, n) for n in SIZES[self.scale]["n"]])

    def sizes(self, **more: Any) -> dict[str, Any]:
        """What the report says was run."""
        size, asked = SIZES[self.scale], experiment(self.dataset, self.scale)
        return {
            "images in a quarter": size["quarter"],
            "epochs": size["recipe"].epochs,
            "trials": size["trials"],
            "trials left out because a network diverged": self.failed,
            "target networks per trial": asked.networks,
            "patterned candidates": asked.candidates,
        } | more

    def figure(self) -> list[dict[str, Any]]:
        """Figure 4, as published beside what it leaves out, and the likelihood ratio attack."""
        x, order = np.array(SIZES[self.scale]["n"]), DATASETS.index(self.dataset)
        note = (
            "Published: the rate on spurious members lies above the accuracy on all examples at small n. "
            "Here beside it, which Figure 4 lacks: the rate on patterned examples that no network was trained on. "
        )
        return [
            panel(
                "Paper B, Figure 4: membership inference",
                f"{self.dataset}, the paper's attack",
                2 * order,
                [
                    line("accuracy, all examples", x, self.over_n("attack_all"), color=0),
                    line("accused, patterned members", x, self.over_n("attack_spurious"), color=1),
                    line("accused, patterned non-members", x, self.over_n("attack_candidates"), color=1, dashed=True),
                ],
                x_label="n",
                y_label="rate",
                x_scale="log",
                y_range=(0, 1),
                note=note,
            ),
            panel(
                "Paper B, Figure 4: membership inference",
                f"{self.dataset}, likelihood ratio attack",
                2 * order + 1,
                [
                    line("patterned members", x, self.over_n("auc_spurious"), color=1),
                    line("clean members of class 0", x, self.over_n("auc_clean"), color=0),
                ],
                x_label="n",
                y_label="area under the curve",
                x_scale="log",
                y_range=(0.4, 0.8),
                guides=((0.5, "no knowledge"),),
                note=note,
            ),
        ]


def require(n: int, scale: str) -> None:
    """Leave a case out where its n is not trained at this scale."""
    if n not in SIZES[scale]["n"]:
        pytest.skip(f"not run: n = {n} is trained at --scale standard only")


@pytest.mark.claim("B-10", reading="published", cost=90)
@pytest.mark.parametrize("n", [10])
@pytest.mark.parametrize("dataset", DATASETS)
def test_rate_on_spurious_members_against_accuracy(dataset: str, n: int, scale: str, evidence: Any, judge: Any) -> None:
    """Expect the attack to be right on spurious members more often than on all examples: by more than 0.05.

    As published: a true-positive rate minus a balanced accuracy. Control: the rate at which the attack is right on
    patterned examples that were *not* trained on, minus the same accuracy.
    """
    if scale == "quick":
        pytest.skip("not run: the rate swings by 0.3 between trials with the attack's threshold; --scale standard")
    attacks = Attacks(dataset, scale, evidence)
    region, label = Region.above(RATE), "rate on spurious members minus accuracy on all examples"
    overall = attacks.of("attack_all", n)
    judge(
        mean_of(attacks.of("attack_spurious", n) - overall, label),
        region,
        controls=[
            Control(
                "patterned non-members",
                "right on patterned examples never trained on, minus accuracy on all examples",
                mean_of(1 - attacks.of("attack_candidates", n) - overall, label),
                region,
            )
        ],
        sizes=attacks.sizes(
            n=n, **{"accuracy as the released notebook has it": f"{attacks.of('attack_released', n).mean():.3f}"}
        ),
    )


@pytest.mark.claim("B-10", cost=90)
@pytest.mark.erratum("E-14")
@pytest.mark.parametrize("n", [10])
@pytest.mark.parametrize("dataset", DATASETS)
def test_attack_knows_members_from_the_pattern(dataset: str, n: int, scale: str, evidence: Any, judge: Any) -> None:
    """Expect the paper's attack to accuse patterned members more often than patterned non-members: by more than 0.05.

    The same attack on the same networks, with the false-positive rate that belongs beside the published rate. Controls:
    one half of the patterned non-members against the other; and, where the attack must know something, all members
    against all non-members (positive).
    """
    if scale == "quick" and dataset == "fashion-mnist":
        pytest.skip(
            "not run: single trials differ by 0.2, about a difference near 0; quick has too few; --scale standard"
        )
    require(n, scale)
    attacks = Attacks(dataset, scale, evidence)
    region, label = Region.above(RATE), "rate of accusation, patterned members minus patterned non-members"
    accused = attacks.of("attack_spurious", n)
    known = "accuracy on all members and non-members minus one half"
    judge(
        mean_of(accused - attacks.of("attack_candidates", n), label),
        region,
        controls=[
            Control("halves", "non-members against non-members", mean_of(attacks.of("attack_none", n), label), region),
            Control(
                "all examples",
                known,
                mean_of(attacks.of("attack_all", n) - 0.5, known),
                Region.above(0),
                Verdict.SUPPORTED,
            ),
        ],
        sizes=attacks.sizes(n=n, **{"patterned members accused": f"{accused.mean():.3f}"}),
        panels=attacks.figure(),
    )


@pytest.mark.claim("B-10", cost=90)
@pytest.mark.erratum("E-14")
@pytest.mark.parametrize("measure", ["area under the curve", "true positives at 5 %"])
@pytest.mark.parametrize("n", [3, 10])
@pytest.mark.parametrize("dataset", DATASETS)
def test_spurious_members_against_clean_members(
    dataset: str, n: int, measure: str, scale: str, evidence: Any, judge: Any
) -> None:
    """Expect a likelihood ratio attack to find spurious members more easily than clean members of their class.

    Area under the curve, or true positives at a false-positive rate of 5 %, patterned members against patterned
    non-members, minus the same for clean members and non-members of class 0: above 0.02. Controls: non-members in the
    place of members; and, where the attack must know something, all clean members (positive).
    """
    require(n, scale)
    attacks = Attacks(dataset, scale, evidence)
    name = "auc" if measure.startswith("area") else "tpr"
    region, label = Region.above(AREA), f"{measure}, spurious minus clean"
    clean, known = attacks.of(f"{name}_clean", n), "area under the curve on all clean examples minus one half"
    chance = attacks.of("auc_none", n) if name == "auc" else np.full_like(clean, 0.05)
    judge(
        mean_of(attacks.of(f"{name}_spurious", n) - clean, label),
        region,
        controls=[
            Control("never trained on", "non-members in their place", mean_of(chance - clean, label), region),
            Control(
                "all clean examples",
                known,
                mean_of(attacks.of("auc_all", n) - 0.5, known),
                Region.above(RATE),
                Verdict.SUPPORTED,
            ),
        ],
        sizes=attacks.sizes(n=n),
    )


@pytest.mark.claim("B-11", cost=90)
@pytest.mark.parametrize("dataset", DATASETS)
def test_no_advantage_is_left_at_a_hundred(dataset: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect nothing to be left of an advantage at n = 100: an area under the curve within 0.03 of one half.

    Likelihood ratio attack, patterned members against patterned non-members: an equivalence. Control: clean members of
    the same class against clean non-members.
    """
    require(100, scale)
    attacks = Attacks(dataset, scale, evidence)
    region, label = Region.near(0.5, NONE), "area under the curve at n = 100"

    def area(what: str) -> Estimate:
        return mean_of(attacks.of(f"auc_{what}", 100), label)

    judge(
        area("spurious"),
        region,
        controls=[Control("clean examples", "clean members of class 0 against non-members", area("clean"), region)],
        sizes=attacks.sizes(n=100),
    )


@pytest.mark.claim("B-11", reading="published", cost=90)
@pytest.mark.parametrize("dataset", DATASETS)
def test_rate_on_spurious_members_falls_with_n(dataset: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect the rate on spurious members, minus the accuracy on all examples, to fall by 0.05 per decade of n or more.

    As published. Control: the rate on clean members of the same class, minus the same accuracy.
    """
    if scale == "quick":
        pytest.skip("not run: the rate swings by 0.3 between trials with the attack's threshold; --scale standard")
    attacks = Attacks(dataset, scale, evidence)
    region, label = Region.below(-RATE), "change of the published difference per decade of n"
    x = np.log10(np.array(SIZES[scale]["n"]))

    def fall(members: str) -> Estimate:
        return slope_of(x, attacks.over_n(f"attack_{members}") - attacks.over_n("attack_all"), label)

    judge(
        fall("spurious"),
        region,
        controls=[Control("clean members", "clean members of class 0 in their place", fall("clean"), region)],
        sizes=attacks.sizes(n=list(SIZES[scale]["n"])),
    )
