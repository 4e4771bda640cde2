"""Odd networks that work, for 5x4 colour images in 7 classes, and what is said of each."""

from __future__ import annotations

import itertools
import random
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 16


def entries(shape: tuple[int, ...]) -> int:
    height, width, channels = (*shape, 1)[:3]
    return height * width * channels


class Net(nn.Module):
    """Two layers; what a network below does otherwise stands in `between` or in a forward of its own."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(entries(shape), WIDTH), nn.Linear(WIDTH, classes)
        self.made()

    def made(self) -> None:
        """What it has besides."""

    def between(self, hidden: Tensor) -> Tensor:
        return hidden

    def forward(self, images: Tensor) -> Any:
        return self.last(self.between(self.first(images.flatten(1)).relu()))


# What is said of each stands at the end.

HERE = r" \(.*odd_networks\.py:\d+\)$"


class Lock(Net):
    def made(self) -> None:
        self.lock, self.name = threading.Lock(), lambda: "a lambda"
        self.numbers, self.file = itertools.count(), Path(__file__).open()  # noqa: SIM115 - as users leave it

    def between(self, hidden: Tensor) -> Tensor:
        with self.lock:
            next(self.numbers)
        return hidden

    def __del__(self) -> None:
        self.file.close()


class SparseBuffer(Net):
    def made(self) -> None:
        self.register_buffer("mixing", torch.eye(WIDTH).to_sparse())

    def between(self, hidden: Tensor) -> Tensor:
        mixed: Tensor = torch.sparse.mm(self.get_buffer("mixing"), hidden.T)
        return mixed.T


class GraphKept(Net):
    def between(self, hidden: Tensor) -> Tensor:
        self.last_hidden = hidden
        return hidden


class TrainReturnsNothing(Net):
    def train(self, mode: bool = True) -> Any:
        super().train(mode)

    def eval(self) -> Any:
        super().eval()


class StartedByData(Net):
    def made(self) -> None:
        self.shift = nn.Parameter(torch.zeros(1))
        self.register_buffer("started", torch.tensor(False))

    def between(self, hidden: Tensor) -> Tensor:
        if not self.get_buffer("started"):
            with torch.no_grad():
                self.shift.copy_(hidden.mean()[None])
                self.get_buffer("started").fill_(True)
        return hidden - self.shift


class PythonDraws(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden * random.random() if self.training else hidden  # noqa: S311 - as users do


class NumpyDraws(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden * float(np.random.rand()) if self.training else hidden  # noqa: NPY002 - as users do


class DropoutOfTorch(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, 0.4, self.training)


class NumpyWeights(Net):
    def made(self) -> None:
        with torch.no_grad():
            self.first.weight.copy_(torch.from_numpy(np.random.randn(*self.first.weight.shape)))  # noqa: NPY002


class ChangesItsInput(Net):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images.sub_(0.5).mul_(2))


class ActivationByDefault(Net):
    def made(self, activation: nn.Module = nn.GELU()) -> None:  # noqa: B008 - as many do
        self.activation = self.again = activation

    def between(self, hidden: Tensor) -> Tensor:
        out: Tensor = self.again(self.activation(hidden))
        return out


class Lazy(Net):
    def made(self) -> None:
        self.lazy = nn.LazyLinear(WIDTH)

    def between(self, hidden: Tensor) -> Tensor:
        out: Tensor = self.lazy(hidden)
        return out


class Normalized(Net):
    def made(self) -> None:
        nn.utils.parametrizations.weight_norm(self.first)
        nn.utils.parametrizations.spectral_norm(self.last)
        self.norm = nn.BatchNorm1d(WIDTH)

    def between(self, hidden: Tensor) -> Tensor:
        out: Tensor = self.norm(hidden)
        return out


class Prints(Net):
    def between(self, hidden: Tensor) -> Tensor:
        print("a habit", hidden.shape)  # noqa: T201 - the habit
        return hidden


class HeadOfZeros(Net):
    def made(self) -> None:
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)


class SeedsWhenMade(Net):
    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        torch.manual_seed(3)
        super().__init__(shape, classes)


class SeedsWhenCalled(Net):
    def between(self, hidden: Tensor) -> Tensor:
        torch.manual_seed(3)
        return functional.dropout(hidden, 0.4, self.training)


class Probabilities(Net):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images).softmax(dim=1)


class LogProbabilities(Net):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images).log_softmax(dim=1)


class Warns(Net):
    def between(self, hidden: Tensor) -> Tensor:
        warnings.warn("of a habit\nsecond line", stacklevel=1)
        return hidden


class WarnedBehindIt(Net):
    def made(self) -> None:
        nn.init.uniform_(torch.empty(0, 3))
        nn.init.kaiming_uniform_(torch.empty(0, 3))


class Diverges(Net):
    def made(self) -> None:
        self.edge = nn.Parameter(torch.zeros(1))

    def between(self, hidden: Tensor) -> Tensor:
        return hidden + self.edge.sqrt()


class NoWayIn(Net):
    def forward(self, images: Tensor) -> Any:
        return self.last(self.first(images.flatten(1)).relu() * 0) * 0


FINE: dict[Callable[[tuple[int, ...], int], nn.Module], list[str]] = {
    Net: [],
    Lock: [],
    SparseBuffer: [],
    GraphKept: [],
    TrainReturnsNothing: [],
    StartedByData: [],
    PythonDraws: [],
    NumpyDraws: [],
    DropoutOfTorch: [],
    NumpyWeights: [],
    ChangesItsInput: [],
    ActivationByDefault: [],
    Lazy: [],
    Normalized: [],
    Prints: [],
    HeadOfZeros: [],
    LogProbabilities: [],
    SeedsWhenMade: ["its weights do not change with the seed: every network starts alike"],
    SeedsWhenCalled: ["it seeds a global generator when it is called: what it draws is alike in every batch"],
    Probabilities: ["its answers look like probabilities .none negative, of sum 1., where logits are asked for"],
    Warns: [rf"it warns: UserWarning: of a habit{HERE}"],
    WarnedBehindIt: [rf"it warns: UserWarning: Initializing zero-element tensors is a no-op{HERE}"],
    Diverges: [r"its answers are NaN or infinite after two training steps \(adam, learning rate 0\.01\)"],
    NoWayIn: ["no gradient reaches its parameters in its first steps"],
}
