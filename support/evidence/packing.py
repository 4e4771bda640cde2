"""Packs are written and unpacked: the same entries give the same bytes, and every digest is checked either way."""

from __future__ import annotations

import lzma
import tarfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from support.evidence.places import Stored, directory_at, look_into, require_agreement
from support.evidence.store import SET_ASIDE, SUFFIX, EvidenceDirectoryError, Store
from support.evidence.whole_files import write_whole

ENDING = ".tar.xz"
# Of xz. Another would give other bytes for the same entries; a higher one saves a hundredth.
PRESET = 6


def pack(directory: Path, path: Path) -> int:
    """Write the entries of a directory as one pack, replacing it where it is there; returns how many they are.

    Raises
    ------
    EvidenceDirectoryError : the directory is none or has no entry or a damaged one, or the pack cannot be written.
    """
    if not path.name.endswith(ENDING):
        raise EvidenceDirectoryError(f"a pack's name must end in {ENDING}, got {path}")
    directory_at(directory)
    found = look_into(directory)
    found.require_whole(directory)
    if not found.stored:
        raise EvidenceDirectoryError(f"there is no entry of evidence in {directory}")
    write_whole(packed(found.entries), path)
    return len(found.stored)


def packed(entries: Iterable[Stored]) -> bytes:
    """The content of a pack: members in the order given, without times, owners or folders."""
    raw = BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for stored in entries:
            member = tarfile.TarInfo(f"{stored.key[:2]}/{stored.key}{SUFFIX}")
            member.size = len(stored.content)
            archive.addfile(member, BytesIO(stored.content))
    return lzma.compress(raw.getvalue(), preset=PRESET)


def unpack(path: Path, directory: Path) -> tuple[int, int]:
    """Put the entries of a pack into a directory; returns how many are new there, and how many there were.

    Everything is checked before the first is written.

    Raises
    ------
    EvidenceDirectoryError : it is no pack or has a damaged entry, or the directory cannot be written, or has links in
        the place of its folders, which may lead out of it.
    support.evidence.places.DisagreementError : the directory has other numbers under a key.
    """
    if path.is_dir():
        raise EvidenceDirectoryError(f"{path} is a directory, and a pack is wanted")
    found = look_into(path)
    found.require_whole(path)
    _require_no_links(directory, {SET_ASIDE} | {key[:2] for key in found.stored})
    store = Store(directory)
    new = []
    for stored in found.entries:
        there = store.read(stored.key)
        if there is None:
            new.append(stored)
        else:
            require_agreement(Stored(stored.key, there, b"", directory), stored)
    for stored in new:
        store.put(stored.key, stored.content)
    return len(new), len(found.stored) - len(new)


def _require_no_links(directory: Path, folders: Iterable[str]) -> None:
    for folder in sorted(folders):
        if (directory / folder).is_symlink():
            raise EvidenceDirectoryError(f"{directory / folder} is a link: nothing is written outside {directory}")
