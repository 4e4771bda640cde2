"""What deletion methods leave of a memorized pattern (paper B, Appendix E, Figure 18; and where deletion is exact).

A trial trains a network with n patterned examples, then lets each method take them away. All of a trial's networks
share a `support.experiments.scene.Scene`; the gold standard is trained from the same start in the same order on the
remaining examples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from support.data.gaussian import Gaussian
from support.experiments.experiment import Columns, Context, require_distinct, require_grid
from support.experiments.rare_patterns import EPSILON
from support.experiments.scene import CLASSES, Arm, Scene, require_images
from support.models.features import Family, FeatureMap
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
METHODS = ("before", "scratch", *RETRAINED, *ESTIMATED, *HEADS)
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
class Deletion:
    """Networks with n patterned examples, before and after their deletion.

    Methods: *before*, nothing is deleted; *scratch*, trained anew without the examples; *resumed*, as many epochs again
    without them at a thousandth of the learning rate, as released (where the optimiser's moments are kept; here they
    start at zero); *restarted*, the same with the learning rate and schedule of the first training; *influence*, H⁻¹ by
    conjugate gradients; *released influence*, by the released recursion; *head before*, *head scratch* and *head
    Newton*: the last layer alone on the features of the network from scratch (which never saw the pattern, so that all
    that is learnt of it is in the layer), with a penalty, fitted to convergence with and without the examples, and one
    Newton step from the one towards the other.

    Rows: one for each n and method, with columns

        method, n
        score, difference            share of test images whose target probability the pattern raises by more than 0.1,
                                     and mean rise
        clean_accuracy, spurious_accuracy
        step                         ℓ₂ norm of what was added to the parameters (influence methods)
        residual, products           relative residual of conjugate gradients, and the products that they took
        error                        distance of head Newton's parameters from head scratch, over that of head before
        gradient                     ℓ₂ norm of the examples' mean loss gradient times n/N, at the network before
        failed                       1 where training diverged or the recursion did; what was measured is then 0

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

    dataset: str
    recipe: Recipe
    sizes: tuple[int, ...]
    methods: tuple[str, ...] = METHODS
    influence: Influence = Influence()
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

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class.

        Raises
        ------
        ValueError : the target class has not more than n examples in the subset.
        """
        scene = Scene.draw(self.dataset, self.subset, self.test, trial, context)
        rows = [row for n in self.sizes for row in _Run(self, scene, n, trial, context).rows()]
        return {name: [row[name] for row in rows] for name in rows[0]}  # type: ignore[return-value]


class _Run:
    """One n of one trial."""

    def __init__(self, experiment: Deletion, scene: Scene, n: int, trial: int, context: Context) -> None:
        self.experiment, self.scene, self.n, self.trial, self.context = experiment, scene, n, trial, context
        self.arm = Arm(experiment.pattern, n, experiment.target)
        self.member = scene.member(self.arm, experiment.learning_rate)
        if n == int((scene.labels == experiment.target).sum()):
            raise ValueError(f"n = {n:,} leaves no training example of class {experiment.target}")
        self.asked, _ = scene.queries(self.arm)

    def rows(self) -> list[dict[str, float | str]]:
        """A row for each method."""
        recipe, methods = self.experiment.recipe, self.experiment.methods
        first = self._train(recipe, [self.member, self._remaining(self.member)])
        rows = [self._trained("before", first, 0), self._trained("scratch", first, 1)]
        if first.diverged[0]:
            return rows + [self._row(method, None) for method in methods if method not in ("before", "scratch")]
        start = first.parameters[0]
        for method, restarts in RETRAINED.items():
            if method in methods:
                rows.append(self._trained(method, self._retrained(start, restarts=restarts), 0))
        if set(ESTIMATED) & set(methods):
            rows += self._estimated(start, recipe.widths(self.scene.images.shape[1], CLASSES))
        if set(HEADS) & set(methods):
            lost = first.diverged[1]
            rows += [self._row(head, None) for head in HEADS] if lost else self._heads(first.module(1).cpu())
        return rows

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

    def _trained(self, method: str, networks: Trained, which: int) -> dict[str, float | str]:
        return self._row(method, None if networks.diverged[which] else networks.module(which))

    def _estimated(self, start: Tensor, widths: tuple[int, ...]) -> list[dict[str, float | str]]:
        """Rows of the influence methods, from the parameters (p,) of the network before deletion."""
        import torch

        from support.training import influence

        settings = self.experiment.influence
        images, labels = self.scene.images.to(start.device, copy=True), self.scene.labels.to(start.device)
        deleted = torch.as_tensor(self.member.rows, device=start.device)
        images[deleted] = torch.as_tensor(self.member.pixels, device=start.device)
        gradient = influence.summed_gradient(start, images[deleted], labels[deleted], widths) / len(images)
        size = {"gradient": float(gradient.double().norm())}
        rows = []
        if "influence" in self.experiment.methods:
            rest = np.setdiff1d(np.arange(len(images)), self.member.rows)
            drawn = self._stream("curvature examples").permutation(rest)[: settings.examples]
            product = influence.gauss_newton(start, images[torch.as_tensor(drawn)], widths, settings.damping)
            solution = influence.conjugate_gradients(
                product, gradient, tolerance=settings.tolerance, most=settings.most
            )
            found = {"residual": solution.residual, "products": float(solution.products)}
            rows.append(self._stepped("influence", start, solution.vector, widths, **size, **found))
        if "released influence" in self.experiment.methods:
            step = influence.released_step(
                start,
                gradient,
                images,
                labels,
                widths,
                scale=settings.released_scale,
                order=torch.as_tensor(self._stream("visits").integers(len(images), size=settings.released_depth)),
            )
            rows.append(self._stepped("released influence", start, step, widths, **size))
        return rows

    def _heads(self, network: Sequential) -> list[dict[str, float | str]]:
        """Rows of the last layer's fits, on the features of a network that never saw the pattern."""
        import torch

        from support.training import influence

        images, labels = self.scene.images.clone(), self.scene.labels
        images[self.member.rows] = torch.as_tensor(self.member.pixels)
        body = network[:-1]
        with torch.no_grad():
            features = body(images).double()
        size = float(features.square().mean().sqrt())
        head = _Head(features / size, labels, self.experiment.influence.penalty)
        deleted = torch.as_tensor(self.member.rows)
        kept = torch.ones(len(labels), dtype=torch.bool)
        kept[deleted] = False
        before = head.fit(torch.ones_like(kept))
        widths = (features.shape[1], CLASSES)
        gradient = influence.summed_gradient(before, head.features[deleted], labels[deleted], widths) / kept.sum()
        damping = head.penalty * len(labels) / float(kept.sum())
        product = influence.gauss_newton(before, head.features[kept], widths, damping)
        settings = self.experiment.influence
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
    ) -> dict[str, float | str]:
        """The row of the network whose parameters have been moved by a step."""
        import torch

        from support.training.ensemble import Ensemble

        if not step.isfinite().all():
            return self._row(method, None, **found)
        moved = Ensemble(widths, (start + step)[None], torch.zeros(1), (False,))
        return self._row(method, moved.module(0), step=float(step.norm()), **found)

    def _row(self, method: str, network: Module | None, **found: float) -> dict[str, float | str]:
        """What is measured on a network, or on one that came to nothing."""
        row: dict[str, float | str] = {"method": method, "n": float(self.n), "failed": float(network is None)}
        row |= dict.fromkeys(("score", "difference", "clean_accuracy", "spurious_accuracy"), 0.0)
        row |= dict.fromkeys(("step", "residual", "products", "gradient", "error"), 0.0) | found
        if network is not None:
            row.update(self._measured(network.cpu().eval()))
        return row

    def _measured(self, network: Module) -> dict[str, float]:
        import torch

        from support.measures.spurious import clean_accuracy, mean_rise, spurious_accuracy, spurious_scores

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


