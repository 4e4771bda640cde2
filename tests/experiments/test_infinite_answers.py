"""A network of a user's whose parameters stay finite and which answers with infinities: lost, and no error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.data import datasets
from support.data.datasets import Images
from support.evidence.keys import canonical
from support.experiments.deletion import Deletion
from support.experiments.experiment import Context
from support.experiments.membership import MembershipInference
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.removals import Removal
from support.training.recipe import Recipe

NETWORKS = Path(__file__).parents[1] / "training" / "small_networks.py"


def recipe(network: str) -> Recipe:
    return Recipe(network=f"{NETWORKS}:{network}", epochs=1, milestones=())


@pytest.fixture(autouse=True)
def images(monkeypatch: pytest.MonkeyPatch) -> None:
    """600 random images, class 0 in plenty."""
    rng = np.random.default_rng(0)
    few = Images(rng.integers(0, 256, (600, 28, 28), dtype=np.uint8), rng.integers(-15, 10, 600).clip(0))
    monkeypatch.setattr(datasets, "load", lambda *_: few)


@pytest.mark.parametrize(("network", "lost"), [("mlp", 0.0), ("infinite_when_asked", 1.0)])
def test_a_network_that_answers_with_infinities_is_lost(network: str, lost: float) -> None:
    given = recipe(network)
    experiments: dict[str, RarePatterns | Deletion] = {
        "diverged": RarePatterns("mnist", given, (Arm("R3", 3),), subset=100, test=20),
        "failed": Deletion("mnist", given, (Removal(3, "before"), Removal(3, "resumed")), subset=100, test=20),
    }
    for column, experiment in experiments.items():
        columns = experiment.run(0, Context(0))
        assert set(columns[column]) == {lost}
        assert (columns["clean_accuracy"][0] is None) == bool(lost)
        canonical({name: list(values) for name, values in columns.items()})
    columns = MembershipInference("mnist", given, 100, (2,)).run(0, Context(0))
    assert set(columns["failed"]) == {lost}
    canonical({name: list(values) for name, values in columns.items()})
