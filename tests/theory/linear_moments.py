"""The linear model in one dimension a block from its moments, in double precision: what tests compare with."""

import numpy as np
from scipy import stats

from support.theory.curves import Shape
from support.theory.quantities import Quantity


def by_moments(shape: Shape, gamma: float, added: float = 0.0, at_test: float = 0.0) -> dict[Quantity, float]:
    """Prediction difference and accuracies of least squares under Definition 1.

    Parameters
    ----------
    added : penalty, or variance of noise on the training inputs.
    at_test : variance of noise on the test inputs.
    """
    inv, sp, mean = shape["norm_inv"], shape["norm_sp"], gamma / 2 * shape["norm_sp"]
    second = [
        [inv**2 + shape["variance_inv"] + added, inv * mean, 0.0],
        [inv * mean, sp * mean + shape["variance_sp"] + added, mean],
        [0.0, mean, 1.0],
    ]
    x, y, intercept = np.linalg.solve(second, [inv, mean, 0.0])
    deviation = np.sqrt(x**2 * (shape["variance_inv"] + at_test) + y**2 * (shape["variance_sp"] + at_test))
    negative, positive, spurious = x * inv - intercept, x * inv + intercept, x * inv - y * sp - intercept
    return {
        "prediction_difference": float(y * sp),
        "clean_accuracy": float(np.mean(stats.norm.cdf(np.array([negative, positive]) / deviation))),
        "spurious_accuracy": float(stats.norm.cdf(spurious / deviation)),
    }
