"""Datasets that users bring: arrays, a folder of images in folders of classes, or a function that returns arrays.

What is brought is kept as four NumPy files in a folder of the suite's cache that their digest names, and stands beside
the published datasets for as long as the process lives: experiments read it by its name and see no difference.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import read_array
from numpy.typing import ArrayLike, NDArray

from support.data.catalogue import DATASETS, Dataset
from support.data.images import Content, Images, Split
from support.data.places import root_of
from support.whole_files import write_whole

FILES = ("train-images.npy", "train-labels.npy", "test-images.npy", "test-labels.npy")
# Of data without a test split, one image in so many of each class is set aside for it.
SET_ASIDE = 5
# A class needs one image to train on and one to test on.
FEWEST = 2
# What the content of a zip archive can raise beside an OSError: damage, a password, another compression, a shape that
# no memory has.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, MemoryError, OverflowError)
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
# Names of the arrays in a file.
ARCHIVED = (("images", "labels", "test_images", "test_labels"), ("x_train", "y_train", "x_test", "y_test"))
# Of what is brought 1,000 images are trained on and 500 asked about: what is larger is something else.
MOST_BYTES = 1_000_000_000
SPLITS = {"train": ("train", "training"), "test": ("test", "val", "valid", "validation")}


@dataclass(frozen=True)
class OwnData:
    """Images and labels that somebody brought.

    Attributes
    ----------
    title : in sentences.
    train, test : the two splits.
    class_names : of the labels 0, 1, ...
    """

    title: str
    train: Images
    test: Images
    class_names: tuple[str, ...]


def of_arrays(
    images: ArrayLike,
    labels: ArrayLike,
    test_images: ArrayLike | None = None,
    test_labels: ArrayLike | None = None,
    *,
    title: str = "own data",
) -> OwnData:
    """Data from arrays or tensors.

    Parameters
    ----------
    images : (n, h, w), (n, h, w, c) or (n, c, h, w) with c 1 or 3; integers from 0 to 255, or floats in [0, 1], which
        are kept in 8 bits.
    labels : (n,) integers or names; classes are numbered in their order.
    test_images, test_labels : the same; without them every fifth image of a class is set aside.

    Raises
    ------
    ValueError : other shapes or pixels, labels that do not fit, fewer than two classes, or too few images of one.
    """
    pixels, names = _pixels("images", images), _labels("labels", labels)
    if (test_images is None) != (test_labels is None):
        raise ValueError("test_images and test_labels belong together: give both or neither")
    if len(pixels) != len(names):
        raise ValueError(f"there must be a label for each image, got {len(pixels):,} images and {len(names):,} labels")
    classes, numbers = np.unique(names, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"labels must name at least 2 classes, got {len(classes)}")
    for name, count in zip(classes, np.bincount(numbers), strict=True):
        if count < FEWEST:
            raise ValueError(f"every class needs at least {FEWEST} images, got {count} of class {name}")
    if test_images is None or test_labels is None:
        tested = _set_aside(numbers)
        parts = (pixels[~tested], numbers[~tested], pixels[tested], numbers[tested])
    else:
        asked, known = _pixels("test_images", test_images), _labels("test_labels", test_labels)
        if len(asked) != len(known):
            raise ValueError(f"there must be a label for each test image, got {len(asked):,} and {len(known):,}")
        if asked.shape[1:] != pixels.shape[1:]:
            raise ValueError(f"test images must have the shape {pixels.shape[1:]} of the others, got {asked.shape[1:]}")
        if unknown := sorted(set(known.tolist()) - set(classes.tolist())):
            raise ValueError(f"test labels must be among the training labels, got {unknown[0]!r} too")
        parts = (pixels, numbers, asked, np.searchsorted(classes, known))
    own, test = (Images(each, number.astype(np.int64)) for each, number in (parts[:2], parts[2:]))
    return OwnData(title, own, test, tuple(str(name) for name in classes.tolist()))


def of_folder(folder: Path) -> OwnData:
    """Data from ``FOLDER/CLASS/*.png`` or ``FOLDER/train/CLASS/*.png`` and ``FOLDER/test/CLASS/*.png``.

    Files are read in the order of their names. All images must have one size, and are grey or in colour alike.

    Raises
    ------
    ValueError : no such folder, no class or image in it, an image that is broken or unlike the first (named), or what
        `of_arrays` refuses.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    splits = {split: _subfolder(folder, names) for split, names in SPLITS.items()}
    if splits["train"] is None:
        images, labels = _read_folder(folder)
        return of_arrays(images, labels, title=folder.name)
    if splits["test"] is None:
        images, labels = _read_folder(splits["train"])
        return of_arrays(images, labels, title=folder.name)
    images, labels = _read_folder(splits["train"])
    asked, known = _read_folder(splits["test"])
    return of_arrays(images, labels, asked, known, title=folder.name)


def of_archive(file: Path) -> OwnData:
    """Data from an ``.npz`` file with the arrays of one of `ARCHIVED`, the last two of which may lack.

    Raises
    ------
    ValueError : no such file or arrays, arrays of objects, arrays of more than `MOST_BYTES`, or what `of_arrays`
        refuses.
    """
    arrays = arrays_in(file)
    known = next((each for each in ARCHIVED if set(each[:2]) <= arrays.keys()), None)
    if known is None:
        wanted = " or ".join(", ".join(each) for each in ARCHIVED)
        raise ValueError(f"{file} must hold the arrays {wanted}, got {', '.join(arrays) or 'none'}")
    taken = known if set(known) <= arrays.keys() else known[:2]
    return of_arrays(*(arrays[name] for name in taken), title=file.stem)


def arrays_in(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` file by their names.

    Raises
    ------
    ValueError : there is no such file, it holds something else, arrays of objects, or more than `MOST_BYTES`.
    """
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} cannot be read as arrays (numpy.savez): it is no file")
    try:
        with zipfile.ZipFile(file) as opened:
            _require_small(opened)
            return {name.removesuffix(".npy"): _array_in(opened, name) for name in opened.namelist()}
    except (OSError, ValueError, *_UNREADABLE) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        said = error.strerror if isinstance(error, OSError) and error.strerror else words
        raise ValueError(f"{file} cannot be read as arrays (numpy.savez): {said}") from error


def _require_small(opened: zipfile.ZipFile) -> None:
    size = sum(part.file_size for part in opened.infolist())
    if size > MOST_BYTES:
        raise ValueError(f"it unpacks to {size:,} bytes, and at most {MOST_BYTES:,} are read")


def _array_in(opened: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with opened.open(name) as part:
        array: NDArray[Any] = read_array(part, allow_pickle=False)
    return array


def of_result(given: Any, title: str) -> OwnData:
    """Data from what a user's function returns: (images, labels) or these twice, for training and test.

    Raises
    ------
    ValueError : something else, or what `of_arrays` refuses.
    """
    if isinstance(given, OwnData):
        return given
    if isinstance(given, Sequence) and len(given) in (2, 4) and not isinstance(given, str):
        if len(given) == 2 and all(isinstance(part, Sequence) and len(part) == 2 for part in given):
            (images, labels), (asked, known) = given
            return of_arrays(images, labels, asked, known, title=title)
        return of_arrays(*given, title=title)
    raise ValueError(
        f"{title} must return (images, labels) or (images, labels, test_images, test_labels), "
        f"got {type(given).__name__}"
    )


def register(data: OwnData) -> Dataset:
    """Keep the data in the suite's cache and let this process's experiments read them by the name that comes back.

    Raises
    ------
    OSError : the cache cannot be written.
    """
    parts: tuple[NDArray[Any], ...] = (data.train.pixels, data.train.labels, data.test.pixels, data.test.labels)
    contents = {file: _npy(part) for file, part in zip(FILES, parts, strict=True)}
    digests = tuple(hashlib.sha256(content).hexdigest() for content in contents.values())
    name = f"own-{hashlib.sha256(''.join(digests).encode()).hexdigest()[:16]}"
    folder = root_of(None) / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        if not (folder / file).is_file() or (folder / file).read_bytes() != content:
            write_whole(content, folder / file)
    dataset = Dataset(
        name,
        data.title,
        data.train.pixels.shape[1:],
        (len(data.train.pixels), len(data.test.pixels)),
        FILES,
        parse,
        sources=(),
        digests=digests,
        decoded=True,
        classes=len(data.class_names),
    )
    DATASETS[name] = dataset
    return dataset


def parse(split: Split, content: Content) -> Images:
    """Return a split from its files."""
    pixels, labels = (
        read_array(io.BytesIO(content(f"{split}-{what}.npy")), allow_pickle=False) for what in ("images", "labels")
    )
    return Images(pixels, labels)


def _pixels(name: str, given: ArrayLike) -> NDArray[np.uint8]:
    """(n, h, w) or (n, h, w, 3), 0 to 255."""
    array = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        array = np.moveaxis(array, 1, 3)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 3) or not array.size:
        raise ValueError(f"{name} must be (n, h, w), (n, h, w, 3) or (n, 3, h, w), got shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got {array.dtype}")
    low, high = float(array.min()), float(array.max())
    whole = array.dtype.kind in "iu" or (
        array.dtype.kind == "f" and high > 1 and bool((array == np.floor(array)).all())
    )
    if not (low >= 0 and high <= (255 if whole else 1)):
        raise ValueError(
            f"{name} must hold integers from 0 to 255 or floats in [0, 1], got {low:g} to {high:g}: "
            "what scales or centres pixels belongs into the network"
        )
    return (array if whole else np.round(array.astype(np.float64) * 255)).astype(np.uint8)


def _labels(name: str, given: ArrayLike) -> NDArray[Any]:
    array = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    if array.ndim == 2 and 1 in array.shape:
        array = array.reshape(-1)
    if array.ndim != 1 or array.dtype.kind not in "biuU":
        raise ValueError(f"{name} must be one integer or name for each image, got shape {array.shape} of {array.dtype}")
    return array


def _set_aside(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which images are for the test: of each class every fifth, and at least one."""
    chosen = np.zeros(len(numbers), dtype=bool)
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        chosen[rows[min(SET_ASIDE, len(rows)) - 1 :: SET_ASIDE]] = True
    return chosen


def _subfolder(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _read_folder(folder: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise ValueError(
            f"images in {folder} are read with Pillow, which is not installed: "
            "pip install -c constraints.txt -e '.[images]'"
        ) from None
    images: list[NDArray[Any]] = []
    labels: list[str] = []
    first: tuple[Path, tuple[int, ...]] | None = None
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for path in sorted(place.iterdir()):
            if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
                continue
            try:
                with Image.open(path) as opened:
                    grey = opened.mode in ("1", "L", "I", "I;16", "LA")
                    pixels = np.asarray(opened.convert("L" if grey else "RGB"))
            except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                raise ValueError(f"{path} cannot be read as an image: {error}") from error
            first = first or (path, pixels.shape)
            if pixels.shape != first[1]:
                raise ValueError(
                    f"all images must have one size and mode: {path} has {_size(pixels.shape)}, "
                    f"{first[0]} has {_size(first[1])}"
                )
            images.append(pixels)
            labels.append(place.name)
    if not images:
        raise ValueError(f"{folder} holds no images in folders of classes ({', '.join(SUFFIXES)})")
    return np.stack(images), np.array(labels)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}x{shape[1]} pixels {'in colour' if len(shape) == 3 else 'in grey'}"


def _npy(array: NDArray[Any]) -> bytes:
    written = io.BytesIO()
    np.save(written, np.ascontiguousarray(array), allow_pickle=False)
    return written.getvalue()
