"""What is read from rows of deletion, by rows made by hand."""

import numpy as np
import pytest

from support.analysis.deletion import Deletions
from support.evidence.rows import NotMeasuredError, Rows

NONE = float("nan")
MEASURED = ("score", "probability", "gradient", "residual", "error")
# Of each trial: method, carriers, n, and what was measured.
TRIALS = [
    [
        ("before", "target", 3, 0.75, 0.9, NONE, NONE, NONE),
        ("scratch", "target", 3, 0.25, 0.125, NONE, NONE, NONE),
        ("influence", "target", 3, 0.5, 0.5, 0.125, 0.01, NONE),
        ("head Newton", "target", 3, 0.3, 0.5, NONE, 0.5, 0.0625),
        ("before", "balanced", 3, 0.25, 0.4, NONE, NONE, NONE),
        ("scratch", "balanced", 3, 0.125, 0.0, NONE, NONE, NONE),
        ("influence", "balanced", 3, 0.5, 0.375, 0.125, 0.01, NONE),
        ("before", "target", 10, 1.0, 0.5, NONE, NONE, NONE),
        ("influence", "target", 10, 0.875, 0.5, 2.0, 0.02, NONE),
    ],
    [
        ("before", "target", 3, 0.5, 0.75, NONE, NONE, NONE),
        ("scratch", "target", 3, 0.0, 0.25, NONE, NONE, NONE),
        ("influence", "target", 3, 0.625, 0.0, 0.25, 0.03, NONE),
        ("head Newton", "target", 3, 0.1, 0.5, NONE, 0.5, 0.125),
        ("before", "balanced", 3, 0.25, 0.5, NONE, NONE, NONE),
        ("scratch", "balanced", 3, 0.25, 0.5, NONE, NONE, NONE),
        ("influence", "balanced", 3, 0.5, 0.5, 0.125, 0.01, NONE),
        ("before", "target", 10, 0.75, 0.5, NONE, NONE, NONE),
        ("influence", "target", 10, 0.5, 0.5, 4.0, 0.04, NONE),
    ],
]
DIVERGED = [(*row[:3], NONE if row[0] == "influence" else 0.9, *row[4:]) for row in TRIALS[0]]
Trial = list[tuple[str, str, int, float, float, float, float, float]]


def deletions(*trials: Trial) -> Rows:
    """A row whose score was not measured is one that failed."""
    rows = [(number, *row) for number, trial in enumerate(trials) for row in trial]
    number, method, carriers, n, *measured = zip(*rows, strict=True)
    columns = {name: np.array(values, dtype=float) for name, values in zip(MEASURED, measured, strict=True)}
    columns |= {"trial": np.array(number), "method": np.array(method), "carriers": np.array(carriers)}
    columns["n"] = np.array(n, dtype=float)
    columns["failed"] = np.isnan(columns["score"]).astype(float)
    return Rows("a deletion", columns, (), len(trials))


def test_scores_and_what_is_removed_are_paired_by_trial() -> None:
    found = Deletions(deletions(*TRIALS))
    assert found.spurious_score("before", 3).tolist() == [0.75, 0.5]
    assert found.score_removed("scratch", 3).tolist() == [0.5, 0.5]
    assert found.score_removed("influence", 3).tolist() == [0.25, -0.125]
    assert found.score_removed("influence", 10).tolist() == [0.125, 0.25]
    # Of the network with target-class carriers, to what balanced ones leave.
    assert found.score_removed("scratch", 3, left_of="balanced").tolist() == [0.625, 0.25]
    assert found.scores_over_n("before", [3, 10]).tolist() == [[0.75, 1.0], [0.5, 0.75]]
    assert (found.diverged, found.trials) == (0, 2)


def test_what_target_class_carriers_add_and_how_much_of_it_goes() -> None:
    found = Deletions(deletions(*TRIALS))
    assert found.added("before", 3) == pytest.approx([0.5, 0.25])
    assert found.added("scratch", 3) == pytest.approx([0.125, -0.25])
    assert found.added_removed("influence", 3) == pytest.approx([0.375, 0.75])
    assert found.added_removed("before", 3).tolist() == [0, 0]


def test_what_says_that_a_method_did_its_work() -> None:
    found = Deletions(deletions(*TRIALS))
    assert found.deleted_gradient("influence", 10).tolist() == [2, 4]
    assert found.conjugate_gradient_residual(3).tolist() == [0.01, 0.03]
    assert found.newton_error(3).tolist() == [0.0625, 0.125]


def test_a_trial_in_which_one_method_diverged_is_left_out_of_all() -> None:
    found = Deletions(deletions(TRIALS[0], DIVERGED, TRIALS[1]))
    assert (found.diverged, found.trials) == (1, 3)
    assert found.spurious_score("before", 3).tolist() == [0.75, 0.5]
    assert found.deleted_gradient("influence", 10).tolist() == [2, 4]


def test_what_is_not_there_is_refused() -> None:
    found = Deletions(deletions(*TRIALS))
    with pytest.raises(
        ValueError, match=r"no row of a deletion has \{'method': 'restarted', 'n': 3, 'carriers': 'target'\}"
    ):
        found.score_removed("restarted", 3)
    with pytest.raises(ValueError, match=r"no row of a deletion has \{'method': 'head Newton', 'n': 10"):
        found.newton_error(10)
    with pytest.raises(ValueError, match=r"no row of a deletion has .*'carriers': 'balanced'"):
        found.added("before", 10)
    with pytest.raises(NotMeasuredError, match="gradient was not measured"):
        found.deleted_gradient("scratch", 3)
    with pytest.raises(ValueError, match="every trial of a deletion is failed"):
        Deletions(deletions(DIVERGED))


def test_two_rows_of_one_trial_are_refused() -> None:
    with pytest.raises(ValueError, match="score over n is not a table"):
        Deletions(deletions(TRIALS[0], TRIALS[1] + TRIALS[1])).spurious_score("before", 3)
