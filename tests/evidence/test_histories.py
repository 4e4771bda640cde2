"""Any table of rows, and any history of a store: what is read is what was first written, or nothing."""

import errno
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from support.evidence.entries import Entry, encode
from support.evidence.library import Library, Source
from support.evidence.store import LEFT_OVER, EvidenceDirectoryError, Store
from support.experiments.experiment import Columns
from tests.evidence.test_store import manifest

FEW = settings(derandomize=True, database=None, deadline=None, max_examples=50)
HISTORIES = settings(FEW, max_examples=20, stateful_step_count=25)


@pytest.fixture(scope="module", autouse=True)
def _power_that_stays() -> Iterator[None]:
    """Nothing is flushed to disk, which takes most of the time that a history takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


# 1. Tables

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.one_of(st.none(), NUMBERS, st.text(max_size=5))


@st.composite
def tables(draw: st.DrawFn) -> Columns:
    """One to three columns of one length, of numbers, text and what was not measured."""
    length = draw(st.integers(0, 4))
    names = draw(st.lists(st.text(max_size=5), min_size=1, max_size=3, unique=True))
    return {name: draw(st.lists(CELLS, min_size=length, max_size=length)) for name in names}


def to_the_last_bit(columns: Columns) -> dict[str, list[object]]:
    """Numbers as text that tells all of them apart, 0 from -0 too."""
    return {
        name: [value.hex() if isinstance(value, float) else (value,) for value in column]
        for name, column in columns.items()
    }


@FEW
@given(columns=tables())
def test_any_table_survives_writing_and_reading(columns: Columns) -> None:
    given = manifest()
    with TemporaryDirectory() as folder:
        written = Store(Path(folder)).write(given.origin.key, given, columns)
        read = Store(Path(folder), writable=False).read(given.origin.key)
    assert read == written
    assert read is not None
    assert to_the_last_bit(read.columns) == to_the_last_bit(columns)
    assert read.manifest == given


# 2. Histories

KEYS = {manifest(seed).origin.key: seed for seed in range(2)}
KEY = st.sampled_from(sorted(KEYS))
WRITER = st.sampled_from([0, 1])
TABLE = tables()


class KilledError(BaseException):
    """Stands for the end of a process."""


# What may come between a writer and its entry.
ACCIDENTS = {
    "killed": (KilledError(), KilledError),
    "full": (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), EvidenceDirectoryError),
    "broken": (OSError(errno.EIO, os.strerror(errno.EIO)), EvidenceDirectoryError),
}


class History(RuleBasedStateMachine):
    """Two writers of one directory, whatever befalls its files, and what it must hold then."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.directory = Path(self.folder.name) / "evidence"
        self.writers = [Store(self.directory), Store(self.directory)]
        self.entries: dict[str, tuple[bytes, Entry]] = {}  # as first written, or written again after damage
        self.aside: Counter[bytes] = Counter()
        self.left: set[str] = set()
        self.old: set[str] = set()

    def teardown(self) -> None:
        self.folder.cleanup()

    # What is there, by the file system alone.

    def path(self, key: str) -> Path:
        return self.directory / key[:2] / f"{key}.jsonl"

    def content(self, key: str) -> bytes | None:
        """None where there is no file."""
        return self.path(key).read_bytes() if self.path(key).is_file() else None

    def expected(self, key: str) -> Entry | None:
        """What was first written, where it still stands as it was."""
        content, entry = self.entries.get(key, (b"", None))
        return entry if entry is not None and self.content(key) == content else None

    # What writers do.

    def write_as(self, writer: int, key: str, columns: Columns) -> None:
        given, there, before = manifest(KEYS[key], process=writer), self.expected(key), self.content(key)
        entry = self.writers[writer].write(key, given, columns)
        if there is not None:
            assert entry == there
            assert self.content(key) == before
            return
        assert entry.manifest == given
        assert to_the_last_bit(entry.columns) == to_the_last_bit(columns)
        content = self.content(key)
        assert content is not None
        self.entries[key] = content, entry
        if before is not None:
            self.aside[before] += 1

    @initialize(columns=TABLE)
    def begin(self, columns: Columns) -> None:
        for key in KEYS:
            self.write_as(0, key, columns)

    @rule(writer=WRITER, key=KEY, columns=TABLE)
    def write(self, writer: int, key: str, columns: Columns) -> None:
        self.write_as(writer, key, columns)

    @rule(writer=WRITER, key=KEY, own=TABLE, others=TABLE)
    def write_while_another_does(self, writer: int, key: str, own: Columns, others: Columns) -> None:
        """The other's entry gets its place just before this writer's would."""
        with self.overtaking("link", writer, key, others):
            entry = self.writers[writer].write(key, manifest(KEYS[key], process=writer), own)
        assert entry == self.expected(key)

    @rule(writer=WRITER, key=KEY, own=TABLE, others=TABLE)
    def replace_while_another_does(self, writer: int, key: str, own: Columns, others: Columns) -> None:
        """Both have found a damaged entry in their way; each keeps it."""
        damaged = self.content(key)
        if damaged is None or self.expected(key) is not None:
            return
        with self.overtaking("rename", writer, key, others):
            entry = self.writers[writer].write(key, manifest(KEYS[key], process=writer), own)
        assert entry == self.expected(key)
        self.aside[damaged] += 1

    @contextmanager
    def overtaking(self, call: str, writer: int, key: str, columns: Columns) -> Iterator[None]:
        """Let the other writer write just before the first such call of this one."""
        real = getattr(os, call)

        def late(source: Path, target: Path) -> None:
            patch.undo()
            self.write_as(1 - writer, key, columns)
            real(source, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, call, late)
            yield

    @rule(
        writer=WRITER,
        key=KEY,
        columns=TABLE,
        call=st.sampled_from(["link", "fsync"]),
        name=st.sampled_from(sorted(ACCIDENTS)),
    )
    def write_in_vain(self, writer: int, key: str, columns: Columns, call: str, name: str) -> None:
        before, (accident, raised) = self.content(key), ACCIDENTS[name]

        def fails(*_: object) -> None:
            raise accident

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, call, fails)
            with pytest.raises(raised):
                self.writers[writer].write(key, manifest(KEYS[key]), columns)
        assert self.content(key) == before

    @rule(writer=WRITER)
    def come_back(self, writer: int) -> None:
        """A writer that starts collects what others have left."""
        self.writers[writer] = Store(self.directory)
        self.left -= self.old

    @rule(writer=WRITER)
    def sweep(self, writer: int) -> None:
        assert self.writers[writer].sweep() == len(self.left & self.old)
        self.left -= self.old

    # What befalls files.

    def change(self, key: str, changed: Callable[[bytes], bytes]) -> None:
        content = self.content(key)
        if content is not None:
            self.path(key).write_bytes(changed(content))

    @rule(key=KEY, place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def flip_a_bit(self, key: str, place: float, bit: int) -> None:
        def flipped(content: bytes) -> bytes:
            at = int(place * len(content))
            return content[:at] + bytes([byte ^ 1 << bit for byte in content[at : at + 1]]) + content[at + 1 :]

        self.change(key, flipped)

    @rule(key=KEY, share=st.floats(0, 1))
    def cut_short(self, key: str, share: float) -> None:
        self.change(key, lambda content: content[: int(share * len(content))])

    @rule(key=KEY, more=st.binary(min_size=1, max_size=3))
    def append(self, key: str, more: bytes) -> None:
        self.change(key, lambda content: content + more)

    @rule(key=KEY, columns=TABLE)
    def put_another_entry(self, key: str, columns: Columns) -> None:
        self.change(key, lambda _: encode(manifest(seed=len(KEYS)), columns))

    @rule(key=KEY)
    def delete(self, key: str) -> None:
        if self.content(key) is not None:
            self.path(key).unlink()

    @rule(key=KEY)
    def put_a_folder_in_its_place(self, key: str) -> None:
        self.delete(key)
        self.path(key).mkdir(parents=True, exist_ok=True)

    @rule(is_old=st.booleans())
    def leave_a_half_written_file(self, is_old: bool) -> None:
        path = self.directory / f".tmp-{len(self.left | self.old)}"
        path.write_bytes(b'{"sha256":"')
        self.left.add(path.name)
        if is_old:
            touched = time.time() - 2 * LEFT_OVER
            os.utime(path, (touched, touched))
            self.old.add(path.name)

    # What must hold.

    @invariant()
    def everyone_reads_what_was_first_written_or_nothing(self) -> None:
        reader = Store(self.directory, writable=False)
        sources: list[Source] = [reader, *self.writers, Library(self.writers[0], [reader])]
        for key in KEYS:
            before, expected = self.content(key), self.expected(key)
            assert all(source.read(key) == expected for source in sources)
            assert self.content(key) == before
        assert reader.damaged == {self.path(key) for key in KEYS if self.path(key).exists() and not self.expected(key)}

    @invariant()
    def nothing_is_lost_or_left(self) -> None:
        assert list(self.writers[0].keys()) == sorted(key for key in KEYS if self.path(key).exists())
        kept = [path for path in self.writers[0].set_aside() if path.is_file()]
        assert Counter(path.read_bytes() for path in kept) == self.aside
        assert {path.name for path in self.directory.glob(".tmp-*")} == self.left


def test_any_history_leaves_what_was_first_written_or_nothing() -> None:
    run_state_machine_as_test(History, settings=HISTORIES)  # type: ignore[no-untyped-call]
