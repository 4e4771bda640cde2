"""What a trial hands to the trainer, and what it measures, with the training replaced by fixed networks."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.data.datasets import Images
from support.data.patterns import pattern
from support.experiments.experiment import Context
from support.experiments.rare_patterns import THRESHOLDS, Arm, RarePatterns
from support.experiments.scene import Scene
from support.training.draws import initial_weights
from support.training.recipe import Recipe

TEST, SUBSET = 40, 200
RECIPE = Recipe(hidden=(16,), epochs=1, milestones=())
ROUNDING = 1e-6


def experiment(*arms: Arm, **changes: Any) -> RarePatterns:
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "arms": arms, "subset": SUBSET} | changes
    return RarePatterns(**fields)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def test_arms_that_train_alike_train_once(trainer: Any) -> None:
    found = experiment(
        Arm("R3", 0), Arm("S3", 0, target=1), Arm("R3", 2), Arm("R3", 2, query="S1"), Arm("R3", 0, weight_decay=0.1)
    ).run(0, Context(seed=0))
    (call,) = trainer.calls
    assert [len(member.rows) for member in call.members] == [0, 2, 0]
    assert [member.weight_decay for member in call.members] == [0.0, 0.0, 0.1]
    assert (call.recipe, call.shape, call.images.shape) == (RECIPE, (28, 28), (SUBSET, 784))
    assert found["loss"] == [0.5, 0.5, 1.5, 1.5, 2.5]
    assert found["diverged"] == [0.0] * 5
    assert found["query"] == ["", "", "", "S1", ""]
    assert found["target"] == [0.0, 1.0, 0.0, 0.0, 0.0]


def test_a_query_replaces_the_pattern_at_test_only(trainer: Any) -> None:
    alone = experiment(Arm("S1", 0), Arm("S3", 2)).run(1, Context(seed=3))
    trainer.calls.clear()  # so that the first network is the same again
    found = experiment(Arm("S3", 2), Arm("S3", 2, query="S1")).run(1, Context(seed=3))
    assert trainer.calls[0].members[0].pixels.reshape(2, 28, 28)[:, :5, :5].min() == 1
    # The stand-in's first network answers to S1 alike, whatever it was trained on.
    assert found["difference"][1] == alone["difference"][0]
    assert found["difference"][1] != found["difference"][0]


@pytest.mark.usefixtures("images")
def test_no_arm_depends_on_the_others_or_on_their_order() -> None:
    """Patterned test images are made once for all arms that are shown the same: what differs must not be mixed up."""
    arms = (
        Arm("R1", 2),
        Arm("R3", 0, query="R1"),
        Arm("R1", 2, norm_of="S3"),
        Arm("S3", 2, target=1),
        Arm("R1", 2, query="S3"),
        Arm("R1", 0),
    )
    together = experiment(*arms).run(0, Context(seed=1))
    for place, arm in enumerate(arms):
        alone = experiment(arm).run(0, Context(seed=1))
        assert {name: column[place] for name, column in together.items()} == {
            name: column[0] for name, column in alone.items()
        }
    differences = np.array(together["difference"])
    assert len(set(differences)) == len(arms) - 1  # the arms without examples are asked the same
    assert differences[1] == differences[5]


def answers(call: Any, place: int, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of a member, its layers multiplied out."""
    weights, biases = (
        [part[place].double().numpy() for part in parts] for parts in (call.networks.weights, call.networks.biases)
    )
    return softmax(np.maximum(pixels @ weights[0] + biases[0], 0) @ weights[1] + biases[1])


