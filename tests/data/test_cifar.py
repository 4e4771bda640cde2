import numpy as np
import pytest

from support.data.cifar import parse

RED, GREEN, BLUE = (bytes([value]) * 1024 for value in (10, 20, 30))


def test_planes_become_channels() -> None:
    pixels, labels = parse(b"\x03" + RED + GREEN + BLUE + b"\x08" + BLUE + RED + GREEN)
    assert pixels.shape == (2, 32, 32, 3)
    assert labels.tolist() == [3, 8]
    assert np.unique(pixels[0].reshape(-1, 3), axis=0).tolist() == [[10, 20, 30]]
    assert np.unique(pixels[1].reshape(-1, 3), axis=0).tolist() == [[30, 10, 20]]


def test_a_plane_is_read_row_by_row() -> None:
    red = bytes(1024 * [0])
    red = red[:34] + b"\xff" + red[35:]  # 34 = 1 * 32 + 2: second row, third column
    pixels, _ = parse(b"\x00" + red + GREEN + BLUE)
    assert np.argwhere(pixels[0, :, :, 0] == 255).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "got 0 bytes", id="empty"),
        pytest.param(bytes(3072), "records of 3073 bytes, got 3072 bytes", id="one byte short"),
        pytest.param(b"\x0a" + RED + GREEN + BLUE, r"0\.\.9, got 10", id="label 10"),
    ],
)
def test_a_wrong_file_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(content)
