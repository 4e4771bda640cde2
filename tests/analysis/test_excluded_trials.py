"""Which trials are left out, from hand-made rows."""

from math import nan

import numpy as np
import pytest

from support.analysis.excluded_trials import trials_at_chance, without
from support.evidence.rows import Rows, TooFewTrialsError


def accuracies(*values: float) -> Rows:
    """One untreated network for each trial."""
    columns = {"trial": np.arange(len(values)), "accuracy": np.array(values)}
    return Rows("networks", columns, (("key", "digest"),), len(values))


def test_networks_below_half_or_diverged_are_at_chance() -> None:
    assert trials_at_chance([accuracies(0.9, 0.499, 0.5, nan, 0.1, 0.8)], "accuracy") == (1, 3, 4)


def test_a_trial_counts_only_where_every_recipe_learns() -> None:
    tables = [accuracies(0.1, 0.9, 0.9, 0.9, 0.9), accuracies(0.9, 0.9, nan, 0.9, 0.9)]
    idle = trials_at_chance(tables, "accuracy")
    assert idle == (0, 2)
    left = without(tables[1], idle)
    assert left["trial"].tolist() == [1, 3, 4]
    assert left.trials == 5
    assert without(tables[0], ())["accuracy"].tolist() == [0.1, 0.9, 0.9, 0.9, 0.9]


def test_fewer_than_two_trials_are_refused() -> None:
    assert trials_at_chance([accuracies(0.9, 0.1, 0.9)], "accuracy") == (1,)
    with pytest.raises(TooFewTrialsError, match="an untreated network ended at chance in 2 of 3 trials"):
        trials_at_chance([accuracies(0.9, 0.1, nan)], "accuracy")
    with pytest.raises(KeyError, match="clean"):
        trials_at_chance([accuracies(0.9, 0.9)], "clean")
