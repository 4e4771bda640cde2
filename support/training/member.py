"""One member of an ensemble: what sets its training apart from that of the others."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    Array = Tensor | NDArray[Any]


@dataclass(frozen=True, eq=False)
class Member:
    """One network, and the training set and regularisation that are its own.

    Attributes
    ----------
    seed : of the initial weights, the batch order and the noise, a separate stream each; non-negative.
    rows : (k,) integers, the training rows that this member sees changed, none twice; may be empty.
    pixels : (k, d), what it sees there instead.
    learning_rate : positive.
    weight_decay : λ of a penalty λ‖θ‖²/2 on all parameters, as in `torch.optim`; Adam scales its gradient too.
    input_noise : standard deviation of Gaussian noise added to every batch anew, not clipped.
    clip_norm : largest ℓ₂ norm of the member's gradient (`torch.nn.utils.clip_grad_norm_`), or None.
    clip_value : largest magnitude of each entry of its gradient (`clip_grad_value_`), or None.
    excluded : (e,) integers, training rows that it does not see, or None. The others keep their order.
    start : (p,) parameters to go on from, a row of `Ensemble.parameters`, or None for initial weights. The optimiser's
        moments start at zero.

    Raises
    ------
    ValueError : a field outside its range, or of the wrong shape or type.
    """

    seed: int
    rows: Array
    pixels: Array
    learning_rate: float = 0.01
    weight_decay: float = 0.0
    input_noise: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None
    excluded: Array | None = None
    start: Tensor | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed must be non-negative, got {self.seed}")
        require_rows("rows", self.rows)
        if self.excluded is not None:
            require_rows("excluded", self.excluded)
        if self.pixels.ndim != 2 or len(self.pixels) != len(self.rows):
            raise ValueError(f"pixels must have shape ({len(self.rows)}, d), got {tuple(self.pixels.shape)}")
        for name in ("learning_rate", "clip_norm", "clip_value"):
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:
                raise ValueError(f"{name} must be positive and finite, got {value}")
        for name in ("weight_decay", "input_noise"):
            value = getattr(self, name)
            if not 0 <= value < inf:
                raise ValueError(f"{name} must be non-negative and finite, got {value}")
        if self.clip_norm is not None and self.clip_value is not None:
            raise ValueError("clip_norm and clip_value exclude each other: give one, or two members")


def require_rows(name: str, rows: Array) -> None:
    """Refuse what is not a vector of different non-negative integers with a ValueError."""
    indices = np.asarray(rows)
    if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a vector of integers, got shape {indices.shape} of {indices.dtype}")
    if indices.size and int(indices.min()) < 0:
        raise ValueError(f"{name} must be non-negative, got {int(indices.min())}")
    if len(np.unique(indices)) != indices.size:
        raise ValueError(f"{name} must not repeat a row, got {indices.tolist()}")
