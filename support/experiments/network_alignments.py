"""The feature alignment of trained networks, by their empirical neural tangent kernels, beside what they memorize.

Paper A decomposes memorization into alignment and stability for models that are linear in their parameters (Lemma 4.1,
Eq. 11), and sees the trends of both in trained networks. Here the alignment γ of a network is measured before and after
its training, and so is what retraining without a sample does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context
from support.experiments.network_arms import GaussianArm, SampleArm
from support.experiments.spurious_networks import FramedNetworks, GaussianNetworks, Samples
from support.randomness import stream

if TYPE_CHECKING:
    from torch import Tensor, nn

    from support.training.ensemble import Trained

ArmType = TypeVar("ArmType", bound=SampleArm)

COLUMNS = (
    "covariance",
    "permuted_covariance",
    "training_covariance",
    "test_covariance",
    "train_accuracy",
    "alignment_start",
    "alignment_other_start",
    "alignment_end",
    "alignment_refitted",
    "alignment_refitted_other",
    "tests_in_training",
    "loss",
)


def rows_of(
    experiment: GaussianNetworks | FramedNetworks, arms: Sequence[Any], refits: int, trial: int, context: Context
) -> list[Columns]:
    """Train one network after another; a row each with

    n, labels                 of the arm, and alpha of Gaussian data
    covariance                Cov(f, g) at training samples' backgrounds, memorization
    permuted_covariance       the same with the backgrounds of other training samples
    training_covariance, test_covariance
                              the same at training samples and at test samples
    alignment_start, alignment_end
                              mean of F(z_i^s, z_i) in the network's kernel before and after training
    alignment_other_start     of another start; null on images, where kernels are dear
    alignment_refitted        slope of f(z_i^s) - f_{-i}(z_i^s) against f(z_i) - f_{-i}(z_i) over the samples that are
                              left out and retrained without; null where none is
    alignment_refitted_other  the same with the background of another sample, which is not left out
    loss, train_accuracy, tests_in_training
                              as `support.experiments.spurious_networks`

    Covariances are of outputs (logits), summed over classes. Nothing but n and labels is measured where a network
    diverged.
    """
    return [_row(experiment, arm, refits, trial, context) for arm in arms]


def _row(experiment: GaussianNetworks | FramedNetworks, arm: Any, refits: int, trial: int, context: Context) -> Columns:
    samples: Samples = experiment.samples(arm, trial, context)
    trained = experiment.trained(samples, trial, context)
    measured: dict[str, float | None] = dict.fromkeys(COLUMNS)
    if not trained.diverged[0]:
        measured |= _memorized(trained, samples) | of_the_fit(trained, samples)
        measured |= _alignments(experiment, trained, samples, trial, context)
        measured |= _refitted(experiment, trained, samples, refits, trial, context)
    return {name: [value] for name, value in (arm.columns() | measured).items()}


def _memorized(trained: Trained, samples: Samples) -> dict[str, float | None]:
    import torch

    from support.measures.backgrounds import of_other_samples, output_covariance

    own = torch.stack([trained.logits(queries)[0].cpu() for queries in samples.queries])
    return {
        "covariance": output_covariance(own, samples.labels),
        "permuted_covariance": output_covariance(of_other_samples(own), samples.labels),
    }


def of_the_fit(trained: Trained, samples: Samples) -> dict[str, float | None]:
    """The columns of `rows_of` that speak of training and test samples: training_covariance, test_covariance,
    train_accuracy, tests_in_training and loss.
    """
    from support.measures.backgrounds import accuracy, output_covariance

    training, tests = (trained.logits(inputs)[0].cpu() for inputs in (samples.inputs, samples.test))
    return {
        "training_covariance": output_covariance(training, samples.labels),
        "test_covariance": output_covariance(tests, samples.test_labels),
        "train_accuracy": accuracy(training, samples.labels),
        "tests_in_training": samples.tests_in_training,
        "loss": float(trained.losses[0]),
    }


def _alignments(
    experiment: GaussianNetworks | FramedNetworks, trained: Trained, samples: Samples, trial: int, context: Context
) -> dict[str, float | None]:
    from support.measures.network_alignment import network_alignment
    from support.training.start import initial_network

    def start(purpose: str) -> nn.Sequential:
        seed = int(stream(context.seed, trial, purpose).integers(2**31))
        d = samples.inputs.shape[1]
        return initial_network(experiment.recipe, d, samples.classes, seed, shape=samples.shape)

    def gamma(network: nn.Module, queries: Tensor) -> float:
        return network_alignment(network, samples.inputs, queries).mean

    queries, ended = samples.queries[0], trained.module(0).cpu()
    return {
        "alignment_start": gamma(start("network"), queries),
        "alignment_other_start": None if samples.shape else gamma(start("another network"), queries),
        "alignment_end": gamma(ended, queries),
    }


def _refitted(
    experiment: GaussianNetworks | FramedNetworks,
    trained: Trained,
    samples: Samples,
    refits: int,
    trial: int,
    context: Context,
) -> dict[str, float | None]:
    """The alignment by retraining without one sample after another, the first `refits` of them."""
    if not refits:
        return {}
    own = other = below = 0.0
    for left_out in range(refits):
        without = experiment.trained(samples, trial, context, excluded=[left_out])

        def change(inputs: Tensor, refitted: Trained = without) -> Tensor:
            return (trained.logits(inputs)[0] - refitted.logits(inputs)[0]).double()

        at_sample = change(samples.inputs[left_out : left_out + 1])
        backgrounds = (samples.queries[:, place] for place in (left_out, (left_out + 1) % len(samples.inputs)))
        at_own, at_other = (float((change(each).mean(dim=0) * at_sample[0]).sum()) for each in backgrounds)
        own, other, below = own + at_own, other + at_other, below + float(at_sample.square().sum())
    return {"alignment_refitted": own / below, "alignment_refitted_other": other / below}


@dataclass(frozen=True)
class GaussianAlignments(GaussianNetworks):
    """Of fully connected networks on Gaussian data. Rows: `rows_of`, one of each arm.

    Attributes
    ----------
    refits : training samples that are left out, one at a time, and retrained without.

    Raises
    ------
    ValueError : as `GaussianNetworks`, or not as many samples in the smallest training set.
    """

    promise = LINEAR_ALGEBRA

    refits: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_refits(self.refits, self.arms)

    def measure(self, arms: Sequence[GaussianArm], trial: int, context: Context) -> list[Columns]:
        """See `rows_of`."""
        return rows_of(self, arms, self.refits, trial, context)


@dataclass(frozen=True)
class FramedAlignments(FramedNetworks):
    """Of networks on framed images. Rows: `rows_of`, one of each arm.

    Attributes
    ----------
    refits : as `GaussianAlignments`.

    Raises
    ------
    ValueError : as `FramedNetworks`, or not as many samples in the smallest training set.
    """

    promise = LINEAR_ALGEBRA

    refits: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_refits(self.refits, self.arms)

    def measure(self, arms: Sequence[SampleArm], trial: int, context: Context) -> list[Columns]:
        """See `rows_of`."""
        return rows_of(self, arms, self.refits, trial, context)


def _require_refits(refits: int, arms: Sequence[SampleArm]) -> None:
    if not 0 <= refits <= min(arm.n for arm in arms):
        raise ValueError(f"refits must lie in 0..{min(arm.n for arm in arms)}, the smallest n, got {refits}")
