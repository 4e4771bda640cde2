"""What is read from rows of attacks on membership, by rows made by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from support.analysis.membership import LikelihoodRatioAttack, OutputAttack, over_n
from support.evidence.rows import NotMeasuredError, Rows
from support.experiments.membership import LIKELIHOOD_COLUMNS, OUTPUT_COLUMNS

NONE = float("nan")
SIZES, NETWORKS = (3, 10), 4
COLUMNS = (*OUTPUT_COLUMNS, *LIKELIHOOD_COLUMNS)


def attacked(trials: int, diverged: tuple[tuple[int, int, int], ...] = ()) -> Rows:
    """Rows in which every number says where it stands: trial 2, n = 3, network 1, column 4 is 2.3104.

    Parameters
    ----------
    diverged : trial, n and network of the rows of which nothing was measured.
    """
    columns: dict[str, list[float]] = {}
    for trial in range(trials):
        for n in SIZES:
            for network in reversed(range(NETWORKS)):  # in no particular order
                lost = (trial, n, network) in diverged
                row: dict[str, float] = {"trial": trial, "n": n, "network": network, "failed": lost}
                for place, name in enumerate(COLUMNS):
                    row[name] = NONE if lost else trial + n / 10 + network / 100 + place / 10_000
                for name, value in row.items():
                    columns.setdefault(name, []).append(value)
    return Rows("attacks", {name: np.array(values, dtype=float) for name, values in columns.items()}, (), trials)


# The column that is read, by its place.
OUTPUTS: dict[str, tuple[Callable[[OutputAttack], Any], int]] = {
    "accuracy": (lambda attack: attack.accuracy(3), 0),
    "released accuracy": (lambda attack: attack.released_accuracy(3), 1),
    "patterned members": (lambda attack: attack.accusation_rate("patterned members", 3), 2),
    "left out": (lambda attack: attack.accusation_rate("left out", 3), 3),
    "patterned non-members": (lambda attack: attack.accusation_rate("patterned non-members", 3), 4),
    "halves": (lambda attack: attack.difference_of_halves(3), 5),
    "clean members": (lambda attack: attack.accusation_rate("clean members", 3), 6),
    "clean non-members": (lambda attack: attack.accusation_rate("clean non-members", 3), 7),
}
LIKELIHOODS: dict[str, tuple[Callable[[LikelihoodRatioAttack], Any], int]] = {
    "patterned": (lambda attack: attack.area_under_curve("patterned", 3), 8),
    "same network": (lambda attack: attack.area_under_curve("patterned, same network", 3), 9),
    "clean": (lambda attack: attack.area_under_curve("clean", 3), 10),
    "clean, target": (lambda attack: attack.area_under_curve("clean, target", 3), 11),
    "all clean": (lambda attack: attack.area_under_curve("all clean", 3), 12),
    "nothing": (lambda attack: attack.area_under_curve("nothing", 3), 13),
    "rate, patterned": (lambda attack: attack.true_positive_rate("patterned", 3), 14),
    "rate, clean": (lambda attack: attack.true_positive_rate("clean", 3), 15),
}


def test_columns_stand_where_the_tables_above_say() -> None:
    assert COLUMNS[2:5] == ("attack_spurious", "attack_left_out", "attack_candidates")
    assert COLUMNS[8:14] == ("auc_spurious", "auc_same", "auc_clean", "auc_clean_target", "auc_all", "auc_none")


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_papers_attack_is_a_mean_over_targets(name: str) -> None:
    read, place = OUTPUTS[name]
    expected = [0.315 + place / 10_000, 1.315 + place / 10_000]
    assert read(OutputAttack(attacked(2))) == pytest.approx(expected, abs=1e-12)


def test_accuracies_are_means_of_the_rates_at_which_an_attack_is_right() -> None:
    rows = attacked(2)
    for name, value in (("spurious", 0.75), ("left_out", 0.25), ("clean", 0.625), ("clean_others", 0.5)):
        rows.columns[f"attack_{name}"][:] = value
    attack = OutputAttack(rows)
    assert attack.spurious_accuracy(3).tolist() == [0.75] * 2
    assert attack.clean_accuracy(3).tolist() == [0.5625] * 2


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_likelihood_ratio_attack_is_a_mean_over_targets(name: str) -> None:
    read, place = LIKELIHOODS[name]
    expected = [0.315 + place / 10_000, 1.315 + place / 10_000]
    assert read(LikelihoodRatioAttack(attacked(2))) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("attack", [OutputAttack, LikelihoodRatioAttack])
def test_a_trial_in_which_one_network_diverged_is_left_out_at_every_n(attack: type[OutputAttack]) -> None:
    found = attack(attacked(3, diverged=((1, 10, 3),)))
    assert (found.diverged, found.trials) == (1, 3)
    with pytest.raises(ValueError, match="every trial of attacks is failed"):
        attack(attacked(1, diverged=((0, 3, 0),)))


def test_numbers_of_a_trial_that_is_left_out_are_in_no_mean() -> None:
    rows = attacked(3, diverged=((1, 10, 3),))
    assert OutputAttack(rows).accuracy(3) == pytest.approx([0.315, 2.315], abs=1e-12)
    assert LikelihoodRatioAttack(rows).area_under_curve("clean", 3) == pytest.approx([0.316, 2.316], abs=1e-12)


def test_what_is_measured_at_each_n_stands_side_by_side() -> None:
    attack = OutputAttack(attacked(2))
    expected = np.array([[1.015, 0.315], [2.015, 1.315]])
    assert over_n(attack.accuracy, (10, 3)) == pytest.approx(expected, abs=1e-12)


def test_what_is_not_there_or_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no row of attacks has \{'n': 5\}"):
        LikelihoodRatioAttack(attacked(2)).area_under_curve("clean", 5)
    rows = attacked(1)
    rows.columns["auc_clean"][5] = NONE
    with pytest.raises(NotMeasuredError, match="auc_clean was not measured"):
        LikelihoodRatioAttack(rows).area_under_curve("clean", 10)
