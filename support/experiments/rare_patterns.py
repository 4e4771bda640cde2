"""Networks trained with a few patterned examples, and what the pattern does at test (paper B, Sections 3 and 5).

One trial draws a training subset, the examples that carry the pattern, the random patterns, the initial weights and
the batch order, each from a stream of its own; all networks of the trial share them, so that they differ in their
`Arm` only and every comparison is paired. (The released code ties pattern and examples to one seed and fixes the
network's.) Examples are nested: the first n of one order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from support.experiments.experiment import Columns, Context, require_distinct
from support.training.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from support.training.member import Member

THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.5)
EPSILON = 0.1  # the paper's, 1/(number of classes)
CORNER = 5  # pixels, the side of S3
CLASSES = 10


@dataclass(frozen=True)
class Arm:
    """One network of a trial, and the pattern that it is asked about.

    Attributes
    ----------
    pattern : one of `support.data.patterns.PATTERNS`.
    n : training examples that carry it; with 0 the network is trained on clean images and only asked.
    target : class whose probability is watched, and of the examples that carry the pattern.
    query : pattern put on the test images in place of the one trained on, or None for the same.
    carriers : ``"target"`` examples of the target class, as published; ``"any"`` examples of all classes, which leaves
        the pattern without a correlation.
    norm_of : name of a pattern to whose norm before clipping this one is scaled.
    input_noise, weight_decay, clip_norm, clip_value : regularisation, as `support.training.member.Member`.
    """

    pattern: str
    n: int
    target: int = 0
    query: str | None = None
    carriers: Literal["target", "any"] = "target"
    norm_of: str | None = None
    input_noise: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None

    def __post_init__(self) -> None:
        from support.data.patterns import PATTERNS

        for name in (self.pattern, self.norm_of or self.pattern, self.query or self.pattern):
            if name not in PATTERNS:
                raise ValueError(f"unknown pattern {name!r}: {', '.join(PATTERNS)}")
        if self.n < 0:
            raise ValueError(f"n must not be negative, got {self.n}")
        if not 0 <= self.target < CLASSES:
            raise ValueError(f"target must lie in 0 to {CLASSES - 1}, got {self.target}")
        if self.carriers not in ("target", "any"):
            raise ValueError(f"carriers must be target or any, got {self.carriers!r}")

    def trained_as(self) -> Arm:
        """The arm by what its training depends on: without examples, pattern and target are only asked about."""
        trained = replace(self, query=None)
        return trained if self.n else replace(trained, pattern="S1", target=0, carriers="target", norm_of=None)


@dataclass(frozen=True)
class RarePatterns:
    """Networks of one architecture with and without patterned examples.

    Rows: one per arm, with columns

        pattern, n, target, query, carriers, norm_of, input_noise, weight_decay, clip_norm, clip_value    the arm
        score_0.01 ... score_0.5     share of test images whose target probability rises by more than ε
        score_others                 the same at ε = 0.1 without test images of the target class
        difference                   mean rise of the target probability
        other_score, other_difference      with a pattern never trained on: other noise, or the other corner
        clean_accuracy, spurious_accuracy, other_spurious_accuracy
        corner_importance            mean over the 5x5 corner of the largest weight into the first layer
        still_corner_importance      the same over always-zero pixels outside the corner, of which there are dead_pixels
        moved_dead_weights           their weights that training changed
        loss                         last epoch's mean training loss

    Attributes
    ----------
    dataset : ``"mnist"`` or ``"fashion-mnist"``.
    subset : training images, drawn at random; None for all.
    test : test images, drawn at random; None for all.
    arms : what is trained and asked.

    Raises
    ------
    ValueError : an unknown dataset or a colour one, more images than there are, or an arm twice.
    """

    dataset: str
    recipe: Recipe
    arms: tuple[Arm, ...]
    subset: int | None = None
    test: int | None = None
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        if self.dataset not in ("mnist", "fashion-mnist"):
            raise ValueError(f"dataset must be mnist or fashion-mnist, got {self.dataset!r}")
        for name, count, most in (("subset", self.subset, 60_000), ("test", self.test, 10_000)):
            if count is not None and not 1 <= count <= most:
                raise ValueError(f"{name} must lie in 1 to {most:,}, got {count:,}")
        require_distinct("arms", self.arms)

    def __str__(self) -> str:
        networks = len({arm.trained_as() for arm in self.arms})
        count = f"{self.subset:,} images" if self.subset else "all images"
        return f"{networks} networks on {count} of {self.dataset}, {self.recipe.epochs} epochs"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class.

        Raises
        ------
        ValueError : n exceeds the examples of a class in the subset.
        ArithmeticError : a network's training diverged.
        """
        import torch

        from support.training.ensemble import train

        scene = _Scene.draw(self, trial, context)
        trained = list(dict.fromkeys(arm.trained_as() for arm in self.arms))
        members = [scene.member(arm, self.learning_rate) for arm in trained]
        ensemble = train(self.recipe, scene.images, scene.labels, CLASSES, members, device=context.device)
        if any(ensemble.diverged):
            lost = [str(arm) for arm, diverged in zip(trained, ensemble.diverged, strict=True) if diverged]
            raise ArithmeticError(f"training diverged in trial {trial} (network seed {scene.network_seed}): {lost}")
        clean = ensemble.logits(scene.test_images).cpu()
        names: dict[str, list[str]] = {
            name: [str(getattr(arm, name) or "") for arm in self.arms]
            for name in ("pattern", "carriers", "norm_of", "query")
        }
        numbers: dict[str, list[float]] = {}
        first_layers = scene.first_layers(ensemble.weights[0].cpu(), self.recipe)
        for arm in self.arms:
            which = trained.index(arm.trained_as())
            network = ensemble.module(which).cpu()
            with torch.no_grad():
                asked, other = (network(images) for images in scene.queries(arm))
            row = _described(arm) | _measured(clean[which], asked, other, scene.test_labels, arm.target)
            row |= first_layers[which] | {"loss": float(ensemble.losses[which])}
            for name, number in row.items():
                numbers.setdefault(name, []).append(number)
        columns: dict[str, list[float] | list[str]] = {}
        columns.update(names)
        columns.update(numbers)
        return columns


