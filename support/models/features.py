"""The feature maps of paper A as configuration: what is regressed on, not yet any number.

Random features (Eq. 14): φ(Vz), rows of V ~ N(0, I/d). Neural tangent features of the first layer (Eq. 24):
z ⊗ φ'(Wz), rows of W ~ N(0, I/d). Infinite width: the kernel that either converges to as k grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from support.models.activations import Activation

Family = Literal["rf", "ntk"]


@dataclass(frozen=True)
class FeatureMap:
    """A random-feature or NTK map, or its infinite-width limit.

    Attributes
    ----------
    family : ``"rf"`` (random features) or ``"ntk"`` (neural tangent features).
    activation : φ for random features, the derivative φ' for NTK, by name.
    width : number k of neurons; None is the infinite-width kernel.

    Raises
    ------
    ValueError : an unknown family or activation, or a width below 1.
    """

    family: Family
    activation: str
    width: int | None

    def __post_init__(self) -> None:
        if self.family not in ("rf", "ntk"):
            raise ValueError(f"unknown family {self.family!r}: rf or ntk")
        if self.width is not None and self.width < 1:
            raise ValueError(f"width must be at least 1, got {self.width}")
        Activation(self.activation)

    def __str__(self) -> str:
        width = "infinite width" if self.width is None else f"k={self.width:,}"
        return f"{self.family.upper()}({self.activation}, {width})"

    def parameters(self, d: int) -> int | None:
        """Number p of features for inputs of dimension d: k, or k·d for NTK; None at infinite width."""
        if self.width is None:
            return None
        return self.width * (d if self.family == "ntk" else 1)

    def require_interpolation(self, n: int, d: int) -> None:
        """Refuse, before anything is computed, a sample size that this map cannot interpolate.

        Raises
        ------
        ValueError : N >= p, or N > d (N > d + 1 with a constant) where the map is linear in z.
        """
        p = self.parameters(d)
        if p is not None and n >= p:
            raise ValueError(f"{self} has p={p:,} features and cannot interpolate N={n:,} samples: N must be below p")
        spectrum = Activation(self.activation).spectrum
        degree_from = 1 if self.family == "rf" else 0
        if spectrum.above(degree_from) == 0.0:
            rank = d * int(spectrum.linear > 0) + int(spectrum.constant > 0) if self.family == "rf" else d
            if n > rank:
                raise ValueError(
                    f"{self} is linear in its input, so its kernel has rank {rank:,} "
                    f"and is singular for N={n:,} samples: choose a non-linear activation or N <= {rank:,}"
                )


def random_features(activation: str, width: int | None = None) -> FeatureMap:
    """Random features φ(Vz) of Eq. (14); infinite width by default."""
    return FeatureMap("rf", activation, width)


def neural_tangent(derivative: str, width: int | None = None) -> FeatureMap:
    """NTK features z ⊗ φ'(Wz) of Eq. (24), named by φ'; infinite width by default."""
    return FeatureMap("ntk", derivative, width)
