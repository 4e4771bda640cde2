"""What sets one network of paper A's trained networks apart from the others of its trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Labels = Literal["true", "random", "frames"]


@dataclass(frozen=True)
class SampleArm:
    """One network, by the samples that it is trained on.

    Attributes
    ----------
    n : training samples N, at least 2; the first of the trial's, so that smaller sets are parts of larger ones.
    labels : ``"true"``; ``"random"`` ones, each class as likely as any other (nothing to generalize); or ``"frames"``,
        random ones of images with an empty core, which their frames alone tell apart.

    Raises
    ------
    ValueError : another value.
    """

    n: int
    labels: Labels = "true"

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"n must be at least 2, got {self.n}")
        if self.labels not in get_args(Labels):
            raise ValueError(f"labels must be one of {', '.join(get_args(Labels))}, got {self.labels!r}")

    def columns(self) -> dict[str, float | str | None]:
        """What rows say of the arm."""
        return {"n": float(self.n), "labels": self.labels}


@dataclass(frozen=True)
class GaussianArm(SampleArm):
    """One network on Gaussian data.

    Attributes
    ----------
    alpha : spurious share α = d_y/d of the input, in (0, 1).

    Raises
    ------
    ValueError : as `SampleArm`, labels of frames, or another α.
    """

    alpha: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.labels == "frames":
            raise ValueError("Gaussian samples have no frame: labels must be true or random")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie in (0, 1), got {self.alpha}")

    def columns(self) -> dict[str, float | str | None]:
        """What rows say of the arm."""
        return super().columns() | {"alpha": self.alpha}
