"""Everything random about a member: initial weights, batch order, crops and input noise, each from its own stream."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from threading import RLock

import numpy as np
import torch
from torch import Tensor

from support.randomness import stream
from support.training.augmentation import PADDING
from support.training.recipe import Recipe

_GLOBAL_GENERATOR = RLock()  # a network may be imported where it is made


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


def augmentation(n: int, seed: int, epoch: int) -> Tensor:
    """How an epoch (counted from 0) shows each of n training rows; (n, 3) int64, on the CPU.

    Columns: pixels down and to the right, 0 to 2·PADDING, at which the crop begins in the padded image, and whether it
    is flipped.
    """
    ends = (2 * PADDING + 1, 2 * PADDING + 1, 2)
    return torch.from_numpy(stream(seed, 0, f"augmentation/{epoch}").integers(ends, size=(n, 3)))


@dataclass(frozen=True)
class GeneratorStates:
    """Where the global generators stand that modules draw from: torch's, NumPy's and that of Python's `random`."""

    torchs: bytes
    accelerators: bytes
    numpys: object
    pythons: object

    @classmethod
    def now(cls, device: str = "cpu") -> GeneratorStates:
        """As they are; torch's on the CPU and on the device."""
        on = torch.device(device)
        accelerators = b"" if on.type == "cpu" else torch.cuda.get_rng_state(on).numpy().tobytes()
        kind, keys, *others = np.random.get_state(legacy=True)  # noqa: NPY002 - the one that users draw from
        numpys = (kind, np.asarray(keys).tobytes(), *others)
        return cls(torch.get_rng_state().numpy().tobytes(), accelerators, numpys, random.getstate())


@contextmanager
def generators_kept(device: str = "cpu") -> Iterator[None]:
    """Put the global generators of torch, NumPy and Python's `random` back after what is done with them.

    They are one for all threads: those that ask for them wait for each other.
    """
    on = torch.device(device)
    accelerators = [] if on.type == "cpu" else [on.index or 0]
    with _GLOBAL_GENERATOR, torch.random.fork_rng(accelerators, device_type=on.type):
        numpys, pythons = np.random.get_state(legacy=False), random.getstate()  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(numpys)  # noqa: NPY002
            random.setstate(pythons)


@contextmanager
def global_generator(seed: int, purpose: str, device: str = "cpu") -> Iterator[None]:
    """Let the global generators that modules draw from be streams of the member's own; they are put back after.

    They are torch's, NumPy's and that of Python's `random`, one for all threads: those that ask for them wait for each
    other.
    """
    start = int(stream(seed, 0, purpose).integers(2**63))
    with generators_kept(device):
        torch.manual_seed(start)
        np.random.seed(start % 2**32)  # noqa: NPY002
        random.seed(start)
        yield
