"""Who is trained on what in membership inference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from support.data.datasets import Images
from support.experiments.membership_pool import Pool
from support.training.member import Member
from tests.experiments.membership.known_logits import (
    CANDIDATES,
    CONTEXT,
    QUARTER,
    TARGET,
    Rows,
    Trainer,
    cuts,
    experiment,
    places,
)

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
