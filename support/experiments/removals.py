"""Ways to take patterned examples away from a trained network: the arms of `support.experiments.deletion.Deletion`."""

from __future__ import annotations

from dataclasses import dataclass

from support.experiments.scene import Carriers

# What the learning rate has fallen to where the released code resumes: three drops by ten.
RELEASED_DECAY = 1e-3
# Methods in which a network goes on training, and whether the schedule starts anew; one keeps the examples.
RETRAINED, KEPT = {"resumed": False, "restarted": True, "kept": True}, "kept"
ESTIMATED = ("influence", "released influence")
ALWAYS = ("before", "scratch")
# The last layer alone, on the features of the network from scratch: one arm, three rows.
LAST_LAYER, HEADS = "last layer", ("head before", "head scratch", "head Newton")
METHODS = (*ALWAYS, *RETRAINED, *ESTIMATED, LAST_LAYER)
# Those that rest on how influence is computed.
INFLUENCED = (*ESTIMATED, LAST_LAYER)


@dataclass(frozen=True)
class Influence:
    """How group influence is computed.

    Attributes
    ----------
    damping : added to the Gauss-Newton matrix.
    tolerance, most : relative residual at which conjugate gradients stop, and their largest number of products.
    examples : training examples of which the matrix is the mean, drawn at random; None for all.
    released_scale, released_depth : of the released recursion; its damping is 0.01 and it divides by 10 runs.
    penalty : λ of λ‖θ‖²/2 on the last layer's weights and biases, beside its mean loss.
    """

    damping: float = 0.01
    tolerance: float = 0.01
    most: int = 200
    examples: int | None = None
    released_scale: float = 150.0
    released_depth: int = 500
    penalty: float = 1.0

    def __post_init__(self) -> None:
        for name in ("damping", "tolerance", "most", "released_scale", "released_depth", "penalty"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")


@dataclass(frozen=True)
class Removal:
    """One way to take n patterned examples away, and what is left.

    Attributes
    ----------
    n : patterned examples.
    method : one of `METHODS`.
    influence : how influence is computed, for the methods that rest on it; else None.
    carriers : of which classes the examples are, as `support.experiments.scene.Arm`.

    Raises
    ------
    ValueError : an unknown method, no example, or influence for a method that does not rest on it, or none for one
        that does.
    """

    n: int
    method: str
    influence: Influence | None = None
    carriers: Carriers = "target"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"unknown method {self.method!r}: {', '.join(METHODS)}")
        if self.n < 1:
            raise ValueError(f"n must be at least 1, got {self.n}")
        if (self.influence is not None) != (self.method in INFLUENCED):
            raise ValueError(f"influence must be given for {', '.join(INFLUENCED)} and for no other, got {self}")
