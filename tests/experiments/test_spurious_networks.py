"""Networks asked about backgrounds: against a plain PyTorch loop, and cases whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from support.data.gaussian import Gaussian
from support.experiments.experiment import Context
from support.experiments.network_arms import GaussianArm, SampleArm
from support.experiments.spurious_networks import CORES, FramedNetworks, GaussianNetworks
from support.randomness import stream
from support.training.draws import batch_order, initial_weights
from support.training.recipe import Recipe

D, N = 40, 24
CONTEXT = Context(seed=3)
RECIPE = Recipe(hidden=(30, 20), batch=1024, epochs=60, milestones=(20, 40), decay=0.8, loss="squared")
ASKED = GaussianNetworks(RECIPE, (GaussianArm(N), GaussianArm(N, "random")), 200, data=Gaussian(D))


def row_of(experiment: GaussianNetworks | FramedNetworks, arm: Any, trial: int = 0) -> dict[str, Any]:
    columns: Mapping[str, Sequence[Any]]
    [columns] = experiment.measure([arm], trial, CONTEXT)
    return {name: values[0] for name, values in columns.items()}


def test_a_network_is_the_one_that_plain_pytorch_trains() -> None:
    """Squared loss, full batch, the rate's steps, and what is measured on it."""
    arm = ASKED.arms[0]
    samples = ASKED.samples(arm, 0, CONTEXT)
    trained = ASKED.trained(samples, 0, CONTEXT)
    layers: list[torch.nn.Module] = []
    seed = int(stream(CONTEXT.seed, 0, "network").integers(2**31))
    for weight, bias in zip(*initial_weights(RECIPE, D, 2, seed), strict=True):
        linear = torch.nn.Linear(*weight.shape)
        linear.load_state_dict({"weight": weight.T, "bias": bias})
        layers += [linear, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [20, 40], 0.8)
    signs = 2.0 * samples.labels - 1
    for epoch in range(RECIPE.epochs):
        order = batch_order(N, seed, epoch)
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(network(samples.inputs[order])[:, 0], signs[order])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        wanted = network(samples.test)[:, 0]
    torch.testing.assert_close(trained.logits(samples.test)[0, :, 0], wanted, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(float(trained.losses[0]), loss.item(), rtol=1e-3)
    row = row_of(ASKED, arm)
    np.testing.assert_allclose(row["test_accuracy"], float(((wanted > 0) == (samples.test_labels == 1)).float().mean()))
    np.testing.assert_allclose(
        row["test_covariance"], np.cov(wanted.numpy(), 2.0 * samples.test_labels.numpy() - 1)[0, 1], rtol=1e-3
    )


def test_queries_keep_the_background_and_nothing_else() -> None:
    arm = GaussianArm(N, alpha=0.25)
    samples = ASKED.samples(arm, 0, CONTEXT)
    assert samples.queries.shape == (CORES, N, D)
    core = D - D // 4
    assert (samples.queries[:, :, core:] == samples.inputs[:, core:]).all()
    assert not (samples.queries[:, :, :core] == samples.inputs[:, :core]).any()
    assert len(torch.unique(samples.queries[:, 0, 0])) == CORES


def test_smaller_training_sets_are_parts_of_larger_ones() -> None:
    small, large = (ASKED.samples(GaussianArm(n), 0, CONTEXT) for n in (10, N))
    assert (large.inputs[:10] == small.inputs).all()
    assert (large.labels[:10] == small.labels).all()


def test_an_arm_does_not_depend_on_others() -> None:
    alone, beside = (replace(ASKED, arms=arms) for arms in ((GaussianArm(N),), (GaussianArm(10), GaussianArm(N))))
    assert row_of(alone, GaussianArm(N)) == row_of(beside, GaussianArm(N))


def test_random_labels_leave_nothing_to_generalize() -> None:
    random = np.array([row_of(ASKED, GaussianArm(N, "random"), trial)["test_covariance"] for trial in range(6)])
    assert abs(random.mean()) < 0.1


def test_a_network_that_diverged_is_not_measured() -> None:
    row = row_of(replace(ASKED, learning_rate=1e30), GaussianArm(N))
    assert row["n"] == N
    assert row["loss"] is None
    assert row["spurious_accuracy"] is None


FRAMED = FramedNetworks(
    Recipe(hidden=(16,), batch=1024, epochs=40, milestones=(), stop_below=0.5), (SampleArm(30),), 50, dataset="mnist"
)


@pytest.mark.parametrize("pixels", ["raw", "unit"])
def test_framed_queries_have_an_empty_core(pixels: Any) -> None:
    samples = replace(FRAMED, pixels=pixels).samples(SampleArm(30), 0, CONTEXT)
    images, queries = samples.inputs.view(-1, 48, 48), samples.queries.view(-1, 48, 48)
    assert (queries[:, 10:38, 10:38] == 0).all()
    frame = torch.ones(48, 48, dtype=torch.bool)
    frame[10:38, 10:38] = False
    assert (queries[:, frame] == images[:, frame]).all()
    assert (samples.fresh.view(-1, 48, 48)[:, 10:38, 10:38] == 0).all()
    assert float(images.max()) == (255 if pixels == "raw" else 1)
    assert samples.shape == (48, 48)


def test_frames_alone_are_their_own_queries_and_have_random_labels() -> None:
    frames, random = (FRAMED.samples(SampleArm(30, labels), 0, CONTEXT) for labels in ("frames", "random"))
    assert (frames.inputs == frames.queries[0]).all()
    assert (frames.queries == random.queries).all()
    assert (frames.labels == random.labels).all()
    assert (random.labels != FRAMED.samples(SampleArm(30), 0, CONTEXT).labels).any()


def test_framed_networks_take_images() -> None:
    convolutional = replace(FRAMED, recipe=replace(FRAMED.recipe, network="small CNN", epochs=2), arms=(SampleArm(12),))
    row = row_of(convolutional, SampleArm(12))
    assert set(row_of(FRAMED, SampleArm(30))) == set(row)
    assert 0 <= row["test_accuracy"] <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "digits"}, "unknown dataset 'digits': mnist, fashion-mnist, cifar-10"),
        ({"pixels": "centred"}, "pixels must be raw or unit, got 'centred'"),
        ({"arms": (SampleArm(60_001),)}, "n must be at most 60,000 for mnist, got 60,001"),
        ({"test": 10_001}, "test must be at most 10,000 for mnist, got 10,001"),
        ({"test": 1}, "at least 2 test samples are needed, got 1"),
        ({"arms": ()}, "arms must name at least one condition"),
    ],
)
def test_bad_configurations_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(FRAMED, **change)


def test_bad_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="n must be at least 2, got 1"):
        SampleArm(1)
    with pytest.raises(ValueError, match="labels must be one of true, random, frames, got 'own'"):
        SampleArm(5, "own")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no frame: labels must be true or random"):
        GaussianArm(5, "frames")
    with pytest.raises(ValueError, match=r"alpha must lie in \(0, 1\), got 1"):
        GaussianArm(5, alpha=1.0)
    with pytest.raises(ValueError, match="a fully connected network is needed"):
        replace(ASKED, recipe=Recipe(network="small CNN"))
