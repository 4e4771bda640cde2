"""Which weight stands for which pixel, with the training replaced by fixed networks."""

from typing import Any

import numpy as np
import pytest

from support.experiments.experiment import Context
from support.experiments.pixel_importance import PixelImportance
from support.training.recipe import Recipe

RECIPE = Recipe(hidden=(16,), epochs=1, milestones=())


def experiment(**changes: Any) -> PixelImportance:
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "sizes": (0, 2), "subset": 200} | changes
    return PixelImportance(**fields)


def test_a_row_for_every_pixel_of_every_network(trainer: Any) -> None:
    found = {name: np.asarray(column) for name, column in experiment().run(0, Context(seed=0)).items()}
    (call,) = trainer.calls
    assert [len(member.rows) for member in call.members] == [0, 2]
    for place, n in enumerate((0, 2)):
        own = found["n"] == n
        expected = [max(weights) for weights in call.networks.weights[0][place].tolist()]
        assert found["pixel"][own].tolist() == list(range(784))
        np.testing.assert_allclose(found["importance"][own], expected)
    assert not found["diverged"].any()


def test_divergence_is_marked(trainer: Any) -> None:
    trainer.diverging = {(0, 1)}
    found = experiment().run(0, Context(seed=0))
    assert found["diverged"] == [0.0] * 784 + [1.0] * 784
    assert all(value is not None for value in found["importance"][:784])
    assert set(found["importance"][784:]) == {None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": (2, 0)}, "sizes must increase"),
        ({"recipe": Recipe(network="CNN")}, "needs a fully connected network"),
        ({"dataset": "cifar-10"}, "needs a fully connected network"),
        ({"pattern": "S9"}, "unknown pattern 'S9'"),
        ({"subset": 0}, "subset must lie in 1 to 60,000, got 0"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**changes)
