"""Who is trained on what in membership inference, and its numbers by definition, with known logits for networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
from support.experiments.membership import MembershipInference
from support.experiments.membership_pool import Cut, Pool
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
    return MembershipInference(**fields | {"networks": 4, "targets": 1, "pattern": "S3"} | changes)


def cuts(given: MembershipInference, trial: int) -> tuple[Cut, ...]:
    """As the experiment cuts the pool of a trial."""
    return Pool.draw("mnist", QUARTER, CANDIDATES, given.networks, given.pattern, TARGET, trial, CONTEXT).cuts


def places(n: int, networks: int, targets: int) -> tuple[range, range]:
    """Where the counterparts and the targets of n stand among the networks for n = 5 and n = 30, shadows first."""
    which = (5, 30).index(n)
    counterparts, first = targets + networks * which, targets + 2 * networks + targets * which
    return range(counterparts, counterparts + networks), range(first, first + targets)


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
    experiment(quarter=quarter).run(1, CONTEXT)
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


def test_targets_counterparts_and_shadows_are_trained_on_rows_of_their_own(trainer: Trainer) -> None:
    networks, targets = 5, 3
    given = experiment(networks=networks, targets=targets)
    given.run(1, CONTEXT)
    assert len(trainer.members) == targets + 2 * (networks + targets)
    drawn = cuts(given, 1)
    for place, cut in enumerate(drawn):
        quarters = [set(quarter.tolist()) for quarter in (cut.target, cut.others, cut.shadow, cut.shadow_others)]
        assert [len(quarter) for quarter in quarters] == [QUARTER] * 4
        assert set.union(*quarters) == set(range(4 * QUARTER))  # nothing is in two of them
        for n in (5, 30):
            with_less, with_all = places(n, networks, targets)
            asked = [(with_less[place], n - 1)] + ([(with_all[place], n)] if place < targets else [])
            for at, count in asked:
                trained = trainer.trained(at)
                clean, patterned = trained[trained < 4 * QUARTER], trained[trained >= 4 * QUARTER]
                assert (len(clean), len(patterned)) == (QUARTER - count, count)
                assert set(clean.tolist()) < quarters[0]
                assert set(patterned.tolist()) == set(cut.candidates[:count].tolist())
        if place < targets:
            assert set(trainer.trained(place).tolist()) == quarters[2]
        assert sorted(cut.candidates.tolist()) == list(range(4 * QUARTER, 4 * QUARTER + CANDIDATES))
    # Each network has patterned members of its own.
    assert len({tuple(sorted(cut.candidates[:30].tolist())) for cut in drawn}) == networks


def test_a_target_and_its_counterpart_differ_in_one_example(trainer: Trainer) -> None:
    """The counterpart has a clean image in the place of the last patterned one, and the same start and order."""
    experiment(targets=2).run(1, CONTEXT)
    for n in (5, 30):
        counterparts, targets = places(n, 4, 2)
        for place in range(2):
            less, more = (set(trainer.trained(at).tolist()) for at in (counterparts[place], targets[place]))
            (gone,), (given,) = less - more, more - less
            assert gone < 4 * QUARTER <= given
            assert trainer.members[counterparts[place]].seed == trainer.members[targets[place]].seed
    shadows = {member.seed for member in trainer.members[:2]}
    assert len(shadows) == 2
    assert shadows.isdisjoint({member.seed for member in trainer.members[2:]})


def test_a_single_patterned_example_has_counterparts_without_any(trainer: Trainer) -> None:
    experiment(sizes=(1,)).run(1, CONTEXT)
    for place in range(1, 5):
        assert trainer.trained(place).max() < 4 * QUARTER
    assert (trainer.trained(5) >= 4 * QUARTER).sum() == 1


def test_networks_of_neighbouring_n_are_trained_once_and_say_the_same(trainer: Trainer) -> None:
    together = experiment(sizes=(5, 6), targets=2).run(1, CONTEXT)
    # Two shadows, counterparts with four and five, targets with five (counterparts already) and six.
    assert len(trainer.members) == 2 + 4 + 4 + 2
    alone = [experiment(sizes=(n,), targets=2).run(1, CONTEXT) for n in (5, 6)]
    for name, column in together.items():
        assert column == [value for part in alone for value in part[name]], name


def test_members_go_on_from_nowhere_at_the_learning_rate(trainer: Trainer) -> None:
    experiment(learning_rate=0.003).run(0, CONTEXT)
    assert {member.learning_rate for member in trainer.members} == {0.003}
    assert all(member.start is None for member in trainer.members)


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


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("diverged", "failed"),
    [
        (2, [1.0, 1.0, 0.0, 0.0]),  # a counterpart of n = 5
        (6, [0.0, 0.0, 1.0, 1.0]),  # a counterpart of n = 30
        (11, [1.0, 1.0, 0.0, 0.0]),  # a target with 5
        (12, [0.0, 0.0, 1.0, 1.0]),  # a target with 30
        (0, [1.0, 1.0, 1.0, 1.0]),  # a shadow
    ],
)
def test_a_diverged_network_fails_the_networks_of_its_n_and_a_shadow_all(
    trainer: Trainer, diverged: int, failed: list[float]
) -> None:
    sound = experiment(targets=2).run(7, CONTEXT)
    assert sound["failed"] == [0.0] * 4
    trainer.diverged = (diverged,)
    found = experiment(targets=2).run(7, CONTEXT)
    assert found.keys() == sound.keys()
    assert found["failed"] == failed
    for name in found.keys() - {"failed"}:
        kept = [value for value, bad in zip(sound[name], failed, strict=True) if not bad]
        assert [value for value, bad in zip(found[name], failed, strict=True) if not bad] == kept
        if name not in {"n", "network"}:
            assert all(value is None for value, bad in zip(found[name], failed, strict=True) if bad)


def test_what_another_n_is_trained_with_does_not_fail_this_one(trainer: Trainer) -> None:
    """The counterparts of n = 6 are no targets of n = 5, however alike."""
    experiment(sizes=(5, 6)).run(7, CONTEXT)
    counterparts_of_six = range(1 + 4, 1 + 8)
    trainer.diverged = (counterparts_of_six[3],)
    assert experiment(sizes=(5, 6)).run(7, CONTEXT)["failed"] == [0.0, 1.0]


# ------------------------------------------------------------------------------------------------ signs


def test_members_that_a_network_did_not_see_and_others_that_it_did_are_counted(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven images of the target's quarter change places with seven of the others', in training alone."""
    monkeypatch.setattr(Pool, "member", _swapping(Pool.member, 7))
    found = experiment(sizes=(5,)).run(1, CONTEXT)
    assert trainer.members
    assert found["mislabelled"] == [3 * 2 * 7.0]  # target, counterpart and shadow


