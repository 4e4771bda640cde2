"""What is memorized and what is learnt of a background that moves with the label, from rows by hand."""

import numpy as np
import pytest

from support.analysis.correlated_backgrounds import Correlated
from support.data.gaussian import Gaussian
from support.evidence.rows import Rows
from support.experiments.experiment import Context
from support.experiments.kernel_regression import GaussianRegression
from support.models.features import random_features

FEATURES = random_features("h1+h2")


def rows(covariance: list[float], unseen: list[float], trials: list[int] | None = None) -> Rows:
    columns = {
        "trial": np.array(trials or range(len(covariance))),
        "covariance": np.array(covariance),
        "unseen_covariance": np.array(unseen),
        "label_variance": np.array([1.0] * len(covariance)),
        "generalization_covariance": np.array([0.2] * len(covariance)),
    }
    return Rows("by hand", columns, (), len(covariance))


def test_two_parts() -> None:
    found = Correlated([rows([0.3, 0.4], [0.0, 0.1]), rows([0.6, 0.5], [0.4, 0.2])], FEATURES, 0.5, 1.0)
    np.testing.assert_allclose(found.learnt, [[0.0, 0.4], [0.1, 0.2]])
    np.testing.assert_allclose(found.memorized, [[0.3, 0.2], [0.3, 0.3]])
    # φ2 at N = d: c = (√5 − 1)/2, γ = (c/2 + 1/4)/(c + 1)
    c = (np.sqrt(5) - 1) / 2
    np.testing.assert_allclose(found.derived, np.full((2, 2), (c / 2 + 0.25) / (c + 1) * 0.8))


def test_several_rows_per_trial_are_refused() -> None:
    found = Correlated([rows([0.3, 0.4], [0.0, 0.1], [1, 1])], FEATURES, 0.5, 1.0)
    with pytest.raises(ValueError, match="several rows per trial"):
        _ = found.learnt


def test_what_was_memorized_is_the_alignment_times_the_error_of_the_others() -> None:
    """Lemma 4.1 as a covariance, with alignments and errors of refits without each sample: no constant is assumed."""
    d, n, alpha, strength = 12, 8, 0.5, 2.0
    data = Gaussian(d, strength)
    draw = data.draw(n, 2, seed=1, trial=0)
    samples, queries, g = draw.samples(alpha)[:n], draw.spurious_queries(alpha), draw.labels(alpha)[:n, 0]

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        cosine = a @ b.T / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
        return np.asarray(cosine + cosine**2)

    put_there = []
    for i in range(n):
        others = np.delete(np.arange(n), i)
        reduced = np.linalg.solve(kernel(samples[others], samples[others]), g[others])
        whole = np.linalg.solve(kernel(samples, samples), g)
        query = queries[i : i + 1]
        put_there.append(float((kernel(query, samples) @ whole - kernel(query, samples[others]) @ reduced)[0]))
    columns = GaussianRegression("rf", ("h1+h2",), None, data, (n,), (alpha,), test=2).run(0, Context(seed=1))
    measured = Rows("one trial", {"trial": np.array([0])} | {k: np.array(v) for k, v in columns.items()}, (), 1)
    found = Correlated([measured], FEATURES, alpha, n / d).memorized
    assert found[0, 0] == pytest.approx(np.cov(put_there, g)[0, 1])
