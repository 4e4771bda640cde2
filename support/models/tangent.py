"""A network's gradients at each of its inputs, in the form of which their inner products are cheapest.

Of linear layers nothing but their inputs and the derivatives in their outputs is kept (`linear_gradients`); gradients
in all other parameters are formed by `torch.func`. Everything is in float64, whatever the network's own precision: in
float32, which takes half the time, a pre-activation near zero can change its sign, and one alignment moved by 4e-3.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from support.models.linear_gradients import ROUNDING, Linear, candidates, consistent, recorded

# Inputs whose gradients are formed at once; more are no faster, and convolutions then take several times the memory.
FORMED = 8


@dataclass(frozen=True, eq=False)
class Tangent:
    """A network and how each of its parameters is differentiated.

    Attributes
    ----------
    state : parameters and buffers in float64, by name.
    linear : layers whose gradients are not formed.
    others : names of all other trained parameters.
    outputs : number of outputs.
    """

    network: nn.Module
    state: dict[str, Tensor]
    linear: tuple[Linear, ...]
    others: tuple[str, ...]
    outputs: int

    @classmethod
    def of(cls, network: nn.Module, inputs: Tensor) -> Tangent:
        """Look at the network, and ask it about the first two inputs.

        Parameters
        ----------
        network : in evaluation mode, from rows (b, d) to (b, outputs).
        inputs : (n, d).

        Raises
        ------
        ValueError : the network cannot be differentiated input by input, as `empirical_ntk` says.
        """
        trained = _trained(network)
        state = {
            name: part.detach().double() if part.is_floating_point() else part.clone()
            for name, part in (*network.named_parameters(), *network.named_buffers())
        }
        tangent = cls(network, state, candidates(network), (), 0)
        pair = inputs[:2].to(tangent.device, torch.float64)
        with torch.enable_grad():
            held = {name: state[name].clone().requires_grad_() for name in trained}
            try:
                with recorded(tangent.linear) as calls:
                    outputs = tangent.evaluate(held, pair)
            except Exception as error:
                raise ValueError(
                    f"the network fails on inputs of shape {tuple(pair.shape)} in float64: {_said(error)}"
                ) from error
            _require_outputs(outputs, pair)
            try:
                linear = consistent(tangent.linear, calls, outputs, held)
            except Exception as error:
                raise ValueError(f"the network cannot be differentiated: {_said(error)}") from error
        covered = {name for layer in linear for name in layer.parameters}
        others = tuple(name for name in trained if name not in covered)
        tangent = cls(network, state, linear, others, outputs.shape[1])
        tangent.require_each_by_itself(pair, outputs.detach())
        return tangent

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def bytes_per_input(self, directions: int) -> int:
        """Of an input's derivatives in so many directions."""
        factors = sum(before + directions * after for before, after in (layer.widths for layer in self.linear))
        return torch.float64.itemsize * (factors + directions * sum(self.state[name].numel() for name in self.others))

    def evaluate(self, parameters: dict[str, Tensor], inputs: Tensor) -> Tensor:
        """Outputs with these parameters in the place of the network's own, which may change a copy of the inputs."""
        outputs: Tensor = functional_call(self.network, {**self.state, **parameters}, (inputs.clone(),))
        return outputs

    def rows(self, inputs: Tensor, directions: Tensor) -> list[Tensor]:
        """What the kernel between b inputs and others is made of.

        Parameters
        ----------
        inputs : (b, d).
        directions : (S, b, outputs).

        Returns
        -------
        For each linear layer inputs (b, in) and derivatives (b, S·out), then gradients (b, S·p) in the p others.
        """
        inputs = inputs.to(self.device, torch.float64)
        result = self._factors(inputs, directions) if self.linear else []
        if self.others:
            result.append(self._gradients(inputs, directions))
        return result

    def _gradients(self, inputs: Tensor, directions: Tensor) -> Tensor:
        others = {name: self.state[name] for name in self.others}
        sizes = [part.numel() for part in others.values()]
        result = inputs.new_empty(len(inputs), len(directions), sum(sizes))
        form = vmap(grad(self._value), in_dims=(None, 0, 0))
        for start in range(0, len(inputs), FORMED):
            rows = slice(start, start + FORMED)
            for place, direction in enumerate(directions):
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "There is a performance drop", UserWarning)
                    formed = form(others, inputs[rows], direction[rows])
                for whole, name in zip(torch.split(result[rows, place], sizes, dim=1), others, strict=True):
                    whole.copy_(formed[name].reshape(whole.shape))
        return result.flatten(1)

    def _value(self, parameters: dict[str, Tensor], row: Tensor, direction: Tensor) -> Tensor:
        return self.evaluate(parameters, row[None])[0] @ direction

    def _factors(self, inputs: Tensor, directions: Tensor) -> list[Tensor]:
        with torch.enable_grad(), recorded(self.linear) as calls:
            held = {
                name: self.state[name].detach().requires_grad_() for layer in self.linear for name in layer.parameters
            }
            outputs = self.evaluate(held, inputs)
        given = [output for (_, output), *_ in calls.values()]
        slopes = [
            torch.autograd.grad(outputs, given, direction, retain_graph=True, materialize_grads=True)
            for direction in directions
        ]
        slopes_by_layer = [torch.cat(own, dim=1) for own in zip(*slopes, strict=True)]
        taken = [before for (before, _), *_ in calls.values()]
        return [part for pair in zip(taken, slopes_by_layer, strict=True) for part in pair]

    def product(self, rows: Sequence[Tensor], columns: Sequence[Tensor]) -> Tensor:
        """The kernel between inputs, (b, c), of what `rows` gives for each."""
        result = rows[-1] @ columns[-1].T if self.others else rows[0].new_zeros(len(rows[0]), len(columns[0]))
        for place, layer in enumerate(self.linear):
            (before, slope), (before_column, slope_column) = (
                each[2 * place : 2 * place + 2] for each in (rows, columns)
            )
            own = before @ before_column.T if layer.weight else result.new_zeros(())
            result.addcmul_(own + int(layer.bias), slope @ slope_column.T)
        return result

    def require_each_by_itself(self, pair: Tensor, outputs: Tensor) -> None:
        """Refuse with a ValueError a network that cannot be asked about each of these inputs by itself."""
        weights = outputs.new_ones(len(pair), self.outputs)
        try:
            with torch.no_grad():
                alone = torch.cat([self.evaluate({}, row[None]) for row in pair])
            self.rows(pair[:1], weights[None, :1])
        except Exception as error:
            raise ValueError(f"the network cannot be differentiated input by input: {_said(error)}") from error
        if not torch.allclose(alone, outputs, rtol=ROUNDING, atol=ROUNDING * float(outputs.abs().max())):
            raise ValueError(
                "the network must answer each input by itself, as in evaluation mode: alone and beside another "
                f"the answers to an input differ by {float((alone - outputs).abs().max()):.1e}"
            )


