"""What a trial hands to the trainer, and what it measures, with the training replaced by fixed networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from support.data import datasets
from support.data.datasets import Images
from support.data.patterns import pattern
from support.experiments.experiment import Context
from support.experiments.rare_patterns import THRESHOLDS, Arm, RarePatterns
from support.training import ensemble
from support.training.recipe import Recipe

TRAIN, TEST, SUBSET = 300, 40, 200
RECIPE = Recipe(hidden=(4,), epochs=1, milestones=())
ROUNDING = 1e-6


class Trained:
    """Linear networks, another one for each member, in place of an ensemble."""

    def __init__(
        self, images: torch.Tensor, labels: torch.Tensor, members: Sequence[Any], diverged: int | None
    ) -> None:
        self.images, self.labels, self.members = images, labels, members
        generator = torch.Generator().manual_seed(0)
        self.layers = [torch.randn(784, 10, generator=generator) * 0.3 for _ in members]
        self.diverged = tuple(index == diverged for index in range(len(members)))
        self.losses = torch.arange(len(members), dtype=torch.float64)
        self.weights = [torch.stack([torch.full((784, 4), 0.01 * (1 + index)) for index in range(len(members))])]

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.stack([inputs @ layer for layer in self.layers])

    def module(self, index: int) -> torch.nn.Module:
        linear = torch.nn.Linear(784, 10, bias=False)
        linear.weight.data = self.layers[index].T.clone()
        return linear


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> dict[str, Images]:
    rng = np.random.default_rng(5)
    splits = {}
    for split, count in (("train", TRAIN), ("test", TEST)):
        pixels = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        pixels[:, 20:] = 0  # always zero, as the margins of MNIST
        splits[split] = Images(pixels, rng.integers(0, 10, count))
    monkeypatch.setattr(datasets, "load", lambda _name, split, _directory: splits[split])
    return splits


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, images: dict[str, Images]) -> list[Trained]:
    assert images
    made: list[Trained] = []

    def train(
        recipe: Recipe, pixels: torch.Tensor, labels: torch.Tensor, classes: int, members: Any, **_: Any
    ) -> Trained:
        assert (recipe, classes) == (RECIPE, 10)
        made.append(Trained(pixels, labels, members, None))
        return made[-1]

    monkeypatch.setattr(ensemble, "train", train)
    return made


def experiment(*arms: Arm, **changes: Any) -> RarePatterns:
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "arms": arms, "subset": SUBSET} | changes
    return RarePatterns(**fields)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def test_members_see_the_pattern_on_examples_of_the_target_class_only(runs: list[Trained]) -> None:
    experiment(Arm("S3", 3, target=4), Arm("S3", 6, target=4), Arm("R3", 5, carriers="any")).run(2, Context(seed=1))
    (run,) = runs
    three, six, anyone = run.members
    assert len(run.images) == SUBSET
    assert set(run.labels[torch.as_tensor(six.rows)].tolist()) == {4}
    assert len(set(run.labels[torch.as_tensor(anyone.rows)].tolist())) > 1
    np.testing.assert_array_equal(six.rows[:3], three.rows)  # nested
    clean = run.images.numpy()[six.rows]
    expected = clean.reshape(-1, 28, 28).copy()
    expected[:, :5, :5] = 1
    np.testing.assert_allclose(six.pixels, expected.reshape(-1, 784))
    added = anyone.pixels - run.images.numpy()[anyone.rows]
    assert (added >= 0).all()
    assert anyone.pixels.max() <= 1
    # The same noise on every example, where it was not clipped.
    unclipped = (anyone.pixels < 1).all(axis=0)
    assert np.ptp(added[:, unclipped], axis=0).max() < ROUNDING
    assert len({member.seed for member in run.members}) == 1


def test_arms_that_train_alike_train_once(runs: list[Trained]) -> None:
    found = experiment(
        Arm("R3", 0), Arm("S3", 0, target=1), Arm("R3", 2), Arm("R3", 2, query="S1"), Arm("R3", 0, weight_decay=0.1)
    ).run(0, Context(seed=0))
    assert [len(member.rows) for member in runs[0].members] == [0, 2, 0]
    assert [member.weight_decay for member in runs[0].members] == [0.0, 0.0, 0.1]
    assert found["loss"] == [0.0, 0.0, 1.0, 1.0, 2.0]
    assert found["query"] == ["", "", "", "S1", ""]
    assert found["target"] == [0.0, 1.0, 0.0, 0.0, 0.0]


def test_a_query_replaces_the_pattern_at_test_only(runs: list[Trained]) -> None:
    alone = experiment(Arm("S1", 0), Arm("S3", 2)).run(1, Context(seed=3))
    found = experiment(Arm("S3", 2), Arm("S3", 2, query="S1")).run(1, Context(seed=3))
    np.testing.assert_array_equal(runs[0].members[1].pixels, runs[1].members[0].pixels)
    # The stand-in's first network answers to S1 alike, whatever it was trained on.
    assert found["difference"][1] == alone["difference"][0]
    assert found["difference"][1] != found["difference"][0]


def test_numbers_by_definition(runs: list[Trained], images: dict[str, Images]) -> None:
    found = experiment(Arm("S3", 2, target=3)).run(1, Context(seed=3))
    layer = runs[0].layers[0].double().numpy()
    pixels, labels = images["test"].pixels.reshape(TEST, -1) / 255, images["test"].labels

    def asked(corner: tuple[slice, slice]) -> NDArray[np.float64]:
        patterned = pixels.reshape(-1, 28, 28).copy()
        patterned[:, corner[0], corner[1]] = 1
        return softmax(patterned.reshape(TEST, -1) @ layer)

    before = softmax(pixels @ layer)
    after, other = asked((slice(5), slice(5))), asked((slice(23, 28), slice(23, 28)))
    rise = after[:, 3] - before[:, 3]
    expected = {f"score_{epsilon:g}": np.mean(rise > epsilon) for epsilon in THRESHOLDS} | {
        "score_others": np.mean(rise[labels != 3] > 0.1),
        "difference": rise.mean(),
        "other_score": np.mean(other[:, 3] - before[:, 3] > 0.1),
        "other_difference": np.mean(other[:, 3] - before[:, 3]),
        "clean_accuracy": np.mean(before.argmax(1) == labels),
        "spurious_accuracy": np.mean(after.argmax(1)[labels != 3] == labels[labels != 3]),
        "other_spurious_accuracy": np.mean(other.argmax(1)[labels != 3] == labels[labels != 3]),
        "corner_importance": 0.01,
        "still_corner_importance": 0.01,
        "dead_pixels": 8 * 28,
        "moved_dead_weights": 8 * 28 * 4,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx([float(value)], abs=ROUNDING), name


def test_a_pattern_scaled_to_anothers_norm(runs: list[Trained]) -> None:
    experiment(Arm("R1", 4, norm_of="S1", carriers="any")).run(0, Context(seed=0))
    (member,) = runs[0].members
    added = member.pixels - runs[0].images.numpy()[member.rows]
    dead = np.arange(784) >= 20 * 28  # nothing is clipped there
    assert 0 < np.linalg.norm(added[0, dead]) < 1  # part of a norm of one
    share = np.linalg.norm(added[0, dead]) ** 2
    assert share == pytest.approx(8 / 28, rel=0.15)


def test_random_patterns_of_a_trial_are_its_own(runs: list[Trained]) -> None:
    for trial in (0, 1):
        experiment(Arm("R3", 1, carriers="any")).run(trial, Context(seed=0))
    first, second = (run.members[0] for run in runs)
    dead = np.arange(784) >= 20 * 28
    assert (first.pixels[0, dead] != second.pixels[0, dead]).any()
    for seed in range(5):  # nor those that the papers fixed
        assert (first.pixels[0, dead] != pattern("R3", (28, 28), seed).reshape(-1)[dead]).any()


@pytest.mark.usefixtures("images")
def test_divergence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(_recipe: Recipe, x: torch.Tensor, y: torch.Tensor, _classes: int, members: Any, **_: Any) -> Trained:
        return Trained(x, y, members, 0)

    monkeypatch.setattr(ensemble, "train", train)
    with pytest.raises(ArithmeticError, match=r"training diverged in trial 7 \(network seed \d+\): .*R3"):
        experiment(Arm("R3", 1, carriers="any")).run(7, Context(seed=0))


@pytest.mark.usefixtures("images")
def test_too_many_examples() -> None:
    with pytest.raises(ValueError, match=r"n = 150 exceeds the \d+ training examples of class 0"):
        experiment(Arm("R3", 150)).run(0, Context(seed=0))


def arm(**fields: Any) -> Arm:
    usual: dict[str, Any] = {"pattern": "R3", "n": 1}
    return Arm(**usual | fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pattern": "S9"}, "unknown pattern 'S9': S1, S2, S3"),
        ({"norm_of": "S9"}, "unknown pattern 'S9'"),
        ({"n": -1}, "n must not be negative, got -1"),
        ({"target": 10}, "target must lie in 0 to 9, got 10"),
        ({"query": "S9"}, "unknown pattern 'S9'"),
        ({"carriers": "some"}, "carriers must be target or any, got 'some'"),
    ],
)
def test_arms_refuse(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arm(**fields)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "cifar-10"}, "dataset must be mnist or fashion-mnist, got 'cifar-10'"),
        ({"subset": 60_001}, "subset must lie in 1 to 60,000, got 60,001"),
        ({"test": 0}, "test must lie in 1 to 10,000, got 0"),
        ({"arms": ()}, "arms must name at least one condition"),
        ({"arms": (Arm("R3", 1), Arm("R3", 1))}, "and none twice"),
    ],
)
def test_experiments_refuse(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**({"arms": (Arm("R3", 1),)} | changes))


def test_description() -> None:
    assert str(experiment(Arm("R3", 0), Arm("R3", 1))) == "2 networks on 200 images of mnist, 1 epochs"
