"""Whether a network knows one pattern from others of its law: the rank of what it answers, for one trained network.

Probabilities hide it where they saturate: two patterns that a network is sure of have a target probability near 1 both,
while their log-odds still differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def mean_log_odds(logits: Tensor, target: int) -> float:
    """Mean over images of log p/(1 - p) of the target, computed from logits in double precision.

    Parameters
    ----------
    logits : (n, C).

    Raises
    ------
    ValueError : another number of dimensions, fewer than two classes, or a class that there is not.
    """
    if logits.ndim != 2 or not logits.shape[0] or logits.shape[1] < 2:
        raise ValueError(f"logits must be (n, C) of two classes or more, got shape {tuple(logits.shape)}")
    if not 0 <= target < logits.shape[1]:
        raise ValueError(f"target must lie in 0..{logits.shape[1] - 1}, got {target}")
    exact = logits.double()
    others = torch.cat([exact[:, :target], exact[:, target + 1 :]], dim=1)
    return float((exact[:, target] - others.logsumexp(dim=1)).mean())


def share_beaten(own: float, fresh: Sequence[float]) -> float:
    """The share A of fresh draws that lie below the own one, ties counted half: 1/2 in mean where it is one of them.

    Raises
    ------
    ValueError : no fresh draw.
    """
    if not fresh:
        raise ValueError("fresh must hold at least one draw")
    return sum(1.0 if one < own else 0.5 if one == own else 0.0 for one in fresh) / len(fresh)


def rank_p_value(own: float, fresh: Sequence[float]) -> float:
    """Probability at most of a rank as high where own and fresh ones are exchangeable: (1 + those not below)/(1 + all).

    Exact where the pattern was drawn from the same law and nothing but its training sets it apart (Phipson & Smyth
    2010); 199 fresh draws reach 0.005.

    Raises
    ------
    ValueError : no fresh draw.
    """
    if not fresh:
        raise ValueError("fresh must hold at least one draw")
    return (1 + sum(one >= own for one in fresh)) / (1 + len(fresh))
