"""Faults of the operating system: nothing is lost, nothing half written is trusted, and all is told in one sentence."""

import errno
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.evidence import locks
from support.evidence import store as module
from support.evidence.library import source
from support.evidence.store import EvidenceDirectoryError, Store
from support.experiments.experiment import Columns
from tests.evidence.counted import Counted, collector
from tests.evidence.faults import NEW, Meant, damage, damage_table, prepare, scenario
from tests.evidence.injector import CALLS, FAULTS, Injector, error_of

ROOT = Path(__file__).parents[2]
# Of the whole table, which `python -m tests.evidence.faults` makes in minutes: every so many-th call, and every so
# many-th damage (a number without common divisors with 8, so that each bit of a byte is flipped somewhere).
CALLS_APART, DAMAGES_APART = 30, 7
BAD = ("lost", "trusted", "otherwise", "stuck", "left")
# Calls that change something; open does if it may write.
CHANGES = ("write", "link", "replace", "rename", "unlink", "mkdir", "utime")


def failing(name: str) -> Callable[..., Any]:
    """A call that fails with this error."""

    def call(*_: object, **__: object) -> None:
        raise error_of(name)

    return call


def allow_no_change(patch: pytest.MonkeyPatch, name: str) -> None:
    """Let every call that would change something fail, as in a directory that is only read."""
    opened = os.open

    def only_read(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise error_of(name)
        return opened(path, flags, *rest, **options)

    patch.setattr(os, "open", only_read)
    for call in CHANGES:
        patch.setattr(os, call, failing(name))


def temporary(store: Store) -> list[Path]:
    return list(store.directory.glob(".tmp-*"))


# 1. Every call and every fault


def test_no_fault_loses_an_entry_or_lets_a_half_written_one_be_trusted() -> None:
    command = [sys.executable, "-m", "tests.evidence.faults", "--json", "--every", str(CALLS_APART)]
    done = subprocess.run(  # noqa: S603 - code of these tests
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    counts = json.loads(done.stdout)["faults"]
    assert {pair.split(" / ")[1] for pair in counts} == set(FAULTS)
    assert {name: sum(found.get(name, 0) for found in counts.values()) for name in BAD} == dict.fromkeys(BAD, 0)
    assert done.stderr == ""


def test_the_scenario_makes_every_call_that_is_struck(tmp_path: Path) -> None:
    prepare(tmp_path / "evidence")
    injector = Injector()
    with injector.injected():
        scenario(tmp_path / "evidence", lambda _: None)
    assert set(injector.calls) == {*CALLS, "flock"}


@functools.cache
def outcomes_of_damage() -> dict[str, dict[str, int]]:
    return {kind: dict(found) for kind, found in damage_table(DAMAGES_APART).items()}


@pytest.mark.parametrize("kind", ["a bit flipped", "cut short"])
def test_no_damage_is_accepted_or_raises_and_each_is_replaced_and_kept(kind: str) -> None:
    found = outcomes_of_damage()[kind]
    assert (found["trusted"], found.get("raised", 0)) == (0, 0)
    assert found["replaced"] == found["kept"] == found["tried"] > len(NEW.content()) // DAMAGES_APART // 2


# 2. What cannot be read is not bad


@pytest.mark.parametrize("error", ["EIO", "EMFILE", "EACCES"])
@pytest.mark.parametrize("call", ["open", "read"])
def test_an_entry_that_cannot_be_read_is_told_and_left_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch, call: str, error: str
) -> None:
    NEW.write(store)
    reader = Store(store.directory, writable=False)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(error))
        with pytest.raises(EvidenceDirectoryError, match=f"^cannot read .*{NEW.key}") as told:
            reader.read(NEW.key)
    assert os.strerror(getattr(errno, error)) in str(told.value)
    assert reader.damaged == set()
    assert reader.read(NEW.key) in NEW.either


def test_a_directory_that_cannot_be_looked_into_is_not_taken_for_an_empty_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    NEW.write(store)
    for call, look in (("listdir", lambda: list(store.keys())), ("listdir", store.set_aside)):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing("EACCES"))
            with pytest.raises(EvidenceDirectoryError, match=r"^cannot read .*: Permission denied$"):
                look()
    assert list(store.keys()) == [NEW.key]


@pytest.mark.parametrize("opened", [source, lambda path: Store(path, writable=False)], ids=["source", "store"])
def test_a_place_that_cannot_be_looked_at_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[Path], object]
) -> None:
    monkeypatch.setattr(os, "stat", failing("EACCES"))
    with pytest.raises(EvidenceDirectoryError, match=f"^cannot read {tmp_path}: Permission denied$"):
        opened(tmp_path)


