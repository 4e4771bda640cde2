"""The IDX format of MNIST and Fashion-MNIST, for unsigned bytes.

Two zero bytes, a type code (8 for unsigned bytes), the number of dimensions, each dimension as a big-endian
32-bit integer, then the values in row-major order.
"""

import math

import numpy as np
from numpy.typing import NDArray

from support.data.images import Content, Images, Split

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

_UNSIGNED_BYTE = 8


def images(split: Split, content: Content) -> Images:
    """Return a split, whose pixels and labels are two of FILES; raises ValueError where they do not fit."""
    prefix = {"train": "train", "test": "t10k"}[split]
    pixels = parse(content(f"{prefix}-images-idx3-ubyte"), dimensions=3)
    labels = parse(content(f"{prefix}-labels-idx1-ubyte"), dimensions=1)
    if len(pixels) != len(labels):
        raise ValueError(f"there must be one label for each image, got {len(labels)} for {len(pixels)}")
    return Images(pixels, labels.astype(np.int64))


def parse(content: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Return the array in an IDX file of unsigned bytes with this many dimensions.

    Raises ValueError, with the value found and the one expected, when the header or the length is wrong.
    """
    expected = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if content[:4] != expected:
        raise ValueError(
            f"an IDX file of {dimensions}-dimensional unsigned bytes starts with {expected.hex()}, "
            f"got {content[:4].hex() or 'an empty file'}"
        )
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise ValueError(f"an IDX header with {dimensions} dimensions has {header} bytes, got {len(content)}")
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, header, 4))
    if len(content) != header + math.prod(shape):
        raise ValueError(f"an IDX file of shape {shape} has {header + math.prod(shape)} bytes, got {len(content)}")
    # A copy, because an array on top of bytes is read-only and torch warns about those.
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape).copy()
