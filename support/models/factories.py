"""Networks by name or by a function that makes them, and what a network must do before it is trained."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from support.models.architectures import ARCHITECTURES
from support.models.held import held
from support.models.networks import build

Factory = Callable[[tuple[int, ...], int], nn.Module]


def load_factory(specification: str) -> Factory:
    """The function of a specification such as ``"path/to/file.py:factory"`` or ``"package.module:factory"``.

    It takes the shape of an image, (h, w) or (h, w, c), and the number of classes, and returns a network with new
    weights drawn from torch's global generator, which maps (b, c, h, w) float32 in [0, 1] to logits (b, classes).

    Raises
    ------
    ValueError : no such form, or it does not import, or is not callable.
    """
    if (known := held(specification)) is not None:
        return known
    place, _, name = specification.rpartition(":")
    if not place or not name.isidentifier():
        raise ValueError(
            f"unknown network {specification!r}: {', '.join(ARCHITECTURES)}, file.py:function or module:function"
        )
    try:
        module = _module_of_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
        factory = getattr(module, name)
    except Exception as error:
        raise ValueError(f"network {specification} does not import: {_said(error)}") from error
    if not callable(factory):
        raise ValueError(f"network {specification} is not callable: {name} is of type {type(factory).__name__}")  # noqa: TRY004
    made: Factory = factory
    return made


def checked(network: str | Factory, shape: tuple[int, ...], classes: int) -> nn.Module:
    """A new network of an architecture's name, a specification or a factory, on the CPU, in training mode.

    It has been asked, in evaluation mode, about a batch of two images.

    Raises
    ------
    ValueError : it cannot be made, is no `torch.nn.Module`, has nothing to train or parameters that are not float32,
        or fails on the batch, answers with another shape than (2, classes) or with NaN.
    """
    name = network if isinstance(network, str) else getattr(network, "__qualname__", repr(network))
    if isinstance(network, str):
        network = partial(build, network) if network in ARCHITECTURES else load_factory(network)
    try:
        made: Any = network(shape, classes)
    except Exception as error:
        raise ValueError(
            f"network {name} cannot be made for images {shape} in {classes} classes: {_said(error)}"
        ) from (error)
    if not isinstance(made, nn.Module):
        raise ValueError(f"network {name} must be a torch.nn.Module, got {type(made).__name__}")  # noqa: TRY004
    height, width, channels = (*shape, 1)[:3]
    batch = torch.linspace(0, 1, 2 * prod(shape)).reshape(2, height, width, channels).permute(0, 3, 1, 2).contiguous()
    made.eval()
    try:
        with torch.no_grad():
            logits: Any = made(batch)
    except Exception as error:
        raise ValueError(f"network {name} fails on a {tuple(batch.shape)} batch: {_said(error)}") from error
    if not any(parameter.requires_grad for parameter in made.parameters()):
        raise ValueError(f"network {name} has no parameters to train")
    for parameter in made.parameters():
        if parameter.dtype != torch.float32:
            raise ValueError(f"network {name} must have torch.float32 parameters, got {parameter.dtype}")
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"network {name} must map a {tuple(batch.shape)} batch to (2, {classes}) logits, got {got}")
    if bool(logits.isnan().any()):
        raise ValueError(f"network {name} answers a batch of pixels in [0, 1] with NaN before it is trained")
    return made.train()


def _module_of_file(path: Path) -> Any:
    """The module that a file defines, run anew."""
    found = importlib.util.spec_from_file_location(f"_network_{path.stem}", path)
    if found is None or found.loader is None or not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses and pickle look a class's module up
    found.loader.exec_module(module)
    return module


def _said(error: Exception) -> str:
    """The exception's name and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
