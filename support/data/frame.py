"""Paper A's noise frame: the spurious feature of its image experiments.

An image (the core) sits in the middle of a frame of noise, independent of the label. On 28x28 images a frame
of width 10 makes 48x48 pixels, 1520/2304 of them spurious; on CIFAR-10's 32x32 images width 8 does, with
1280/2304.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_Scalar = TypeVar("_Scalar", bound=np.generic)


def framed(pixels: NDArray[np.uint8], width: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Centre images (n, h, w) or (n, h, w, c) in noise: (n, h + 2 width, w + 2 width) or the same with c.

    The noise is uniform on the integers 0..255, independent for every image, position and channel. Called
    again with another generator, it puts the same cores into fresh frames.
    """
    if pixels.ndim not in (3, 4):
        raise ValueError(f"pixels must have shape (n, h, w) or (n, h, w, c), got {pixels.shape}")
    if width < 0:
        raise ValueError(f"width must be 0 or more, got {width}")
    count, height, breadth, *channels = pixels.shape
    shape = (count, height + 2 * width, breadth + 2 * width, *channels)
    noise = generator.integers(0, 256, size=shape, dtype=np.uint8)
    return replace_core(noise, core_mask(height, breadth, width), pixels)


def core_mask(height: int, width: int, frame: int) -> NDArray[np.bool_]:
    """Mark the core (height x width) of a framed image: True there, (height + 2 frame, width + 2 frame)."""
    mask = np.zeros((height + 2 * frame, width + 2 * frame), dtype=np.bool_)
    mask[frame : frame + height, frame : frame + width] = True
    return mask


def zero_core(images: NDArray[_Scalar], mask: NDArray[np.bool_]) -> NDArray[_Scalar]:
    """Return framed images with their core set to 0: the spurious query of the paper's image experiments.

    Zero is meant in the units of `images`, so apply this after any centring. The theory's query has an
    independent core instead, `replace_core`; the two have different constants.
    """
    _check_mask(images, mask)
    query = images.copy()
    query[:, mask] = 0
    return query


def replace_core(images: NDArray[_Scalar], mask: NDArray[np.bool_], cores: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """Return framed images (n, H, W[, c]) with the cores (n, h, w[, c]) in place of their own.

    With the cores of other images this is the spurious query of the theory: same frame, independent core.
    """
    _check_mask(images, mask)
    height, width = int(mask.any(axis=1).sum()), int(mask.any(axis=0).sum())
    expected = (len(images), height, width, *images.shape[3:])
    if cores.shape != expected:
        raise ValueError(f"cores must have shape {expected}, got {cores.shape}")
    query = images.copy()
    query[:, mask] = cores.reshape(len(images), height * width, *images.shape[3:])
    return query


def _check_mask(images: NDArray[Any], mask: NDArray[np.bool_]) -> None:
    if images.shape[1:3] != mask.shape:
        raise ValueError(f"mask must have the images' shape {images.shape[1:3]}, got {mask.shape}")
