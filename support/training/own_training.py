"""Training by a function of the user's own: ``train(network, images, labels, seed)``.

It gets a new network in training mode; images (n, c, h, w), float32 in [0, 1]; labels (n,), int64; and a seed. Torch's
global generator has been seeded with a stream that belongs to the network and the trial, so that a function which draws
from it needs no seed. It trains the network in place, or returns the trained one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from support.models.factories import load_factory, made
from support.models.user_code import users_code
from support.randomness import stream
from support.training.draws import global_generator
from support.training.member import Member

# Images of a probe.
PROBED = 12


def train_by(specification: str, network: nn.Module, images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    """The network that the function of a specification has trained, which is the one given unless it returns another.

    Parameters
    ----------
    specification : ``file.py:function`` or ``module:function``.
    images, labels : (n, c, h, w) and (n,), which the function may do with as it likes.

    Raises
    ------
    ValueError : the function cannot be imported, fails, or returns something that is neither a module nor None.
    """
    function: Any = load_factory(specification, "trainer")
    network.train()
    with users_code(f"training by {specification} fails"):
        returned = function(network, images, labels, seed)
    if returned is not None and not isinstance(returned, nn.Module):
        raise ValueError(
            f"training by {specification} must return None or the trained torch.nn.Module, "
            f"got {type(returned).__name__}"
        )
    return network if returned is None else returned


def probe_training(specification: str, network: str, shape: tuple[int, ...], classes: int) -> tuple[str, ...]:
    """Let a function train two throw-away networks on a few images, from one seed; what should be known of it.

    Parameters
    ----------
    network : an architecture's name or a specification.
    shape : of an image, (h, w) or (h, w, c).

    Raises
    ------
    ValueError : as `train_by`; or the two end with other weights, or with weights that are NaN or infinite.
    """
    height, width, channels = (*shape, 1)[:3]
    images = torch.from_numpy(
        stream(0, 0, "images of a probe").random((PROBED, channels, height, width), dtype=np.float32)
    )
    rows = []
    for _ in range(2):
        with global_generator(0, "own network"):
            start = made(network, shape, classes)
        before = torch.cat([parameter.detach().flatten() for parameter in start.parameters()])
        with global_generator(0, "drawn in training"):
            trained = train_by(specification, start, images.clone(), torch.arange(PROBED) % classes, 0)
        rows.append(torch.cat([parameter.detach().flatten() for parameter in trained.parameters()]))
    if not all(bool(row.isfinite().all()) for row in rows):
        raise ValueError(f"training by {specification} ends with weights that are NaN or infinite on {PROBED} images")
    if not torch.equal(*rows):
        raise ValueError(
            f"training by {specification} must be a function of its seed: two from one seed end with other weights"
        )
    if torch.equal(rows[0], before):
        return (f"training by {specification} leaves the weights as they were on {PROBED} images",)
    return ()


def require_plain(number: int, member: Member) -> None:
    """Refuse with a ValueError a member whose training a function of the user's own knows nothing of."""
    asked = {
        "weight_decay": member.weight_decay,
        "input_noise": member.input_noise,
        "clip_norm": member.clip_norm,
        "clip_value": member.clip_value,
        "start": None if member.start is None else "given",
    }
    for name, value in asked.items():
        if value:
            raise ValueError(f"member {number}: {name} cannot be asked of a training function, got {value}")
