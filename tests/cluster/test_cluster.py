"""Trials on real workers: the same numbers as here, what a worker refuses, and what is left when processes die."""

import dataclasses
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.cluster import client
from support.cluster.address import scheduler_address
from support.cluster.client import Cluster
from support.data import datasets
from support.evidence.engine import EngineError
from support.evidence.entries import Entry
from support.evidence.proving import difference
from support.evidence.store import Store
from support.experiments.experiment import BITS, LINEAR_ALGEBRA, Context
from support.suite.user_models import fit_network, with_network
from tests.cluster.processes import ROOT, LocalCluster, kill, wait_until
from tests.cluster.slow import Slow
from tests.evidence.golden import EXPERIMENTS

pytestmark = pytest.mark.long("starts a scheduler and workers")

# Seconds of a trial, in which a process can be killed; trials of a run.
SECONDS, TRIALS = 0.1, 20
KERNEL, FITS = EXPERIMENTS["random features"], EXPERIMENTS["linear fits"]
NETWORKS = dataclasses.replace(EXPERIMENTS["rare patterns"], arms=EXPERIMENTS["rare patterns"].arms[:2])

Collecting = Callable[..., Any]


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    return Slow(str(tmp_path / "noted.txt"), SECONDS)


@pytest.fixture
def mnist() -> None:
    if datasets.find("mnist") is None:
        pytest.skip("mnist is not on this machine: python -m support.data mnist")


def entries(store: Store) -> list[Entry]:
    """Entries of a store, every one of which must be whole."""
    found = [store.read(key) for key in store.keys()]  # noqa: SIM118 - a store is no dictionary
    assert None not in found
    return [entry for entry in found if entry is not None]


# 1. Numbers


@pytest.mark.usefixtures("mnist")
def test_numbers_are_those_of_a_run_here(
    processes: LocalCluster, engine: Cluster, collecting: Collecting, tmp_path: Path
) -> None:
    """Of networks to the last bit, of a user's network too; of linear algebra as closely as is promised."""
    workers = {processes.add_worker().pid, processes.add_worker().pid}
    here, there = collecting("here"), collecting("there", engine=engine)
    told: list[str] = []
    for experiment, promise in ((NETWORKS, BITS), (KERNEL, LINEAR_ALGEBRA)):
        assert experiment.promise == promise
        ours = here.rows(experiment, 4)
        theirs = there.rows(experiment, 4, lambda what, _done, _total: told.append(what))
        assert [key for key, _ in ours.cells] == [key for key, _ in theirs.cells]
        for key, _ in ours.cells:
            first, second = (collector.library.read(key) for collector in (here, there))
            assert difference(first.columns, second.columns, promise) is None
            assert second.manifest.making.process in workers
            assert second.manifest.making.threads == 1
    assert told[-1].endswith("(2 workers, 1 trial in flight)")
    assert len({entry.manifest.making.process for entry in entries(there.library.store)}) == 2

    # A network in a file that imports what lies beside it; then the same file with other widths.
    folder = tmp_path / "brought"
    folder.mkdir()
    (folder / "own_layers.py").write_text("WIDTH = 7\n")
    (folder / "own_network.py").write_text(
        "from own_layers import WIDTH\nfrom torch import nn\n\n"
        "def factory(shape, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(784, WIDTH), nn.ReLU(), nn.Linear(WIDTH, classes))\n"
    )
    specification = f"{folder / 'own_network.py'}:factory"
    experiment = with_network(dataclasses.replace(NETWORKS, arms=NETWORKS.arms[1:], subset=100), specification)
    digests = []
    for width in (7, 9):
        (folder / "own_layers.py").write_text(f"WIDTH = {width}\n")
        network = fit_network(specification)
        assert network is not None
        assert len(network.files) == 2
        ours = collecting("here", network=network).rows(experiment, 1)
        theirs = collecting("there", network=network, engine=engine).rows(experiment, 1)
        assert ours.digest == theirs.digest
        digests.append(ours.digest)
    assert digests[0] != digests[1]


# 2. What a worker refuses


