"""From an experiment to its rows: what the key depends on, what is computed, and by whom."""

import dataclasses
import json
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock

from support.data import datasets
from support.data.gaussian import Gaussian
from support.evidence import collect as module
from support.evidence.collect import SOURCES, NotRecordedError, Rows, cell_key, collect, source_digest
from support.evidence.store import MANIFEST, ROWS, Store
from support.experiments.experiment import Context
from support.experiments.kernel_regression import FramedRegression, GaussianRegression
from support.experiments.kernel_spectrum import KernelSpectrum
from support.training.gathering import current
from support.training.recipe import Recipe

CONTEXT = Context(seed=0)
TIMEOUT = 60
TRIALS = 8

Counting = Callable[..., Any]
Computed = Callable[[], list[str]]


# 1. The key


def other(value: object) -> object:
    """A value of the same kind that is not the given one."""
    match value:
        case "mnist":
            return "fashion-mnist"
        case int() | float():
            return value + 1
        case str():
            return value + "'"
        case tuple():
            return value[:-1]
        case None:
            return "else"
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            first = dataclasses.fields(value)[0].name
            return dataclasses.replace(value, **{first: other(getattr(value, first))})
        case _:
            raise NotImplementedError(value)


EXPERIMENTS: dict[str, Any] = {
    "spectrum": KernelSpectrum("rf", ("relu",), 100, Gaussian(20), (10,)),
    "gaussian": GaussianRegression(
        family="rf",
        activations=("relu",),
        width=100,
        data=Gaussian(20),
        sizes=(10,),
        alphas=(0.5,),
        test=10,
    ),
    "framed": FramedRegression("rf", ("relu",), 100, "mnist", (10,), test=10),
}
CHANGES = [(name, field.name) for name, given in EXPERIMENTS.items() for field in dataclasses.fields(given)]


@pytest.mark.parametrize(("name", "field"), CHANGES)
def test_every_field_of_an_experiment_changes_the_key(name: str, field: str) -> None:
    experiment = EXPERIMENTS[name]
    changed = object.__new__(type(experiment))  # without its checks: only what the key is made of matters here
    for each in dataclasses.fields(experiment):
        value = getattr(experiment, each.name)
        object.__setattr__(changed, each.name, other(value) if each.name == field else value)
    assert cell_key(changed, 0, CONTEXT) != cell_key(experiment, 0, CONTEXT)


def test_the_kind_of_an_experiment_changes_the_key(counting: Counting) -> None:
    given = counting()
    twin = type("Alike", (type(given),), {})(*dataclasses.astuple(given))
    assert dataclasses.asdict(twin) == dataclasses.asdict(given)
    assert cell_key(twin, 0, CONTEXT) != cell_key(given, 0, CONTEXT)


@pytest.mark.parametrize("context", [Context(seed=1), Context(seed=0, device="cuda:0")], ids=["seed", "device"])
def test_seed_and_device_kind_change_the_key(counting: Counting, context: Context) -> None:
    assert cell_key(counting(), 0, context) != cell_key(counting(), 0, CONTEXT)


def test_trials_have_keys_of_their_own(counting: Counting) -> None:
    assert len({cell_key(counting(), trial, CONTEXT) for trial in range(TRIALS)}) == TRIALS


def test_the_number_of_a_device_and_the_place_of_the_data_do_not_change_the_key(counting: Counting) -> None:
    contexts = [Context(0, "cuda:0"), Context(0, "cuda:1"), Context(0, "cuda:0", Path("data"))]
    assert len({cell_key(counting(), 0, context) for context in contexts}) == 1


