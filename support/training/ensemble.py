"""Many networks of one architecture, trained on one copy of the data; each as if it were trained alone.

Fully connected networks are trained together in stacks, other networks one by one; both come back as `Trained`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import nan, prod
from threading import Event, Lock
from typing import Protocol, overload

import numpy as np
import torch
from torch import Tensor

from support.training import gathering
from support.training.draws import batch_order, initial_weights
from support.training.member import Member
from support.training.modules import Architecture, train_networks
from support.training.own_training import require_plain
from support.training.recipe import Recipe
from support.training.stack import Stack, TrainingSet, layers, require_inputs
from support.training.workers import side_by_side

__all__ = ["Ensemble", "Trained", "batch_order", "initial_weights", "train"]

# On a CPU one member's parameters and moments stay in the cache, and larger products are no faster; 128 members fill a
# GPU, and more only take its memory (benchmarks/).
CPU_STACK = 1
GPU_STACK = 128


class Trained(Protocol):
    """Trained members, whatever they are made of."""

    @property
    def parameters(self) -> Tensor:
        """(M, p) float32, from each of which training can go on (`Member.start`). NaN where it diverged."""

    @property
    def losses(self) -> Tensor:
        """(M,) float64, mean cross-entropy over the final epoch, in nats. NaN where it diverged."""

    @property
    def diverged(self) -> tuple[bool, ...]:
        """For each member, whether its loss or a parameter became NaN or infinite."""

    def logits(self, inputs: Tensor, block: int = ...) -> Tensor:
        """(M, n, classes) for inputs (n, d), the same for all, or (M, n, d); `block` inputs at a time."""

    def module(self, index: int) -> torch.nn.Sequential:
        """One member as a plain torch module of inputs (b, d), with weights of its own."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Trained members of a stack, fully connected.

    Attributes
    ----------
    widths : of all layers, input and classes included.
    parameters : (M, p) float32; for each layer the weights, as (out, in), then the biases. NaN where it diverged.
    losses : (M,) float64, mean cross-entropy over the final epoch, in nats. NaN where it diverged.
    diverged : for each member, whether its loss or a parameter became NaN or infinite.
    """

    widths: tuple[int, ...]
    parameters: Tensor
    losses: Tensor
    diverged: tuple[bool, ...]

    @property
    def weights(self) -> list[Tensor]:
        """Weights of each layer, (M, in, out)."""
        return [weight.mT for weight in layers(self.parameters, self.widths)[0]]

    @property
    def biases(self) -> list[Tensor]:
        """Biases of each layer, (M, out)."""
        return layers(self.parameters, self.widths)[1]

    @torch.no_grad()
    def logits(self, inputs: Tensor, block: int = 1024) -> Tensor:
        """Outputs of every member, (M, n, classes), `block` inputs at a time.

        Parameters
        ----------
        inputs : (n, d), the same for all, or (M, n, d).

        Raises
        ------
        ValueError : another shape.
        """
        members = len(self.parameters)
        require_inputs(inputs, members, self.widths[0])
        weights, biases = layers(self.parameters, self.widths)
        result = self.parameters.new_empty(members, inputs.shape[-2], self.widths[-1])
        for start in range(0, inputs.shape[-2], block):
            hidden = inputs[..., start : start + block, :].to(self.parameters).expand(members, -1, -1)
            for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                hidden = torch.baddbmm(bias[:, None], hidden.relu_() if layer else hidden, weight.mT)
            result[:, start : start + block] = hidden
        return result

    def module(self, index: int) -> torch.nn.Sequential:
        """One member as a plain torch module, with weights of its own."""
        parts: list[torch.nn.Module] = []
        for weight, bias in zip(*layers(self.parameters, self.widths), strict=True):
            linear = torch.nn.Linear(weight.shape[2], weight.shape[1], device=weight.device)
            linear.load_state_dict({"weight": weight[index], "bias": bias[index]})
            parts += [linear, torch.nn.ReLU()]
        return torch.nn.Sequential(*parts[:-1])


@overload
def train(
    recipe: Recipe,
    images: Tensor,
    labels: Tensor,
    classes: int,
    members: Sequence[Member],
    *,
    shape: None = None,
    device: str = "cpu",
    stack: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ensemble: ...


@overload
def train(
    recipe: Recipe,
    images: Tensor,
    labels: Tensor,
    classes: int,
    members: Sequence[Member],
    *,
    shape: tuple[int, ...] | None,
    device: str = "cpu",
    stack: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Trained: ...


def train(
    recipe: Recipe,
    images: Tensor,
    labels: Tensor,
    classes: int,
    members: Sequence[Member],
    *,
    shape: tuple[int, ...] | None = None,
    device: str = "cpu",
    stack: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Train every member as if it were trained alone.

    On a CPU as many stacks are trained at once as PyTorch has threads, each in one thread; with one member to a stack
    (the default) a member is the same to the last bit whatever the other members and the number of threads. So are
    members of a recipe with a `network`, which are never stacked; one with dropout trains them one after another. On a
    GPU, calls from trials that run together (`support.training.gathering`) are trained in the same stacks.

    Parameters
    ----------
    images : (N, d) float32, shared by all members; copied only to another device.
    labels : (N,) int64 from 0 to classes - 1.
    shape : of an image, (h, w) or (h, w, c) with d entries: a row of `images` holds it row by row, the channels of a
        pixel together. Needed where the recipe has a `network`.
    device : a torch device name.
    stack : members that are trained at once; by default what is fastest on the device.
    progress : called after each epoch of a stack with the epochs done and the epochs to do, both summed over members;
        on a CPU from other threads, one at a time.

    Returns
    -------
    The members in their order: an `Ensemble`, or `support.training.modules.Networks` where the recipe has a `network`.

    Raises
    ------
    ValueError : before anything is trained, if shapes, types, labels or rows do not fit, or the network does not.
    """
    _require_data(images, labels, classes)
    if recipe.loss == "squared" and classes != 2:
        raise ValueError(f"the squared loss is for two classes, got {classes}")
    if not members:
        raise ValueError("members must hold at least one member, got none")
    if shape is not None and (len(shape) not in (2, 3) or prod(shape) != images.shape[1]):
        raise ValueError(f"shape must be (h, w) or (h, w, c) with {images.shape[1]} entries, got {shape}")
    widths = recipe.widths(images.shape[1], classes)
    architecture = _architecture(recipe, shape, classes)
    count = architecture.size if architecture else sum((a + 1) * b for a, b in pairwise(widths))
    for number, member in enumerate(members):
        _require_member(number, member, images, count)
        if recipe.trainer is not None:
            require_plain(number, member)
        if architecture:
            architecture.require_rows(number, len(images) - (0 if member.excluded is None else len(member.excluded)))
    on_cpu = torch.device(device).type == "cpu"
    size = stack if stack is not None else CPU_STACK if on_cpu or recipe.stop_below is not None else GPU_STACK
    if size < 1:
        raise ValueError(f"stack must be at least 1, got {size}")
    if size > 1 and recipe.stop_below is not None:
        raise ValueError(f"members that stop on their own are trained one by one, got stack={size}")
    epochs = _Count(recipe.epochs * len(members), progress)
    if architecture:
        return train_networks(
            architecture, TrainingSet(images.to(device), labels.to(device), classes), members, epochs.add
        )
    call = _Call(recipe, images, labels, classes, members, device, size, epochs)
    meeting = gathering.current()
    ensemble: Ensemble = meeting.ask(call) if meeting else train_together([call])[0]
    return ensemble


