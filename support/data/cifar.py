"""The binary version of CIFAR-10, which needs no unpickling.

A file is a sequence of records, each one label byte (0 to 9) and 3,072 pixel bytes: the red, green and blue
planes of a 32x32 image, row by row (https://www.cs.toronto.edu/~kriz/cifar.html).
"""

import numpy as np
from numpy.typing import NDArray

from support.data.images import Content, Images, Split

TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILES = ("test_batch.bin",)

_SIDE = 32
_RECORD = 1 + 3 * _SIDE * _SIDE
_CLASSES = 10


def images(split: Split, content: Content) -> Images:
    """Return a split of the binary version, whose training images are in five files."""
    files = {"train": TRAIN_FILES, "test": TEST_FILES}[split]
    pixels, labels = zip(*(parse(content(file)) for file in files), strict=True)
    return Images(np.concatenate(pixels), np.concatenate(labels).astype(np.int64))


def parse(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a file's pixels (n, 32, 32, 3) and labels (n,).

    Raises ValueError when the length is no positive multiple of a record's 3,073 bytes or a label exceeds 9.
    """
    if not content or len(content) % _RECORD:
        raise ValueError(f"a CIFAR-10 file holds records of {_RECORD} bytes, got {len(content)} bytes")
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0].copy()
    if labels.max() >= _CLASSES:
        raise ValueError(f"CIFAR-10 labels lie in 0..{_CLASSES - 1}, got {labels.max()}")
    planes = records[:, 1:].reshape(-1, 3, _SIDE, _SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels


def record(pixels: NDArray[np.uint8], label: int) -> bytes:
    """Return the record of one image (32, 32, 3), as `parse` reads it."""
    return bytes([label]) + np.ascontiguousarray(pixels.transpose(2, 0, 1)).tobytes()