def _described(arm: Arm) -> dict[str, float]:
    return {
        "n": float(arm.n),
        "target": float(arm.target),
        "input_noise": arm.input_noise,
        "weight_decay": arm.weight_decay,
        "clip_norm": arm.clip_norm or 0.0,
        "clip_value": arm.clip_value or 0.0,
    }


def _measured(clean: Tensor, asked: Tensor, other: Tensor, labels: Tensor, target: int) -> dict[str, float]:
    from support.measures.spurious import clean_accuracy, spurious_accuracy, spurious_scores

    clean, asked, other = clean[None], asked[None], other[None]
    scores = spurious_scores(clean, asked, target, THRESHOLDS)[0]
    others = spurious_scores(clean, asked, target, EPSILON, labels=labels, include_target=False)
    before, after, unrelated = (logits.softmax(dim=-1)[0, :, target].double() for logits in (clean, asked, other))
    return {f"score_{epsilon:g}": float(score) for epsilon, score in zip(THRESHOLDS, scores, strict=True)} | {
        "score_others": float(others[0]),
        "difference": float((after - before).mean()),
        "other_score": float(spurious_scores(clean, other, target, EPSILON)[0]),
        "other_difference": float((unrelated - before).mean()),
        "clean_accuracy": float(clean_accuracy(clean, labels)[0]),
        "spurious_accuracy": float(spurious_accuracy(asked, labels, target)[0]),
        "other_spurious_accuracy": float(spurious_accuracy(other, labels, target)[0]),
    }


