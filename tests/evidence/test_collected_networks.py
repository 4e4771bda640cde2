"""Collecting what trains networks: those of users are what they were, none is trained again, and trials share a GPU."""

import dataclasses
import json
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest
import torch

from support.evidence import engine
from support.evidence.inputs import InputsChangedError, UserNetwork, file_digest
from support.evidence.keys import of_arm, origin_of
from support.evidence.locks import Turn
from support.evidence.store import Store
from support.experiments.experiment import BITS, Columns, Context, OnePass, joined
from support.experiments.rare_patterns import Arm, RarePatterns
from support.training.gathering import current
from support.training.recipe import Recipe
from tests.evidence.conftest import CONTEXT, TIMEOUT, Collect

# 1. Networks of users that change


def test_a_users_file_that_was_edited_is_noticed_before_anything_is_computed(
    tmp_path: Path, store: Store, collect: Collect
) -> None:
    file = tmp_path / "own.py"
    file.write_text("first")
    network = UserNetwork("digest", {str(file): str(file_digest(file))})
    file.write_text("second")
    with pytest.raises(InputsChangedError, match=r"own\.py has changed"):
        collect(STACKED, 1, network=network)
    assert list(store.keys()) == []


def test_evidence_of_a_network_that_answers_otherwise_is_not_read(store: Store, collect: Collect) -> None:
    """As one that reads a variable of the environment: its files and weights are the same."""
    experiment, made = Stacked(Recipe(epochs=1, milestones=())), UserNetwork("digest", {}, (0.25, -2.0))
    collect(experiment, 1, network=made)
    (key,) = store.keys()
    assert json.loads(store.path(key).read_bytes().splitlines()[1])["answers"] == [0.25, -2.0]
    rounded = msgspec.structs.replace(made, answers=(0.25 + 1e-5, -2.0))
    assert len(collect(experiment, 1, network=rounded).cells) == 1
    for answers in ((0.25 + 1e-3, -2.0), (0.25,)):
        other = msgspec.structs.replace(made, answers=answers)
        with pytest.raises(
            InputsChangedError, match=f"answers otherwise than when the evidence in {store.directory} was"
        ):
            collect(experiment, 1, network=other)
    own = collect(experiment, 1)
    (other_key,) = {key for key, _ in own.cells}
    assert "answers" not in json.loads(store.path(other_key).read_bytes().splitlines()[1])


# 2. Real networks: what is trained beside them changes nothing, and a new arm trains only itself


def test_a_new_arm_of_networks_trains_only_itself(collect: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    from support.data import datasets
    from support.data.datasets import Images
    from support.training import ensemble

    rng = np.random.default_rng(5)
    images = Images(rng.integers(0, 256, (200, 28, 28), dtype=np.uint8), rng.integers(0, 10, 200))
    monkeypatch.setattr(datasets, "load", lambda *_: images)
    trained: list[int] = []
    train = ensemble.train

    def counted(recipe: Any, images: Any, labels: Any, classes: Any, members: Any, **given: Any) -> Any:
        trained.append(len(members))
        return train(recipe, images, labels, classes, members, **given)

    monkeypatch.setattr(ensemble, "train", counted)
    arms = (Arm("R3", 0), Arm("R3", 2), Arm("R3", 2, query="S1"), Arm("S3", 2))

    def asking(*arms: Arm) -> RarePatterns:
        return RarePatterns("mnist", Recipe(hidden=(8,), epochs=2, milestones=()), arms, subset=100, test=20)

    collect(asking(*arms[:3]), 2)
    assert trained == [2, 2]  # one network serves both questions
    whole = collect(asking(*arms), 2)
    assert trained == [2, 2, 1, 1]
    together = joined(asking(*arms).measure(arms, 1, CONTEXT))
    for name, values in together.items():
        assert [None if value != value else value for value in whole.columns[name][4:].tolist()] == values


# 3. Trials that share a GPU

GPU = Context(0, "cuda:0")


@dataclasses.dataclass(frozen=True)
class Stacked(OnePass):
    """Each trial waits for all others, as it does where it trains: alone it would wait in vain."""

    promise: ClassVar[float] = BITS

    recipe: Recipe
    fails: int = -1

    def datasets(self) -> tuple[str, ...]:
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        if trial == self.fails:
            raise ValueError(f"trial {trial} has no images")
        MEETINGS.add(threading.get_ident())
        meeting = current()
        if meeting is not None:
            assert context.device == "cuda:0"
            ANSWERS.wait(TIMEOUT)
        return {"value": [float(trial)]}


MEETINGS: set[int] = set()
ANSWERS = threading.Barrier(3)
STACKED = Stacked(Recipe(epochs=1, milestones=()))


def test_trials_run_together_where_their_networks_share_a_gpu(collect: Collect) -> None:
    MEETINGS.clear()
    told: list[int] = []
    rows = collect(STACKED, 3, GPU, progress=lambda _, done, __: told.append(done))
    assert rows["value"].tolist() == [0, 1, 2]
    assert len(MEETINGS) == 3
    assert told == [1, 2, 3]
    collect(STACKED, 3, GPU, recorded=True)


def test_many_trials_share_a_gpu_in_groups(collect: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    MEETINGS.clear()
    monkeypatch.setattr(engine, "TOGETHER", 3)
    rows = collect(STACKED, 6, GPU)
    assert rows["value"].tolist() == [0, 1, 2, 3, 4, 5]
    assert threading.get_ident() not in MEETINGS  # none was left over to run alone


@pytest.mark.parametrize(
    ("context", "network"), [(CONTEXT, None), (GPU, "CNN")], ids=["on a CPU", "networks that are not stacked"]
)
def test_other_trials_run_one_by_one(collect: Collect, context: Context, network: str | None) -> None:
    MEETINGS.clear()
    rows = collect(Stacked(Recipe(epochs=1, milestones=(), network=network)), 3, context)
    assert rows["value"].tolist() == [0, 1, 2]
    assert {threading.get_ident()} == MEETINGS


def lock_of(store: Store, experiment: Any, trial: int, context: Context) -> Path:
    origin = msgspec.structs.replace(of_arm(origin_of(experiment, context), None), trial=trial)
    return store.lock_path(origin.key)


def test_trials_that_another_process_works_on_are_waited_for(store: Store, collect: Collect) -> None:
    taken = threading.Event()

    def another() -> None:
        with Turn(lock_of(store, STACKED, 1, GPU)) as turn:
            assert turn.granted
            taken.set()
            time.sleep(0.3)

    process = threading.Thread(target=another)
    process.start()
    assert taken.wait(TIMEOUT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(__import__("sys").modules[__name__], "ANSWERS", threading.Barrier(2))
        rows = collect(STACKED, 3, GPU)
    process.join()
    assert rows["value"].tolist() == [0, 1, 2]


def test_a_failing_trial_ends_the_others(collect: Collect) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(__import__("sys").modules[__name__], "ANSWERS", threading.Barrier(2))
        with pytest.raises(ValueError, match="trial 2 has no images"):
            collect(dataclasses.replace(STACKED, fails=2), 3, GPU)


def test_a_full_gpu_is_told_in_one_sentence(collect: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, trial: int, context: Context) -> Any:  # noqa: ARG001 - the signature of a run
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 4.21 GiB.")

    monkeypatch.setattr(Stacked, "run", full)
    with pytest.raises(MemoryError, match=r"cuda:0 has no memory left for .*: let fewer workers share it \(-n 2\)"):
        collect(STACKED, 2, GPU)
