"""What a dataset is once it has been read: the images and labels of a split."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Split = Literal["train", "test"]
# The content of one of a dataset's files, by its name.
Content = Callable[[str], bytes]


@dataclass(frozen=True)
class Images:
    """A split: pixels (n, 28, 28) in grey or (n, 32, 32, 3) in colour, 0 to 255, and labels (n,), 0 to 9."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
