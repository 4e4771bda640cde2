"""What a trial of a user's feature map says, from two samples by hand."""

import numpy as np
import pytest

from support.experiments.user_features import FeatureTrial

# Features as in test_leave_one_out.py: θ* = (.5, −1.5, 0), without the first sample (−.5, −.5, 0).
TRIAL = FeatureTrial(
    features=np.array([[2.0, 0, 0], [1, 1, 0]]),
    queries=np.array([[4.0, 1, 1], [1, 3, 0]]),
    labels=np.array([1.0, -1]),
)


def test_deletion() -> None:
    found = TRIAL.deletion(1)
    assert found.gap < 1e-12
    # The query is answered .5 by all samples and −2.5 by those that stay.
    assert found.gap_without == pytest.approx(3)
    assert (found.accuracy_before, found.accuracy_after) == (1, 0)


@pytest.mark.parametrize("samples", [0, 2, -1])
def test_a_deletion_leaves_something(samples: int) -> None:
    with pytest.raises(ValueError, match=rf"samples must lie in 1..1, got {samples}"):
        TRIAL.deletion(samples)


def test_alignment_with_the_background_alone() -> None:
    # (1, −1, 0) is left of φ(z_0), which gives 3/2; (0, 1, 0) of φ(z_1), which gives 3.
    assert TRIAL.mean_alignment() == pytest.approx(2.25)


def test_power_and_problems() -> None:
    assert TRIAL.power == (4 + 2) / 2
    first, second = TRIAL.left_out(2)
    assert (first.sample, second.sample) == (0, 1)
    assert second.query.tolist() == [1, 3, 0]
    assert second.own.tolist() == [1, 1, 0]


def test_queries_keep_the_background_alone() -> None:
    trial = FeatureTrial.draw(lambda inputs: 2 * inputs, 5, 8, 0.25, seed=3, trial=1)
    assert trial.features.shape == trial.queries.shape == (5, 8)
    assert (trial.features[:, 6:] == trial.queries[:, 6:]).all()
    assert (trial.features[:, :6] != trial.queries[:, :6]).all()
    assert set(trial.labels.tolist()) <= {-1.0, 1.0}
