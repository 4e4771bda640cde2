"""What arms were taught, from hand-made rows: every expected number stands in them or is their difference."""

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from support.analysis.taught import Taught, taught_alike, without_examples
from support.evidence.rows import NotMeasuredError, Rows, TooFewTrialsError
from support.experiments.rare_patterns import Arm

TEN, PIXEL = Arm("R3", 10), Arm("R3", 10, query="S1")
Numbers = tuple[float, ...]


def rows(*arms: tuple[Arm, Numbers], accuracy: dict[Arm, Numbers] | None = None) -> Rows:
    """A table of the column ``score``, a number for each trial of an arm, and of clean accuracies, 0.9 if not given."""
    trials = len(arms[0][1])
    found: list[dict[str, float | str]] = [
        {
            "trial": trial,
            "pattern": arm.pattern,
            "n": float(arm.n),
            "target": float(arm.target),
            "query": arm.query or "",
            "carriers": arm.carriers,
            "norm_of": arm.norm_of or "",
            "input_noise": arm.input_noise,
            "weight_decay": arm.weight_decay,
            "clip_norm": arm.clip_norm or 0.0,
            "clip_value": arm.clip_value or 0.0,
            "own_noise": float(arm.own_noise),
            "fresh": float(arm.fresh),
            "score": numbers[trial],
            "clean_accuracy": (accuracy or {}).get(arm, (0.9,) * trials)[trial],
        }
        for trial in range(trials)
        for arm, numbers in arms
    ]
    columns = {name: np.array([row[name] for row in found]) for name in found[0]}
    return Rows("networks", columns, (("key", "digest"),), trials)


def test_every_field_of_an_arm_tells_it_from_others() -> None:
    arms = [
        TEN,
        PIXEL,
        Arm("R3", 3),
        Arm("S3", 10),
        Arm("R3", 10, target=1),
        *(Arm("R3", 10, carriers=carriers) for carriers in ("any", "balanced", "balanced again")),
        Arm("R3", 10, own_noise=True),
        Arm("R3", 10, fresh=39),
        Arm("R3", 10, norm_of="S3"),
        Arm("R3", 10, input_noise=0.5),
        Arm("R3", 10, weight_decay=0.5),
        Arm("R3", 10, clip_norm=0.5),
        Arm("R3", 10, clip_value=0.5),
    ]
    taught = Taught(rows(*((arm, (place, place + 0.5)) for place, arm in enumerate(arms))))
    for place, arm in enumerate(arms):
        assert taught.of("score", arm).tolist() == [place, place + 0.5]


def test_a_network_without_examples_is_told_by_what_it_is_shown() -> None:
    taught = Taught(
        rows(
            (Arm("R3", 0), (1, 2)),
            (Arm("R3", 0, query="S1"), (3, 4)),
            (Arm("S1", 0), (3, 4)),
            (Arm("R3", 0, target=1), (5, 6)),
            (Arm("R3", 0, weight_decay=0.1), (7, 8)),
            (Arm("R1", 0, norm_of="S3"), (9, 10)),
        )
    )
    assert taught.of("score", Arm("R3", 0)).tolist() == [1, 2]
    # Trained with nothing, it does not know whose examples it did not see, nor of which class.
    for arm in (Arm("S3", 0, query="S1"), Arm("S1", 0), Arm("R1", 0, query="S1", carriers="any")):
        assert taught.of("score", arm).tolist() == [3, 4]
    assert taught.of("score", Arm("S3", 0, target=1, query="R3")).tolist() == [5, 6]
    assert taught.of("score", Arm("R3", 0, weight_decay=0.1)).tolist() == [7, 8]
    assert taught.of("score", Arm("R1", 0, norm_of="S3")).tolist() == [9, 10]


def test_what_examples_add_is_paired_by_trial() -> None:
    scattered = replace(TEN, carriers="any")
    taught = Taught(
        rows(
            (Arm("R3", 0), (0.1, 0.2, 0.3)),
            (Arm("R3", 3), (0.3, 0.3, 0.3)),
            (TEN, (0.9, 0.8, 0.7)),
            (scattered, (0.4, 0.0, 0.1)),
            (Arm("R3", 0, query="S1"), (0.0, 0.0, 0.1)),
            (PIXEL, (0.0, 0.1, 0.0)),
        )
    )
    np.testing.assert_allclose(taught.rise("score", TEN), [0.8, 0.6, 0.4])
    np.testing.assert_allclose(taught.rise("score", PIXEL), [0.0, 0.1, -0.1])
    np.testing.assert_allclose(taught.rise("score", scattered), [0.3, -0.2, -0.2])
    np.testing.assert_allclose(taught.added("score", TEN, over=scattered), [0.5, 0.8, 0.6])
    table = taught.over_n("score", TEN, (0, 3, 10))
    np.testing.assert_allclose(table, [[0.1, 0.3, 0.9], [0.2, 0.3, 0.8], [0.3, 0.3, 0.7]])


