"""Tiny kernel regressions on framed images: what is drawn, and every column recomputed from features written out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from support.data import tasks
from support.data.tasks import BinaryTask
from support.experiments import kernel_regression
from support.experiments.experiment import Context
from support.experiments.kernel_regression import FramedRegression
from support.models.explicit import feature_matrix
from support.models.features import Family, FeatureMap
from support.models.gram import weights
from tests.experiments.regression_rows import ROUNDING, SEED, TRIAL, Array, assert_same, over_sets, row_of

SIDE, FRAME = 3, 2
POOL = {"train": 40, "test": 30}
OUTER = SIDE + 2 * FRAME
CORE = np.zeros((OUTER, OUTER), dtype=bool)
CORE[FRAME : FRAME + SIDE, FRAME : FRAME + SIDE] = True


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[NDArray[np.uint8], Array]]:
    """A small task in place of MNIST's: random images, every one different, with random labels."""
    generator = np.random.default_rng(12)
    pool = {
        split: (generator.integers(0, 256, (count, SIDE, SIDE), dtype=np.uint8), generator.choice([-1.0, 1.0], count))
        for split, count in POOL.items()
    }

    def stored(task: BinaryTask, split: str, directory: Path | None = None) -> tuple[NDArray[np.uint8], Array]:
        assert (task.dataset, directory) == ("mnist", None)
        return pool[split]

    small = BinaryTask("mnist", 1, 7, FRAME, POOL["train"], shown_to=5000, pair="1 against 7")
    monkeypatch.setitem(tasks.BINARY_TASKS, "mnist", small)
    monkeypatch.setattr(tasks, "binary_images", stored)
    return pool


def framed(**changes: Any) -> FramedRegression:
    fields: dict[str, Any] = {
        "family": "rf",
        "activations": ("relu",),
        "width": 200,
        "task": "mnist",
        "sizes": (5, 12),
        "test": 14,
    }
    return FramedRegression(**fields | changes)


def drawn_parts(inputs: Array, n: int, test: int) -> tuple[Array, Array, Array, Array]:
    """Training samples, held-out samples, counterparts and fresh queries, as images."""
    pictures = inputs.reshape(-1, OUTER, OUTER)
    train, held_out, queries, fresh = np.split(pictures, [n, n + test, 2 * n + test])
    return train, held_out, queries, fresh


def origin(pictures: Array, pool: NDArray[np.uint8]) -> list[int]:
    """Which images of the pool stand in the cores."""
    return [next(k for k, image in enumerate(pool) if (picture[CORE] == image.ravel()).all()) for picture in pictures]


Images = dict[str, tuple[NDArray[np.uint8], Array]]


def test_framed_inputs(images: Images, seen: list[Array]) -> None:
    framed().run(TRIAL, Context(seed=SEED))
    train, held_out, queries, fresh = drawn_parts(seen[0], 12, 14)
    chosen = origin(train, images["train"][0])
    assert len(set(chosen)) == 12
    assert len(set(origin(held_out, images["test"][0]))) == 14
    # The counterpart: the same frame around nothing.
    np.testing.assert_array_equal(queries[:, ~CORE], train[:, ~CORE])
    assert not queries[:, CORE].any()
    # Fresh queries: frames that are nowhere in the training set, around nothing.
    assert len(fresh) == 12
    assert not fresh[:, CORE].any()
    for picture in fresh:
        assert (picture[~CORE] == train[:, ~CORE]).mean(axis=1).max() < 0.2


@pytest.mark.parametrize(
    ("family", "activation", "changes"),
    [
        ("rf", "relu", {}),
        ("ntk", "h0+h1", {"pixels": "standardized", "width": 15}),
        ("rf", "h1+h2", {"pixels": "standardized", "test": 5}),
    ],
)
@pytest.mark.parametrize("fresh", [12, 3], ids=["fresh queries for all", "fewer fresh queries"])
def test_framed_rows(
    family: Family,
    activation: str,
    changes: dict[str, Any],
    fresh: int,
    images: Images,
    seen: list[Array],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernel_regression, "FRESH_QUERIES", fresh)
    experiment = framed(family=family, activations=(activation,), **changes)
    found = experiment.run(TRIAL, Context(seed=SEED))
    # What raw pixels show of the draw, standardized ones do too: trials pair them.
    framed(test=experiment.test).run(TRIAL, Context(seed=SEED))
    train, held_out, _, _ = drawn_parts(seen[1], 12, experiment.test)
    g = images["train"][1][origin(train, images["train"][0])]
    test_g = images["test"][1][origin(held_out, images["test"][0])]
    assert experiment.width is not None
    drawn = torch.cat(list(weights(experiment.width, OUTER**2, SEED, TRIAL))).numpy()
    phi = feature_matrix(FeatureMap(family, activation, experiment.width), seen[0], drawn)
    parts = np.split(phi, [12, 12 + experiment.test, 24 + experiment.test])
    assert len(parts[3]) == fresh
    assert len(found["n"]) == len(experiment.sizes)
    for n in experiment.sizes:
        expected = over_sets(n, parts[0], parts[1], parts[2], parts[3], g, test_g)
        assert_same(row_of(found, activation=activation, n=float(n)), expected)


