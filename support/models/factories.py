"""Networks by name or by a function that makes them, and what a network must be before it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from support.models.architectures import ARCHITECTURES
from support.models.held import held
from support.models.networks import build
from support.models.user_code import users_code
from support.models.user_modules import UserModule, user_module

Factory = Callable[[tuple[int, ...], int], nn.Module]


@dataclass(frozen=True)
class UserFunction:
    """A function of a module that the user brings; it is called as from a script in the module's folder."""

    function: Callable[..., Any]
    module: UserModule

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns."""
        with self.module.running():
            return self.function(*arguments)


def load_factory(specification: str, what: str = "network") -> Factory:
    """The function of a specification such as ``"path/to/file.py:factory"`` or ``"package.module:factory"``.

    It takes the shape of an image, (h, w) or (h, w, c), and the number of classes, and returns a network with new
    weights drawn from a global generator of torch, NumPy or Python's `random`, which maps (b, c, h, w) float32 in
    [0, 1] to logits (b, classes). The module is imported once, and again where a file of it has changed.

    Parameters
    ----------
    what : what the function is for where it is another, such as ``"trainer"``: messages begin with it.

    Raises
    ------
    ValueError : no such form, or it cannot be imported, or is not callable.
    """
    if (known := held(specification)) is not None:
        return known
    place, _, name = specification.rpartition(":")
    if not place or not name.isidentifier():
        names = f"{', '.join(ARCHITECTURES)}, " if what == "network" else ""
        raise ValueError(f"unknown {what} {specification!r}: {names}file.py:function or module:function")
    with users_code(f"{what} {specification} cannot be imported"):
        module = user_module(place)
        if not hasattr(module.module, name):
            raise AttributeError(f"{place} has no {name}")
        function = getattr(module.module, name)
    if not callable(function):
        raise ValueError(f"{what} {specification} must be a function, {name} is of type {type(function).__name__}")  # noqa: TRY004
    return UserFunction(function, module)


def files_of(specification: str, what: str = "network") -> dict[str, str]:
    """SHA-256 of the files that made a user's function; of one that was handed over as an object none is known.

    Raises
    ------
    ValueError : as `load_factory`.
    """
    function = load_factory(specification, what)
    return dict(function.module.files) if isinstance(function, UserFunction) else {}


def name_of(network: str | Factory) -> str:
    """What a network is called where something is said of it."""
    return network if isinstance(network, str) else getattr(network, "__qualname__", repr(network))


def made(network: str | Factory, shape: tuple[int, ...], classes: int) -> nn.Module:
    """A new network of an architecture's name, a specification or a factory, on the CPU, in training mode.

    It has not been called, so that a layer that starts from its first batch starts from what it is trained on; only
    where parameters have no shape before (`torch.nn.LazyLinear`) has it been asked, in evaluation mode, about a batch
    of two images.

    Raises
    ------
    ValueError : it cannot be made, is no `torch.nn.Module`, has nothing to train, or parameters that are not dense
        float32 on the CPU; or lazy ones and a start from the first batch.
    """
    name = name_of(network)
    if isinstance(network, str):
        network = partial(build, network) if network in ARCHITECTURES else load_factory(network)
    with users_code(f"network {name} cannot be made for images {shape} in {classes} classes"):
        found: Any = network(shape, classes)
    if not isinstance(found, nn.Module):
        raise ValueError(f"network {name} must be a torch.nn.Module, got {type(found).__name__}")  # noqa: TRY004
    if any(map(is_lazy, chain(found.parameters(), found.buffers()))):
        _give_shapes(found, name, shape)
    if not any(parameter.requires_grad for parameter in found.parameters()):
        raise ValueError(f"network {name} has no parameters to train")
    for parameter in found.parameters():
        if parameter.dtype != torch.float32:
            raise ValueError(f"network {name} must have torch.float32 parameters, got {parameter.dtype}")
        if parameter.layout != torch.strided:
            raise ValueError(f"network {name} must have dense parameters, got {parameter.layout}")
        if parameter.device.type != "cpu":
            raise ValueError(f"network {name} must be made on the CPU, got parameters on {parameter.device}")
    with users_code(f"network {name} cannot be put into training mode"):
        found.train()  # what it returns is the user's: nothing goes on from there
    return found


def checked(network: str | Factory, shape: tuple[int, ...], classes: int) -> nn.Module:
    """The same, asked in evaluation mode about a batch of two images; to be looked at, not to be trained.

    Raises
    ------
    ValueError : as `made`, or it fails on the batch, answers with another shape than (2, classes) or with NaN.
    """
    name, found = name_of(network), made(network, shape, classes)
    batch = _two_images(shape)
    with users_code(f"network {name} fails on a {tuple(batch.shape)} batch"), torch.no_grad():
        found.eval()
        logits: Any = found(batch)
        found.train()
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"network {name} must map a {tuple(batch.shape)} batch to (2, {classes}) logits, got {got}")
    if bool(logits.isnan().any()):
        raise ValueError(f"network {name} answers a batch of pixels in [0, 1] with NaN before it is trained")
    return found


def _two_images(shape: tuple[int, ...]) -> Tensor:
    """(2, c, h, w), pixels from 0 to 1."""
    height, width, channels = (*shape, 1)[:3]
    return torch.linspace(0, 1, 2 * prod(shape)).reshape(2, height, width, channels).permute(0, 3, 1, 2).contiguous()


def _give_shapes(network: nn.Module, name: str, shape: tuple[int, ...]) -> None:
    """Call a network whose parameters get their shapes by that; nothing else of it may change."""
    drawn = {
        which: part.detach().clone()
        for which, part in chain(network.named_parameters(), network.named_buffers())
        if not is_lazy(part)
    }
    with users_code(f"network {name} fails on two images, which its lazy layers need"), torch.no_grad():
        network.eval()
        network(_two_images(shape))
    for which, part in chain(network.named_parameters(), network.named_buffers()):
        if is_lazy(part):
            raise ValueError(f"network {name} has a lazy layer that takes no part in its answers: {which} has no shape")
        if which in drawn and not torch.equal(part.detach(), drawn[which]):
            raise ValueError(
                f"network {name} starts {which} from its first batch and has lazy layers, which need one before it is "
                "trained: make them with their sizes"
            )
