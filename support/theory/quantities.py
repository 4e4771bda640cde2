"""What the linear model of paper B predicts, by name: as derived and as printed."""

from __future__ import annotations

from typing import Literal

import numpy as np

from support.theory import curves
from support.theory.curves import Array, Setting, Shape

Quantity = Literal["prediction_difference", "spurious_accuracy", "clean_accuracy"]
NAMES: dict[Quantity, str] = {
    "prediction_difference": "prediction difference",
    "spurious_accuracy": "spurious accuracy",
    "clean_accuracy": "clean accuracy",
}
# The papers' figures start close to γ = 0, where accuracies and slopes are defined but ratios of differences are not.
FIRST_GAMMA, POINTS = 0.005, 100


def derived(quantity: Quantity, setting: Setting) -> Array:
    """A quantity of the optimal classifier over a setting, by the formulas derived from the loss."""
    if quantity == "prediction_difference":
        return curves.prediction_difference(setting)
    return curves.clean_accuracy(setting) if quantity == "clean_accuracy" else curves.spurious_accuracy(setting)


def as_printed(quantity: Quantity, setting: Setting) -> Array:
    """The same as Theorem 1 of paper B prints it."""
    from support.theory import printed

    formulas = {
        "prediction_difference": printed.PREDICTION_DIFFERENCE,
        "spurious_accuracy": printed.SPURIOUS_ACCURACY,
        "clean_accuracy": printed.CLEAN_ACCURACY,
    }
    return curves.evaluate(formulas[quantity], setting)


def derived_over_printed(quantity: Quantity, shape: Shape, last_gamma: float) -> tuple[float, float]:
    """The smallest and the largest ratio of derived to printed values, γ from FIRST_GAMMA to `last_gamma`."""
    setting = Setting(np.linspace(FIRST_GAMMA, last_gamma, POINTS), **shape)
    ratio = derived(quantity, setting) / as_printed(quantity, setting)
    return float(ratio.min()), float(ratio.max())
