"""Trained networks that are asked about the background alone: paper A's Figures 4 and 5.

One trial draws samples once; a network is trained on the first N of them, and asked about test samples, about its
training samples' backgrounds (with an independent core in Gaussian data, around an empty core in images, as published),
and about backgrounds that nothing was trained on. Each network is an arm.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, get_args

from support.data.gaussian import Gaussian
from support.experiments.experiment import BITS, CHOOSES_ARMS, ByArm, Columns, Context, require_distinct
from support.experiments.network_arms import GaussianArm, SampleArm
from support.randomness import stream
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from support.training.ensemble import Trained

# Independent cores for each background of Gaussian data: a single one is as noisy as a second sample.
CORES = 8
# Backgrounds never seen are a control; more of them would cost as much as the claim itself.
FRESH_QUERIES = 1000
Pixels = Literal["raw", "unit"]
ArmType = TypeVar("ArmType", bound=SampleArm)


@dataclass(frozen=True, eq=False)
class Samples:
    """What one network of a trial is trained on and asked about.

    Attributes
    ----------
    inputs, labels : (N, d) float32 and (N,) int64.
    queries : (cores, N, d), the background of each training sample with another core.
    fresh : (Q, d), queries with backgrounds that no training sample has.
    test, test_labels : (T, d) and (T,).
    classes : how many.
    shape : of an image, or None.
    """

    inputs: Tensor
    labels: Tensor
    queries: Tensor
    fresh: Tensor
    test: Tensor
    test_labels: Tensor
    classes: int
    shape: tuple[int, ...] | None = None

    @property
    def tests_in_training(self) -> float:
        """How many test samples are training samples too."""
        known = {row.numpy().tobytes() for row in self.inputs}
        return float(sum(row.numpy().tobytes() in known for row in self.test))


@dataclass(frozen=True)
class _SpuriousNetworks(ByArm, Generic[ArmType]):
    """What both experiments have in common.

    Attributes
    ----------
    recipe : how networks are trained.
    arms : the networks of a trial.
    test : held-out samples, at least 2.
    learning_rate : of the first epochs.
    weight_decay : as `support.training.member.Member`.
    """

    promise: ClassVar[float] = BITS

    recipe: Recipe
    arms: tuple[ArmType, ...] = field(metadata=CHOOSES_ARMS)
    test: int
    learning_rate: float = 1e-3
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        require_distinct("arms", self.arms)
        if self.test < 2:
            raise ValueError(f"at least 2 test samples are needed, got {self.test}")

    @classmethod
    def choosing(cls, arms: Sequence[ArmType]) -> dict[str, Any]:
        """The field that names them."""
        return {"arms": tuple(arms)}

    @abstractmethod
    def samples(self, arm: ArmType, trial: int, context: Context) -> Samples:
        """What an arm's network is trained on and asked about."""

    def trained(self, samples: Samples, trial: int, context: Context, excluded: Sequence[int] | None = None) -> Trained:
        """The network trained on samples, less those excluded: another set of samples, the same start and order."""
        import numpy as np

        from support.training.ensemble import train
        from support.training.member import Member

        member = Member(
            seed=int(stream(context.seed, trial, "network").integers(2**31)),
            rows=np.empty(0, dtype=np.int64),
            pixels=np.empty((0, samples.inputs.shape[1]), dtype=np.float32),
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            excluded=None if excluded is None else np.asarray(excluded),
        )
        return train(
            self.recipe,
            samples.inputs,
            samples.labels,
            samples.classes,
            [member],
            shape=samples.shape,
            device=context.device,
        )

    def measure(self, arms: Sequence[ArmType], trial: int, context: Context) -> list[Columns]:
        """Train one network after another; a row each with

        n, labels                 of the arm, and alpha of Gaussian data
        loss                      mean over the last epoch
        train_accuracy, test_accuracy
        spurious_accuracy         balanced accuracy of the answers to training samples' backgrounds for their labels
        fresh_accuracy            the same with backgrounds never seen, paired with training labels
        permuted_accuracy         the same with the backgrounds of other training samples
        covariance, fresh_covariance, permuted_covariance, test_covariance
                                  `support.measures.backgrounds.label_covariance` of the same queries, and of test
                                  samples
        tests_in_training         test samples that are training samples too

        Nothing but n and labels is measured of a network that diverged.
        """
        return [self._row(arm, trial, context) for arm in arms]

    def _row(self, arm: ArmType, trial: int, context: Context) -> Columns:
        samples = self.samples(arm, trial, context)
        trained = self.trained(samples, trial, context)
        measured = _diverged() if trained.diverged[0] else _measured(trained, samples)
        return {name: [value] for name, value in (arm.columns() | measured).items()}