def _last_layer(parameters: Tensor, features: int, size: float) -> Module:
    """The layer with parameters (p,) for features that are to be divided by their size."""
    import torch

    weights = parameters[:-CLASSES].reshape(CLASSES, features) / size
    layer = torch.nn.Linear(features, CLASSES)
    layer.load_state_dict({"weight": weights.float(), "bias": parameters[-CLASSES:].float()})
    return layer


@dataclass(frozen=True)
class KernelDeletion:
    """Random-feature and NTK regression, from which samples are deleted exactly (closed form, no training).

    The infinite-width kernels of paper A on Gaussian data. Queries are the deleted samples' own backgrounds beside an
    independent core. Rows: one for each n, with columns

        n
        spurious_accuracy            of the fit on all samples, on the backgrounds of those to be deleted; balanced
        deleted_spurious_accuracy    after their deletion by the closed form
        scratch_spurious_accuracy    of a fit that never saw them
        gap                          largest difference between those two fits' outputs on these queries, relative to
                                     the largest label

    Attributes
    ----------
    family : ``"rf"`` or ``"ntk"``.
    activation : φ, or φ' for NTK, by name.
    data : distribution of the samples.
    samples : N.
    sizes : numbers n of deleted samples, increasing and below N.
    alpha : share of the background.
    """

    family: Family
    activation: str
    data: Gaussian
    samples: int
    sizes: tuple[int, ...]
    alpha: float = 0.5

    def __post_init__(self) -> None:
        require_grid("sizes", self.sizes, 1)
        if max(self.sizes) >= self.samples:
            raise ValueError(f"sizes must stay below the {self.samples} samples, got {max(self.sizes)}")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie in (0, 1), got {self.alpha}")
        FeatureMap(self.family, self.activation, None).require_interpolation(self.samples, self.data.d)

    def __str__(self) -> str:
        return f"exact deletion, {self.family.upper()} {self.activation}, infinite width, N={self.samples}"

    def datasets(self) -> tuple[str, ...]:
        """No dataset: the samples are drawn."""
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        import torch

        from support.measures.accuracy import balanced_accuracy
        from support.models.gram import grams
        from support.models.interpolation import factorize

        n = self.samples
        draw = self.data.draw(n, 2, seed=context.seed, trial=trial)
        parts = (draw.samples(self.alpha)[:n], draw.spurious_queries(self.alpha))
        inputs = torch.cat([torch.from_numpy(part) for part in parts]).to(context.device)
        (kernel,) = grams(self.family, (self.activation,), None, inputs, n, seed=context.seed, trial=trial).values()
        labels = torch.from_numpy(draw.labels(self.alpha, (0.0,))).to(context.device).reshape(-1)[:n]
        gram, queries = kernel[:n], kernel[n:]
        fit = factorize(gram).fit(labels)
        columns: dict[str, list[float]] = {}
        for size in self.sizes:
            deleted, rest = torch.arange(size), torch.arange(size, n)
            scratch = factorize(gram[rest][:, rest]).fit(labels[rest])
            own, asked = labels[:size], queries[:size]
            closed, anew = asked @ fit.without(deleted), scratch.predict(asked[:, rest])
            row = {
                "n": float(size),
                "spurious_accuracy": balanced_accuracy(fit.predict(asked), own),
                "deleted_spurious_accuracy": balanced_accuracy(closed, own),
                "scratch_spurious_accuracy": balanced_accuracy(anew, own),
                "gap": float((closed - anew).abs().max() / labels.abs().max()),
            }
            for name, value in row.items():
                columns.setdefault(name, []).append(value)
        return columns
