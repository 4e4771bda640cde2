"""Makes the page's pictures of spurious features from test images: ``python -m support.page.specimen_images``.

They are made once and stand in the checkout, as a page is built without any dataset.
"""

from __future__ import annotations

import base64
import sys
import zlib
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from support.data.datasets import load
from support.data.frame import core_mask, framed, zero_core
from support.data.patterns import RANDOM, SMALL, overlay, pattern
from support.data.tasks import BINARY_TASKS
from support.page.specimens import FILE
from support.whole_files import write_whole

# The first test image of each: a seven, which is one of paper A's two digits, and a shirt.
IMAGES = {"digit": ("mnist", 7), "shirt": ("fashion-mnist", 6)}
_BITS = 4  # of a pixel: sixteen shades, in half the bytes
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def specimens() -> dict[str, dict[str, str]]:
    """The pictures in base 64, by image and pattern; those of the frame under ``frame``.

    Raises
    ------
    DatasetError : MNIST or Fashion-MNIST cannot be had.
    """
    drawn: dict[str, dict[str, str]] = {}
    for name, (dataset, label) in IMAGES.items():
        pixels = _first(dataset, label)
        drawn[name] = {"none": encoded(pixels)}
        for kind in (*SMALL, *RANDOM):
            drawn[name][kind] = encoded(overlay(pixels[None], pattern(kind, pixels.shape))[0])
    digit = (_first(*IMAGES["digit"]) * 255).astype(np.uint8)
    width = BINARY_TASKS["mnist"].frame
    sample = framed(digit[None], width, np.random.default_rng(0))
    height, breadth = digit.shape
    query = zero_core(sample, core_mask(height, breadth, width))
    drawn["frame"] = {"framed": encoded(sample[0] / 255), "query": encoded(query[0] / 255)}
    return drawn


def png(pixels: NDArray[np.float64]) -> bytes:
    """A grey image (h, w) with pixels in [0, 1] as PNG in sixteen shades."""
    height, width = pixels.shape
    shades = np.rint(pixels * (2**_BITS - 1)).astype(np.uint8)
    if width % 2:
        shades = np.pad(shades, ((0, 0), (0, 1)))
    rows = shades[:, ::2] << _BITS | shades[:, 1::2]
    raw = b"".join(b"\0" + row.tobytes() for row in rows)  # no filter: they would not help with noise
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([_BITS, 0, 0, 0, 0])
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")


def encoded(pixels: NDArray[np.float64]) -> str:
    """The same in base 64."""
    return base64.b64encode(png(pixels)).decode("ascii")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def _first(dataset: str, label: int) -> NDArray[np.float64]:
    """The first test image (28, 28) of a class, in [0, 1]."""
    images = load(dataset, "test")
    pixels: NDArray[np.float64] = images.pixels[images.labels == label][0] / 255
    return pixels


if __name__ == "__main__":
    path = Path(__file__).with_name(FILE)
    write_whole(msgspec.json.format(msgspec.json.encode(specimens()), indent=1) + b"\n", path)
    sys.stdout.write(f"{path}\n")
