"""Attacks on membership against loops, definitions, high precision and scikit-learn's own."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from support.measures.membership import (
    OutputAttack,
    area_under_curve,
    attack_features,
    confidence,
    likelihood_ratio_scores,
    true_positive_rate,
)

ROUNDING = 1e-12
DIGITS = 1000

Floats = NDArray[np.float64]


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# ------------------------------------------------------------------------------------------------ the paper's attack


def test_features_by_hand() -> None:
    logits = np.array([[3.0, -1.0, 2.0], [0.0, 5.0, -5.0]])
    found = attack_features(logits, np.array([True, False]))
    assert found.tolist() == [[-1.0, 2.0, 3.0, 1.0], [-5.0, 0.0, 5.0, 0.0]]
    assert logits[0].tolist() == [3.0, -1.0, 2.0]


@pytest.mark.parametrize(
    ("logits", "correct"), [((4,), (4,)), ((4, 3), (3,)), ((4, 3), (4, 1))], ids=["vector", "too few", "a column"]
)
def test_features_refuse(logits: tuple[int, ...], correct: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"logits \(n, C\) and correct \(n,\) must fit"):
        attack_features(np.zeros(logits), np.zeros(correct, dtype=bool))


def shadow(seed: int, members: int, others: int, shift: float) -> tuple[Floats, Floats]:
    """Features of very different scales, of which the first says a little and the last of members is larger."""
    rng = generator(seed)
    scales = np.array([1.0, 200.0, 0.01])
    return (rng.normal(shift, 1, (members, 3)) * scales, rng.normal(0, 1, (others, 3)) * scales)


def by_hand(members: Floats, others: Floats, asked: Floats) -> tuple[NDArray[np.bool_], float]:
    """Fold by fold, strength by strength: what is accused, and the strength chosen."""
    inputs, labels = np.vstack([members, others]), np.repeat([1, 0], [len(members), len(others)])

    def fitted(rows: NDArray[np.int64], strength: float, where: Floats) -> NDArray[np.bool_]:
        mean, spread = inputs[rows].mean(axis=0), inputs[rows].std(axis=0)
        model = LogisticRegression(C=strength, max_iter=1000).fit((inputs[rows] - mean) / spread, labels[rows])
        return np.asarray((where - mean) / spread @ model.coef_[0] + model.intercept_[0] > 0)

    scores = {}
    for strength in (0.01, 0.1, 1.0, 10.0):
        folds = StratifiedKFold(3).split(inputs, labels)
        right = [np.mean(fitted(train, strength, inputs[test]) == labels[test]) for train, test in folds]
        scores[strength] = float(np.mean(right))
    best = max(scores, key=lambda strength: scores[strength])
    return fitted(np.arange(len(inputs)), best, asked), best


# Seeds at which each strength is chosen once.
@pytest.mark.parametrize(
    ("seed", "members", "others", "strength"),
    [(5, 40, 40, 0.01), (0, 40, 40, 0.1), (0, 30, 60, 1.0), (2, 30, 60, 10.0)],
)
def test_attack_against_one_written_out(seed: int, members: int, others: int, strength: float) -> None:
    inside, outside = shadow(seed, members, others, 0.7)
    asked = np.vstack(shadow(100 + seed, 300, 300, 0.7))
    expected, chosen = by_hand(inside, outside, asked)
    assert chosen == strength
    np.testing.assert_array_equal(OutputAttack(inside, outside).accuses(asked), expected)


def test_an_attack_accuses_members_and_not_others() -> None:
    attack = OutputAttack(*shadow(0, 100, 100, 3.0))
    members, others = shadow(1, 500, 500, 3.0)
    assert attack.accuses(members).mean() > 0.95
    assert attack.accuses(others).mean() < 0.05


def test_an_attack_that_learnt_nothing_does_not_tell_members_from_others() -> None:
    attack = OutputAttack(*shadow(0, 100, 100, 0.0))
    members, others = (attack.accuses(part).mean() for part in shadow(1, 2_000, 2_000, 0.0))
    assert members == pytest.approx(others, abs=5 * np.sqrt(2 * 0.25 / 2_000))


@pytest.mark.parametrize(
    ("members", "others", "message"),
    [(2, 9, "at least 3 members to learn from, got 2"), (9, 0, "at least 3 non-members to learn from, got 0")],
)
def test_an_attack_needs_examples(members: int, others: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OutputAttack(np.zeros((members, 2)), np.zeros((others, 2)))


def test_an_attack_is_asked_about_something() -> None:
    attack = OutputAttack(*shadow(0, 10, 10, 1.0))
    with pytest.raises(ValueError, match="needs examples to be asked about, got none"):
        attack.accuses(np.empty((0, 3)))


# ------------------------------------------------------------------------------------------------ confidence


def log_odds(logits: Floats, label: int) -> float:
    """log p/(1 − p) of a softmax, with DIGITS digits."""
    weights = [sympy.exp(sympy.Float(float(logit), DIGITS)) for logit in logits]
    p = weights[label] / sum(weights)
    return float(sympy.log(p / (1 - p)))


EXTREME = [
    [0.0, 0.0, 0.0],
    [40.0, 0.0, -3.0],  # 1 − p is below half a unit in the last place of 1
    [60.0, 59.0, -60.0],
    [-700.0, 600.0, 0.0],  # p is 0 in double precision
    [1000.0, 0.0, -1000.0],  # so is 1 − p
    [1e-9, 0.0, -1e-9],
]


@pytest.mark.parametrize("logits", EXTREME, ids=str)
@pytest.mark.parametrize("label", [0, 1, 2])
def test_confidence_in_high_precision(logits: list[float], label: int) -> None:
    row = np.array([logits])
    assert confidence(row, np.array([label]))[0] == pytest.approx(log_odds(row[0], label), rel=ROUNDING, abs=ROUNDING)


def test_confidence_of_several_models() -> None:
    logits, labels = generator(3).normal(0, 5, (2, 3, 7, 4)), generator(4).integers(0, 4, 7)
    found = confidence(logits, labels)
    assert found.shape == (2, 3, 7)
    for place in np.ndindex(2, 3, 7):
        assert found[place] == pytest.approx(log_odds(logits[place], int(labels[place[-1]])), rel=1e-9)


def test_two_classes_leave_the_difference_of_logits() -> None:
    logits = generator(5).normal(0, 300, (50, 2))
    np.testing.assert_allclose(confidence(logits, np.ones(50, dtype=np.int64)), logits[:, 1] - logits[:, 0])


@pytest.mark.parametrize(("logits", "labels"), [((3,), (3,)), ((5, 3), (4,)), ((5, 3), (5, 1)), ((2, 5, 3), (2,))])
def test_confidence_refuses(logits: tuple[int, ...], labels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"logits \(\.\.\., n, C\) and labels \(n,\) must fit"):
        confidence(np.zeros(logits), np.zeros(labels, dtype=np.int64))


# ------------------------------------------------------------------------------------------------ likelihood ratio


def scores_by_loop(own: Floats, shadows: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Example by example."""
    scores, means, squares, freedom = np.full(len(own), np.nan), {}, 0.0, 0
    for example in range(len(own)):
        others = [shadow[example] for shadow, seen in zip(shadows, inside, strict=True) if not seen[example]]
        if len(others) >= 2:
            means[example] = sum(others) / len(others)
            squares += sum((other - means[example]) ** 2 for other in others)
            freedom += len(others) - 1
    for example, mean in means.items():
        scores[example] = (own[example] - mean) / (squares / freedom) ** 0.5
    return scores


