"""Members that are plain torch modules: trained one by one with the draws, changes and steps of a `Stack`.

On a CPU, members of one thread each side by side are faster than one member with several threads, and products of
convolutions are faster with the channels of a pixel side by side (benchmarks/). The parameters of a network are views
of one row, so that clipping and the optimiser are the stack's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from math import isfinite, nan
from threading import Event
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.modules.batchnorm import _BatchNorm

from support.models.architectures import ARCHITECTURES
from support.models.factories import checked, made
from support.training.augmentation import augmented
from support.training.draws import GeneratorStates, augmentation, batch_order, global_generator, noise_generator
from support.training.member import Member
from support.training.optimizers import Clipping, optimizer
from support.training.own_training import train_by
from support.training.recipe import Recipe
from support.training.stack import Changes, TrainingSet, kept_rows, require_inputs
from support.training.workers import side_by_side

# Images that are asked about at once: the maps of convolutions of more of them leave a CPU's cache, and take twice as
# long (CNN, ResNet20).
BLOCK = 128


@dataclass(frozen=True, eq=False)
class Networks:
    """Trained members that are plain modules.

    Attributes
    ----------
    d, classes : entries of an input and of an output.
    networks : each maps rows of inputs (b, d) to logits (b, classes); in evaluation mode. All parameters and running
        statistics are NaN where it diverged.
    losses : (M,) float64, mean cross-entropy over the final epoch, in nats. NaN where it diverged.
    diverged : for each member, whether its loss, a parameter or a running statistic became NaN or infinite.
    architecture : what makes another of them.
    """

    d: int
    classes: int
    networks: tuple[nn.Sequential, ...]
    losses: Tensor
    diverged: tuple[bool, ...]
    architecture: Architecture

    @property
    def parameters(self) -> Tensor:
        """(M, p) float32; parameters in the order of the module's, then buffers such as running statistics."""
        return torch.stack([row_of(network) for network in self.networks])

    def logits(self, inputs: Tensor, block: int = BLOCK) -> Tensor:
        """Outputs of every member, (M, n, classes), `block` inputs at a time; on a CPU, members side by side.

        Parameters
        ----------
        inputs : (n, d), the same for all, or (M, n, d).

        Raises
        ------
        ValueError : another shape.
        """
        members = len(self.networks)
        require_inputs(inputs, members, self.d)
        device = _state(self.networks[0])[0].device
        result = torch.full((members, inputs.shape[-2], self.classes), nan, device=device)

        @torch.no_grad()
        def answer(place: int, stop: Event) -> None:
            own = inputs if inputs.ndim == 2 else inputs[place]
            for start in range(0, 0 if self.diverged[place] else len(own), block):
                if stop.is_set():
                    return
                part = slice(start, start + block)
                result[place, part] = self.networks[place](own[part].to(device, torch.float32))

        _each(answer, members, device)
        return result

    def module(self, index: int) -> nn.Sequential:
        """One member as a plain torch module of flattened images (b, d), with weights of its own.

        It is a new one that was given the member's parameters and buffers: what a user's module holds besides, such as
        locks, files and graphs, has no copy.
        """
        trained, architecture = self.networks[index], self.architecture
        with global_generator(0, "copy"):
            network = _network(architecture.recipe, architecture.shape, architecture.classes)
        network.to(_state(trained)[0].device)
        for own, part in zip(_parts(network), _parts(trained), strict=True):
            own.copy_(part)
        return network.eval()


