"""Widths of the captions' and of the plotting library's bands, where they are known."""

import numpy as np
import pytest

from support.experiments.published_bands import caption_half_width, default_half_width, varying


def test_conditions_in_which_trials_agree_have_no_band() -> None:
    table = np.array([[1.0, 0.5, 0.2], [1.0, 0.7, 0.2 + 1e-12]])
    assert [column.tolist() for column in varying(table)] == [[0.5, 0.7]]


def test_default_band_of_two_trials() -> None:
    # A resample of two has the mean a, (a + b)/2 or b, with chances 1/4, 1/2, 1/4: the middle 95 % reach from a to b.
    # Half of that over |b − a|/√2 is 1/√2.
    assert default_half_width(np.array([0.3, 0.8]), np.random.default_rng(1)) == pytest.approx(0.5**0.5)


def test_default_band_narrows_like_the_standard_error() -> None:
    trials = np.random.default_rng(2).standard_normal(400)
    # 1.96 standard errors, within the noise of 1,000 resamples.
    assert default_half_width(trials, np.random.default_rng(3)) == pytest.approx(1.96 / 20, rel=0.1)


def test_the_band_of_the_captions_is_one_standard_deviation() -> None:
    assert caption_half_width(np.array([1.0, 2.0, 6.0])) == pytest.approx(1)


def test_trials_that_agree_are_refused() -> None:
    with pytest.raises(ValueError, match="a band over 3 trials that agree has no width"):
        default_half_width(np.ones(3), np.random.default_rng(1))
