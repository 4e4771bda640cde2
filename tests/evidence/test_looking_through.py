"""What lies in places of evidence: listed, exported, and pruned of what no code reads."""

import csv
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.evidence import __main__ as command
from support.evidence import claims_index, kinds
from support.evidence.engine import machine
from support.evidence.entries import Manifest
from support.evidence.keys import origin_of, qualified_name
from support.evidence.library import Pack
from support.evidence.packing import pack
from support.evidence.places import DisagreementError, require_packs_to_agree
from support.evidence.proofs import Proof, Proofs
from support.evidence.store import Store
from support.experiments.experiment import Context
from tests.evidence.conftest import CONTEXT, Collect
from tests.evidence.counted import Counted
from tests.evidence.faults import NEW
from tests.evidence.test_packing import refusal

Say = Callable[..., str]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Say:
    """What a command prints, which must end with this status; the table of proofs is one of this test."""

    def said(*arguments: object, status: int = 0) -> str:
        capsys.readouterr()
        assert command.main([*map(str, arguments), "--table", str(tmp_path / "proofs.json")]) == status
        return capsys.readouterr().out

    return said


@pytest.fixture
def earlier(collect: Collect, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts an experiment's evidence into the store as earlier code would have."""

    def make(experiment: Any, trials: int, identity: str = "earlier") -> None:
        with monkeypatch.context() as patch:
            patch.setattr("support.evidence.keys.source_identity", lambda _: identity)
            collect(experiment, trials)

    return make


@pytest.fixture(autouse=True)
def known(counting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (type(counting()), Counted):
        monkeypatch.setitem(kinds.KINDS, qualified_name(kind), kind)


# 1. Listing


def test_what_is_there_is_counted_by_experiment_and_configuration(
    store: Store,
    collect: Collect,
    counting: Any,
    counted: Counted,
    say: Say,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = tmp_path / "claims.json"
    claims_index.write({qualified_name(type(counting())): ["A-02", "B-03"]}, index)
    monkeypatch.setattr(claims_index, "FILE", index)
    collect(counting(), 3)
    collect(counting(factor=2.0), 2, Context(seed=7))
    collect(counted, 1)
    said = say("list", store.directory).splitlines()
    size = {
        name: sum(len(text) for path in store.directory.rglob("*.jsonl") if name in (text := path.read_text()))
        for name in ("conftest.Counting", "counted.Counted")
    }
    assert said[0].startswith("Counting: A row for each arm of each trial, which holds both; each computed trial is")
    assert said[1] == "    for claims A-02, B-03"
    assert said[2] == f"    5 trials, 4 arms, 10 entries, {size['conftest.Counting']:,} bytes; seed 0, 7"
    assert said[3] == "    read by today's code: 10"
    assert said[4].startswith(f"    made with cpu, {machine()}, numpy ")
    assert said[4].endswith(": 10")
    assert said[5].startswith("        2 trials, 2 arms, 4 entries: factor:2.0, log:")
    assert said[6].startswith("        3 trials, 2 arms, 6 entries: log:")
    assert said[8] == "    for no claim"
    assert said[9] == f"    1 trial, 1 arm, 1 entry, {size['counted.Counted']:,} bytes; seed 0"
    assert said[-1] == f"in all 11 entries, {sum(size.values()):,} bytes"


def test_a_list_says_what_code_reads_and_what_is_damaged(
    store: Store, collect: Collect, counting: Any, earlier: Any, say: Say, tmp_path: Path
) -> None:
    collect(counting(), 1)
    earlier(counting(), 2)
    Proofs([proof_of(counting(asked=(0,)))]).write(tmp_path / "proofs.json")
    store.path(next(store.keys())).write_bytes(b"")
    said = say("list", store.directory)
    assert "read by proven: " in said
    assert "unreachable: 2" in said or "unreachable: 1" in said  # whichever the first key is
    assert "in all 5 entries" in said
    assert "; beside them 1 damaged or unreadable (see verify)" in said


def proof_of(experiment: Any, old: str = "earlier") -> Proof:
    """That earlier code gave the first arm of an experiment the same numbers."""
    from support.evidence.keys import of_arm

    origin = of_arm(origin_of(experiment, CONTEXT), experiment.arms[0])
    return Proof(
        experiment=origin.experiment,
        old=old,
        new=origin.sources,
        kinds=(origin.kind,),
        trials=1,
        promise=0.0,
        commit=None,
        machine="a machine",
    )


def test_an_experiment_of_no_code_is_listed_as_such(store: Store, say: Say) -> None:
    NEW.write(store)
    assert f"no experiment of today ({NEW.manifest().origin.experiment})" in say("list", store.directory)


def test_names_of_strangers_do_not_steer_the_terminal(store: Store, say: Say) -> None:
    manifest = named("evil.\x1b[2J")
    store.write(manifest.origin.key, manifest, {"x": [1.0]})
    assert "\x1b" not in say("list", store.directory)


def named(experiment: str) -> Manifest:
    """A manifest that names any experiment."""
    manifest = NEW.manifest()
    return msgspec.structs.replace(manifest, origin=msgspec.structs.replace(manifest.origin, experiment=experiment))


def test_places_that_disagree_are_named(
    store: Store, collect: Collect, counted: Counted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collect(counted, 1)
    (key,) = store.keys()
    entry, other = store.read(key), Store(tmp_path / "other")
    assert entry is not None
    other.write(key, entry.manifest, {"value": [1e-16]})
    capsys.readouterr()
    said = refusal(["list", store.directory, other.directory], capsys)
    assert f"{store.directory} and {other.directory} disagree on {key}: value: 0.0 before, 1e-16 now" in said


def test_packs_that_disagree_are_named(store: Store, collect: Collect, counted: Counted, tmp_path: Path) -> None:
    """Other numbers are; damaged entries, and the same numbers that took another time, are none."""
    collect(counted, 2)
    first, second = store.keys()
    other, one, two = Store(tmp_path / "other"), tmp_path / "one.tar.xz", tmp_path / "two.tar.xz"
    pack(store.directory, one)
    entry = store.read(first)
    assert entry is not None
    making = msgspec.structs.replace(entry.manifest.making, seconds=99.0)
    other.write(first, msgspec.structs.replace(entry.manifest, making=making), entry.columns)
    pack(other.directory, two)
    require_packs_to_agree([Pack(one), Pack(two)])
    moved = store.read(second)
    assert moved is not None
    other.write(second, moved.manifest, {"value": [9.0]})
    pack(other.directory, two)
    with pytest.raises(
        DisagreementError, match=rf"^{one} and {two} disagree on {second}: value: [01].0 before, 9.0 now$"
    ):
        require_packs_to_agree([Pack(one), Pack(two)])
    damaged = tmp_path / "damaged.tar.xz"
    with tarfile.open(damaged, "w:xz") as archive:
        archive.addfile(tarfile.TarInfo(f"{second[:2]}/{second}.jsonl"))
    require_packs_to_agree([Pack(one), Pack(damaged)])


# 2. Exporting


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_exported_with_what_they_were_measured_of(
    store: Store, collect: Collect, counting: Any, say: Say, tmp_path: Path
) -> None:
    collect(counting(factor=0.1), 3, Context(seed=7))
    path = tmp_path / "rows.csv"
    assert say("export", store.directory, "--csv", path) == f"{path}: 6 rows\n"
    rows = table(path)
    assert [(row["evidence.trial"], row["arm.value"]) for row in rows] == [(t, a) for t in "012" for a in "01"]
    assert [float(row["value"]) for row in rows] == [0.1 * trial + arm for trial in range(3) for arm in (0, 1)]
    assert {row["field.factor"] for row in rows} == {"0.1"}
    assert {(row["evidence.seed"], row["evidence.read_by"]) for row in rows} == {("7", "today's code")}
    assert {row["evidence.key"] for row in rows} == set(store.keys())
    names = list(rows[0])
    assert names.index("field.log") < names.index("arm.value") < names.index("value") < names.index("evidence.seed")


def test_what_was_not_measured_is_an_empty_cell_and_numbers_are_exact(store: Store, say: Say, tmp_path: Path) -> None:
    manifest, path = named("evil.Kind"), tmp_path / "rows.csv"
    store.write(manifest.origin.key, manifest, {"x": [0.1 + 0.2, None, 5e-324], "said": ['a "b", c', "", "two\nlines"]})
    say("export", store.directory, "--csv", path)
    rows = table(path)
    assert [row["x"] for row in rows] == ["0.30000000000000004", "", "5e-324"]
    assert [row["said"] for row in rows] == ['a "b", c', "", "two\nlines"]


def test_several_kinds_make_a_directory_of_files(
    store: Store,
    collect: Collect,
    counting: Any,
    counted: Counted,
    say: Say,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    collect(counting(), 1)
    collect(counted, 2)
    said = say("export", store.directory, "--csv", tmp_path / "tables")
    assert f"{tmp_path / 'tables' / 'Counted.csv'}: 2 rows" in said
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == ["Counted.csv", "Counting.csv"]
    said = refusal(["export", store.directory, "--csv", tmp_path / "one.csv"], capsys)
    assert "one.csv would have to hold Counting, Counted: name a directory, for a file of each" in said
    assert not (tmp_path / "one.csv").exists()


@pytest.mark.parametrize("experiment", ["a./etc/evil", "a.", "a.<b>", "a.b c"])
def test_a_name_that_is_no_class_names_no_file(
    experiment: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = named(experiment)
    store.write(manifest.origin.key, manifest, {"x": [1.0]})
    (tmp_path / "tables").mkdir()
    said = refusal(["export", store.directory, "--csv", tmp_path / "tables"], capsys)
    assert f"no file can be named by the experiment {experiment!r}" in said
    assert list((tmp_path / "tables").iterdir()) == []


def test_what_cannot_be_exported_is_said(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    assert "there is no entry of evidence to export" in refusal(["export", store.directory, "--csv", path], capsys)
    NEW.write(store)
    nowhere = tmp_path / "no" / "rows.csv"
    assert f"--csv {nowhere} cannot be written: No such file" in refusal(
        ["export", store.directory, "--csv", nowhere], capsys
    )
    assert "required: --csv" in refusal(["export", store.directory], capsys)


# 3. Pruning


def test_only_what_no_code_reads_is_deleted_and_only_when_confirmed(
    store: Store, collect: Collect, counting: Any, earlier: Any, say: Say, tmp_path: Path
) -> None:
    collect(counting(), 2)
    kept = set(store.keys())
    earlier(counting(), 2, identity="earlier")
    earlier(counting(), 1, identity="a long time ago")
    NEW.write(store)
    Proofs([proof_of(counting(asked=(0,)))]).write(tmp_path / "proofs.json")
    every = set(store.keys())
    size = {key: store.path(key).stat().st_size for key in every}
    said = say("prune", store.directory)
    assert set(store.keys()) == every
    assert said.endswith("not deleted without --yes\n")
    assert "Counting, code earlier: 2 entries, " in said  # the second arm, which is not proven
    assert "Counting, code a long t: 2 entries, " in said
    assert say("prune", store.directory, "--yes").endswith("which this checkout's code does not read: deleted\n")
    left = set(store.keys())
    assert len(every - left) == 5
    assert f"5 of 11 entries, {sum(size[key] for key in every - left):,} bytes" in said
    assert kept < left
    assert collect(counting(asked=(0,)), 2, recorded=True, proofs=Proofs.read(tmp_path / "proofs.json")).trials == 2
    assert say("prune", store.directory, "--yes").startswith("0 of 6 entries, 0 bytes")


def test_a_damaged_entry_is_not_pruned(store: Store, collect: Collect, counted: Counted, say: Say) -> None:
    collect(counted, 2)
    path = store.path(next(store.keys()))
    path.write_bytes(b"damaged")
    assert "; beside them 1 damaged or unreadable (see verify)" in say("prune", store.directory, "--yes")
    assert path.exists()


def test_a_pack_is_not_pruned(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pack = tmp_path / "pack.tar.xz"
    pack.write_bytes(b"")
    assert f"{pack} is a file, and a directory of evidence is wanted" in refusal(["prune", pack], capsys)
