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
from support.experiments.scene import Arm, Carriers, Scene, require_images

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


@pytest.mark.parametrize("n", [3, 10, 14, 20])
def test_balanced_carriers_are_of_all_classes_alike(scene: Scene, n: int) -> None:
    labels = scene.labels.numpy()
    draws: list[tuple[Carriers, Any]] = [("balanced", scene.order), ("balanced again", scene.order[::-1])]
    for carriers, sequence in draws:
        rows = np.asarray(scene.member(Arm("R3", n, carriers=carriers), 0.01).rows)
        counts = np.bincount(labels[rows], minlength=10)
        assert counts.max() - counts.min() <= 1
        assert len(set(rows.tolist())) == n
        for which in set(labels[rows].tolist()):
            own = rows[labels[rows] == which]
            np.testing.assert_array_equal(own, sequence[labels[sequence] == which][: len(own)])


def test_balanced_carriers_are_nested_the_same_for_every_target_and_drawn_anew(images: dict[str, Images]) -> None:
    assert images
    scenes = [Scene.draw("mnist", SUBSET, 10, trial, CONTEXT) for trial in range(20)]
    for scene in scenes:
        few, many = (scene.carriers(Arm("S3", n, carriers="balanced")) for n in (7, 13))
        np.testing.assert_array_equal(few, many[:7])
        np.testing.assert_array_equal(few, scene.carriers(Arm("S3", 7, target=4, carriers="balanced")))
        again = scene.carriers(Arm("S3", 13, carriers="balanced again"))
        assert not set(many.tolist()) & set(again.tolist())
    first_classes, classes_again = (
        [scene.labels.numpy()[scene.carriers(arm)][0] for scene in scenes]
        for arm in (Arm("S3", 1, carriers="balanced"), Arm("S3", 1, carriers="balanced again"))
    )
    assert len(set(first_classes)) > 4
    assert first_classes != classes_again


def test_each_example_may_carry_a_draw_of_its_own(scene: Scene) -> None:
    own, shared = (scene.member(Arm("R3", 4, own_noise=each), 0.01) for each in (True, False))
    np.testing.assert_array_equal(own.rows, shared.rows)
    pixels = np.asarray(own.pixels)[:, DEAD]
    everything = np.vstack([pixels, scene.pattern(Arm("R3", 4))[DEAD]])
    correlations = np.corrcoef(everything)[np.triu_indices(5, k=1)]
    assert np.abs(correlations).max() < 6 / np.sqrt(DEAD.sum())
    assert everything.mean() == pytest.approx(0.5, abs=0.02)  # uniform from 0 to 1, as the shared one
    few = scene.patterns_of_one_each(Arm("R1", 2, own_noise=True))
    np.testing.assert_allclose(few[:, DEAD], pixels[:2] / 4, atol=ROUNDING)


def test_fresh_patterns_are_of_the_law_of_the_one_shown_and_of_no_other_draw(scene: Scene) -> None:
    arm = Arm("R2", 4, own_noise=True, fresh=30)
    fresh = scene.fresh_patterns(arm)
    assert fresh.shape == (30, 784)
    assert 0 <= fresh.min() < 0.001 < 0.499 < fresh.max() <= 0.5
    known = [scene.pattern(arm), scene.pattern(arm, other=True), *scene.patterns_of_one_each(arm)]
    correlations = np.corrcoef(np.vstack([fresh, *known]))
    np.fill_diagonal(correlations, 0)
    assert np.abs(correlations).max() < 6 / np.sqrt(784)
    scaled = scene.fresh_patterns(Arm("R1", 4, norm_of="S3", fresh=2))
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 5)
    np.testing.assert_allclose(scene.fresh_patterns(Arm("S3", 4, query="R1", fresh=2)), fresh[:2] / 2)


def test_another_attempt_changes_the_start_only(images: dict[str, Images]) -> None:
    assert images
    first, second, third = (Scene.draw("mnist", SUBSET, 10, 2, CONTEXT, attempt) for attempt in range(3))
    assert len({first.network_seed, second.network_seed, third.network_seed}) == 3
    for name in [field.name for field in fields(Scene) if field.name != "network_seed"]:
        np.testing.assert_array_equal(np.asarray(getattr(first, name)), np.asarray(getattr(second, name)))


def test_images_in_both_are_counted(scene: Scene) -> None:
    assert scene.images_in_both() == 0
    leaking = replace(scene, test_images=torch.cat([scene.test_images[:5], scene.images[[7, 3, 3]]]))
    assert leaking.images_in_both() == 3


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
    assert Arm("R3", 0, own_noise=True, fresh=3).trained_as() == clean[0].trained_as()
    assert replace(trained, fresh=39).trained_as() == trained
    classless = Arm("R3", 2, target=3, carriers="balanced")
    assert classless.trained_as() == replace(classless, target=5).trained_as() != trained


@pytest.mark.parametrize(
    "change",
    [
        *({"pattern": "R1"}, {"n": 3}, {"target": 4}, {"carriers": "any"}, {"norm_of": "S1"}),
        *({"carriers": "balanced"}, {"carriers": "balanced again"}, {"own_noise": True}),
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
        ({"target": -1}, "target must not be negative, got -1"),
        ({"target": -2}, "target must not be negative, got -2"),
        ({"query": "S9"}, "unknown pattern 'S9'"),
        ({"carriers": "some"}, "carriers must be one of target, any, balanced, balanced again, got 'some'"),
        ({"fresh": -1}, "fresh must not be negative, got -1"),
        ({"pattern": "S3", "own_noise": True}, r"own_noise needs a pattern with a law \(R1, R2, R3\), got S3"),
        ({"query": "Inv", "fresh": 39}, r"fresh draws need a pattern with a law \(R1, R2, R3\), got Inv"),
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
