"""The directory in which entries of evidence are written and read.

An entry is the file ``KEY[:2]/KEY.jsonl``. It is written aside, flushed to disk and linked to its place, so that it is
there whole or not at all, and the first writer wins. It is read only after its digest has been checked. A reader never
changes anything; a writer that finds a damaged entry in its way keeps it in ``set-aside/`` and replaces it.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from support.evidence.entries import DamagedError, Entry, Manifest, decode, encode
from support.experiments.experiment import Columns

SUFFIX, LOCKS, SET_ASIDE, ASIDE = ".jsonl", "locks", "set-aside", ".tmp-"
ENTRY = re.compile(r"(?:\./)?([0-9a-f]{2})/(\1[0-9a-f]{62})\.jsonl")
# What a killed process has left is collected after an hour: an entry is written in milliseconds, and a lock that is
# held is touched every second. Damaged entries are kept for a month, for whoever wants to know what damaged them.
LEFT_OVER, KEPT_ASIDE = 3600.0, 30 * 86400.0
# A file system that is full is noticed before anything is computed.
ROOM = bytes(65536)
# What link() says where a file system has no hard links.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class EvidenceDirectoryError(OSError):
    """A place of evidence cannot be used; says which and why, in one sentence."""


class Store:
    """A directory of entries.

    Parameters
    ----------
    writable : whether entries are going to be written; then it is created, and what killed processes left is collected.

    Attributes
    ----------
    damaged : paths of the entries that failed their check, as this process saw them.

    Raises
    ------
    EvidenceDirectoryError : it cannot be created or written, or is no directory.
    """

    def __init__(self, directory: Path, *, writable: bool = True) -> None:
        self.directory, self.writable = directory, writable
        self.damaged: set[Path] = set()
        if writable:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                self._probe(b"")
            except OSError as error:
                raise EvidenceDirectoryError(
                    f"evidence directory {directory} is not writable ({error.strerror}): "
                    "give another with --evidence DIR"
                ) from error
            self.sweep()
        elif is_directory(directory) is False:
            raise EvidenceDirectoryError(f"evidence directory {directory} is no directory")

    @property
    def place(self) -> Path:
        """The directory."""
        return self.directory

    def path(self, key: str) -> Path:
        """Where the entry of `key` is or would be."""
        return self.directory / key[:2] / f"{key}{SUFFIX}"

    def lock_path(self, name: str) -> Path:
        """Lock file of whatever has this name."""
        return self.directory / LOCKS / f"{name}.lock"

    def keys(self) -> Iterator[str]:
        """The keys of all entries, whole or damaged, sorted.

        Raises
        ------
        EvidenceDirectoryError : they cannot be listed.
        """
        for folder in _names(self.directory, "[0-9a-f][0-9a-f]"):
            for name in _names(self.directory / folder, f"*{SUFFIX}"):
                if ENTRY.fullmatch(f"{folder}/{name}"):
                    yield name.removesuffix(SUFFIX)

    def read(self, key: str) -> Entry | None:
        """The entry, or None where there is none or a damaged one.

        Raises
        ------
        EvidenceDirectoryError : it is there and cannot be read, which says nothing of what it holds.
        """
        content = self.content(key)
        if content is None:
            return None
        try:
            return decode(content, key)
        except DamagedError:
            self.damaged.add(self.path(key))
            return None

    def content(self, key: str) -> bytes | None:
        """The bytes in the entry's place, unchecked, or None where there are none.

        Raises
        ------
        EvidenceDirectoryError : they are there and cannot be read.
        """
        return self._content(self.path(key))

    def _content(self, path: Path) -> bytes | None:
        try:
            handle = os.open(path, os.O_RDONLY)
            try:
                return _all_of(handle)
            finally:
                with suppress(OSError):  # nothing was written
                    os.close(handle)
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            return b""  # not an entry, and in an entry's place
        except OSError as error:
            raise cannot("read", path, error) from error

    def require_room(self) -> None:
        """See that something can still be written, before anything is computed.

        Raises
        ------
        EvidenceDirectoryError : it cannot; nothing is lost.
        """
        try:
            self._probe(ROOM)
        except OSError as error:
            raise cannot("write to", self.directory, error) from error

    def _probe(self, content: bytes) -> None:
        with self._aside(content):
            pass

    def write(self, key: str, manifest: Manifest, columns: Columns) -> Entry:
        """Store rows under `key` and return what is then there: an earlier writer's, if there was one.

        Raises
        ------
        EvidenceDirectoryError : the directory cannot be written any more.
        ValueError : a number is NaN or infinite, or these are no rows that could be read again.
        """
        try:
            return self.put(key, encode(manifest, columns))
        except DamagedError as error:
            raise ValueError(f"rows of {manifest.origin.experiment} could not be read again: {error}") from error

    def put(self, key: str, content: bytes) -> Entry:
        """Store an entry's content as it is and return what is then there: an earlier writer's, if there was one.

        Raises
        ------
        DamagedError : it is no entry of this key; nothing is written.
        EvidenceDirectoryError : the directory cannot be written any more.
        """
        meant, path = decode(content, key), self.path(key)
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(exist_ok=True)
                _flush_directory(self.directory)
            with self._aside(content) as temporary:
                self._put(temporary, path, key)
            _flush_directory(path.parent)
        except EvidenceDirectoryError:
            raise  # it names its place already
        except OSError as error:
            raise cannot("write to", self.directory, error) from error
        entry = self.read(key)
        return entry if entry is not None else meant

    @contextmanager
    def _aside(self, content: bytes) -> Iterator[Path]:
        """A new file with this content, on disk, under a name that no reader looks at; what is not moved goes.

        An interrupt comes after any call of the system, so that the file must be looked after before it is opened.
        """
        path = self.directory / f"{ASIDE}{os.getpid()}-{secrets.token_hex(8)}"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(handle, rest) :]
                os.fsync(handle)
            finally:
                os.close(handle)
            yield path
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 - the same calls throughout, so that faults can be injected

    def _put(self, temporary: Path, path: Path, key: str) -> None:
        """Give a whole file its place, unless a good entry stands there."""
        try:
            _link(temporary, path)
        except FileExistsError:
            content = self._content(path)
            if _is_good(content, key):
                return  # another writer was first
            self._keep(path, content)
            if not _is_good(self._content(path), key):  # else another writer has replaced it meanwhile
                os.replace(temporary, path)  # noqa: PTH105

    def _keep(self, path: Path, content: bytes | None) -> None:
        """Keep what is damaged, for whoever wants to know what damaged it; where that cannot be, do without.

        Its content is written anew: whatever stands in its place by now is left there.
        """
        folder = self.directory / SET_ASIDE
        kept = folder / f"{path.name.removesuffix(SUFFIX)}-{secrets.token_hex(4)}{SUFFIX}"
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
            if path.is_dir():
                os.rename(f"{path}{os.sep}", kept)  # noqa: PTH104 - the separator: only if it is a folder still
            elif content is not None:
                with self._aside(content) as temporary:
                    os.rename(temporary, kept)  # noqa: PTH104

    def set_aside(self) -> set[Path]:
        """The damaged entries that writers have replaced.

        Raises
        ------
        EvidenceDirectoryError : they cannot be listed.
        """
        folder = self.directory / SET_ASIDE
        return {folder / name for name in _names(folder, f"*{SUFFIX}")}

    def sweep(self) -> int:
        """Collect what killed processes and old damage have left; returns how many files. A courtesy: never fails."""
        now = time.time()
        return (
            _collect(self.directory, f"{ASIDE}*", now - LEFT_OVER)
            + _collect(self.directory / LOCKS, "*.lock", now - LEFT_OVER)
            + _collect(self.directory / SET_ASIDE, "*", now - KEPT_ASIDE)
        )


def _all_of(handle: int) -> bytes:
    parts = []
    while part := os.read(handle, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _is_good(content: bytes | None, key: str) -> bool:
    try:
        return content is not None and bool(decode(content, key))
    except DamagedError:
        return False


def is_directory(path: Path) -> bool | None:
    """None where there is nothing; that it cannot be known is told."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise cannot("read", path, error) from error


