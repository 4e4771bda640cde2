"""What a user's network is: its initial weights and the files that make it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

# Of MNIST and Fashion-MNIST.
SHAPE, CLASSES = (28, 28), 10


def drawn(specification: str) -> nn.Module:
    """A network of a specification, drawn from the first stream of torch's global generator.

    Raises
    ------
    ValueError : as `support.models.factories.checked`.
    """
    from support.models.factories import checked
    from support.training.draws import global_generator

    with global_generator(0, "own network"):
        return checked(specification, SHAPE, CLASSES)


def weights_digest(network: nn.Module) -> str:
    """SHA-256 of parameters and buffers."""
    import torch

    digest = hashlib.sha256()
    for name, values in network.state_dict().items():
        if isinstance(values, torch.Tensor):
            digest.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
            digest.update(values.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def network_digest(specification: str, weights: str, contents: Iterable[bytes]) -> str:
    """SHA-256 of a network: the name of its function, the digest of its initial weights, the contents of its files."""
    digest = hashlib.sha256(f"{specification.rpartition(':')[2]} {weights}\n".encode())
    for content in sorted(set(contents)):
        digest.update(f"{len(content)}\n".encode() + content)
    return digest.hexdigest()
