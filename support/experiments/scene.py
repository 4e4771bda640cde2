"""One trial's images, patterns and seeds, which every network of the trial shares, and what sets a network apart.

Everything comes from a stream of its own: the training subset, the test images, the examples that carry a pattern, the
random patterns, the initial weights and the batch order. Networks of a trial differ in their `Arm` only, so that every
comparison is paired. (The released code ties pattern and examples to one seed and fixes the network's.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from support.experiments.experiment import Context

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from support.training.member import Member

CLASSES = 10
# Training and test images of each dataset.
IMAGES = {"mnist": (60_000, 10_000), "fashion-mnist": (60_000, 10_000), "cifar-10": (50_000, 10_000)}


def require_images(dataset: str, subset: int | None, test: int | None) -> None:
    """Refuse an unknown dataset, and more images than it has, with a ValueError."""
    if dataset not in IMAGES:
        raise ValueError(f"unknown dataset {dataset!r}: {', '.join(IMAGES)}")
    for name, count, most in zip(("subset", "test"), (subset, test), IMAGES[dataset], strict=True):
        if count is not None and not 1 <= count <= most:
            raise ValueError(f"{name} must lie in 1 to {most:,}, got {count:,}")


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
class Scene:
    """What all networks of a trial share.

    Attributes
    ----------
    images, labels : (N, d) float32 in [0, 1], each row an image of `shape`, and (N,) int64.
    test_images, test_labels : the same of the test images.
    shape : of an image, (h, w) or (h, w, c).
    network_seed : of initial weights, batch order and noise.
    order : training rows, shuffled; examples that carry a pattern are the first of their class in it.
    pattern_seeds : of the random patterns that are trained on, and of those that never are.
    """

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    shape: tuple[int, ...]
    network_seed: int
    order: np.ndarray
    pattern_seeds: tuple[int, int]

    @classmethod
    def draw(cls, dataset: str, subset: int | None, test: int | None, trial: int, context: Context) -> Scene:
        """The scene of a trial, with so many training and test images drawn at random; None for all of them."""
        import numpy as np
        import torch

        from support.data.datasets import load
        from support.randomness import stream

        def chosen(split: Literal["train", "test"], count: int | None) -> tuple[Tensor, Tensor, tuple[int, ...]]:
            data = load(dataset, split, context.data)
            rows = stream(context.seed, trial, f"{split} images").permutation(len(data.pixels))[:count]
            pixels = data.pixels[rows].reshape(len(rows), -1).astype(np.float32) / np.float32(255)
            return torch.from_numpy(pixels), torch.from_numpy(data.labels[rows]), data.pixels.shape[1:]

        def number(purpose: str) -> int:
            return int(stream(context.seed, trial, purpose).integers(2**31))

        images, labels, shape = chosen("train", subset)
        test_images, test_labels, _ = chosen("test", test)
        return cls(
            images,
            labels,
            test_images,
            test_labels,
            shape,
            number("network"),
            stream(context.seed, trial, "spurious examples").permutation(len(images)),
            (number("pattern"), number("other pattern")),
        )

    def pattern(self, arm: Arm, *, other: bool = False) -> np.ndarray:
        """The arm's pattern as a row of pixels, or one of its kind that nothing was trained on."""
        import numpy as np

        from support.data.patterns import RANDOM, pattern

        added = pattern(arm.pattern, self.shape, self.pattern_seeds[other])
        if other and arm.pattern not in RANDOM:
            added = added[::-1, ::-1]  # the opposite corner; the bar comes to lie a pixel further left
        if arm.norm_of:
            wanted = pattern(arm.norm_of, self.shape, self.pattern_seeds[other])
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
