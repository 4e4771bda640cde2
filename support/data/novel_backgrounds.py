"""Backgrounds that no model was trained on but that resemble one that it was: a mixture of a seen and a fresh one.

    y^q = m + ρ (y − m) + √(1 − ρ²) (y' − m)

with y seen in training, y' a fresh draw of the same law and m its mean: y^q then has the mean and the covariance of
that law at every ρ, and a correlation of ρ with y in each coordinate. ρ = 1 is the seen background, ρ = 0 a fresh one.
Of a Gaussian law the mixture is itself a draw; of other laws it has their first two moments only.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Mean of a frame's pixels, uniform on the integers 0..255 (`support.data.frame.framed`).
FRAME_MEAN = 127.5


def require_resemblances(resemblances: Sequence[float]) -> None:
    """Refuse a ρ outside [0, 1] with a ValueError."""
    if not all(0 <= rho <= 1 for rho in resemblances):
        raise ValueError(f"a resemblance must lie in [0, 1], got {tuple(resemblances)}")


def mixed(seen: NDArray[Any], fresh: NDArray[Any], rho: float, mean: float = 0.0) -> NDArray[np.float64]:
    """Backgrounds of resemblance `rho` to the seen ones; float64 of their shape, neither rounded nor clipped.

    Parameters
    ----------
    seen, fresh : backgrounds of one shape, independent draws of one law.
    rho : ρ in [0, 1].
    mean : m, of every coordinate of the law.

    Raises
    ------
    ValueError : ρ outside [0, 1], or two shapes.
    """
    require_resemblances([rho])
    if seen.shape != fresh.shape:
        raise ValueError(f"seen and fresh backgrounds must have one shape, got {seen.shape} and {fresh.shape}")
    known, new = (part.astype(np.float64) - mean for part in (seen, fresh))
    return mean + rho * known + sqrt(1 - rho * rho) * new
