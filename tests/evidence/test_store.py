"""The evidence store: whole entries or none, the first writer wins, and damage is set aside by who replaces it."""

import hashlib
import json
import math
import os
import subprocess
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from support.evidence.entries import HEADER, DamagedError, Making, Manifest, decode, encode
from support.evidence.keys import SCHEMA, Origin, canonical
from support.evidence.library import Library, Pack, source
from support.evidence.store import EvidenceDirectoryError, Store
from support.experiments.experiment import Columns

COLUMNS: Columns = {"accuracy": [0.1 + 0.2, 1e-300], "n": [10.0, 20.0], "name": ["a", None]}
TIMEOUT = 60


def manifest(seed: int = 0, **making: Any) -> Manifest:
    origin = Origin(
        schema=SCHEMA,
        experiment="an experiment",
        fields={"d": 3},
        arm=None,
        trial=0,
        seed=seed,
        device="cpu",
        datasets={},
        network=None,
        sources="sources",
    )
    given: dict[str, Any] = {
        "commit": None,
        "device": "cpu",
        "machine": "a machine",
        "threads": 1,
        "seconds": 0.5,
        "arms": 1,
        "versions": {"python": "3"},
        "process": 7,
    }
    return Manifest(origin=origin, making=Making(**(given | making)))


MANIFEST = manifest()
KEY = MANIFEST.origin.key


def leftovers(store: Store) -> list[Path]:
    return list(store.directory.glob(".tmp-*"))


def set_aside(store: Store) -> list[str]:
    return [path.name[:64] for path in store.set_aside()]


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
    written = store.write(KEY, MANIFEST, COLUMNS)
    entry = Store(store.directory).read(KEY)
    assert entry == written
    assert entry is not None
    assert entry.columns == COLUMNS
    assert entry.manifest == MANIFEST
    assert leftovers(store) == []
    assert list(store.keys()) == [KEY]


def test_an_entry_is_three_lines_of_json_under_a_digest_of_two(store: Store) -> None:
    """Read by nothing of the suite's own code."""
    entry = store.write(KEY, MANIFEST, COLUMNS)
    first, second, third = store.path(KEY).read_bytes().splitlines()
    assert json.loads(first) == {"sha256": hashlib.sha256(second + b"\n" + third + b"\n").hexdigest()}
    told = json.loads(second)
    assert hashlib.sha256(json.dumps(told["origin"], sort_keys=True, separators=(",", ":")).encode()).hexdigest() == KEY
    assert told["making"]["seconds"] == 0.5
    assert json.loads(third) == COLUMNS
    assert entry.digest == hashlib.sha256(third + b"\n").hexdigest()


def test_the_digest_of_rows_is_that_of_the_numbers_alone() -> None:
    first, second = (decode(encode(manifest(process=number), COLUMNS), KEY) for number in (1, 2))
    assert first.digest == second.digest
    assert first.manifest != second.manifest


def test_the_first_writer_wins(store: Store) -> None:
    first = store.write(KEY, MANIFEST, COLUMNS)
    second = store.write(KEY, MANIFEST, {"accuracy": [0.9]})
    assert second == first == store.read(KEY)
    assert leftovers(store) == []
    assert set_aside(store) == []


def test_a_nan_is_refused_and_leaves_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="a number of an experiment is NaN or infinite"):
        store.write(KEY, MANIFEST, {"accuracy": [math.nan]})
    assert store.read(KEY) is None
    assert leftovers(store) == []


WRITER = """
import sys
from pathlib import Path
from support.evidence.entries import Manifest
from support.evidence.store import Store
import msgspec
store, manifest = Store(Path(sys.argv[1])), msgspec.json.decode(sys.argv[3], type=Manifest)
manifests = [msgspec.structs.replace(manifest, origin=msgspec.structs.replace(manifest.origin, trial=trial))
             for trial in range(40)]
print("ready", flush=True)
sys.stdin.readline()
for each in manifests:
    entry = store.write(each.origin.key, each, {"value": [float(sys.argv[2])] * 500})
    print(each.origin.key, entry.columns["value"][0], entry.digest)
"""


def test_concurrent_writers_agree_on_every_entry(store: Store, start: Callable[..., subprocess.Popen[str]]) -> None:
    import msgspec

    given = msgspec.json.encode(MANIFEST).decode()
    writers = [start(WRITER, store.directory, number, given) for number in (1, 2)]
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
    entry.write_bytes(entry.read_bytes()[:-5])


def change_a_digit(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes().replace(b"1e-300", b"2e-300"))


def change_the_manifest(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes().replace(b'"seconds":0.5', b'"seconds":0.4'))


def put_another_entry(entry: Path) -> None:
    entry.write_bytes(encode(manifest(seed=1), COLUMNS))


def sign(body: bytes) -> bytes:
    return b'{"sha256":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n' + body


def drop_a_column(entry: Path) -> None:
    body = entry.read_bytes()[HEADER:]
    entry.write_bytes(sign(body.replace(b'"n":[10.0,20.0]', b'"n":[10.0]')))


def sign_nonsense(entry: Path) -> None:
    entry.write_bytes(sign(b"[[[[" * 100_000))


def put_a_folder_in_its_place(entry: Path) -> None:
    entry.unlink()
    entry.mkdir()
    (entry / "rows.json").write_text("{}")


