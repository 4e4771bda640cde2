"""Sizes of a claim module, and the experiments that they stand for."""

import pytest

from support.experiments.deletion import Deletion
from support.experiments.deletion_size import DeletionSize
from support.experiments.membership import MembershipInference
from support.experiments.membership_size import PoolSize
from support.experiments.removals import Influence
from support.training.recipe import Recipe

SHORT = Recipe(epochs=2, milestones=(1,))


INFLUENCE = Influence(examples=50)
DELETION = DeletionSize(SHORT, 400, 200, n=(3, 10), influence=INFLUENCE)


def removals(experiment: Deletion) -> set[tuple[int, str, str]]:
    assert (experiment.recipe, experiment.subset, experiment.test) == (SHORT, 400, 200)
    return {(arm.n, arm.carriers, arm.method) for arm in experiment.arms}


@pytest.mark.parametrize("method", ["resumed", "restarted"])
def test_a_method_of_deletion_comes_with_what_it_is_held_against(method: str) -> None:
    alike = {(10, carriers, each) for carriers in ("target", "balanced") for each in ("before", "scratch", method)}
    assert removals(DELETION.experiment("mnist", (10,), (method,))) == alike
    published = {(10, "target", each) for each in ("before", "scratch", method)} | {(10, "balanced", "scratch")}
    assert removals(DELETION.experiment("mnist", (10,), (method,), both=False)) == published


def test_influence_comes_with_the_last_layer_alone_and_with_how_it_is_computed() -> None:
    asked = DELETION.experiment("mnist", (3, 10), ("influence",))
    assert {(n, carriers) for n, carriers, method in removals(asked) if method == "influence"} == {
        (n, carriers) for n in (3, 10) for carriers in ("target", "balanced")
    }
    last = [arm for arm in asked.arms if arm.method == "last layer"]
    assert [(arm.n, arm.carriers) for arm in last] == [(3, "target"), (10, "target")]
    assert {arm.influence for arm in asked.arms} == {None, INFLUENCE}
    assert "last layer" not in {arm.method for arm in DELETION.experiment("mnist", (3,), ("released influence",)).arms}


def test_a_size_of_deletion_is_described() -> None:
    assert DELETION.described() == {"training images": 400, "test images": 200, "epochs": 2}


@pytest.mark.parametrize(("n", "candidates"), [((1, 10), 300), ((75,), 300), ((3, 100), 400)])
def test_every_n_shares_a_pool_with_candidates_for_the_largest(n: tuple[int, ...], candidates: int) -> None:
    size = PoolSize(SHORT, quarter=1000, n=n, counterparts=6, targets=2)
    asked = [size.experiment("fashion-mnist", each) for each in n]
    assert asked == [
        MembershipInference("fashion-mnist", SHORT, 1000, (each,), candidates, networks=6, targets=2) for each in n
    ]
    assert size.experiment("fashion-mnist", *n).sizes == n
    assert size.described() == {
        "images in a quarter": 1000,
        "epochs": 2,
        "target networks per trial": 2,
        "counterparts per trial": 6,
        "patterned candidates": candidates,
    }
