"""Linear layers whose gradients need not be formed, since inputs and derivatives of their outputs say all of them.

Of one input with activations a before the layer and derivatives δ of a number after it, δ aᵀ is the gradient in the
weights and δ that in the biases (Goodfellow, 2015, "Efficient per-example gradient computations").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

# The same sums in another order, in float64, relative to the largest.
ROUNDING = 1e-8

# Inputs and outputs of each call of each layer, by its name.
Calls = dict[str, list[tuple[Tensor, Tensor]]]


@dataclass(frozen=True)
class Linear:
    """A linear layer whose gradients need not be formed.

    Attributes
    ----------
    name : of the module in the network.
    weight, bias : whether they are trained.
    """

    name: str
    module: nn.Linear
    weight: bool
    bias: bool

    @property
    def parameters(self) -> list[str]:
        """Names of those that are trained, in the network."""
        return [f"{self.name}.{part}".lstrip(".") for part in ("weight", "bias") if getattr(self, part)]

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers that go in and out."""
        return self.module.in_features, self.module.out_features


def candidates(network: nn.Module) -> tuple[Linear, ...]:
    """Linear layers with a weight of their own; what they are called with is not known yet."""
    owners = Counter(id(parameter) for _, parameter in network.named_parameters(remove_duplicate=False))
    found = []
    for name, part in network.named_modules():
        if type(part) is not nn.Linear or any(owners[id(parameter)] > 1 for parameter in part.parameters()):
            continue
        trained = {which: parameter.requires_grad for which, parameter in part.named_parameters(recurse=False)}
        layer = Linear(name, part, trained.get("weight", False), trained.get("bias", False))
        if layer.parameters and trained.keys() <= {"weight", "bias"}:
            found.append(layer)
    return tuple(found)


@contextmanager
def recorded(layers: Sequence[Linear]) -> Iterator[Calls]:
    """Inputs and outputs of each call of each layer, by its name; what changes them in place changes a copy."""
    calls: Calls = {layer.name: [] for layer in layers}

    def record(name: str, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        calls[name].append((arguments[0].detach().clone(), output))
        return output.clone()

    hooks = [
        layer.module.register_forward_hook(
            lambda _, arguments, output, name=layer.name: record(name, arguments, output)
        )
        for layer in layers
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def consistent(layers: Sequence[Linear], calls: Calls, outputs: Tensor, held: dict[str, Tensor]) -> tuple[Linear, ...]:
    """Those layers whose gradients follow from one call with a row an input, as autograd has them.

    Others are applied to several rows an input, not once, or their parameters are used elsewhere too.

    Parameters
    ----------
    calls : of the pass that gave the outputs, (b, outputs).
    held : the parameters of that pass, by name.
    """
    value = (outputs * torch.linspace(1, 2, outputs.numel()).to(outputs).view_as(outputs)).sum()
    found = []
    for layer in layers:
        if len(calls[layer.name]) != 1 or calls[layer.name][0][0].ndim != 2:
            continue
        (before, output), *_ = calls[layer.name]
        names = layer.parameters
        slope, *expected = torch.autograd.grad(
            value, [output, *(held[name] for name in names)], retain_graph=True, materialize_grads=True
        )
        own = {"weight": slope.T @ before, "bias": slope.sum(dim=0)}
        if all(
            torch.allclose(own[name.rpartition(".")[2]], gradient, ROUNDING, ROUNDING * float(gradient.abs().max()))
            for name, gradient in zip(names, expected, strict=True)
        ):
            found.append(layer)
    return tuple(found)
