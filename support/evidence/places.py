"""What lies in several places of evidence, every digest checked: what is whole, damaged, or cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.evidence.entries import DamagedError, Entry, decode
from support.evidence.kinds import KINDS
from support.evidence.library import Pack, source
from support.evidence.proving import difference
from support.evidence.store import EvidenceDirectoryError, Store, is_directory
from support.experiments.experiment import BITS


class DisagreementError(ValueError):
    """Two places hold other numbers under one key; says which, in one sentence."""


@dataclass(frozen=True)
class Stored:
    """One whole entry.

    Attributes
    ----------
    content : the bytes of its file.
    place : the directory or pack that it lies in.
    """

    key: str
    entry: Entry
    content: bytes
    place: Path


@dataclass
class Contents:
    """What was found.

    Attributes
    ----------
    stored : the whole entries by key.
    damaged, unreadable : where, and why.
    """

    stored: dict[str, Stored] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> list[Stored]:
        """The whole entries, by increasing key."""
        return [self.stored[key] for key in sorted(self.stored)]

    def require_whole(self, path: Path) -> None:
        """See that nothing is damaged or unreadable.

        Raises
        ------
        EvidenceDirectoryError : something is, the first named.
        """
        if broken := self.damaged | self.unreadable:
            where, why = next(iter(broken.items()))
            raise EvidenceDirectoryError(f"{counted(len(broken))} of {path} cannot be used, first {where}: {why}")


def counted(entries: int) -> str:
    """A number of entries in words."""
    return f"{entries:,} {'entry' if entries == 1 else 'entries'}"


def directory_at(path: Path) -> Store:
    """A directory of evidence, which is only read.

    Raises
    ------
    EvidenceDirectoryError : it is not there, is a pack, or cannot be read.
    """
    if is_directory(path) is False:
        raise EvidenceDirectoryError(f"{path} is a file, and a directory of evidence is wanted")
    if is_directory(path) is None:
        raise EvidenceDirectoryError(f"there is no evidence at {path}")
    return Store(path, writable=False)


def look_into(path: Path) -> Contents:
    """Check every entry of one place.

    Raises
    ------
    EvidenceDirectoryError : it is not there, is no evidence, or what it holds cannot be listed.
    """
    place, found = source(path), Contents()
    for key in place.keys():  # noqa: SIM118 - no mapping
        where = f"{path}: {key}" if isinstance(place, Pack) else str(place.path(key))
        try:
            content = place.content(key)
            if content is not None:  # else it was removed meanwhile
                found.stored[key] = Stored(key, decode(content, key), content, path)
        except DamagedError as error:
            found.damaged[where] = str(error)
        except EvidenceDirectoryError as error:
            found.unreadable[where] = str(error)
    return found


def look_through(paths: Sequence[Path]) -> Contents:
    """Check every entry of several places; of a key that several have, the first place's.

    Raises
    ------
    EvidenceDirectoryError : as `look_into`.
    DisagreementError : two of them disagree.
    """
    together = Contents()
    for path in paths:
        found = look_into(path)
        for key, stored in found.stored.items():
            require_agreement(together.stored.setdefault(key, stored), stored)
        together.damaged |= found.damaged
        together.unreadable |= found.unreadable
    return together


def require_packs_to_agree(packs: Sequence[Pack]) -> None:
    """See that packs have the same numbers under the same keys; damaged entries are none.

    Raises
    ------
    DisagreementError : they have not.
    """
    first: dict[str, Pack] = {}
    for pack in packs:
        for key in pack.keys():  # noqa: SIM118 - no mapping
            other = first.setdefault(key, pack)
            if other is pack or other.content(key) == pack.content(key):
                continue
            one, two = other.read(key), pack.read(key)
            if one is not None and two is not None:
                require_agreement(Stored(key, one, b"", other.path), Stored(key, two, b"", pack.path))


def require_agreement(one: Stored, other: Stored) -> None:
    """See that two entries of one key have the same numbers, as closely as their experiment promises.

    Raises
    ------
    DisagreementError : they have not.
    """
    kind = KINDS.get(one.entry.manifest.origin.experiment)
    where = difference(one.entry.columns, other.entry.columns, kind.promise if kind is not None else BITS)
    if where is not None:
        raise DisagreementError(f"{one.place} and {other.place} disagree on {one.key}: {where}")
