"""Accuracies and covariances of real-valued outputs against labels in {-1, +1}."""

from __future__ import annotations

import torch
from torch import Tensor


def accuracy(outputs: Tensor, labels: Tensor) -> float:
    """Share of samples whose output has the sign of the label."""
    return float(((outputs > 0) == (labels > 0)).double().mean())


def balanced_accuracy(outputs: Tensor, labels: Tensor) -> float:
    """Mean over the classes present of the share classified right; 0.5 for any constant answer to two classes.

    Outputs of shape (..., N) for labels (N,): the mean over the leading dimensions. Small samples are unbalanced:
    plain accuracy of a model that always answers the majority class is the class share, which would be mistaken for
    memorization.
    """
    right = ((outputs > 0) == (labels > 0)).double()
    classes = torch.stack([labels < 0, labels > 0]).double()
    counts = classes.sum(dim=1)
    present = counts > 0
    return float((right @ classes[present].T / counts[present]).mean())


def covariance(outputs: Tensor, labels: Tensor) -> float:
    """Unbiased sample covariance Cov(f(z), g), memorization as paper A quantifies it; leading dimensions averaged."""
    centred = labels - labels.mean()
    return float((outputs @ centred / (len(labels) - 1)).mean())
