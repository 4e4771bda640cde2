"""Training by a function of the user's own: ``train(network, images, labels, seed)``.

It gets a new network in training mode; images (n, c, h, w), float32 in [0, 1]; labels (n,), int64; and a seed. Torch's
global generator has been seeded with a stream that belongs to the network and the trial, so that a function which draws
from it needs no seed. It trains the network in place, or returns the trained one.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from support.models.factories import load_factory
from support.training.member import Member


def train_by(specification: str, network: nn.Module, images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    """The network that the function of a specification has trained, which is the one given unless it returns another.

    Parameters
    ----------
    specification : ``file.py:function`` or ``module:function``.
    images, labels : (n, c, h, w) and (n,), which the function may do with as it likes.

    Raises
    ------
    ValueError : the function does not import, fails, or returns something that is neither a module nor None.
    """
    function: Any = load_factory(specification)
    network.train()
    try:
        returned = function(network, images, labels, seed)
    except Exception as error:
        said = str(error).strip().partition("\n")[0]
        raise ValueError(f"training by {specification} fails: {type(error).__name__}: {said}") from error
    if returned is not None and not isinstance(returned, nn.Module):
        raise ValueError(
            f"training by {specification} must return None or the trained torch.nn.Module, "
            f"got {type(returned).__name__}"
        )
    return network if returned is None else returned


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