def test_the_content_of_a_dataset_changes_the_key(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for digest in ("1", "2"):
        monkeypatch.setattr(datasets, "content_digest", lambda name, _, digest=digest: f"{name} {digest}")
        keys.add(cell_key(counting(dataset="mnist"), 0, CONTEXT))
    assert len(keys) == 2


def test_the_source_code_changes_the_key(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cell_key(counting(), 0, CONTEXT)
    monkeypatch.setattr(module, "source_digest", lambda: "another")
    assert cell_key(counting(), 0, CONTEXT) != before


def test_the_source_digest_sees_every_file_that_produces_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "support"
    shutil.copytree(Path(module.__file__).parents[1], copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "__file__", str(copy / "evidence" / "collect.py"))
    whole = source_digest.__wrapped__()
    assert whole == source_digest()
    changed = set()
    files = [file for file in copy.rglob("*.py") if file.relative_to(copy).parts[0] in SOURCES]
    assert len(files) > len(SOURCES)
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content + b"#")
        changed.add(source_digest.__wrapped__())
        file.write_bytes(content)
    assert len(changed | {whole}) == len(files) + 1
    (copy / "models" / "new.py").write_text("")
    assert source_digest.__wrapped__() not in changed | {whole}


def test_the_source_digest_is_blind_to_what_produces_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "support"
    shutil.copytree(Path(module.__file__).parents[1], copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "__file__", str(copy / "evidence" / "collect.py"))
    for name in ("evidence", "statistics", "report"):
        (copy / name / "__init__.py").write_text("# changed")
    assert source_digest.__wrapped__() == source_digest()


# 2. Rows


def test_rows_come_trial_by_trial(store: Store, counting: Counting) -> None:
    rows = collect(store, counting(rows=3), 2, CONTEXT)
    assert rows["trial"].tolist() == [0, 0, 0, 1, 1, 1]
    assert rows["value"].tolist() == [0, 1, 2, 10, 11, 12]
    positions, table = rows.per_trial("value", "row")
    assert positions.tolist() == [0, 1, 2]
    assert table.tolist() == [[0, 1, 2], [10, 11, 12]]
    assert rows.where(row=1.0)["value"].tolist() == [1, 11]


def test_rows_that_are_no_table_or_not_there_are_refused(store: Store, counting: Counting) -> None:
    rows = collect(store, counting(rows=3), 2, CONTEXT)
    with pytest.raises(ValueError, match=r"value over trial is not a table: fix the other conditions with where\(\)"):
        rows.per_trial("value", "trial")
    with pytest.raises(ValueError, match=r"no row of .* has \{'row': 7\}"):
        rows.where(row=7)
    with pytest.raises(KeyError, match="colour"):
        rows.where(colour=1)


def flagged(*flags: float) -> Rows:
    """Two rows for each of three trials, with these flags."""
    columns = {"trial": np.repeat([0, 1, 2], 2), "value": np.arange(6.0), "diverged": np.array(flags)}
    return Rows("an experiment", columns, (("key", "digest"),))


@pytest.mark.parametrize(
    ("flags", "kept", "left_out"),
    [((0, 0, 0, 0, 0, 0), [0, 1, 2], 0), ((0, 0, 0, 1, 0, 0), [0, 2], 1), ((1, 1, 0, 0, 0, -0.5), [1], 2)],
)
def test_a_trial_with_one_flagged_row_is_left_out_whole(flags: list[float], kept: list[int], left_out: int) -> None:
    rows = flagged(*flags)
    found, count = rows.without("diverged")
    assert count == left_out
    assert found["trial"].tolist() == [trial for trial in kept for _ in range(2)]
    assert found["value"].tolist() == [2.0 * trial + row for trial in kept for row in range(2)]
    assert set(found.columns) == set(rows.columns)
    assert (found.experiment, found.cells) == (rows.experiment, rows.cells)
    assert len(rows["value"]) == 6


def test_a_flag_that_every_trial_has_or_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="every trial of an experiment is diverged"):
        flagged(1, 0, 0, 1, 1, 0).without("diverged")
    with pytest.raises(KeyError, match="failed"):
        flagged(0, 0, 0, 0, 0, 0).without("failed")


def test_at_least_one_trial_is_needed(store: Store, counting: Counting) -> None:
    with pytest.raises(ValueError, match="trials must be at least 1, got 0"):
        collect(store, counting(), 0, CONTEXT)


def test_a_second_collection_computes_nothing(store: Store, counting: Counting, computed: Computed) -> None:
    first = collect(store, counting(), 3, CONTEXT)
    second = collect(Store(store.directory), counting(), 3, CONTEXT)
    assert len(computed()) == 3
    assert second.digest == first.digest
    assert second.cells == first.cells
    assert all(np.array_equal(first[name], second[name]) for name in first.columns)


def test_more_trials_compute_only_the_new_ones(store: Store, counting: Counting, computed: Computed) -> None:
    few = collect(store, counting(), 2, CONTEXT)
    many = collect(store, counting(), 4, CONTEXT)
    assert computed() == [f"{trial} by seed 0" for trial in range(4)]
    assert many.cells[:2] == few.cells
    assert many.digest != few.digest


