"""Rows of tiny kernel regressions on Gaussian data, every column recomputed from features and refits written out."""

from typing import Any

import numpy as np
import pytest
import torch

from support.data.gaussian import Gaussian
from support.experiments.experiment import Context
from support.experiments.kernel_regression import GaussianRegression
from support.models import gram
from support.models.explicit import feature_matrix
from support.models.features import FeatureMap, neural_tangent, random_features
from support.models.gram import weights
from tests.experiments.regression_rows import SEED, TRIAL, assert_same, over_sets, row_of

D, WIDTH = 6, 300
NOISE = (0.0, 0.25)


@pytest.mark.parametrize(
    ("features", "data", "sizes", "alphas", "test"),
    [
        pytest.param(random_features("relu", WIDTH), Gaussian(D), (4, 13), (0.25, 0.5), 21, id="random features"),
        pytest.param(neural_tangent("h0+h1", 60), Gaussian(D), (5, 9), (0.5, 1.0), 4, id="NTK, fewer test samples"),
        pytest.param(random_features("h1+h2", 60), Gaussian(D, label_shift=1.0), (2, 18), (0.5,), 15, id="label shift"),
        pytest.param(
            random_features("h1+h4", WIDTH),
            Gaussian(D, independent_coordinates=4),
            (20,),
            (0.0,),
            8,
            id="no background",
        ),
    ],
)
def test_gaussian_rows(
    features: FeatureMap, data: Gaussian, sizes: tuple[int, ...], alphas: tuple[float, ...], test: int
) -> None:
    assert features.width is not None
    experiment = GaussianRegression(
        features.family, (features.activation,), features.width, data, sizes, alphas, NOISE, test
    )
    found = experiment.run(TRIAL, Context(seed=SEED))
    n = max(sizes)
    draw = data.draw(n, test, seed=SEED, trial=TRIAL)
    drawn = torch.cat(list(weights(features.width, D, SEED, TRIAL))).numpy()
    assert len(found["n"]) == len(alphas) * len(NOISE) * len(sizes)
    for alpha in alphas:
        phi = feature_matrix(features, draw.samples(alpha), drawn)
        spurious = feature_matrix(features, draw.spurious_queries(alpha), drawn)
        for which, noise in enumerate(NOISE):
            g = draw.labels(alpha, NOISE)[:, which]
            for size in sizes:
                expected = over_sets(size, phi[:n], phi[n:], spurious, phi[n:], g[:n], g[n:])
                row = row_of(found, activation=features.activation, alpha=alpha, label_noise=noise, n=float(size))
                assert_same(row, expected)


def regression(**changes: Any) -> GaussianRegression:
    fields: dict[str, Any] = {
        "family": "rf",
        "activations": ("relu",),
        "width": 200,
        "data": Gaussian(D),
        "sizes": (6, 12),
        "alphas": (0.5,),
        "test": 10,
    }
    return GaussianRegression(**fields | changes)


def test_infinite_width_runs_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(gram, "weights")
    found = regression(width=None, alphas=(0.0, 1.0)).run(0, Context(seed=0))
    # A counterpart with nothing of its sample's core to replace is the sample itself.
    whole = row_of(found, activation="relu", alpha=1.0, label_noise=0.0, n=12.0)
    assert whole["alignment"] == pytest.approx(1.0)
    assert whole["spurious_accuracy"] == 1.0


def test_a_trial_is_the_same_whatever_else_runs() -> None:
    alone = regression().run(1, Context(seed=0))
    experiment = regression()
    np.random.default_rng(0).random()
    torch.manual_seed(99)
    experiment.run(0, Context(seed=0))
    assert experiment.run(1, Context(seed=0)) == alone
    assert experiment.run(2, Context(seed=0)) != alone
    assert experiment.run(1, Context(seed=1)) != alone


@pytest.mark.parametrize(
    "more",
    [
        {"activations": ("h1+h2", "relu")},
        {"alphas": (0.25, 0.5, 1.0)},
        {"label_noise": (0.0, 0.1, 0.5)},
        {"sizes": (3, 6, 8, 12)},
    ],
    ids=["activations", "shares", "noise levels", "sizes"],
)
def test_more_conditions_change_no_row(more: dict[str, Any]) -> None:
    alone, together = (experiment.run(1, Context(seed=0)) for experiment in (regression(), regression(**more)))
    for n in (6.0, 12.0):
        condition: dict[str, object] = {"activation": "relu", "alpha": 0.5, "label_noise": 0.0, "n": n}
        found, expected = row_of(together, **condition), row_of(alone, **condition)
        del expected["residual"]
        assert_same(found, expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": ()}, r"sizes must increase and start at 2 or more, got \(\)"),
        ({"sizes": (1, 5)}, r"sizes must increase and start at 2 or more, got \(1, 5\)"),
        ({"sizes": (9, 5)}, "sizes must increase"),
        ({"sizes": (5, 5)}, "sizes must increase"),
        ({"test": 1}, "at least 2 test samples are needed, got 1"),
        ({"alphas": (0.5, 1.5)}, r"alpha must lie in \[0, 1\], got \(0.5, 1.5\)"),
        ({"activations": ("relu", "swish")}, "unknown activation 'swish'"),
        ({"family": "cnn"}, "unknown family 'cnn'"),
        ({"width": 12}, r"RF\(relu, k=12\) has p=12 features and cannot interpolate N=12"),
        ({"activations": ("h1",)}, "is linear in its input, so its kernel has rank 6"),
        ({"data": Gaussian(D, label_shift=1.0), "alphas": (0.2, 0.5)}, "ask for one alpha at a time"),
    ],
)
def test_gaussian_regression_refuses_before_it_computes(
    changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Gaussian, "draw")
    with pytest.raises(ValueError, match=message):
        regression(**changes)


def test_description_of_a_gaussian_regression() -> None:
    assert str(regression(activations=("relu", "h1+h2"))) == "RF relu, h1+h2, k=200, Gaussian d=6"
    assert str(regression(family="ntk", width=None)) == "NTK relu, infinite width, Gaussian d=6"
    assert regression().datasets() == ()
