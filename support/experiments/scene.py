"""One trial's images, patterns and seeds, which every network of the trial shares, and what sets a network apart.

Everything comes from a stream of its own: the training subset, the test images, the examples that carry a pattern, the
random patterns, the initial weights and the batch order. Networks of a trial differ in their `Arm` only, so that every
comparison is paired. (The released code ties pattern and examples to one seed and fixes the network's.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from support.data.catalogue import DATASETS
from support.experiments.experiment import Context

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from support.training.member import Member

# Of the published datasets.
CLASSES = 10
# Whose examples carry a pattern.
Carriers = Literal["target", "any", "balanced", "balanced again"]
# Streams of the class orders of balanced carriers, and of their second draw.
CYCLES = ("balanced carriers", "balanced carriers again")

COLOUR_DECAY = 1e-4


def decay_on(dataset: str) -> float:
    """Weight decay of every network on this dataset in the released code (Appendix B.1 does not mention it).

    Raises
    ------
    ValueError : an unknown dataset.
    """
    require_images(dataset, None, None)
    return COLOUR_DECAY if DATASETS[dataset].colour else 0.0


def require_images(dataset: str, subset: int | None, test: int | None) -> None:
    """Refuse an unknown dataset, and more images than it has, with a ValueError."""
    if dataset not in DATASETS:
        raise ValueError(f"unknown dataset {dataset!r}: {', '.join(DATASETS)}")
    for name, count, most in zip(("subset", "test"), (subset, test), DATASETS[dataset].counts, strict=True):
        if count is not None and not 1 <= count <= most:
            raise ValueError(f"{name} must lie in 1 to {most:,}, got {count:,}")


def require_targets(dataset: str, targets: Sequence[int]) -> None:
    """Refuse a target that is no class of the dataset with a ValueError."""
    classes = DATASETS[dataset].classes
    for target in targets:
        if target >= classes:
            raise ValueError(f"target must lie in 0 to {classes - 1}, got {target}")


@dataclass(frozen=True)
class Arm:
    """One network of a trial, and the pattern that it is asked about.

    Attributes
    ----------
    pattern : one of `support.data.patterns.PATTERNS`.
    n : training examples that carry it; with 0 the network is trained on clean images and only asked.
    target : class whose probability is watched, and of the examples that carry the pattern.
    query : pattern put on the test images in place of the one trained on, or None for the same.
    carriers : ``"target"`` examples of the target class, as published; ``"any"`` examples of classes as they come;
        ``"balanced"`` ones of all classes, as many of each as of any other, up to one: their classes are a shuffled
        cycle over all, so that ten or a hundred correlate with nothing. ``"balanced again"`` is a second, independent
        draw of those: another shuffle, other images.
    own_noise : whether each example carries a draw of its own of the pattern's law, none of which is the trial's
        pattern; for R1 to R3.
    norm_of : name of a pattern to whose norm before clipping this one is scaled.
    input_noise, weight_decay, clip_norm, clip_value : regularisation, as `support.training.member.Member`.
    fresh : draws of the law of the pattern shown, among which that pattern is ranked; 0 for none, and for R1 to R3.
    """

    pattern: str
    n: int
    target: int = 0
    query: str | None = None
    carriers: Carriers = "target"
    norm_of: str | None = None
    input_noise: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None
    own_noise: bool = False
    fresh: int = 0

    def __post_init__(self) -> None:
        from support.data.patterns import PATTERNS, RANDOM

        for name in (self.pattern, self.norm_of or self.pattern, self.query or self.pattern):
            if name not in PATTERNS:
                raise ValueError(f"unknown pattern {name!r}: {', '.join(PATTERNS)}")
        if self.n < 0:
            raise ValueError(f"n must not be negative, got {self.n}")
        if self.target < 0:
            raise ValueError(f"target must not be negative, got {self.target}")
        if self.carriers not in get_args(Carriers):
            raise ValueError(f"carriers must be one of {', '.join(get_args(Carriers))}, got {self.carriers!r}")
        if self.fresh < 0:
            raise ValueError(f"fresh must not be negative, got {self.fresh}")
        if self.own_noise and self.pattern not in RANDOM:
            raise ValueError(f"own_noise needs a pattern with a law ({', '.join(RANDOM)}), got {self.pattern}")
        if self.fresh and self.shown not in RANDOM:
            raise ValueError(f"fresh draws need a pattern with a law ({', '.join(RANDOM)}), got {self.shown}")

    @property
    def shown(self) -> str:
        """The pattern on the test images."""
        return self.query or self.pattern

    def trained_as(self) -> Arm:
        """The arm by what its training depends on: without examples, pattern and target are only asked about.

        Examples of all classes are the same whatever the target.
        """
        trained = replace(self, query=None, fresh=0)
        if not self.n:
            return replace(trained, pattern="S1", target=0, carriers="target", norm_of=None, own_noise=False)
        return trained if self.carriers == "target" else replace(trained, target=0)


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
    class_orders : (2, classes), the cycle of classes of balanced carriers, and of their second draw.
    noise_seeds : of the sequences of patterns that examples carry one each, and of those that are only ranked.
    """

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    shape: tuple[int, ...]
    network_seed: int
    order: np.ndarray
    pattern_seeds: tuple[int, int]
    class_orders: np.ndarray
    noise_seeds: tuple[int, int]

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.class_orders.shape[1])

    @classmethod
    def draw(
        cls, dataset: str, subset: int | None, test: int | None, trial: int, context: Context, attempt: int = 0
    ) -> Scene:
        """The scene of a trial, with so many training and test images drawn at random; None for all of them.

        Another attempt at the same trial has other initial weights, batches and noise, and all else the same.
        """
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

        classes = DATASETS[dataset].classes
        images, labels, shape = chosen("train", subset)
        test_images, test_labels, _ = chosen("test", test)
        return cls(
            images,
            labels,
            test_images,
            test_labels,
            shape,
            number(f"network/{attempt}" if attempt else "network"),
            stream(context.seed, trial, "spurious examples").permutation(len(images)),
            (number("pattern"), number("other pattern")),
            np.stack([stream(context.seed, trial, purpose).permutation(classes) for purpose in CYCLES]),
            (number("patterns of one example each"), number("fresh patterns")),
        )

    def pattern(self, arm: Arm, *, other: bool = False) -> np.ndarray:
        """The arm's pattern as a row of pixels, or one of its kind that nothing was trained on."""
        from support.data.patterns import RANDOM

        added = self._drawn(arm, self.pattern_seeds[other])
        if other and arm.pattern not in RANDOM:
            return added[::-1]  # the opposite corner; the bar comes to lie a pixel further left
        return added

    def patterns_of_one_each(self, arm: Arm) -> np.ndarray:
        """A pattern for each example that carries one of its own, (n, pixels); the first of one sequence."""
        return self._sequence(arm, arm.n, self.noise_seeds[0])

    def fresh_patterns(self, arm: Arm) -> np.ndarray:
        """Draws of the law of the pattern shown that nothing was trained on, (arm.fresh, pixels)."""
        return self._sequence(_asked(arm), arm.fresh, self.noise_seeds[1])

    def _sequence(self, arm: Arm, count: int, seed: int) -> np.ndarray:
        import numpy as np

        seeds = np.random.default_rng(seed).integers(2**31, size=count)
        return np.array([self._drawn(arm, int(one)) for one in seeds]).reshape(count, -1)

    def _drawn(self, arm: Arm, seed: int) -> np.ndarray:
        """The arm's pattern as a row of pixels, its noise from this seed."""
        import numpy as np

        from support.data.patterns import pattern

        added = pattern(arm.pattern, self.shape, seed)
        if arm.norm_of:
            wanted = pattern(arm.norm_of, self.shape, seed)
            added = added * (np.linalg.norm(wanted) / np.linalg.norm(added))
        return added.reshape(-1)

    def carriers(self, arm: Arm) -> np.ndarray:
        """The training rows that carry the arm's pattern, (n,).

        Raises
        ------
        ValueError : a class has fewer examples.
        """
        labels = self.labels.numpy()[self.order]
        if arm.carriers in ("balanced", "balanced again"):
            return self._balanced(arm, labels)
        rows = self.order if arm.carriers == "any" else self.order[labels == arm.target]
        if arm.n > len(rows):
            raise ValueError(f"n = {arm.n:,} exceeds the {len(rows):,} training examples of class {arm.target}")
        return rows[: arm.n]

    def _balanced(self, arm: Arm, labels: np.ndarray) -> np.ndarray:
        """Within a class the first of its examples in the trial's order, or for the second draw the last."""
        import numpy as np

        again = arm.carriers == "balanced again"
        cycle = np.resize(self.class_orders[int(again)], arm.n)
        order, labels = (self.order[::-1], labels[::-1]) if again else (self.order, labels)
        rows = np.empty(arm.n, dtype=np.int64)
        for which in np.unique(cycle):
            places, examples = np.flatnonzero(cycle == which), order[labels == which]
            if len(places) > len(examples):
                raise ValueError(f"n = {arm.n:,} exceeds the {len(examples):,} training examples of class {which}")
            rows[places] = examples[: len(places)]
        return rows

    def member(self, arm: Arm, learning_rate: float) -> Member:
        """The network of an arm: its training rows that carry the pattern, and its regularisation.

        Raises
        ------
        ValueError : as `carriers`.
        """
        import numpy as np

        from support.data.patterns import overlay
        from support.training.member import Member

        rows = self.carriers(arm)
        pixels = self.images.numpy()[rows]
        if arm.n and arm.own_noise:
            pairs = zip(pixels, self.patterns_of_one_each(arm), strict=True)
            pixels = np.concatenate([overlay(image[None], added) for image, added in pairs]).astype(np.float32)
        elif arm.n:
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
        first, second = (
            torch.from_numpy(overlay(images, self.pattern(_asked(arm), other=other)).astype(np.float32))
            for other in (False, True)
        )
        return first, second

    def images_in_both(self) -> int:
        """How many test images are training images too, pixel for pixel."""
        training = {image.tobytes() for image in self.images.numpy()}
        return sum(image.tobytes() in training for image in self.test_images.numpy())


def _asked(arm: Arm) -> Arm:
    """The arm with the pattern that it is shown in the place of the one trained on."""
    return replace(arm, pattern=arm.query, own_noise=False) if arm.query else arm
