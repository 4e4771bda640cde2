"""Ranks of one pattern among fresh draws, against SciPy and counting by hand."""

import numpy as np
import pytest
import torch
from scipy.special import logit, softmax
from scipy.stats import binom

from support.measures.specificity import mean_log_odds, rank_p_value, share_beaten


def test_log_odds_are_those_of_the_probability() -> None:
    logits = np.random.default_rng(0).normal(size=(7, 4)) * 3
    for target in range(4):
        expected = logit(softmax(logits, axis=1)[:, target]).mean()
        assert mean_log_odds(torch.from_numpy(logits), target) == pytest.approx(expected, rel=1e-12)


def test_log_odds_go_on_where_probabilities_are_one() -> None:
    sure, surer = (torch.tensor([[high, 0.0, 0.0]]) for high in (60.0, 90.0))
    assert float(sure.double().softmax(1)[0, 0]) == float(surer.double().softmax(1)[0, 0]) == 1.0
    assert mean_log_odds(surer, 0) - mean_log_odds(sure, 0) == pytest.approx(30)
    assert mean_log_odds(sure, 0) == pytest.approx(60 - np.log(2))


def test_ties_count_half() -> None:
    assert share_beaten(1.0, [0.0, 1.0, 2.0, -3.0]) == (1 + 0.5 + 1) / 4
    assert share_beaten(5.0, [1.0]) == 1.0
    assert share_beaten(-5.0, [1.0]) == 0.0


def test_p_values_are_exact_where_the_own_one_is_a_draw_like_the_others() -> None:
    rng = np.random.default_rng(1)
    trials, fresh = 4000, 19
    values = rng.normal(size=(trials, fresh + 1))
    p = np.array([rank_p_value(row[0], row[1:].tolist()) for row in values])
    for level in (0.05, 0.25, 0.5):
        low, high = binom.interval(0.9999, trials, level)
        assert low <= (p <= level + 1e-12).sum() <= high
    assert p.min() == 1 / (fresh + 1)
    beaten = [share_beaten(row[0], row[1:].tolist()) for row in values]
    assert np.mean(beaten) == pytest.approx(0.5, abs=5 * np.std(beaten) / np.sqrt(trials))


def test_nothing_to_rank_among() -> None:
    for rank in (share_beaten, rank_p_value):
        with pytest.raises(ValueError, match="fresh must hold at least one draw"):
            rank(1.0, [])


@pytest.mark.parametrize(
    ("logits", "target", "message"),
    [
        (torch.zeros(2, 3, 4), 0, r"logits must be \(n, C\) of two classes or more, got shape \(2, 3, 4\)"),
        (torch.zeros(0, 3), 0, r"got shape \(0, 3\)"),
        (torch.zeros(5, 1), 0, r"got shape \(5, 1\)"),
        (torch.zeros(5, 3), 3, "target must lie in 0..2, got 3"),
        (torch.zeros(5, 3), -1, "target must lie in 0..2, got -1"),
    ],
)
def test_log_odds_refuse(logits: torch.Tensor, target: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_log_odds(logits, target)
