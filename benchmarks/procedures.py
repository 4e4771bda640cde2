"""Three ways to the same predictions on random features: the suite's, the published one, and its array rewrite.

The published procedure follows the steps of paper A's released scripts, in code written here: every feature in
memory, the activation applied by `numpy.vectorize` to a scalar function, θ = Φ⁺ g by `numpy.linalg.pinv`,
predictions φ(z)ᵀθ. The rewrite differs in the activation alone. All three draw the same weights from the same
streams inside the time that is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from support.data.gaussian import Gaussian
from support.models.gram import grams, weights
from support.models.interpolation import factorize

ACTIVATION = "h1+h2"
D = 1000
TEST = 1000
ALPHA = 0.5


@dataclass(frozen=True)
class Problem:
    """Gaussian data with its queries: N training, 1,000 test and N spurious inputs of dimension 1,000.

    Attributes
    ----------
    inputs : (N + 1,000 + N, d), the training samples first.
    labels : (N,).
    width : number k of random features.
    """

    inputs: np.ndarray
    labels: np.ndarray
    width: int

    @property
    def n(self) -> int:
        """Number N of training samples."""
        return len(self.labels)


def problem(n: int, width: int) -> Problem:
    """The first trial of seed 0."""
    draw = Gaussian(D).draw(n, TEST, seed=0, trial=0)
    inputs = np.concatenate([draw.samples(ALPHA), draw.spurious_queries(ALPHA)])
    return Problem(inputs, draw.labels(ALPHA)[:n, 0], width)


def streamed(given: Problem) -> np.ndarray:
    """The suite: Gram matrix streamed over blocks of weights, Cholesky, predictions; (1,000 + N,)."""
    inputs, n = torch.from_numpy(given.inputs), given.n
    kernel = grams("rf", (ACTIVATION,), given.width, inputs, n, seed=0, trial=0)[ACTIVATION]
    fit = factorize(kernel[:n]).fit(torch.from_numpy(given.labels))
    return fit.predict(kernel[n:]).numpy()


def published(given: Problem) -> np.ndarray:
    """All features in memory, a scalar activation for each of them, and the pseudoinverse; (1,000 + N,)."""
    return _by_pseudoinverse(given, *(scalar_activation(part) for part in preactivations(given)))


def rewritten(given: Problem) -> np.ndarray:
    """The published procedure with array arithmetic for the activation; (1,000 + N,)."""
    return _by_pseudoinverse(given, *(array_activation(part) for part in preactivations(given)))


def preactivations(given: Problem) -> list[np.ndarray]:
    """Zvᵀ of the training, test and spurious inputs, against all k weights at once."""
    v = np.concatenate([block.numpy() for block in weights(given.width, D, seed=0, trial=0)])
    return [part @ v.T for part in np.split(given.inputs, [given.n, given.n + TEST])]


def scalar_activation(preactivation: np.ndarray) -> np.ndarray:
    """h1 + h2 by one Python call for each entry; the call takes the square root of 2 anew, as published."""

    def h1_plus_h2(value: float) -> float:
        quadratic: float = (value**2 - 1) / np.sqrt(2)
        return value + quadratic

    return np.asarray(np.vectorize(h1_plus_h2)(preactivation))


def scalar_activation_constant_folded(preactivation: np.ndarray) -> np.ndarray:
    """The same without NumPy inside the call: what `numpy.vectorize` costs by itself."""
    root = 2**0.5
    return np.asarray(np.vectorize(lambda value: value + (value * value - 1) / root)(preactivation))


def array_activation(preactivation: np.ndarray) -> np.ndarray:
    """h1 + h2 by array arithmetic."""
    return np.asarray(preactivation + (preactivation**2 - 1) / np.sqrt(2))


def _by_pseudoinverse(given: Problem, train: np.ndarray, *queries: np.ndarray) -> np.ndarray:
    theta = np.linalg.pinv(train) @ given.labels
    return np.concatenate([query @ theta for query in queries])
