"""The remedies that paper B tries against a rare pattern (Section 5), as arms, and the strengths that are asked about.

The text speaks of suitable strengths without naming one. The chosen levels are from the released grids, by pilots on
another seed: the largest whose cost in clean accuracy looked below two points.
"""

from __future__ import annotations

from dataclasses import replace

from support.analysis.taught import Taught
from support.experiments.scene import Arm
from support.experiments.size import Size

REMEDIES = ("input noise", "weight decay", "clipped norm", "clipped values")
CHOSEN: dict[str, dict[str, float]] = {
    dataset: {"input noise": noise, "weight decay": 1e-3, "clipped norm": 0.1, "clipped values": 1e-3}
    for dataset, noise in (("mnist", 0.5), ("fashion-mnist", 0.2))
}
# Of the released code; it clips values only.
GRIDS: dict[str, tuple[float, ...]] = {
    "input noise": (0.1, 0.2, 0.5, 1.0),
    "weight decay": (1e-5, 1e-4, 1e-3, 1e-2),
    "clipped norm": (1.0, 0.1, 0.01),
    "clipped values": (0.1, 0.01, 0.001, 0.0001),
}


def remedied(arm: Arm, remedy: str, strength: float) -> Arm:
    """The arm with its network trained under a remedy: noise in units of a pixel, clipping in those of a gradient.

    Raises
    ------
    ValueError : an unknown remedy.
    """
    if remedy == "input noise":
        return replace(arm, input_noise=strength)
    if remedy == "weight decay":
        return replace(arm, weight_decay=strength)
    if remedy == "clipped norm":
        return replace(arm, clip_norm=strength)
    if remedy == "clipped values":
        return replace(arm, clip_value=strength)
    raise ValueError(f"unknown remedy {remedy!r}: {', '.join(REMEDIES)}")


def described_under_remedy(taught: Taught, treated: Arm, size: Size, remedy: str, strength: float) -> dict[str, object]:
    """What was run, with the clean accuracy that the remedy leaves."""
    accuracy = f"{taught.untreated_accuracy:.3f}, {taught.of('clean_accuracy', treated).mean():.3f} under the remedy"
    return size.described() | {
        "pattern": treated.pattern,
        "n": treated.n,
        "remedy": f"{remedy}, {strength:g}",
        "clean accuracy": accuracy,
    }
