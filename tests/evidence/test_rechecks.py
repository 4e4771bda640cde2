"""What was measured again is kept beside its place, and found by key and digest."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.evidence.library import Library, Pack
from support.evidence.packing import pack
from support.evidence.rechecks import Rechecked, Rechecks, read_rechecks, record, record_path
from support.evidence.store import EvidenceDirectoryError, Store
from support.evidence.trial_sources import ArmSource, TrialSource, of_trial
from tests.evidence.conftest import Collect
from tests.evidence.faults import NEW

FIRST = Rechecked(
    key="k", digest="d", same=True, how="bits", date="2026-01-01", machine="any", commit=None
)  # fmt: skip


# 1. Records


def test_a_record_stands_beside_its_place(tmp_path: Path) -> None:
    assert record_path(tmp_path / "evidence") == tmp_path / "evidence" / "rechecked.json"
    assert record_path(tmp_path / "evidence.tar.xz") == tmp_path / "evidence.rechecked.json"


def test_records_are_added_and_the_last_of_an_entry_counts(tmp_path: Path) -> None:
    other = msgspec.structs.replace(FIRST, same=False, date="2026-01-02")
    more = msgspec.structs.replace(FIRST, digest="another")
    assert record([(tmp_path, FIRST)]) == [tmp_path / "rechecked.json"]
    record([(tmp_path, more), (tmp_path, other)])
    assert read_rechecks(tmp_path) == [other, more]
    known = Rechecks(read_rechecks(tmp_path))
    assert (known.of("k", "d"), known.of("k", "another"), known.of("k", "third")) == (False, True, None)


def test_where_nothing_was_rechecked_nothing_is_known(tmp_path: Path) -> None:
    assert read_rechecks(tmp_path) == read_rechecks(tmp_path / "nowhere") == []
    assert Rechecks().of("k", "d") is None
    assert record([]) == []


@pytest.mark.parametrize("content", ["", "{}", '[{"key": 1}]', "[" * 5000])
def test_what_is_no_record_is_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "rechecked.json").write_text(content)
    with pytest.raises(EvidenceDirectoryError, match=r"rechecked.json is no record of rechecks .*: delete it, and"):
        read_rechecks(tmp_path)
    with pytest.raises(EvidenceDirectoryError, match="is no record of rechecks"):
        record([(tmp_path, FIRST)])


def test_a_library_knows_the_records_of_all_its_places(tmp_path: Path) -> None:
    store, other = Store(tmp_path / "own"), Store(tmp_path / "other")
    NEW.write(other)
    pack(other.directory, tmp_path / "pack.tar.xz")
    record([(store.directory, FIRST), (tmp_path / "pack.tar.xz", msgspec.structs.replace(FIRST, key="packed"))])
    known = Library(store, [Pack(tmp_path / "pack.tar.xz")]).rechecks()
    assert known.of("k", "d") is known.of("packed", "d") is True
    assert Library(store).rechecks().of("packed", "d") is None
    assert list(store.keys()) == []


# 2. Where trials are from


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        ([ArmSource(True), ArmSource(True)], TrialSource(True, None, False, None)),
        ([ArmSource(True), ArmSource(False)], TrialSource(False, None, False, None)),
        ([ArmSource(True), ArmSource(False, 1)], TrialSource(False, "pack", False, None)),
        ([ArmSource(False, 0, True), ArmSource(False)], TrialSource(False, None, True, None)),
        ([ArmSource(False, rechecked=True), ArmSource(False)], TrialSource(False, None, False, None)),
        ([ArmSource(False, rechecked=True)] * 2, TrialSource(False, None, False, True)),
        ([ArmSource(False, rechecked=False), ArmSource(False)], TrialSource(False, None, False, False)),
    ],
)
def test_a_trial_counts_by_the_arm_of_which_least_is_known(arms: list[ArmSource], expected: TrialSource) -> None:
    assert of_trial(arms, [None, "pack"]) == expected


def test_rows_say_where_each_trial_is_from(store: Store, collect: Collect, counting: Any, tmp_path: Path) -> None:
    assert {trial.computed for trial in collect(counting(), 2).sources} == {True}
    path = tmp_path / "pack.tar.xz"
    pack(store.directory, path)
    for key in list(store.keys()):
        store.path(key).unlink()
    rows = collect(counting(), 3, others=[Pack(path)])
    read = TrialSource(computed=False, place=str(path), proven=False, rechecked=None)
    assert rows.sources == (read, read, TrialSource(computed=True, place=None, proven=False, rechecked=None))
    own = collect(counting(), 3, others=[Pack(path)]).sources[2]
    assert own == TrialSource(computed=False, place=None, proven=False, rechecked=None)
