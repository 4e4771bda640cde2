"""The binary classification tasks that paper A's image experiments are run on."""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support.data.catalogue import DATASETS
from support.data.datasets import Split, load


@dataclass(frozen=True)
class BinaryTask:
    """Two classes of a dataset, told apart inside a noise frame.

    `negative` and `positive` are class indices (labels -1 and +1), `frame` is the frame's width in pixels,
    `pool` counts the training images of both classes, from which training samples are drawn, `shown_to` is the largest
    N of the published panels, and `pair` names the classes.
    """

    dataset: str
    negative: int
    positive: int
    frame: int
    pool: int
    shown_to: int
    pair: str

    @property
    def dimension(self) -> int:
        """Input dimension d: pixels of a framed image times its channels."""
        height, width, *channels = DATASETS[self.dataset].shape
        return (height + 2 * self.frame) * (width + 2 * self.frame) * math.prod(channels)


BINARY_TASKS = {
    task.dataset: task
    for task in (
        BinaryTask("mnist", negative=1, positive=7, frame=10, pool=13_007, shown_to=5000, pair="1 against 7"),
        BinaryTask(
            "fashion-mnist",
            negative=1,
            positive=7,
            frame=10,
            pool=12_000,
            shown_to=5000,
            pair="trouser against sneaker",
        ),
        BinaryTask("cifar-10", negative=3, positive=8, frame=8, pool=10_000, shown_to=1000, pair="cat against ship"),
    )
}
"""By dataset: MNIST's 1 and 7, Fashion-MNIST's trouser (1) and sneaker (7), CIFAR-10's cat (3) and ship (8).

The paper has no Fashion-MNIST task. Its classes were fixed before any result was seen, as the indices of the
MNIST task. The authors' code draws training samples from the first 10,000 (MNIST) or 2,000 (CIFAR-10) images
of the two classes only; here the pool is every training image of both.
"""


@lru_cache(maxsize=4)
def binary_images(
    task: BinaryTask, split: Split, directory: Path | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the task's images, unframed (n, h, w[, c]), and labels (n,) in {-1, +1}, in the dataset's order.

    Kept in memory for the next call, read-only: trials ask again and again for the same images.

    Raises `support.data.datasets.DatasetError` when the dataset cannot be had.
    """
    images = load(task.dataset, split, directory)
    chosen = (images.labels == task.negative) | (images.labels == task.positive)
    labels = np.where(images.labels[chosen] == task.positive, 1.0, -1.0)
    pixels = images.pixels[chosen]
    pixels.flags.writeable = labels.flags.writeable = False
    return pixels, labels


def frame_width(dataset: str) -> int:
    """The width in pixels of the frame around a dataset's images: of one that is no paper's, as CIFAR-10 has."""
    if dataset in BINARY_TASKS:
        return BINARY_TASKS[dataset].frame
    proportion = BINARY_TASKS["cifar-10"].frame / DATASETS["cifar-10"].shape[0]
    return max(1, round(proportion * min(DATASETS[dataset].shape[:2])))
