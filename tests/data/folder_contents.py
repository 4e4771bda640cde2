"""Files that are written into a folder, and those that are there; and what fixtures of tests of datasets are."""

from collections.abc import Callable, Mapping
from pathlib import Path

LABELS = "train-labels-idx1-ubyte"

SmallMnist = Callable[..., dict[str, bytes]]
Gzipped = Callable[[Mapping[str, bytes]], dict[str, bytes]]
Serve = Callable[..., tuple[str, list[str]]]


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def names(folder: Path) -> set[str]:
    """The files in a folder, without the lock; none where there is no folder."""
    return {path.name for path in folder.iterdir()} - {".lock"} if folder.exists() else set()
