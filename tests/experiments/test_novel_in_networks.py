"""Networks asked about backgrounds that resemble seen ones: at the ends nothing new, between them the right mixture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.data.gaussian import Gaussian
from support.experiments.experiment import Context
from support.experiments.network_alignments import GaussianAlignments
from support.experiments.network_arms import GaussianArm
from support.experiments.novel_in_networks import NovelInNetworks
from support.training.recipe import Recipe

D, N = 30, 16
CONTEXT = Context(seed=3)
ARM = GaussianArm(N)
RECIPE = Recipe(hidden=(24,), batch=1024, epochs=60, milestones=(), loss="squared")
ASKED = NovelInNetworks(RECIPE, (ARM,), 50, data=Gaussian(D), resemblances=(0.0, 0.6, 1.0))


def test_a_seen_background_is_the_spurious_query_itself() -> None:
    [rows] = ASKED.measure([ARM], 0, CONTEXT)
    [known] = GaussianAlignments(RECIPE, (ARM,), 50, data=Gaussian(D)).measure([ARM], 0, CONTEXT)
    assert rows["rho"] == [0.0, 0.6, 1.0]
    for column in ("covariance", "alignment_end", "training_covariance", "test_covariance", "loss"):
        np.testing.assert_allclose(float(rows[column][2] or 0), float(known[column][0] or 0), rtol=1e-5)


def test_between_the_ends_each_coordinate_correlates_with_the_seen_one_by_rho() -> None:
    wide = replace(ASKED, data=Gaussian(4000))
    samples = wide.samples(ARM, 0, CONTEXT)
    asked = wide.resembling(samples, ARM, 0.6, 0, CONTEXT).numpy()
    seen = samples.inputs[:, 2000:].numpy()
    assert (asked[:, :, :2000] == samples.queries[:, :, :2000].numpy()).all()
    correlation = np.corrcoef(asked[3, :, 2000:].ravel(), seen.ravel())[0, 1]
    np.testing.assert_allclose(correlation, 0.6, atol=0.02)
    np.testing.assert_allclose(asked[3, :, 2000:].std(), 1.0, atol=0.02)
    # Each core comes with a fresh background of its own.
    between = np.corrcoef(asked[0, :, 2000:].ravel(), asked[1, :, 2000:].ravel())[0, 1]
    np.testing.assert_allclose(between, 0.36, atol=0.02)


def test_a_network_that_diverged_is_not_measured() -> None:
    [rows] = replace(ASKED, learning_rate=1e30).measure([ARM], 0, CONTEXT)
    assert rows["covariance"] == [None, None, None]
    assert rows["rho"] == [0.0, 0.6, 1.0]


def test_resemblances_outside_the_unit_interval_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a resemblance must lie in \[0, 1\], got \(0\.5, 1\.5\)"):
        replace(ASKED, resemblances=(0.5, 1.5))