@dataclass(frozen=True)
class Architecture:
    """What a recipe's networks are like, learnt from one that is not trained.

    Attributes
    ----------
    shape : of an image, (h, w) or (h, w, c).
    size : entries of a row of `Networks.parameters`.
    draws : whether it draws random numbers in training, as dropout does.
    normalizes : whether it has batch normalization.
    """

    recipe: Recipe
    shape: tuple[int, ...]
    classes: int
    size: int
    draws: bool
    normalizes: bool

    @classmethod
    def of(cls, recipe: Recipe, shape: tuple[int, ...], classes: int) -> Architecture:
        """Make a network of the recipe, and look at it.

        Raises
        ------
        ValueError : it is not fit for these images and classes (`support.models.factories.checked`), or needs batches
            of several images and the recipe's hold one.
        """
        with global_generator(0, "architecture"):
            network = _flattened(recipe, checked(cast("str", recipe.network), shape, classes), shape)
            before = GeneratorStates.now()
            size = sum(part.numel() for part in _state(network))
            normalizes = any(isinstance(part, _BatchNorm) for part in network.modules())
            if normalizes and recipe.batch == 1:
                raise ValueError(f"batch must be at least 2 for batch normalization ({recipe.network}), got 1")
            with torch.no_grad():
                network(torch.full((2, _entries(shape)), 0.5))
            draws = recipe.trainer is not None or GeneratorStates.now() != before
        return cls(recipe, shape, classes, size, draws, normalizes)

    def require_rows(self, number: int, rows: int) -> None:
        """Refuse with a ValueError a member whose number of training rows batch normalization cannot do with."""
        if self.normalizes and rows < 2:
            raise ValueError(f"member {number}: batch normalization needs at least 2 training rows, got {rows}")

    def generator(self, seed: int, device: torch.device) -> AbstractContextManager[None]:
        """The member's own stream behind the global generators, where the network draws in training."""
        return global_generator(seed, "drawn in training", str(device)) if self.draws else nullcontext()


def train_networks(
    architecture: Architecture, data: TrainingSet, members: Sequence[Member], add: Callable[[int], None]
) -> Networks:
    """Train every member as if it were trained alone.

    A network that draws random numbers in training (dropout) draws them from the global generators of PyTorch, NumPy
    or Python, so its members are trained one after another: each has a stream of its own and feels no other. Where one
    is found to draw only after a while, its members are trained once more in this way.

    An epoch's last batch is left out if it holds a single image and the network has batch normalization, which has
    nothing to normalise there. Parameters that do not take part in the loss have a gradient of zero.

    Parameters
    ----------
    add : called with 1 after each epoch of a member.
    """
    device = str(data.images.device)
    before = GeneratorStates.now(device)
    trained = _trained(architecture, data, members, add)
    known = architecture.draws or architecture.recipe.network in ARCHITECTURES
    if known or GeneratorStates.now(device) == before:
        return trained
    return _trained(replace(architecture, draws=True), data, members, lambda _: None)


def _trained(
    architecture: Architecture, data: TrainingSet, members: Sequence[Member], add: Callable[[int], None]
) -> Networks:
    networks: list[nn.Sequential | None] = [None] * len(members)
    losses = torch.full((len(members),), nan, dtype=torch.float64)
    device = data.images.device

    @torch.enable_grad()
    def run(place: int, stop: Event) -> None:
        member = members[place]
        training = _Training(architecture, data, member)
        networks[place] = training.network
        with architecture.generator(member.seed, device):
            losses[place] = training.run(stop, add)

    _each(run, len(members), device)
    trained = tuple(cast("nn.Sequential", network) for network in networks)
    entries = _entries(architecture.shape)
    return Networks(entries, architecture.classes, trained, losses, tuple(losses.isnan().tolist()), architecture)