def _trained(network: nn.Module) -> list[str]:
    """Names of trained parameters, each once."""
    unlike = [
        name for name, part in network.named_modules() if part.training and isinstance(part, _BatchNorm | _DropoutNd)
    ]
    if unlike:
        raise ValueError(f"the network must be in evaluation mode, got {unlike[0]!r} in training mode")
    names = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    if not names:
        raise ValueError("the network must have a trainable parameter, got none")
    return names


def _require_outputs(outputs: object, pair: Tensor) -> None:
    """Refuse with a ValueError what is not (b, outputs) of real numbers that depend on the parameters."""
    if not isinstance(outputs, Tensor) or outputs.ndim != 2 or len(outputs) != len(pair) or not outputs.numel():
        got = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(f"the network must map {tuple(pair.shape)} to ({len(pair)}, outputs), got {got}")
    if not outputs.is_floating_point():
        raise ValueError(f"the network must answer with floating point, which has a derivative, got {outputs.dtype}")
    if not outputs.requires_grad:
        raise ValueError("the network's outputs must depend on its parameters, got outputs detached from all of them")
    if not bool(outputs.isfinite().all()):
        raise ValueError("the network must answer with finite numbers, got NaN or infinities")


def _said(error: Exception) -> str:
    """The exception's name and the first line of what it says."""
    return f"{type(error).__name__}: {next(iter(str(error).strip().splitlines()), '')}"
