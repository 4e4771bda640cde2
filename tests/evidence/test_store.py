"""The evidence store: whole entries or none, the first writer wins, and what is damaged is set aside."""

import hashlib
import json
import math
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.evidence.store import MANIFEST, ROWS, EvidenceDirectoryError, Store, canonical
from support.experiments.experiment import Columns

KEY = hashlib.sha256(b"an experiment").hexdigest()
COLUMNS: Columns = {"accuracy": [0.1 + 0.2, 1e-300], "n": [10.0, 20.0]}
TIMEOUT = 60


def leftovers(store: Store) -> list[Path]:
    return list(store.directory.glob(".tmp-*"))


def set_aside(store: Store) -> list[str]:
    return [path.name for path in store.directory.glob("set-aside/*/*")]


# 1. Canonical JSON


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": [1, 2.5], "a": None}) == canonical({"a": None, "b": [1, 2.5]}) == b'{"a":null,"b":[1,2.5]}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_canonical_json_refuses_what_is_no_number(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"accuracy": [0.5, number]})


# 2. Round trip


def test_reads_what_was_written_to_the_last_bit(store: Store) -> None:
    assert store.read(KEY) is None
    written = store.write(KEY, COLUMNS, {"seed": 3})
    entry = Store(store.directory).read(KEY)
    assert entry == written
    assert entry is not None
    assert entry.columns == COLUMNS
    assert entry.manifest["seed"] == 3
    assert entry.digest == hashlib.sha256((store.path(KEY) / ROWS).read_bytes()).hexdigest()
    assert leftovers(store) == []


def test_the_first_writer_wins(store: Store) -> None:
    first = store.write(KEY, COLUMNS, {})
    second = store.write(KEY, {"accuracy": [0.9]}, {})
    assert second == first == store.read(KEY)
    assert leftovers(store) == []


def test_a_nan_is_refused_and_leaves_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write(KEY, {"accuracy": [math.nan]}, {})
    assert store.read(KEY) is None
    assert leftovers(store) == []


WRITER = """
import sys
from pathlib import Path
from support.evidence.store import Store
store, keys = Store(Path(sys.argv[1])), [f"{number:064x}" for number in range(40)]
print("ready", flush=True)
sys.stdin.readline()
for key in keys:
    entry = store.write(key, {"value": [float(sys.argv[2])] * 500}, {})
    print(key, entry.columns["value"][0], entry.digest)
"""


def test_concurrent_writers_agree_on_every_entry(store: Store, start: Callable[..., subprocess.Popen[str]]) -> None:
    writers = [start(WRITER, store.directory, number) for number in (1, 2)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    first, second = (writer.communicate(timeout=TIMEOUT)[0].splitlines() for writer in writers)
    assert len(first) == 40
    assert first == second
    for line in first:
        key, value, digest = line.split()
        entry = store.read(key)
        assert entry is not None
        assert (str(entry.columns["value"][0]), entry.digest) == (value, digest)
    assert leftovers(store) == []
    assert set_aside(store) == []


# 3. Damage


def truncate(entry: Path) -> None:
    path = entry / ROWS
    path.write_bytes(path.read_bytes()[:-5])


def change_a_digit(entry: Path) -> None:
    path = entry / ROWS
    path.write_bytes(path.read_bytes().replace(b"1e-300", b"2e-300"))


def swap_the_manifest(entry: Path) -> None:
    manifest = json.loads((entry / MANIFEST).read_text())
    (entry / MANIFEST).write_text(json.dumps(manifest | {"key": KEY[::-1]}))


def empty(entry: Path) -> None:
    (entry / ROWS).unlink()
    (entry / MANIFEST).unlink()


def put_a_file_in_its_place(entry: Path) -> None:
    empty(entry)
    entry.rmdir()
    entry.write_text("not a directory")


DAMAGE = {
    "rows truncated": truncate,
    "a digit changed": change_a_digit,
    "rows missing": lambda entry: (entry / ROWS).unlink(),
    "rows are no text": lambda entry: (entry / ROWS).write_bytes(b"\xff\xfe"),
    "manifest missing": lambda entry: (entry / MANIFEST).unlink(),
    "manifest cut off": lambda entry: (entry / MANIFEST).write_text('{"key":'),
    "manifest is a list": lambda entry: (entry / MANIFEST).write_text("[]"),
    "manifest is no text": lambda entry: (entry / MANIFEST).write_bytes(b"\xff\xfe"),
    "manifest of another entry": swap_the_manifest,
    "empty directory": empty,
    "a file in its place": put_a_file_in_its_place,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_set_aside_and_can_be_written_again(store: Store, damage: str) -> None:
    store.write(KEY, COLUMNS, {})
    DAMAGE[damage](store.path(KEY))
    assert store.read(KEY) is None
    assert set_aside(store) == [KEY]
    assert store.write(KEY, COLUMNS, {}).columns == COLUMNS
    assert Store(store.directory).read(KEY) is not None


def test_an_entry_damaged_twice_is_set_aside_twice(store: Store) -> None:
    for _ in range(2):
        store.write(KEY, COLUMNS, {})
        truncate(store.path(KEY))
        assert store.read(KEY) is None
    assert set_aside(store) == [KEY, KEY]


def test_a_writer_replaces_a_damaged_entry_in_its_way(store: Store) -> None:
    store.write(KEY, COLUMNS, {})
    truncate(store.path(KEY))
    store.write(KEY, {"accuracy": [0.25]}, {})
    entry = store.read(KEY)
    assert entry is not None
    assert entry.columns == {"accuracy": [0.25]}
    assert set_aside(store) == [KEY]


# 4. Breaking off


def test_what_a_killed_writer_left_is_never_read(store: Store, start: Callable[..., subprocess.Popen[str]]) -> None:
    code = """
import os, sys
from pathlib import Path
from support.evidence.store import Store
os.fsync = lambda handle: os._exit(9)  # after the rows, before the manifest
Store(Path(sys.argv[1])).write(sys.argv[2], {"accuracy": [0.5]}, {})
"""
    writer = start(code, store.directory, KEY)
    assert writer.wait(TIMEOUT) == 9
    assert len(leftovers(store)) == 1
    assert store.read(KEY) is None
    assert store.write(KEY, COLUMNS, {}).columns == COLUMNS


def test_a_rename_that_fails_is_told_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(OSError, match="No space left"):
            store.write(KEY, COLUMNS, {})
    assert store.read(KEY) is None
    assert leftovers(store) == []


def test_a_flush_that_fails_is_told_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            store.write(KEY, COLUMNS, {})
    assert store.read(KEY) is None
    assert leftovers(store) == []


# 5. The directory


def test_a_directory_that_cannot_be_made_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        EvidenceDirectoryError, match=r"is not writable \(Not a directory\): give another with --evidence"
    ):
        Store(tmp_path / "file" / "evidence")
