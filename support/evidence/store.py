"""A directory of evidence entries, one per (experiment, trial, seed, device kind, data, source code).

An entry is ``KEY[:2]/KEY/`` with ``rows.json`` (the numbers) and ``manifest.json`` (their SHA-256, and where they
come from). It is written to a temporary directory, flushed to disk and renamed: it is there whole or not at all,
and the first writer wins. It is read only after its digest has been checked; a bad one is set aside.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.experiments.experiment import Columns

ROWS = "rows.json"
MANIFEST = "manifest.json"


class EvidenceDirectoryError(OSError):
    """The evidence directory cannot be used."""


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, NaN refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True)
class Entry:
    """One verified entry: its columns, its manifest and the SHA-256 of its rows."""

    columns: Columns
    manifest: dict[str, Any]
    digest: str


class Store:
    """Evidence entries below `directory`, which is created.

    Raises
    ------
    EvidenceDirectoryError : the directory cannot be created or written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=directory):
                pass
        except OSError as error:
            raise EvidenceDirectoryError(
                f"evidence directory {directory} is not writable ({error.strerror}): give another with --evidence DIR"
            ) from error

    def path(self, key: str) -> Path:
        """Where the entry of `key` is or would be."""
        return self.directory / key[:2] / key

    def lock_path(self, key: str) -> Path:
        """Lock file that saves duplicate work; correctness does not rest on it."""
        folder = self.directory / "locks"
        folder.mkdir(exist_ok=True)
        return folder / f"{key}.lock"

    def read(self, key: str) -> Entry | None:
        """The entry, or None if there is none that can be trusted; a bad one is moved to ``set-aside/``."""
        path = self.path(key)
        if not os.path.lexists(path):
            return None
        try:
            raw = (path / ROWS).read_bytes()
            manifest = json.loads((path / MANIFEST).read_text())
            digest = hashlib.sha256(raw).hexdigest()
            if manifest["key"] == key and manifest["rows_sha256"] == digest:
                return Entry(json.loads(raw), manifest, digest)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        self._set_aside(path)
        return None

    def _set_aside(self, path: Path) -> None:
        folder = self.directory / "set-aside"
        folder.mkdir(exist_ok=True)
        target = Path(tempfile.mkdtemp(prefix=f"{path.name[:16]}-", dir=folder))
        with suppress(FileNotFoundError):  # another worker has set it aside already
            path.rename(target / path.name)

    def write(self, key: str, columns: Columns, manifest: dict[str, Any]) -> Entry:
        """Store rows under `key` and return what is then there (an earlier writer's, if there was one).

        Raises
        ------
        OSError : the directory cannot be written any more.
        ValueError : a number is NaN or infinite.
        """
        rows = canonical(columns)
        digest = hashlib.sha256(rows).hexdigest()
        manifest = manifest | {"key": key, "rows_sha256": digest}
        path = self.path(key)
        path.parent.mkdir(exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=self.directory))
        try:
            for name, content in ((ROWS, rows), (MANIFEST, canonical(manifest))):
                with (temporary / name).open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            try:
                temporary.rename(path)
            except OSError:
                if self.read(key) is None:  # else another writer was first
                    temporary.rename(path)  # what stood there was bad and is set aside; or the disk is at fault
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        entry = self.read(key)
        return entry if entry is not None else Entry(columns, manifest, digest)
