"""Everything random about a member: initial weights, batch order and input noise, each from its own stream."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from support.randomness import stream
from support.training.recipe import Recipe


def initial_weights(recipe: Recipe, d: int, classes: int, seed: int) -> tuple[list[Tensor], list[Tensor]]:
    """Weights (in, out) and biases (out,) of each layer, float32, on the CPU.

    All are uniform in ±1/√in, the default of `torch.nn.Linear`.
    """
    widths = recipe.widths(d, classes)
    weights, biases = [], []
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        generator = stream(seed, 0, f"initial weights/{layer}")
        drawn = (2 * generator.random((fan_in + 1, fan_out), dtype=np.float32) - 1) * np.float32(fan_in**-0.5)
        weights.append(torch.from_numpy(drawn[:-1]))
        biases.append(torch.from_numpy(drawn[-1]))
    return weights, biases


def batch_order(n: int, seed: int, epoch: int) -> Tensor:
    """The order in which an epoch (counted from 0) visits n training rows; (n,) int64, on the CPU."""
    return torch.from_numpy(stream(seed, 0, f"batch order/{epoch}").permutation(n))


def noise_generator(seed: int, device: str) -> torch.Generator:
    """The generator of the input noise: one standard normal (b, d) tensor for each batch, in turn."""
    start = int(stream(seed, 0, "input noise").integers(2**63))
    return torch.Generator(device).manual_seed(start)
