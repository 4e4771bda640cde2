"""The constant γ that the feature alignment concentrates on, derived for any N/d (infinite width).

Isotropic inputs, spurious query with an independent core, so the cosine of query and sample is α. For
N = o(d²) the other samples can explain only the constant and the linear part of the kernel. What they leave of
the linear part is the fraction c, the solution of

    c = 1 / (1 + ψ s / (1 + s c)),   ψ = N/d,   s = (linear power) / (power of higher degree),

with c -> 1 for N << d and c -> 0 for N >> d. Then, with μ_l the normalised Hermite coefficients of φ (of φ' for
NTK, whose kernel ρ Σ_l μ'_l² ρ^l has every degree raised by one),

    γ_RF(ψ)  =     (c μ_1²  α + Σ_{l>=2} μ_l²  α^l) / (c μ_1²  + Σ_{l>=2} μ_l²)
    γ_NTK(ψ) = α · (c μ'_0²   + Σ_{l>=1} μ'_l² α^l) / (c μ'_0² + Σ_{l>=1} μ'_l²).

This is the suite's own derivation, not a formula printed in paper A.
"""

from __future__ import annotations

from math import sqrt

from support.models.activations import Activation
from support.models.features import FeatureMap


def unexplained_linear_fraction(ratio: float, strength: float) -> float:
    """Fraction c in (0, 1] of the linear part that N = ratio·d other samples leave unexplained.

    The fixed point above, written as the positive root of s c² + (1 + (ψ − 1) s) c − 1 = 0.

    Parameters
    ----------
    ratio : ψ = N/d, non-negative.
    strength : s, power of the linear part over the power of everything above it; may be 0.
    """
    if ratio < 0 or strength < 0:
        raise ValueError(f"ratio and strength must be non-negative, got {ratio} and {strength}")
    half = (1 + (ratio - 1) * strength) / 2
    # The root in the form that does not cancel, for either sign of `half`.
    root = sqrt(half * half + strength)
    return 1 / (half + root) if half >= 0 else (root - half) / strength


def _powers(features: FeatureMap, alpha: float) -> tuple[float, float, float]:
    """(linear power, power above, Σ above weighted by α^degree) of the kernel as a series in the cosine."""
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}")
    import torch  # takes two seconds, and collecting the claims needs no tensor

    activation = Activation(features.activation)
    spectrum = activation.spectrum
    if spectrum.above(1 if features.family == "rf" else 0) == 0:
        raise ValueError(f"{features} is linear in its input: its alignment has no constant for every N/d")
    kernel = float(activation.kernel(torch.tensor(alpha, dtype=torch.float64)))
    if features.family == "rf":
        weighted = kernel - spectrum.constant - spectrum.linear * alpha
        return spectrum.linear, spectrum.above(1), weighted
    return spectrum.constant, spectrum.above(0), alpha * (kernel - spectrum.constant)


def predicted_alignment(features: FeatureMap, alpha: float, ratio: float) -> float:
    """γ for spurious share α at N/d = `ratio`; pass ``math.inf`` for the limit N >> d.

    Raises
    ------
    ValueError : alpha outside [0, 1], or a map that is linear in its input.
    """
    linear, above, weighted = _powers(features, alpha)
    c = 0.0 if ratio == float("inf") else unexplained_linear_fraction(ratio, linear / above)
    return (c * linear * alpha + weighted) / (c * linear + above)


def recalled_lower_bound(features: FeatureMap, alpha: float) -> float:
    """Σ_{l>=2} μ_l² α^l / Σ_{l>=1} μ_l² for random features: the bound recalled for Theorem 5.4 (A-14)."""
    if features.family != "rf":
        raise ValueError(f"the recalled lower bound is for random features, got {features}")
    linear, above, weighted = _powers(features, alpha)
    return weighted / (linear + above)
