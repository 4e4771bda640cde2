"""Rows about novel backgrounds, recomputed from features written out, refits by pseudo-inverse and queries by hand."""

from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from support.data import tasks
from support.data.gaussian import Gaussian
from support.data.tasks import BinaryTask
from support.experiments.experiment import Context
from support.experiments.novel_backgrounds import NovelBackgrounds, NovelFrames
from support.models.explicit import feature_matrix
from support.models.features import Family, FeatureMap
from support.models.gram import weights
from support.models.interpolation import RESIDUAL_LIMIT
from support.randomness import stream
from tests.experiments.regression_rows import balanced, covariance, projected, row_of

Array = NDArray[np.float64]
SEED, TRIAL = 3, 5
ROUNDING = 1e-7
RESEMBLANCES = (0.0, 0.6, 1.0)
# As the modules say.
TRAINING_SETS, PAIRINGS = 8, 16


def by_definition(train: Array, queries: Array, g: Array) -> dict[str, float]:
    """One row from the features of training samples and of the query that belongs to each."""
    n = len(g)
    outputs = queries @ (np.linalg.pinv(train) @ g)
    reduced = [np.linalg.pinv(np.delete(train, i, axis=0)) @ np.delete(g, i) for i in range(n)]
    pairings = [[(i - shift) % n for i in range(n)] for shift in range(1, min(PAIRINGS, n - 1) + 1)]
    return {
        "alignment": float(np.mean([projected(train, i, queries[i]) for i in range(n)])),
        "covariance": covariance(outputs, g),
        "permuted_covariance": float(np.mean([covariance(outputs[order], g) for order in pairings])),
        "unseen_covariance": covariance([float(queries[i] @ reduced[i]) for i in range(n)], g),
        "spurious_accuracy": balanced(outputs, g),
        "permuted_accuracy": float(np.mean([balanced(outputs[order], g) for order in pairings])),
        "generalization_covariance": covariance([float(train[i] @ reduced[i]) for i in range(n)], g),
        "label_variance": float(np.var(g, ddof=1)),
    }


def assert_row(found: dict[str, Any], expected: dict[str, float]) -> None:
    assert 0 <= found.pop("residual") <= RESIDUAL_LIMIT
    assert found.pop("n") > 0
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=ROUNDING, abs=ROUNDING), name


# ------------------------------------------------------------------------------------------------ Gaussian data

D = 8


def novel(**changes: Any) -> NovelBackgrounds:
    fields: dict[str, Any] = {
        "family": "rf",
        "activations": ("relu",),
        "width": 300,
        "d": D,
        "sizes": (4, 9),
        "alphas": (0.25, 0.5),
        "resemblances": RESEMBLANCES,
    }
    return NovelBackgrounds(**fields | changes)


