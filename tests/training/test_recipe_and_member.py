"""What a recipe and a member refuse, and how a recipe prints."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest
import torch

from support.training.member import Member
from support.training.recipe import Recipe


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hidden": (256, 0)}, r"hidden must hold widths of at least 1, got \(256, 0\)"),
        ({"optimizer": "rmsprop"}, "unknown optimizer 'rmsprop': adam or sgd"),
        ({"momentum": 1.0}, r"momentum must lie in \[0, 1\), got 1.0"),
        ({"momentum": -0.1}, "momentum must lie in"),
        ({"batch": 0}, "batch must be at least 1, got 0"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"stop_after": 0}, "stop_after must be at least 1, got 0"),
        ({"milestones": (50, 40)}, r"milestones must increase and start at 1 or more, got \(50, 40\)"),
        ({"milestones": (0, 40)}, "milestones must increase"),
        ({"milestones": (40, 40)}, "milestones must increase"),
        ({"decay": 0.0}, r"decay must lie in \(0, 1\], got 0.0"),
        ({"decay": 1.5}, "decay must lie in"),
        ({"network": "ResNet21"}, "unknown network 'ResNet21': small MLP, MLP, .* or module:function"),
        ({"augmentation": True}, "augmentation needs a network that takes images, got network=None"),
    ],
)
def test_recipes_that_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**fields)


def test_recipe_prints_as_what_it_is() -> None:
    assert str(Recipe()) == "MLP(256-256-256, adam, batch 128, 70 epochs, x0.1 after 40, 50, 60)"
    assert str(Recipe(hidden=(), optimizer="sgd", epochs=2, milestones=())) == "MLP(linear, sgd, batch 128, 2 epochs)"


def test_recipe_names_its_network() -> None:
    by_name = Recipe(network="ResNet20", epochs=2, milestones=(1,), augmentation=True)
    assert str(by_name) == "ResNet20(adam, batch 128, 2 epochs, x0.1 after 1, augmented)"
    made = Recipe(network="my/networks.py:make", optimizer="sgd", epochs=2, milestones=())
    assert str(made) == "my/networks.py:make(sgd, batch 128, 2 epochs)"


def test_learning_rates_fall_after_their_milestones() -> None:
    """The schedule of the paper: epochs 1 to 40, to 50, to 60, to 70."""
    scales = [Recipe().learning_rate_scale(epoch) for epoch in range(70)]
    assert scales == pytest.approx([1.0] * 40 + [0.1] * 10 + [0.01] * 10 + [0.001] * 10)


def member(**fields: Any) -> Member:
    given: dict[str, Any] = {"seed": 0, "rows": torch.tensor([1, 2]), "pixels": torch.zeros(2, 5)}
    return Member(**(given | fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seed": -1}, "seed must be non-negative, got -1"),
        ({"rows": torch.tensor([[1, 2]])}, r"rows must be a vector of integers, got shape \(1, 2\) of int64"),
        ({"rows": torch.tensor([1.0, 2.0])}, "rows must be a vector of integers, got shape .* of float32"),
        ({"rows": np.array([True, False])}, "rows must be a vector of integers, got shape .* of bool"),
        ({"rows": torch.tensor([1, -2])}, "rows must be non-negative, got -2"),
        ({"rows": torch.tensor([3, 3])}, r"rows must not repeat a row, got \[3, 3\]"),
        ({"excluded": torch.tensor([-1])}, "excluded must be non-negative, got -1"),
        ({"excluded": torch.tensor([4, 4])}, "excluded must not repeat"),
        ({"pixels": torch.zeros(3, 5)}, r"pixels must have shape \(2, d\), got \(3, 5\)"),
        ({"pixels": torch.zeros(2, 5, 1)}, r"pixels must have shape \(2, d\), got \(2, 5, 1\)"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
        ({"learning_rate": inf}, "learning_rate must be positive and finite, got inf"),
        ({"learning_rate": nan}, "learning_rate must be positive and finite, got nan"),
        ({"weight_decay": -0.1}, "weight_decay must be non-negative and finite, got -0.1"),
        ({"weight_decay": nan}, "weight_decay must be non-negative and finite, got nan"),
        ({"input_noise": -1.0}, "input_noise must be non-negative and finite, got -1.0"),
        ({"clip_norm": 0.0}, "clip_norm must be positive and finite, got 0.0"),
        ({"clip_value": -1.0}, "clip_value must be positive and finite, got -1.0"),
        ({"clip_norm": 1.0, "clip_value": 1.0}, "clip_norm and clip_value exclude each other"),
    ],
)
def test_members_that_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        member(**fields)


def test_a_member_without_changes() -> None:
    assert member(rows=np.zeros(0), pixels=np.zeros((0, 5))).excluded is None
