"""Two versions of one network: the second is twice as wide and has lost its weight decay.

pytest claims --model examples/wide.py:before --report reports/before
pytest claims --model examples/wide.py:factory --baseline reports/before/report.json
"""

from __future__ import annotations

from torch import nn

WEIGHT_DECAY = 1e-3


def before(shape: tuple[int, ...], classes: int) -> nn.Module:
    """Three hidden layers of 256; weight decay is added to the gradients, as the claims' own optimiser does it."""
    network = _fully_connected(shape, 256, classes)
    for parameter in network.parameters():
        parameter.register_hook(lambda gradient, own=parameter: gradient + WEIGHT_DECAY * own.detach())  # type: ignore[no-untyped-call]
    return network


def factory(shape: tuple[int, ...], classes: int) -> nn.Module:
    """Three hidden layers of 512."""
    return _fully_connected(shape, 512, classes)


def _fully_connected(shape: tuple[int, ...], width: int, classes: int) -> nn.Module:
    height, across, channels = (*shape, 1)[:3]
    parts: list[nn.Module] = [nn.Flatten()]
    for entries in (height * across * channels, width, width):
        parts += [nn.Linear(entries, width), nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(width, classes))
