"""All places of evidence: the store that is written, and directories and packs that are only read."""

from __future__ import annotations

import lzma
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Protocol

from support.evidence.entries import DamagedError, Entry, decode
from support.evidence.rechecks import Rechecks, read_rechecks
from support.evidence.sources import PACKAGE
from support.evidence.store import ENTRY, EvidenceDirectoryError, Store, cannot, is_directory

# Twenty times the largest that is published; what unpacks to more is something else, and would fill the memory.
MOST_BYTES = 2_000_000_000


class Source(Protocol):
    """A place that evidence is read from."""

    def read(self, key: str) -> Entry | None:
        """The entry, or None where there is none that can be trusted."""
        ...


class Listed(Source, Protocol):
    """A place of evidence that can be gone through."""

    @property
    def place(self) -> Path:
        """The directory or the pack."""
        ...

    def keys(self) -> Iterable[str]:
        """The keys of all entries."""
        ...

    def content(self, key: str) -> bytes | None:
        """The bytes in the entry's place, unchecked, or None where there are none."""
        ...


class Pack:
    """A compressed archive of entries (``.tar.xz``), read in place: its entries are held in memory.

    Raises
    ------
    EvidenceDirectoryError : it cannot be read, is no archive, is cut short, unpacks to more than `MOST_BYTES`, holds
        anything but entries, or one twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content: dict[str, bytes] = {}
        try:
            # All of it is unpacked first: tarfile alone does not notice where the end is missing.
            with tarfile.open(fileobj=BytesIO(_unpacked(path))) as archive:
                for member in archive:
                    if member.isdir():
                        continue
                    name = ENTRY.fullmatch(member.name)
                    if name is None or not member.isfile():
                        raise EvidenceDirectoryError(f"{path} is no pack of evidence: it holds {member.name!r}")
                    if name[2] in self._content:
                        raise EvidenceDirectoryError(f"{path} is no pack of evidence: it holds {name[2]} twice")
                    file = archive.extractfile(member)
                    self._content[name[2]] = file.read() if file else b""
        except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
            raise EvidenceDirectoryError(f"{path} is no pack of evidence, or cut short: {error}") from error
        except OSError as error:
            if isinstance(error, EvidenceDirectoryError):
                raise
            raise cannot("read", path, error) from error

    @property
    def place(self) -> Path:
        """The pack."""
        return self.path

    def keys(self) -> Iterator[str]:
        """The keys of all entries, sorted."""
        yield from sorted(self._content)

    def read(self, key: str) -> Entry | None:
        """The entry, or None where there is none or a damaged one."""
        content = self.content(key)
        try:
            return decode(content, key) if content is not None else None
        except DamagedError:
            return None

    def content(self, key: str) -> bytes | None:
        """The bytes in the entry's place, unchecked, or None where there are none."""
        return self._content.get(key)


def _unpacked(path: Path) -> bytes:
    if not path.is_file():
        raise EvidenceDirectoryError(f"{path} is no pack of evidence, but a device or a pipe")
    with lzma.open(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise EvidenceDirectoryError(f"{path} is no pack of evidence: it unpacks to more than {MOST_BYTES:,} bytes")
    return content


def source(path: Path) -> Store | Pack:
    """A place that is only read: a directory, or a pack.

    Raises
    ------
    EvidenceDirectoryError : it is not there, neither, or cannot be read.
    """
    found = is_directory(path)
    if found is None:
        raise EvidenceDirectoryError(f"there is no evidence at {path}")
    return Store(path, writable=False) if found else Pack(path)


@dataclass(frozen=True)
class Library:
    """The store that is written, and places that are only read; the store is asked first."""

    store: Store
    others: Sequence[Listed] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether no place has an entry."""
        return all(next(iter(place.keys()), None) is None for place in (self.store, *self.others))

    @property
    def names(self) -> list[str | None]:
        """What each place is called: None for the store, within this checkout a path relative to it."""
        return [None, *(_named(other.place) for other in self.others)]

    def read(self, key: str) -> Entry | None:
        """The entry of the first place that has it.

        Raises
        ------
        EvidenceDirectoryError : it is there and cannot be read.
        """
        found = self.find(key)
        return found[1] if found is not None else None

    def find(self, key: str) -> tuple[int, Entry] | None:
        """The number of the first place that has the entry, and the entry; 0 is the store.

        Raises
        ------
        EvidenceDirectoryError : as `read`.
        """
        for number, place in enumerate((self.store, *self.others)):
            entry = place.read(key)
            if entry is not None:
                return number, entry
        return None

    def rechecks(self) -> Rechecks:
        """What was measured again of all places, as it stands beside them.

        Raises
        ------
        EvidenceDirectoryError : a record cannot be read, or is none.
        """
        places = (self.store.place, *(other.place for other in self.others))
        return Rechecks(each for place in places for each in read_rechecks(place))


def _named(place: Path) -> str:
    root = PACKAGE.parent
    return place.relative_to(root).as_posix() if place.is_relative_to(root) else str(place)