MEASURED = (
    "loss",
    "train_accuracy",
    "test_accuracy",
    "spurious_accuracy",
    "fresh_accuracy",
    "permuted_accuracy",
    "covariance",
    "fresh_covariance",
    "permuted_covariance",
    "test_covariance",
    "tests_in_training",
)


def _diverged() -> dict[str, float | None]:
    return dict.fromkeys(MEASURED)


def _measured(trained: Trained, samples: Samples) -> dict[str, float | None]:
    import torch

    from support.measures.backgrounds import accuracy, balanced_accuracy, label_covariance, of_other_samples

    def answers(inputs: Tensor) -> Tensor:
        return trained.logits(inputs)[0].cpu()

    labels = samples.labels
    own = torch.stack([answers(queries) for queries in samples.queries])
    others, fresh, tests = of_other_samples(own), answers(samples.fresh), answers(samples.test)
    paired = labels.repeat(-(-len(fresh) // len(labels)))[: len(fresh)]
    values = (
        float(trained.losses[0]),
        accuracy(answers(samples.inputs), labels),
        accuracy(tests, samples.test_labels),
        balanced_accuracy(own, labels),
        balanced_accuracy(fresh, paired),
        balanced_accuracy(others, labels),
        label_covariance(own, labels),
        label_covariance(fresh, paired),
        label_covariance(others, labels),
        label_covariance(tests, samples.test_labels),
        samples.tests_in_training,
    )
    return dict(zip(MEASURED, values, strict=True))


@dataclass(frozen=True)
class GaussianNetworks(_SpuriousNetworks[GaussianArm]):
    """Fully connected networks on Gaussian data whose label is the sign of a projection of the core (Figure 4, left).

    Queries have an independent core, `CORES` of them for each background; those with a background never seen are new
    samples. Rows: `measure`, one of each arm.

    Attributes
    ----------
    data : distribution of the samples.

    Raises
    ------
    ValueError : a recipe for images, no arm or one twice, or fewer than 2 test samples.
    """

    arm_type: ClassVar[Any] = GaussianArm

    data: Gaussian = field(default_factory=lambda: Gaussian(1000))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.recipe.network is not None:
            raise ValueError(f"Gaussian data are no images: a fully connected network is needed, got {self.recipe}")

    def __str__(self) -> str:
        return f"{self.recipe}, Gaussian d={self.data.d:,}"

    def datasets(self) -> tuple[str, ...]:
        """No dataset: the samples are drawn."""
        return ()

    def samples(self, arm: GaussianArm, trial: int, context: Context) -> Samples:
        """See `Samples`; the core's labels are 0 for g = -1 and 1 for g = 1."""
        import numpy as np
        import torch

        draw = self.data.draw(arm.n, self.test, seed=context.seed, trial=trial)
        signs = draw.labels(arm.alpha)[:, 0]
        if arm.labels == "random":
            signs = stream(context.seed, trial, "random labels").choice([-1.0, 1.0], len(signs))
        core = draw.core_dimension(arm.alpha)
        queries = np.repeat(draw.inputs[None, : arm.n], CORES, axis=0)
        queries[:, :, :core] = stream(context.seed, trial, "cores of queries").standard_normal((CORES, arm.n, core))
        inputs, asked = (torch.from_numpy(part.astype(np.float32)) for part in (draw.inputs, queries))
        labels = torch.from_numpy((signs > 0).astype(np.int64))
        test = inputs[arm.n :]
        return Samples(inputs[: arm.n], labels[: arm.n], asked, test[:FRESH_QUERIES], test, labels[arm.n :], 2)


@dataclass(frozen=True)
class FramedNetworks(_SpuriousNetworks[SampleArm]):
    """Networks on images of ten classes, each image in a frame of noise (Figures 4 and 5).

    Queries are frames around an empty core, as published. Images, frames and networks are drawn anew in every trial;
    the published runs share one draw of the frames. Rows: `measure`, one of each arm.

    Attributes
    ----------
    dataset : a key of ``support.data.catalogue.DATASETS``.
    pixels : ``"raw"``, 0 to 255 as published, or ``"unit"``, 0 to 1.

    Raises
    ------
    ValueError : an unknown dataset or scale of pixels, fewer images than are asked for, no arm or one twice, or fewer
        than 2 test images.
    """

    arm_type: ClassVar[Any] = SampleArm

    dataset: str = "mnist"
    pixels: Pixels = "raw"

    def __post_init__(self) -> None:
        from support.data.catalogue import DATASETS

        super().__post_init__()
        if self.dataset not in DATASETS:
            raise ValueError(f"unknown dataset {self.dataset!r}: {', '.join(DATASETS)}")
        if self.pixels not in get_args(Pixels):
            raise ValueError(f"pixels must be {' or '.join(get_args(Pixels))}, got {self.pixels!r}")
        asked = (max(arm.n for arm in self.arms), self.test)
        for name, count, most in zip(("n", "test"), asked, DATASETS[self.dataset].counts, strict=True):
            if count > most:
                raise ValueError(f"{name} must be at most {most:,} for {self.dataset}, got {count:,}")

    def __str__(self) -> str:
        return f"{self.recipe}, framed {self.dataset}, {self.pixels} pixels"

    def datasets(self) -> tuple[str, ...]:
        """The one."""
        return (self.dataset,)

    def samples(self, arm: SampleArm, trial: int, context: Context) -> Samples:
        """See `Samples`."""
        import numpy as np
        import torch

        from support.data import frame
        from support.data.catalogue import DATASETS
        from support.data.datasets import load
        from support.data.tasks import frame_width

        width, known = frame_width(self.dataset), DATASETS[self.dataset]

        def drawn(split: Literal["train", "test"], count: int) -> tuple[np.ndarray, np.ndarray]:
            data = load(self.dataset, split, context.data)
            rows = stream(context.seed, trial, f"{split} images").permutation(len(data.pixels))[:count]
            generator = stream(context.seed, trial, f"frames of {split} images")
            return frame.framed(data.pixels[rows], width, generator), data.labels[rows].astype(np.int64)

        images, labels = drawn("train", arm.n)
        tests, test_labels = drawn("test", self.test)
        height, breadth = known.shape[:2]
        mask = frame.core_mask(height, breadth, width)
        if arm.labels != "true":
            labels = stream(context.seed, trial, "random labels").integers(known.classes, size=arm.n)
        if arm.labels == "frames":
            images = frame.zero_core(images, mask)
        fresh = frame.framed(
            np.zeros((FRESH_QUERIES, *known.shape), dtype=np.uint8), width, stream(context.seed, trial, "fresh frames")
        )

        def rows(pixels: np.ndarray) -> Tensor:
            scale = np.float32(1 if self.pixels == "raw" else 255)
            return torch.from_numpy(pixels.reshape(len(pixels), -1).astype(np.float32) / scale)

        return Samples(
            rows(images),
            torch.from_numpy(labels),
            rows(frame.zero_core(images, mask))[None],
            rows(fresh),
            rows(tests),
            torch.from_numpy(test_labels),
            known.classes,
            images.shape[1:],
        )
