import numpy as np
import pytest
from numpy.typing import NDArray

from support.data.frame import core_mask, framed, replace_core, zero_core

# Paper A: side of the image, width of the frame, side of the framed image, spurious pixels.
PAPER = [pytest.param(28, 10, 48, 1520, id="mnist"), pytest.param(32, 8, 48, 1280, id="cifar-10")]

# Standard errors that an estimate on a fixed seed may be off: 2 in 3 million for a correct generator.
SIGMAS = 5


def images(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, size=shape, dtype=np.uint8)


@pytest.mark.parametrize(("side", "width", "framed_side", "spurious"), PAPER)
def test_the_paper_s_sizes(side: int, width: int, framed_side: int, spurious: int) -> None:
    mask = core_mask(side, side, width)
    assert mask.shape == (framed_side, framed_side)
    assert mask.size == 2304
    assert (~mask).sum() == spurious
    assert framed(images(2, side, side), width, np.random.default_rng(1)).shape == (
        2,
        framed_side,
        framed_side,
    )


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_the_image_is_in_the_middle(channels: tuple[int, ...]) -> None:
    pixels = images(4, 5, 6, *channels)
    result = framed(pixels, 2, np.random.default_rng(1))
    assert result.shape == (4, 9, 10, *channels)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result[:, 2:7, 2:8], pixels)


def test_noise_is_uniform_on_all_bytes() -> None:
    result = framed(np.zeros((500, 28, 28), dtype=np.uint8), 10, np.random.default_rng(1))
    noise = result[:, ~core_mask(28, 28, 10)].ravel()
    counts = np.bincount(noise, minlength=256)
    # Pearson's statistic of 256 equally likely values has mean 255 and variance 2 * 255.
    statistic = ((counts - noise.size / 256) ** 2 / (noise.size / 256)).sum()
    assert abs(statistic - 255) < SIGMAS * np.sqrt(2 * 255)


def test_noise_is_independent_between_images_and_channels() -> None:
    result = framed(np.zeros((200, 8, 8, 3), dtype=np.uint8), 8, np.random.default_rng(1))
    noise = result[:, ~core_mask(8, 8, 8)].astype(np.float64)
    bound = SIGMAS / np.sqrt(noise[..., 0].size)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(noise[..., first].ravel(), noise[..., second].ravel())[0, 1]) < bound
    neighbours = np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]
    assert abs(neighbours) < bound


def test_the_generator_decides_the_frame() -> None:
    pixels = images(3, 28, 28)
    first, again, other = (framed(pixels, 10, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).all()


def test_width_zero_adds_nothing() -> None:
    pixels = images(3, 4, 4)
    np.testing.assert_array_equal(framed(pixels, 0, np.random.default_rng(1)), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_zero_core_keeps_the_frame(channels: tuple[int, ...], dtype: type[np.generic]) -> None:
    original = images(4, 9, 10, *channels).astype(dtype)
    before = original.copy()
    query = zero_core(original, core_mask(5, 6, 2))
    expected = before.copy()
    expected[:, 2:7, 2:8] = 0
    np.testing.assert_array_equal(query, expected)
    assert query.dtype == dtype
    np.testing.assert_array_equal(original, before)


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_replace_core_is_framing_other_images_with_the_same_noise(channels: tuple[int, ...]) -> None:
    pixels = images(6, 5, 6, *channels)
    own, other = pixels[:3], pixels[3:]
    query = replace_core(framed(own, 2, np.random.default_rng(1)), core_mask(5, 6, 2), other)
    np.testing.assert_array_equal(query, framed(other, 2, np.random.default_rng(1)))


def test_wrong_shapes_are_refused() -> None:
    mask = core_mask(5, 6, 2)
    with pytest.raises(ValueError, match=r"pixels must have shape \(n, h, w\)"):
        framed(images(28, 28), 10, np.random.default_rng(1))
    with pytest.raises(ValueError, match="width must be 0 or more, got -1"):
        framed(images(1, 28, 28), -1, np.random.default_rng(1))
    with pytest.raises(ValueError, match=r"mask must have the images' shape \(5, 6\), got \(9, 10\)"):
        zero_core(images(2, 5, 6), mask)
    with pytest.raises(ValueError, match=r"cores must have shape \(2, 5, 6\), got \(1, 5, 6\)"):
        replace_core(images(2, 9, 10), mask, images(1, 5, 6))
