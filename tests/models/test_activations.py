"""Activations: their spectra against quadrature, their kernels against two-dimensional expectations."""

from collections.abc import Callable
from itertools import pairwise
from math import factorial, inf, pi, sqrt

import numpy as np
import pytest
import torch
from numpy.polynomial import hermite_e
from scipy import integrate, special, stats

from support.models.activations import Activation

QUADRATURE = 1e-9
# Half a unit of the fourth decimal.
PRINTED = 5e-5
COSINES = [-1.0, -0.7, -0.2, 0.0, 0.3, 0.5, 0.9, 1.0]
KINKED: dict[str, Callable[[float], float]] = {"relu": lambda x: max(x, 0.0), "step": lambda x: float(x > 0)}
SUMS = ["h0", "h1", "h1+h2", "h1+h4", "h0+h1", "h0+h3", "h2+h0+h9"]


def degrees(name: str) -> list[int]:
    return [int(term[1:]) for term in name.split("+")]


def hermite_sum(name: str, x: np.ndarray) -> np.ndarray:
    total: np.ndarray = np.sum([special.eval_hermitenorm(n, x) / sqrt(factorial(n)) for n in degrees(name)], axis=0)
    return total


def coefficient(name: str, degree: int) -> float:
    """E[φ(g) h_l(g)], both halves of the line on their own."""

    def density(x: float) -> float:
        polynomial = special.eval_hermitenorm(degree, x) / sqrt(factorial(degree))
        return float(KINKED[name](x) * polynomial * stats.norm.pdf(x))

    return float(integrate.quad(density, -inf, 0)[0] + integrate.quad(density, 0, inf)[0])


@pytest.mark.parametrize("name", KINKED)
def test_spectrum_of_a_kinked_activation(name: str) -> None:
    spectrum = Activation(name).spectrum
    total, _ = integrate.quad(lambda x: KINKED[name](x) ** 2 * stats.norm.pdf(x), 0, inf)
    assert spectrum.constant == pytest.approx(coefficient(name, 0) ** 2, abs=QUADRATURE)
    assert spectrum.linear == pytest.approx(coefficient(name, 1) ** 2, abs=QUADRATURE)
    assert spectrum.total == pytest.approx(total, abs=QUADRATURE)


def test_spectrum_of_relu_as_printed() -> None:
    spectrum = Activation("relu").spectrum
    assert spectrum.constant == pytest.approx(0.1592, abs=PRINTED)
    assert spectrum.linear == 0.25
    assert spectrum.above(1) == pytest.approx(0.0908, abs=PRINTED)


@pytest.mark.parametrize("name", SUMS)
def test_spectrum_of_a_hermite_sum(name: str) -> None:
    spectrum = Activation(name).spectrum
    nodes, weights = hermite_e.hermegauss(20)
    square = (weights / sqrt(2 * pi)) @ hermite_sum(name, nodes) ** 2
    assert spectrum.constant == (0 in degrees(name))
    assert spectrum.linear == (1 in degrees(name))
    assert spectrum.total == pytest.approx(square, abs=QUADRATURE)
    assert spectrum.above(0) == pytest.approx(square - (0 in degrees(name)), abs=QUADRATURE)
    assert spectrum.above(1) == sum(degree >= 2 for degree in degrees(name))


@pytest.mark.parametrize("degree", [-1, 2])
def test_above_takes_degree_0_or_1(degree: int) -> None:
    with pytest.raises(ValueError, match=f"degree must be 0 or 1, got {degree}"):
        Activation("relu").spectrum.above(degree)


@pytest.mark.parametrize("name", KINKED)
@pytest.mark.parametrize("cosine", COSINES)
def test_kernel_of_a_kinked_activation(name: str, cosine: float) -> None:
    # In polar coordinates a = r cos θ, b = r cos(θ − ω): the radius integrates to E[r²] = 2 for ReLU, 1 for step.
    angle = float(np.arccos(cosine))
    phi, radius = KINKED[name], {"relu": 2.0, "step": 1.0}[name]
    # Where either factor changes sign, on one turn that starts at −π.
    kinks = sorted({-pi, -pi / 2, pi / 2, pi, *(np.angle(np.exp(1j * (angle + turn))) for turn in (-pi / 2, pi / 2))})
    pieces = [
        integrate.quad(lambda t: phi(np.cos(t)) * phi(np.cos(t - angle)), low, high)[0] for low, high in pairwise(kinks)
    ]
    found = float(Activation(name).kernel(torch.tensor(cosine, dtype=torch.float64)))
    assert found == pytest.approx(radius * sum(pieces) / (2 * pi), abs=QUADRATURE)


@pytest.mark.parametrize("name", SUMS)
def test_kernel_of_a_hermite_sum(name: str) -> None:
    nodes, weights = hermite_e.hermegauss(20)
    joint = np.outer(weights, weights) / (2 * pi)
    expected = [
        np.sum(joint * hermite_sum(name, nodes)[:, None] * hermite_sum(name, rho * nodes[:, None] + rest * nodes))
        for rho, rest in ((rho, sqrt(1 - rho**2)) for rho in COSINES)
    ]
    found = Activation(name).kernel(torch.tensor(COSINES, dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), expected, atol=QUADRATURE)


@pytest.mark.parametrize("name", [*KINKED, *SUMS])
def test_kernel_and_spectrum_agree(name: str) -> None:
    # κ(0) = μ_0², κ(1) = E[φ²], and a cosine that rounding carries past 1 counts as 1.
    activation = Activation(name)
    beyond = float(np.nextafter(1.0, 2.0))
    kernel = activation.kernel(torch.tensor([0.0, 1.0, beyond], dtype=torch.float64)).tolist()
    expected = [activation.spectrum.constant, activation.spectrum.total, activation.spectrum.total]
    assert kernel == pytest.approx(expected, abs=QUADRATURE)


def test_values_by_hand() -> None:
    x = torch.tensor([[-2.0, 0.0], [0.5, 3.0]], dtype=torch.float64)
    assert Activation("relu")(x).tolist() == [[0.0, 0.0], [0.5, 3.0]]
    assert Activation("step")(x).tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert Activation("h0")(x).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    # h0 + h1 = 1 + x
    assert Activation("h0+h1")(x).tolist() == [[-1.0, 1.0], [1.5, 4.0]]
    assert x.tolist() == [[-2.0, 0.0], [0.5, 3.0]]


@pytest.mark.parametrize("name", SUMS)
def test_values_of_a_hermite_sum(name: str) -> None:
    x = np.linspace(-3, 3, 13)
    found = Activation(name)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, hermite_sum(name, x), atol=QUADRATURE)


@pytest.mark.parametrize("name", ["sigmoid", "", "h1 + h2", "h10", "h1+", "H1", "relu+h1", "ReLU"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"unknown activation '{name.replace('+', '.')}': write relu, step, or a sum"):
        Activation(name)


def test_relu_has_no_finite_list_of_coefficients() -> None:
    assert Activation("h1+h4").hermite_coefficients == {1: 1.0, 4: 1.0}
    with pytest.raises(ValueError, match="relu has infinitely many Hermite coefficients"):
        _ = Activation("relu").hermite_coefficients


def test_an_activation_prints_as_its_name() -> None:
    assert str(Activation("h1+h2")) == "h1+h2"
