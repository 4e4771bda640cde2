"""From an experiment to its rows: what is measured, by whom, and what is not measured again."""

import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from support.evidence import inputs
from support.evidence.collect import NotRecordedError
from support.evidence.engine import machine
from support.evidence.inputs import InputsChangedError, file_digest
from support.evidence.keys import SCHEMA
from support.evidence.library import Pack, source
from support.evidence.sources import module_file, source_identity
from support.evidence.store import EvidenceDirectoryError, Store
from support.experiments.experiment import Context
from tests.evidence.conftest import TIMEOUT, Collect

TRIALS = 8

Counting = Callable[..., Any]
Computed = Callable[[], list[str]]

# 1. What is measured


def test_at_least_one_trial_is_needed(collect: Collect, counting: Counting) -> None:
    with pytest.raises(ValueError, match="trials must be at least 1, got 0"):
        collect(counting(), 0)


def test_a_second_collection_measures_nothing(collect: Collect, counting: Counting, computed: Computed) -> None:
    first, second = collect(counting(), 3), collect(counting(), 3)
    assert len(computed()) == 3
    assert second.digest == first.digest
    assert second.cells == first.cells
    assert all(np.array_equal(first[name], second[name]) for name in first.columns)


def test_more_trials_measure_only_the_new_ones(collect: Collect, counting: Counting, computed: Computed) -> None:
    few, many = collect(counting(), 2), collect(counting(), 4)
    assert computed() == [f"{trial} by seed 0: 0, 1" for trial in range(4)]
    assert many.cells[:4] == few.cells
    assert many.digest != few.digest


def test_a_new_arm_is_measured_alone_and_fewer_arms_not_at_all(
    collect: Collect, counting: Counting, computed: Computed
) -> None:
    collect(counting(asked=(0, 1)), 2)
    rows = collect(counting(asked=(1, 5, 0)), 3)
    assert computed()[2:] == ["0 by seed 0: 5", "1 by seed 0: 5", "2 by seed 0: 1, 5, 0"]
    assert rows.where(trial=1)["value"].tolist() == [11, 15, 10]
    collect(counting(asked=(5,)), 3)
    assert len(computed()) == 5


def test_a_damaged_arm_alone_is_measured_again(
    store: Store, collect: Collect, counting: Counting, computed: Computed
) -> None:
    before = collect(counting(), 3)
    store.path(before.cells[3][0]).write_text("{}")
    after = collect(counting(), 3)
    assert computed()[3:] == ["1 by seed 0: 1"]
    assert after.digest == before.digest
    assert len(store.set_aside()) == 1


