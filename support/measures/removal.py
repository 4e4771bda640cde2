"""Images with a share of their non-zero pixels set to zero (paper B, Appendix B.4.2, Figure 10)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def without_pixels(
    images: NDArray[np.float32], shares: tuple[float, ...], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Each image with an exact share of its non-zero pixels set to zero, at random; removals are nested in the share.

    A pixel of a colour image counts as non-zero where any channel is, and loses all channels. (The released code draws
    each channel on its own, which removes 1 − (1 − p)³ of coloured pixels where p was meant.)

    Parameters
    ----------
    images : (n, h, w) or (n, h, w, c).
    shares : S values in [0, 1].
    generator : of the order in which an image's pixels go.

    Returns
    -------
    (S, *images.shape).

    Raises
    ------
    ValueError : a share outside [0, 1], or images of another number of dimensions.
    """
    if images.ndim not in (3, 4):
        raise ValueError(f"images must be (n, h, w) or (n, h, w, c), got shape {images.shape}")
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"shares must lie in [0, 1], got {shares}")
    present = (images != 0).reshape(*images.shape[:3], -1).any(axis=3).reshape(len(images), -1)
    # Non-zero pixels come first in the ranking, in random order.
    rank = np.argsort(np.argsort(np.where(present, generator.random(present.shape), 2.0), axis=1), axis=1)
    removed = np.rint(np.asarray(shares)[:, None] * present.sum(axis=1))
    kept = (rank >= removed[:, :, None]).reshape(len(shares), *images.shape[:3])
    return np.asarray(images * (kept[..., None] if images.ndim == 4 else kept), dtype=images.dtype)