@pytest.mark.parametrize(("models", "share"), [(2, 0.3), (4, 0.25), (7, 0.5)])
def test_scores_by_loop(models: int, share: float) -> None:
    rng = generator(models)
    difficulty = rng.normal(5, 3, 60)
    own, shadows = difficulty + rng.normal(0, 2, 60), difficulty + rng.normal(0, 2, (models, 60))
    inside = rng.random((models, 60)) < share
    expected = scores_by_loop(own, shadows, inside)
    assert (0 < np.isnan(expected).mean() < 1) or models == 7
    before = inside.copy()
    np.testing.assert_allclose(likelihood_ratio_scores(own, shadows, inside), expected, rtol=1e-10)
    np.testing.assert_array_equal(inside, before)


def test_scores_of_a_model_that_knows_nothing_are_student_like() -> None:
    # 20 shadows of unit spread: variance 1 + 1/20 of the difference from their mean.
    rng = generator(9)
    own, shadows = rng.normal(7, 1, 40_000), rng.normal(7, 1, (20, 40_000))
    scores = likelihood_ratio_scores(own, shadows, np.zeros(shadows.shape, dtype=bool))
    assert scores.mean() == pytest.approx(0, abs=5 * np.sqrt(1.05 / 40_000))
    assert scores.var() == pytest.approx(1 + 1 / 20, rel=0.03)


