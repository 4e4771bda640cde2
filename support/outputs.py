"""Files that a command is told to write: what could not be written, or would take the place of something, is refused.

This is seen before anything is computed.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
# What nothing is written over.
OWN = (
    *("claims", "support", "tests", "benchmarks", "examples", ".git", "conftest.py", "pyproject.toml"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "constraints.txt"),
)


def require_outputs(outputs: Mapping[str, Path | None], read: Iterable[tuple[str, Path]] = ()) -> None:
    """See that files can be written and take the place of nothing that is read, of each other or of the checkout's own.

    Parameters
    ----------
    outputs : the files by what names them on the command line; None where it is not given.
    read : what the command reads, with what names it.

    Raises
    ------
    ValueError : one cannot, or would; in one sentence.
    """
    seen: dict[str, Path] = {}
    kept = [*read, *(("the suite's own", CHECKOUT / name) for name in OWN)]
    for option, path in outputs.items():
        if path is None:
            continue
        require_apart(option, path, kept)
        for other, place in seen.items():
            if is_same(path, place):
                raise ValueError(f"{option} {path} is the file of {other} too: give another file")
        try:
            require_writable(option, path)
        except OSError as error:
            raise ValueError(str(error)) from error
        seen[option] = path


def require_folder(option: str, folder: Path) -> None:
    """See that files can be written into a folder that is not the checkout's own; where there is none it is made.

    Raises
    ------
    ValueError : they cannot, or it is; in one sentence.
    """
    for own in (CHECKOUT / name for name in OWN):
        if is_same(folder, own) or is_below(folder, own):
            raise ValueError(f"{option} {folder} is or lies in the suite's own {own}: give another directory")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{option} must be a directory, and {folder} is none")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try_directory(folder)
    except OSError as error:
        raise ValueError(f"{option} {folder} cannot be written: {error.strerror}") from error


def require_apart(option: str, path: Path, read: Iterable[tuple[str, Path]]) -> None:
    """See that a file takes the place of nothing that is read, and lies in no folder that is.

    Raises
    ------
    ValueError : it does.
    """
    if os.path.isdir(path):  # noqa: PTH112 - of a directory it is said that it cannot be written
        return
    for other, place in read:
        if is_same(path, place) or is_below(path, place):
            raise ValueError(f"{option} {path} is or lies in {other} {place}, which is read: give another file")


def require_writable(option: str, path: Path) -> None:
    """See that a file can be written. One that is there is left as it is; where there is none, none is left.

    Raises
    ------
    OSError : it cannot, or is a device or a pipe.
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode) if _is_there(path) else None
        if kind is None:
            try_directory(path.parent)
        elif kind in (stat.S_IFREG, stat.S_IFDIR):
            with path.open("ab"):
                pass
    except OSError as error:
        raise OSError(f"{option} {path} cannot be written: {error.strerror}") from error
    if kind not in (None, stat.S_IFREG):
        raise OSError(f"{option} {path} is a device or a pipe: give a file")


def _is_there(path: Path) -> bool:
    """Whether there is a file or a link of that name; an OSError where there can be none."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def try_directory(folder: Path) -> None:
    """See that a directory can be written.

    Raises
    ------
    OSError : it cannot.
    """
    with tempfile.TemporaryFile(dir=folder):
        pass


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through whatever links, or would if it were there."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)


def is_below(path: Path, folder: Path) -> bool:
    """Whether a path leads into a folder, through whatever links."""
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(path)).parents
