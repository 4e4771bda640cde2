"""Whether deletion removes a memorized pattern (paper B, Appendix E, Figure 18), on MNIST and Fashion-MNIST.

Networks of the paper's MLP are trained with n examples of class 0 that carry R3; a method then takes the examples away.
The effect is the share of the spurious score that goes: 0 is nothing, 1 is as much as training from scratch without
the examples takes, paired by trial (a ratio of means with Fieller's interval). Two statements, decided apart: a method
*leaves the score unchanged* (the share lies within 0.1 of 0) and it *does not remove it* (the share lies below 0.75).

The released code resumes training at the end of the schedule, where the learning rate is 1e-5 and next to nothing
moves; the sound reading starts the schedule anew. Its influence estimate divides where it should not; the sound reading
solves with conjugate gradients.

Subsets of 4,000 images and 8 epochs stand in for 60,000 and 70: what is removed spreads so much between trials that
many networks say more than large ones. Quick scale deletes ten examples, standard scale three and a hundred too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.data.gaussian import Gaussian
from support.experiments.deletion import ESTIMATED, HEADS, RETRAINED, Deletion, Influence
from support.experiments.kernel_deletion import KernelDeletion
from support.report.panels import line, panel
from support.statistics import Control, Estimate, Region, Verdict, mean_of, share_of, worst_of
from support.training.recipe import Recipe

TRAINED = pytest.mark.asks("network")
ESTIMATE = pytest.mark.asks("the paper's network", because="influence is computed for fully connected networks")

SIZES: dict[str, dict[str, Any]] = {
    "quick": {
        "subset": 4000,
        "test": 2000,
        "recipe": Recipe(epochs=8, milestones=(5, 7)),
        "n": (10,),
        "influence": Influence(examples=500, released_depth=300),
        "trials": {"retraining": 20, "influence": 6},
    },
    "standard": {
        "subset": 4000,
        "test": 2000,
        "recipe": Recipe(epochs=8, milestones=(5, 7)),
        "n": (3, 10, 100),
        "influence": Influence(examples=2000),
        "trials": {"retraining": 80, "influence": 12},
    },
    "paper": {
        "subset": None,
        "test": None,
        "recipe": Recipe(),
        "n": (3, 5, 10, 20, 100),
        "influence": Influence(released_depth=2000),
        "trials": {"retraining": 20, "influence": 8},
    },
}
CURVES = {
    "retraining": [
        ("before deletion", "before", 0, False),
        ("training resumed, as released", "resumed", 1, False),
        ("training restarted", "restarted", 1, True),
        ("trained from scratch without", "scratch", 3, False),
    ],
    "influence": [
        ("influence, as released", "released influence", 2, False),
        ("influence, conjugate gradients", "influence", 2, True),
    ],
}
DATASETS = ["mnist", "fashion-mnist"]
# The ends and the middle of the paper's grid.
DELETIONS = [3, 10, 100]
# A tenth of the score is the least that we would call a change; three quarters of it the least that we would call gone.
UNCHANGED, REMOVED = 0.1, 0.75
STATEMENTS = {"unchanged": Region.near(0, UNCHANGED), "not removed": Region.below(REMOVED)}
# What is trained together: both kinds need the network before deletion and the one from scratch. What influence does
# hardly varies between trials, what retraining does varies much.
METHODS = {
    "retraining": ("before", "scratch", *RETRAINED),
    "influence": ("before", "scratch", *ESTIMATED, *HEADS),
}
# Regression on a few hundred samples memorizes their backgrounds; a hundred of them are deleted.
KERNEL = {"quick": 20, "standard": 40, "paper": 40}
SAMPLES, DELETED = 400, 100
# The closed form and the fit from scratch differ by rounding, at condition numbers of a few thousand.
ROUNDING = 1e-8


def experiment(kind: str, dataset: str, scale: str) -> Deletion:
    """The networks behind the claims on retraining, or on influence."""
    size = SIZES[scale]
    return Deletion(
        dataset, size["recipe"], size["n"], METHODS[kind], size["influence"], subset=size["subset"], test=size["test"]
    )


class Deletions:
    """Per-trial numbers of one dataset; trials in which training or the recursion diverged are left out and counted."""

    def __init__(self, kind: str, dataset: str, scale: str, evidence: Any) -> None:
        self.kind, self.dataset, self.scale = kind, dataset, scale
        rows = evidence(experiment(kind, dataset, scale), SIZES[scale]["trials"][kind])
        self.rows, self.failed = rows.without("failed")

    def of(self, column: str, method: str, n: int) -> np.ndarray:
        """A column under one method, one number per trial."""
        found: np.ndarray = self.rows.where(method=method, n=n)[column]
        return found

    def share(self, method: str, n: int, label: str) -> Estimate:
        """Share of the score that a method takes away, 1 being what training from scratch takes away."""
        before, after, scratch = (self.of("score", name, n) for name in ("before", method, "scratch"))
        return share_of(
            before - after,
            before - scratch,
            label,
            grain=1 / (SIZES[self.scale]["test"] or 10_000),
        )

    def sizes(self, method: str, n: int) -> dict[str, Any]:
        """What the report says was run."""
        size = SIZES[self.scale]
        score = {name: self.of("score", name, n).mean() for name in ("before", method, "scratch")}
        return {
            "training images": size["subset"] or 60_000,
            "epochs": size["recipe"].epochs,
            "trials": size["trials"][self.kind],
            "trials left out because something diverged": self.failed,
            "n": n,
            "mean score": ", ".join(f"{name} {value:.3f}" for name, value in score.items()),
        } | (
            {"median gradient of the examples before deletion": f"{np.median(self.of('gradient', method, n)):.1e}"}
            if method in ESTIMATED
            else {}
        )

    def figure(self) -> dict[str, Any]:
        """This kind's curves of Figure 18, with the gold standard."""
        x = SIZES[self.scale]["n"]
        curves = [
            line(name, x, np.column_stack([self.of("score", method, n) for n in x]), color=color, dashed=dashed)
            for name, method, color, dashed in CURVES[self.kind]
        ]
        return panel(
            "Paper B, Figure 18: deletion",
            self.dataset,
            DATASETS.index(self.dataset),
            curves,
            x_label="n",
            y_label="spurious score",
            x_scale="log",
            y_range=(-0.02, 1.02),
            note="Published: the scores before deletion, after training on and after influence lie on each other. "
            "Figure 18 lacks the network trained from scratch without the examples, and training at a live learning "
            "rate.",
        )


