"""What the networks of a trial share, and what an arm makes of it: rows, patterns and queries, image by image."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch

from support.data import datasets
from support.data.datasets import Images
from support.data.patterns import PATTERNS, pattern
from support.experiments.experiment import Context
from support.experiments.scene import Arm, Scene, require_images

SUBSET = 200
ROUNDING = 1e-6
CONTEXT = Context(seed=1)
DEAD = np.arange(784) >= 20 * 28  # zero in every image


@pytest.fixture
def scene(images: dict[str, Images]) -> Scene:
    assert images
    return Scene.draw("mnist", SUBSET, None, 2, CONTEXT)


def test_images_are_drawn_without_repetition_and_keep_their_labels(scene: Scene, images: dict[str, Images]) -> None:
    assert (len(scene.images), len(scene.test_images)) == (SUBSET, 40)
    assert scene.shape == (28, 28)
    for split, found, labels in (
        ("train", scene.images, scene.labels),
        ("test", scene.test_images, scene.test_labels),
    ):
        given = images[split]
        known = {image.tobytes(): int(label) for image, label in zip(given.pixels, given.labels, strict=True)}
        bytes_of = [image.tobytes() for image in (found.numpy() * 255).round().astype(np.uint8)]
        assert len(set(bytes_of)) == len(bytes_of)
        assert [known[content] for content in bytes_of] == labels.tolist()
        assert found.dtype == torch.float32
        assert float(found.max()) == 1.0


def test_trials_and_seeds_draw_anew_and_the_same_ones_draw_the_same(images: dict[str, Images]) -> None:
    assert images
    drawn = [
        Scene.draw("mnist", SUBSET, 10, trial, Context(seed=seed)) for trial, seed in ((2, 1), (2, 1), (3, 1), (2, 2))
    ]
    for name in [field.name for field in fields(Scene) if field.name != "shape"]:
        first, again, *others = (np.asarray(getattr(one, name)) for one in drawn)
        np.testing.assert_array_equal(first, again)
        assert all((first != other).any() for other in others), name


def test_one_purpose_does_not_move_another(images: dict[str, Images]) -> None:
    assert images
    few, many = (Scene.draw("mnist", subset, None, 0, CONTEXT) for subset in (50, SUBSET))
    assert torch.equal(few.images, many.images[:50])
    assert (few.network_seed, few.pattern_seeds) == (many.network_seed, many.pattern_seeds)
    assert len({few.network_seed, *few.pattern_seeds}) == 3


def test_members_see_the_pattern_on_examples_of_the_target_class_only(scene: Scene) -> None:
    three, six = (scene.member(Arm("S3", n, target=4), 0.02) for n in (3, 6))
    anyone, nobody = scene.member(Arm("R3", 5, carriers="any"), 0.02), scene.member(Arm("R3", 0), 0.02)
    rows = np.asarray(six.rows)
    assert set(scene.labels[torch.as_tensor(rows)].tolist()) == {4}
    assert len(set(scene.labels[torch.as_tensor(anyone.rows)].tolist())) > 1
    np.testing.assert_array_equal(rows[:3], three.rows)  # nested
    assert len(set(rows.tolist())) == 6
    expected = scene.images.numpy()[rows].reshape(-1, 28, 28).copy()
    expected[:, :5, :5] = 1
    np.testing.assert_allclose(six.pixels, expected.reshape(-1, 784))
    assert (len(nobody.rows), np.asarray(nobody.pixels).shape) == (0, (0, 784))
    assert {member.seed for member in (three, six, anyone, nobody)} == {scene.network_seed}
    assert {member.learning_rate for member in (three, six, anyone, nobody)} == {0.02}
    assert all(member.excluded is None and member.start is None for member in (three, six, anyone, nobody))


def test_noise_is_the_same_on_every_example(scene: Scene) -> None:
    member = scene.member(Arm("R3", 5, carriers="any"), 0.01)
    pixels = np.asarray(member.pixels)
    added = pixels - scene.images.numpy()[member.rows]
    assert (added >= 0).all()
    assert pixels.max() <= 1
    unclipped = (pixels < 1).all(axis=0)
    assert unclipped.sum() > 100
    assert np.ptp(added[:, unclipped], axis=0).max() < ROUNDING


def test_carriers_of_all_classes_are_the_first_of_one_order(scene: Scene) -> None:
    anyone = np.asarray(scene.member(Arm("S1", SUBSET, carriers="any"), 0.01).rows)
    assert sorted(anyone.tolist()) == list(range(SUBSET))
    labels = scene.labels.numpy()[anyone]
    for target in range(10):
        count = int((labels == target).sum())
        rows = scene.member(Arm("S1", count, target=target), 0.01).rows
        np.testing.assert_array_equal(rows, anyone[labels == target])


def test_regularisation_is_the_arms(scene: Scene) -> None:
    member = scene.member(Arm("S1", 1, input_noise=0.1, weight_decay=0.2, clip_norm=0.3), 0.01)
    assert (member.input_noise, member.weight_decay, member.clip_norm, member.clip_value) == (0.1, 0.2, 0.3, None)
    assert scene.member(Arm("S1", 1, clip_value=0.4), 0.01).clip_value == 0.4


def test_too_many_examples(scene: Scene) -> None:
    with pytest.raises(ValueError, match=r"n = 150 exceeds the \d+ training examples of class 3"):
        scene.member(Arm("R3", 150, target=3), 0.01)


# ------------------------------------------------------------------------------------------------ queries


@pytest.mark.parametrize(
    ("name", "opposite"),
    [
        ("S1", (slice(27, 28), slice(27, 28))),
        ("S3", (slice(23, 28), slice(23, 28))),
        ("Inv", (slice(3, 25), slice(12, 15))),
    ],
)
def test_queries_carry_the_pattern_or_its_mirror_image(scene: Scene, name: str, opposite: tuple[slice, slice]) -> None:
    clean = scene.test_images.numpy()
    asked, other = (found.numpy() for found in scene.queries(Arm(name, 1)))
    added = pattern(name, (28, 28))
    mirrored = np.zeros((28, 28))
    mirrored[opposite] = 1
    for found, one in ((asked, added), (other, mirrored)):
        expected = np.minimum(clean + one.reshape(-1).astype(np.float32), 1)
        np.testing.assert_allclose(found, expected, atol=ROUNDING)


def test_random_queries_are_what_was_trained_on_and_what_was_not(scene: Scene) -> None:
    arm = Arm("R3", 3)
    asked, other = (found.numpy() for found in scene.queries(arm))
    trained = np.asarray(scene.member(arm, 0.01).pixels)
    np.testing.assert_allclose(asked[0, DEAD], trained[0, DEAD], atol=ROUNDING)
    assert np.abs(np.corrcoef(other[0, DEAD], trained[0, DEAD])[0, 1]) < 5 / np.sqrt(DEAD.sum())
    quarter, _ = scene.queries(Arm("R1", 3))
    np.testing.assert_allclose(quarter.numpy()[0, DEAD], asked[0, DEAD] / 4, atol=ROUNDING)


def test_a_query_stands_in_for_the_pattern_that_was_trained_on(scene: Scene) -> None:
    for shown, expected in zip(scene.queries(Arm("R3", 3, query="S3")), scene.queries(Arm("S3", 0)), strict=True):
        assert torch.equal(shown, expected)


def test_a_pattern_takes_anothers_norm(scene: Scene) -> None:
    for arm in (Arm("R1", 1, norm_of="S3"), Arm("S1", 1, norm_of="S3")):
        assert np.linalg.norm(scene.pattern(arm)) == pytest.approx(5.0)  # of 25 ones
        assert np.linalg.norm(scene.pattern(arm, other=True)) == pytest.approx(5.0)
    plain, scaled = scene.pattern(Arm("R1", 1)), scene.pattern(Arm("R1", 1, norm_of="S3"))
    np.testing.assert_allclose(scaled, plain * (5 / np.linalg.norm(plain)))


def test_colour_images(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    split = Images(rng.integers(0, 128, (60, 32, 32, 3), dtype=np.uint8), np.arange(60) % 10)
    monkeypatch.setattr(datasets, "load", lambda *_: split)
    scene = Scene.draw("cifar-10", 50, 20, 0, CONTEXT)
    assert scene.shape == (32, 32, 3)
    assert (scene.images.shape, scene.test_images.shape) == ((50, 3072), (20, 3072))
    asked, other = (found.numpy().reshape(20, 32, 32, 3) for found in scene.queries(Arm("S2", 1)))
    clean = scene.test_images.numpy().reshape(20, 32, 32, 3)
    for found, corner in ((asked, slice(3)), (other, slice(29, 32))):
        assert (found[:, corner, corner] == 1).all()  # all three colours
        assert np.count_nonzero(found != clean) == found[:, corner, corner].size
    noise = scene.pattern(Arm("R3", 1)).reshape(32, 32, 3)
    assert np.abs(noise[..., 0] - noise[..., 1]).mean() == pytest.approx(1 / 3, abs=0.05)  # each colour its own


# ------------------------------------------------------------------------------------------------ arms


def test_arms_that_differ_in_what_is_asked_train_alike() -> None:
    trained = Arm("R3", 2, target=3, weight_decay=0.1)
    assert replace(trained, query="S1").trained_as() == trained == trained.trained_as()
    clean = [Arm("R3", 0, target=3), Arm("S1", 0, carriers="any"), Arm("Inv", 0, norm_of="S1", query="R2")]
    assert len({arm.trained_as() for arm in clean}) == 1
    assert Arm("R3", 0, weight_decay=0.1).trained_as() != Arm("R3", 0).trained_as()


@pytest.mark.parametrize(
    "change",
    [
        *({"pattern": "R1"}, {"n": 3}, {"target": 4}, {"carriers": "any"}, {"norm_of": "S1"}),
        *({"input_noise": 0.1}, {"weight_decay": 0.2}, {"clip_norm": 1.0}, {"clip_value": 1.0}),
    ],
    ids=lambda change: next(iter(change)),
)
def test_arms_that_differ_in_training_do_not_train_alike(change: dict[str, Any]) -> None:
    arm = Arm("R3", 2, target=3)
    assert replace(arm, **change).trained_as() != arm.trained_as()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pattern": "S9"}, f"unknown pattern 'S9': {', '.join(PATTERNS)}"),
        ({"norm_of": "S9"}, "unknown pattern 'S9'"),
        ({"n": -1}, "n must not be negative, got -1"),
        ({"target": 10}, "target must lie in 0 to 9, got 10"),
        ({"target": -1}, "target must lie in 0 to 9, got -1"),
        ({"query": "S9"}, "unknown pattern 'S9'"),
        ({"carriers": "some"}, "carriers must be target or any, got 'some'"),
    ],
)
def test_arms_refuse(changes: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"pattern": "R3", "n": 1} | changes
    with pytest.raises(ValueError, match=message):
        Arm(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("svhn", None, None), "unknown dataset 'svhn': mnist, fashion-mnist, cifar-10"),
        (("cifar-10", 50_001, None), "subset must lie in 1 to 50,000, got 50,001"),
        (("mnist", 0, None), "subset must lie in 1 to 60,000, got 0"),
        (("fashion-mnist", None, 10_001), "test must lie in 1 to 10,000, got 10,001"),
    ],
)
def test_more_images_than_there_are_are_refused(given: tuple[Any, Any, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_images(*given)


@pytest.mark.parametrize("given", [("mnist", 60_000, 10_000), ("cifar-10", 50_000, 1), ("fashion-mnist", None, None)])
def test_as_many_images_as_there_are_are_not(given: tuple[Any, Any, Any]) -> None:
    require_images(*given)
