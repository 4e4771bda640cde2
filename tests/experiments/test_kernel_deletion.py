"""What exact deletion leaves of kernel regression, against refits written out."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest

from support.data.gaussian import Gaussian
from support.experiments.kernel_deletion import KernelDeletion
from tests.experiments.deleting import CONTEXT, Floats


def kernel(family: str, left: Floats, right: Floats) -> Floats:
    """Of ReLU features of infinite width, or of its tangent features (Cho & Saul 2009), up to a factor; unit inputs."""
    cosine = np.clip(
        left @ right.T / np.linalg.norm(left, axis=1)[:, None] / np.linalg.norm(right, axis=1)[None], -1, 1
    )
    angle = np.arccos(cosine)
    first = np.sin(angle) + (pi - angle) * cosine
    return np.asarray(first if family == "rf" else cosine * (pi - angle))


def balanced(outputs: Floats, labels: Floats) -> float:
    return float(np.mean([(np.sign(outputs[labels == sign]) == sign).mean() for sign in np.unique(labels)]))


def deletion(**changes: Any) -> KernelDeletion:
    fields: dict[str, Any] = {"family": "rf", "activation": "relu", "data": Gaussian(30), "samples": 60}
    return KernelDeletion(**fields | {"sizes": (1, 10, 40), "alpha": 0.7} | changes)


@pytest.mark.parametrize(("family", "activation"), [("rf", "relu"), ("ntk", "step")])
def test_kernel_deletion_by_refits(family: str, activation: str) -> None:
    given = deletion(family=family, activation=activation)
    found: Any = given.run(4, CONTEXT)
    draw = given.data.draw(60, 2, seed=CONTEXT.seed, trial=4)
    samples, queries = draw.samples(0.7)[:60], draw.spurious_queries(0.7)
    labels = draw.labels(0.7)[:60, 0]
    gram = kernel(family, samples, samples)
    fit = np.linalg.solve(gram, labels)
    assert found["n"] == [1.0, 10.0, 40.0]
    for row, size in enumerate((1, 10, 40)):
        asked, own, rest = queries[:size], labels[:size], np.arange(size, 60)
        refit = np.linalg.solve(gram[np.ix_(rest, rest)], labels[rest])
        outputs, left = kernel(family, asked, samples) @ fit, kernel(family, asked, samples[rest]) @ refit
        # A query whose answer is not within rounding of zero is answered alike.
        assert min(np.abs(outputs).min(), np.abs(left).min()) > 1e-6
        assert found["spurious_accuracy"][row] == pytest.approx(balanced(outputs, own))
        assert found["deleted_spurious_accuracy"][row] == pytest.approx(balanced(left, own))
        assert found["scratch_spurious_accuracy"][row] == pytest.approx(balanced(left, own))
        assert 0 <= found["gap"][row] < 1e-8


def test_deleted_samples_are_no_longer_recognised_by_their_background() -> None:
    trials, size = 20, 30
    rows: list[Any] = [deletion(sizes=(size,), alpha=0.6).run(trial, CONTEXT) for trial in range(trials)]
    before, after = (
        float(np.mean([row[name][0] for row in rows])) for name in ("spurious_accuracy", "deleted_spurious_accuracy")
    )
    assert before > 0.6
    # Labels that the background says nothing about: a fair coin for each query.
    assert after == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(trials * size))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": (5, 5)}, "sizes must increase and start at 1 or more"),
        ({"sizes": (5, 60)}, "sizes must stay below the 60 samples, got 60"),
        ({"alpha": 0.0}, r"alpha must lie in \(0, 1\), got 0\.0"),
        ({"alpha": 1.0}, r"alpha must lie in \(0, 1\), got 1\.0"),
        ({"family": "svm"}, "unknown family 'svm'"),
        ({"activation": "h1"}, "is linear in its input"),
    ],
)
def test_kernel_deletion_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deletion(**changes)


def test_kernel_deletion_describes_itself() -> None:
    given = deletion()
    assert (str(given), given.datasets()) == ("exact deletion, RF relu, infinite width, N=60", ())
