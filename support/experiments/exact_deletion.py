"""The regressions in which the claims know deletion to be exact, and what their rows say."""

from __future__ import annotations

from typing import get_args

import numpy as np

from support.data.gaussian import Gaussian
from support.evidence.rows import Rows
from support.experiments.kernel_deletion import KernelDeletion
from support.models.features import Family

FAMILIES: tuple[Family, ...] = get_args(Family)
# Activations at infinite width: of the kernels ρ + ρ² and ρ + ρ⁴ of inputs with correlation ρ.
ACTIVATIONS: dict[Family, str] = {"rf": "h1+h2", "ntk": "h0+h3"}
# Regression on a few hundred samples memorizes their backgrounds; a hundred of them are deleted.
DIMENSION, SAMPLES, DELETED = 500, 400, 100


def exact_deletion(family: Family) -> KernelDeletion:
    """Regression of Gaussian data at infinite width, and the deletion of a quarter of its samples."""
    return KernelDeletion(family, ACTIVATIONS[family], Gaussian(d=DIMENSION), SAMPLES, (DELETED,))


def spurious_accuracy_fall(rows: Rows) -> np.ndarray:
    """Fall of the accuracy on the deleted samples' backgrounds, in [-1, 1]: how far they are forgotten; (trials,)."""
    fall: np.ndarray = rows["spurious_accuracy"] - rows["deleted_spurious_accuracy"]
    return fall


def distance_from_scratch(rows: Rows) -> np.ndarray:
    """Largest difference of outputs from a fit that never saw the samples, over the largest label; (trials,)."""
    return rows["gap"]
