"""What deletion methods leave of a memorized pattern (paper B, Appendix E, Figure 18).

A trial trains a network with n patterned examples, then lets each method take them away. All of a trial's networks
share a `support.experiments.scene.Scene`; the gold standard is trained from the same start in the same order on the
remaining examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from support.experiments.experiment import (
    BITS,
    CHOOSES_ARMS,
    ByArm,
    Columns,
    Context,
    require_distinct,
    require_grid,
)
from support.experiments.scene import CLASSES, Arm, Scene, require_images
from support.randomness import stream
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Sequential

    from support.training.ensemble import Trained
    from support.training.member import Member

# What the learning rate has fallen to where the released code resumes: three drops by ten.
RELEASED_DECAY = 1e-3
# Methods in which a network goes on training without the examples, and whether the schedule starts anew.
RETRAINED = {"resumed": False, "restarted": True}
ESTIMATED = ("influence", "released influence")
# The last layer alone, refitted with a penalty on the features of the network from scratch: a convex problem.
HEADS = ("head before", "head scratch", "head Newton")
ALWAYS = ("before", "scratch")
METHODS = (*ALWAYS, *RETRAINED, *ESTIMATED, *HEADS)
# Relative residual of the Newton step on the last layer.
HEAD_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Influence:
    """How group influence is computed.

    Attributes
    ----------
    damping : added to the Gauss-Newton matrix.
    tolerance, most : relative residual at which conjugate gradients stop, and their largest number of products.
    examples : training examples of which the matrix is the mean, drawn at random; None for all.
    released_scale, released_depth : of the released recursion; its damping is 0.01 and it divides by 10 runs.
    penalty : λ of λ‖θ‖²/2 on the last layer's weights and biases, beside its mean loss.
    """

    damping: float = 0.01
    tolerance: float = 0.01
    most: int = 200
    examples: int | None = None
    released_scale: float = 150.0
    released_depth: int = 500
    penalty: float = 1.0

    def __post_init__(self) -> None:
        for name in ("damping", "tolerance", "most", "released_scale", "released_depth", "penalty"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")


@dataclass(frozen=True)
class Removal:
    """One way to take n patterned examples away, and what is left.

    Attributes
    ----------
    n : patterned examples.
    method : one of `METHODS`; any of `HEADS` stands for all three, which are fitted together.
    influence : how influence is computed, for the methods that rest on it; else None.
    """

    n: int
    method: str
    influence: Influence | None = None


@dataclass(frozen=True)
class Deletion(ByArm):
    """Networks with n patterned examples, before and after their deletion.

    Methods: *before*, nothing is deleted; *scratch*, trained anew without the examples; *resumed*, as many epochs again
    without them at a thousandth of the learning rate, as released (where the optimiser's moments are kept; here they
    start at zero); *restarted*, the same with the learning rate and schedule of the first training; *influence*, H⁻¹ by
    conjugate gradients; *released influence*, by the released recursion; *head before*, *head scratch* and *head
    Newton*: the last layer alone on the features of the network from scratch (which never saw the pattern, so that all
    that is learnt of it is in the layer), with a penalty, fitted to convergence with and without the examples, and one
    Newton step from the one towards the other.

    An arm is a `Removal`. Networks that one arm starts from are trained for it whether they are arms themselves or not.
    Rows: one for each n and method, with columns

        method, n
        score, difference            share of test images whose target probability the pattern raises by more than 0.1,
                                     and mean rise
        clean_accuracy, spurious_accuracy
        step                         ℓ₂ norm of what was added to the parameters (influence methods)
        residual, products           relative residual of conjugate gradients, and the products that they took, where
                                     a method takes them
        error                        distance of head Newton's parameters from head scratch, over that of head before
        gradient                     ℓ₂ norm of the examples' mean loss gradient times n/N, at the network before
                                     (influence methods)
        failed                       1 where training diverged or the recursion did: nothing of the network was
                                     measured then

    Attributes
    ----------
    dataset : a key of `support.experiments.scene.IMAGES`.
    sizes : numbers n of patterned examples, increasing.
    methods : some of `METHODS`, of `HEADS` all or none; the first two are always run.
    pattern, target : what the examples carry, and their class.
    subset, test : training and test images, drawn at random; None for all.

    Raises
    ------
    ValueError : a field outside its range.
    """

    promise: ClassVar[float] = BITS
    arm_type: ClassVar[type] = Removal

    dataset: str
    recipe: Recipe
    sizes: tuple[int, ...] = field(metadata=CHOOSES_ARMS)
    methods: tuple[str, ...] = field(default=METHODS, metadata=CHOOSES_ARMS)
    influence: Influence = field(default=Influence(), metadata=CHOOSES_ARMS)
    pattern: str = "R3"
    target: int = 0
    subset: int | None = None
    test: int | None = None
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        require_images(self.dataset, self.subset, self.test)
        require_grid("sizes", self.sizes, 1)
        require_distinct("methods", self.methods)
        for method in self.methods:
            if method not in METHODS:
                raise ValueError(f"unknown method {method!r}: {', '.join(METHODS)}")
        if 0 < len(set(self.methods) & set(HEADS)) < len(HEADS):
            raise ValueError(f"methods must hold all of {', '.join(HEADS)} or none, got {self.methods}")
        if self.recipe.network is not None and set(self.methods) & {*ESTIMATED, *HEADS}:
            raise ValueError(f"influence is computed for fully connected networks, got {self.recipe.network}")

    def __str__(self) -> str:
        count = f"{self.subset:,} images" if self.subset else "all images"
        sizes = ", ".join(map(str, self.sizes))
        return f"deletion of {sizes} examples, {count} of {self.dataset}, {self.recipe.epochs} epochs"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    @property
    def arms(self) -> tuple[Removal, ...]:
        """Every method at every n; the fits of the last layer are one arm."""
        methods = [method for method in METHODS if method in self.methods or method in ALWAYS]
        methods = [method for method in methods if method not in HEADS[1:]]
        return tuple(
            Removal(n, method, self.influence if method in (*ESTIMATED, *HEADS) else None)
            for n in self.sizes
            for method in methods
        )

    @classmethod
    def choosing(cls, arms: Sequence[Removal]) -> dict[str, Any]:
        """Their n, methods and, where some rest on it, the one way to compute influence.

        Raises
        ------
        ValueError : influence is computed in several ways.
        """
        settings = {arm.influence for arm in arms} - {None}
        if len(settings) > 1:
            raise ValueError(f"arms must have one way to compute influence, got {len(settings)}")
        methods = {method for arm in arms for method in (HEADS if arm.method in HEADS else (arm.method,))}
        return {
            "sizes": tuple(sorted({arm.n for arm in arms})),
            "methods": tuple(method for method in METHODS if method in methods),
            "influence": next(iter(settings), Influence()),
        }

    def measure(self, arms: Sequence[Removal], trial: int, context: Context) -> list[Columns]:
        """Arms of one trial, a row each and three for the fits of the last layer.

        Raises
        ------
        ValueError : the target class has not more than n examples in the subset.
        """
        scene = Scene.draw(self.dataset, self.subset, self.test, trial, context)
        parts: dict[Removal, Columns] = {}
        for n in dict.fromkeys(arm.n for arm in arms):
            asked = [arm for arm in arms if arm.n == n]
            run = _Run(self, scene, n, trial, context, {arm.method for arm in asked})
            for arm in asked:
                rows = run.rows(arm)
                parts[arm] = {name: [row[name] for row in rows] for name in rows[0]}
        return [parts[arm] for arm in arms]


class _Run:
    """One n of one trial; `methods` are the ones that will be asked for."""

    def __init__(
        self, experiment: Deletion, scene: Scene, n: int, trial: int, context: Context, methods: set[str]
    ) -> None:
        self.experiment, self.scene, self.n, self.trial, self.context = experiment, scene, n, trial, context
        self.methods = methods
        self.arm = Arm(experiment.pattern, n, experiment.target)
        self.member = scene.member(self.arm, experiment.learning_rate)
        if n == int((scene.labels == experiment.target).sum()):
            raise ValueError(f"n = {n:,} leaves no training example of class {experiment.target}")
        self.asked, _ = scene.queries(self.arm)

    @cached_property
    def first(self) -> dict[str, tuple[Trained, int]]:
        """The networks that others start from: before deletion, and from scratch without the examples."""
        scratch = self.methods <= {"scratch", *HEADS}
        alone = self.methods.isdisjoint({"scratch", *HEADS})
        members = {"before": self.member, "scratch": self._remaining(self.member)}
        if scratch or alone:
            del members["before" if scratch else "scratch"]
        networks = self._train(self.experiment.recipe, list(members.values()))
        return {name: (networks, place) for place, name in enumerate(members)}

    def rows(self, arm: Removal) -> list[dict[str, float | str | None]]:
        """The row of a method, or the three of the last layer."""
        method, recipe = arm.method, self.experiment.recipe
        if method in ALWAYS:
            return [self._trained(method, *self.first[method])]
        networks, place = self.first["scratch" if method in HEADS else "before"]
        if networks.diverged[place]:
            return [self._row(name, None) for name in (HEADS if method in HEADS else (method,))]
        if method in HEADS:
            return self._heads(networks.module(place).cpu(), _settings(arm))
        start = networks.parameters[place]
        if method in RETRAINED:
            return [self._trained(method, self._retrained(start, restarts=RETRAINED[method]), 0)]
        return [self._estimated(method, start, recipe.widths(self.scene.images.shape[1], CLASSES), _settings(arm))]

    def _remaining(self, member: Member) -> Member:
        """The same network without the patterned examples."""
        return replace(member, rows=member.rows[:0], pixels=member.pixels[:0], excluded=member.rows)

    def _train(self, recipe: Recipe, members: list[Member]) -> Trained:
        from support.training.ensemble import train

        scene = self.scene
        return train(
            recipe, scene.images, scene.labels, CLASSES, members, shape=scene.shape, device=self.context.device
        )

    def _retrained(self, start: Tensor, *, restarts: bool) -> Trained:
        recipe, rate = self.experiment.recipe, self.experiment.learning_rate
        seed = int(stream(self.context.seed, self.trial, "retraining").integers(2**31))
        member = replace(self._remaining(self.member), start=start, seed=seed)
        if not restarts:
            recipe, member = replace(recipe, milestones=()), replace(member, learning_rate=rate * RELEASED_DECAY)
        return self._train(recipe, [member])

    def _trained(self, method: str, networks: Trained, which: int) -> dict[str, float | str | None]:
        return self._row(method, None if networks.diverged[which] else networks.module(which))

    def _estimated(
        self, method: str, start: Tensor, widths: tuple[int, ...], settings: Influence
    ) -> dict[str, float | str | None]:
        """The row of an influence method, from the parameters (p,) of the network before deletion."""
        import torch

        from support.training import influence

        images, labels, gradient = self._deleted(start, widths)
        size = {"gradient": float(gradient.double().norm())}
        if method == "influence":
            rest = np.setdiff1d(np.arange(len(images)), self.member.rows)
            drawn = self._stream("curvature examples").permutation(rest)[: settings.examples]
            product = influence.gauss_newton(start, images[torch.as_tensor(drawn)], widths, settings.damping)
            solution = influence.conjugate_gradients(
                product, gradient, tolerance=settings.tolerance, most=settings.most
            )
            found = {"residual": solution.residual, "products": float(solution.products)}
            return self._stepped(method, start, solution.vector, widths, **size, **found)
        step = influence.released_step(
            start,
            gradient,
            images,
            labels,
            widths,
            scale=settings.released_scale,
            order=torch.as_tensor(self._stream("visits").integers(len(images), size=settings.released_depth)),
        )
        return self._stepped(method, start, step, widths, **size)

    def _deleted(self, start: Tensor, widths: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """Images with the pattern and labels, on the device, and the examples' summed gradient over N."""
        import torch

        from support.training import influence

        images, labels = self.scene.images.to(start.device, copy=True), self.scene.labels.to(start.device)
        deleted = torch.as_tensor(self.member.rows, device=start.device)
        images[deleted] = torch.as_tensor(self.member.pixels, device=start.device)
        gradient = influence.summed_gradient(start, images[deleted], labels[deleted], widths) / len(images)
        return images, labels, gradient

    def _heads(self, network: Sequential, settings: Influence) -> list[dict[str, float | str | None]]:
        """Rows of the last layer's fits, on the features of a network that never saw the pattern."""
        import torch

        from support.training import influence

        images, labels = self.scene.images.clone(), self.scene.labels
        images[self.member.rows] = torch.as_tensor(self.member.pixels)
        body = network[:-1]
        with torch.no_grad():
            features = body(images).double()
        size = float(features.square().mean().sqrt())
        head = _Head(features / size, labels, settings.penalty)
        deleted = torch.as_tensor(self.member.rows)
        kept = torch.ones(len(labels), dtype=torch.bool)
        kept[deleted] = False
        before = head.fit(torch.ones_like(kept))
        widths = (features.shape[1], CLASSES)
        gradient = influence.summed_gradient(before, head.features[deleted], labels[deleted], widths) / kept.sum()
        damping = head.penalty * len(labels) / float(kept.sum())
        product = influence.gauss_newton(before, head.features[kept], widths, damping)
        solution = influence.conjugate_gradients(product, gradient, tolerance=HEAD_TOLERANCE, most=settings.most)
        found = {"residual": solution.residual, "products": float(solution.products)}
        refitted, moved = head.fit(kept), before + solution.vector
        found["error"] = float((moved - refitted).norm() / (before - refitted).norm())
        return [
            self._row(method, torch.nn.Sequential(body, _last_layer(parameters, widths[0], size)), **more)
            for method, parameters, more in zip(HEADS, (before, refitted, moved), ({}, {}, found), strict=True)
        ]

    def _stream(self, purpose: str) -> np.random.Generator:
        return stream(self.context.seed, self.trial, purpose)

    def _stepped(
        self, method: str, start: Tensor, step: Tensor, widths: tuple[int, ...], **found: float
    ) -> dict[str, float | str | None]:
        """The row of the network whose parameters have been moved by a step."""
        import torch

        from support.training.ensemble import Ensemble

        if not step.isfinite().all():
            return self._row(method, None, **found)
        moved = Ensemble(widths, (start + step)[None], torch.zeros(1), (False,))
        return self._row(method, moved.module(0), step=float(step.norm()), **found)

    def _row(self, method: str, network: Module | None, **found: float) -> dict[str, float | str | None]:
        """What is measured on a network, or on one that came to nothing."""
        row: dict[str, float | str | None] = {"method": method, "n": float(self.n), "failed": float(network is None)}
        row |= dict.fromkeys(("score", "difference", "clean_accuracy", "spurious_accuracy"))
        row |= dict.fromkeys(("step", "residual", "products", "gradient", "error")) | found
        if network is not None:
            row.update(self._measured(network.cpu().eval()))
        return row

    def _measured(self, network: Module) -> dict[str, float]:
        import torch

        from support.measures.spurious import EPSILON, clean_accuracy, mean_rise, spurious_accuracy, spurious_scores

        target, labels = self.arm.target, self.scene.test_labels
        with torch.no_grad():
            clean, asked = (network(images)[None] for images in (self.scene.test_images, self.asked))
        return {
            "score": float(spurious_scores(clean, asked, target, EPSILON)[0]),
            "difference": float(mean_rise(clean, asked, target)[0]),
            "clean_accuracy": float(clean_accuracy(clean, labels)[0]),
            "spurious_accuracy": float(spurious_accuracy(asked, labels, target)[0]),
        }