class _Training:
    """One network in training."""

    def __init__(self, architecture: Architecture, data: TrainingSet, member: Member) -> None:
        self.architecture, self.recipe, self.data, self.member = architecture, architecture.recipe, data, member
        device = data.images.device
        with global_generator(member.seed, "initial network"):
            network = _network(self.recipe, architecture.shape, architecture.classes)
        if member.start is not None:
            set_row(network, member.start)
        self.network = network.to(device)
        self.parameters, self.gradient = as_rows(self.network)
        settings = [(member.learning_rate, member.weight_decay)]
        self.optimizer = optimizer(self.recipe, self.parameters, self.gradient, settings)
        self.clipping = Clipping(self.gradient, [(member.clip_norm, member.clip_value)])
        self.kept = kept_rows(len(data.images), member, device)
        self.rows = torch.as_tensor(member.rows, dtype=torch.int64, device=device)
        self.pixels = torch.as_tensor(member.pixels, dtype=torch.float32, device=device)
        self.noise = noise_generator(member.seed, str(device)) if member.input_noise else None

    def run(self, stop: Event, add: Callable[[int], None]) -> float:
        """Train all epochs; the mean loss of the last, NaN where it diverged."""
        if self.recipe.trainer is not None:
            return self._ended(self._own_training(self.recipe.trainer, add))
        loss, low = 0.0, 0
        for epoch in range(self.recipe.epochs):
            if stop.is_set():
                break
            if isfinite(loss) and low < self.recipe.stop_after:
                loss = self._epoch(epoch, stop)
                low = self.recipe.low_for(loss, low)
            add(1)
        return self._ended(loss)

    def _own_training(self, trainer: str, add: Callable[[int], None]) -> float:
        """Let the user's function train; the mean loss on what it was given."""
        n, device = len(self.data.images), self.data.images.device
        order = torch.arange(n, device=device)
        rows = order if self.kept is None else order[self.kept[order]]
        images = self._inputs(rows, Changes(rows[None], [self.rows], n, max(len(rows), 1)).of(0), None)
        shown, network = self.network
        trained = train_by(trainer, network, shown(images), self.data.labels[rows].clone(), self.member.seed)
        self.network = nn.Sequential(shown, trained.to(device))
        self.network.eval()
        add(self.recipe.epochs)
        with torch.no_grad():
            answers = torch.cat([self.network(part) for part in torch.split(images, BLOCK)])
        return float(cross_entropy(answers.double(), self.data.labels[rows]))

    def _ended(self, loss: float) -> float:
        """Leave the network as it is asked, and one that diverged without a number; its loss, NaN where it did."""
        state = [part for part in _state(self.network) if part.is_floating_point()]
        if not isfinite(loss) or not all(bool(part.isfinite().all()) for part in state):
            loss = nan
            for part in state:
                part.fill_(nan)
        for parameter in self.network.parameters():
            parameter.grad = None
        self.network.eval()
        return loss

    def _epoch(self, number: int, stop: Event) -> float:
        """Train for one epoch, counted from 0, or until asked to stop; the mean loss."""
        n, batch, device = len(self.data.images), self.recipe.batch, self.data.images.device
        order = batch_order(n, self.member.seed, number).to(device)
        if self.kept is not None:
            order = order[self.kept[order]]
        if self.architecture.normalizes and len(order) % batch == 1:
            order = order[:-1]
        crops = augmentation(n, self.member.seed, number).to(device)[order] if self.recipe.augmentation else None
        scale = self.recipe.learning_rate_scale(number)
        changes = Changes(order[None], [self.rows], n, batch)
        total = torch.zeros((), dtype=torch.float64, device=device)
        for step, start in enumerate(range(0, len(order), batch)):
            if stop.is_set():
                break
            part = slice(start, start + batch)
            inputs = self._inputs(order[part], changes.of(step), None if crops is None else crops[part])
            self.gradient.zero_()
            loss = cross_entropy(self.network(inputs), self.data.labels[order[part]])
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach().double() * len(inputs)
            self.clipping.clip()
            self.optimizer.step(scale)
        return float(total) / len(order)

    def _inputs(self, rows: Tensor, changes: tuple[Tensor, Tensor], crops: Tensor | None) -> Tensor:
        """The batch with these rows (b,) as the member sees it: changed, then augmented, then noisy; (b, d)."""
        inputs = self.data.images[rows]
        positions, sources = changes
        inputs.index_copy_(0, positions, self.pixels[sources])
        if crops is not None:
            height, width, channels = (*self.architecture.shape, 1)[:3]
            inputs = augmented(inputs.view(-1, height, width, channels), crops).flatten(1)
        if self.noise is not None:
            noise = torch.randn(inputs.shape, generator=self.noise, device=inputs.device)
            inputs.add_(noise, alpha=self.member.input_noise)
        return inputs


