"""Adam and SGD with momentum over rows of parameters that have learning rates and weight decays of their own.

The updates are the fused operators that `torch.optim` calls: one pass over parameters, gradients and moments. They
are called directly because the optimiser classes load PyTorch's compiler at their first step, a second of every
process, and cost a tenth of a step of a small network after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf
from typing import Protocol

import torch
from torch import Tensor

from support.training.recipe import Recipe

# Kingma & Ba's defaults, which are those of torch.optim.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Optimizer(Protocol):
    """Updates parameters in place from their gradients."""

    def step(self, scale: float) -> None:
        """One update, every learning rate multiplied by `scale`."""
        ...


def optimizer(
    recipe: Recipe, parameters: Tensor, gradient: Tensor, settings: Sequence[tuple[float, float]]
) -> Optimizer:
    """The recipe's; parameters, gradient (M, p) and settings as for `Adam`."""
    if recipe.optimizer == "adam":
        return Adam(parameters, gradient, settings)
    return SGD(parameters, gradient, settings, recipe.momentum)


class Clipping:
    """Clips gradients in place, each row by limits of its own.

    Parameters
    ----------
    gradient : (M, p).
    limits : for each row the largest ℓ₂ norm and the largest magnitude of an entry; None is no limit.
    """

    def __init__(self, gradient: Tensor, limits: Sequence[tuple[float | None, float | None]]) -> None:
        self._gradient = gradient
        self._norms, self._values = (
            gradient.new_tensor([[inf if limit is None else limit] for limit in column]) if any(column) else None
            for column in zip(*limits, strict=True)
        )

    def clip(self) -> None:
        """Clip the gradients as they are now."""
        if self._norms is not None:
            norms = torch.linalg.vector_norm(self._gradient, dim=1, keepdim=True)
            self._gradient.mul_((self._norms * (norms + 1e-6).reciprocal()).clamp_(max=1.0))
        if self._values is not None:
            torch.clamp(self._gradient, -self._values, self._values, out=self._gradient)


@dataclass(frozen=True)
class _Group:
    """Rows that share a learning rate and a weight decay: for each tensor of the optimiser, its runs of such rows."""

    learning_rate: float
    weight_decay: float
    rows: list[list[Tensor]]


def _grouped(settings: Sequence[tuple[float, float]], *tensors: Tensor) -> list[_Group]:
    """One group for each different (learning rate, weight decay); one setting for each row of the tensors."""
    runs: dict[tuple[float, float], list[slice]] = {}
    start = 0
    for setting, run in groupby(settings):
        stop = start + len(list(run))
        runs.setdefault(setting, []).append(slice(start, stop))
        start = stop
    return [_Group(*setting, [[tensor[run] for run in own] for tensor in tensors]) for setting, own in runs.items()]


class Adam:
    """Adam with coupled weight decay.

    Parameters
    ----------
    parameters, gradient : (M, p).
    settings : learning rate and weight decay of each row.
    """

    def __init__(self, parameters: Tensor, gradient: Tensor, settings: Sequence[tuple[float, float]]) -> None:
        moments = [torch.zeros_like(parameters) for _ in range(2)]
        self._groups = _grouped(settings, parameters, gradient, *moments)
        self._steps = parameters.new_zeros(())

    def step(self, scale: float) -> None:
        """One update, every learning rate multiplied by `scale`."""
        self._steps += 1
        for group in self._groups:
            parameters, gradients, means, squares = group.rows
            torch._fused_adam_(
                parameters,
                gradients,
                means,
                squares,
                [],
                [self._steps] * len(parameters),
                lr=scale * group.learning_rate,
                beta1=BETA1,
                beta2=BETA2,
                weight_decay=group.weight_decay,
                eps=EPSILON,
                amsgrad=False,
                maximize=False,
            )


class SGD:
    """SGD with momentum and weight decay; parameters as for `Adam`, and the momentum."""

    def __init__(
        self, parameters: Tensor, gradient: Tensor, settings: Sequence[tuple[float, float]], momentum: float
    ) -> None:
        self._groups = _grouped(settings, parameters, gradient, torch.zeros_like(parameters))
        self._momentum = momentum

    def step(self, scale: float) -> None:
        """One update, every learning rate multiplied by `scale`."""
        for group in self._groups:
            parameters, gradients, velocities = group.rows
            torch._fused_sgd_(
                parameters,
                gradients,
                velocities if self._momentum else [],
                weight_decay=group.weight_decay,
                momentum=self._momentum,
                lr=scale * group.learning_rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
            )
