"""What a trained network's answers say of labels: to test samples, and to backgrounds that it saw or did not (paper A).

Outputs are (..., n, 1) for two classes, of which the sign is the answer, or logits (..., n, classes); labels are (n,)
integers from 0. Leading dimensions, such as several cores for one background, are averaged over.
"""

from __future__ import annotations

import torch
from torch import Tensor

# A single pairing of queries with other samples' labels is as noisy as the effect it is the control for.
SHIFTS = 16


def right(outputs: Tensor, labels: Tensor) -> Tensor:
    """Whether each answer is the label; (..., n) booleans."""
    answers = (outputs[..., 0] > 0).long() if outputs.shape[-1] == 1 else outputs.argmax(dim=-1)
    return answers == labels


def accuracy(outputs: Tensor, labels: Tensor) -> float:
    """Share of samples whose answer is the label."""
    return float(right(outputs, labels).double().mean())


def balanced_accuracy(outputs: Tensor, labels: Tensor) -> float:
    """Mean over the classes present of the share of their samples that are answered right.

    A network that answers one class always has 1/(classes present), however unbalanced a small sample is.
    """
    correct = right(outputs, labels).double()
    classes = torch.nn.functional.one_hot(labels).double()
    counts = classes.sum(dim=0)
    present = counts > 0
    return float((correct @ classes[:, present] / counts[present]).mean())


def label_covariance(outputs: Tensor, labels: Tensor) -> float:
    """Cov(f, g) of one output with g = ±1; of logits, the sum over classes of Cov(probability, label is that class).

    The latter is the mean probability of a sample's own class less that of another sample's, times n/(n - 1) for pairs
    without repetition. Unbiased over samples.
    """
    return output_covariance(outputs if outputs.shape[-1] == 1 else outputs.double().softmax(dim=-1), labels)


def output_covariance(outputs: Tensor, labels: Tensor) -> float:
    """As `label_covariance`, of the outputs themselves: logits in the place of probabilities."""
    if outputs.shape[-1] == 1:
        indicators = (2 * labels - 1)[:, None].double()
    else:
        indicators = torch.nn.functional.one_hot(labels, outputs.shape[-1]).double()
    centred = indicators - indicators.mean(dim=0)
    return float(((outputs.double() * centred).sum(dim=(-1, -2)) / (len(labels) - 1)).mean())


def of_other_samples(outputs: Tensor) -> Tensor:
    """Each sample's answer replaced by that of another, by up to `SHIFTS` cyclic shifts; (shifts, ..., n, outputs)."""
    count = outputs.shape[-2]
    return torch.stack([outputs.roll(shift, dims=-2) for shift in range(1, min(SHIFTS, count - 1) + 1)])
