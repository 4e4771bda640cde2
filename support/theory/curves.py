"""The derived formulas as functions of arrays: what every figure and every map of the linear model is drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from sympy import Expr

Array = np.ndarray


class Shape(TypedDict):
    """A setting without γ and without what was added."""

    variance_inv: float
    variance_sp: float
    norm_inv: float
    norm_sp: float


# Settings of the paper's figures, without γ and what is varied; Figure 13's ‖x_inv‖ is that of the released notebook.
FIGURE_6C: Shape = {"variance_inv": 1.0, "variance_sp": 0.05, "norm_inv": 1.0, "norm_sp": 5.0}
FIGURE_13: Shape = {"variance_inv": 0.5, "variance_sp": 0.1, "norm_inv": 1.0, "norm_sp": 5**0.5}


@dataclass(frozen=True)
class Setting:
    """Parameters of paper B's linear model; numbers or arrays that broadcast.

    Attributes
    ----------
    gamma : share of positive samples with the spurious feature, in [0, 1].
    variance_inv, variance_sp : σ_inv², σ_sp² > 0.
    norm_inv, norm_sp : ‖x_inv‖, ‖x_sp‖ > 0.
    penalty : λ >= 0.
    training_noise, test_noise : variance of Gaussian noise added to every coordinate of the inputs, >= 0. The paper's
        analysis adds it to both; its experiments to the training inputs.

    Raises
    ------
    ValueError : a parameter outside its range, named.
    """

    gamma: ArrayLike
    variance_inv: ArrayLike
    variance_sp: ArrayLike
    norm_inv: ArrayLike
    norm_sp: ArrayLike
    penalty: ArrayLike = 0.0
    training_noise: ArrayLike = 0.0
    test_noise: ArrayLike = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            values = np.asarray(getattr(self, field.name), dtype=float)
            if field.name == "gamma":
                valid, range_ = (values >= 0) & (values <= 1), "lie in [0, 1]"
            elif field.name in ("penalty", "training_noise", "test_noise"):
                valid, range_ = values >= 0, "be finite and not negative"
            else:
                valid, range_ = values > 0, "be finite and positive"
            valid &= np.isfinite(values)
            if not valid.all():
                raise ValueError(f"{field.name} must {range_}, got {values[~valid].flat[0]:g}")


def evaluate(expression: Expr, setting: Setting) -> Array:
    """Values of a formula of `support.theory.population` or `.printed` over a setting."""
    given = {field.name: np.asarray(getattr(setting, field.name), dtype=float) for field in fields(setting)}
    training, test = given["training_noise"], given["test_noise"]
    arguments = np.broadcast_arrays(
        given["gamma"],
        given["penalty"],
        np.sqrt(given["variance_inv"] + training),
        np.sqrt(given["variance_sp"] + training),
        given["norm_inv"],
        given["norm_sp"],
        np.sqrt(given["variance_inv"] + test),
        np.sqrt(given["variance_sp"] + test),
    )
    values = np.asarray(_compiled(expression)(*arguments), dtype=float)
    return np.broadcast_to(values, arguments[0].shape)


@cache
def _compiled(expression: Expr) -> Callable[..., Any]:
    import sympy
    from scipy.special import ndtr

    from support.theory import population

    symbols = (
        population.GAMMA,
        population.PENALTY,
        population.SIGMA_INV,
        population.SIGMA_SP,
        population.NORM_INV,
        population.NORM_SP,
        population.TEST_SIGMA_INV,
        population.TEST_SIGMA_SP,
    )
    compiled: Callable[..., Any] = sympy.lambdify(symbols, expression, modules=[{"Phi": ndtr}, "numpy"], cse=True)
    return compiled


@cache
def _derived(quantity: str) -> Expr:
    from support.theory.population import CLEAN_TEST, SPURIOUS_TEST, optimum

    best = optimum()
    if quantity == "prediction difference":
        return best.prediction_difference()
    return best.accuracy(CLEAN_TEST if quantity == "clean accuracy" else SPURIOUS_TEST)


def prediction_difference(setting: Setting) -> Array:
    """PD(h*): how far the spurious feature moves the output."""
    return evaluate(_derived("prediction difference"), setting)


def clean_accuracy(setting: Setting) -> Array:
    """Accuracy of h* on samples without the spurious feature."""
    return evaluate(_derived("clean accuracy"), setting)


def spurious_accuracy(setting: Setting) -> Array:
    """Accuracy of h* on negative samples with the spurious feature."""
    return evaluate(_derived("spurious accuracy"), setting)
