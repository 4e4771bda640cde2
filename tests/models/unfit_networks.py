"""Networks that are refused, for 5x4 colour images in 7 classes, and what is said of each."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.models.odd_networks import WIDTH, Net

# 1. What is computed in evaluation


class DropoutInEvaluation(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, 0.4)


class DropoutBehindAHeadOfZeros(DropoutInEvaluation):
    def made(self) -> None:
        nn.init.zeros_(self.last.weight)


class OwnGeneratorInEvaluation(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden * float(np.random.default_rng().random())


class BatchStatisticsInEvaluation(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return functional.batch_norm(hidden, None, None, training=True) if len(hidden) > 1 else hidden


class PlaceInBatch(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden + torch.arange(len(hidden))[:, None]


class SqueezesOne(Net):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images).squeeze()


class HiddenState(Net):
    state: Tensor | None = None

    def between(self, hidden: Tensor) -> Tensor:
        out = hidden if self.state is None else hidden + self.state
        self.state = hidden.detach()
        return out


class HiddenMean(Net):
    """Of any size of a batch, taken in training."""

    mean: Any = 0.0

    def between(self, hidden: Tensor) -> Tensor:
        if self.training:
            self.mean = hidden.detach().mean(dim=0)
        out: Tensor = hidden - self.mean
        return out


class KeptOfGradients(Net):
    """Of a step, not of a call."""

    size = 1.0

    def between(self, hidden: Tensor) -> Tensor:
        if hidden.requires_grad:
            hidden.register_hook(self.keep)  # type: ignore[no-untyped-call]
        return hidden * self.size

    def keep(self, gradient: Tensor) -> None:
        self.size += float(gradient.norm())


class CacheByIdentity(Net):
    def made(self) -> None:
        self.answers: dict[int, Tensor] = {}

    def forward(self, images: Tensor) -> Any:
        if self.training:
            return super().forward(images)
        if id(images) not in self.answers:
            self.answers[id(images)] = super().forward(images)
        return self.answers[id(images)]


CALLS: Iterator[int] = itertools.count()


class GlobalCounter(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden * (1 + next(CALLS) % 7)


class StartKnownToPythonOnly(Net):
    started = False

    def made(self) -> None:
        self.shift = nn.Parameter(torch.zeros(1))

    def between(self, hidden: Tensor) -> Tensor:
        if not self.started:
            with torch.no_grad():
                self.shift.copy_(hidden.mean()[None])
            self.started = True
        return hidden - self.shift


class DrawnMaskThatIsNoBuffer(Net):
    def made(self) -> None:
        self.mask = torch.rand(WIDTH).round()

    def between(self, hidden: Tensor) -> Tensor:
        return hidden * self.mask


class MergedInEvaluation(Net):
    """Adds its second weights to the first in evaluation mode and takes them away in training, as LoRA may."""

    merged = False

    def made(self) -> None:
        self.added = nn.Parameter(torch.ones(self.first.weight.shape))

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        if mode == self.merged:
            with torch.no_grad():
                self.first.weight.add_(self.added, alpha=-1 if mode else 1)
            self.merged = not mode
        return self

    def forward(self, images: Tensor) -> Any:
        more = 0 if self.merged else images.flatten(1) @ self.added.T
        return self.last((self.first(images.flatten(1)) + more).relu())


# 2. What is computed in training


class AuxiliaryInTraining(Net):
    def forward(self, images: Tensor) -> Any:
        logits = super().forward(images)
        return (logits, logits) if self.training else logits


class DictionaryOut(Net):
    def forward(self, images: Tensor) -> Any:
        return {"logits": super().forward(images)}


class OwnGeneratorInTraining(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden * float(np.random.default_rng().random()) if self.training else hidden


class TimeInTraining(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden * (1 + time.perf_counter_ns() % 1009) if self.training else hidden


class NoGradient(Net):
    def forward(self, images: Tensor) -> Any:
        with torch.no_grad():
            return super().forward(images)


class BackwardFails(Net):
    def between(self, hidden: Tensor) -> Tensor:
        if self.training:
            hidden.register_hook(self.break_down)  # type: ignore[no-untyped-call]
        return hidden

    def break_down(self, gradient: Tensor) -> Tensor:
        raise RuntimeError(f"no way back for {len(gradient)}\nsecond line")


class WeightsReplaced(Net):
    def between(self, hidden: Tensor) -> Tensor:
        self.last.bias.data = self.last.bias.data.clone()
        return hidden


class LayerMadeWhenCalled(Net):
    def between(self, hidden: Tensor) -> Tensor:
        if not hasattr(self, "middle"):
            self.middle = nn.Linear(WIDTH, WIDTH)
        out: Tensor = self.middle(hidden)
        return out


class SetsDefaultDtype(Net):
    def between(self, hidden: Tensor) -> Tensor:
        torch.set_default_dtype(torch.float64)
        return hidden


class ExitsWhenCalled(Net):
    def between(self, hidden: Tensor) -> Tensor:
        if len(hidden) == 1:
            sys.exit("one image is too few")
        return hidden


class DoubleAnswers(Net):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images).double()


class HalfAnswers(Net):
    def forward(self, images: Tensor) -> Any:
        return super().forward(images).half()


class NotANumber(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden / 0


class NotANumberInTraining(Net):
    def between(self, hidden: Tensor) -> Tensor:
        return hidden.log() if self.training else hidden


# 3. What it is made of

SHARED_LAYER, SHARED_MASK = nn.Linear(WIDTH, WIDTH), torch.ones(WIDTH)
TIED = nn.Parameter(torch.zeros(WIDTH))


class SharedByDefault(Net):
    def made(self, layer: nn.Module = SHARED_LAYER) -> None:
        self.middle = layer


class SharedDropout(Net):
    def made(self, layer: nn.Module = nn.Dropout(0.5)) -> None:  # noqa: B008 - the fault
        self.middle = layer


class SharedBuffer(Net):
    def made(self) -> None:
        self.register_buffer("mask", SHARED_MASK)


class SharedView(Net):
    def made(self) -> None:
        self.middle = nn.Parameter(TIED[2:])


class ComplexWeights(Net):
    def made(self) -> None:
        self.phases = nn.Parameter(torch.ones(WIDTH, dtype=torch.complex64))


class SparseWeights(Net):
    def made(self) -> None:
        self.mixing = nn.Parameter(torch.eye(WIDTH).to_sparse())


class ElsewhereMade(Net):
    def made(self) -> None:
        self.middle = nn.Linear(WIDTH, WIDTH, device="meta")


class LazyAndStartedByData(Net):
    def made(self) -> None:
        self.lazy = nn.LazyLinear(WIDTH)
        self.register_buffer("mean", torch.full((), torch.inf))

    def between(self, hidden: Tensor) -> Tensor:
        if torch.isinf(self.get_buffer("mean")):
            self.get_buffer("mean").copy_(hidden.mean().detach())
        out: Tensor = self.lazy(hidden - self.get_buffer("mean"))
        return out


class LazyAndUnused(Net):
    def made(self) -> None:
        self.lazy = nn.LazyLinear(WIDTH)


def grey_only(_shape: tuple[int, ...], classes: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Flatten(), nn.Linear(80, classes))


_SINGLE: list[nn.Module] = []


def one_instance(shape: tuple[int, ...], classes: int) -> nn.Module:
    _SINGLE.extend([Net(shape, classes)] if not _SINGLE else [])
    return _SINGLE[0]


def around_one_instance(shape: tuple[int, ...], classes: int) -> nn.Module:
    return nn.Sequential(one_instance(shape, classes), nn.Identity())


def unseeded(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = Net(shape, classes)
    nn.init.constant_(network.last.bias, float(np.random.default_rng().random()))
    return network


def fails_inside(_shape: tuple[int, ...], classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(-1, classes))


HERE = r" \(.*unfit_networks\.py:\d+\)$"
KEPT = "keeps something of earlier batches"
BESIDE = "keeps something beside its parameters and its dense buffers"
ITS_OWN = "must make a network of its own each time it is called: two of them share"
REFUSED: dict[Callable[[tuple[int, ...], int], nn.Module], str] = {
    DropoutInEvaluation: "gives two answers to the same batch in evaluation mode: it draws random numbers there",
    DropoutBehindAHeadOfZeros: "gives two answers to the same batch in evaluation mode: it draws random numbers there",
    OwnGeneratorInEvaluation: "gives two answers to the same batch in evaluation mode: .* a generator of its own",
    BatchStatisticsInEvaluation: "answers an image otherwise with fewer other images in its batch",
    PlaceInBatch: "answers an image otherwise with fewer other images in its batch",
    SqueezesOne: r"must map a \(1, 3, 5, 4\) batch to \(1, 7\) logits in evaluation mode, got \(7,\)",
    HiddenState: rf"({KEPT}|gives two answers to the same batch)",
    HiddenMean: BESIDE,
    KeptOfGradients: KEPT,
    CacheByIdentity: "(keeps something|answers an image otherwise|must map a .* batch to)",
    GlobalCounter: "gives two answers to the same batch in evaluation mode: it keeps something of earlier calls",
    StartKnownToPythonOnly: BESIDE,
    DrawnMaskThatIsNoBuffer: f"{BESIDE}, drawn when it was made",
    MergedInEvaluation: BESIDE,
    AuxiliaryInTraining: r"must map a \(6, 3, 5, 4\) batch to \(6, 7\) logits in training mode, got tuple",
    DictionaryOut: r"must map a \(6, 3, 5, 4\) batch to \(6, 7\) logits in training mode, got dict",
    OwnGeneratorInTraining: "is trained otherwise each time from the same seed",
    TimeInTraining: "is trained otherwise each time from the same seed",
    NoGradient: "answers without a gradient in training mode, as under torch.no_grad",
    BackwardFails: rf"fails in a training step on 4 images: RuntimeError: no way back for 4{HERE}",
    WeightsReplaced: "puts another tensor in the place of last.bias or of its gradient when it is called",
    LayerMadeWhenCalled: "makes or drops middle.bias when it is called",
    SetsDefaultDtype: "changes torch's default dtype when it is called",
    ExitsWhenCalled: rf"fails on a \(1, 3, 5, 4\) batch in evaluation mode: it ends the program .*: one.*{HERE}",
    DoubleAnswers: "must answer with torch.float32 logits in training mode, got torch.float64",
    HalfAnswers: "must answer with torch.float32 logits in training mode, got torch.float16",
    NotANumber: "answers a batch of pixels in .* with NaN or infinities .* in training mode",
    NotANumberInTraining: "answers a batch of pixels in .* with NaN or infinities .* in training mode",
    SharedByDefault: f"{ITS_OWN} the parameter middle.weight",
    SharedDropout: f"{ITS_OWN} the module middle",
    SharedBuffer: f"{ITS_OWN} the buffer mask",
    SharedView: f"{ITS_OWN} the parameter middle",
    ComplexWeights: "must have torch.float32 parameters, got torch.complex64",
    SparseWeights: "must have dense parameters, got torch.sparse_coo",
    ElsewhereMade: "must be made on the CPU, got parameters on meta",
    LazyAndStartedByData: "starts mean from its first batch and has lazy layers, which need one before it is trained",
    LazyAndUnused: "has a lazy layer that takes no part in its answers: lazy.weight has no shape",
    grey_only: r"fails on a \(6, 3, 5, 4\) batch in training mode: RuntimeError: .*expected input.* to have 1 channels",
    one_instance: f"{ITS_OWN} the parameter first.weight",
    around_one_instance: f"{ITS_OWN} the parameter 0.first",
    unseeded: "must draw its weights from a global generator of torch, .*: two from one seed differ",
    fails_inside: rf"cannot be made for images \(5, 4, 3\) in 7 classes: RuntimeError: .*{HERE}",
}
