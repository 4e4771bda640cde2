import numpy as np
import pytest

from support.data.idx import parse

# Two images of 2x3, written by hand from the format's description.
IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, *range(12)])
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 4, 7, 0, 9, 255])


def test_images_are_read_row_by_row() -> None:
    images = parse(IMAGES, dimensions=3)
    assert images.dtype == np.uint8
    assert images.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]


def test_labels_are_unsigned_bytes() -> None:
    assert parse(LABELS, dimensions=1).tolist() == [7, 0, 9, 255]


def test_the_array_can_be_written_to() -> None:
    assert parse(IMAGES, dimensions=3).flags.writeable


@pytest.mark.parametrize(
    ("content", "dimensions", "message"),
    [
        pytest.param(b"", 1, "starts with 00000801, got an empty file", id="empty"),
        pytest.param(LABELS, 3, "starts with 00000803, got 00000801", id="labels for images"),
        pytest.param(b"\x1f\x8b\x08\x00" + LABELS, 1, "got 1f8b0800", id="still gzipped"),
        pytest.param(bytes([0, 0, 13, 1, 0, 0, 0, 1]), 1, "got 00000d01", id="floats"),
        pytest.param(IMAGES[:10], 3, "3 dimensions has 16 bytes, got 10", id="header cut off"),
        pytest.param(IMAGES[:-1], 3, r"shape \(2, 2, 3\) has 28 bytes, got 27", id="one byte short"),
        pytest.param(LABELS + b"\0", 1, r"shape \(4,\) has 12 bytes, got 13", id="one byte over"),
    ],
)
def test_a_wrong_file_is_refused(content: bytes, dimensions: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(content, dimensions)
