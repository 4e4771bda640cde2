"""Sizes of a claim module, and the experiments that they stand for."""

import pytest

from support.experiments.deletion import ALWAYS, HEADS, Deletion, Influence
from support.experiments.deletion_size import DeletionSize
from support.experiments.membership import MembershipInference
from support.experiments.membership_size import PoolSize
from support.training.recipe import Recipe

SHORT = Recipe(epochs=2, milestones=(1,))


@pytest.mark.parametrize(("method", "more"), [("resumed", ()), ("released influence", ()), ("influence", HEADS)])
def test_a_method_of_deletion_comes_with_what_it_is_held_against(method: str, more: tuple[str, ...]) -> None:
    influence = Influence(examples=50)
    size = DeletionSize(SHORT, 400, 200, n=(3, 10), influence=influence)
    asked = size.experiment(method, "mnist", (10,))
    assert asked == Deletion("mnist", SHORT, (10,), (*ALWAYS, method, *more), influence, subset=400, test=200)
    assert size.described() == {"training images": 400, "test images": 200, "epochs": 2}


@pytest.mark.parametrize(("n", "candidates"), [((1, 10), 300), ((75,), 300), ((3, 100), 400)])
def test_every_n_shares_a_pool_with_candidates_for_the_largest(n: tuple[int, ...], candidates: int) -> None:
    size = PoolSize(SHORT, quarter=1000, n=n)
    asked = [size.experiment("fashion-mnist", (each,), attacked=2) for each in n]
    assert asked == [
        MembershipInference("fashion-mnist", SHORT, 1000, (each,), candidates, networks=5, attacked=2) for each in n
    ]
    assert size.described() == {
        "images in a quarter": 1000,
        "epochs": 2,
        "target networks per trial": 5,
        "patterned candidates": candidates,
    }