@dataclass(frozen=True, eq=False)
class _Call:
    """A checked call of `train` for fully connected networks."""

    recipe: Recipe
    images: Tensor
    labels: Tensor
    classes: int
    members: Sequence[Member]
    device: str
    stack: int
    epochs: _Count

    @property
    def kind(self) -> tuple[object, ...]:
        """What calls must have in common for their members to be trained in the same stacks."""
        return self.recipe, tuple(self.images.shape), self.classes, self.device, self.stack


def train_together(calls: Sequence[_Call], stop: Event | None = None) -> list[Ensemble]:
    """The ensemble of each call, in order.

    Parameters
    ----------
    stop : when it is set training ends soon, and what comes back is not to be used.
    """
    kinds: dict[tuple[object, ...], list[int]] = {}
    for place, call in enumerate(calls):
        kinds.setdefault(call.kind, []).append(place)
    found: dict[int, Ensemble] = {}
    for places in kinds.values():
        found.update(zip(places, _train_alike([calls[place] for place in places], stop or Event()), strict=True))
    if torch.device(calls[0].device).type == "cuda":
        torch.cuda.empty_cache()  # other processes may share the GPU
    return [found[place] for place in range(len(calls))]


def _train_alike(calls: Sequence[_Call], stop: Event) -> list[Ensemble]:
    """The ensembles of calls of one kind."""
    recipe, device = calls[0].recipe, calls[0].device
    images, labels = (
        _joined(parts, device) for parts in zip(*((call.images, call.labels) for call in calls), strict=True)
    )
    data = TrainingSet(images, labels, calls[0].classes, len(calls))
    members = [(which, member) for which, call in enumerate(calls) for member in call.members]
    widths = recipe.widths(data.images.shape[1], data.classes)
    parameters = data.images.new_empty(len(members), sum((a + 1) * b for a, b in pairwise(widths)))
    losses = torch.empty(len(members), dtype=torch.float64)

    def run(places: list[int], given_up: Event) -> None:
        sets, own = zip(*(members[place] for place in places), strict=True)

        def add() -> None:
            for which, trained in Counter(sets).items():
                calls[which].epochs.add(trained)

        stack = Stack(recipe, data, own, sets)
        parameters[places], losses[places] = _train_stack(stack, add, lambda: stop.is_set() or given_up.is_set())

    stacks = _stacks([member for _, member in members], calls[0].stack)
    if data.images.device.type == "cpu":
        side_by_side(run, stacks)
    else:
        for places in stacks:
            run(places, stop)
    ends = np.cumsum([0, *(len(call.members) for call in calls)]).tolist()
    return [
        Ensemble(widths, parameters[start:end], losses[start:end], tuple(losses[start:end].isnan().tolist()))
        for start, end in pairwise(ends)
    ]


