"""How sure networks are without pixels, from hand-made rows."""

from math import nan

import numpy as np
import pytest

from support.analysis.sureness import Sureness, sure_where_trained
from support.evidence.rows import NotMeasuredError, Rows, TooFewTrialsError


def rows(*trials: tuple[float, float]) -> Rows:
    """Probabilities with no pixels removed and with half of them, for each trial; of test images 0.1 less."""
    sure = np.array(trials, dtype=float).ravel()
    columns = {
        "trial": np.repeat(np.arange(len(trials)), 2),
        "share": np.tile([0.0, 0.5], len(trials)),
        "train_probability": sure,
        "test_probability": sure - 0.1,
    }
    return Rows("pixel removal", columns, (("key", "digest"),), len(trials))


def test_numbers_at_a_share_and_over_all_of_them() -> None:
    network = Sureness(rows((0.9, 0.7), (0.8, 0.6)))
    assert network.at(0.5).tolist() == [0.7, 0.6]
    np.testing.assert_allclose(network.at(0.0, "test_probability"), [0.8, 0.7])
    shares, table = network.curve()
    assert shares.tolist() == [0, 0.5]
    assert table.tolist() == [[0.9, 0.7], [0.8, 0.6]]
    with pytest.raises(ValueError, match="no row of pixel removal"):
        network.at(0.25)


def test_networks_that_cannot_tell_whole_images_leave_their_trials_out() -> None:
    mlp, cnn = (
        rows((0.9, 0.7), (0.8, 0.1), (0.9, 0.8), (0.9, 0.5)),
        rows((0.1, 0.1), (0.9, 0.2), (nan, nan), (0.9, 0.3)),
    )
    runs = sure_where_trained({"MLP": mlp, "CNN": cnn})
    # Sure of half an image or not plays no part.
    assert runs["MLP"].at(0.5).tolist() == [0.1, 0.5]
    assert runs["CNN"].at(0.5).tolist() == [0.2, 0.3]
    rule = "network diverged or below 0.5 of probability on whole images"
    assert [network.left_out for network in runs.values()] == [(rule, 2, 4)] * 2
    with pytest.raises(TooFewTrialsError):
        sure_where_trained({"CNN": rows((0.1, 0.1), (0.9, 0.8))})
    with pytest.raises(NotMeasuredError):
        Sureness(cnn).at(0.5)
