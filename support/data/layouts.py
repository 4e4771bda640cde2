"""How other programs lay the datasets out: torchvision's folders, Kaggle's names, and what is known but not read."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from support.data import idx

# The folder that a dataset's archive unpacks to.
_UNPACKED: Mapping[str, str] = MappingProxyType({"cifar-10": "cifar-10-batches-bin"})
# The folder into which torchvision puts a dataset; its files lie in `raw` below.
TORCHVISION: Mapping[str, str] = MappingProxyType({"mnist": "MNIST", "fashion-mnist": "FashionMNIST"})

_PICKLED, _TABLE, _ARRAYS = "pickled batches", "images as text (CSV)", "arrays of NumPy or torch"
# What bears a name that other programs give to a dataset, and holds it in a way that is not read here.
_UNREAD: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "mnist": {
            "mnist_train.csv": _TABLE,
            "mnist_test.csv": _TABLE,
            "mnist.npz": _ARRAYS,
            "MNIST/processed/training.pt": _ARRAYS,
            "mnist.pkl.gz": _PICKLED,
        },
        "fashion-mnist": {
            "fashion-mnist_train.csv": _TABLE,
            "fashion-mnist_test.csv": _TABLE,
            "FashionMNIST/processed/training.pt": _ARRAYS,
        },
        "cifar-10": {
            "cifar-10-batches-py": _PICKLED,
            "cifar-10-python.tar.gz": _PICKLED,
            "data_batch_1": _PICKLED,
            "cifar-10-batches-mat": "files of MATLAB",
            "cifar-10-matlab.tar.gz": "files of MATLAB",
        },
    }
)
# What Kaggle calls every download.
_KAGGLE = "archive.zip"


def folders(name: str, root: Path) -> Iterator[tuple[Path, bool]]:
    """Folders below a user's directory that may hold a dataset's files, and whether other datasets' may lie there too.

    They are the directory itself and its subfolder of the dataset's name, and in either of them torchvision's or the
    one that the dataset's archive unpacks to.
    """
    yield root, True
    yield root / name, False
    if name in _UNPACKED:
        yield from ((place / _UNPACKED[name], False) for place in (root, root / name))
    if name in TORCHVISION:
        for place in (root, root / name):
            yield from ((place / TORCHVISION[name] / "raw", False), (place / TORCHVISION[name], False))
            yield place / "raw", True


def paths(folder: Path, file: str) -> Iterator[Path]:
    """Where a file may lie in a folder: under its name, with Kaggle's dot in it, or in a folder of that name."""
    for name in dict.fromkeys((file, file.replace("-idx", ".idx"))):
        for place in (folder, folder / name):
            yield from (place / name, place / f"{name}.gz")


def unread(name: str, root: Path) -> str | None:
    """What a directory holds of a dataset in a way that is not read: where and in what; None where nothing is."""
    for place in (root, root / name):
        for path, what in _UNREAD.get(name, {}).items():
            if os.path.exists(place / path):  # noqa: PTH110 - Path.exists raises where a folder may not be looked into
                return f"{place / path} holds {what}"
        if name in TORCHVISION and _zipped(place / _KAGGLE, {*_UNREAD[name], *idx.FILES}):
            return f"{place / _KAGGLE} is a zip archive"
    return None


def _zipped(path: Path, names: set[str]) -> bool:
    """Whether a zip archive has a file of one of these names, in whatever folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = {Path(member).name.replace(".idx", "-idx") for member in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return False
    return not names.isdisjoint(found)
