"""What a worker does with a group of trials, without a cluster around it."""

import dataclasses
import queue
import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from support.cluster import client, task
from support.cluster.client import Cluster
from support.cluster.task import Result, Work, worked
from support.cluster.user_files import packed, unpacked
from support.data import datasets
from support.evidence.engine import EngineError, Task
from support.evidence.entries import Making
from support.evidence.inputs import InputsChangedError, UserNetwork, file_digest
from support.evidence.keys import origin_of
from support.experiments.experiment import BITS, Columns, Context, OnePass
from support.experiments.pattern_overlays import PatternOverlays
from support.training.gathering import current
from support.training.recipe import Recipe

GPU = Context(0, "cuda:0")
TIMEOUT = 60


@dataclasses.dataclass(frozen=True)
class Meeting(OnePass):
    """Each trial waits for the others of its group, as it does where it trains: alone it would wait in vain."""

    promise: ClassVar[float] = BITS
    recipe: Recipe

    def datasets(self) -> tuple[str, ...]:
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        assert current() is not None
        assert context == GPU
        GROUP.wait(TIMEOUT)
        return {"value": [float(trial)]}


GROUP = threading.Barrier(3)
MEETING = Meeting(Recipe(epochs=1, milestones=()))


def tasks(count: int) -> list[Task]:
    origin = origin_of(MEETING, GPU)
    return [Task(MEETING, MEETING.arms, trial, GPU, origin) for trial in range(count)]


def test_a_gpu_worker_takes_a_group_of_trials_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "_require_device", lambda _: None)
    work = msgspec.msgpack.decode(worked(tasks(3)[::-1], None), type=Work)
    results = task._results(work, None)
    assert [result.columns for result in results] == [[{"value": [float(trial)]}] for trial in (2, 1, 0)]
    assert {result.making.device for result in results} == {"cuda:0"}


def test_a_worker_that_would_read_another_dataset_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has CIFAR-10 itself, and the run its copy as JPEG: the numbers would be kept as those of the copy."""
    experiment, context = PatternOverlays("cifar-10"), Context(0)
    monkeypatch.setattr(datasets, "read_as", lambda _name, _folder: "cifar-10-jpeg")
    origin = origin_of(experiment, context)
    assert list(origin.datasets) == ["cifar-10-jpeg"]
    work = msgspec.msgpack.decode(worked([Task(experiment, experiment.arms, 0, context, origin)], None), type=Work)
    monkeypatch.setattr(task, "_require_data", lambda *_: None)
    monkeypatch.setattr(datasets, "read_as", lambda _name, _folder: "cifar-10")
    with pytest.raises(
        EngineError, match=r"^it reads cifar-10 for cifar-10 and the run cifar-10-jpeg: give both the same"
    ):
        task._results(work, None)


class Unrun:
    """A client of a cluster that answers nothing before it is asked for a result."""

    status = "running"

    def __init__(self) -> None:
        self.submitted: list[Any] = []

    def nthreads(self) -> dict[str, int]:
        return {"tcp://a": 1, "tcp://b": 1}

    def submit(self, function: Any, expression: str, work: dict[str, bytes], **_: Any) -> Any:
        assert (function, expression) == (eval, client.COMPUTE)
        self.submitted.append(work["work"])
        return self.Future(len(self.submitted) - 1)

    def gather(self, futures: Any) -> list[bytes]:
        return [self.answer(self.submitted[future.number]) for future in futures]

    @staticmethod
    def answer(work: bytes) -> bytes:
        import pickle

        own = pickle.loads(msgspec.msgpack.decode(work, type=Work).tasks)  # noqa: S301 - of this test
        making = Making(
            commit=None,
            device="cuda:0",
            machine="any",
            threads=1,
            seconds=0.5,
            arms=1,
            versions={},
            process=1,
            run=None,
        )
        return msgspec.msgpack.encode([Result([{"value": [float(each.trial)]}], making) for each in own])

    @dataclasses.dataclass(frozen=True)
    class Future:
        number: int
        status: str = "finished"

        def add_done_callback(self, function: Any) -> None:
            function(self)


def test_the_client_sends_groups_and_asks_for_tasks_only_when_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.evidence.engine.TOGETHER", 3)
    cluster, unrun = object.__new__(Cluster), Unrun()
    cluster.__dict__.update(
        address="tcp://x", _client=unrun, _flight={}, _parcels={}, _looked=0.0, workers=2, threads=2,
        _finished=queue.SimpleQueue(),
    )  # fmt: skip
    asked: list[int] = []

    def given() -> Any:
        for each in tasks(20):
            asked.append(each.trial)
            yield each

    kept: list[int] = []

    def keep(own: Task, measured: Any) -> None:
        assert measured.columns == [{"value": [float(own.trial)]}]
        assert len(asked) <= len(kept) + 3 * client.AHEAD * 2
        kept.append(own.trial)

    cluster.measure(given(), keep, lambda: None)
    assert sorted(kept) == list(range(20))
    assert len(unrun.submitted) == 7  # six of three and one of two
    assert cluster.state == "2 workers, 0 trials in flight"


def test_a_certificate_is_asked_for_before_a_connection() -> None:
    with pytest.raises(
        EngineError, match=r"^no scheduler can be reached at tls://127\.0\.0\.1:9 without a certificate"
    ):
        Cluster("tls://127.0.0.1:9")


def test_an_answer_that_cannot_be_read_is_told() -> None:
    with pytest.raises(EngineError, match="a worker's answer cannot be read: "):
        client._decoded(b"\x01")


# Files of a user's network


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UserNetwork:
    """A package of two files on one of Python's paths."""
    package = tmp_path / "shelf" / "brought"
    package.mkdir(parents=True)
    files = {"__init__.py": "", "network.py": "FIRST = 1\n"}
    for name, content in files.items():
        (package / name).write_text(content)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "shelf"), str(package), *sys.path])
    return UserNetwork("digest", {str(package / name): str(file_digest(package / name)) for name in files})


