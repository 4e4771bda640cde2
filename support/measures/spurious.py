"""What a pattern does to the answers of trained networks, for all members of an ensemble at once (paper B)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

EPSILON = 0.1  # the paper's threshold of the score, 1/(number of classes)


def spurious_scores(
    clean_logits: Tensor,
    pattern_logits: Tensor,
    target: int | Tensor,
    epsilon: float | Sequence[float],
    *,
    labels: Tensor | None = None,
    include_target: bool = True,
) -> Tensor:
    """Share of test images for which the pattern raises the probability of the target class by more than epsilon.

    p_target(x + pattern) - p_target(x) > ε with softmax probabilities (Section 3.1), in double precision.

    Parameters
    ----------
    clean_logits, pattern_logits : (M, n, C), on the images and on the same images with the pattern.
    target : the class, or one for each member, (M,).
    epsilon : a threshold, or E of them.
    labels : (n,), the classes of the images; needed to leave out the target class.
    include_target : whether images of the target class count; all do in the paper.

    Returns
    -------
    (M,) float64 for one epsilon, (M, E) for a sequence. NaN for a member with NaN logits or without images.

    Raises
    ------
    ValueError : shapes that do not fit, a class that there is not, or labels missing where they are needed.
    """
    targets = _targets(pattern_logits, target)
    if clean_logits.shape != pattern_logits.shape:
        raise ValueError(
            f"clean_logits and pattern_logits must have the same shape, "
            f"got {tuple(clean_logits.shape)} and {tuple(pattern_logits.shape)}"
        )
    if not include_target and labels is None:
        raise ValueError("include_target=False needs labels")
    rise = _probability(pattern_logits, targets) - _probability(clean_logits, targets)
    counted = torch.ones_like(rise, dtype=torch.bool)
    if labels is not None:
        _require_labels(labels, pattern_logits)
        if not include_target:
            counted = labels != targets[:, None]
    thresholds = torch.as_tensor(epsilon, dtype=rise.dtype, device=rise.device)
    if thresholds.ndim > 1:
        raise ValueError(f"epsilon must be a number or a sequence of numbers, got shape {tuple(thresholds.shape)}")
    above = (rise[..., None] > thresholds.reshape(-1)) & counted[..., None]
    shares = above.sum(dim=1).double() / counted.sum(dim=1, keepdim=True)
    shares[rise.isnan().any(dim=1)] = torch.nan
    return shares if thresholds.ndim else shares[:, 0]


def mean_rise(clean_logits: Tensor, pattern_logits: Tensor, target: int) -> Tensor:
    """Mean rise of the target's probability under the pattern, over all images, (M,) float64; a score without ε.

    Parameters
    ----------
    clean_logits, pattern_logits : (M, n, C), on the images and on the same images with the pattern.

    Raises
    ------
    ValueError : another number of dimensions, or a class that there is not.
    """
    _targets(pattern_logits, target)
    before, after = (logits.softmax(dim=2)[:, :, target].double() for logits in (clean_logits, pattern_logits))
    return (after - before).mean(dim=1)


def mean_probability(logits: Tensor, target: int) -> Tensor:
    """Mean probability of the target, over all images, (M,) float64.

    Parameters
    ----------
    logits : (M, n, C), on patterned images.

    Raises
    ------
    ValueError : another number of dimensions, or a class that there is not.
    """
    return _probability(logits, _targets(logits, target)).mean(dim=1)


def spurious_accuracy(pattern_logits: Tensor, labels: Tensor, target: int | Tensor) -> Tensor:
    """Accuracy on patterned images whose class is not the target, (M,) float64; NaN where logits are or none is left.

    Parameters
    ----------
    pattern_logits : (M, n, C).
    labels : (n,).
    target : the class, or one for each member, (M,).

    Raises
    ------
    ValueError : shapes that do not fit, or a class that there is not.
    """
    targets = _targets(pattern_logits, target)
    _require_labels(labels, pattern_logits)
    return _accuracy(pattern_logits, labels, labels != targets[:, None])


def clean_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Accuracy of logits (M, n, C) on labels (n,), (M,) float64; NaN for a member with NaN logits.

    Raises
    ------
    ValueError : shapes that do not fit, or a class that there is not.
    """
    _require_logits(logits)
    _require_labels(labels, logits)
    return _accuracy(logits, labels, torch.ones(logits.shape[:2], dtype=torch.bool, device=logits.device))


def pixel_importance(first_layer: Tensor) -> Tensor:
    """Largest signed weight of each input pixel over hidden units (Section 4), (M, in), of weights (M, in, out).

    Raises
    ------
    ValueError : another number of dimensions, or no hidden unit.
    """
    if first_layer.ndim != 3 or not first_layer.shape[2]:
        raise ValueError(f"first_layer must be (M, in, out), got shape {tuple(first_layer.shape)}")
    return first_layer.amax(dim=2)


def _accuracy(logits: Tensor, labels: Tensor, counted: Tensor) -> Tensor:
    right = (logits.argmax(dim=2) == labels) & counted
    share = right.sum(dim=1).double() / counted.sum(dim=1)
    share[logits.isnan().any(dim=2).any(dim=1)] = torch.nan
    return share


def _probability(logits: Tensor, targets: Tensor) -> Tensor:
    """Softmax probability of each member's target class, (M, n) float64."""
    at = targets[:, None, None].expand(-1, logits.shape[1], 1)
    return torch.softmax(logits.double(), dim=2).gather(2, at)[..., 0]


def _targets(logits: Tensor, target: int | Tensor) -> Tensor:
    """The target class of each member, (M,) int64."""
    _require_logits(logits)
    members, _, classes = logits.shape
    targets = torch.as_tensor(target, device=logits.device)
    if targets.is_floating_point() or targets.shape not in ((), (members,)):
        raise ValueError(f"target must be an integer or ({members},) integers, got {target}")
    if int(targets.min()) < 0 or int(targets.max()) >= classes:
        raise ValueError(f"target must lie in 0..{classes - 1}, got {target}")
    return targets.long().expand(members)


def _require_logits(logits: Tensor) -> None:
    if logits.ndim != 3 or not logits.numel():
        raise ValueError(f"logits must be (M, n, C), got shape {tuple(logits.shape)}")


def _require_labels(labels: Tensor, logits: Tensor) -> None:
    _, n, classes = logits.shape
    if labels.shape != (n,):
        raise ValueError(f"labels must be ({n},), got shape {tuple(labels.shape)}")
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1}, got {int(labels.min())} to {int(labels.max())}")