def test_a_worker_with_other_code_refuses(
    processes: LocalCluster, engine: Cluster, collecting: Collecting, slow: Slow, without_torch: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    for part in ("support", "tests"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    edited = tree / "support" / "experiments" / "linear_fits.py"
    edited.write_text(edited.read_text() + "# edited\n")
    processes.add_worker(without_torch, tree)
    collector = collecting("there", engine=engine)
    with pytest.raises(EngineError) as refused:
        collector.rows(FITS, 2)
    said = str(refused.value)
    assert said.startswith("worker tcp://127.0.0.1:")
    assert said.endswith(
        "it has other code than the run in support.experiments.linear_fits or in what that imports "
        f"({edited}): start it anew from the run's code"
    )
    assert entries(collector.library.store) == []
    assert len(collector.rows(slow, 1).cells) == 1  # whose code is the same


@pytest.mark.parametrize("lacks", ["package", "function"])
def test_a_worker_without_this_code_says_so(tmp_path: Path, collecting: Collecting, slow: Slow, lacks: str) -> None:
    """As one with an earlier version, or started in another environment; the scheduler may be one too."""
    tree = tmp_path / "tree"
    (tree / "support").mkdir(parents=True)
    (tree / "support" / "__init__.py").touch()
    if lacks == "function":
        (tree / "support" / "cluster").mkdir()
        (tree / "support" / "cluster" / "task.py").touch()
    else:
        (tree / "support" / "cluster.py").touch()  # or an installation of this checkout would be found behind it
    with LocalCluster(tmp_path / "cluster", tree) as processes:
        processes.add_worker(tree)
        engine = Cluster(scheduler_address(processes.engine))
        with pytest.raises(EngineError) as told:
            collecting("there", engine=engine).rows(slow, 1)
        engine.close()
    assert str(told.value).startswith(f"a worker of {engine.address} lacks the run's code: ")


def test_what_a_worker_lacks_is_told(
    processes: LocalCluster,
    engine: Cluster,
    collecting: Collecting,
    slow: Slow,
    without_torch: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes.add_worker(without_torch, ROOT, threads=2)
    with pytest.raises(EngineError, match=r"^worker tcp://\S+: it has no device cuda:0: torch sees 0 CUDA devices"):
        collecting("there", Context(5, "cuda:0"), engine=engine).rows(slow, 1)
    data = tmp_path / "data"  # which the worker sees, as on a file system that it shares
    (data / "mnist").mkdir(parents=True)
    wrong = data / "mnist" / "train-images-idx3-ubyte"
    wrong.write_bytes(b"no images")
    with pytest.raises(EngineError, match=rf"^worker tcp://\S+: it lacks data: {wrong} is not the file of that name"):
        collecting("there", Context(5, data=data), engine=engine).rows(dataclasses.replace(slow, dataset="mnist"), 1)
    monkeypatch.setattr(client, "worked", forged(package="0.0.1"))
    with pytest.raises(EngineError, match=r"^worker tcp://\S+: it has spurious-claims \S+ and the run 0\.0\.1: start"):
        collecting("there", engine=engine).rows(slow, 1)
    monkeypatch.setattr(client, "worked", forged(module="nowhere.at_all"))
    with pytest.raises(EngineError, match=r"^worker tcp://\S+: it has no module nowhere\.at_all: start it where"):
        collecting("there", engine=engine).rows(slow, 1)
    assert slow.noted("begun") == []

    monkeypatch.undo()  # a worker that lacks nothing computes in as many threads as it was given
    collector = collecting("there", engine=engine)
    collector.rows(slow, 3)
    assert {entry.manifest.making.threads for entry in entries(collector.library.store)} == {2}


def forged(**changes: Any) -> Callable[..., bytes]:
    """Makes work that says something else of itself."""
    import msgspec

    from support.cluster.task import Work, worked

    def work(*given: Any) -> bytes:
        true = msgspec.msgpack.decode(worked(*given), type=Work)
        return msgspec.msgpack.encode(msgspec.structs.replace(true, **changes))

    return work


# 3. What dies


def killing(process: subprocess.Popen[bytes], slow: Slow) -> threading.Thread:
    """Kills a process once six trials are done."""

    def killer() -> None:
        wait_until(lambda: len(slow.noted("done")) >= 6)
        kill(process)

    thread = threading.Thread(target=killer)
    thread.start()
    return thread


def test_a_lost_worker_costs_its_trials_in_flight_and_nothing_else(
    processes: LocalCluster, engine: Cluster, collecting: Collecting, slow: Slow, without_torch: Path
) -> None:
    victim, _ = (processes.add_worker(without_torch, ROOT) for _ in range(2))
    wait_until(lambda: engine.look() == 2)
    killer = killing(victim, slow)
    rows = collecting("there", engine=engine).rows(slow, TRIALS)
    killer.join()
    assert rows["value"].tolist() == [10.0 * trial + 5 for trial in range(TRIALS)]
    done = Counter(slow.noted("done"))
    assert set(done) == set(range(TRIALS))
    # One that it computed, and those that it had computed and the client had not fetched yet.
    assert len(slow.noted("begun")) - TRIALS <= 1 + client.AHEAD
    assert engine.state.startswith("1 worker, ")


def test_a_trial_that_takes_workers_with_it_is_given_up(
    tmp_path: Path, collecting: Collecting, without_torch: Path
) -> None:
    with LocalCluster(tmp_path / "cluster", failures=0) as processes:
        processes.add_worker(without_torch, ROOT)
        engine = Cluster(scheduler_address(processes.engine))
        deadly = Slow(str(tmp_path / "noted.txt"), deadly=True)
        with pytest.raises(EngineError) as told:
            collecting("there", engine=engine).rows(deadly, 1)
        engine.close()
    assert str(told.value) == (
        f"1 worker was lost while it computed {deadly}, trial 0: its log says why, such as memory"
    )


def test_a_lost_scheduler_ends_in_one_sentence_and_finished_trials_are_kept(
    processes: LocalCluster, engine: Cluster, collecting: Collecting, slow: Slow, without_torch: Path
) -> None:
    for _ in range(2):
        processes.add_worker(without_torch, ROOT)
    collector = collecting("there", engine=engine)
    killer = killing(processes.scheduler, slow)
    with pytest.raises(EngineError) as told:
        collector.rows(slow, 10 * TRIALS)
    killer.join()
    said = f"the scheduler at {engine.address} is gone: trials that were finished are kept; run again to go on"
    assert str(told.value) == said
    kept = {entry.manifest.origin.trial for entry in entries(collector.library.store)}
    done = set(slow.noted("done"))
    assert kept <= done
    # Not kept are those that workers finished and could not hand over.
    assert len(done - kept) <= 2 * client.AHEAD
    with pytest.raises(EngineError, match="is gone"):  # at once
        collector.rows(slow, 10 * TRIALS)

    before = len(slow.noted("begun"))
    rows = collecting("there").rows(slow, 8)  # here
    assert rows["value"].tolist() == [10.0 * trial + 5 for trial in range(8)]
    assert len(slow.noted("begun")) - before == len(set(range(8)) - kept)