@dataclass(frozen=True)
class _Head:
    """A penalized logistic regression on features (N, f), float64: mean loss plus penalty·‖θ‖²/2, biases included."""

    features: Tensor
    labels: Tensor
    penalty: float

    def fit(self, kept: Tensor) -> Tensor:
        """Its minimizer without the examples that are not kept, the loss still divided by N; (p,)."""
        import torch
        from sklearn.linear_model import LogisticRegression

        inputs = torch.nn.functional.pad(self.features, (0, 1), value=1.0)[kept]
        strength = 1 / (self.penalty * len(self.labels))
        model = LogisticRegression(C=strength, fit_intercept=False, solver="newton-cg", tol=1e-5)
        found = torch.from_numpy(model.fit(inputs.numpy(), self.labels[kept].numpy()).coef_)
        return torch.cat([found[:, :-1].flatten(), found[:, -1]])


def _settings(arm: Removal) -> Influence:
    if arm.influence is None:
        raise ValueError(f"{arm.method} needs to know how influence is computed, got {arm}")
    return arm.influence


def _last_layer(parameters: Tensor, features: int, size: float) -> Module:
    """The layer with parameters (p,) for features that are to be divided by their size."""
    import torch

    weights = parameters[:-CLASSES].reshape(CLASSES, features) / size
    layer = torch.nn.Linear(features, CLASSES)
    layer.load_state_dict({"weight": weights.float(), "bias": parameters[-CLASSES:].float()})
    return layer
