"""Vital signs of networks that are asked about backgrounds."""

import numpy as np

from support.analysis.background_signs import background_signs, least_fitted
from support.evidence.rows import Rows


def rows(loss: list[float], covariance: list[float], accuracy: float = 1.0) -> Rows:
    count = len(loss)
    columns = {
        "trial": np.arange(count),
        "loss": np.array(loss),
        "covariance": np.array(covariance),
        "train_accuracy": np.full(count, accuracy),
        "tests_in_training": np.zeros(count),
    }
    return Rows("networks", columns, (), count)


def unhealthy(of: Rows) -> list[str]:
    return [sign.name for sign in background_signs(of) if not sign.healthy]


def test_losses_of_exactly_zero_do_not_make_networks_the_same() -> None:
    assert unhealthy(rows([0.0, 0.0, 0.01], [0.5, 0.6, 0.5])) == []


def test_networks_that_agree_in_everything_are_the_same() -> None:
    assert unhealthy(rows([0.0, 0.0, 0.01], [0.5, 0.5, 0.5])) == ["networks that are the same as another"]


def test_a_training_sample_on_the_wrong_side_is_told() -> None:
    assert unhealthy(rows([0.1, 0.2], [0.5, 0.6], accuracy=0.95)) == ["training accuracy"]


def test_a_network_with_weight_decay_need_not_fit_and_is_checked_in_all_else() -> None:
    found = rows([0.1, 0.1], [0.5, 0.5], accuracy=0.95)
    signs = background_signs(found, fits=False)
    assert {sign.name: sign.healthy for sign in signs} == {
        "test samples among the training samples": True,
        "networks that are the same as another": False,
    }
    assert least_fitted(found) == 0.95
