"""Rows of kernel regressions by definition: from features written out, and refits by pseudo-inverse."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.models.interpolation import RESIDUAL_LIMIT

ROUNDING = 1e-7
# A trial cuts its samples into at most this many training sets, as the module says.
TRAINING_SETS = 8
# Controls average over at most this many pairings, as the experiment's documentation says.
PAIRINGS = 16

Array = NDArray[np.float64]
SEED, TRIAL = 3, 5


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
