"""Alignments of networks and what they predict: against brute force, and laws that are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from support.analysis.network_alignment import Condition, conditions, rank_correlation
from support.data.gaussian import Gaussian
from support.evidence.rows import Rows
from support.experiments.experiment import Context
from support.experiments.network_alignments import FramedAlignments, GaussianAlignments
from support.experiments.network_arms import GaussianArm, SampleArm
from support.randomness import stream
from support.training.recipe import Recipe
from support.training.start import initial_network

D, N = 30, 16
CONTEXT = Context(seed=3)
RECIPE = Recipe(hidden=(24,), batch=1024, epochs=80, milestones=(), loss="squared")
ARM = GaussianArm(N)
ASKED = GaussianAlignments(RECIPE, (ARM,), 100, data=Gaussian(D), refits=4)


def row_of(experiment: GaussianAlignments | FramedAlignments, arm: Any, trial: int = 0) -> dict[str, Any]:
    [columns] = experiment.measure([arm], trial, CONTEXT)
    return {name: values[0] for name, values in columns.items()}


def gradients(network: torch.nn.Module, inputs: torch.Tensor) -> np.ndarray:
    """Jacobian rows by plain autograd, in double precision."""
    network = network.double()
    rows = []
    for one in inputs.double():
        network.zero_grad()
        network(one[None]).sum().backward()
        rows.append(torch.cat([part.grad.flatten() for part in network.parameters() if part.grad is not None]).numpy())
    return np.array(rows)


@pytest.fixture(scope="module")
def row() -> dict[str, Any]:
    return row_of(ASKED, ARM)


def test_alignments_are_those_of_explicit_gradients(row: dict[str, Any]) -> None:
    """F(z_i^s, z_i) by the projector on the complement of the other samples' gradients, one sample after another."""
    samples = ASKED.samples(ARM, 0, CONTEXT)
    seed = int(stream(CONTEXT.seed, 0, "network").integers(2**31))
    ended = ASKED.trained(samples, 0, CONTEXT).module(0)
    for column, network in (("alignment_start", initial_network(RECIPE, D, 2, seed)), ("alignment_end", ended)):
        own, asked = gradients(network, samples.inputs), gradients(network, samples.queries[0])
        found = []
        for i in range(N):
            others = np.delete(own, i, axis=0)
            left = own[i] - others.T @ np.linalg.lstsq(others.T, own[i], rcond=None)[0]
            found.append(asked[i] @ left / (left @ left))
        np.testing.assert_allclose(row[column], np.mean(found), rtol=1e-6)


def test_the_start_is_where_training_starts() -> None:
    samples = ASKED.samples(ARM, 0, CONTEXT)
    seed = int(stream(CONTEXT.seed, 0, "network").integers(2**31))
    barely = replace(ASKED, learning_rate=1e-12, recipe=replace(RECIPE, epochs=1)).trained(samples, 0, CONTEXT)
    start = initial_network(RECIPE, D, 2, seed)
    with torch.no_grad():
        torch.testing.assert_close(start(samples.inputs), barely.logits(samples.inputs)[0], rtol=1e-5, atol=1e-6)
    framed = FramedAlignments(Recipe(network="small CNN", epochs=1, milestones=()), (SampleArm(4),), 10)
    samples = framed.samples(SampleArm(4), 0, CONTEXT)
    barely_framed = replace(framed, learning_rate=1e-12, pixels="unit").trained(samples, 0, CONTEXT)
    start = initial_network(framed.recipe, 2304, 10, seed, shape=(48, 48))
    with torch.no_grad():
        torch.testing.assert_close(start(samples.inputs), barely_framed.logits(samples.inputs)[0], rtol=1e-4, atol=1e-4)


def test_retraining_without_a_sample_shows_more_at_its_own_background(row: dict[str, Any]) -> None:
    assert row["alignment_refitted"] > row["alignment_refitted_other"] + 0.1
    samples = ASKED.samples(ARM, 0, CONTEXT)
    trained, above, below = ASKED.trained(samples, 0, CONTEXT), 0.0, 0.0
    for i in range(ASKED.refits):
        kept = replace(samples, inputs=samples.inputs, labels=samples.labels)
        without = ASKED.trained(kept, 0, CONTEXT, excluded=[i])
        at_own = float((trained.logits(samples.inputs[i : i + 1]) - without.logits(samples.inputs[i : i + 1])).item())
        at_background = (trained.logits(samples.queries[:, i]) - without.logits(samples.queries[:, i])).mean().item()
        above, below = above + at_own * at_background, below + at_own**2
    np.testing.assert_allclose(row["alignment_refitted"], above / below, rtol=1e-4)


def test_covariances_are_those_of_the_outputs(row: dict[str, Any]) -> None:
    samples = ASKED.samples(ARM, 0, CONTEXT)
    outputs = ASKED.trained(samples, 0, CONTEXT).logits(samples.test)[0, :, 0].numpy()
    wanted = np.cov(outputs, 2.0 * samples.test_labels.numpy() - 1)[0, 1]
    np.testing.assert_allclose(row["test_covariance"], wanted, rtol=1e-4)


def test_framed_networks_have_the_same_columns(row: dict[str, Any]) -> None:
    recipe = Recipe(hidden=(12,), batch=1024, epochs=30, milestones=())
    framed = row_of(FramedAlignments(recipe, (SampleArm(10),), 20, pixels="unit"), SampleArm(10))
    assert set(row) - set(framed) == {"alpha"}
    assert framed["alignment_refitted"] is None
    assert framed["alignment_other_start"] is None
    assert 0 < framed["alignment_end"] < 1


def test_more_refits_than_samples_are_refused() -> None:
    with pytest.raises(ValueError, match=r"refits must lie in 0\.\.16, the smallest n, got 17"):
        replace(ASKED, refits=17)


ROWS = Rows(
    "by hand",
    {
        "trial": np.array([1, 0, 1, 0]),
        "alpha": np.array([0.25, 0.25, 0.5, 0.5]),
        "n": np.array([50.0, 50.0, 50.0, 50.0]),
        "covariance": np.array([0.2, 0.1, 0.4, 0.3]),
        "alignment_end": np.array([0.2, 0.1, 0.5, 0.4]),
        "training_covariance": np.ones(4),
        "test_covariance": np.array([0.0, 0.5, 0.0, 0.25]),
    },
    (("key", "digest"),),
    2,
)


def test_conditions_are_in_order_and_so_are_their_trials() -> None:
    first, second = conditions(ROWS)
    np.testing.assert_allclose(first["covariance"], [0.1, 0.2])
    np.testing.assert_allclose(second["covariance"], [0.3, 0.4])


def test_the_prediction_is_alignment_times_what_is_left_to_explain() -> None:
    first, second = conditions(ROWS)
    np.testing.assert_allclose(first.predicted("alignment_end"), [0.05, 0.2])
    np.testing.assert_allclose(first.ratio("alignment_end"), [2.0, 1.0])
    np.testing.assert_allclose(second.ratio("alignment_end"), [1.0, 0.8])
    np.testing.assert_allclose(Condition(ROWS.where(alpha=0.5)).ratio("alignment_end"), [1.0, 0.8])


def test_rank_correlation_is_that_of_scipy() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.random((2, 5, 6))
    wanted = [spearmanr(one, other).statistic for one, other in zip(first, second, strict=True)]
    np.testing.assert_allclose(rank_correlation(first, second), wanted, rtol=1e-12)
    with pytest.raises(ValueError, match="needs two conditions or more, got 1"):
        rank_correlation(first[:, :1], second[:, :1])