def test_a_rise_is_over_the_network_under_the_same_remedy() -> None:
    decayed = Arm("R3", 10, weight_decay=0.1)
    arms = (Arm("R3", 0), (0.1, 0.1)), (TEN, (0.9, 0.9)), (replace(decayed, n=0), (0.4, 0.5)), (decayed, (0.8, 0.8))
    np.testing.assert_allclose(Taught(rows(*arms)).rise("score", decayed), [0.4, 0.3])


@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        (Arm("R1", 10, 1, carriers="any", norm_of="S3"), Arm("R1", 0, 1, norm_of="S3")),
        (Arm("R1", 10, query="S1", norm_of="S3"), Arm("R1", 0, query="S1")),
        (Arm("R3", 3, clip_norm=0.1), Arm("R3", 0, clip_norm=0.1)),
    ],
)
def test_the_same_question_without_examples(arm: Arm, expected: Arm) -> None:
    assert without_examples(arm) == expected


def test_a_trial_is_left_out_by_its_untreated_network_alone() -> None:
    untreated, decayed = Arm("R3", 0), Arm("R3", 0, weight_decay=0.1)
    table = rows(
        (untreated, (1, 2, 3, 4)),
        (decayed, (5, 6, 7, 8)),
        (TEN, (9, 10, 11, 12)),
        accuracy={untreated: (0.9, 0.4, 0.6, 0.9), decayed: (0.1, 0.9, 0.9, 0.9), TEN: (0.9, 0.9, 0.1, 0.9)},
    )
    taught = Taught.where_trained(table)
    assert taught.of("score", TEN).tolist() == [9, 11, 12]
    assert taught.of("score", decayed).tolist() == [5, 7, 8]
    assert taught.left_out == ("untreated network diverged or below 0.5 of clean accuracy", 1, 4)
    assert taught.untreated_accuracy == pytest.approx((0.9 + 0.6 + 0.9) / 3)
    # Where every network has that decay, the untreated one has it too.
    assert Taught.where_trained(table, weight_decay=0.1).of("score", TEN).tolist() == [10, 11, 12]


def test_a_diverged_network_drops_its_trial_where_untreated_and_cannot_be_read_where_treated() -> None:
    untreated = Arm("R3", 0)
    table = rows((untreated, (nan, 2, 3)), (TEN, (4, nan, 6)), accuracy={untreated: (nan, 0.9, 0.9)})
    taught = Taught.where_trained(table)
    assert taught.left_out.dropped == 1
    assert taught.of("score", untreated).tolist() == [2, 3]
    with pytest.raises(NotMeasuredError, match="score was not measured in 1 of 2 rows"):
        taught.of("score", TEN)


def test_recipes_are_compared_over_the_trials_in_which_all_learn() -> None:
    untreated = Arm("R3", 0)
    first = rows((untreated, (1, 2, 3, 4)), accuracy={untreated: (0.9, 0.1, 0.9, 0.9)})
    second = rows((untreated, (5, 6, 7, 8)), accuracy={untreated: (0.9, 0.8, 0.8, 0.3)})
    runs = taught_alike({"MLP": first, "CNN": second})
    assert {name: taught.of("score", untreated).tolist() for name, taught in runs.items()} == {
        "MLP": [1, 3],
        "CNN": [5, 7],
    }
    assert [(taught.idle, taught.left_out.dropped, taught.left_out.trials) for taught in runs.values()] == [
        ((1, 3), 2, 4)
    ] * 2
    assert runs["CNN"].untreated_accuracy == pytest.approx(0.85)


def test_what_is_not_there_is_refused() -> None:
    table = rows((Arm("R3", 0), (1, 2)), (TEN, (3, 4)))
    with pytest.raises(ValueError, match=r"no row of networks has \{'pattern': 'S3'"):
        Taught(table).of("score", Arm("S3", 10))
    with pytest.raises(ValueError, match=r"no row of networks has \{'shown': 'S1'\}"):
        Taught(table).of("score", Arm("R3", 0, query="S1"))
    with pytest.raises(KeyError, match="loss"):
        Taught(table).of("loss", TEN)
    with pytest.raises(ValueError, match="no row of networks has"):
        Taught.where_trained(rows((TEN, (3, 4))))
    with pytest.raises(TooFewTrialsError):
        Taught.where_trained(rows((Arm("R3", 0), (1, 2)), accuracy={Arm("R3", 0): (0.1, 0.9)}))