def test_a_reader_that_met_damage_leaves_the_good_entry_that_has_replaced_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    NEW.write(store)
    damage(store.path(NEW.key))
    reader, read = Store(store.directory, writable=False), os.read

    def read_and_be_overtaken(handle: int, size: int) -> bytes:
        with monkeypatch.context() as patch:
            patch.setattr(os, "read", read)
            content = os.read(handle, size)
            NEW.write(store, process=2)
        return content

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", read_and_be_overtaken)
        assert reader.read(NEW.key) is None
    assert reader.read(NEW.key) == NEW.either[1]
    assert len(store.set_aside()) == 1


# 3. File systems that lack something


@pytest.mark.parametrize("error", ["EPERM", "ENOTSUP"])
def test_without_hard_links_entries_are_whole_and_the_first_writer_wins(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    monkeypatch.setattr(os, "link", failing(error))
    NEW.write(store)
    NEW.write(store, process=2)
    assert store.read(NEW.key) == NEW.either[0]
    content = damage(store.path(NEW.key))
    NEW.write(store, process=2)
    assert store.read(NEW.key) == NEW.either[1]
    assert [path.read_bytes() for path in store.set_aside()] == [content]
    assert temporary(store) == []


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_writer_that_met_damage_leaves_the_good_entry_that_has_replaced_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", failing("EPERM"))
    NEW.write(store)
    content = damage(store.path(NEW.key))
    make = os.mkdir

    def make_and_be_overtaken(path: Any, *rest: Any) -> None:
        make(path, *rest)
        monkeypatch.setattr(os, "mkdir", make)
        NEW.write(store, process=2)

    monkeypatch.setattr(os, "mkdir", make_and_be_overtaken)  # of set-aside/, after the damage was met
    NEW.write(store)
    assert os.mkdir is make
    assert Store(store.directory).read(NEW.key) == NEW.either[1]
    assert {path.read_bytes() for path in store.set_aside()} == {content}


def test_a_folder_in_the_place_of_an_entry_is_set_aside(store: Store) -> None:
    (store.path(NEW.key) / "something").mkdir(parents=True)
    assert store.read(NEW.key) is None
    NEW.write(store)
    assert store.read(NEW.key) in NEW.either
    assert [(path / "something").is_dir() for path in store.set_aside()] == [True]


@pytest.mark.parametrize("flock", [failing("ENOLCK"), failing("ENOSYS"), None], ids=["no lock", "no such call", "none"])
def test_without_locks_everybody_computes(
    store: Store, counted: Counted, monkeypatch: pytest.MonkeyPatch, flock: Callable[..., Any] | None
) -> None:
    monkeypatch.setattr(locks, "fcntl", flock and SimpleNamespace(flock=flock, LOCK_EX=0, LOCK_NB=0))
    assert collector(store).rows(counted, 3)["value"].tolist() == [0, 1, 2]
    assert counted.measured == [0, 1, 2]


@pytest.mark.parametrize("error", ["EROFS", "EACCES"])
def test_a_directory_that_is_only_read_serves_what_is_recorded(
    store: Store, counted: Counted, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    digest = collector(store).rows(counted, 2).digest
    allow_no_change(monkeypatch, error)
    assert collector(Store(store.directory, writable=False), recorded=True).rows(counted, 2).digest == digest
    with pytest.raises(EvidenceDirectoryError, match=r"is not writable \(.*\): give another with --evidence DIR$"):
        Store(store.directory)


def test_a_recorded_run_makes_no_directory(tmp_path: Path) -> None:
    reader = Store(tmp_path / "evidence", writable=False)
    assert (reader.read(NEW.key), list(reader.keys()), reader.set_aside()) == (None, [], set())
    assert not reader.directory.exists()


@pytest.mark.parametrize(
    ("mask", "file", "folder"), [(0o022, 0o644, 0o755), (0o027, 0o640, 0o750), (0o002, 0o664, 0o775)]
)
def test_files_have_the_modes_that_the_user_gives_files(tmp_path: Path, mask: int, file: int, folder: int) -> None:
    before = os.umask(mask)
    try:
        store = Store(tmp_path / "evidence")
        NEW.write(store)
        damage(store.path(NEW.key))
        NEW.write(store)
        with locks.Turn(store.lock_path("a")):
            paths = [store.directory, *store.directory.rglob("*")]
            modes = {path.relative_to(tmp_path): path.stat().st_mode & 0o777 for path in paths}
    finally:
        os.umask(before)
    assert len(modes) == 7  # a folder of entries, set-aside and locks, and a file in each
    assert modes == {path: file if path.suffix else folder for path in modes}


# 4. A full disk


def test_a_full_disk_is_told_before_anything_is_computed(
    store: Store, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector(store).rows(counted, 1)
    monkeypatch.setattr(os, "write", failing("ENOSPC"))
    with pytest.raises(EvidenceDirectoryError) as told:
        collector(store).rows(counted, 3)
    assert str(told.value) == (
        f"no room is left for evidence in {store.directory}: what was finished is kept; free some, "
        "or give another directory with --evidence DIR"
    )
    assert counted.measured == [0]
    assert temporary(store) == []
    assert collector(store).rows(counted, 1)["value"].tolist() == [0]  # which needs no room


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT"])
def test_a_disk_that_fills_up_is_told_in_the_same_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    write = os.write

    def half(handle: int, content: Any) -> int:
        if len(content) < 100:
            raise error_of(error)
        return write(handle, content[: len(content) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(EvidenceDirectoryError, match=f"^no room is left for evidence in {store.directory}: "):
            NEW.write(store)
    assert temporary(store) == []
    assert store.read(NEW.key) is None
    NEW.write(store)


# 5. On disk


def test_an_entry_is_on_disk_before_it_has_its_name_and_its_name_before_it_is_acknowledged(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    flush, link = os.fsync, os.link

    def flushed(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        done.append("content" if path.name.startswith(".tmp-") else f"names of {path.relative_to(store.directory)}")
        flush(handle)

    def linked(*given: Any) -> None:
        done.append("link")
        link(*given)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("it cannot be seen here which file is flushed")
    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "link", linked)
    NEW.write(store)
    assert done == ["names of .", "content", "link", f"names of {NEW.key[:2]}"]


UNREADABLE: dict[str, Columns] = {
    "columns of two lengths": {"a": [1.0], "b": [1.0, 2.0]},
    "no column": {},
    "a truth value": {"a": [True]},
    "a number that is too large": {"a": [10**400]},
    "half a character": {"a": ["\ud800"]},
    "no number": {"a": [float("nan")]},
}


@pytest.mark.parametrize("columns", UNREADABLE.values(), ids=UNREADABLE)
def test_rows_that_could_not_be_read_again_are_refused_and_leave_nothing(store: Store, columns: Columns) -> None:
    with pytest.raises(ValueError, match=r"could not be read again|NaN or infinite"):
        store.write(NEW.key, NEW.manifest(), columns)
    assert list(store.keys()) == []
    assert temporary(store) == []


# 6. What is left over


def test_leftovers_are_collected_and_what_is_fresh_is_kept(store: Store) -> None:
    for meant in map(Meant, "ab"):
        meant.write(store)
        damage(store.path(meant.key))
        meant.write(store)
    first, second = sorted(store.set_aside())
    ages = {
        store.directory / ".tmp-1-old": module.LEFT_OVER + 60,
        store.directory / ".tmp-2-fresh": module.LEFT_OVER - 60,
        store.lock_path("old"): module.LEFT_OVER + 60,
        store.lock_path("fresh"): module.LEFT_OVER - 60,
        first: module.KEPT_ASIDE + 60,
        second: module.KEPT_ASIDE - 60,
        store.path(Meant("a").key): 10 * module.KEPT_ASIDE,
        store.directory / "README": 10 * module.KEPT_ASIDE,
    }
    store.lock_path("").parent.mkdir()
    now = time.time()
    for path, age in ages.items():
        path.touch()
        os.utime(path, (now - age, now - age))
    old = [path for path in ages if "old" in path.name] + [first]
    assert store.sweep() == len(old)
    assert [path for path in ages if not path.exists()] == old
    os.utime(second, (0, 0))
    Store(store.directory, writable=False)
    assert second.exists()
    Store(store.directory)  # whoever opens it to write sweeps it
    assert not second.exists()


def test_what_damaged_an_old_entry_can_be_looked_at_for_a_month(store: Store) -> None:
    NEW.write(store)
    content = damage(store.path(NEW.key))
    os.utime(store.path(NEW.key), (0, 0))
    NEW.write(store)
    assert Store(store.directory).sweep() == 0
    assert [path.read_bytes() for path in store.set_aside()] == [content]


@pytest.mark.parametrize("call", ["listdir", "unlink", "stat"])
def test_sweeping_never_fails(store: Store, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = store.directory / ".tmp-1-old"
    path.touch()
    os.utime(path, (0, 0))
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing("EIO"))
        assert store.sweep() == 0
    assert store.sweep() == 1