def test_what_an_interrupted_collection_finished_is_kept(
    collect: Collect, counting: Counting, computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = counting()
    measure = type(experiment).measure

    def broken_off(self: Any, arms: Any, trial: int, context: Context) -> Any:
        if trial == 2:
            raise KeyboardInterrupt
        return measure(self, arms, trial, context)

    with monkeypatch.context() as patch:
        patch.setattr(type(experiment), "measure", broken_off)
        with pytest.raises(KeyboardInterrupt):
            collect(experiment, 4)
    collect(experiment, 4)
    assert computed() == [f"{trial} by seed 0: 0, 1" for trial in range(4)]


def test_progress_is_told_after_every_measured_trial(collect: Collect, counting: Counting) -> None:
    collect(counting(), 1)
    told: list[tuple[int, int]] = []
    collect(counting(), 3, progress=lambda _, done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]


def test_the_manifest_says_where_the_numbers_come_from(store: Store, collect: Collect, counting: Counting) -> None:
    experiment = counting(asked=(4,))
    ((key, digest),) = collect(experiment, 1, Context(5), commit="abc+").cells
    entry = store.read(key)
    assert entry is not None
    origin, making = entry.manifest.origin, entry.manifest.making
    assert msgspec.to_builtins(origin) == {
        "schema": SCHEMA,
        "experiment": f"{type(experiment).__module__}.Counting",
        "fields": {"log": experiment.log},
        "arm": 4,
        "trial": 0,
        "seed": 5,
        "device": "cpu",
        "datasets": {},
        "network": None,
        "sources": source_identity(module_file(type(experiment))),
    }
    assert (making.commit, making.device, making.arms, making.process) == ("abc+", "cpu", 1, os.getpid())
    assert making.machine == machine()
    assert {"python", "torch", "numpy"} <= making.versions.keys()
    assert digest == entry.digest


def test_recorded_evidence_is_read_and_never_made(collect: Collect, counting: Counting, computed: Computed) -> None:
    with pytest.raises(NotRecordedError, match=r"holds 0 of 1 trials \(this code, seed 0, cpu\) of"):
        collect(counting(), 1, recorded=True)
    made = collect(counting(), 2)
    assert collect(counting(), 2, recorded=True).digest == made.digest
    with pytest.raises(NotRecordedError, match="holds 2 of 3 trials"):
        collect(counting(), 3, recorded=True)
    with pytest.raises(NotRecordedError, match="holds 0 of 2 trials"):
        collect(counting(asked=(0, 7)), 2, recorded=True)
    with pytest.raises(NotRecordedError, match="seed 0, cuda"):
        collect(counting(), 2, Context(0, "cuda:1"), recorded=True)
    assert len(computed()) == 2


def test_damage_is_told_where_nothing_is_computed(store: Store, collect: Collect, counting: Counting) -> None:
    made = collect(counting(), 2)
    store.path(made.cells[0][0]).write_text("{}")
    with pytest.raises(NotRecordedError, match=r"holds 1 of 2 trials .*; 1 entries there are damaged"):
        collect(counting(), 2, recorded=True)


# 2. Several places


def test_other_places_are_read_and_never_written(
    tmp_path: Path, store: Store, collect: Collect, counting: Counting, computed: Computed
) -> None:
    made = collect(counting(), 2)
    moved = store.directory.rename(tmp_path / "published")
    pack = tmp_path / "evidence.tar.xz"
    with tarfile.open(pack, "w:xz") as archive:
        archive.add(moved, ".")
    for place in (moved, pack):
        store.directory.mkdir(exist_ok=True)
        before = sorted(moved.rglob("*"))
        assert collect(counting(), 2, others=[source(place)]).cells == made.cells
        assert sorted(moved.rglob("*")) == before
    assert len(computed()) == 2
    collect(counting(), 3, others=[Pack(pack)])
    assert len(computed()) == 3
    assert sorted(moved.rglob("*")) == before
    assert len(list(store.keys())) == 2  # of the new trial alone


# 3. Inputs that change


def test_code_that_changes_during_a_run_is_noticed_before_its_numbers_are_stored(
    tmp_path: Path, store: Store, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "edited.py").write_text(
        "from dataclasses import dataclass\nfrom pathlib import Path\n"
        "from support.experiments.experiment import OnePass\n\n"
        "@dataclass(frozen=True)\nclass Edited(OnePass):\n    promise = 0.0\n    late: bool = True\n"
        "    def datasets(self):\n        return ()\n"
        "    def run(self, trial, context):\n"
        "        if trial == 1:\n            Path(__file__).write_text(Path(__file__).read_text() + '# edited')\n"
        "        return {'value': [1.0]}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    edited = __import__("edited")
    with pytest.raises(InputsChangedError, match=r"edited\.py has changed since this run began: .* run again"):
        collect(edited.Edited(), 3)
    assert len(list(store.keys())) == 1  # of the trial before


def test_numbers_of_code_that_was_edited_after_it_was_loaded_are_not_stored(
    store: Store, collect: Collect, counting: Counting, computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process has the old code, the disk the new: neither identity may hold what it would compute."""
    file = module_file(type(counting()))
    monkeypatch.setattr(inputs, "file_digest", lambda path: "edited" if path == str(file) else file_digest(path))
    with pytest.raises(InputsChangedError, match=r"conftest\.py has changed since this run began"):
        collect(counting(), 1)
    assert (list(store.keys()), computed()) == ([], [])


def test_data_that_changes_is_noticed(
    store: Store, collect: Collect, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.data import datasets

    changed: list[Path] = []
    monkeypatch.setattr(datasets, "changed_file", lambda _name, _folder: changed[0] if changed else None)
    collect(counting(dataset="mnist"), 1)
    changed.append(Path("train-images"))
    with pytest.raises(InputsChangedError, match="train-images has changed"):
        collect(counting(dataset="mnist"), 2)
    assert len(list(store.keys())) == 2


# 4. Several processes

COLLECTOR = """
import sys, time
from dataclasses import dataclass
from pathlib import Path
from support.evidence.collect import Collector
from support.evidence.library import Library
from support.evidence.store import Store
from support.experiments.experiment import Context, OnePass

@dataclass(frozen=True)
class Slow(OnePass):
    def datasets(self):
        return ()

    def run(self, trial, context):
        time.sleep(0.1)
        print("computed", trial)
        return {"value": [float(trial)]}

Slow.__module__ = "slow"
sys.modules["slow"] = sys.modules["__main__"]
print("ready", flush=True)
sys.stdin.readline()
collector = Collector(Library(Store(Path(sys.argv[1]))), Context(0))
print("digest", collector.rows(Slow(), int(sys.argv[2])).digest)
"""


def test_two_processes_split_the_trials_and_measure_each_once(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    # Both run the same file, so that their experiment has one identity.
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


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceDirectoryError, match="there is no evidence at"):
        source(tmp_path / "nowhere")
