"""What a network is before it is trained: its initial weights and its structure; and what two of them share."""

from __future__ import annotations

import hashlib
import re
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def weights_digest(network: nn.Module) -> str:
    """SHA-256 of parameters and buffers."""
    digest = hashlib.sha256()
    for name, part in chain(network.named_parameters(), network.named_buffers()):
        values = part.detach().cpu()
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        for dense in _dense(values):
            digest.update(dense.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _dense(values: Tensor) -> list[Tensor]:
    """The dense tensors that a tensor of any layout is made of."""
    if values.layout == torch.strided:
        return [values.resolve_conj().resolve_neg()]
    sparse = values.to_sparse_coo().coalesce()  # type: ignore[no-untyped-call]
    return [sparse.indices(), sparse.values()]


def representation(*networks: nn.Module) -> str | None:
    """The `repr` of instances of a network, but for addresses; None where it is another one for each."""
    texts = {_ADDRESS.sub("0x", repr(network)) for network in networks}
    return texts.pop() if len(texts) == 1 else None


def shared_part(one: nn.Module, another: nn.Module) -> str | None:
    """A parameter, buffer or module that two networks share, in words; None where they share nothing.

    Modules of PyTorch that hold nothing and are the same in training, such as activations that are the default of an
    argument, may be shared.
    """
    for kind, parts, others in (
        ("the parameter", one.named_parameters(), another.parameters()),
        ("the buffer", one.named_buffers(), another.buffers()),
    ):
        places = {place for other in others if (place := _place(other)) is not None}
        for name, part in parts:
            if _place(part) in places:
                return f"{kind} {name}"
    modules = {id(module) for module in another.modules()}
    for name, module in one.named_modules():
        if id(module) in modules and not _holds_nothing(module):
            return f"the module {name}" if name else "all of it"
    return None


def _place(part: Tensor) -> int | None:
    """Where a tensor's memory is; None where it has none."""
    values = part.detach()
    if values.layout != torch.strided:
        return id(part)
    return values.untyped_storage().data_ptr() or None


def _holds_nothing(module: nn.Module) -> bool:
    held: tuple[Any, ...] = (*module.children(), *module.parameters(), *module.buffers())
    own = type(module).__module__.startswith("torch.nn.modules.")
    return own and not held and not isinstance(module, _DropoutNd | nn.RReLU)
