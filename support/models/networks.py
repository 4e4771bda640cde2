"""The papers' networks as plain torch modules: from images to logits.

All take (b, c, h, w) float32 and return (b, classes). Paper B's (Table 2) take pixels in [0, 1], and colour images are
normalised inside the network, as the published code does before it, so that patterns and noise are added to pixels in
[0, 1]. Paper A's (Figures 4 and 5) take pixels as they come.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from support.models.architectures import ARCHITECTURES, IMAGENET_RESNETS, MLPS, PAPER_A, RESNETS, SMALL_CNN
from support.models.imagenet_resnets import resnet

__all__ = ["ARCHITECTURES", "MLPS", "Normalization", "build"]

# Of CIFAR-10's training images, red, green, blue.
MEANS = (0.4914, 0.4822, 0.4465)
DEVIATIONS = (0.2023, 0.1994, 0.2010)

# The smallest side of an image of which a pixel is left after all convolutions and pooling.
SMALLEST = {"CNN": 16, "VGG16": 32, SMALL_CNN: 4}
# Channels of the two convolutions of paper A's network, and the width of its hidden layer.
SMALL_CHANNELS, SMALL_HIDDEN = (16, 32), 256


def build(name: str, shape: tuple[int, ...], classes: int) -> nn.Module:
    """One of the papers' networks with new weights, from torch's global generator.

    Parameters
    ----------
    name : one of `ARCHITECTURES`.
    shape : of an image: (h, w) or (h, w, 1) for grey, (h, w, 3) for colour.
    classes : outputs, at least 2.

    Raises
    ------
    ValueError : an unknown name, another shape, an image too small for the network, or fewer classes.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown network {name!r}: {', '.join(ARCHITECTURES)}")
    if len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,)) or min(shape) < 1:
        raise ValueError(f"shape must be (h, w) for grey or (h, w, 3) for colour, got {shape}")
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes}")
    height, width, channels = (*shape, 1)[:3]
    if min(height, width) < SMALLEST.get(name, 1):
        raise ValueError(f"{name} needs images of at least {SMALLEST[name]}x{SMALLEST[name]}, got {height}x{width}")
    parts: list[nn.Module] = [Normalization()] if channels == 3 and name not in PAPER_A else []
    if name in IMAGENET_RESNETS:
        parts += resnet(name, channels, classes)
    elif name == SMALL_CNN:
        parts += _small_cnn(channels, height, width, classes)
    elif name in MLPS:
        parts += _mlp((channels * height * width, *MLPS[name], classes))
    elif name in RESNETS:
        parts += _resnet(RESNETS[name], channels, classes)
    elif name == "CNN":
        parts += _cnn(channels, height, width, classes)
    else:
        parts += _vgg16(channels, classes)
    return nn.Sequential(*parts)


class Normalization(nn.Module):
    """(x - mean) / standard deviation in each colour, with CIFAR-10's, which are buffers and not trained."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEANS)[:, None, None])
        self.register_buffer("deviation", torch.tensor(DEVIATIONS)[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """The same shape, (b, 3, h, w)."""
        return (images - self.mean) / self.deviation


def _mlp(widths: tuple[int, ...]) -> list[nn.Module]:
    parts: list[nn.Module] = [nn.Flatten()]
    for fan_in, fan_out in pairwise(widths):
        parts += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return parts[:-1]


def _small_cnn(channels: int, height: int, width: int, classes: int) -> list[nn.Module]:
    """A convolution and a maximum pool, twice, and two linear layers (paper A); images keep their size until a pool."""
    parts: list[nn.Module] = []
    for before, after in pairwise((channels, *SMALL_CHANNELS)):
        parts += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        height, width = height // 2, width // 2
    return parts + _mlp((SMALL_CHANNELS[-1] * height * width, SMALL_HIDDEN, classes))


def _cnn(channels: int, height: int, width: int, classes: int) -> list[nn.Module]:
    """Two convolutions without padding and a maximum pool, twice, and three linear layers."""
    parts: list[nn.Module] = []
    for before, after in ((channels, 32), (32, 64)):
        parts += [nn.Conv2d(before, after, 3), nn.ReLU(), nn.Conv2d(after, after, 3), nn.ReLU(), nn.MaxPool2d(2)]
        height, width = (height - 4) // 2, (width - 4) // 2
    return parts + _mlp((64 * height * width, 200, 200, classes))


class _Block(nn.Module):
    """Two convolutions beside a shortcut without parameters: pixels left out, channels padded (option A)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.stride, self.added = after // before, after - before
        self.convolution1 = nn.Conv2d(before, after, 3, self.stride, padding=1, bias=False)
        self.normalization1 = nn.BatchNorm2d(after)
        self.convolution2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.normalization2 = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.normalization1(self.convolution1(x)).relu_()
        shortcut = x
        if self.added:
            shortcut = pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.added // 2, self.added // 2))
        outer: Tensor = self.normalization2(self.convolution2(inner)) + shortcut
        return outer.relu_()


def _resnet(depth: int, channels: int, classes: int) -> list[nn.Module]:
    """The residual network for CIFAR-10 of He et al. (2016), Section 4.2, with their initial weights."""
    first = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
    parts: list[nn.Module] = [first, nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    for before, after in ((16, 16), (16, 32), (32, 64)):
        blocks = (depth - 2) // 6
        parts += [_Block(before if block == 0 else after, after) for block in range(blocks)]
    parts += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes)]
    for module in nn.Sequential(*parts).modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
    return parts


def _vgg16(channels: int, classes: int) -> list[nn.Module]:
    """Configuration D of Simonyan & Zisserman (2015), with torchvision's pooling, dropout and initial weights."""
    parts: list[nn.Module] = []
    for before, after, count in ((channels, 64, 2), (64, 128, 2), (128, 256, 3), (256, 512, 3), (512, 512, 3)):
        for position in range(count):
            parts += [nn.Conv2d(after if position else before, after, 3, padding=1), nn.ReLU(inplace=True)]
        parts.append(nn.MaxPool2d(2))
    parts += [nn.AdaptiveAvgPool2d(7), nn.Flatten()]
    for fan_in, fan_out in ((512 * 49, 4096), (4096, 4096)):
        parts += [nn.Linear(fan_in, fan_out), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    parts.append(nn.Linear(4096, classes))
    for module in parts:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(_bias(module))
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01)
            nn.init.zeros_(_bias(module))
    return parts


def _bias(layer: nn.Conv2d | nn.Linear) -> Tensor:
    if layer.bias is None:
        raise TypeError(f"{layer} has no bias")
    return layer.bias