@pytest.mark.parametrize("place", [0, 1])
def test_numbers_by_definition(trainer: Any, images: dict[str, Images], place: int) -> None:
    arms = (Arm("S3", 2, target=3), Arm("S3", 2, target=3, clip_norm=0.5))
    found = experiment(*arms).run(1, Context(seed=3))
    (call,) = trainer.calls
    pixels, labels = images["test"].pixels.reshape(TEST, -1) / 255, images["test"].labels

    def asked(corner: tuple[slice, slice]) -> NDArray[np.float64]:
        patterned = pixels.reshape(-1, 28, 28).copy()
        patterned[:, corner[0], corner[1]] = 1
        return answers(call, place, patterned.reshape(TEST, -1))

    before = answers(call, place, pixels)
    after, other = asked((slice(5), slice(5))), asked((slice(23, 28), slice(23, 28)))
    rise = after[:, 3] - before[:, 3]
    importance = call.networks.weights[0][place].numpy().max(axis=1).reshape(28, 28)
    expected = {f"score_{epsilon:g}": np.mean(rise > epsilon) for epsilon in THRESHOLDS} | {
        "score_others": np.mean(rise[labels != 3] > 0.1),
        "difference": rise.mean(),
        "probability": after[:, 3].mean(),
        "log_odds": np.mean(np.log(after[:, 3] / (1 - after[:, 3]))),
        "other_probability": other[:, 3].mean(),
        "other_score": np.mean(other[:, 3] - before[:, 3] > 0.1),
        "other_difference": np.mean(other[:, 3] - before[:, 3]),
        "clean_accuracy": np.mean(before.argmax(1) == labels),
        "spurious_accuracy": np.mean(after.argmax(1)[labels != 3] == labels[labels != 3]),
        "other_spurious_accuracy": np.mean(other.argmax(1)[labels != 3] == labels[labels != 3]),
        "corner_importance": importance[:5, :5].mean(),
        "still_corner_importance": importance[20:].mean(),
        "dead_pixels": 8 * 28,
        "moved_dead_weights": 8 * 28 * 16,
        "loss": place + 0.5,
        "clip_norm": 0.5 * place,
        "diverged": 0.0,
        "attempt": 0.0,
        "images_in_both": 0.0,
    }
    assert expected["score_0.01"] > 0
    for name, value in expected.items():
        assert found[name][place] == pytest.approx(float(value), abs=ROUNDING), name


def test_a_pattern_is_ranked_among_fresh_draws_of_its_law(trainer: Any, images: dict[str, Images]) -> None:
    arm = Arm("R3", 2, target=3, fresh=15)
    found = experiment(arm, Arm("R3", 2, target=3)).run(1, Context(seed=3))
    (call,) = trainer.calls
    assert len(call.members) == 1
    pixels = images["test"].pixels.reshape(TEST, -1) / 255
    scene = Scene.draw("mnist", SUBSET, None, 1, Context(seed=3))

    def log_odds(added: NDArray[np.float64]) -> float:
        p = answers(call, 0, np.clip(pixels + added, 0, 1))[:, 3]
        return float(np.mean(np.log(p / (1 - p))))

    own, fresh = log_odds(scene.pattern(arm)), [log_odds(added) for added in scene.fresh_patterns(arm)]
    assert found["beaten"] == [np.mean([own > one for one in fresh]), None]


def test_carriers_of_the_target_class_are_counted(trainer: Any, images: dict[str, Images]) -> None:
    arms = (
        Arm("S3", 0, target=2),
        Arm("S3", 7, target=2),
        *(Arm("S3", 20, target=2, carriers=carriers) for carriers in ("balanced", "balanced again", "any")),
    )
    found = experiment(*arms).run(0, Context(seed=0))
    by_pixels = {image.tobytes(): label for image, label in zip(*vars(images["train"]).values(), strict=True)}
    (call,) = trainer.calls
    rows = np.asarray(call.members[-1].rows)
    own = [by_pixels[image.tobytes()] for image in (call.images[rows].numpy() * 255).round().astype(np.uint8)]
    assert found["carriers_of_target"] == [0, 7, 2, 2, own.count(2)]


def test_a_start_that_ends_at_chance_is_drawn_again_for_all_arms(trainer: Any, images: dict[str, Images]) -> None:
    images["test"].labels[:] = 3

    def learns_at_the_third_start(networks: Any, _: Any) -> None:
        networks.parameters.zero_()  # every answer is class 0
        if len(trainer.calls) >= 2:
            networks.parameters[:, -7] = 1.0  # the last layer's bias of class 3

    trainer.adjusted = learns_at_the_third_start
    found = experiment(Arm("S3", 2), Arm("R3", 2), redraws=4).run(0, Context(seed=0))
    *untreated, last = trainer.calls
    assert [[len(member.rows) for member in call.members] for call in untreated] == [[0]] * 3
    seeds = [call.members[0].seed for call in untreated]
    assert len(set(seeds)) == 3
    assert [member.seed for member in last.members] == [seeds[2]] * 2
    assert found["attempt"] == [2.0, 2.0]


def test_starts_are_drawn_again_a_stated_number_of_times(trainer: Any) -> None:
    trainer.adjusted = lambda networks, _: networks.parameters.zero_()
    found = experiment(Arm("S3", 2), redraws=2).run(0, Context(seed=0))
    assert len(trainer.calls) == 3  # two untreated networks, and what is asked on the last start
    assert found["attempt"] == [2.0]
    with pytest.raises(ValueError, match="redraws must not be negative, got -1"):
        experiment(Arm("S3", 2), redraws=-1)


