"""Features written out and fits by definition, against loops, least squares and hand-made steps."""

from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from support.models import explicit
from support.models.features import neural_tangent, random_features

ROUNDING = 1e-10

generator = np.random.default_rng(5)
PHI: NDArray[np.float64] = generator.standard_normal((6, 15))
G: NDArray[np.float64] = generator.standard_normal(6)
START: NDArray[np.float64] = generator.standard_normal(15)


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=ROUNDING)


def test_random_features_entry_by_entry() -> None:
    z, v = generator.standard_normal((4, 3)), generator.standard_normal((5, 3))
    found = explicit.feature_matrix(random_features("relu", 5), z, v)
    close(found, np.array([[max(0.0, float(row @ neuron)) for neuron in v] for row in z]))


def test_neural_tangent_features_entry_by_entry() -> None:
    z, w = generator.standard_normal((4, 3)), generator.standard_normal((5, 3))
    found = explicit.feature_matrix(neural_tangent("h2", 5), z, w)
    # z ⊗ φ'(Wz) with h2(x) = (x² − 1)/√2
    expected = [np.kron(row, ((w @ row) ** 2 - 1) / sqrt(2)) for row in z]
    assert found.shape == (4, 15)
    close(found, np.array(expected))


def test_minimum_norm_from_zero_is_least_squares() -> None:
    close(explicit.minimum_norm(PHI, G), np.linalg.lstsq(PHI, G, rcond=None)[0])


def test_minimum_norm_from_a_start_moves_within_the_span() -> None:
    theta = explicit.minimum_norm(PHI, G, START)
    close(PHI @ theta, G)
    moved = theta - START
    within, *_ = np.linalg.lstsq(PHI.T, moved, rcond=None)
    close(within @ PHI, moved)


def test_ridge_is_least_squares_with_penalty_rows() -> None:
    penalty = 0.7
    stacked = np.vstack([PHI, sqrt(penalty) * np.eye(15)])
    expected = np.linalg.lstsq(stacked, np.concatenate([G, np.zeros(15)]), rcond=None)[0]
    close(explicit.ridge(PHI, G, penalty), expected)


def test_alignment_by_hand() -> None:
    # The other sample spans the first axis; φ(z_i) = (2, 3, 0), so P keeps (0, 3, 0) and the span (2, 0, 0).
    phi, query = np.array([[2.0, 3.0, 0.0], [5.0, 0.0, 0.0]]), np.array([1.0, 2.0, 4.0])
    assert explicit.alignment(phi, 0, query) == pytest.approx(6 / 9)
    assert explicit.alignment(phi, 0, query, "span") == pytest.approx(2 / 4)


@pytest.mark.parametrize("steps", [0, 1, 25])
def test_gradient_descent_of_a_diagonal_problem(steps: int) -> None:
    scale, optimum = np.array([2.0, 1.0, 0.5]), np.array([1.0, -2.0, 3.0])
    start = np.array([0.0, 1.0, -1.0])
    found = explicit.gradient_descent(np.diag(scale), scale * optimum, start, steps)
    # Each coordinate contracts on its own by 1 − σ²/‖Φ‖², with ‖Φ‖ = 2.
    close(found, optimum + (1 - scale**2 / 4) ** steps * (start - optimum))
    assert start.tolist() == [0.0, 1.0, -1.0]


def test_one_step_of_adam_by_hand() -> None:
    # Bias correction makes the first step rate · gradient/(|gradient| + 1e-8); the gradient Φᵀ(Φθ − G) is (−12, 3).
    phi, labels, start = np.diag([2.0, 1.0]), np.array([8.0, -2.0]), np.array([1.0, 1.0])
    expected = np.array([1 + 0.1 * 12 / (12 + 1e-8), 1 - 0.1 * 3 / (3 + 1e-8)])
    close(explicit.adam(phi, labels, start, steps=1, rate=0.1), expected)
    assert start.tolist() == [1.0, 1.0]


def test_adam_is_a_step_along_weighted_averages() -> None:
    # Bias-corrected moments are averages of all gradients so far, with weights 0.9^age and 0.999^age.
    theta, gradients = START, []
    for step in range(12):
        close(explicit.adam(PHI, G, START, step, 0.05), theta)
        gradients.append(PHI.T @ (PHI @ theta - G))
        age = np.arange(len(gradients))[::-1]
        mean = np.average(gradients, axis=0, weights=0.9**age)
        square = np.average(np.square(gradients), axis=0, weights=0.999**age)
        theta = theta - 0.05 * mean / (np.sqrt(square) + 1e-8)
