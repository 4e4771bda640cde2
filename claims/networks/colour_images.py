"""Networks on colour images as paper B's main figure has them, and where they can be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.scene import COLOUR_DECAY
from support.experiments.size import Size
from support.suite.not_run import not_run

SLOW = "a ResNet20 takes two seconds per thousand images and epoch on a CPU core"


def by_adam(size: Size, arms: Sequence[Arm], *, augmentation: bool = True) -> RarePatterns:
    """ResNet20s on CIFAR-10, with Adam at 0.01, crops and flips if wanted, and the weight decay of colour images."""
    recipe = replace(size.recipe, network="ResNet20", augmentation=augmentation)
    decayed = tuple(replace(arm, weight_decay=COLOUR_DECAY) for arm in arms)
    return RarePatterns("cifar-10", recipe, decayed, size.subset, size.test)


def require_accelerator(scale: str) -> None:
    """Leave a case out where there is none."""
    if scale != "paper":
        not_run(SLOW, scale="paper")


def require_hours(scale: str) -> None:
    """Leave a case out at the scale that has to be done in minutes."""
    if scale == "quick":
        not_run(SLOW, scale="standard")