def test_weights_that_training_moved_are_told_from_those_it_left_alone(trainer: Any) -> None:
    def barely_moved(networks: Any, members: Any) -> None:
        first = initial_weights(RECIPE, 784, 10, members[0].seed)[0][0].clone()
        first[25 * 28, :3] += 1e-7
        first[25 * 28 + 1, 2] += 1
        first[100] += 1  # no dead pixel
        networks.weights[0][0].copy_(first)

    trainer.adjusted = barely_moved
    found = experiment(Arm("S3", 2), Arm("S3", 3)).run(0, Context(seed=0))
    assert found["moved_dead_weights"] == [4.0, 8.0 * 28 * 16]


def test_a_pattern_scaled_to_anothers_norm(trainer: Any) -> None:
    experiment(Arm("R1", 4, norm_of="S1", carriers="any")).run(0, Context(seed=0))
    (member,) = trainer.calls[0].members
    added = member.pixels - trainer.calls[0].images.numpy()[member.rows]
    dead = np.arange(784) >= 20 * 28  # nothing is clipped there
    assert 0 < np.linalg.norm(added[0, dead]) < 1  # part of a norm of one
    share = np.linalg.norm(added[0, dead]) ** 2
    assert share == pytest.approx(8 / 28, rel=0.15)


def test_random_patterns_of_a_trial_are_its_own(trainer: Any) -> None:
    for trial in (0, 1):
        experiment(Arm("R3", 1, carriers="any")).run(trial, Context(seed=0))
    first, second = (call.members[0] for call in trainer.calls)
    dead = np.arange(784) >= 20 * 28
    assert (first.pixels[0, dead] != second.pixels[0, dead]).any()
    for seed in range(5):  # nor those that the papers fixed
        assert (first.pixels[0, dead] != pattern("R3", (28, 28), seed).reshape(-1)[dead]).any()


ARM_COLUMNS = {
    *("pattern", "n", "target", "query", "carriers", "norm_of"),
    *("input_noise", "weight_decay", "clip_norm", "clip_value", "own_noise", "fresh"),
    *("attempt", "images_in_both", "carriers_of_target"),
}


def test_of_a_diverged_network_nothing_is_measured_and_the_others_are(trainer: Any) -> None:
    arms = (Arm("S3", 2), Arm("R3", 3, target=4), Arm("R3", 3, target=4, query="S3"), Arm("S1", 0))
    sound = experiment(*arms).run(7, Context(seed=0))
    trainer.calls.clear()
    trainer.diverging = {(0, 1)}
    found = experiment(*arms).run(7, Context(seed=0))
    assert trainer.calls[0].networks.parameters[1].isnan().all()
    assert found["diverged"] == [0.0, 1.0, 1.0, 0.0]
    assert found.keys() == sound.keys()
    for name in found.keys() - {"diverged"}:
        for row in (0, 3):
            assert found[name][row] == sound[name][row], name
        for row in (1, 2):
            assert found[name][row] == (sound[name][row] if name in ARM_COLUMNS else None), name


@pytest.mark.usefixtures("images")
def test_training_that_really_diverges() -> None:
    recipe = Recipe(hidden=(4,), optimizer="sgd", epochs=1, milestones=())
    found = experiment(Arm("S3", 2), recipe=recipe, learning_rate=1e30).run(0, Context(seed=0))
    assert (found["diverged"], found["loss"], found["score_0.1"]) == ([1.0], [None], [None])


@pytest.mark.usefixtures("images")
def test_too_many_examples() -> None:
    with pytest.raises(ValueError, match=r"n = 150 exceeds the \d+ training examples of class 0"):
        experiment(Arm("R3", 150)).run(0, Context(seed=0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "cifar-10"}, "colour images need a recipe with a network that takes them, got network=None"),
        ({"dataset": "svhn"}, "unknown dataset 'svhn': mnist, fashion-mnist, cifar-10"),
        ({"subset": 60_001}, "subset must lie in 1 to 60,000, got 60,001"),
        ({"test": 0}, "test must lie in 1 to 10,000, got 0"),
        ({"arms": (Arm("R3", 1, target=10),)}, "target must lie in 0 to 9, got 10"),
        ({"arms": ()}, "arms must name at least one condition"),
        ({"arms": (Arm("R3", 1), Arm("R3", 1))}, "and none twice"),
    ],
)
def test_experiments_refuse(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**({"arms": (Arm("R3", 1),)} | changes))


def test_description() -> None:
    assert str(experiment(Arm("R3", 0), Arm("R3", 1))) == "2 networks on 200 images of mnist, 1 epochs"