def test_files_travel_to_where_imports_find_them(brought: UserNetwork) -> None:
    parcel = packed(brought, "brought.network:factory")
    assert parcel.specification == "brought.network:factory"
    assert {"brought/__init__.py", "brought/network.py", "network.py"} <= parcel.layout.keys()
    (file,) = [file for file in brought.files if file.endswith("network.py")]
    parcel = packed(brought, f"{file}:factory")
    assert parcel.specification == "itself/network.py:factory"
    assert parcel.layout["itself/network.py"] == brought.files[file]


def test_a_file_that_changed_does_not_travel(brought: UserNetwork) -> None:
    (file,) = [file for file in brought.files if file.endswith("network.py")]
    Path(file).write_text("FIRST = 2\n")
    with pytest.raises(InputsChangedError, match=r"network\.py has changed since this run began: run again"):
        packed(brought, "brought.network:factory")
    Path(file).unlink()
    with pytest.raises(InputsChangedError, match=r"network\.py cannot be read any more"):
        packed(brought, "brought.network:factory")


@pytest.mark.parametrize("change", ["content", "place"])
def test_files_that_are_not_what_their_digests_say_are_refused(brought: UserNetwork, change: str) -> None:
    parcel = packed(brought, "brought.network:factory")
    if change == "content":
        parcel = msgspec.structs.replace(parcel, contents=dict.fromkeys(parcel.contents, b"other"))
    else:
        parcel = msgspec.structs.replace(parcel, layout={"../outside.py": next(iter(parcel.contents))})
    with pytest.raises(EngineError, match="has not arrived whole"), unpacked(parcel):
        pass


def test_a_network_that_is_another_one_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tiny.py"
    file.write_text(
        "from torch import nn\n\n"
        "def factory(shape, classes):\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, classes))\n"
    )
    network = UserNetwork("of other weights", {str(file): str(file_digest(file))})
    parcel = packed(network, f"{file}:factory")
    with pytest.raises(EngineError, match="has other initial weights there"), unpacked(parcel):
        pass
    assert not any("spurious-claims-networks" in path for path in sys.path)
    missing = msgspec.structs.replace(parcel, specification=parcel.specification.replace("factory", "fabric"))
    with pytest.raises(EngineError, match=r"the network of --model cannot be made there: .*has no fabric"):
        unpacked(missing).__enter__()
