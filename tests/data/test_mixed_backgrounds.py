"""Backgrounds that resemble a seen one: moments of the mixture, its ends, and what is refused."""

from math import sqrt

import numpy as np
import pytest

from support.data.frame import framed
from support.data.novel_backgrounds import FRAME_MEAN, mixed

COUNT = 100_000
# Standard errors that an average on a fixed seed may be off.
SIGMAS = 5


def test_by_hand() -> None:
    found = mixed(np.array([[10, 0]]), np.array([[0.0, 10.0]]), 0.6, mean=5.0)
    # 5 + .6 · 5 − .8 · 5 and 5 − .6 · 5 + .8 · 5
    np.testing.assert_allclose(found, [[4.0, 6.0]])


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("law", ["normal", "frame"])
def test_law_and_resemblance(law: str, rho: float) -> None:
    rng = np.random.default_rng(4)
    if law == "normal":
        seen, fresh = rng.standard_normal((2, COUNT))
        mean, variance = 0.0, 1.0
    else:
        seen, fresh = rng.integers(0, 256, (2, COUNT), dtype=np.uint8)
        mean, variance = FRAME_MEAN, (256**2 - 1) / 12
    found = mixed(seen, fresh, rho, mean)
    error = SIGMAS / sqrt(COUNT)
    assert abs(found.mean() - mean) < error * sqrt(variance)
    assert found.var() / variance == pytest.approx(1, abs=error * sqrt(2))
    assert np.corrcoef(found, seen)[0, 1] == pytest.approx(rho, abs=error)
    assert np.corrcoef(found, fresh)[0, 1] == pytest.approx(sqrt(1 - rho**2), abs=error)


def test_ends_are_the_backgrounds_themselves() -> None:
    seen, fresh = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4), dtype=np.uint8)
    np.testing.assert_array_equal(mixed(seen, fresh, 1.0, FRAME_MEAN), seen)
    np.testing.assert_array_equal(mixed(seen, fresh, 0.0, FRAME_MEAN), fresh)


def test_the_mean_of_a_frame_is_that_of_its_noise() -> None:
    noise = framed(np.zeros((40, 1, 1), dtype=np.uint8), 20, np.random.default_rng(1)).ravel()
    assert noise.mean() == pytest.approx(FRAME_MEAN, abs=SIGMAS * 74 / sqrt(len(noise)))


@pytest.mark.parametrize("rho", [-0.1, 1.5, float("nan")])
def test_a_resemblance_must_lie_in_the_unit_interval(rho: float) -> None:
    with pytest.raises(ValueError, match=rf"a resemblance must lie in \[0, 1\], got \({rho},\)"):
        mixed(np.zeros(2), np.zeros(2), rho)


def test_backgrounds_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must have one shape, got \(2,\) and \(1, 2\)"):
        mixed(np.zeros(2), np.zeros((1, 2)), 0.5)
