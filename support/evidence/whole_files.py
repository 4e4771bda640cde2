"""Files of evidence that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from support import whole_files
from support.evidence.store import EvidenceDirectoryError


def write_whole(content: bytes, path: Path) -> None:
    """Put a file in its place, or leave what is there.

    Raises
    ------
    EvidenceDirectoryError : it cannot be written.
    """
    try:
        whole_files.write_whole(content, path)
    except OSError as error:
        raise EvidenceDirectoryError(f"cannot write {path}: {error.strerror or error}") from error
