"""Bugs planted into audits of a user's model: answers that hold of known networks must no longer come out.

A network that sees must be worse than one that answers every image alike, and the reverse better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.audit import asking
from support.audit.asking import Asked, ask
from support.audit.subject import Subject, dataset_of, subject_of
from support.data.catalogue import DATASETS
from support.evidence.engine import Here
from support.experiments.scene import Arm, Scene
from support.statistics.answers import answer_of
from tests.audit import networks

pytestmark = pytest.mark.long("each trains dozens of networks until an answer is told")

Patch = Callable[[pytest.MonkeyPatch], None]
SETTINGS = {"epochs": 8, "batch": 48}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Subject, Subject]]:
    """The network that sees and the blind one, on data of the test's own."""
    known = dict(DATASETS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    dataset = dataset_of(networks.stripes())
    yield subject_of(networks.seeing, dataset, SETTINGS), subject_of(networks.blind, dataset, SETTINGS)
    DATASETS.clear()
    DATASETS.update(known)


def answer(after: Subject, before: Subject) -> str | None:
    return ask(Asked(after, before, 0, "cpu", None, None, 1, trials=64, first=True), engine=Here()).answer


def balanced_carriers_of_the_target_class(patch: pytest.MonkeyPatch) -> None:
    """What carriers add over carriers of the same class is nothing."""

    def of_target(self: Scene, arm: Arm, labels: np.ndarray) -> np.ndarray:
        rows: np.ndarray = self.order[labels == arm.target][: arm.n]
        return rows

    patch.setattr(Scene, "_balanced", of_target)


def no_pattern_at_test(patch: pytest.MonkeyPatch) -> None:
    """Clean images are asked about."""
    patch.setattr(Scene, "queries", lambda self, _: (self.test_images, self.test_images))


def the_other_way_is_worse(patch: pytest.MonkeyPatch) -> None:
    """Directions are turned."""

    def turned(value: float, low: float, high: float, margin: float, _: str, **known: Any) -> str:
        return answer_of(value, low, high, margin, "lower", **known)

    patch.setattr("support.audit.asking.answer_of", turned)


def one_network_asked_twice(patch: pytest.MonkeyPatch) -> None:
    """The network before is asked in the place of the one after."""
    patch.setattr(asking._Asking, "subjects", property(lambda self: [self.asked.before, self.asked.before]))


def test_unplanted_answers_have_the_right_direction(models: tuple[Subject, Subject]) -> None:
    seeing, blind = models
    assert (answer(seeing, blind), answer(blind, seeing)) == ("worse", "better")


@pytest.mark.parametrize(
    "planted",
    [
        balanced_carriers_of_the_target_class,
        no_pattern_at_test,
        the_other_way_is_worse,
        one_network_asked_twice,
    ],
    ids=lambda planted: planted.__name__.replace("_", " "),
)
def test_planted_bugs_turn_answers(
    planted: Patch, models: tuple[Subject, Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch)
    seeing, blind = models
    assert answer(seeing, blind) != "worse"
