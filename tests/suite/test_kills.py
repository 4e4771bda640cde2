"""Runs that are killed at drawn moments lose nothing, and end well where they are only asked to stop."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.suite import kills
from tests.suite.conftest import compile_support

pytestmark = pytest.mark.long("starts pytest anew for every test")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    compile_support(tmp_path_factory.mktemp("compiled"))
    found = kills.undisturbed(tmp_path_factory.mktemp("undisturbed") / "suite")
    assert {name: verdict for name, (verdict, *_) in found["cases"].items()} == kills.CASES
    assert len(found["rows"]) == 3 * kills.TRIALS
    return found


@pytest.mark.parametrize(("kind", "target", "workers"), kills.kinds())
def test_nothing_is_lost(kind: str, target: str, workers: str, expected: dict[str, Any], tmp_path: Path) -> None:
    stream = random.Random(f"{kind} {target} {workers}")  # noqa: S311 - no secret
    kill = kills.draw(kind, target, workers, stream)
    assert kills.try_kill(kill, expected, tmp_path / "suite").lost == [], kill


def test_a_loss_would_be_seen(expected: dict[str, Any], tmp_path: Path) -> None:
    """A store that forgets an entry, and a run that leaves something behind."""
    kill = kills.Kill("SIGTERM", "controller", "-n0", 4, 0.5)
    other = {**expected, "rows": dict(list(expected["rows"].items())[1:])}
    assert kills.try_kill(kill, other, tmp_path / "suite").lost == [
        "the run that went on differs from one that nobody disturbed",
        "a trial that was kept was computed again",
    ]