def _names(folder: Path, pattern: str) -> list[str]:
    """The matching names in a folder, sorted; none where there is no folder. glob is silent where it cannot read."""
    try:
        return sorted(name for name in os.listdir(folder) if fnmatchcase(name, pattern))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise cannot("read", folder, error) from error


def _collect(folder: Path, pattern: str, before: float) -> int:
    """Remove files that were last touched before a time, where that can be; returns how many."""
    collected = 0
    with suppress(OSError):
        for name in _names(folder, pattern):
            with suppress(OSError):
                if (folder / name).lstat().st_mtime < before:
                    (folder / name).unlink()
                    collected += 1
    return collected


def _link(source: Path, target: Path) -> None:
    """A second name for a file that must not exist yet; on file systems without hard links it is renamed.

    Raises
    ------
    FileExistsError : it exists.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        os.rename(source, target)  # noqa: PTH104


def _flush_directory(folder: Path) -> None:
    """Put a folder's names on disk; where a system cannot, the entry may be lost with the power, and no more."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def cannot(what: str, path: Path, error: OSError) -> EvidenceDirectoryError:
    """What a system call said of a place, in one sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EvidenceDirectoryError(
            f"no room is left for evidence in {path}: what was finished is kept; free some, "
            "or give another directory with --evidence DIR"
        )
    return EvidenceDirectoryError(f"cannot {what} {path}: {error.strerror or error}")
