"""Streamed Gram matrices against features written out, and against their infinite-width limit."""

import tracemalloc
import weakref
from collections import Counter
from math import pi, sqrt
from typing import Any

import numpy as np
import pytest
import torch
from numpy.polynomial import hermite_e
from scipy import special
from torch.overrides import TorchFunctionMode

from support.models.explicit import feature_matrix
from support.models.features import Family, FeatureMap
from support.models.gram import CHUNK, grams, weights

# Relative to the largest entry: only the order of summation differs.
ROUNDING = 1e-12
# Standard errors that an average on a fixed seed may be off.
SIGMAS = 5
# Two chunks, the second one partly filled.
CROSSING = CHUNK + 476
ACTIVATIONS: dict[Family, tuple[str, ...]] = {"rf": ("relu", "h1+h2", "h0"), "ntk": ("step", "h0+h3")}


def gaussian_inputs(rows: int, d: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(3).standard_normal((rows, d)))


def drawn(width: int, d: int, seed: int, trial: int) -> np.ndarray:
    return torch.cat([block.clone() for block in weights(width, d, seed, trial)]).numpy()


@pytest.mark.parametrize("width", [1, 20, CHUNK, CHUNK + 1, CROSSING])
@pytest.mark.parametrize("family", ["rf", "ntk"])
def test_equals_the_explicit_features(family: Family, width: int) -> None:
    inputs, train, d = gaussian_inputs(9, 6), 5, 6
    found = grams(family, ACTIVATIONS[family], width, inputs, train, seed=4, trial=2)
    assert list(found) == list(ACTIVATIONS[family])
    for name, gram in found.items():
        features = FeatureMap(family, name, width)
        phi = feature_matrix(features, inputs.numpy(), drawn(width, d, seed=4, trial=2))
        assert phi.shape == (9, features.parameters(d))
        expected = np.array([[row @ column for column in phi[:train]] for row in phi]) / phi.shape[1]
        np.testing.assert_allclose(gram.numpy(), expected, rtol=0, atol=ROUNDING * np.abs(expected).max())


@pytest.mark.parametrize("family", ["rf", "ntk"])
def test_one_pass_over_several_activations_changes_none(family: Family) -> None:
    inputs = gaussian_inputs(8, 5)
    together = grams(family, ("h1", "relu", "h2"), CROSSING, inputs, 6, seed=0, trial=0)
    for name, gram in together.items():
        alone = grams(family, (name,), CROSSING, inputs, 6, seed=0, trial=0)[name]
        assert torch.equal(gram, alone)


def test_seed_and_trial_decide_the_weights() -> None:
    inputs = gaussian_inputs(4, 5)

    def gram(seed: int, trial: int) -> torch.Tensor:
        return grams("rf", ("relu",), 50, inputs, 4, seed=seed, trial=trial)["relu"]

    assert torch.equal(gram(1, 2), gram(1, 2))
    for other in (gram(1, 3), gram(2, 2), gram(2, 1)):
        assert not torch.equal(gram(1, 2), other)


def test_the_inputs_are_left_alone() -> None:
    inputs = gaussian_inputs(4, 5)
    before = inputs.clone()
    for width in (CROSSING, None):
        grams("ntk", ("h0", "h1"), width, inputs, 3, seed=0, trial=0)
    assert torch.equal(inputs, before)


def test_weights_are_standard_normal_over_root_d() -> None:
    d, width = 7, 3 * CHUNK
    rows = drawn(width, d, seed=0, trial=0)
    assert rows.shape == (width, d)
    assert rows.dtype == np.float64
    second = (rows.T @ rows) * d / width
    # Var of a product of two standard normals is 1, of a square 2.
    limit = SIGMAS * (1 + (sqrt(2) - 1) * np.eye(d)) / sqrt(width)
    assert (np.abs(second - np.eye(d)) < limit).all()
    assert (np.abs(rows.mean(axis=0)) < SIGMAS / sqrt(d * width)).all()


