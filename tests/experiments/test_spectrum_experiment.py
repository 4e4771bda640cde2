"""The kernel spectrum of one tiny trial, against eigenvalues of features written out."""

import numpy as np
import pytest
import torch

from support.data.gaussian import Gaussian
from support.experiments.experiment import Context
from support.experiments.kernel_spectrum import KernelSpectrum
from support.models.explicit import feature_matrix
from support.models.features import Family, FeatureMap
from support.models.gram import weights

ROUNDING = 1e-9
D, WIDTH, SIZES = 5, 40, (3, 9, 60)


@pytest.mark.parametrize(("family", "activations"), [("rf", ("relu", "h1")), ("ntk", ("step", "h0+h1"))])
def test_every_row(family: Family, activations: tuple[str, ...]) -> None:
    experiment = KernelSpectrum(family, activations, WIDTH, Gaussian(D), SIZES)
    found = experiment.run(2, Context(seed=7))
    assert found["activation"] == [name for name in activations for _ in SIZES]
    assert found["n"] == [float(n) for _ in activations for n in SIZES]
    inputs = Gaussian(D).draw(max(SIZES), 0, seed=7, trial=2).inputs
    drawn = torch.cat(list(weights(WIDTH, D, 7, 2))).numpy()
    smallest: list[float] = []
    largest: list[float] = []
    for name in activations:
        phi = feature_matrix(FeatureMap(family, name, WIDTH), inputs, drawn)
        for n in SIZES:
            # Squared singular values, and zeros where N exceeds the number of features.
            squares = np.linalg.svd(phi[:n], compute_uv=False) ** 2 / phi.shape[1]
            smallest.append(0.0 if n > phi.shape[1] else float(squares[-1]))
            largest.append(float(squares[0]))
    np.testing.assert_allclose(np.array(found["smallest"], dtype=float), smallest, atol=ROUNDING)
    np.testing.assert_allclose(np.array(found["largest"], dtype=float), largest, rtol=ROUNDING)


def test_trials_repeat_and_differ() -> None:
    experiment = KernelSpectrum("rf", ("relu",), WIDTH, Gaussian(D), (4,))
    first = experiment.run(0, Context(seed=0))
    assert experiment.run(1, Context(seed=0)) != first
    assert experiment.run(0, Context(seed=1)) != first
    assert experiment.run(0, Context(seed=0)) == first


def test_description() -> None:
    experiment = KernelSpectrum("ntk", ("step",), 2_000, Gaussian(1_000), (10, 20))
    assert str(experiment) == "NTK spectrum, k=2,000, Gaussian d=1,000"
    assert experiment.datasets() == ()
