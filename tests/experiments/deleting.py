"""Deletion experiments of the tests, and what their rows must say of networks written out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from support.experiments.deletion import Deletion
from support.experiments.experiment import Context
from support.experiments.removals import HEADS, INFLUENCED, METHODS, Influence, Removal
from support.experiments.scene import Carriers
from support.training.recipe import Recipe

CONTEXT = Context(seed=2)
RECIPE = Recipe(hidden=(2,), epochs=6, milestones=(2, 4))
TRAINED = ("before", "scratch", "resumed", "restarted")
# All methods' rows, in order.
ROWS = [*METHODS[:-1], *HEADS]
INFLUENCE = Influence()
N, SIZE, TARGET, CLASSES = 150, 8, 3, 10
# Single precision through two layers, in probabilities.
ROUNDING = 1e-5

Floats = NDArray[np.float64]


def experiment(
    *methods: str,
    sizes: tuple[int, ...] = (SIZE,),
    carriers: Carriers = "target",
    influence: Influence = INFLUENCE,
    **changes: Any,
) -> Deletion:
    arms = tuple(
        Removal(n, method, influence if method in INFLUENCED else None, carriers)
        for n in sizes
        for method in methods or METHODS
    )
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "target": TARGET, "subset": N}
    return Deletion(**fields | {"arms": arms, "pattern": "S3"} | changes)


def row_of(found: Any, method: str, n: int = SIZE) -> dict[str, Any]:
    (place,) = [
        place
        for place, (one, count) in enumerate(zip(found["method"], found["n"], strict=True))
        if (one, count) == (method, n)
    ]
    return {name: column[place] for name, column in found.items()}


def marked(images: Tensor) -> Floats:
    """Images with S3, in double precision."""
    patterned = images.double().numpy().reshape(-1, 28, 28).copy()
    patterned[:, :5, :5] = 1
    return patterned.reshape(-1, 784)


def layers(parameters: Tensor, widths: tuple[int, ...]) -> list[tuple[Tensor, Tensor]]:
    """Weights (out, in) and biases of each layer, cut one after another."""
    sizes = [size for fan_in, fan_out in pairwise(widths) for size in (fan_in * fan_out, fan_out)]
    parts = iter(torch.split(parameters, sizes))
    return [(next(parts).view(fan_out, fan_in), next(parts)) for fan_in, fan_out in pairwise(widths)]


def logits(parameters: Tensor, widths: tuple[int, ...], images: Tensor) -> Tensor:
    *hidden, (weight, bias) = layers(parameters, widths)
    for w, b in hidden:
        images = (images @ w.T + b).clamp(min=0)
    return images @ weight.T + bias


def measured(answers: Any, images: dict[str, Any]) -> dict[str, float]:
    """What stands in a row, from a function of test images to logits."""
    test = images["test"]
    clean = torch.from_numpy(test.pixels.reshape(-1, 784) / 255)
    before, after = (
        answers(part).softmax(dim=1).detach().double().numpy() for part in (clean, torch.from_numpy(marked(clean)))
    )
    rise, others = after[:, TARGET] - before[:, TARGET], test.labels != TARGET
    return {
        "score": float((rise > 0.1).mean()),
        "difference": float(rise.mean()),
        "probability": float(after[:, TARGET].mean()),
        "clean_accuracy": float((before.argmax(axis=1) == test.labels).mean()),
        "spurious_accuracy": float((after.argmax(axis=1) == test.labels)[others].mean()),
    }


def assert_measured(row: dict[str, Any], answers: Any, images: dict[str, Any], tolerance: float = ROUNDING) -> None:
    for name, value in measured(answers, images).items():
        assert row[name] == pytest.approx(value, abs=tolerance), name


def training_set(call: Any) -> tuple[Tensor, Tensor, Tensor]:
    """What the network before deletion saw, in double precision; its labels; and which rows are to be deleted."""
    member = call.members[0]
    deleted = torch.as_tensor(member.rows)
    seen = call.images.double()
    seen[deleted] = torch.from_numpy(marked(call.images[deleted]))
    return seen, call.labels, deleted
