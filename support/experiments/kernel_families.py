"""The two families of paper A's kernel regression, and the activations by which they are compared.

Random features are named by φ, neural tangent features by its derivative φ'. In infinite width the kernels of φ2 and
φ'2 coincide, and so do those of φ4 and φ'4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from support.models.features import Family

FAMILIES: tuple[Family, ...] = ("rf", "ntk")
NAMES: Mapping[Family, str] = {"rf": "random features", "ntk": "neural tangent features"}
# Of low and of high order, as the synthetic figures compare them: φ2 and φ4, or φ'2 and φ'4.
ORDERS: Mapping[Family, tuple[str, str]] = {"rf": ("h1+h2", "h1+h4"), "ntk": ("h0+h1", "h0+h3")}
RELU: Mapping[Family, str] = {"rf": "relu", "ntk": "step"}
ACTIVATIONS: Mapping[Family, tuple[str, ...]] = {family: (*ORDERS[family], RELU[family]) for family in FAMILIES}


def cases(activations: Mapping[Family, Sequence[str]]) -> list[tuple[Family, str]]:
    """Each family with each of its activations, random features first."""
    return [(family, activation) for family in FAMILIES for activation in activations[family]]


def other_order(family: Family, activation: str) -> str:
    """The activation that this one is compared with: of high order for that of low order, and the other way round.

    Raises
    ------
    ValueError : neither of the two.
    """
    if activation not in ORDERS[family]:
        raise ValueError(f"activation must be {' or '.join(ORDERS[family])}, got {activation!r}")
    low, high = ORDERS[family]
    return high if activation == low else low
