"""What of deletion fails alone, what all methods make of real training, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.experiments.removals import HEADS, Influence, Removal
from support.training.recipe import Recipe
from tests.experiments.deleting import CONTEXT, ROWS, TRAINED, experiment, row_of

# ------------------------------------------------------------------------------------------------ what fails

MEASURED = ("score", "difference", "probability", "clean_accuracy", "spurious_accuracy")


def assert_failed(row: dict[str, Any]) -> None:
    assert row["failed"] == 1.0
    assert all(row[name] is None for name in MEASURED)


def test_a_network_that_diverged_leaves_nothing_to_delete_from(trainer: Any) -> None:
    trainer.diverging = {(0, 0)}
    found = experiment().run(1, CONTEXT)
    assert found["method"] == ROWS
    for method in ROWS:
        if method in ("scratch", *HEADS):  # the last layer is fitted on the network from scratch
            assert row_of(found, method)["failed"] == 0.0
            assert row_of(found, method)["clean_accuracy"] > 0
        else:
            assert_failed(row_of(found, method))
    assert len(trainer.calls) == 1


@pytest.mark.parametrize(("at", "method"), [((1, 0), "resumed"), ((2, 0), "restarted"), ((0, 1), "scratch")])
def test_a_method_that_diverged_fails_alone(trainer: Any, at: tuple[int, int], method: str) -> None:
    sound = experiment(*TRAINED).run(1, CONTEXT)
    trainer.calls.clear()
    trainer.diverging = {at}
    found = experiment(*TRAINED).run(1, CONTEXT)
    assert_failed(row_of(found, method))
    for other in TRAINED:
        if other != method:
            assert row_of(found, other) == row_of(sound, other)


def test_a_recursion_that_diverges_fails_alone(trainer: Any) -> None:
    settings = Influence(released_scale=1e-2, released_depth=100)
    found = experiment("before", "scratch", "influence", "released influence", influence=settings).run(1, CONTEXT)
    assert trainer.calls
    assert_failed(row_of(found, "released influence"))
    assert row_of(found, "released influence")["step"] is None
    for method in ("before", "scratch", "influence"):
        assert row_of(found, method)["failed"] == 0.0


# ------------------------------------------------------------------------------------------------ all of it


@pytest.mark.long
def test_training_itself_memorizes_and_deletes(images: dict[str, Any]) -> None:
    assert images
    recipe = Recipe(hidden=(32,), batch=20, epochs=12, milestones=(8,))
    settings = Influence(released_scale=1e6, released_depth=20, most=20, penalty=0.1)
    given = experiment(recipe=recipe, pattern="R3", learning_rate=2e-3, influence=settings, subset=None)
    found = given.run(0, CONTEXT)
    assert found["method"] == ROWS
    assert found["failed"] == [0.0] * len(ROWS)
    difference = {method: row_of(found, method)["difference"] for method in ROWS}
    assert difference["before"] > 0.5
    assert abs(difference["scratch"]) < 0.1
    assert difference["resumed"] == pytest.approx(difference["before"], abs=0.02)  # at 2e-6 little happens
    assert difference["kept"] > 0.5
    assert difference["influence"] < difference["before"] - 0.2
    assert difference["released influence"] == pytest.approx(difference["before"], abs=0.02)
    assert difference["head Newton"] == pytest.approx(difference["head scratch"], abs=0.01)
    assert difference["head before"] > difference["head scratch"] + 0.02
    assert found == given.run(0, CONTEXT)


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "svhn"}, "unknown dataset 'svhn'"),
        ({"arms": ()}, "arms must name at least one condition, and none twice"),
        ({"arms": (Removal(3, "before"),) * 2}, "arms must name at least one condition, and none twice"),
        ({"subset": 60_001}, "subset must lie in 1 to 60,000"),
        ({"recipe": Recipe(network="CNN")}, "influence is computed for fully connected networks, got CNN"),
    ],
)
def test_experiments_refuse(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**changes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((3, "forgetting"), "unknown method 'forgetting': before, scratch, resumed"),
        ((0, "before"), "n must be at least 1, got 0"),
        ((3, "influence"), "influence must be given for influence, released influence, last layer and for no other"),
        ((3, "before", Influence()), "influence must be given for .* and for no other, got Removal"),
    ],
)
def test_removals_refuse(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Removal(*given)


def test_a_class_of_which_nothing_is_left(trainer: Any, images: dict[str, Any]) -> None:
    images["train"].labels[:] = np.arange(300) % 9
    images["train"].labels[0] = 9
    with pytest.raises(ValueError, match="n = 10 leaves no training example of class 9"):
        experiment(sizes=(10,), carriers="balanced", subset=None).run(0, CONTEXT)
    assert not trainer.calls


def test_networks_of_other_kinds_may_be_trained_again() -> None:
    assert experiment(*TRAINED, recipe=Recipe(network="CNN")).recipe.network == "CNN"


@pytest.mark.parametrize("name", ["damping", "tolerance", "most", "released_scale", "released_depth", "penalty"])
def test_influence_refuses(name: str) -> None:
    given: dict[str, Any] = {name: 0}
    with pytest.raises(ValueError, match=f"{name} must be positive, got 0"):
        Influence(**given)


def test_more_examples_than_the_class_has(trainer: Any) -> None:
    with pytest.raises(ValueError, match=r"n = 100 exceeds the \d+ training examples of class 3"):
        experiment(sizes=(100,)).run(0, CONTEXT)
    assert not trainer.calls


def test_description() -> None:
    given = experiment("before", "resumed", sizes=(8, 3))
    expected = "deletion of 3, 8 examples, 150 images of mnist, 6 epochs"
    assert (str(given), given.datasets()) == (expected, ("mnist",))
