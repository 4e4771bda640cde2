"""How large a run of kernel regression is; what a claim module's table of sizes holds for each scale and family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from support.experiments.kernel_regression import FramedRegression, GaussianRegression
from support.models.features import Family


@dataclass(frozen=True)
class KernelSize:
    """One family's size at one scale.

    Attributes
    ----------
    samples : training set sizes N, increasing.
    width : number k of neurons.
    test : held-out samples.
    """

    samples: tuple[int, ...]
    width: int
    test: int


# Of both families at one scale.
KernelSizes = Mapping[Family, KernelSize]


def described(experiment: GaussianRegression | FramedRegression) -> dict[str, object]:
    """What the report says was run."""
    common: dict[str, object] = {"N": list(experiment.sizes), "k": experiment.width}
    if isinstance(experiment, FramedRegression):
        return common | {"test images": experiment.test}
    return {"d": experiment.data.d} | common | {"test samples": experiment.test}
