"""What a user's network is, for evidence: its files, its initial weights and structure, and its answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

# Of MNIST and Fashion-MNIST.
SHAPE, CLASSES = (28, 28), 10
# Of the largest answer: what other machines and versions of PyTorch round otherwise lies far below.
TOLERANCE = 1e-4


def drawn(specification: str) -> nn.Module:
    """A network of a specification, drawn from the first stream of the global generators.

    Raises
    ------
    ValueError : as `support.models.factories.made`.
    """
    from support.models.factories import made
    from support.training.draws import global_generator

    with global_generator(0, "own network"):
        return made(specification, SHAPE, CLASSES)


def network_digest(specification: str, weights: str, representation: str | None, files: Iterable[str]) -> str:
    """SHA-256 of a network: the name of its function, the digest of its initial weights, its `repr` and its files.

    Parameters
    ----------
    files : SHA-256 of each.
    """
    digest = hashlib.sha256(f"{specification.rpartition(':')[2]} {weights}\n{representation}\n".encode())
    for file in sorted(set(files)):
        digest.update(f"{file}\n".encode())
    return digest.hexdigest()


def same_answers(found: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether two networks gave the same answers to the same images, but for rounding."""
    if len(found) != len(expected):
        return False
    most = TOLERANCE * max((abs(value) for value in expected), default=0.0)
    return all(abs(one - other) <= most for one, other in zip(found, expected, strict=True))