def kind_of(method: str) -> str:
    """The kind of run that a method belongs to."""
    return next(kind for kind, methods in METHODS.items() if method in methods)


def require(n: int, scale: str) -> None:
    """Leave a case out where its n is not trained at this scale."""
    if n not in SIZES[scale]["n"]:
        pytest.skip(f"not run: n = {n} is trained at --scale standard only")


def judge_share(
    method: str, statement: str, n: int, dataset: str, scale: str, evidence: Any, judge: Any, *more: Control
) -> None:
    """The share removed by a method, with training from scratch as the control."""
    require(n, scale)
    deletions = Deletions(kind_of(method), dataset, scale, evidence)
    label, region = f"share of the spurious score that is removed, {method}", STATEMENTS[statement]
    judge(
        deletions.share(method, n, label),
        region,
        controls=[
            Control("from scratch", "trained without the examples", deletions.share("scratch", n, label), region),
            *more,
        ],
        sizes=deletions.sizes(method, n),
        panels=[deletions.figure()],
    )


@pytest.mark.claim("B-42", reading="published", cost=90)
@TRAINED
@pytest.mark.parametrize("statement", list(STATEMENTS))
@pytest.mark.parametrize("n", DELETIONS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_resumed_training(dataset: str, n: int, statement: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect training that goes on at 1e-5, as released, to leave the score as it was, and so not to remove it.

    Two statements: the share removed lies within 0.1 of 0, and below 0.75. Control: training from scratch without the
    examples, the gold standard, removes all.
    """
    judge_share("resumed", statement, n, dataset, scale, evidence, judge)


# Where training at a live learning rate removes too little to be told from nothing; elsewhere an erratum says that it
# removes a part.
HARDLY_TOUCHED = ("mnist", 100)
RESTARTED = [
    pytest.param(
        dataset,
        n,
        statement,
        marks=[pytest.mark.erratum("E-16")] if statement == "unchanged" and (dataset, n) != HARDLY_TOUCHED else [],
        id=f"{dataset}-{n}-{statement}",
    )
    for dataset in DATASETS
    for n in DELETIONS
    for statement in STATEMENTS
]


@pytest.mark.claim("B-42", cost=90)
@TRAINED
@pytest.mark.parametrize(("dataset", "n", "statement"), RESTARTED)
def test_restarted_training(dataset: str, n: int, statement: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect as many epochs again, at the learning rate and schedule of the first, to leave the score as it was.

    Two statements: the share removed lies within 0.1 of 0, and below 0.75. Control: training from scratch without the
    examples, the gold standard, removes all.
    """
    if scale == "quick" and statement == "unchanged":
        pytest.skip("not run: the share spreads by 0.3 between trials; quick has too few of them; --scale standard")
    judge_share("restarted", statement, n, dataset, scale, evidence, judge)


@pytest.mark.claim("B-43", reading="published", cost=90)
@ESTIMATE
@pytest.mark.parametrize("statement", list(STATEMENTS))
@pytest.mark.parametrize("n", DELETIONS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_released_influence(dataset: str, n: int, statement: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect group influence, as released (LiSSA without its rescaling and averaging), to leave the score as it was.

    Scale 150 and damping 0.01 on both datasets; the released scale for MNIST, 25, makes the recursion diverge on
    networks whose training is as short as here. Control: training from scratch without the examples.
    """
    judge_share("released influence", statement, n, dataset, scale, evidence, judge)


@pytest.mark.claim("B-43", cost=90)
@ESTIMATE
@pytest.mark.parametrize("statement", list(STATEMENTS))
@pytest.mark.parametrize("n", DELETIONS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_influence(dataset: str, n: int, statement: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect group influence by conjugate gradients (Gauss-Newton matrix, damping 0.01) to leave the score as it was.

    A network that is sure of the examples has next to no gradient on them (the sizes say how little), so that a method
    made of that gradient has nothing to take away. Controls: training from scratch without the examples; and three
    that must come out for the method to mean anything: conjugate gradients converged, a Newton step on a convex problem
    (the last layer alone, on features that never saw the pattern) goes more than half of the way to the refitted layer,
    and where deletion is exact (random-feature and NTK regression) the deleted samples' backgrounds are forgotten.
    """
    require(n, scale)
    deletions = Deletions("influence", dataset, scale, evidence)
    residual = "largest relative residual of conjugate gradients"
    left = "share of the distance to the refitted layer that a Newton step leaves"
    tolerance = SIZES[scale]["influence"].tolerance
    kernels = {family: forgotten(family, scale, evidence) for family in ("rf", "ntk")}
    judge_share(
        "influence",
        statement,
        n,
        dataset,
        scale,
        evidence,
        judge,
        Control(
            "converged",
            residual,
            worst_of(deletions.of("residual", "influence", n).tolist(), residual),
            Region.below(tolerance * 1.5),
            Verdict.SUPPORTED,
        ),
        Control(
            "convex problem",
            left,
            mean_of(deletions.of("error", "head Newton", n), left),
            Region.below(0.5),
            Verdict.SUPPORTED,
        ),
        *(
            Control(f"exact deletion, {family.upper()}", estimate.label, estimate, Region.above(0.1), Verdict.SUPPORTED)
            for family, estimate in kernels.items()
        ),
    )


def forgotten(family: str, scale: str, evidence: Any) -> Estimate:
    """Fall of spurious accuracy on deleted samples in kernel regression, where deletion is exact."""
    rows = evidence(kernel(family), KERNEL[scale])
    fall = rows["spurious_accuracy"] - rows["deleted_spurious_accuracy"]
    return mean_of(fall, f"fall of spurious accuracy on {DELETED} deleted of {SAMPLES} samples")


def kernel(family: str) -> KernelDeletion:
    """Regression of Gaussian data at infinite width, with the kernels ρ + ρ² and ρ + ρ⁴."""
    activation = "h1+h2" if family == "rf" else "h0+h3"
    return KernelDeletion(family, activation, Gaussian(d=500), SAMPLES, (DELETED,))  # type: ignore[arg-type]


@pytest.mark.claim("B-43", cost=10)
@pytest.mark.parametrize("family", ["rf", "ntk"])
def test_exact_deletion_is_training_from_scratch(family: str, scale: str, evidence: Any, judge: Any) -> None:
    """Expect deletion by the closed form to leave the fit that never saw the samples, to rounding.

    The measure's own control: in random-feature and NTK regression (infinite width, Gaussian data) group deletion is
    exact. Largest difference of outputs on the deleted samples' backgrounds, over all trials. Control: no deletion, by
    the fall of spurious accuracy that deletion brings.
    """
    rows = evidence(kernel(family), KERNEL[scale])
    label, region = "largest difference between deletion and a fit from scratch", Region.below(ROUNDING)
    fall = rows["spurious_accuracy"] - rows["deleted_spurious_accuracy"]
    judge(
        worst_of(rows["gap"].tolist(), label),
        region,
        controls=[Control("no deletion", "fall of spurious accuracy", mean_of(fall, label), region)],
        sizes={"samples": SAMPLES, "deleted": DELETED, "d": 500, "trials": KERNEL[scale]},
    )
