"""A small attention network: the rows of an image are its tokens.

pytest claims --model examples/attention.py:factory
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH, HEADS, BLOCKS = 64, 4, 2


def factory(shape: tuple[int, ...], classes: int) -> nn.Module:
    """A new network for images of a shape, (h, w) or (h, w, c): from (b, c, h, w) in [0, 1] to logits (b, classes)."""
    height, width, channels = (*shape, 1)[:3]
    return RowAttention(height, width * channels, classes)


class RowAttention(nn.Module):
    """Two blocks of attention between rows and of a hidden layer on each, then a linear layer on all rows."""

    def __init__(self, rows: int, pixels: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(pixels, WIDTH)
        self.position = nn.Parameter(torch.randn(rows, WIDTH) * 0.1)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Flatten(), nn.Linear(rows * WIDTH, classes))

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        rows = images.permute(0, 2, 3, 1).flatten(2)
        logits: Tensor = self.head(self.blocks(self.embedding(rows) + self.position))
        return logits


class Block(nn.Module):
    """Attention and a hidden layer, each added to what comes in."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention, self.before_hidden = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.hidden = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, rows: Tensor) -> Tensor:
        """The same shape, (b, rows, WIDTH)."""
        asked = self.before_attention(rows)
        rows = rows + self.attention(asked, asked, asked, need_weights=False)[0]
        result: Tensor = rows + self.hidden(self.before_hidden(rows))
        return result
