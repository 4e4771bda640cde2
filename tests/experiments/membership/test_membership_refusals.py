"""What of membership inference fails alone, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.experiments.membership.known_logits import CONTEXT, Trainer, experiment


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
