"""Paper B's spurious patterns, and how they are put on images.

S1, S2, S3: a block of 1, 3 or 5 pixels square at the top left, all channels. Inv: a bar three pixels wide where a one
is written. R1, R2, R3: one fixed image of uniform noise from 0 to 1/4, 1/2 or 1. Images have pixels in [0, 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = {"S1": 1, "S2": 3, "S3": 5}
RANDOM = {"R1": 0.25, "R2": 0.5, "R3": 1.0}
PATTERNS = (*SMALL, *RANDOM, "Inv")
# Rows and columns of Inv in a 28x28 image.
_INV = (slice(3, 25), slice(13, 16))


def pattern(name: str, shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float64]:
    """The pattern that is added to an image.

    Parameters
    ----------
    name : one of PATTERNS.
    shape : of an image, (h, w) or (h, w, c), into which the pattern's block or bar fits; noise fits into any.
    seed : of the noise of R1 to R3, which share it; the generator is that of the released code, so that the paper's
        own patterns come out. The others do not depend on it.

    Raises
    ------
    ValueError : an unknown name, or an image too small.
    """
    if name not in PATTERNS:
        raise ValueError(f"unknown pattern {name!r}: {', '.join(PATTERNS)}")
    least = 28 if name == "Inv" else SMALL.get(name, 1)
    if len(shape) not in (2, 3) or min(shape[:2]) < least:
        raise ValueError(f"pattern {name} needs images of at least {least}x{least} pixels, got shape {shape}")
    if name in RANDOM:
        noise: NDArray[np.float64] = np.random.RandomState(seed).rand(*shape)
        return RANDOM[name] * noise
    added = np.zeros(shape)
    added[_INV if name == "Inv" else (slice(SMALL[name]), slice(SMALL[name]))] = 1.0
    return added


def overlay(images: NDArray[Any], added: NDArray[np.float64]) -> NDArray[np.float64]:
    """clip(x + pattern, 0, 1) for images (n, *shape) with pixels in [0, 1] and a pattern of that shape (Section 3.1).

    Raises
    ------
    ValueError : shapes that do not fit, or pixels outside [0, 1].
    """
    if images.shape[1:] != added.shape:
        raise ValueError(f"a pattern of shape {added.shape} does not fit images of shape {images.shape[1:]}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"pixels must lie in [0, 1], got {images.min():g} to {images.max():g}")
    return np.clip(images + added, 0.0, 1.0)


def empirical_norm(images: NDArray[Any], patterned: NDArray[np.float64]) -> float:
    """Mean over images of the ℓ₂ norm of what the overlay changed (Appendix B.4.1)."""
    change = (patterned - images).reshape(len(images), -1)
    return float(np.sqrt(np.einsum("ij,ij->i", change, change)).mean())