def _swapping(member: Callable[..., Member], count: int) -> Callable[..., Member]:
    def swapped(pool: Pool, rows: Rows, purpose: str, rate: float, decay: float) -> Member:
        cut = pool.cuts[int(purpose.split()[-1])]
        others = cut.shadow_others if purpose.startswith("shadow") else cut.others
        return member(pool, np.concatenate([rows[count:], others[:count]]), purpose, rate, decay)

    return swapped


def test_shadows_that_share_images_with_targets_are_told(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = Pool.draw

    def overlapping(*given: Any, **named: Any) -> Pool:
        pool = draw(*given, **named)
        made = tuple(replace(cut, shadow=np.concatenate([cut.target[:40], cut.shadow[40:]])) for cut in pool.cuts)
        return replace(pool, cuts=made)

    monkeypatch.setattr(Pool, "draw", overlapping)
    found = experiment(targets=2).run(1, CONTEXT)
    assert trainer.members
    assert found["shadow_overlap"] == [40.0] * 4  # the patterned examples take the place of the last ones
    assert found["mislabelled"] == [0.0] * 4


# ------------------------------------------------------------------------------------------------ refusals


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
        ({"dataset": "cifar-10"}, "colour images need a recipe with a network that takes them, got network=None"),
        ({"dataset": "svhn"}, "unknown dataset 'svhn': mnist, fashion-mnist, cifar-10"),
        ({"target": 10}, "target must lie in 0 to 9, got 10"),
        ({"pattern": "S9"}, "unknown pattern 'S9': S1, S2, S3"),
        ({"sizes": ()}, "sizes must increase and start at 1 or more"),
        ({"sizes": (0, 5)}, "sizes must increase and start at 1 or more"),
        ({"sizes": (5, 5)}, "sizes must increase and start at 1 or more"),
        ({"sizes": (5, 100)}, "sizes must stay below the quarter's 100 images, got 100"),
        ({"networks": 3}, "networks must be at least 4, each other's shadows, got 3"),
        ({"targets": 5}, "targets must lie in 1 to 4, the networks, got 5"),
        ({"targets": 0}, "targets must lie in 1 to 4"),
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
    expected = "membership inference, 1 networks on quarters of 17,425 images of mnist, 1 epochs"
    assert (str(given), given.datasets()) == (expected, ("mnist",))
