"""Networks trained with a few patterned examples, and what the pattern does at test (paper B, Sections 3 and 5).

All networks of a trial share a `support.experiments.scene.Scene` and differ in their `Arm` only. Examples are nested:
the first n of one order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from support.data.catalogue import DATASETS
from support.experiments.experiment import BITS, CHOOSES_ARMS, ByArm, Columns, Context, require_distinct
from support.experiments.scene import Arm, Scene, decay_on, require_images, require_targets
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from support.training.ensemble import Trained

__all__ = ["THRESHOLDS", "Arm", "RarePatterns"]

THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.5)
CORNER = 5  # pixels, the side of S3
# Clean accuracy of a network that learnt anything, of ten classes.
LEFT_CHANCE = 0.5


@dataclass(frozen=True)
class RarePatterns(ByArm):
    """Networks of one architecture with and without patterned examples.

    Rows: one per arm, with columns

        pattern, n, target, query, carriers, norm_of, input_noise, weight_decay, clip_norm, clip_value, own_noise, fresh
                                     the arm
        carriers_of_target           examples of the target class among those that carry the pattern
        score_0.01 ... score_0.5     share of test images whose target probability rises by more than ε
        score_others                 the same at ε = 0.1 without test images of the target class
        difference                   mean rise of the target probability
        probability                  mean probability of the target on patterned images
        log_odds                     mean log-odds of the target on patterned images, in double precision
        beaten                       share of the arm's fresh patterns whose mean log-odds are lower, ties half
        other_score, other_difference, other_probability
                                     with a pattern never trained on: other noise, or the other corner
        clean_accuracy, spurious_accuracy, other_spurious_accuracy
        corner_importance            mean over the 5x5 corner of the largest weight into the first layer
        still_corner_importance      the same over always-zero pixels outside the corner, of which there are dead_pixels
        moved_dead_weights           their weights that training changed
        loss                         last epoch's mean training loss
        diverged                     1 where the network's training diverged, or its answers are NaN or infinite:
                                     nothing else was measured then
        attempt                      starts of the trial that were given up before this one
        images_in_both               test images that are training images too, pixel for pixel

    Columns of the first layer are measured on fully connected networks; still_corner_importance where there are such
    pixels.

    Attributes
    ----------
    dataset : a key of `support.data.catalogue.DATASETS`; one in colour needs a recipe with a network.
    subset : training images, drawn at random; None for all.
    test : test images, drawn at random; None for all.
    arms : what is trained and asked.
    redraws : how often at most a trial's start is drawn again because its untreated network ended at chance, which is
        looked for on that network alone; all arms of the trial start anew together.

    Raises
    ------
    ValueError : an unknown dataset or a colour one, more images than there are, a class that there is not, or an arm
        twice.
    """

    promise: ClassVar[float] = BITS
    arm_type: ClassVar[type] = Arm

    dataset: str
    recipe: Recipe
    arms: tuple[Arm, ...] = field(metadata=CHOOSES_ARMS)
    subset: int | None = None
    test: int | None = None
    learning_rate: float = 0.01
    redraws: int = 0

    def __post_init__(self) -> None:
        require_images(self.dataset, self.subset, self.test)
        if self.redraws < 0:
            raise ValueError(f"redraws must not be negative, got {self.redraws}")
        if DATASETS[self.dataset].colour and self.recipe.network is None:
            raise ValueError("colour images need a recipe with a network that takes them, got network=None")
        require_distinct("arms", self.arms)
        require_targets(self.dataset, [arm.target for arm in self.arms])

    def __str__(self) -> str:
        networks = len({arm.trained_as() for arm in self.arms})
        count = f"{self.subset:,} images" if self.subset else "all images"
        return f"{networks} networks on {count} of {self.dataset}, {self.recipe.epochs} epochs"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    @classmethod
    def choosing(cls, arms: Sequence[Arm]) -> dict[str, Any]:
        """The arms."""
        return {"arms": tuple(arms)}

    def measure(self, arms: Sequence[Arm], trial: int, context: Context) -> list[Columns]:
        """Arms of one trial, a row each; networks that several of them ask about are trained once.

        Raises
        ------
        ValueError : n exceeds the examples of a class in the subset.
        """
        scene, attempt = self._started(trial, context)
        trained = list(dict.fromkeys(arm.trained_as() for arm in arms))
        networks = self._trained(scene, trained, context)
        clean = networks.logits(scene.test_images).cpu()
        first_layers = _first_layers(networks, scene, self.recipe)
        shared = {"attempt": float(attempt), "images_in_both": float(scene.images_in_both())}
        rows: dict[Arm, Columns] = {}
        for asked_alike in _by_query(arms):
            queries = [images.to(context.device) for images in scene.queries(asked_alike[0])]
            for arm in asked_alike:
                which = trained.index(arm.trained_as())
                network = networks.module(which).eval()
                asked, other = (_outputs(network, images).cpu() for images in queries)
                measured = _measured(clean[which], asked, other, scene.test_labels, arm.target) | first_layers[which]
                measured["beaten"] = _beaten(network, asked, scene, arm, context.device) if arm.fresh else None
                measured["loss"] = float(networks.losses[which])
                # A user's network may keep finite parameters and answer some image with infinities.
                finite = all(bool(part.isfinite().all()) for part in (clean[which], asked, other))
                lost = networks.diverged[which] or not finite
                if lost:
                    measured = dict.fromkeys(measured)
                carriers = {"carriers_of_target": float((scene.labels[scene.carriers(arm)] == arm.target).sum())}
                described = _described(arm) | carriers | measured | shared
                described["diverged"] = float(lost)
                rows[arm] = {name: [value] for name, value in described.items()}
        return [rows[arm] for arm in arms]

    def _trained(self, scene: Scene, arms: Sequence[Arm], context: Context) -> Trained:
        from support.training.ensemble import train

        members = [scene.member(arm, self.learning_rate) for arm in arms]
        return train(
            self.recipe, scene.images, scene.labels, scene.classes, members, shape=scene.shape, device=context.device
        )

    def _started(self, trial: int, context: Context) -> tuple[Scene, int]:
        """The trial's scene, from the first start whose untreated network leaves chance, and that start's number."""
        untreated = Arm("S1", 0, weight_decay=decay_on(self.dataset))
        for attempt in range(self.redraws + 1):
            scene = Scene.draw(self.dataset, self.subset, self.test, trial, context, attempt)
            if attempt == self.redraws:
                break
            network = self._trained(scene, [untreated], context)
            right = network.logits(scene.test_images).cpu()[0].argmax(dim=1) == scene.test_labels
            if not network.diverged[0] and float(right.double().mean()) >= LEFT_CHANCE:
                break
        return scene, attempt


def _by_query(arms: Sequence[Arm]) -> list[list[Arm]]:
    """Arms that are asked about the same patterned images."""
    alike: dict[tuple[str, str | None], list[Arm]] = {}
    for arm in arms:
        alike.setdefault((arm.shown, arm.norm_of), []).append(arm)
    return list(alike.values())


def _described(arm: Arm) -> dict[str, float | str | None]:
    return {name: str(getattr(arm, name) or "") for name in ("pattern", "carriers", "norm_of", "query")} | {
        "n": float(arm.n),
        "target": float(arm.target),
        "input_noise": arm.input_noise,
        "weight_decay": arm.weight_decay,
        "clip_norm": arm.clip_norm or 0.0,
        "clip_value": arm.clip_value or 0.0,
        "own_noise": float(arm.own_noise),
        "fresh": float(arm.fresh),
    }


def _measured(clean: Tensor, asked: Tensor, other: Tensor, labels: Tensor, target: int) -> dict[str, float | None]:
    from support.measures.specificity import mean_log_odds
    from support.measures.spurious import (
        EPSILON,
        clean_accuracy,
        mean_probability,
        mean_rise,
        spurious_accuracy,
        spurious_scores,
    )

    clean, asked, other = clean[None], asked[None], other[None]
    scores = spurious_scores(clean, asked, target, THRESHOLDS)[0]
    others = spurious_scores(clean, asked, target, EPSILON, labels=labels, include_target=False)
    measured: dict[str, float | None] = {
        f"score_{epsilon:g}": float(score) for epsilon, score in zip(THRESHOLDS, scores, strict=True)
    }
    return measured | {
        "score_others": float(others[0]),
        "difference": float(mean_rise(clean, asked, target)[0]),
        "probability": float(mean_probability(asked, target)[0]),
        "log_odds": float(mean_log_odds(asked[0], target)),
        "other_probability": float(mean_probability(other, target)[0]),
        "other_score": float(spurious_scores(clean, other, target, EPSILON)[0]),
        "other_difference": float(mean_rise(clean, other, target)[0]),
        "clean_accuracy": float(clean_accuracy(clean, labels)[0]),
        "spurious_accuracy": float(spurious_accuracy(asked, labels, target)[0]),
        "other_spurious_accuracy": float(spurious_accuracy(other, labels, target)[0]),
    }


def _beaten(network: Module, asked: Tensor, scene: Scene, arm: Arm, device: str) -> float:
    """The share of the arm's fresh patterns whose mean log-odds lie below those of the pattern shown."""
    import numpy as np
    import torch

    from support.data.patterns import overlay
    from support.measures.specificity import mean_log_odds, share_beaten

    images = scene.test_images.numpy()
    fresh = [
        mean_log_odds(
            _outputs(network, torch.from_numpy(overlay(images, added).astype(np.float32)).to(device)).cpu(), arm.target
        )
        for added in scene.fresh_patterns(arm)
    ]
    return share_beaten(mean_log_odds(asked, arm.target), fresh)


