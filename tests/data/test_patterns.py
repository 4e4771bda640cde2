"""Patterns pixel by pixel, and norms by hand."""

import numpy as np
import pytest

from support.data.patterns import empirical_norm, overlay, pattern


@pytest.mark.parametrize(("name", "side"), [("S1", 1), ("S2", 3), ("S3", 5)])
@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3)])
def test_small_patterns(name: str, side: int, shape: tuple[int, ...]) -> None:
    added = pattern(name, shape)
    assert added.shape == shape
    assert (added[:side, :side] == 1).all()
    assert added.sum() == side**2 * (shape[2] if len(shape) == 3 else 1)


def test_the_bar_has_66_pixels() -> None:
    added = pattern("Inv", (28, 28))
    rows, columns = np.nonzero(added)
    assert (len(rows), rows.min(), rows.max(), columns.min(), columns.max()) == (66, 3, 24, 13, 15)
    assert added.max() == 1


def test_random_patterns_share_their_noise() -> None:
    quarter, half, full = (pattern(name, (28, 28), seed=3) for name in ("R1", "R2", "R3"))
    np.testing.assert_array_equal(4 * quarter, full)
    np.testing.assert_array_equal(2 * half, full)
    assert 0 <= full.min() < 0.01
    assert 0.99 < full.max() < 1
    # First numbers of the Mersenne Twister seeded with 3, as NumPy has documented them since version 1.
    np.testing.assert_allclose(full[0, :3], [0.5507979, 0.70814782, 0.29090474], atol=1e-8)
    assert (pattern("R3", (28, 28), seed=4) != full).any()


def test_overlay_clips_and_leaves_its_input() -> None:
    images = np.array([[[0.0, 0.5], [0.9, 1.0]]])
    added = np.array([[0.25, 0.5], [0.5, 0.0]])
    np.testing.assert_array_equal(overlay(images, added), [[[0.25, 1.0], [1.0, 1.0]]])
    np.testing.assert_array_equal(images, [[[0.0, 0.5], [0.9, 1.0]]])


def test_norm_is_the_mean_over_images_of_what_changed() -> None:
    images = np.array([[[0.0, 0.0]], [[1.0, 0.4]]])
    added = np.array([[0.6, 0.8]])
    # The first image changes by (0.6, 0.8), the second by (0, 0.6).
    assert empirical_norm(images, overlay(images, added)) == pytest.approx((1.0 + 0.6) / 2)


@pytest.mark.parametrize(("name", "least"), [("S2", 3), ("S3", 5), ("Inv", 28)])
def test_images_into_which_a_pattern_does_not_fit_are_refused(name: str, least: int) -> None:
    with pytest.raises(ValueError, match=f"pattern {name} needs images of at least {least}x{least} pixels"):
        pattern(name, (least - 1, 28))
    assert pattern(name, (least, 28)).any()


def test_noise_fits_into_any_image() -> None:
    assert pattern("R3", (2, 3, 3)).shape == (2, 3, 3)


def test_unknown_pattern() -> None:
    with pytest.raises(ValueError, match="unknown pattern 'S4': S1, S2, S3, R1, R2, R3, Inv"):
        pattern("S4", (28, 28))


@pytest.mark.parametrize(
    ("images", "message"),
    [(np.full((2, 28, 28), 2.0), "pixels must lie in"), (np.zeros((2, 32, 32)), "does not fit images of shape")],
)
def test_overlay_refuses(images: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        overlay(images, pattern("S1", (28, 28)))
