"""How steep an activation gets: whether it is Lipschitz, as the assumptions of paper A's theorems ask."""

from __future__ import annotations

from math import log10

from support.models.activations import Activation

# Reach, and one over the distance between points, at which slopes are compared: a factor of ten.
NEAR, FAR = 100, 1000


def largest_slope(activation: str, reach: int, apart: float) -> float:
    """The largest |φ(x + apart) − φ(x)|/apart within ±`reach`: at either end, and across 0.

    The activations of paper A are a step or ReLU, whose slope changes at 0 only, or polynomials whose derivative is
    largest at an end once `reach` exceeds the places where its own derivative vanishes.
    """
    import torch

    phi = Activation(activation)
    starts = torch.tensor([-float(reach), -apart / 2, reach - apart], dtype=torch.float64)
    rises = (phi(starts + apart) - phi(starts)).abs() / apart
    return float(rises.max())


def slope_growth(activation: str) -> float:
    """Exponent with which the largest slope grows as the line gets longer and points closer, both by a factor of ten.

    0 for a Lipschitz function; degree − 1 for a polynomial, 1 for a step.
    """
    near, far = (largest_slope(activation, reach, 1 / reach) for reach in (NEAR, FAR))
    return log10(far / near) / log10(FAR / NEAR)