class Unflatten(nn.Module):
    """Rows (b, h·w·c), each an image row by row with its channels together, as images (b, c, h, w).

    They stay in their place in memory, which is what PyTorch calls channels last, or are copied to channels first, so
    that a network that changes its input changes nothing else.
    """

    def __init__(self, shape: tuple[int, ...], *, channels_last: bool) -> None:
        super().__init__()
        self.height, self.width, self.channels = (*shape, 1)[:3]
        self.channels_last = channels_last

    def forward(self, rows: Tensor) -> Tensor:
        """(b, c, h, w)."""
        images = rows.reshape(-1, self.height, self.width, self.channels).permute(0, 3, 1, 2)
        return images if self.channels_last else images.clone(memory_format=torch.contiguous_format)


def _network(recipe: Recipe, shape: tuple[int, ...], classes: int) -> nn.Sequential:
    """A new network of flattened images, on the CPU, that has not been called."""
    return _flattened(recipe, made(cast("str", recipe.network), shape, classes), shape)


def _flattened(recipe: Recipe, network: nn.Module, shape: tuple[int, ...]) -> nn.Sequential:
    """The network of flattened images.

    Only the suite's own architectures are known to be written for channels last: `view` fails there.
    """
    channels_last = recipe.network in ARCHITECTURES
    if channels_last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return nn.Sequential(Unflatten(shape, channels_last=channels_last), network)


def _entries(shape: tuple[int, ...]) -> int:
    height, width, channels = (*shape, 1)[:3]
    return height * width * channels


def _parts(network: nn.Module) -> list[Tensor]:
    """Parameters and buffers."""
    return [part.detach() for part in chain(network.parameters(), network.buffers())]


def _state(network: nn.Module) -> list[Tensor]:
    """Parameters, then dense real buffers that are not counters of batches."""
    counter = "num_batches_tracked"
    return [
        *(parameter.detach() for parameter in network.parameters()),
        *(
            buffer.detach()
            for name, buffer in network.named_buffers()
            if name.rpartition(".")[2] != counter and buffer.layout == torch.strided and not buffer.is_complex()
        ),
    ]


def row_of(network: nn.Module) -> Tensor:
    """What training changes of a network, (p,) float32: its parameters, then its buffers."""
    return torch.cat([part.flatten().float() for part in _state(network)])


def set_row(network: nn.Module, row: Tensor) -> None:
    """Give a network what `row_of` another one of its architecture says."""
    parts = _state(network)
    for part, values in zip(parts, torch.split(row.to(parts[0]), [part.numel() for part in parts]), strict=True):
        part.copy_(values.view(part.shape))


def as_rows(network: nn.Module) -> tuple[Tensor, Tensor]:
    """What is trained, and its gradient, as a row each (1, p) of which the network's are views."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    sizes = [parameter.numel() for parameter in trained]
    parameters = trained[0].new_empty(1, sum(sizes), requires_grad=False)
    gradient = torch.zeros_like(parameters)
    rows = (torch.split(row[0], sizes) for row in (parameters, gradient))
    for parameter, values, slope in zip(trained, *rows, strict=True):
        own = parameter.detach().clone()  # in its own order of memory, without gaps
        values = values.as_strided(own.shape, own.stride())
        parameter.data = values.copy_(own)
        parameter.grad = slope.as_strided(own.shape, own.stride())
    return parameters, gradient


def _each(task: Callable[[int, Event], None], members: int, device: torch.device) -> None:
    """Side by side on a CPU, one after another on a GPU.

    On a GPU convolutions round to ten bits and may sum in any order unless they are told not to.
    """
    if device.type == "cpu":
        side_by_side(task, range(members))
        return
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        for place in range(members):
            task(place, Event())
