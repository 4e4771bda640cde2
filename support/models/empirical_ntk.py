"""Gram matrix of a network's own gradients: its empirical neural tangent kernel (Jacot et al., 2018).

    K[i, j] = Σ_c ⟨∂f_c(z_i)/∂θ, ∂f_c(z_j)/∂θ⟩,  θ all trainable parameters, biases included

The constant of the last layer's bias is thus a feature among the others, and the kernel is not centred.

With several outputs the interpolation of all of them has a kernel of (N·outputs)² entries, ⟨∂f_b(z_i), ∂f_c(z_j)⟩,
and an alignment that is a matrix: repeat each input once for each output, with unit cotangents, to have it. One entry
for a pair of inputs keeps the alignment a number. The default, the trace, puts the mean over outputs on the diagonal of
each block and nothing beside it (its scale cancels from alignments): exact for one output, and for several in the limit
of infinite width, where they share no gradient and have one kernel. One scalar an input, such as the output of its
class, is exact for the interpolation of these N scalars alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from support.models.tangent import Tangent

# Inputs that pass through the network at once: of more, the maps of convolutions take more memory, for little speed.
BLOCK = 32
# Bytes of derivatives that are held.
MEMORY = 384 << 20
# Inputs that pass by the held ones are at most one in so many of those that fit into the memory.
PASSING = 16


def empirical_ntk(
    network: nn.Module,
    inputs: Tensor,
    columns: int,
    *,
    cotangent: Tensor | int | None = None,
    block: int = BLOCK,
    memory: int = MEMORY,
) -> Tensor:
    """Inner products of the gradients at all inputs with those at the first `columns` inputs.

    Derivatives of as many columns as fit into the memory are held while all inputs after them pass by, a few at a
    time: where all columns fit, which is so for paper A's fully connected and convolutional networks, each input is
    differentiated once, otherwise about columns / (2 · held) times.

    Parameters
    ----------
    network : in evaluation mode, from rows (b, d) to (b, outputs), each input answered by itself. It is not changed,
        but other threads must not use it meanwhile.
    inputs : (n, d), the training samples first.
    columns : N, 1 <= N <= n.
    cotangent : which scalar function of an input is differentiated. None: each output, kernels summed over outputs
        (trace); an integer: that output; (n, outputs): Σ_c cotangent[i, c] f_c(z_i).
    block : inputs differentiated at once, at most.
    memory : bytes of derivatives to hold, at most; what the network itself takes for a block, and the result, come on
        top.

    Returns
    -------
    K of shape (n, N), float64, on the network's device; K[:N] is symmetric.

    Raises
    ------
    ValueError : before long compute, if shapes or numbers do not fit, the memory holds no two inputs' derivatives,
        nothing is trainable, normalization or dropout are in training mode, or the network cannot be differentiated
        input by input in float64: it fails, gives integers or NaN, detaches its outputs, or mixes inputs.
    """
    _require_numbers(inputs, columns, block)
    tangent = Tangent.of(network, inputs)
    directions = _directions(cotangent, len(inputs), tangent)
    held, block = _sizes(memory, block, tangent.bytes_per_input(len(directions)))

    def blocks(start: int, stop: int) -> Iterator[tuple[slice, list[Tensor]]]:
        for at in range(start, stop, block):
            place = slice(at, min(at + block, stop))
            yield place, tangent.rows(inputs[place], directions[:, place])

    gram = torch.zeros(len(inputs), columns, dtype=torch.float64, device=tangent.device)
    for start in range(0, columns, held):
        stop = min(start + held, columns)
        kept = _side_by_side(blocks(start, stop), start, stop)
        gram[start:stop, start:stop] = tangent.product(kept, kept)
        for place, passing in blocks(stop, len(inputs)):
            gram[place, start:stop] = tangent.product(passing, kept)
        gram[start:stop, stop:] = gram[stop:columns, start:stop].T
    return gram


def _side_by_side(blocks: Iterator[tuple[slice, list[Tensor]]], start: int, stop: int) -> list[Tensor]:
    """Blocks of rows as one, never twice in memory."""
    kept: list[Tensor] = []
    for place, rows in blocks:
        kept = kept or [part.new_empty(stop - start, part.shape[1]) for part in rows]
        for whole, part in zip(kept, rows, strict=True):
            whole[place.start - start : place.stop - start] = part
    return kept


def _sizes(memory: int, block: int, each: int) -> tuple[int, int]:
    """Inputs whose derivatives are held, and those that pass at once, of `each` bytes an input."""
    held = memory // each
    if held < 2:
        raise ValueError(
            f"memory must hold the derivatives of 2 inputs or more, {2 * each:,} bytes for this network, got {memory:,}"
        )
    block = min(block, max(1, held // PASSING))
    return held - block, block


def _directions(cotangent: Tensor | int | None, n: int, tangent: Tangent) -> Tensor:
    """(S, n, outputs): the derivatives of an input are taken in S directions."""
    outputs = tangent.outputs
    unit = torch.eye(outputs, dtype=torch.float64, device=tangent.device)
    if cotangent is None:
        return unit[:, None].expand(-1, n, -1)
    if isinstance(cotangent, int):
        if not 0 <= cotangent < outputs:
            raise ValueError(f"cotangent must lie in 0..{outputs - 1}, got {cotangent}")
        return unit[cotangent].expand(1, n, -1)
    if cotangent.shape != (n, outputs) or not bool(cotangent.isfinite().all()):
        raise ValueError(f"cotangent must be ({n}, {outputs}) and finite, got {tuple(cotangent.shape)}")
    return cotangent.to(tangent.device, torch.float64)[None]


def _require_numbers(inputs: Tensor, columns: int, block: int) -> None:
    if inputs.ndim != 2 or not inputs.numel() or not inputs.is_floating_point():
        raise ValueError(f"inputs must be (n, d) of floating point, got {tuple(inputs.shape)} {inputs.dtype}")
    if not bool(inputs.isfinite().all()):
        raise ValueError("inputs must be finite, got NaN or infinities")
    if not 1 <= columns <= len(inputs):
        raise ValueError(f"columns must lie in 1..{len(inputs)}, got {columns}")
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
