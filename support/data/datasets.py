"""The datasets by name: which is read, what tells its versions apart, and its images.

A claim speaks of CIFAR-10. Where that is not on this machine, its copy as JPEG stands in for it, under its own name.
"""

from pathlib import Path
from typing import get_args

from support.data.catalogue import DATASETS, Dataset
from support.data.images import Images, Split
from support.data.places import (
    DatasetError,
    Located,
    NotAvailable,
    at_hand,
    changed_file,
    described,
    find,
    obtain,
    root_of,
)
from support.data.sources import SourceError, read
from support.data.verifying import digest_of, present

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetError",
    "Images",
    "Located",
    "NotAvailable",
    "Split",
    "at_hand",
    "changed_file",
    "content_digest",
    "find",
    "load",
    "obtain",
    "read_as",
]

# Which dataset this process reads for each name: evidence must not be found under one and computed on another.
_read_as: dict[tuple[str, Path], str] = {}


def load(name: str, split: Split, directory: Path | None = None) -> Images:
    """Return a split of a dataset or of its stand-in (`read_as`), obtaining it first if need be.

    Raises `DatasetError` where it cannot be had, `NotAvailable` if that is because no source could give it.
    """
    if split not in get_args(Split):
        raise ValueError(f"split must be one of {', '.join(get_args(Split))}, got {split!r}")
    located = obtain(read_as(name, directory), directory)
    folder = located.directory

    def content(file: str) -> bytes:
        return read(present(folder, file) or folder / file)

    try:
        return described(located.name).parse(split, content)
    except (OSError, SourceError, ValueError) as error:
        raise DatasetError(f"{folder} does not hold {located.name} as expected: {error}") from error


def read_as(name: str, directory: Path | None = None) -> str:
    """Return the name of the dataset that is read where this one is asked for.

    It is the dataset itself if it has no stand-in or is on this machine, else the stand-in, which is fetched when it is
    first needed. The same answer is given for as long as the process lives.
    """
    described(name)
    stand_in = next((other.name for other in DATASETS.values() if other.stands_in_for == name), None)
    if stand_in is None:
        return name
    key = name, root_of(directory)
    if key not in _read_as:
        _read_as[key] = stand_in if at_hand(name, directory) is None else name
    return _read_as[key]


def content_digest(name: str, directory: Path | None = None) -> str:
    """Return the SHA-256 over the digests of all files, which tells two versions of a dataset apart.

    It is a constant where the files' digests are. CIFAR-10's are taken from its files, which are known by other digests
    and have to be there (`NotAvailable` otherwise).
    """
    dataset = described(name)
    if dataset.digests:
        return digest_of(dataset, dataset.digests)
    located = find(name, directory)
    if located is None:
        raise NotAvailable(f"{name} is not on this machine, so its digest is not known")
    return located.digest