def test_a_wider_network_keeps_the_first_neurons() -> None:
    np.testing.assert_array_equal(drawn(CHUNK, 3, 0, 0), drawn(CROSSING, 3, 0, 0)[:CHUNK])


def test_chunks_differ() -> None:
    first, second = np.split(drawn(2 * CHUNK, 3, 0, 0), 2)
    assert not np.isclose(first, second).any()


@pytest.mark.parametrize(("family", "activation"), [("rf", "relu"), ("rf", "h1+h2"), ("ntk", "step"), ("ntk", "h0+h1")])
def test_infinite_width_is_the_limit(family: Family, activation: str) -> None:
    width, d = 200_000, 5
    inputs = gaussian_inputs(6, d)
    # The limit takes every input as if its norm were √d.
    inputs *= sqrt(d) / inputs.norm(dim=1, keepdim=True)
    wide = grams(family, (activation,), width, inputs, 4, seed=0, trial=0)[activation]
    limit = grams(family, (activation,), None, inputs, 4, seed=0, trial=0)[activation]
    assert limit.shape == (6, 4)
    # Var[φ(a) φ(b)] <= E[φ(g)⁴] by Cauchy-Schwarz; NTK multiplies by a cosine, at most 1.
    nodes, quadrature = hermite_e.hermegauss(20)
    polynomials = {
        "h1+h2": nodes + special.eval_hermitenorm(2, nodes) / sqrt(2),
        "h0+h1": 1 + nodes,
    }
    fourth = {"relu": 3 / 2, "step": 1 / 2} | {
        name: float(quadrature @ values**4) / sqrt(2 * pi) for name, values in polynomials.items()
    }
    assert float((wide - limit).abs().max()) < SIGMAS * sqrt(fourth[activation] / width)


@pytest.mark.parametrize("family", ["rf", "ntk"])
def test_infinite_width_ignores_the_norm(family: Family) -> None:
    inputs = gaussian_inputs(5, 4)
    scale = torch.tensor([[0.1], [3.0], [7.0], [1.0], [2.0]], dtype=torch.float64)
    one = grams(family, ("relu",), None, inputs, 5, seed=0, trial=0)["relu"]
    other = grams(family, ("relu",), None, inputs * scale, 5, seed=0, trial=0)["relu"]
    np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=0, atol=ROUNDING)


def test_infinite_width_of_a_zero_input_is_finite() -> None:
    inputs = torch.cat([gaussian_inputs(2, 4), torch.zeros(1, 4, dtype=torch.float64)])
    gram = grams("ntk", ("step",), None, inputs, 3, seed=0, trial=0)["step"]
    assert gram[2].tolist() == [0.0, 0.0, 0.0]


class Live(TorchFunctionMode):
    """Bytes of the tensors made under it that are alive at once, by storage."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self.users: Counter[int] = Counter()
        self.sizes: dict[int, int] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and not any(result is given for given in args):
            address = result.untyped_storage().data_ptr()
            self.users[address] += 1
            self.sizes[address] = result.untyped_storage().nbytes()
            weakref.finalize(result, self.users.subtract, [address])
            self.peak = max(self.peak, sum(self.sizes[place] for place, users in self.users.items() if users > 0))
        return result


@pytest.mark.parametrize("family", ["rf", "ntk"])
def test_memory_does_not_grow_with_the_width(family: Family) -> None:
    rows, width = 60, 20 * CHUNK
    inputs = gaussian_inputs(rows, 4)
    with Live():  # what torch imports on first use is not counted
        grams(family, ("relu", "h2"), 1, inputs, 30, seed=0, trial=0)
    tracemalloc.start()  # sees the weights, which NumPy draws
    try:
        with Live() as live:
            grams(family, ("relu", "h2"), width, inputs, 30, seed=0, trial=0)
        _, drawn_peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A few blocks of CHUNK columns: pre-activations, features, and what a polynomial needs on the way.
    block = rows * CHUNK * inputs.element_size()
    assert block < live.peak < 6 * block
    assert live.peak + drawn_peak < rows * width * inputs.element_size() / 2
