"""Whether one trained network knows a pattern that was put into its training set: its rank among fresh draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import Module

from support.measures.specificity import mean_log_odds, rank_p_value, share_beaten


class PatternRank(NamedTuple):
    """Where one pattern stands among fresh draws of its law.

    Attributes
    ----------
    beaten : the share A of fresh draws whose mean log-odds lie below its own, as `share_beaten`; in [0, 1].
    p : as `rank_p_value`, in (0, 1].
    """

    beaten: float
    p: float


def pattern_rank(
    network: Module, images: Tensor, own: Tensor, fresh: Sequence[Tensor], target: int, *, block: int = 1000
) -> PatternRank:
    """Whether one trained network knows a pattern from fresh draws of its law, by mean log-odds of the target.

    Patterns are added to the images and clipped to [0, 1]. The network is asked in evaluation mode, on the device and
    in the precision of the images, and left in the mode it was in.

    Parameters
    ----------
    images : (n, *shape) with pixels in [0, 1], of a shape that the network takes; none that it was trained on.
    own : (*shape), the pattern that its carriers had.
    fresh : patterns of that shape, drawn as `own` was and after training; 39 tell a share, 199 reach p = 0.005.
    target : the class of the carriers.
    block : images at a time.

    Raises
    ------
    ValueError : no fresh pattern, one of another shape, pixels outside [0, 1], or what `mean_log_odds` refuses.
    """
    if not len(fresh):
        raise ValueError("fresh must hold at least one draw")
    if images.numel() and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"pixels must lie in [0, 1], got {float(images.min()):g} to {float(images.max()):g}")
    for added in (own, *fresh):
        if added.shape != images.shape[1:]:
            raise ValueError(
                f"a pattern of shape {tuple(added.shape)} does not fit images of shape {tuple(images.shape[1:])}"
            )
    was_training = network.training
    network.eval()
    try:
        known, *others = (_log_odds_of_patterned(network, images, added, target, block) for added in (own, *fresh))
    finally:
        network.train(was_training)
    return PatternRank(share_beaten(known, others), rank_p_value(known, others))


def _log_odds_of_patterned(network: Module, images: Tensor, added: Tensor, target: int, block: int) -> float:
    with torch.no_grad():
        logits = [network((part + added.to(part)).clamp(0, 1)) for part in torch.split(images, block)]
    return mean_log_odds(torch.cat(logits), target)