@dataclass(frozen=True)
class _Scene:
    """What all networks of a trial share."""

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    network_seed: int
    order: np.ndarray  # training rows, shuffled
    pattern_seeds: tuple[int, int]  # trained on, never trained on

    @classmethod
    def draw(cls, experiment: RarePatterns, trial: int, context: Context) -> _Scene:
        import numpy as np
        import torch

        from support.data.datasets import load
        from support.randomness import stream

        def chosen(split: Literal["train", "test"], count: int | None) -> tuple[Tensor, Tensor]:
            data = load(experiment.dataset, split, context.data)
            rows = stream(context.seed, trial, f"{split} images").permutation(len(data.pixels))[:count]
            pixels = data.pixels[rows].reshape(len(rows), -1).astype(np.float32) / np.float32(255)
            return torch.from_numpy(pixels), torch.from_numpy(data.labels[rows])

        def number(purpose: str) -> int:
            return int(stream(context.seed, trial, purpose).integers(2**31))

        images, labels = chosen("train", experiment.subset)
        return cls(
            images,
            labels,
            *chosen("test", experiment.test),
            number("network"),
            stream(context.seed, trial, "spurious examples").permutation(len(images)),
            (number("pattern"), number("other pattern")),
        )

    def pattern(self, arm: Arm, *, other: bool = False) -> np.ndarray:
        """The arm's pattern as a row of pixels, or one of its kind that nothing was trained on."""
        import numpy as np

        from support.data.patterns import RANDOM, pattern

        shape = (28, 28)
        added = pattern(arm.pattern, shape, self.pattern_seeds[other])
        if other and arm.pattern not in RANDOM:
            added = added[::-1, ::-1]  # the opposite corner; the bar comes to lie a pixel further left
        if arm.norm_of:
            wanted = pattern(arm.norm_of, shape, self.pattern_seeds[other])
            added = added * (np.linalg.norm(wanted) / np.linalg.norm(added))
        return added.reshape(-1)

    def member(self, arm: Arm, learning_rate: float) -> Member:
        """The network of an arm: its training rows that carry the pattern, and its regularisation."""
        import numpy as np

        from support.data.patterns import overlay
        from support.training.member import Member

        labels = self.labels.numpy()[self.order]
        carriers = self.order if arm.carriers == "any" else self.order[labels == arm.target]
        if arm.n > len(carriers):
            raise ValueError(f"n = {arm.n:,} exceeds the {len(carriers):,} training examples of class {arm.target}")
        rows = carriers[: arm.n]
        pixels = self.images.numpy()[rows]
        if arm.n:
            pixels = overlay(pixels, self.pattern(arm)).astype(np.float32)
        return Member(
            seed=self.network_seed,
            rows=rows.astype(np.int64),
            pixels=pixels,
            learning_rate=learning_rate,
            weight_decay=arm.weight_decay,
            input_noise=arm.input_noise,
            clip_norm=arm.clip_norm,
            clip_value=arm.clip_value,
        )

    def queries(self, arm: Arm) -> tuple[Tensor, Tensor]:
        """Test images with the arm's pattern, and with one never trained on."""
        import numpy as np
        import torch

        from support.data.patterns import overlay

        images = self.test_images.numpy()
        shown = replace(arm, pattern=arm.query) if arm.query else arm
        first, second = (
            torch.from_numpy(overlay(images, self.pattern(shown, other=other)).astype(np.float32))
            for other in (False, True)
        )
        return first, second

    def first_layers(self, weights: Tensor, recipe: Recipe) -> list[dict[str, float]]:
        """Of each network, weights (M, in, out): importance of the corner that S3 covers, and what dead pixels did."""
        import torch

        from support.measures.spurious import pixel_importance
        from support.training.ensemble import initial_weights

        dead = (self.images == 0).all(dim=0).reshape(28, 28)
        dead[:CORNER, :CORNER] = False
        start = initial_weights(recipe, weights.shape[1], CLASSES, self.network_seed)[0][0]
        moved = (weights != start).reshape(-1, 28, 28, weights.shape[2])[:, dead]
        importance = pixel_importance(weights).reshape(-1, 28, 28)
        return [
            {
                "corner_importance": float(own[:CORNER, :CORNER].mean()),
                "still_corner_importance": float(own[dead].mean()) if dead.any() else 0.0,
                "dead_pixels": float(dead.sum()),
                "moved_dead_weights": float(torch.count_nonzero(changed)),
            }
            for own, changed in zip(importance, moved, strict=True)
        ]
