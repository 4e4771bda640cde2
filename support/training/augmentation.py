"""Random crops and flips of a batch of images, as for CIFAR-10 in He et al. (2016), Section 4.2."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

PADDING = 4  # pixels on each side, black


def augmented(images: Tensor, draws: Tensor) -> Tensor:
    """Each image padded, cropped to its size and perhaps flipped left to right; the same shape, contiguous.

    Parameters
    ----------
    images : (b, h, w, c).
    draws : (b, 3) integers on the same device, as `support.training.draws.augmentation` gives them.
    """
    height, width = images.shape[1:3]
    padded = pad(images, (0, 0, PADDING, PADDING, PADDING, PADDING))
    down, right, flipped = draws[:, :, None].unbind(1)
    rows = down + torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device).expand(len(images), -1)
    columns = right + torch.where(flipped.bool(), columns.flip(1), columns)
    return padded[torch.arange(len(images), device=images.device)[:, None, None], rows[:, :, None], columns[:, None]]
