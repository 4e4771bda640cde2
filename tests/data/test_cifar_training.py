"""CIFAR-10's way from an archive in its binary format to a trained network, on small files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from support.data.datasets import load
from support.experiments.experiment import Context
from support.experiments.rare_patterns import Arm, RarePatterns
from support.models.networks import build
from support.training.draws import batch_order, global_generator
from support.training.ensemble import train
from support.training.member import Member
from support.training.recipe import Recipe

RECORDS = 13
N = 5 * RECORDS  # training images; with batches of 32 the last holds one, which batch normalization leaves out
SIDE, CLASSES = 32, 10

# Single precision, two orders of summation, and two steps of a network of 20 layers: of the largest logit (some 50,
# since running statistics have just left their start), and of a loss. Against double precision both lose as much.
AGREEMENT = 1e-3

RECIPE = Recipe(network="ResNet20", optimizer="sgd", batch=32, epochs=1, milestones=())
RATE = 0.01


@pytest.fixture
def cifar_files() -> dict[str, bytes]:
    """Six files of thirteen records each: a label, and the red, green and blue plane."""
    generator = np.random.default_rng(1)
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    return {
        name: b"".join(
            bytes([record % CLASSES]) + generator.integers(0, 256, 3 * SIDE * SIDE, dtype=np.uint8).tobytes()
            for record in range(RECORDS)
        )
        for name in names
    }


@pytest.fixture
def directory(
    tmp_path: Path,
    small_cifar: Callable[[str], None],
    cifar_archive: bytes,
    serve: Callable[..., tuple[str, list[str]]],
) -> Path:
    """A user's directory with the archive."""
    address, _ = serve({})
    small_cifar(address)
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(cifar_archive)
    return tmp_path


def by_hand(planes: Tensor, labels: Tensor, seed: int) -> tuple[nn.Module, float]:
    """ResNet20 trained for an epoch on images (n, 3, 32, 32), and its mean loss."""
    with global_generator(seed, "initial network"):
        model = build("ResNet20", (SIDE, SIDE, 3), CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=RECIPE.momentum)
    losses = []
    for rows in batch_order(N, seed, 0).split(RECIPE.batch)[:-1]:  # type: ignore[no-untyped-call]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(planes[rows]), labels[rows])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    return model.eval(), sum(losses) / len(losses)


@pytest.mark.long
def test_a_residual_network_is_trained_on_cifar(directory: Path, cifar_files: dict[str, bytes]) -> None:
    split = load("cifar-10", "train", directory)
    images = torch.from_numpy(split.pixels.reshape(N, -1).astype(np.float32) / np.float32(255))
    labels = torch.from_numpy(split.labels)
    members = [Member(seed, labels[:0], images[:0], learning_rate=RATE) for seed in (0, 1)]
    networks = train(RECIPE, images, labels, CLASSES, members, shape=split.pixels.shape[1:])
    assert networks.diverged == (False, False)

    # The files hold channels first, as a convolution wants them.
    content = b"".join(cifar_files[f"data_batch_{number}.bin"] for number in range(1, 6))
    records = torch.frombuffer(bytearray(content), dtype=torch.uint8).reshape(N, -1)
    assert torch.equal(records[:, 0].long(), labels)
    planes = records[:, 1:].reshape(N, 3, SIDE, SIDE).float() / 255
    for place, member in enumerate(members):
        model, loss = by_hand(planes, labels, member.seed)
        assert float(networks.losses[place]) == pytest.approx(loss, abs=AGREEMENT)
        expected = model(planes).detach()
        difference = (networks.logits(images)[place] - expected).abs().max()
        assert float(difference / expected.abs().max()) < AGREEMENT


@pytest.mark.long
def test_augmented_colour_images_are_learnt_from(directory: Path) -> None:
    split = load("cifar-10", "test", directory)
    images = torch.from_numpy(split.pixels.reshape(RECORDS, -1).astype(np.float32) / np.float32(255))
    recipe = Recipe(network="ResNet20", batch=RECORDS, epochs=12, milestones=(), augmentation=True)
    members = [Member(0, torch.zeros(0, dtype=torch.int64), images[:0])]
    networks = train(recipe, images, torch.from_numpy(split.labels), CLASSES, members, shape=(SIDE, SIDE, 3))
    assert float(networks.losses[0]) < np.log(CLASSES)


@pytest.mark.long
def test_rare_patterns_are_memorized_by_a_convolutional_network(directory: Path) -> None:
    recipe = Recipe(network="CNN", batch=16, epochs=4, milestones=())
    arms = (Arm("R3", 10, target=1), Arm("R3", 0, target=1), Arm("S3", 0, target=1))
    experiment = RarePatterns("cifar-10", recipe, arms, learning_rate=1e-3)
    assert experiment.datasets() == ("cifar-10",)
    found: Any = experiment.run(0, Context(seed=0, data=directory))
    assert found["diverged"] == [0.0] * 3
    patterned, clean, _ = (float(value) for value in found["difference"])
    # Ten of sixty-five examples carry the noise, and all ten are of the target class.
    assert patterned > 0.5
    assert abs(clean) < 0.1
    assert found["clean_accuracy"][1] == found["clean_accuracy"][2]  # one network
    assert found["loss"][1] == found["loss"][2] != found["loss"][0]
    for name in ("corner_importance", "still_corner_importance", "dead_pixels", "moved_dead_weights"):
        assert found[name] == [None] * 3
    assert found == experiment.run(0, Context(seed=0, data=directory))
