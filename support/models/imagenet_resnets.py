"""ResNet-18 and ResNet-50 as torchvision has them, with the stem for ImageNet (paper A, Figure 5).

He et al. (2016), Table 1, with the stride of a bottleneck in its 3x3 convolution (ResNet v1.5). Written out, since
torchvision does not import beside every build of PyTorch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from support.models.architectures import IMAGENET_RESNETS

# Channels inside the blocks of the four stages, and what a bottleneck widens them by at its end.
WIDTHS = (64, 128, 256, 512)
EXPANSION = 4


class _Block(nn.Module):
    """Convolutions with batch normalization beside a shortcut; a projection where the shape changes (option B).

    Parameters
    ----------
    before, width, after : channels that come in, inside, and go out.
    bottleneck : 1x1, 3x3, 1x1 in place of 3x3, 3x3.
    """

    def __init__(self, before: int, width: int, after: int, stride: int, *, bottleneck: bool) -> None:
        super().__init__()
        layers = (
            [(before, width, 1, 1), (width, width, 3, stride), (width, after, 1, 1)]
            if bottleneck
            else [(before, width, 3, stride), (width, after, 3, 1)]
        )
        parts: list[nn.Module] = []
        for fan_in, fan_out, kernel, step in layers:
            parts += [*_convolution(fan_in, fan_out, kernel, step), nn.ReLU()]
        self.inner = nn.Sequential(*parts[:-1])
        self.shortcut = (
            nn.Sequential(*_convolution(before, after, 1, stride)) if stride > 1 or before != after else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(b, after, h / stride, w / stride)."""
        return torch.relu(self.inner(x) + self.shortcut(x))


def resnet(name: str, channels: int, classes: int) -> list[nn.Module]:
    """Modules, one after another, from images (b, channels, h, w) to logits (b, classes).

    Raises
    ------
    KeyError : another name than those of `IMAGENET_RESNETS`.
    """
    counts, bottleneck = IMAGENET_RESNETS[name]
    parts = [*_convolution(channels, WIDTHS[0], 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    before = WIDTHS[0]
    for stage, (count, width) in enumerate(zip(counts, WIDTHS, strict=True)):
        after = width * EXPANSION if bottleneck else width
        for block in range(count):
            stride = 2 if stage and not block else 1
            parts.append(_Block(before, width, after, stride, bottleneck=bottleneck))
            before = after
    parts += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes)]
    for module in nn.Sequential(*parts).modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return parts


def _convolution(before: int, after: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(after),
    ]
