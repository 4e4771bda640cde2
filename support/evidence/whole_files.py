"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from support.evidence.store import EvidenceDirectoryError


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in its place, or leave what is there.

    Raises
    ------
    EvidenceDirectoryError : it cannot be written.
    """
    aside = path.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        try:
            with aside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise EvidenceDirectoryError(f"cannot write {path}: {error.strerror or error}") from error
