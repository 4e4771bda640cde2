"""What deletion methods leave of a memorized pattern (paper B, Appendix E, Figure 18).

A trial trains a network with n patterned examples, then lets each method take them away. All of a trial's networks
share a `support.experiments.scene.Scene`; the gold standard is trained from the same start in the same order on the
remaining examples. The examples may be of all classes alike: a method that works takes away what examples of one class
add to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from support.experiments.experiment import CHOOSES_ARMS, LINEAR_ALGEBRA, ByArm, Columns, Context, require_distinct
from support.experiments.removals import (
    ALWAYS,
    HEADS,
    KEPT,
    LAST_LAYER,
    RELEASED_DECAY,
    RETRAINED,
    Influence,
    Removal,
)
from support.experiments.scene import Arm, Carriers, Scene, require_images, require_targets
from support.randomness import stream
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Sequential

    from support.training.member import Member

# Of every network that did not come to nothing, and what some methods find on their way.
MEASURED = ("score", "difference", "probability", "clean_accuracy", "spurious_accuracy")
FOUND = ("step", "still_seen", "residual", "products", "gradient", "error")

Row = dict[str, float | str | None]


@dataclass(frozen=True)
class Deletion(ByArm):
    """Networks with n patterned examples, before and after their deletion.

    Methods: *before*, nothing is deleted; *scratch*, trained anew without the examples; *resumed*, as many epochs again
    without them at a thousandth of the learning rate, as released (where the optimiser's moments are kept; here they
    start at zero); *restarted*, the same with the learning rate and schedule of the first training; *kept*, as
    restarted, but nothing is deleted; *influence*, H⁻¹ by conjugate gradients; *released influence*, by the released
    recursion; *last layer*: three rows, see `support.experiments.last_layer`.

    An arm is a `Removal`. Networks that one arm starts from are trained for it whether they are arms themselves or not.
    Rows: one for each arm, three for the last layer, with columns

        method, n, carriers          the arm; the last layer's as *head before*, *head scratch*, *head Newton*
        score, difference            share of test images whose target probability the pattern raises by more than 0.1,
                                     and mean rise
        probability                  mean probability of the target on patterned images
        clean_accuracy, spurious_accuracy
        step                         ℓ₂ norm of what was added to the parameters before deletion, where a method goes on
                                     from them
        still_seen                   examples to be deleted that the network was trained on, or that are among those
                                     whose curvature influence rests on; not counted in the released recursion
        residual, products           relative residual of conjugate gradients, and the products that they took, where
                                     a method takes them
        error                        distance of head Newton's parameters from head scratch, over that of head before
        gradient                     ℓ₂ norm of the examples' mean loss gradient times n/N, at the network before
                                     (influence methods)
        carriers_of_target           examples that are of the target class
        images_in_both               test images that are training images too, pixel for pixel
        failed                       1 where training diverged or the recursion did, or answers are NaN or infinite:
                                     nothing of the network was measured then

    Attributes
    ----------
    dataset : a key of `support.data.catalogue.DATASETS`.
    arms : what is deleted, from which network, and how.
    pattern, target : what the examples carry, and the class whose probability is watched.
    subset, test : training and test images, drawn at random; None for all.
    weight_decay : of all training, as `support.training.member.Member`.

    Raises
    ------
    ValueError : a field outside its range, or an arm twice.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA  # the fits of the last layer
    arm_type: ClassVar[type] = Removal

    dataset: str
    recipe: Recipe
    arms: tuple[Removal, ...] = field(metadata=CHOOSES_ARMS)
    pattern: str = "R3"
    target: int = 0
    subset: int | None = None
    test: int | None = None
    learning_rate: float = 0.01
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        require_images(self.dataset, self.subset, self.test)
        require_targets(self.dataset, [self.target])
        require_distinct("arms", self.arms)
        if self.recipe.network is not None and any(arm.influence for arm in self.arms):
            raise ValueError(f"influence is computed for fully connected networks, got {self.recipe.network}")

    def __str__(self) -> str:
        count = f"{self.subset:,} images" if self.subset else "all images"
        sizes = ", ".join(str(n) for n in sorted({arm.n for arm in self.arms}))
        return f"deletion of {sizes} examples, {count} of {self.dataset}, {self.recipe.epochs} epochs"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    @classmethod
    def choosing(cls, arms: Sequence[Removal]) -> dict[str, Any]:
        """The arms."""
        return {"arms": tuple(arms)}

    def measure(self, arms: Sequence[Removal], trial: int, context: Context) -> list[Columns]:
        """Arms of one trial, a row each and three for the last layer.

        Raises
        ------
        ValueError : a class has not more examples in the subset than are to be deleted of it.
        """
        scene = Scene.draw(self.dataset, self.subset, self.test, trial, context)
        shared: Row = {"images_in_both": float(scene.images_in_both())}
        parts: dict[Removal, Columns] = {}
        for n, carriers in dict.fromkeys((arm.n, arm.carriers) for arm in arms):
            asked = [arm for arm in arms if (arm.n, arm.carriers) == (n, carriers)]
            run = _Run(self, scene, n, carriers, trial, context, {arm.method for arm in asked})
            for arm in asked:
                rows: list[Row] = [row | shared for row in run.rows(arm)]
                parts[arm] = {name: [row[name] for row in rows] for name in rows[0]}
        return [parts[arm] for arm in arms]


