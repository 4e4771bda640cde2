"""Forward, backward and optimiser step of several members at once.

Each member's parameters lie one after another in its row of one matrix, weights as (out, in): a step is a batched
matrix product for each layer and direction, and one fused pass of the optimiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from support.training.draws import batch_order, initial_weights, noise_generator
from support.training.member import Member
from support.training.optimizers import Clipping, optimizer
from support.training.recipe import Recipe

# On a GPU, rows of parameters begin at multiples of so many numbers: its matrix products read 16 bytes at a time.
ALIGNMENT = 32

_relu_backward = torch.ops.aten.threshold_backward.grad_input


def layers(parameters: Tensor, widths: Sequence[int]) -> tuple[list[Tensor], list[Tensor]]:
    """Views of weights (M, out, in) and biases (M, out) in rows of parameters (M, p)."""
    weights, biases, start = [], [], 0
    for fan_in, fan_out in pairwise(widths):
        stop = start + fan_out * fan_in
        weights.append(parameters[:, start:stop].view(-1, fan_out, fan_in))
        biases.append(parameters[:, stop : stop + fan_out])
        start = stop + fan_out
    return weights, biases


def initial_parameters(recipe: Recipe, d: int, classes: int, seed: int) -> Tensor:
    """A row of initial parameters, (p,)."""
    drawn = zip(*initial_weights(recipe, d, classes, seed), strict=True)
    return torch.cat([part.flatten() for weight, bias in drawn for part in (weight.T, bias)])


def require_inputs(inputs: Tensor, members: int, d: int) -> None:
    """Refuse with a ValueError inputs that are neither (n, d), the same for all members, nor (members, n, d)."""
    if inputs.ndim < 2 or inputs.shape[-1] != d or inputs.shape[:-2] not in ((), (members,)):
        raise ValueError(f"inputs must have shape (n, {d}) or ({members}, n, {d}), got {tuple(inputs.shape)}")


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Images and labels on the device where training runs, shared by all members.

    Attributes
    ----------
    images, labels : (S·N, d) and (S·N,), S training sets of equal size one after another.
    sets : S.
    """

    images: Tensor
    labels: Tensor
    classes: int
    sets: int = 1

    @property
    def size(self) -> int:
        """N, training rows of a set."""
        return len(self.images) // self.sets


class _Buffers:
    """What a step with `size` examples for each of `members` writes to."""

    def __init__(self, members: int, size: int, widths: Sequence[int], device: torch.device) -> None:
        self.size = size
        self.inputs, *self.outputs = (torch.empty(members, size, width, device=device) for width in widths)
        self.gradients = [torch.empty_like(output) for output in self.outputs]


