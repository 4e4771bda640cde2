"""Files that are there whole or not at all, and several that change places together."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def write_whole(content: bytes, path: Path) -> None:
    """Put a file in its place, or leave what is there.

    Raises
    ------
    OSError : it cannot be written.
    """
    with aside(content, path) as written:
        written.replace(path)


@contextmanager
def aside(content: bytes, path: Path) -> Iterator[Path]:
    """A file beside its place, down to the disk, for the caller to move there; what is not moved goes.

    Raises
    ------
    OSError : it cannot be written.
    """
    written = path.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        with written.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # some disks say only now that they are full
        yield written
    finally:
        written.unlink(missing_ok=True)


def swap(written: Sequence[tuple[Path, Path]], stale: Sequence[Path] = ()) -> None:
    """Move files from beside their places, after what would say something else than they do is gone.

    Between two steps there may be too little, and never an old file beside a new one.

    Parameters
    ----------
    written : pairs of a file and its place.
    stale : files that go first, such as those that an earlier run made of what is replaced now.

    Raises
    ------
    OSError : one cannot be moved; those before it are in their places.
    """
    for path in stale:
        path.unlink(missing_ok=True)
    for file, place in written:
        file.replace(place)