def _joined(parts: Sequence[Tensor], device: str) -> Tensor:
    """All rows one after another on the device; never twice there, and not copied where there is nothing to do."""
    if len(parts) == 1:
        return parts[0].to(device)
    joined = parts[0].new_empty(sum(map(len, parts)), *parts[0].shape[1:], device=device)
    for place, part in zip(torch.split(joined, [len(part) for part in parts]), parts, strict=True):
        place.copy_(part)
    return joined


def _architecture(recipe: Recipe, shape: tuple[int, ...] | None, classes: int) -> Architecture | None:
    if recipe.network is None:
        return None
    if shape is None:
        raise ValueError(f"shape must be given for {recipe.network}, whose inputs are images")
    return Architecture.of(recipe, shape, classes)


def _train_stack(stack: Stack, add: Callable[[], None], stopped: Callable[[], bool]) -> tuple[Tensor, Tensor]:
    """Parameters (M, p) and final losses (M,), NaN where a loss or a parameter became NaN or infinite."""
    members = len(stack.members)
    finite = torch.ones(members, dtype=torch.bool, device=stack.parameters.device)
    loss = torch.zeros(members, dtype=torch.float64, device=stack.parameters.device)
    low = 0
    for epoch in range(stack.recipe.epochs):
        if stopped():
            break
        if finite.any() and low < stack.recipe.stop_after:
            loss = stack.epoch(epoch)
            finite &= loss.isfinite()
            low = stack.recipe.low_for(float(loss.max()), low)
        add()
    finite &= stack.parameters.isfinite().all(dim=1)
    return stack.parameters.where(finite[:, None], nan), loss.where(finite, nan).cpu()


class _Count:
    """Epochs done in all stacks, reported to one caller at a time."""

    def __init__(self, total: int, progress: Callable[[int, int], None] | None) -> None:
        self._done, self._total, self._progress, self._lock = 0, total, progress, Lock()

    def add(self, epochs: int) -> None:
        with self._lock:
            self._done += epochs
            if self._progress is not None:
                self._progress(self._done, self._total)


def _stacks(members: Sequence[Member], size: int) -> list[list[int]]:
    """Places of members that are trained together: at most `size`, with equally many training rows.

    Members with the same learning rate and weight decay stand side by side: one update of the optimiser serves a run.
    """
    by_count: dict[int, list[int]] = {}
    for place, member in enumerate(members):
        by_count.setdefault(0 if member.excluded is None else len(member.excluded), []).append(place)
    for places in by_count.values():
        places.sort(key=lambda place: (members[place].learning_rate, members[place].weight_decay))
    return [places[at : at + size] for places in by_count.values() for at in range(0, len(places), size)]


def _require_data(images: Tensor, labels: Tensor, classes: int) -> None:
    if images.ndim != 2 or images.dtype != torch.float32 or not images.numel():
        raise ValueError(f"images must be (N, d) float32, got {tuple(images.shape)} {images.dtype}")
    if not bool(images.isfinite().all()):
        raise ValueError("images must be finite, got NaN or infinities")
    if labels.shape != images.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(f"labels must be ({len(images)},) int64, got {tuple(labels.shape)} {labels.dtype}")
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1}, got {int(labels.min())} to {int(labels.max())}")


def _require_member(number: int, member: Member, images: Tensor, count: int) -> None:
    n, d = images.shape
    if member.pixels.shape[1] != d:
        raise ValueError(f"member {number}: pixels must have {d} columns, got {member.pixels.shape[1]}")
    if not bool(torch.as_tensor(member.pixels).isfinite().all()):
        raise ValueError(f"member {number}: pixels must be finite, got NaN or infinities")
    for name, rows in (("rows", member.rows), ("excluded", member.excluded)):
        if rows is not None and len(rows) and int(rows.max()) >= n:
            raise ValueError(f"member {number}: {name} must lie in 0..{n - 1}, got {int(rows.max())}")
    if member.start is not None and member.start.shape != (count,):
        raise ValueError(f"member {number}: start must have shape ({count},), got {tuple(member.start.shape)}")
    if member.excluded is not None and len(member.excluded) >= n:
        raise ValueError(f"member {number}: excluded leaves none of {n} training rows")
