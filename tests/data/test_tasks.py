"""The real datasets, against outside facts: class counts, first labels, published mean and deviation."""

import numpy as np
import pytest

from support.data.datasets import NotAvailable, Split, load, obtain, read_as
from support.data.frame import core_mask
from support.data.tasks import BINARY_TASKS, binary_images

# Half a unit of the last published digit.
ROUNDING = 5e-5


def skip_unless_obtained(name: str) -> None:
    try:
        obtain(read_as(name))
    except NotAvailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("name", "split", "negative", "positive"),
    [
        ("mnist", "train", 6_742, 6_265),
        ("mnist", "test", 1_135, 1_028),
        ("fashion-mnist", "train", 6_000, 6_000),
        ("fashion-mnist", "test", 1_000, 1_000),
        ("cifar-10", "train", 5_000, 5_000),
        ("cifar-10", "test", 1_000, 1_000),
    ],
)
def test_class_counts(name: str, split: Split, negative: int, positive: int) -> None:
    skip_unless_obtained(name)
    task = BINARY_TASKS[name]
    pixels, labels = binary_images(task, split)
    assert labels.dtype == np.float64
    assert len(pixels) == len(labels)
    assert ((labels == -1).sum(), (labels == 1).sum()) == (negative, positive)
    if split == "train":
        assert task.pool == negative + positive


@pytest.mark.parametrize("name", ["mnist", "cifar-10"])
def test_framed_tasks_have_the_paper_s_spurious_share(name: str) -> None:
    side, spurious = {"mnist": (28, 1520), "cifar-10": (32, 1280)}[name]
    mask = core_mask(side, side, BINARY_TASKS[name].frame)
    assert ((~mask).sum(), mask.size) == (spurious, 2304)


@pytest.mark.parametrize(
    ("name", "split", "first"),
    [
        ("mnist", "train", [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]),
        ("mnist", "test", [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]),
        ("fashion-mnist", "train", [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]),
        ("fashion-mnist", "test", [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]),
    ],
)
def test_first_labels(name: str, split: Split, first: list[int]) -> None:
    skip_unless_obtained(name)
    assert load(name, split).labels[: len(first)].tolist() == first


@pytest.mark.parametrize(("name", "mean", "deviation"), [("mnist", 0.1307, 0.3081), ("fashion-mnist", 0.2860, 0.3530)])
def test_pixels_have_the_published_mean_and_deviation(name: str, mean: float, deviation: float) -> None:
    skip_unless_obtained(name)
    counts = np.bincount(load(name, "train").pixels.ravel(), minlength=256)
    share, value = counts / counts.sum(), np.arange(256) / 255
    found = float(share @ value)
    assert found == pytest.approx(mean, abs=ROUNDING)
    assert np.sqrt(share @ (value - found) ** 2) == pytest.approx(deviation, abs=ROUNDING)


def test_one_and_seven_by_hand() -> None:
    skip_unless_obtained("mnist")
    images = load("mnist", "test")
    pixels, labels = binary_images(BINARY_TASKS["mnist"], "test")
    # The test labels start 7, 2, 1, 0, 4, 1, ...
    np.testing.assert_array_equal(pixels[:3], images.pixels[[0, 2, 5]])
    assert labels[:3].tolist() == [1.0, -1.0, -1.0]
