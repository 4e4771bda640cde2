"""Fits of the linear model read from small tables, with numbers worked by hand."""

import numpy as np
import pytest

from support.analysis.linear_fits import Fits
from support.evidence.rows import NotMeasuredError, Rows

NONE = float("nan")
Columns = dict[str, list[float]]


def fits(**columns: list[float]) -> Fits:
    arrays = {name: np.array(values, dtype=float) for name, values in columns.items()}
    trials = len(np.unique(arrays["trial"]))
    return Fits(Rows("least squares", arrays, (("key", "digest"),), trials))


ONE: Columns = {"trial": [0, 1, 2], "gamma": [0.1] * 3, "n": [50] * 3, "clean_accuracy": [0.75, 0.5, 1.0]}
# Two trials by two γ, in no order.
GAMMAS: Columns = {
    "trial": [1, 0, 0, 1],
    "gamma": [0.3, 0.3, 0.0, 0.0],
    "n": [50] * 4,
    "spurious_accuracy": [4, 2, 1, 3],
}
# Of m = 4 fits: means 3 and 1, deviations 2 and 0 about n = 100; 5 and 1, 0 and 2 about n = 25.
SIZES: Columns = {
    "trial": [0, 0, 1, 1],
    "gamma": [0.1] * 4,
    "n": [25, 100, 25, 100],
    "prediction_difference": [5, 3, 1, 1],
    "prediction_difference_sd": [0, 2, 2, 0],
}


def test_one_number_a_trial() -> None:
    assert fits(**ONE).fitted("clean_accuracy").tolist() == [0.75, 0.5, 1.0]


def test_several_conditions_are_not_one_number_a_trial() -> None:
    with pytest.raises(ValueError, match="spurious_accuracy has 4 rows in 2 trials: name one γ and one n"):
        fits(**GAMMAS).fitted("spurious_accuracy")


def test_over_gamma() -> None:
    gamma, table = fits(**GAMMAS).over_gamma("spurious_accuracy")
    assert gamma.tolist() == [0.0, 0.3]
    assert table.tolist() == [[1, 2], [3, 4]]


def test_a_table_needs_every_trial_at_every_gamma() -> None:
    short = {name: values[:3] for name, values in GAMMAS.items()}
    with pytest.raises(ValueError, match="is not a table"):
        fits(**short).over_gamma("spurious_accuracy")


def test_error_about_a_value() -> None:
    # About 1 with 3/4 of the variances: √(16 + 0), √(4 + 3/4·4); √(0 + 3/4·4), √0.
    n, error = fits(**SIZES).error_about(1.0, 4)
    assert n.tolist() == [25, 100]
    np.testing.assert_allclose(error, [[4.0, np.sqrt(7)], [np.sqrt(3), 0.0]], rtol=1e-15)


def test_error_is_the_root_mean_square_over_the_fits() -> None:
    # Fits 1, 2 and 6 about 2: squares 1, 0 and 16 over 3. Their mean is 3, their variance (4 + 1 + 9)/2.
    one: Columns = {
        "trial": [0.0],
        "n": [10.0],
        "prediction_difference": [3.0],
        "prediction_difference_sd": [np.sqrt(7)],
    }
    _, error = fits(**one).error_about(2.0, 3)
    np.testing.assert_allclose(error, [[np.sqrt(17 / 3)]], rtol=1e-15)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="an error about a value needs at least 2 fits a row, got 1"):
        fits(**SIZES).error_about(1.0, 1)
    with pytest.raises(NotMeasuredError, match="prediction_difference_sd was not measured"):
        fits(**SIZES | {"prediction_difference_sd": [NONE] * 4}).error_about(1.0, 4)
    with pytest.raises(NotMeasuredError, match="clean_accuracy was not measured in 1 of 3"):
        fits(**ONE | {"clean_accuracy": [0.5, NONE, 1.0]}).fitted("clean_accuracy")
    with pytest.raises(KeyError, match="accuracy"):
        fits(**ONE).fitted("accuracy")
