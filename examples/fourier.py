"""Random Fourier features (Rahimi & Recht, 2007): √(2/k) cos(Wz + b), whose kernel is Gaussian as k grows.

pytest claims --features examples/fourier.py:features
"""

from __future__ import annotations

from functools import cache
from math import pi, sqrt

import torch
from torch import Tensor

NEURONS = 1000


def features(inputs: Tensor) -> Tensor:
    """From inputs (n, d) to features (n, k), both float64; the same weights whenever it is called."""
    weights, phases = _drawn(inputs.shape[1])
    return (inputs @ weights.T + phases).cos() * sqrt(2 / NEURONS)


@cache
def _drawn(d: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(NEURONS, d, generator=generator, dtype=torch.float64) / d**0.5
    return weights, 2 * pi * torch.rand(NEURONS, generator=generator, dtype=torch.float64)
