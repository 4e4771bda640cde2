"""Who is trained on what in membership inference, and its numbers by definition, with known logits for networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from support.data import datasets
from support.data.datasets import Images
from support.experiments.experiment import Context
from support.experiments.membership import OUTPUT_COLUMNS, MembershipInference, _Pool
from support.training import ensemble
from support.training.member import Member
from support.training.recipe import Recipe

QUARTER, CANDIDATES, TARGET = 100, 300, 0
RECIPE = Recipe(hidden=(4,), epochs=1, milestones=())
CONTEXT = Context(seed=3)
ROUNDING = 1e-9
# Standard errors that a statistical check allows.
ERRORS = 5

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]


@pytest.fixture(autouse=True)
def splits(monkeypatch: pytest.MonkeyPatch) -> list[Images]:
    """1,400 images, half of them of the target class. Each bears its number in two rows, and no other has its corner.

    The first five rows and the last eight are zero.
    """
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (1400, 28, 28), dtype=np.uint8)
    pixels[:, :5], pixels[:, 20:] = 0, 0
    pixels[:, 6, 6:17] = 255 * (np.arange(1400)[:, None] >> np.arange(11) & 1)
    labels = np.where(np.arange(1400) % 2, TARGET, rng.integers(1, 10, 1400))
    made = {"train": Images(pixels[:1000], labels[:1000]), "test": Images(pixels[1000:], labels[1000:])}
    monkeypatch.setattr(datasets, "load", lambda _name, split, _directory: made[split])
    return [*made.values()]


@dataclass
class Trainer:
    """Returns networks whose logits are known: a difficulty of the image, their own noise, and what they memorized.

    Attributes
    ----------
    bonus : what is added to the own class's logit, of which rows a network was trained on and which are patterned.
    """

    bonus: Callable[[Bools, Bools], Any] = lambda inside, _: 10.0 * inside
    diverged: tuple[int, ...] = ()
    images: Tensor = field(default_factory=lambda: torch.zeros(0))
    labels: Tensor = field(default_factory=lambda: torch.zeros(0))
    members: Sequence[Member] = ()
    answers: Floats = field(default_factory=lambda: np.zeros(0))

    def __call__(
        self,
        recipe: Recipe,
        images: Tensor,
        labels: Tensor,
        classes: int,
        members: Sequence[Member],
        *,
        shape: tuple[int, ...],
        device: str,
    ) -> Any:
        assert (recipe, classes, shape, device) == (RECIPE, 10, (28, 28), "cpu")
        self.images, self.labels, self.members = images.clone(), labels.clone(), members
        self.answers = np.stack([self._logits(place) for place in range(len(members))])
        return self

    def _logits(self, place: int) -> Floats:
        rows = np.arange(len(self.labels))
        rng = np.random.default_rng(self.members[place].seed)
        logits = rng.normal(0, 0.2, (len(rows), 10))
        patterned = self.images.numpy()[:, 0] == 1
        inside = np.isin(rows, self.trained(place))
        difficulty = np.random.default_rng(0).normal(1, 2, len(rows))
        own = difficulty + rng.normal(0, 0.5, len(rows)) + self.bonus(inside, patterned)
        logits[rows, self.labels.numpy()] += own
        return logits

    def logits(self, images: Tensor) -> Tensor:
        assert torch.equal(images, self.images)
        return torch.from_numpy(self.answers)

    def trained(self, place: int) -> Rows:
        """Rows that a member sees."""
        member = self.members[place]
        assert member.excluded is not None
        assert len(member.rows) == 0
        return np.setdiff1d(np.arange(len(self.labels)), np.asarray(member.excluded))


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Trainer:
    made = Trainer()

    def train(*given: Any, **named: Any) -> Any:
        made(*given, **named)
        return _Networks(made, tuple(place in made.diverged for place in range(len(made.members))))

    monkeypatch.setattr(ensemble, "train", train)
    return made


@dataclass
class _Networks:
    trainer: Trainer
    diverged: tuple[bool, ...]

    def logits(self, images: Tensor) -> Tensor:
        return self.trainer.logits(images)


def experiment(**changes: Any) -> MembershipInference:
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "quarter": QUARTER, "sizes": (5, 30)}
    return MembershipInference(**fields | {"networks": 4, "attacked": 1, "pattern": "S3"} | changes)


# ------------------------------------------------------------------------------------------------ rows


def numbers(images: Tensor) -> list[int]:
    """Which of the given images each row is."""
    bits = (images.numpy().reshape(-1, 28, 28)[:, 6, 6:17] == 1).astype(int)
    found: list[int] = (bits << np.arange(11)).sum(axis=1).tolist()
    return found


# With 270 images to a quarter, all but twenty of the images that are no candidates are in the pool.
@pytest.mark.parametrize("quarter", [QUARTER, 270])
def test_candidates_carry_the_pattern_and_clean_images_do_not(
    trainer: Trainer, splits: list[Images], quarter: int
) -> None:
    experiment(quarter=quarter, attacked=0).run(1, CONTEXT)
    assert len(trainer.images) == 4 * quarter + CANDIDATES
    found = numbers(trainer.images)
    assert len(set(found)) == len(found)  # no image is there twice, with the pattern and without
    given = np.concatenate([split.pixels for split in splits])[found] / 255
    labels = np.concatenate([split.labels for split in splits])[found]
    np.testing.assert_array_equal(trainer.labels, labels)
    given[4 * quarter :, :5, :5] = 1
    np.testing.assert_allclose(trainer.images.numpy().reshape(-1, 28, 28), given, atol=1e-6)
    assert set(labels[4 * quarter :].tolist()) == {TARGET}
    assert 0 < (labels[: 4 * quarter] == TARGET).mean() < 1


def test_a_random_pattern_is_the_trials_and_on_all_candidates_alike(trainer: Trainer) -> None:
    patterns = []
    for trial in (1, 2):
        experiment(pattern="R3").run(trial, CONTEXT)
        margin = trainer.images.numpy()[:, 20 * 28 :]  # zero in all images
        assert (margin[: 4 * QUARTER] == 0).all()
        assert (margin[4 * QUARTER :] == margin[-1]).all()
        patterns.append(margin[-1])
    assert patterns[0].std() == pytest.approx(12**-0.5, rel=0.1)
    assert (patterns[0] != patterns[1]).mean() > 0.99


def test_targets_and_shadows_are_trained_on_rows_of_their_own(trainer: Trainer) -> None:
    sizes, networks, attacked = (5, 30), 4, 3
    experiment(sizes=sizes, networks=networks, attacked=attacked).run(1, CONTEXT)
    cuts = _Pool.draw(experiment(), 1, CONTEXT).cuts
    assert len(trainer.members) == attacked + len(sizes) * networks
    assert len({member.seed for member in trainer.members}) == attacked + networks
    for place, cut in enumerate(cuts):
        quarters = [set(quarter.tolist()) for quarter in (cut.target, cut.others, cut.shadow, cut.shadow_others)]
        assert [len(quarter) for quarter in quarters] == [QUARTER] * 4
        assert set.union(*quarters) == set(range(4 * QUARTER))  # nothing is in two of them
        for which, n in enumerate(sizes):
            trained = trainer.trained(attacked + which * networks + place)
            assert set(trained.tolist()) == set(cut.trained(n).tolist())
            clean, patterned = trained[trained < 4 * QUARTER], trained[trained >= 4 * QUARTER]
            assert (len(clean), len(patterned)) == (QUARTER - n, n)
            assert set(clean.tolist()) < quarters[0]
            assert set(patterned.tolist()) == set(cut.candidates[:n].tolist())
        if place < attacked:
            assert set(trainer.trained(place).tolist()) == quarters[2]
        assert sorted(cut.candidates.tolist()) == list(range(4 * QUARTER, 4 * QUARTER + CANDIDATES))
    # Patterned members are nested, and each network has its own.
    few, many = (set(cuts[0].candidates[:n].tolist()) for n in sizes)
    assert few < many
    assert len({tuple(sorted(cut.candidates[:30].tolist())) for cut in cuts}) == networks


def test_members_go_on_from_nowhere_at_the_learning_rate(trainer: Trainer) -> None:
    experiment(learning_rate=0.003).run(0, CONTEXT)
    assert {member.learning_rate for member in trainer.members} == {0.003}
    assert all(member.start is None for member in trainer.members)


# ------------------------------------------------------------------------------------------------ attacks


def rates(found: Any, name: str) -> Floats:
    return np.array(found[name])


AREAS = ("auc_spurious", "auc_clean", "auc_all")


def test_networks_that_memorize_their_members_give_them_away(trainer: Trainer) -> None:
    trainer.bonus = lambda inside, _: 25.0 * inside
    found = experiment(attacked=2).run(1, CONTEXT)
    for name in (*AREAS, "tpr_spurious", "tpr_clean"):
        assert (rates(found, name) == 1).all(), name
    attacked = rates(found, "attacked") == 1
    assert (rates(found, "attack_all")[attacked] > 0.97).all()
    assert (rates(found, "attack_spurious")[attacked] > 0.95).all()
    assert (rates(found, "attack_clean")[attacked] > 0.95).all()
    assert (rates(found, "attack_candidates")[attacked] < 0.05).all()
    assert (rates(found, "attack_clean_others")[attacked] < 0.1).all()
    assert rates(found, "auc_none").mean() == pytest.approx(0.5, abs=ERRORS / np.sqrt(12 * 135 * 4))


def test_networks_that_memorize_nothing_give_nothing_away(trainer: Trainer) -> None:
    trainer.bonus = lambda inside, _: 0.0 * inside
    found = experiment(sizes=(30,), networks=8, attacked=2).run(1, CONTEXT)
    # Of ranks: 1/(12 n) for each network's n members; eight networks.
    for name, members in (("auc_spurious", 30), ("auc_clean", 20), ("auc_all", 70), ("auc_none", 130)):
        allowed = ERRORS / np.sqrt(12 * members * 8) * np.sqrt(2)
        assert rates(found, name).mean() == pytest.approx(0.5, abs=allowed), name
    assert rates(found, "attack_all")[:2].mean() == pytest.approx(0.5, abs=ERRORS * 0.5 / np.sqrt(200))
    for name in ("spurious", "clean"):
        assert rates(found, f"tpr_{name}").mean() == pytest.approx(0.05, abs=ERRORS * np.sqrt(0.05 / 160))


def test_what_is_memorized_of_patterned_members_is_seen_on_them_alone(trainer: Trainer) -> None:
    trainer.bonus = lambda inside, patterned: 25.0 * (inside & patterned)
    found = experiment(sizes=(30,)).run(1, CONTEXT)
    assert (rates(found, "auc_spurious") == 1).all()
    for name in ("auc_clean", "auc_all", "auc_none"):
        assert rates(found, name).mean() == pytest.approx(0.5, abs=0.15), name


def test_a_pattern_that_all_networks_know_gives_no_member_away(trainer: Trainer) -> None:
    trainer.bonus = lambda _, patterned: 25.0 * patterned
    found = experiment(sizes=(30,)).run(1, CONTEXT)
    assert rates(found, "auc_spurious").mean() == pytest.approx(0.5, abs=0.15)


def test_networks_that_are_not_attacked_have_no_shadow_and_all_else(trainer: Trainer) -> None:
    everything = experiment(attacked=4).run(1, CONTEXT)
    assert len(trainer.members) == 4 + 2 * 4
    some = experiment(attacked=2).run(1, CONTEXT)
    assert len(trainer.members) == 2 + 2 * 4
    nobody = experiment(attacked=0).run(1, CONTEXT)
    assert (everything["attacked"], some["attacked"]) == ([1.0] * 8, [1.0, 1.0, 0.0, 0.0] * 2)
    for found in (some, nobody):
        attacked = rates(found, "attacked") == 1
        assert found.keys() == everything.keys()
        for name in found.keys() - {"attacked"}:
            if name in OUTPUT_COLUMNS:
                expected = [value if own else None for value, own in zip(everything[name], attacked, strict=True)]
                assert found[name] == expected, name
            else:
                assert found[name] == everything[name], name
    assert (rates(everything, "attack_all") > 0).all()


# ------------------------------------------------------------------------------------------------ numbers


def likelihood_scores(confidences: Floats, inside: Bools, target: int) -> Floats:
    """Example by example, with the spread of all shadows about their means."""
    means, squares, freedom = np.full(confidences.shape[1], np.nan), 0.0, 0
    for example in range(confidences.shape[1]):
        shadows = [k for k in range(len(confidences)) if k != target and not inside[k, example]]
        if len(shadows) > 1:
            values = confidences[shadows, example]
            means[example] = values.mean()
            squares += ((values - values.mean()) ** 2).sum()
            freedom += len(shadows) - 1
    return np.asarray((confidences[target] - means) / np.sqrt(squares / freedom))


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
    trial, sizes, networks, attacked = 2, (5, 30), 4, 3
    given = experiment(sizes=sizes, networks=networks, attacked=attacked, false_positive_rate=0.2)
    found = given.run(trial, CONTEXT)
    row = sizes.index(n) * networks + place
    assert (found["n"][row], found["network"][row]) == (float(n), float(place))

    cut = _Pool.draw(given, trial, CONTEXT).cuts[place]
    labels = trainer.labels.numpy()
    every = np.arange(len(labels))
    places = [attacked + sizes.index(n) * networks + other for other in range(networks)]
    inside = np.array([np.isin(every, trainer.trained(other)) for other in places])
    logits, shadow = trainer.answers[places], trainer.answers[place]
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    own = p[:, every, labels]
    scores = likelihood_scores(np.log(own) - np.log1p(-own), inside, place)

    members = np.flatnonzero(inside[place])
    spurious, clean = members[members >= 4 * QUARTER], members[members < 4 * QUARTER]
    candidates = np.array([row for row in cut.candidates if row not in spurious])
    of_target, others_of_target = (rows[labels[rows] == TARGET] for rows in (clean, cut.others))
    half = (CANDIDATES - n) // 2

    def features(part: Floats) -> Floats:
        return np.column_stack([np.sort(part, axis=1), part.argmax(axis=1) == labels])

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    attack = GridSearchCV(model, {"logisticregression__C": [0.01, 0.1, 1.0, 10.0]}, cv=3)
    shadow_rows = np.concatenate([cut.shadow, cut.shadow_others])
    attack.fit(features(shadow)[shadow_rows], np.isin(shadow_rows, trainer.trained(place)))
    seen = features(logits[place])
    accused = attack.predict(seen).astype(bool)
    # In the order of the notebook: clean members first, then the patterned ones, beside the other quarter's images.
    ordered = cut.trained(n)
    assert sorted(ordered) == members.tolist()
    released = attack.predict(np.column_stack([seen[ordered, :-1], seen[cut.others, -1]])).astype(bool)
    right = logits[place].argmax(axis=1) == labels
    expected = {
        "attacked": 1.0,
        "attack_all": (accused[members].mean() + 1 - accused[cut.others].mean()) / 2,
        "attack_released": (accused[members].mean() + 1 - released.mean()) / 2,
        "attack_spurious": accused[spurious].mean(),
        "attack_candidates": accused[candidates].mean(),
        "attack_none": accused[candidates[:half]].mean() - accused[candidates[half:]].mean(),
        "attack_clean": accused[of_target].mean(),
        "attack_clean_others": accused[others_of_target].mean(),
        "auc_spurious": area(scores[spurious], scores[candidates]),
        "auc_clean": area(scores[of_target], scores[others_of_target]),
        "auc_all": area(scores[clean], scores[cut.others]),
        "auc_none": area(scores[candidates[:half]], scores[candidates[half:]]),
        "tpr_spurious": caught(scores[spurious], scores[candidates], 0.2),
        "tpr_clean": caught(scores[of_target], scores[others_of_target], 0.2),
        "train_accuracy": right[members].mean(),
        "test_accuracy": right[cut.others].mean(),
    }
    for name, value in expected.items():
        assert found[name][row] == pytest.approx(float(value), abs=ROUNDING), name
    assert expected.keys() | {"n", "network", "failed"} == found.keys()
    assert not any(found["failed"])
    assert np.isnan(scores).any()  # of examples that too few networks did not see


def test_networks_that_learn_their_members_by_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trainer itself, on noise: what it knows of members it knows of no other image."""
    seen: list[Any] = []
    train = ensemble.train

    def noted(*given: Any, **named: Any) -> Any:
        seen.append(train(*given, **named))
        return seen[-1]

    monkeypatch.setattr(ensemble, "train", noted)
    recipe = Recipe(hidden=(64,), batch=20, epochs=30, milestones=())
    given = experiment(recipe=recipe, sizes=(20,), learning_rate=2e-3)
    found = given.run(0, CONTEXT)
    assert len(seen) == 1
    assert (rates(found, "train_accuracy") > 0.9).all()
    # Half of the images are of the target class, the others of one of nine.
    assert (rates(found, "test_accuracy") < 0.7).all()
    assert (rates(found, "auc_all") > 0.8).all()
    assert rates(found, "auc_none").mean() == pytest.approx(0.5, abs=ERRORS / np.sqrt(12 * 140 * 4) * np.sqrt(2))
    assert found == given.run(0, CONTEXT)


