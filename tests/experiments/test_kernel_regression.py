"""Rows of tiny kernel regressions, every column recomputed from features written out and refits by pseudo-inverse."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from support.data import tasks
from support.data.gaussian import Gaussian
from support.data.tasks import BinaryTask
from support.experiments import kernel_regression
from support.experiments.experiment import Context
from support.experiments.kernel_regression import FramedRegression, GaussianRegression
from support.models import gram
from support.models.explicit import feature_matrix
from support.models.features import Family, FeatureMap, neural_tangent, random_features
from support.models.gram import weights
from support.models.interpolation import RESIDUAL_LIMIT

ROUNDING = 1e-7
# A trial cuts its samples into at most this many training sets, as the module says.
TRAINING_SETS = 8
# Controls average over at most this many pairings, as the experiment's documentation says.
PAIRINGS = 16

Array = NDArray[np.float64]
SEED, TRIAL = 3, 5


# ------------------------------------------------------------------------------------------------ by definition


def balanced(outputs: Iterable[float], labels: Iterable[float]) -> float:
    shares = []
    pairs = list(zip(outputs, labels, strict=True))
    for sign in (-1.0, 1.0):
        hits = [np.sign(output) == sign for output, label in pairs if label == sign]
        if hits:
            shares.append(sum(hits) / len(hits))
    return float(np.mean(shares))


def covariance(outputs: Sequence[float] | Array, labels: Sequence[float] | Array) -> float:
    return float(np.cov(outputs, labels)[0, 1])


def projected(train: Array, i: int, query: Array) -> float:
    """F(query, z_i) of Eq. (8), with what the other samples' span leaves of z_i's features."""
    others = np.delete(train, i, axis=0)
    left = train[i] - np.linalg.pinv(others) @ (others @ train[i])
    return float(query @ left / (left @ left))


def over_sets(
    size: int, train: Array, test: Array, spurious: Array, fresh: Array, g: Array, test_g: Array
) -> dict[str, float]:
    """Mean over the disjoint training sets of `size` that the samples hold; of the condition number, the largest."""
    starts = range(0, min(TRAINING_SETS, len(g) // size) * size, size)
    cuts = [slice(start, start + size) for start in starts]
    rows = [by_definition(train[cut], test, spurious[cut], fresh, g[cut], test_g) for cut in cuts]
    combined = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return combined | {"condition_number": max(row["condition_number"] for row in rows)}


def by_definition(
    train: Array, test: Array, spurious: Array, fresh: Array, g: Array, test_g: Array
) -> dict[str, float]:
    """One row from the features of the training samples, held-out samples, counterparts and fresh queries."""
    n = len(g)
    theta = np.linalg.pinv(train) @ g
    reduced = [np.linalg.pinv(np.delete(train, i, axis=0)) @ np.delete(g, i) for i in range(n)]
    left_out = np.array([train[i] @ reduced[i] for i in range(n)])
    unseen = [float(spurious[i] @ reduced[i]) for i in range(n)]
    outputs, test_outputs, fresh_outputs = spurious @ theta, test @ theta, fresh @ theta
    pairings = [[(i - shift) % n for i in range(n)] for shift in range(1, min(PAIRINGS, n - 1) + 1)]
    paired = [g[j % n] for j in range(len(fresh))]
    aligned = [projected(train, i, spurious[i]) for i in range(n)]
    return {
        "n": float(n),
        "test_accuracy": float(np.mean(np.sign(test_outputs) == test_g)),
        "test_error": float(np.mean((test @ reduced[0] - test_g) ** 2)),
        "self_stability": float(np.mean((g - left_out) ** 2)),
        "spurious_accuracy": balanced(outputs, g),
        "fresh_accuracy": balanced(fresh_outputs, paired),
        "permuted_accuracy": float(np.mean([balanced(outputs[order], g) for order in pairings])),
        "covariance": covariance(outputs, g),
        "fresh_covariance": covariance(fresh_outputs, paired),
        "permuted_covariance": float(np.mean([covariance(outputs[order], g) for order in pairings])),
        "unseen_covariance": covariance(unseen, g),
        "generalization_covariance": covariance(left_out, g),
        "label_variance": float(np.var(g, ddof=1)),
        "alignment": float(np.mean(aligned)),
        "alignment_sd": float(np.std(aligned, ddof=1)),
        "fresh_alignment": float(np.mean([projected(train, i, fresh[i]) for i in range(min(n, len(fresh)))])),
        "train_error": 0.0,
        "condition_number": float(np.linalg.cond(train @ train.T, 1)),
    }


def row_of(columns: Mapping[str, Sequence[Any]], **condition: object) -> dict[str, Any]:
    """The only row with these values, without the columns that name the condition."""
    count = len(next(iter(columns.values())))
    assert {len(column) for column in columns.values()} == {count}
    (which,) = [k for k in range(count) if all(columns[name][k] == value for name, value in condition.items())]
    return {name: column[which] for name, column in columns.items() if name not in condition or name == "n"}


def assert_same(found: dict[str, Any], expected: dict[str, float]) -> None:
    residual = found.pop("residual")
    assert 0 <= residual <= RESIDUAL_LIMIT
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=ROUNDING, abs=ROUNDING), name


# ------------------------------------------------------------------------------------------------ Gaussian data

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


# ------------------------------------------------------------------------------------------------ framed images

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


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """The inputs whose Gram matrices were asked for."""
    inputs: list[Array] = []
    original = gram.grams

    def record(family: Family, activations: Any, width: Any, rows: torch.Tensor, train: int, **rest: Any) -> Any:
        inputs.append(rows.numpy().copy())
        return original(family, activations, width, rows, train, **rest)

    monkeypatch.setattr(gram, "grams", record)
    return inputs


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
