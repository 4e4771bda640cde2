"""What is read from rows of attacks on membership, by rows made by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from support.evidence.rows import NotMeasuredError, Rows
from support.experiments.membership import LIKELIHOOD_COLUMNS, OUTPUT_COLUMNS
from support.experiments.membership_reading import LikelihoodRatioAttack, OutputAttack, over_n

NONE = float("nan")
SIZES, NETWORKS, ATTACKED = (3, 10), 4, 2


def attacked(trials: int, diverged: tuple[tuple[int, int, int], ...] = (), networks: int = ATTACKED) -> Rows:
    """Rows in which every number says where it stands: trial 2, n = 3, network 1, column 4 is 2.314.

    Parameters
    ----------
    diverged : trial, n and network of the rows of which nothing was measured.
    networks : how many of each n were attacked by the paper's attack.
    """
    columns: dict[str, list[float]] = {}
    for trial in range(trials):
        for n in SIZES:
            for network in reversed(range(NETWORKS)):  # in no particular order
                lost = (trial, n, network) in diverged
                row: dict[str, float] = {"trial": trial, "n": n, "network": network, "failed": lost}
                row["attacked"] = network < networks and not lost
                for place, name in enumerate((*OUTPUT_COLUMNS, *LIKELIHOOD_COLUMNS)):
                    measured = not lost and (row["attacked"] or name in LIKELIHOOD_COLUMNS)
                    row[name] = trial + n / 10 + network / 100 + place / 1000 if measured else NONE
                for name, value in row.items():
                    columns.setdefault(name, []).append(value)
    return Rows("attacks", {name: np.array(values, dtype=float) for name, values in columns.items()}, (), trials)


# The place of each number's column, and its mean network: 0 and 1 of those attacked, 0 to 3 of all.
OUTPUTS: dict[str, tuple[Callable[[OutputAttack], Any], int]] = {
    "accuracy": (lambda attack: attack.accuracy(3), 0),
    "released accuracy": (lambda attack: attack.released_accuracy(3), 1),
    "patterned members": (lambda attack: attack.accusation_rate("patterned members", 3), 2),
    "patterned non-members": (lambda attack: attack.accusation_rate("patterned non-members", 3), 3),
    "halves": (lambda attack: attack.difference_of_halves(3), 4),
    "clean members": (lambda attack: attack.accusation_rate("clean members", 3), 5),
    "clean non-members": (lambda attack: attack.accusation_rate("clean non-members", 3), 6),
}
LIKELIHOODS: dict[str, tuple[Callable[[LikelihoodRatioAttack], Any], int]] = {
    "patterned": (lambda attack: attack.area_under_curve("patterned", 3), 7),
    "clean": (lambda attack: attack.area_under_curve("clean", 3), 8),
    "all clean": (lambda attack: attack.area_under_curve("all clean", 3), 9),
    "patterned non-members": (lambda attack: attack.area_under_curve("patterned non-members", 3), 10),
    "rate, patterned": (lambda attack: attack.true_positive_rate("patterned", 3), 11),
    "rate, clean": (lambda attack: attack.true_positive_rate("clean", 3), 12),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_papers_attack_is_a_mean_over_the_networks_that_were_attacked(name: str) -> None:
    read, place = OUTPUTS[name]
    expected = [0.305 + place / 1000, 1.305 + place / 1000]
    assert read(OutputAttack(attacked(2))) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_likelihood_ratio_attack_is_a_mean_over_all_networks(name: str) -> None:
    read, place = LIKELIHOODS[name]
    expected = [0.315 + place / 1000, 1.315 + place / 1000]
    assert read(LikelihoodRatioAttack(attacked(2))) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("attack", [OutputAttack, LikelihoodRatioAttack])
def test_a_trial_in_which_one_network_diverged_is_left_out_at_every_n(attack: type[OutputAttack]) -> None:
    found = attack(attacked(3, diverged=((1, 10, 3),)))
    assert (found.diverged, found.trials) == (1, 3)
    with pytest.raises(ValueError, match="every trial of attacks is failed"):
        attack(attacked(1, diverged=((0, 3, 0),)))


def test_numbers_of_a_trial_that_is_left_out_are_in_no_mean() -> None:
    rows = attacked(3, diverged=((1, 10, 3),))
    assert OutputAttack(rows).accuracy(3) == pytest.approx([0.305, 2.305], abs=1e-12)
    assert LikelihoodRatioAttack(rows).area_under_curve("clean", 3) == pytest.approx([0.323, 2.323], abs=1e-12)


def test_what_is_measured_at_each_n_stands_side_by_side() -> None:
    attack = OutputAttack(attacked(2))
    expected = np.array([[1.005, 0.305], [2.005, 1.305]])
    assert over_n(attack.accuracy, (10, 3)) == pytest.approx(expected, abs=1e-12)


def test_what_was_not_attacked_or_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no row of attacks has \{'n': 3, 'attacked': 1\}"):
        OutputAttack(attacked(2, networks=0)).accuracy(3)
    with pytest.raises(ValueError, match=r"no row of attacks has \{'n': 5\}"):
        LikelihoodRatioAttack(attacked(2)).area_under_curve("clean", 5)
    rows = attacked(1)
    rows.columns["auc_clean"][5] = NONE
    with pytest.raises(NotMeasuredError, match="auc_clean was not measured"):
        LikelihoodRatioAttack(rows).area_under_curve("clean", 10)