# ------------------------------------------------------------------------------------------------ refusals


def test_a_diverged_network_is_told(trainer: Trainer) -> None:
    sound = experiment().run(7, CONTEXT)
    trainer.diverged = (2, 5)
    found = experiment().run(7, CONTEXT)
    assert found.keys() == sound.keys()
    # One network of the shadow, eight targets: the third and the sixth are one target of each n.
    assert found["failed"] == [1.0] * len(sound["n"])
    described = {"n", "network", "failed", "attacked"}
    assert all(value is None for name in found.keys() - described for value in found[name])


def test_a_diverged_target_fails_the_networks_of_its_n_and_a_diverged_shadow_all(trainer: Trainer) -> None:
    sound = experiment().run(7, CONTEXT)
    for diverged, failed in (((2,), [1.0] * 4 + [0.0] * 4), ((6,), [0.0] * 4 + [1.0] * 4), ((0,), [1.0] * 8)):
        trainer.diverged = diverged
        found = experiment().run(7, CONTEXT)
        assert found["failed"] == failed
        for name in found.keys() - {"failed", "attacked"}:
            assert [value for value, bad in zip(found[name], failed, strict=True) if not bad] == [
                value for value, bad in zip(sound[name], failed, strict=True) if not bad
            ]


def test_a_class_too_small_for_the_candidates(trainer: Trainer) -> None:
    assert trainer
    with pytest.raises(ValueError, match=r"class 4 has \d+ images, too few for 300 candidates"):
        experiment(target=4).run(0, CONTEXT)