class Stack:
    """Members in training. All of them see the same number of training rows.

    Parameters
    ----------
    sets : for each member, which of the training sets is its own, from 0; None is the first for all.

    Attributes
    ----------
    parameters : (M, p), a row for each member.
    """

    def __init__(
        self, recipe: Recipe, data: TrainingSet, members: Sequence[Member], sets: Sequence[int] | None = None
    ) -> None:
        device, d = data.images.device, data.images.shape[1]
        self.recipe, self.data, self.members = recipe, data, members
        self.widths = recipe.widths(d, data.classes)
        start = torch.stack(
            [
                initial_parameters(recipe, d, data.classes, member.seed) if member.start is None else member.start.cpu()
                for member in members
            ]
        )
        gap = 0 if device.type == "cpu" else -start.shape[1] % ALIGNMENT
        held = torch.nn.functional.pad(start, (0, gap)).to(device)
        slopes = torch.zeros_like(held)
        self.parameters, self.gradient = (rows[:, : start.shape[1]] for rows in (held, slopes))
        self.weights, self.biases = layers(self.parameters, self.widths)
        self.weight_gradients, self.bias_gradients = layers(self.gradient, self.widths)
        settings = [(member.learning_rate, member.weight_decay) for member in members]
        self.optimizer = optimizer(recipe, held, slopes, settings)
        self.clipping = Clipping(slopes, [(member.clip_norm, member.clip_value) for member in members])
        self.first = torch.tensor(sets or [0] * len(members), device=device)[:, None] * data.size
        self.kept = [kept_rows(data.size, member, device) for member in members]
        self.rows = [torch.as_tensor(member.rows, dtype=torch.int64, device=device) for member in members]
        self.pixels = torch.cat([torch.as_tensor(m.pixels, dtype=torch.float32, device=device) for m in members])
        self.noise = {
            place: noise_generator(member.seed, str(device))
            for place, member in enumerate(members)
            if member.input_noise
        }
        self.buffers: dict[int, _Buffers] = {}

    @torch.no_grad()
    def epoch(self, number: int) -> Tensor:
        """Train for one epoch, counted from 0; the mean loss of each member, (M,) float64."""
        n, device = self.data.size, self.data.images.device
        drawn = {seed: batch_order(n, seed, number).to(device) for seed in {member.seed for member in self.members}}
        orders = [
            order if kept is None else order[kept[order]]
            for member, kept in zip(self.members, self.kept, strict=True)
            for order in [drawn[member.seed]]
        ]
        order = torch.stack(orders)
        scale = self.recipe.learning_rate_scale(number)
        changes = Changes(order, self.rows, n, self.recipe.batch)
        order += self.first
        labels = self.data.labels[order]
        total = torch.zeros(len(self.members), dtype=torch.float64, device=order.device)
        for step, start in enumerate(range(0, order.shape[1], self.recipe.batch)):
            batch = slice(start, start + self.recipe.batch)
            buffers = self._gather(order[:, batch], changes.of(step))
            self._forward(buffers)
            total += self._backward(buffers, labels[:, batch])
            self.clipping.clip()
            self.optimizer.step(scale)
        return total / order.shape[1]

    def _gather(self, rows: Tensor, changes: tuple[Tensor, Tensor]) -> _Buffers:
        """The batch with these rows (M, b) as each member sees it."""
        members, size = rows.shape
        if size not in self.buffers:
            self.buffers[size] = _Buffers(members, size, self.widths, rows.device)
        buffers = self.buffers[size]
        flat = buffers.inputs.flatten(0, 1)
        torch.index_select(self.data.images, 0, rows.flatten(), out=flat)
        positions, sources = changes
        if len(positions):
            flat.index_copy_(0, positions, self.pixels[sources])
        for place, generator in self.noise.items():
            inputs = buffers.inputs[place]
            noise = torch.randn(inputs.shape, generator=generator, device=inputs.device)
            inputs.add_(noise, alpha=self.members[place].input_noise)
        return buffers

    def _forward(self, buffers: _Buffers) -> None:
        previous = buffers.inputs
        for weight, bias, output in zip(self.weights, self.biases, buffers.outputs, strict=True):
            torch.baddbmm(bias[:, None], previous, weight.mT, out=output)
            if output is not buffers.outputs[-1]:
                output.relu_()
            previous = output

    def _backward(self, buffers: _Buffers, labels: Tensor) -> Tensor:
        """Write the gradient of each member's mean loss; return its sum of losses, (M,)."""
        losses, gradient = self._loss(buffers, labels)
        gradient.div_(buffers.size)
        for layer in reversed(range(len(self.weights))):
            previous = buffers.outputs[layer - 1] if layer else buffers.inputs
            torch.bmm(gradient.mT, previous, out=self.weight_gradients[layer])
            torch.sum(gradient, dim=1, out=self.bias_gradients[layer])
            if layer:
                gradient = torch.bmm(gradient, self.weights[layer], out=buffers.gradients[layer - 1])
                _relu_backward(gradient, previous, 0.0, grad_input=gradient)
        return losses

    def _loss(self, buffers: _Buffers, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Each member's sum of losses, (M,), and its derivative in the outputs, (M, b, outputs)."""
        if self.recipe.loss == "squared":
            gradient = torch.sub(buffers.outputs[-1], (2 * labels - 1)[:, :, None], out=buffers.gradients[-1])
            return gradient.square().sum(dim=(1, 2)), gradient.mul_(2)
        log_probability = torch.log_softmax(buffers.outputs[-1], dim=2)
        losses = -log_probability.gather(2, labels[:, :, None]).sum(dim=(1, 2))
        gradient = torch.exp(log_probability, out=buffers.gradients[-1])
        gradient.scatter_add_(2, labels[:, :, None], gradient.new_full((), -1.0).expand(*labels.shape, 1))
        return losses, gradient


class Changes:
    """Where in the batches of an epoch the changed rows fall.

    Parameters
    ----------
    order : (M, visits) training rows in the order in which each member visits them.
    rows : of each member, those that it sees changed.
    n : training rows.
    batch : rows of a step.
    """

    def __init__(self, order: Tensor, rows: Sequence[Tensor], n: int, batch: int) -> None:
        steps, positions, sources, seen = [], [], [], 0
        visits = order.shape[1]
        for place, changed in enumerate(rows):
            if place and not len(changed):
                continue
            when = torch.full((n,), -1, device=order.device)
            when[order[place]] = torch.arange(visits, device=order.device)
            at = when[changed]
            source = torch.arange(seen, seen + len(changed), device=order.device)[at >= 0]
            at = at[at >= 0]
            step = at // batch
            size = torch.clamp(visits - step * batch, max=batch)
            steps.append(step)
            positions.append(place * size + at % batch)
            sources.append(source)
            seen += len(changed)
        step, by_step = torch.cat(steps).sort(stable=True)
        self.positions, self.sources = torch.cat(positions)[by_step], torch.cat(sources)[by_step]
        self.ends = np.cumsum(np.bincount(step.cpu().numpy(), minlength=-(-visits // batch))).tolist()

    def of(self, step: int) -> tuple[Tensor, Tensor]:
        """Positions in the step's batches, members one after another, and which of the given pixels belong there."""
        own = slice(self.ends[step - 1] if step else 0, self.ends[step])
        return self.positions[own], self.sources[own]


def kept_rows(n: int, member: Member, device: torch.device) -> Tensor | None:
    """(n,) booleans, False where a row is excluded."""
    if member.excluded is None or not len(member.excluded):
        return None
    kept = torch.ones(n, dtype=torch.bool, device=device)
    kept[torch.as_tensor(member.excluded, dtype=torch.int64, device=device)] = False
    return kept