DAMAGE = {
    "truncated": truncate,
    "a digit changed": change_a_digit,
    "the manifest changed": change_the_manifest,
    "empty": lambda entry: entry.write_bytes(b""),
    "no text": lambda entry: entry.write_bytes(b"\xff\xfe"),
    "another entry": put_another_entry,
    "columns of other lengths": drop_a_column,
    "nonsense with a digest": sign_nonsense,
    "a folder in its place": put_a_folder_in_its_place,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_not_read_and_is_set_aside_by_who_writes_it_again(store: Store, damage: str) -> None:
    store.write(KEY, MANIFEST, COLUMNS)
    DAMAGE[damage](store.path(KEY))
    assert store.read(KEY) is None
    assert store.damaged == {store.path(KEY)}
    assert store.path(KEY).exists()  # readers change nothing
    assert store.write(KEY, MANIFEST, COLUMNS).columns == COLUMNS
    assert set_aside(store) == [KEY]
    assert Store(store.directory).read(KEY) is not None
    assert leftovers(store) == []


def test_an_entry_damaged_twice_is_set_aside_twice(store: Store) -> None:
    for _ in range(2):
        store.write(KEY, MANIFEST, COLUMNS)
        truncate(store.path(KEY))
    store.write(KEY, MANIFEST, COLUMNS)
    assert set_aside(store) == [KEY, KEY]


def test_what_damage_is_said_of_an_entry() -> None:
    with pytest.raises(DamagedError, match="its digest does not fit"):
        decode(b"", KEY)
    with pytest.raises(DamagedError, match="entry of another key"):
        decode(encode(MANIFEST, COLUMNS), KEY[::-1])


# 4. Breaking off


def test_what_a_killed_writer_left_is_never_read(store: Store, start: Callable[..., subprocess.Popen[str]]) -> None:
    import msgspec

    code = """
import os, sys
from pathlib import Path
import msgspec
from support.evidence.entries import Manifest
from support.evidence.store import Store
store = Store(Path(sys.argv[1]))
os.link = lambda *_: os._exit(9)
store.write(sys.argv[2], msgspec.json.decode(sys.argv[3], type=Manifest), {"accuracy": [0.5]})
"""
    writer = start(code, store.directory, KEY, msgspec.json.encode(MANIFEST).decode())
    assert writer.wait(TIMEOUT) == 9
    assert len(leftovers(store)) == 1
    assert store.read(KEY) is None
    assert store.write(KEY, MANIFEST, COLUMNS).columns == COLUMNS


@pytest.mark.parametrize(("call", "number"), [("link", 28), ("fsync", 5)])
def test_a_call_that_fails_is_told_in_one_sentence_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def broken(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    message = {
        28: "no room is left for evidence in .*: what was finished is kept",
        5: "cannot write to .*: Input/output",
    }
    with monkeypatch.context() as patch:
        patch.setattr(os, call, broken)
        with pytest.raises(EvidenceDirectoryError, match=message[number]):
            store.write(KEY, MANIFEST, COLUMNS)
    assert store.read(KEY) is None
    assert leftovers(store) == []


# 5. Directories and packs


def test_a_directory_that_cannot_be_made_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        EvidenceDirectoryError, match=r"is not writable \(Not a directory\): give another with --evidence"
    ):
        Store(tmp_path / "file" / "evidence")


def test_a_library_reads_its_own_store_first(tmp_path: Path, store: Store) -> None:
    other = Store(tmp_path / "other")
    other.write(KEY, MANIFEST, {"accuracy": [0.25]})
    library = Library(store, [other])
    found = library.read(KEY)
    assert found is not None
    assert found.columns == {"accuracy": [0.25]}
    own = store.write(KEY, MANIFEST, COLUMNS)
    assert library.read(KEY) == own
    truncate(store.path(KEY))
    assert library.read(KEY) == found


@pytest.fixture
def pack(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    def write(files: dict[str, bytes]) -> Path:
        path = tmp_path / "pack.tar.xz"
        with tarfile.open(path, "w:xz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, BytesIO(content))
        return path

    return write


def test_a_pack_is_read_in_place(pack: Callable[[dict[str, bytes]], Path]) -> None:
    content = encode(MANIFEST, COLUMNS)
    found = source(pack({f"{KEY[:2]}/{KEY}.jsonl": content}))
    assert isinstance(found, Pack)
    assert list(found.keys()) == [KEY]
    assert found.read(KEY) == decode(content, KEY)
    assert found.read(KEY[::-1]) is None
    damaged = source(pack({f"./{KEY[:2]}/{KEY}.jsonl": content[:-1]}))
    assert damaged.read(KEY) is None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "00/rows.json", f"00/{KEY}.jsonl", f"{KEY[:2]}/../{KEY}.jsonl"]
)
def test_a_pack_that_holds_anything_else_is_refused(pack: Callable[[dict[str, bytes]], Path], name: str) -> None:
    with pytest.raises(EvidenceDirectoryError, match=r"pack\.tar\.xz is no pack of evidence: it holds"):
        source(pack({name: b""}))


def test_a_pack_that_is_cut_short_or_none_is_refused(pack: Callable[[dict[str, bytes]], Path]) -> None:
    path = pack({f"{KEY[:2]}/{KEY}.jsonl": encode(MANIFEST, COLUMNS)})
    for content in (path.read_bytes()[:-20], b"no archive"):
        path.write_bytes(content)
        with pytest.raises(EvidenceDirectoryError, match=r"is no pack of evidence, or cut short"):
            source(path)
