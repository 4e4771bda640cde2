"""Gram matrices streamed over blocks of random weights: memory does not grow with the number of features.

Weights are drawn on the CPU in chunks of fixed size, each from its own stream, so they do not depend on the
device or on how many are processed at once. NTK features z ⊗ φ'(Wz) are a Khatri-Rao product; their Gram
matrix is the elementwise product (ZZᵀ) ∘ (φ'(ZWᵀ) φ'(ZWᵀ)ᵀ), so they are never formed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from support.models.activations import Activation
from support.models.features import Family
from support.randomness import stream

# Wide enough for BLAS to run at its speed, small enough for a block of pre-activations to stay near the cache.
CHUNK = 1024


def weights(width: int, d: int, seed: int, trial: int) -> Iterator[Tensor]:
    """Rows of V (or W), i.i.d. N(0, I/d), in chunks of at most CHUNK rows; (rows, d), float64, on the CPU.

    The next chunk is drawn in a second thread while the caller works on this one.
    """

    def draw(chunk: int) -> Tensor:
        rows = min(CHUNK, width - chunk * CHUNK)
        block = stream(seed, trial, f"weights/{chunk}").standard_normal((rows, d))
        return torch.from_numpy(block).mul_(d**-0.5)

    chunks = -(-width // CHUNK)
    with ThreadPoolExecutor(max_workers=1) as ahead:
        upcoming = ahead.submit(draw, 0)
        for chunk in range(chunks):
            current = upcoming.result()
            if chunk + 1 < chunks:
                upcoming = ahead.submit(draw, chunk + 1)
            yield current


def grams(
    family: Family,
    activations: Sequence[str],
    width: int | None,
    inputs: Tensor,
    train: int,
    *,
    seed: int,
    trial: int,
) -> dict[str, Tensor]:
    """Gram matrices of several activations over the same random weights, in one pass.

    Parameters
    ----------
    inputs : (M, d) float64, the training samples first.
    train : number N of training samples, N <= M.
    width : k, or None for the infinite-width kernel.

    Returns
    -------
    For each activation K of shape (M, N), K[i, j] = φ(z_i)·φ(z_j) divided by k for random features and by
    k·d for NTK features.
    """
    d = inputs.shape[1]
    if width is None:
        return {name: _infinite_width(family, Activation(name), inputs, train) for name in activations}
    functions = {name: Activation(name) for name in activations}
    result = {name: inputs.new_zeros(inputs.shape[0], train) for name in activations}
    for block in weights(width, d, seed, trial):
        preactivation = inputs @ block.to(inputs.device).T
        for name, function in functions.items():
            features = function(preactivation)
            result[name].addmm_(features, features[:train].T)
    linear = inputs @ inputs[:train].T / d if family == "ntk" else None
    for gram in result.values():
        gram.div_(width)
        if linear is not None:
            gram.mul_(linear)
    return result


def _infinite_width(family: Family, activation: Activation, inputs: Tensor, train: int) -> Tensor:
    """κ(ρ), or ρ κ'(ρ) for NTK, with ρ the cosine: inputs act as if rescaled to norm √d (Assumption 5.1)."""
    unit = inputs / inputs.norm(dim=1, keepdim=True).clamp(min=torch.finfo(inputs.dtype).tiny)
    cosine = unit @ unit[:train].T
    kernel = activation.kernel(cosine)
    return kernel * cosine if family == "ntk" else kernel