def test_a_damaged_trial_alone_is_computed_again(store: Store, counting: Counting, computed: Computed) -> None:
    before = collect(store, counting(), 3, CONTEXT)
    (store.path(before.cells[1][0]) / ROWS).write_text("{}")
    after = collect(store, counting(), 3, CONTEXT)
    assert computed()[3:] == ["1 by seed 0"]
    assert after.digest == before.digest


def test_what_an_interrupted_collection_finished_is_kept(
    store: Store, counting: Counting, computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = counting()
    run = type(experiment).run

    def broken_off(self: object, trial: int, context: Context) -> Any:
        if trial == 2:
            raise KeyboardInterrupt
        return run(self, trial, context)

    with monkeypatch.context() as patch:
        patch.setattr(type(experiment), "run", broken_off)
        with pytest.raises(KeyboardInterrupt):
            collect(store, experiment, 4, CONTEXT)
    collect(store, experiment, 4, CONTEXT)
    assert computed() == [f"{trial} by seed 0" for trial in range(4)]


def test_progress_is_told_after_every_computed_trial(store: Store, counting: Counting) -> None:
    collect(store, counting(), 1, CONTEXT)
    told: list[tuple[int, int]] = []
    collect(store, counting(), 3, CONTEXT, lambda _, done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]


def test_the_manifest_says_where_the_numbers_come_from(store: Store, counting: Counting) -> None:
    rows = collect(store, counting(), 1, Context(seed=5))
    entry = store.read(rows.cells[0][0])
    assert entry is not None
    told = entry.manifest
    assert (told["experiment"], told["trial"], told["seed"], told["device"]) == (repr(counting()), 0, 5, "cpu")
    assert {"python", "torch", "numpy"} <= told["versions"].keys()


def test_recorded_evidence_is_read_and_never_made(store: Store, counting: Counting, computed: Computed) -> None:
    with pytest.raises(NotRecordedError, match=r"holds 0 of 1 trials \(this code, seed 0, cpu\) of"):
        collect(store, counting(), 1, CONTEXT, recorded=True)
    made = collect(store, counting(), 2, CONTEXT)
    assert collect(store, counting(), 2, CONTEXT, recorded=True).digest == made.digest
    with pytest.raises(NotRecordedError, match="holds 2 of 3 trials"):
        collect(store, counting(), 3, CONTEXT, recorded=True)
    with pytest.raises(NotRecordedError, match="seed 0, cuda"):
        collect(store, counting(), 2, Context(0, "cuda:1"), recorded=True)
    assert len(computed()) == 2


def test_rows_say_what_made_them(store: Store, counting: Counting) -> None:
    """Numbers of another machine's torch stay told apart when they lie in the same store."""
    first = collect(store, counting(), 2, CONTEXT)
    (here,) = first.made
    assert here == f"cpu, Python {platform.python_version()}, torch {version('torch')}, NumPy {version('numpy')}"
    path = store.path(first.cells[1][0]) / MANIFEST
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"device": "cpu", "versions": told["versions"] | {"torch": "0.1"}}))
    both = collect(store, counting(), 2, CONTEXT).where(trial=0).made
    assert both == tuple(sorted((here, here.replace(version("torch"), "0.1"))))


# 3. Trials that share a GPU

GPU = Context(0, "cuda:0")


@dataclasses.dataclass(frozen=True)
class Stacked:
    """Each trial waits for all others, as it does where it trains: alone it would wait in vain."""

    recipe: Recipe
    fails: int = -1

    def datasets(self) -> tuple[str, ...]:
        return ()

    def run(self, trial: int, context: Context) -> Any:
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


def test_trials_run_together_where_their_networks_share_a_gpu(store: Store) -> None:
    MEETINGS.clear()
    told: list[int] = []
    rows = collect(store, Stacked(Recipe(epochs=1, milestones=())), 3, GPU, lambda _, done, __: told.append(done))
    assert rows["value"].tolist() == [0, 1, 2]
    assert len(MEETINGS) == 3
    assert told == [1, 2, 3]
    collect(store, Stacked(Recipe(epochs=1, milestones=())), 3, GPU, recorded=True)


