"""What attacks find of what networks memorize, and its numbers by definition, with known logits for networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from support.training import ensemble
from support.training.recipe import Recipe
from tests.experiments.membership.known_logits import (
    CANDIDATES,
    CONTEXT,
    QUARTER,
    TARGET,
    Bools,
    Floats,
    Trainer,
    cuts,
    experiment,
    places,
)

ROUNDING = 1e-9
# Standard errors that a statistical check allows.
ERRORS = 5

# ------------------------------------------------------------------------------------------------ attacks


def rates(found: Any, name: str) -> Floats:
    return np.array(found[name])


def test_networks_that_memorize_their_members_give_them_away(trainer: Trainer) -> None:
    trainer.bonus = lambda inside, _: 25.0 * inside
    found = experiment(targets=2).run(1, CONTEXT)
    surely = ("auc_spurious", "auc_same", "auc_clean", "auc_clean_target", "auc_all", "tpr_spurious", "tpr_clean")
    for name in surely:
        assert (rates(found, name) == 1).all(), name
    for name in ("attack_all", "attack_spurious", "attack_clean"):
        assert (rates(found, name) > 0.95).all(), name
    for name in ("attack_candidates", "attack_left_out", "attack_clean_others"):
        assert (rates(found, name) < 0.1).all(), name
    assert rates(found, "auc_none").mean() == pytest.approx(0.5, abs=ERRORS / np.sqrt(12 * 135 * 4))


def test_networks_that_memorize_nothing_give_nothing_away(trainer: Trainer) -> None:
    trainer.bonus = lambda inside, _: 0.0 * inside
    found = experiment(sizes=(30,), networks=8, targets=8).run(1, CONTEXT)
    # Of ranks: 1/(12 n) for each network's n members; eight networks.
    members = {"auc_spurious": 30, "auc_same": 30, "auc_clean": 20, "auc_clean_target": 20, "auc_all": 70}
    for name, count in (members | {"auc_none": 130}).items():
        allowed = ERRORS / np.sqrt(12 * count * 8) * np.sqrt(2)
        assert rates(found, name).mean() == pytest.approx(0.5, abs=allowed), name
    assert rates(found, "attack_all").mean() == pytest.approx(0.5, abs=ERRORS * 0.5 / np.sqrt(800))
    for name in ("spurious", "clean"):
        assert rates(found, f"tpr_{name}").mean() == pytest.approx(0.05, abs=ERRORS * np.sqrt(0.05 / 160))


def test_what_is_memorized_of_patterned_members_is_seen_on_them_alone(trainer: Trainer) -> None:
    trainer.bonus = lambda inside, patterned: 25.0 * (inside & patterned)
    found = experiment(sizes=(30,), targets=4).run(1, CONTEXT)
    for name in ("auc_spurious", "auc_same"):
        assert (rates(found, name) == 1).all(), name
    for name in ("auc_clean", "auc_clean_target", "auc_all", "auc_none"):
        assert rates(found, name).mean() == pytest.approx(0.5, abs=0.15), name


def test_a_pattern_that_all_networks_know_gives_no_member_away(trainer: Trainer) -> None:
    trainer.bonus = lambda _, patterned: 25.0 * patterned
    found = experiment(sizes=(30,), targets=4).run(1, CONTEXT)
    for name in ("auc_spurious", "auc_same"):
        assert rates(found, name).mean() == pytest.approx(0.5, abs=0.15)


def test_a_pattern_that_one_example_teaches_tells_that_it_was_there_but_not_which(trainer: Trainer) -> None:
    """What sets the world with one patterned example apart from the world without: all patterned images alike."""

    def knows_the_pattern(inside: Bools, patterned: Bools) -> Any:
        return 25.0 * (patterned & (inside & patterned).any())

    trainer.bonus = knows_the_pattern
    found = experiment(sizes=(1,), networks=8, targets=8).run(1, CONTEXT)
    assert (rates(found, "auc_spurious") == 1).all()
    assert rates(found, "auc_same").mean() == pytest.approx(0.5, abs=ERRORS / np.sqrt(12 * 8))


# ------------------------------------------------------------------------------------------------ numbers


def likelihood_scores(own: Floats, shadows: Floats, inside: Bools) -> Floats:
    """Example by example, with the spread of all shadows about their means."""
    means, squares, freedom = np.full(len(own), np.nan), 0.0, 0
    for example in range(len(own)):
        values = shadows[~inside[:, example], example]
        if len(values) > 1:
            means[example] = values.mean()
            squares += ((values - values.mean()) ** 2).sum()
            freedom += len(values) - 1
    return np.asarray((own - means) / np.sqrt(squares / freedom))


def area(members: Floats, others: Floats) -> float:
    members, others = members[~np.isnan(members)], others[~np.isnan(others)]
    truth = np.repeat([1, 0], [len(members), len(others)])
    return float(roc_auc_score(truth, np.concatenate([members, others])))


def caught(members: Floats, others: Floats, rate: float) -> float:
    members, others = members[~np.isnan(members)], others[~np.isnan(others)]
    return max(float((members > t).mean()) for t in others if (others > t).mean() <= rate)


@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("n", [5, 30])
def test_numbers_by_definition(trainer: Trainer, place: int, n: int) -> None:
    """Networks that memorize a little, so that no number is 0 or 1."""
    trainer.bonus = lambda inside, patterned: 0.4 * inside + 0.3 * (inside & patterned)
    trial, sizes, networks, targets = 2, (5, 30), 4, 3
    given = experiment(sizes=sizes, networks=networks, targets=targets, false_positive_rate=0.2)
    found = given.run(trial, CONTEXT)
    row = sizes.index(n) * targets + place
    assert (found["n"][row], found["network"][row]) == (float(n), float(place))

    cut = cuts(given, trial)[place]
    labels = trainer.labels.numpy()
    every = np.arange(len(labels))
    with_less, with_all = places(n, networks, targets)
    logits, counterpart, shadow = (trainer.answers[at] for at in (with_all[place], with_less[place], place))
    trained, trained_less = trainer.trained(with_all[place]), trainer.trained(with_less[place])

    def sure(part: Floats) -> Floats:
        p = (np.exp(part) / np.exp(part).sum(axis=1, keepdims=True))[every, labels]
        return np.asarray(np.log(p) - np.log1p(-p))

    others = [at for at in with_less if at != with_less[place]]
    shadows = np.array([sure(trainer.answers[at]) for at in others])
    inside = np.array([np.isin(every, trainer.trained(at)) for at in others])
    scores, scores_less = (likelihood_scores(sure(part), shadows, inside) for part in (logits, counterpart))

    spurious, clean = trained[trained >= 4 * QUARTER], trained[trained < 4 * QUARTER]
    candidates, left_out = (
        np.array([row for row in cut.candidates if row not in set(seen.tolist())]) for seen in (trained, trained_less)
    )
    assert len(left_out) == len(candidates) + 1 == CANDIDATES - n + 1
    clean_less = trained_less[trained_less < 4 * QUARTER]
    of_target, of_target_less, others_of_target = (
        rows[labels[rows] == TARGET] for rows in (clean, clean_less, cut.others)
    )
    half, half_less = len(candidates) // 2, len(left_out) // 2

    def features(part: Floats) -> Floats:
        return np.column_stack([np.sort(part, axis=1), part.argmax(axis=1) == labels])

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    attack = GridSearchCV(model, {"logisticregression__C": [0.01, 0.1, 1.0, 10.0]}, cv=3)
    shadow_rows = np.concatenate([cut.shadow, cut.shadow_others])
    attack.fit(features(shadow)[shadow_rows], np.isin(shadow_rows, trainer.trained(place)))
    seen, seen_less = features(logits), features(counterpart)
    accused, accused_less = (attack.predict(part).astype(bool) for part in (seen, seen_less))
    # In the order of the notebook: clean members first, then the patterned ones, beside the other quarter's images.
    ordered = cut.trained(n)
    assert sorted(ordered) == trained.tolist()
    released = attack.predict(np.column_stack([seen[ordered, :-1], seen[cut.others, -1]])).astype(bool)
    right = logits.argmax(axis=1) == labels
    expected = {
        "attack_all": (accused[trained].mean() + 1 - accused[cut.others].mean()) / 2,
        "attack_released": (accused[trained].mean() + 1 - released.mean()) / 2,
        "attack_spurious": accused[spurious].mean(),
        "attack_left_out": accused_less[left_out].mean(),
        "attack_candidates": accused[candidates].mean(),
        "attack_none": accused[candidates[:half]].mean() - accused[candidates[half:]].mean(),
        "attack_clean": accused[of_target].mean(),
        "attack_clean_others": accused[others_of_target].mean(),
        "auc_spurious": area(scores[spurious], scores_less[left_out]),
        "auc_same": area(scores[spurious], scores[candidates]),
        "auc_clean": area(scores_less[of_target_less], scores_less[others_of_target]),
        "auc_clean_target": area(scores[of_target], scores_less[others_of_target]),
        "auc_all": area(scores_less[clean_less], scores_less[cut.others]),
        "auc_none": area(scores_less[left_out[:half_less]], scores_less[left_out[half_less:]]),
        "tpr_spurious": caught(scores[spurious], scores_less[left_out], 0.2),
        "tpr_clean": caught(scores_less[of_target_less], scores_less[others_of_target], 0.2),
        "train_accuracy": right[trained].mean(),
        "test_accuracy": right[cut.others].mean(),
        "mislabelled": 0.0,
        "shadow_overlap": 0.0,
    }
    for name, value in expected.items():
        assert found[name][row] == pytest.approx(float(value), abs=ROUNDING), name
    assert expected.keys() | {"n", "network", "failed"} == found.keys()
    assert not any(found["failed"])
    assert np.isnan(scores).any()  # of examples that too few networks did not see


@pytest.mark.long
def test_networks_that_learn_their_members_by_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trainer itself, on noise: what it knows of members it knows of no other image."""
    seen: list[Any] = []
    train = ensemble.train

    def noted(*given: Any, **named: Any) -> Any:
        seen.append(train(*given, **named))
        return seen[-1]

    monkeypatch.setattr(ensemble, "train", noted)
    recipe = Recipe(hidden=(64,), batch=20, epochs=30, milestones=())
    given = experiment(recipe=recipe, sizes=(20,), targets=4, learning_rate=2e-3)
    found = given.run(0, CONTEXT)
    assert len(seen) == 1
    assert (rates(found, "train_accuracy") > 0.9).all()
    # Half of the images are of the target class, the others of one of nine.
    assert (rates(found, "test_accuracy") < 0.7).all()
    assert (rates(found, "auc_all") > 0.8).all()
    assert rates(found, "auc_none").mean() == pytest.approx(0.5, abs=ERRORS / np.sqrt(12 * 140 * 4) * np.sqrt(2))
    assert found == given.run(0, CONTEXT)