@pytest.mark.usefixtures("images")
def test_standardized_pixels(seen: list[Array]) -> None:
    for pixels in ("raw", "standardized"):
        framed(pixels=pixels).run(TRIAL, Context(seed=SEED))
    raw, standardized = seen
    np.testing.assert_allclose(standardized[:12].mean(axis=0), 0, atol=ROUNDING)
    np.testing.assert_allclose(standardized[:12].std(axis=0), 1, atol=ROUNDING)
    # One affine map a pixel, the same for every image.
    slope, offset = np.polyfit(raw[:, 0], standardized[:, 0], 1)
    np.testing.assert_allclose(slope * raw[:, 0] + offset, standardized[:, 0], atol=ROUNDING)


def test_a_pixel_that_never_varies_stays_finite(images: Images, seen: list[Array]) -> None:
    images["train"][0][:, 1, 1] = 9
    images["test"][0][:, 1, 1] = 9
    framed(pixels="standardized").run(TRIAL, Context(seed=SEED))
    assert np.isfinite(seen[0]).all()


def test_independent_cores_come_from_held_out_samples(images: Images, seen: list[Array]) -> None:
    framed(core="independent").run(TRIAL, Context(seed=SEED))
    train, held_out, queries, fresh = drawn_parts(seen[0], 12, 14)
    np.testing.assert_array_equal(queries[:, ~CORE], train[:, ~CORE])
    np.testing.assert_array_equal(queries[:, CORE], held_out[:12, CORE])
    np.testing.assert_array_equal(fresh[:, CORE], held_out[:12, CORE])
    assert set(origin(queries, images["test"][0])) <= set(origin(held_out, images["test"][0]))


@pytest.mark.usefixtures("images")
def test_random_labels_are_fair_signs_and_nothing_else_changes(seen: list[Array]) -> None:
    true, random = (framed(labels=labels, sizes=(12,)).run(TRIAL, Context(seed=SEED)) for labels in ("true", "random"))
    np.testing.assert_array_equal(seen[0], seen[1])
    assert random["alignment"] == pytest.approx(true["alignment"])
    assert random["covariance"] != true["covariance"]
    # Var of twelve signs tells their balance; over trials both signs are as frequent.
    balances: list[Any] = [
        framed(labels="random", sizes=(12,)).run(t, Context(seed=SEED))["label_variance"][0] for t in range(30)
    ]
    squares = [1 - float(value) * 11 / 12 for value in balances]
    # E[mean²] = 1/12 for fair independent signs, with variance near 2/12².
    assert np.mean(squares) == pytest.approx(1 / 12, abs=5 * np.sqrt(2 / 30) / 12)


@pytest.mark.usefixtures("images")
def test_a_framed_trial_is_the_same_whatever_else_runs() -> None:
    alone = framed().run(1, Context(seed=0))
    experiment = framed()
    experiment.run(0, Context(seed=0))
    assert experiment.run(1, Context(seed=0)) == alone
    assert experiment.run(2, Context(seed=0)) != alone
    more = framed(activations=("h1+h2", "relu"), sizes=(3, 5, 12)).run(1, Context(seed=0))
    for n in (5.0, 12.0):
        expected = row_of(alone, activation="relu", n=n)
        del expected["residual"]
        assert_same(row_of(more, activation="relu", n=n), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "imagenet"}, "unknown task 'imagenet': mnist, fashion-mnist, cifar-10"),
        ({"sizes": (12, 5)}, "sizes must increase"),
        ({"test": 1}, "at least 2 test samples are needed, got 1"),
        ({"core": "independent", "test": 11}, "independent cores come from 12 held-out samples, got 11"),
    ],
)
def test_framed_regression_refuses_before_it_computes(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        framed(**changes)


def test_description_of_a_framed_regression() -> None:
    assert str(framed()) == "RF relu, k=200, framed mnist"
    assert str(framed(family="ntk", width=None, task="cifar-10")) == "NTK relu, infinite width, framed cifar-10"
    assert framed(task="fashion-mnist").datasets() == ("fashion-mnist",)