def test_more_members_need_more_candidates() -> None:
    assert experiment(sizes=(75,)).candidates == 300
    with pytest.raises(
        ValueError, match="candidates must be at least 320, four for each patterned member and 300, got"
    ):
        experiment(sizes=(5, 80))
    assert experiment(sizes=(5, 80), candidates=320).arms == (5, 80)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "cifar-10"}, "dataset must be mnist or fashion-mnist, got 'cifar-10'"),
        ({"pattern": "S9"}, "unknown pattern 'S9': S1, S2, S3"),
        ({"sizes": ()}, "sizes must increase and start at 1 or more"),
        ({"sizes": (0, 5)}, "sizes must increase and start at 1 or more"),
        ({"sizes": (5, 5)}, "sizes must increase and start at 1 or more"),
        ({"sizes": (5, 100)}, "sizes must stay below the quarter's 100 images, got 100"),
        ({"networks": 3}, "networks must be at least 4, each other's shadows, got 3"),
        ({"attacked": 5}, "attacked must lie in 0 to 4, the networks, got 5"),
        ({"attacked": -1}, "attacked must lie in 0 to 4"),
        ({"quarter": 99}, "quarter must lie between 100 and a quarter of what candidates leave, got 99"),
        ({"quarter": 17_426}, "quarter must lie between 100"),
        ({"false_positive_rate": 0.0}, r"false_positive_rate must lie in \(0, 1\), got 0\.0"),
        ({"false_positive_rate": 1.0}, r"false_positive_rate must lie in \(0, 1\)"),
    ],
)
def test_experiments_refuse(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**changes)


def test_description() -> None:
    given = experiment(quarter=17_425)
    expected = "membership inference, 4 networks on quarters of 17,425 images of mnist, 1 epochs"
    assert (str(given), given.datasets()) == (expected, ("mnist",))