def test_a_shadow_that_saw_an_example_says_nothing_of_it() -> None:
    rng = generator(2)
    own, shadows, inside = rng.normal(0, 1, 30), rng.normal(0, 1, (5, 30)), np.zeros((5, 30), dtype=bool)
    inside[2, :10] = True
    before = likelihood_ratio_scores(own, shadows, inside)
    shadows[2, :10] += 100
    np.testing.assert_array_equal(likelihood_ratio_scores(own, shadows, inside), before)


@pytest.mark.parametrize(
    ("own", "shadows", "inside"), [((5,), (4, 6), (4, 6)), ((5,), (4, 5), (5, 4)), ((1, 5), (4, 5), (4, 5))]
)
def test_scores_refuse(own: tuple[int, ...], shadows: tuple[int, ...], inside: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"confidences \(n,\), shadows \(M, n\) and inside \(M, n\) must fit"):
        likelihood_ratio_scores(np.zeros(own), np.zeros(shadows), np.zeros(inside, dtype=bool))


# ------------------------------------------------------------------------------------------------ rates

# Continuous scores, scores with many ties, and scores that say nothing.
GROUPS = {
    "continuous": (generator(0).normal(0.5, 1, 37), generator(1).normal(0, 1, 110)),
    "ties": (generator(2).integers(0, 5, 40).astype(float), generator(3).integers(0, 4, 60).astype(float)),
    "all the same": (np.ones(5), np.ones(7)),
    "apart": (np.arange(5.0) + 10, np.arange(9.0)),
    "infinite": (np.array([np.inf, 1.0]), np.array([-np.inf, 1.0, 0.0])),
}


@pytest.mark.parametrize("name", GROUPS)
def test_area_against_scikit_learn(name: str) -> None:
    members, others = GROUPS[name]
    pairs = [(member > other) + (member == other) / 2 for member in members for other in others]
    assert area_under_curve(members, others) == pytest.approx(np.mean(pairs), rel=ROUNDING)
    if name != "infinite":
        truth = np.repeat([1, 0], [len(members), len(others)])
        expected = roc_auc_score(truth, np.concatenate([members, others]))
        assert area_under_curve(members, others) == pytest.approx(expected, rel=ROUNDING)
    assert area_under_curve(others, members) == pytest.approx(1 - area_under_curve(members, others), rel=ROUNDING)


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.1, 0.5, 0.99])
def test_true_positives_by_definition(name: str, rate: float) -> None:
    members, others = GROUPS[name]
    # The best of all thresholds that so few non-members exceed.
    thresholds = [t for t in [*members, *others] if np.mean(others > t) <= rate]
    expected = max(np.mean(members > threshold) for threshold in thresholds)
    assert true_positive_rate(members, others, rate) == pytest.approx(expected)


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("rate", [0.0, 0.03, 0.2, 0.7])
def test_false_positives_keep_to_the_rate(name: str, rate: float) -> None:
    _, others = GROUPS[name]
    assert true_positive_rate(others, others, rate) <= rate


def test_members_that_are_non_members_are_found_at_the_false_positive_rate() -> None:
    rng = generator(6)
    members, others = rng.normal(0, 1, (2, 20_000))
    assert true_positive_rate(members, others, 0.05) == pytest.approx(0.05, abs=5 * np.sqrt(2 * 0.05 / 20_000))


NOTHING, NAN, ONE = np.empty(0), np.array([1.0, np.nan]), np.array([1.0])


@pytest.mark.parametrize(
    ("members", "others", "message"),
    [
        (NOTHING, ONE, "an attack on no members has no rate"),
        (ONE, NOTHING, "an attack on no non-members has no rate"),
        (NAN, ONE, "scores of members must not be NaN"),
        (ONE, NAN, "scores of non-members must not be NaN"),
    ],
)
def test_rates_refuse(members: Floats, others: Floats, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        area_under_curve(members, others)
    with pytest.raises(ValueError, match=message):
        true_positive_rate(members, others, 0.1)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"false_positive_rate must lie in \[0, 1\), got"):
        true_positive_rate(ONE, ONE, rate)