def test_many_trials_share_a_gpu_in_groups(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    MEETINGS.clear()
    monkeypatch.setattr(module, "TOGETHER", 3)
    rows = collect(store, Stacked(Recipe(epochs=1, milestones=())), 6, GPU)
    assert rows["value"].tolist() == [0, 1, 2, 3, 4, 5]
    assert threading.get_ident() not in MEETINGS  # none was left over to run alone


@pytest.mark.parametrize(
    ("context", "network"), [(CONTEXT, None), (GPU, "CNN")], ids=["on a CPU", "networks that are not stacked"]
)
def test_other_trials_run_one_by_one(store: Store, context: Context, network: str | None) -> None:
    MEETINGS.clear()
    rows = collect(store, Stacked(Recipe(epochs=1, milestones=(), network=network)), 3, context)
    assert rows["value"].tolist() == [0, 1, 2]
    assert {threading.get_ident()} == MEETINGS


def test_trials_that_another_process_works_on_are_waited_for(store: Store) -> None:
    experiment = Stacked(Recipe(epochs=1, milestones=()))
    taken = threading.Event()

    def another() -> None:
        with FileLock(store.lock_path(cell_key(experiment, 1, GPU))):
            taken.set()
            time.sleep(0.3)

    process = threading.Thread(target=another)
    process.start()
    assert taken.wait(TIMEOUT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "ANSWERS", threading.Barrier(2))
        rows = collect(store, experiment, 3, GPU)
    process.join()
    assert rows["value"].tolist() == [0, 1, 2]


def test_a_failing_trial_ends_the_others(store: Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "ANSWERS", threading.Barrier(2))
        with pytest.raises(ValueError, match="trial 2 has no images"):
            collect(store, Stacked(Recipe(epochs=1, milestones=()), fails=2), 3, GPU)


def test_a_full_gpu_is_told_in_one_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, trial: int, context: Context) -> Any:  # noqa: ARG001 - the signature of a run
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 4.21 GiB.")

    monkeypatch.setattr(Stacked, "run", full)
    with pytest.raises(MemoryError, match=r"cuda:0 has no memory left for .*: let fewer workers share it \(-n 2\)"):
        collect(store, Stacked(Recipe(epochs=1, milestones=())), 2, GPU)


# 4. Several processes

COLLECTOR = """
import sys, time
from dataclasses import dataclass
from pathlib import Path
from support.evidence.collect import collect
from support.evidence.store import Store
from support.experiments.experiment import Context

@dataclass(frozen=True)
class Slow:
    def datasets(self):
        return ()

    def run(self, trial, context):
        time.sleep(0.1)
        print("computed", trial)
        return {"value": [float(trial)]}

print("ready", flush=True)
sys.stdin.readline()
print("digest", collect(Store(Path(sys.argv[1])), Slow(), int(sys.argv[2]), Context(0)).digest)
"""


def test_two_processes_split_the_trials_and_compute_each_once(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    collectors = [start(COLLECTOR, store.directory, TRIALS) for _ in range(2)]
    for collector in collectors:
        assert collector.stdout is not None
        assert collector.stdout.readline() == "ready\n"
    for collector in collectors:
        assert collector.stdin is not None
        collector.stdin.write("go\n")
        collector.stdin.flush()
    said = [collector.communicate(timeout=TIMEOUT)[0].splitlines() for collector in collectors]
    shares = [{line.split()[1] for line in lines if line.startswith("computed")} for lines in said]
    assert sorted(shares[0] | shares[1], key=int) == [str(trial) for trial in range(TRIALS)]
    assert shares[0] & shares[1] == set()
    assert shares[0]
    assert shares[1]
    assert said[0][-1] == said[1][-1]


def test_the_lock_of_a_dead_process_holds_nobody_up(
    store: Store, counting: Counting, start: Callable[..., subprocess.Popen[str]]
) -> None:
    code = """
import sys
from filelock import FileLock
FileLock(sys.argv[1]).acquire()
print("locked", flush=True)
sys.stdin.readline()
"""
    holder = start(code, store.lock_path(cell_key(counting(), 0, CONTEXT)))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    holder.kill()
    holder.wait(TIMEOUT)
    assert collect(store, counting(), 1, CONTEXT)["value"].tolist() == [0, 1]