@pytest.mark.parametrize(
    ("family", "activation", "width"), [("rf", "relu", 300), ("ntk", "h0+h1", 40)], ids=["random features", "NTK"]
)
def test_gaussian_rows(family: Family, activation: str, width: int) -> None:
    experiment = novel(family=family, activations=(activation,), width=width)
    found = experiment.run(TRIAL, Context(seed=SEED))
    features = FeatureMap(family, activation, width)
    n = max(experiment.sizes)
    draw = Gaussian(D).draw(n, 0, seed=SEED, trial=TRIAL)
    fresh = stream(SEED, TRIAL, "novel backgrounds").standard_normal((n, D))
    drawn = torch.cat(list(weights(width, D, SEED, TRIAL))).numpy()
    phi = feature_matrix(features, draw.inputs, drawn)
    assert len(found["n"]) == len(experiment.alphas) * len(experiment.sizes) * len(RESEMBLANCES)
    for alpha, core in ((0.25, 6), (0.5, 4)):
        g = draw.labels(alpha)[:, 0]
        for rho in RESEMBLANCES:
            backgrounds = rho * draw.inputs[:, core:] + sqrt(1 - rho**2) * fresh[:, core:]
            queries = feature_matrix(features, np.hstack([draw.cores[:, :core], backgrounds]), drawn)
            for size in experiment.sizes:
                cuts = [slice(k * size, (k + 1) * size) for k in range(min(TRAINING_SETS, n // size))]
                rows = [by_definition(phi[cut], queries[cut], g[cut]) for cut in cuts]
                expected = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
                row = row_of(found, activation=activation, alpha=alpha, resemblance=rho, n=float(size))
                assert_row(row, expected)


def test_a_trial_is_the_same_whatever_else_runs() -> None:
    alone = novel().run(1, Context(seed=0))
    novel().run(0, Context(seed=0))
    assert novel().run(1, Context(seed=0)) == alone
    assert novel().run(2, Context(seed=0)) != alone
    more = novel(alphas=(0.25, 0.5, 0.75), resemblances=(0.0, 0.3, 0.6, 1.0), sizes=(4, 6, 9)).run(1, Context(seed=0))
    condition: dict[str, object] = {"activation": "relu", "alpha": 0.5, "resemblance": 0.6, "n": 9.0}
    expected = row_of(alone, **condition)
    del expected["residual"], expected["n"]
    assert_row(row_of(more, **condition), expected)


def test_the_seen_background_with_all_of_the_input_is_the_sample() -> None:
    found = novel(width=None, alphas=(1.0,), resemblances=(0.0, 1.0)).run(0, Context(seed=0))
    whole = row_of(found, activation="relu", alpha=1.0, resemblance=1.0, n=9.0)
    assert whole["alignment"] == pytest.approx(1.0)
    assert whole["covariance"] == pytest.approx(whole["label_variance"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resemblances": (0.5, 1.5)}, r"a resemblance must lie in \[0, 1\], got \(0.5, 1.5\)"),
        ({"resemblances": (0.5, 0.5)}, "resemblances must name at least one condition, and none twice"),
        ({"sizes": (2, 9)}, r"sizes must increase and start at 3 or more, got \(2, 9\)"),
        ({"alphas": (-0.5,)}, r"alpha must lie in \[0, 1\], got \(-0.5,\)"),
        ({"width": 9}, r"RF\(relu, k=9\) has p=9 features and cannot interpolate N=9"),
    ],
)
def test_refused_before_anything_is_computed(
    changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Gaussian, "draw")
    with pytest.raises(ValueError, match=message):
        novel(**changes)


def test_descriptions() -> None:
    assert str(novel()) == "RF relu, k=300, Gaussian d=8, novel backgrounds"
    assert novel().datasets() == ()
    assert str(frames(width=None)) == "RF relu, infinite width, framed mnist, novel frames"
    assert frames(task="fashion-mnist").datasets() == ("fashion-mnist",)


# ------------------------------------------------------------------------------------------------ framed images

SIDE, FRAME, POOL = 3, 2, 40
OUTER = SIDE + 2 * FRAME
CORE = np.zeros((OUTER, OUTER), dtype=bool)
CORE[FRAME : FRAME + SIDE, FRAME : FRAME + SIDE] = True


def frames(**changes: Any) -> NovelFrames:
    fields: dict[str, Any] = {
        "family": "rf",
        "activations": ("relu",),
        "width": 200,
        "task": "mnist",
        "samples": 12,
        "resemblances": RESEMBLANCES,
    }
    return NovelFrames(**fields | changes)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> tuple[NDArray[np.uint8], Array]:
    """A small task in place of MNIST's: random images with random labels."""
    generator = np.random.default_rng(12)
    images = generator.integers(0, 256, (POOL, SIDE, SIDE), dtype=np.uint8)
    labels = generator.choice([-1.0, 1.0], POOL)

    def stored(task: BinaryTask, split: str, directory: Path | None = None) -> tuple[NDArray[np.uint8], Array]:
        assert (task.dataset, split, directory) == ("mnist", "train", None)
        return images, labels

    monkeypatch.setitem(tasks.BINARY_TASKS, "mnist", BinaryTask("mnist", 1, 7, FRAME, POOL, 5000, "1 against 7"))
    monkeypatch.setattr(tasks, "binary_images", stored)
    return images, labels


def test_frame_rows(pool: tuple[NDArray[np.uint8], Array], seen: list[Array]) -> None:
    experiment = frames()
    found = experiment.run(TRIAL, Context(seed=SEED))
    train, *queries = np.split(seen[0].reshape(-1, OUTER, OUTER), [12, 24, 36])
    # Frames: nothing in the core; the ends are a frame of nobody and the sample's own.
    for part in queries:
        assert not part[:, CORE].any()
    fresh, middle, own = (part[:, ~CORE] for part in queries)
    np.testing.assert_array_equal(own, train[:, ~CORE])
    for picture in fresh:
        assert (picture == train[:, ~CORE]).mean(axis=1).max() < 0.2
    np.testing.assert_allclose(middle, 127.5 + 0.6 * (own - 127.5) + 0.8 * (fresh - 127.5))
    # Numbers.
    images, labels = pool
    chosen = [next(k for k in range(POOL) if (picture[CORE] == images[k].ravel()).all()) for picture in train]
    g = labels[chosen]
    drawn = torch.cat(list(weights(200, OUTER**2, SEED, TRIAL))).numpy()
    phi = feature_matrix(FeatureMap("rf", "relu", 200), seen[0], drawn)
    for index, rho in enumerate(RESEMBLANCES, 1):
        expected = by_definition(phi[:12], phi[12 * index : 12 * (index + 1)], g)
        assert_row(row_of(found, activation="relu", resemblance=rho, n=12.0), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "imagenet"}, "unknown task 'imagenet': mnist, fashion-mnist, cifar-10"),
        ({"samples": 2}, r"samples must increase and start at 3 or more, got \(2,\)"),
        ({"samples": 20_000}, "mnist has 13,007 training images of both classes, got N=20,000"),
        ({"resemblances": (2.0,)}, r"a resemblance must lie in \[0, 1\], got \(2.0,\)"),
    ],
)
def test_frames_are_refused_before_anything_is_computed(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frames(**changes)
