"""How many parameters the residual networks of He et al. (2016) have, counted from their description.

Basic blocks only: two 3x3 convolutions without bias, each with a batch normalization.
"""

from __future__ import annotations

from collections.abc import Sequence

# Stages of the networks for ImageNet: a 7x7 stem, and where the width changes a 1x1 convolution on the shortcut.
IMAGENET_WIDTHS = (64, 128, 256, 512)
RESNET_34 = (3, 4, 6, 3)
# A depth of the networks for CIFAR-10 is 6 n + 2: two convolutions in n blocks of three stages, stem and output.
BLOCK_LAYERS, OTHER_LAYERS = 6, 2


def imagenet_count(blocks: Sequence[int], classes: int, channels: int = 3) -> int:
    """Parameters of a network for ImageNet with so many basic blocks a stage.

    Raises
    ------
    ValueError : not one number of blocks for each of the four stages.
    """
    if len(blocks) != len(IMAGENET_WIDTHS):
        raise ValueError(f"blocks must have {len(IMAGENET_WIDTHS)} numbers, got {tuple(blocks)}")
    total, before = _normalized(channels, IMAGENET_WIDTHS[0], 7), IMAGENET_WIDTHS[0]
    for width, count in zip(IMAGENET_WIDTHS, blocks, strict=True):
        for _ in range(count):
            total += _normalized(before, width, 3) + _normalized(width, width, 3)
            total += _normalized(before, width, 1) if before != width else 0
            before = width
    return total + (before + 1) * classes


def _normalized(inputs: int, outputs: int, kernel: int) -> int:
    """Of a convolution and the normalization that follows it."""
    return inputs * outputs * kernel**2 + 2 * outputs


def is_cifar_depth(depth: int) -> bool:
    """Whether the networks for CIFAR-10 come in this depth."""
    return depth > OTHER_LAYERS and (depth - OTHER_LAYERS) % BLOCK_LAYERS == 0
