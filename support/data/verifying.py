"""Whether the files in a folder are those of a dataset."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from support.data import layouts
from support.data.catalogue import DATASETS, Dataset
from support.data.sources import SourceError, read


@dataclass(frozen=True)
class Survey:
    """What a folder holds of a dataset: the SHA-256 of files that are right, which files lack, and which are wrong."""

    digests: tuple[str, ...]
    missing: tuple[str, ...]
    wrong: tuple[Path, ...]

    @property
    def complete(self) -> bool:
        """Whether all files are there and right."""
        return not self.missing and not self.wrong


def survey(dataset: Dataset, folder: Path, *, shared: bool = False) -> Survey:
    """Verify a folder; one shared between datasets may hold another dataset's files of the same names."""
    elsewhere = {digest for other in DATASETS.values() for digest in other.digests} if shared else set()
    digests, missing, wrong = [], [], []
    for file in dataset.files:
        path = present(folder, file)
        content = None if path is None else _content(path)
        if content is not None and is_right(dataset, file, content):
            digests.append(sha256(content))
        elif path is None or (content is not None and sha256(content) in elsewhere):
            missing.append(file)
        else:
            wrong.append(path)
    return Survey(tuple(digests), tuple(missing), tuple(wrong))


def is_right(dataset: Dataset, file: str, content: bytes) -> bool:
    """Whether a file's content is what the catalogue knows it by: nothing that lies beside it is asked."""
    position = dataset.files.index(file)
    if dataset.digests:
        return sha256(content) == dataset.digests[position]
    return hashlib.md5(content, usedforsecurity=False).hexdigest() == dataset.md5[position]


def wrong_file(dataset: Dataset, path: Path) -> str:
    """What is wrong with a file that `survey` found wrong."""
    why = f"its {'SHA-256' if dataset.digests else 'MD5'} is wrong"
    try:
        read(path)
    except SourceError as error:
        why = str(error)
    return f"{path} is not the file of that name in {dataset.name}: {why}"


def present(folder: Path, file: str) -> Path | None:
    """Where a file lies in a folder, plain or gzipped; None where it does not."""
    return next((path for path in layouts.paths(folder, file) if path.is_file()), None)


def digest_of(dataset: Dataset, digests: tuple[str, ...]) -> str:
    """The SHA-256 over the digests of all files, in the format that `sha256sum --check` reads."""
    lines = (f"{digest}  {file}\n" for file, digest in zip(dataset.files, digests, strict=True))
    return sha256("".join(lines).encode())


def sha256(content: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes | None:
    """What a file holds, uncompressed; None of one that is damaged."""
    try:
        return read(path)
    except SourceError:
        return None