def _outputs(network: Module, images: Tensor, block: int = 1000) -> Tensor:
    """Logits of one network on flattened images, (n, classes)."""
    import torch

    with torch.no_grad():
        return torch.cat([network(part) for part in torch.split(images, block)])


def _first_layers(networks: Trained, scene: Scene, recipe: Recipe) -> list[dict[str, float | None]]:
    """Of each network: importance of the corner that S3 covers, and what training did to always-zero pixels."""
    import torch

    from support.measures.spurious import pixel_importance
    from support.training.ensemble import Ensemble, initial_weights

    names = ("corner_importance", "still_corner_importance", "dead_pixels", "moved_dead_weights")
    if not isinstance(networks, Ensemble):
        return [dict.fromkeys(names) for _ in networks.diverged]
    weights = networks.weights[0].cpu()
    dead = (scene.images == 0).all(dim=0).reshape(scene.shape)
    dead[:CORNER, :CORNER] = False
    start = initial_weights(recipe, weights.shape[1], scene.classes, scene.network_seed)[0][0]
    moved = (weights != start).reshape(-1, *scene.shape, weights.shape[2])[:, dead]
    importance = pixel_importance(weights).reshape(-1, *scene.shape)
    return [
        dict(
            zip(
                names,
                (
                    float(own[:CORNER, :CORNER].mean()),
                    float(own[dead].mean()) if dead.any() else None,
                    float(dead.sum()),
                    float(torch.count_nonzero(changed)),
                ),
                strict=True,
            )
        )
        for own, changed in zip(importance, moved, strict=True)
    ]
