"""Feature matrices written out, and fits by definition: the slow way that the closed forms are compared with.

For sizes at which Φ fits in memory many times over. Nothing here uses `support.models.interpolation`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from support.models.activations import Activation
from support.models.features import FeatureMap

Onto = Literal["complement", "span"]


def feature_matrix(features: FeatureMap, inputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Φ of shape (N, p): φ(Vz) with p = k, or z ⊗ φ'(Wz) with p = k·d, for weights V or W of shape (k, d)."""
    import torch

    hidden: np.ndarray = Activation(features.activation)(torch.from_numpy(inputs @ weights.T)).numpy()
    if features.family == "rf":
        return hidden
    product: np.ndarray = np.einsum("nd,nk->ndk", inputs, hidden).reshape(len(inputs), -1)
    return product


def minimum_norm(phi: np.ndarray, labels: np.ndarray, start: np.ndarray | float = 0.0) -> np.ndarray:
    """θ* = θ0 + Φ⁺(G − Φθ0), Eq. (3); (p,)."""
    theta = np.broadcast_to(start, phi.shape[1:])
    nearest: np.ndarray = theta + np.linalg.pinv(phi) @ (labels - phi @ theta)
    return nearest


def ridge(phi: np.ndarray, labels: np.ndarray, penalty: float) -> np.ndarray:
    """Minimiser of ‖Φθ − G‖² + penalty ‖θ‖²; (p,)."""
    gram = phi @ phi.T + penalty * np.eye(len(phi))
    minimiser: np.ndarray = phi.T @ np.linalg.solve(gram, labels)
    return minimiser


def alignment(phi: np.ndarray, sample: int, query: np.ndarray, onto: Onto = "complement") -> float:
    """F(z, z_i) = φ(z)ᵀPφ(z_i) / ‖Pφ(z_i)‖², Eq. (8), with P projecting onto the orthogonal complement of the
    other samples' features, or onto their span as the wording at hand has it; `query` is φ(z), (p,).
    """
    others, own = np.delete(phi, sample, axis=0), phi[sample]
    in_span = np.linalg.pinv(others) @ (others @ own)
    projected = own - in_span if onto == "complement" else in_span
    return float(query @ projected / (projected @ projected))


def gradient_descent(phi: np.ndarray, labels: np.ndarray, start: np.ndarray, steps: int) -> np.ndarray:
    """θ after `steps` steps of gradient descent on ‖Φθ − G‖²/2 from `start`, at rate 1/‖Φ‖²."""
    rate = 1 / np.linalg.norm(phi, 2) ** 2
    theta = start.copy()
    for _ in range(steps):
        theta -= rate * phi.T @ (phi @ theta - labels)
    return theta


def adam(phi: np.ndarray, labels: np.ndarray, start: np.ndarray, steps: int, rate: float) -> np.ndarray:
    """θ after `steps` steps of Adam (Kingma & Ba, 2015, default moments) on the same loss."""
    theta, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, steps + 1):
        gradient = phi.T @ (phi @ theta - labels)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        theta -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return theta