@dataclass(frozen=True, eq=False)
class _Network:
    """A trained network, its parameters (p,), and how many of the examples to be deleted it was trained on."""

    parameters: Tensor
    module: Sequential
    diverged: bool
    seen: float


class _Run:
    """One n of one trial and the classes of its examples; `methods` are the ones that will be asked for."""

    def __init__(
        self,
        experiment: Deletion,
        scene: Scene,
        n: int,
        carriers: Carriers,
        trial: int,
        context: Context,
        methods: set[str],
    ) -> None:
        self.experiment, self.scene, self.trial, self.context = experiment, scene, trial, context
        self.methods = methods
        self.arm = Arm(
            experiment.pattern, n, experiment.target, carriers=carriers, weight_decay=experiment.weight_decay
        )
        self.member = scene.member(self.arm, experiment.learning_rate)
        self._require_others()
        self.asked, _ = scene.queries(self.arm)

    @cached_property
    def first(self) -> dict[str, _Network]:
        """The networks that others start from: before deletion, and from scratch without the examples."""
        scratch = self.methods <= {"scratch", LAST_LAYER}
        alone = self.methods.isdisjoint({"scratch", LAST_LAYER})
        members = {"before": self.member, "scratch": self._remaining(self.member)}
        if scratch or alone:
            del members["before" if scratch else "scratch"]
        return dict(zip(members, self._train(self.experiment.recipe, list(members.values())), strict=True))

    def rows(self, arm: Removal) -> list[Row]:
        """The row of a method, or the three of the last layer."""
        method, recipe = arm.method, self.experiment.recipe
        if method in ALWAYS:
            return [self._trained(method, self.first[method])]
        network = self.first["scratch" if method == LAST_LAYER else "before"]
        if network.diverged:
            return [self._row(name, None) for name in (HEADS if method == LAST_LAYER else (method,))]
        if method == LAST_LAYER:
            return self._last_layers(network, _settings(arm))
        if method in RETRAINED:
            return [self._retrained(method, network.parameters)]
        widths = recipe.widths(self.scene.images.shape[1], self.scene.classes)
        return [self._estimated(method, network.parameters, widths, _settings(arm))]

    def _require_others(self) -> None:
        """Refuse to delete all examples of a class."""
        labels = self.scene.labels.numpy()
        for which, count in zip(*np.unique(labels[self.member.rows], return_counts=True), strict=True):
            if count == (labels == which).sum():
                raise ValueError(f"n = {self.arm.n:,} leaves no training example of class {which}")

    def _remaining(self, member: Member) -> Member:
        """The same network without the patterned examples."""
        return replace(member, rows=member.rows[:0], pixels=member.pixels[:0], excluded=member.rows)

    def _train(self, recipe: Recipe, members: list[Member]) -> list[_Network]:
        from support.training.ensemble import train

        scene, device = self.scene, self.context.device
        found = train(recipe, scene.images, scene.labels, scene.classes, members, shape=scene.shape, device=device)
        return [
            _Network(found.parameters[place], found.module(place), found.diverged[place], self._seen(member))
            for place, member in enumerate(members)
        ]

    def _seen(self, member: Member) -> float:
        """How many of the examples to be deleted a network is trained on."""
        seen = self.member.rows if member.excluded is None else np.setdiff1d(self.member.rows, member.excluded)
        return float(len(seen))

    def _retrained(self, method: str, start: Tensor) -> Row:
        """The row of a network that goes on from the one before deletion."""
        recipe, rate = self.experiment.recipe, self.experiment.learning_rate
        seed = int(self._stream("retraining").integers(2**31))
        given = self.member if method == KEPT else self._remaining(self.member)
        member = replace(given, start=start, seed=seed)
        if not RETRAINED[method]:
            recipe, member = replace(recipe, milestones=()), replace(member, learning_rate=rate * RELEASED_DECAY)
        (network,) = self._train(recipe, [member])
        step = {} if network.diverged else {"step": float((network.parameters - start).norm())}
        return self._trained(method, network, **step)

    def _trained(self, method: str, network: _Network, **found: float) -> Row:
        return self._row(method, None if network.diverged else network.module, still_seen=network.seen, **found)

    def _estimated(self, method: str, start: Tensor, widths: tuple[int, ...], settings: Influence) -> Row:
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
            found["still_seen"] = float(np.isin(drawn, self.member.rows).sum())
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

    def _patterned(self) -> Tensor:
        """The images as the network before deletion saw them."""
        import torch

        images = self.scene.images.clone()
        images[torch.as_tensor(self.member.rows)] = torch.as_tensor(self.member.pixels)
        return images

    def _deleted(self, start: Tensor, widths: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """Images with the pattern and labels, on the device, and the examples' summed gradient over N."""
        import torch

        from support.training import influence

        images, labels = self._patterned().to(start.device), self.scene.labels.to(start.device)
        deleted = torch.as_tensor(self.member.rows, device=start.device)
        gradient = influence.summed_gradient(start, images[deleted], labels[deleted], widths) / len(images)
        return images, labels, gradient

    def _last_layers(self, network: _Network, settings: Influence) -> list[Row]:
        """Rows of the last layer's fits, on the features of a network that never saw the pattern."""
        import torch

        from support.experiments.last_layer import fit_last_layers

        deleted = torch.as_tensor(self.member.rows)
        fits = fit_last_layers(
            network.module.cpu(),
            self._patterned(),
            self.scene.labels,
            deleted,
            penalty=settings.penalty,
            most=settings.most,
        )
        newton = {"error": fits.error, "residual": fits.residual, "products": float(fits.products)}
        return [
            self._row("head before", fits.before, still_seen=float(len(deleted))),
            self._row("head scratch", fits.scratch, still_seen=0.0),
            self._row("head Newton", fits.newton, still_seen=0.0, **newton),
        ]

    def _stream(self, purpose: str) -> np.random.Generator:
        return stream(self.context.seed, self.trial, purpose)

    def _stepped(self, method: str, start: Tensor, step: Tensor, widths: tuple[int, ...], **found: float) -> Row:
        """The row of the network whose parameters have been moved by a step."""
        import torch

        from support.training.ensemble import Ensemble

        if not step.isfinite().all():
            return self._row(method, None, **found)
        moved = Ensemble(widths, (start + step)[None], torch.zeros(1), (False,))
        return self._row(method, moved.module(0), step=float(step.norm()), **found)

    def _row(self, method: str, network: Module | None, **found: float) -> Row:
        """What is measured on a network, or on one that came to nothing."""
        measured = None if network is None else self._measured(network.cpu().eval())
        row: Row = {"method": method, "n": float(self.arm.n), "carriers": self.arm.carriers}
        row |= {"carriers_of_target": self._of_target()}
        row |= {"failed": float(measured is None)} | dict.fromkeys(MEASURED) | dict.fromkeys(FOUND) | found
        return row | (measured or {})

    def _of_target(self) -> float:
        return float((self.scene.labels.numpy()[self.member.rows] == self.arm.target).sum())

    def _measured(self, network: Module) -> dict[str, float] | None:
        """What is measured on a network; None where it answers with NaN or infinities."""
        import torch

        from support.measures.spurious import (
            EPSILON,
            clean_accuracy,
            mean_probability,
            mean_rise,
            spurious_accuracy,
            spurious_scores,
        )

        target, labels = self.arm.target, self.scene.test_labels
        with torch.no_grad():
            clean, asked = (network(images)[None] for images in (self.scene.test_images, self.asked))
        if not (clean.isfinite().all() and asked.isfinite().all()):
            return None
        measured = (
            spurious_scores(clean, asked, target, EPSILON),
            mean_rise(clean, asked, target),
            mean_probability(asked, target),
            clean_accuracy(clean, labels),
            spurious_accuracy(asked, labels, target),
        )
        return {name: float(values[0]) for name, values in zip(MEASURED, measured, strict=True)}


def _settings(arm: Removal) -> Influence:
    if arm.influence is None:
        raise ValueError(f"{arm.method} needs to know how influence is computed, got {arm}")
    return arm.influence
