"""Where a dataset's files lie on this machine, and how they get there: found, unpacked or fetched, always verified.

Files are looked for in the directory that `--data` names, then in the suite's own cache, then in a system copy. What is
missing is made from an archive or folder in that directory, or else fetched from the dataset's sources, and put into
the cache: a user's directory is only read, unless it is asked to be filled (`python -m support.data NAME --data DIR`).
"""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.data import layouts
from support.data.catalogue import DATASETS, Dataset
from support.data.jpeg import DecoderError
from support.data.sources import Source, SourceError, read
from support.data.verifying import digest_of, is_right, present, survey, wrong_file
from support.user_cache import NoCacheError, user_cache


class DatasetError(Exception):
    """A dataset cannot be used; the message is one sentence for the person who asked for it."""


class NotAvailable(DatasetError):  # noqa: N818 - a state of the world, not a mistake
    """A dataset is not on this machine and no source could give it."""


@dataclass(frozen=True)
class Located:
    """A verified dataset: the folder with all of its files, where they came from, and its content digest."""

    name: str
    source: str
    directory: Path
    digest: str

    def __str__(self) -> str:
        return f"{self.name} in {self.directory} ({self.source}, sha256 {self.digest[:12]})"


# What this process has found out, by dataset and folder: verifying reads 55 MB, and a missing network costs
# seconds.
_located: dict[tuple[Dataset, Path], Located] = {}
_unavailable: dict[tuple[Dataset, Path], str] = {}
# Size and time of change of a located dataset's files as they were when they were verified.
_stamps: dict[tuple[Dataset, Path], dict[Path, tuple[int, int]]] = {}


def described(name: str) -> Dataset:
    """What is known about a dataset; raises `DatasetError` where there is none of that name."""
    if name not in DATASETS:
        raise DatasetError(f"the dataset must be one of {', '.join(DATASETS)}, got {name!r}")
    return DATASETS[name]


def root_of(directory: Path | None) -> Path:
    """The directory that `--data` names, or the suite's own cache; raises `DatasetError` for a user who has neither."""
    if directory is not None:
        return directory.absolute()
    try:
        return user_cache() / "data"
    except NoCacheError as error:
        raise DatasetError(f"{error}: name a directory with datasets, --data DIR, or set it") from error


def find(name: str, directory: Path | None = None) -> Located | None:
    """Return the verified dataset if it is on this machine, without a network; None if it is not.

    `directory` is looked in before the suite's own cache; files may lie in it, in its subfolder of the dataset's
    name or where torchvision puts them, plain or gzipped. Raises `DatasetError` where it holds a file of the right
    name that is not the dataset's.
    """
    dataset, root = described(name), root_of(directory)
    if (dataset, root) in _located:
        return _located[dataset, root]
    for folder, source, shared in _folders(name, directory):
        try:
            found = survey(dataset, folder, shared=shared)
        except OSError as error:
            raise DatasetError(f"cannot read {error.filename or folder}: {error.strerror}") from error
        if found.wrong and source == "--data":
            raise DatasetError(f"{wrong_file(dataset, found.wrong[0])}; replace it or remove it")
        if found.complete:
            return _remember(Located(name, source, folder, digest_of(dataset, found.digests)), root)
    if dataset.system and survey(dataset, dataset.system).complete:
        digest = digest_of(dataset, dataset.digests)
        return _remember(Located(name, "system copy", dataset.system, digest), root)
    return None


def _folders(name: str, directory: Path | None) -> Iterator[tuple[Path, str, bool]]:
    """Folders that may hold a dataset's files, what each is called, and whether other datasets' may lie there too."""
    if directory is not None:
        # Only a directory of the user's own can hold files of several datasets, whose names are the same.
        yield from ((folder, "--data", shared) for folder, shared in layouts.folders(name, root_of(directory)))
    try:
        cache = root_of(None) / name
    except DatasetError:
        if directory is None:
            raise
        return  # a user without a home has what lies in the directory
    if os.access(cache, os.R_OK | os.X_OK):
        yield cache, "cache", False


def changed_file(name: str, directory: Path | None = None) -> Path | None:
    """Return a file of a dataset that is no longer what it was when this process verified it; None if there is none.

    Files are read again only where their size or time of change differ.
    """
    dataset, root = described(name), root_of(directory)
    located = _located.get((dataset, root))
    if located is None:
        return None
    try:
        if _stamp(located) == _stamps[dataset, root]:
            return None
        found = survey(dataset, located.directory)
    except OSError:
        return located.directory
    if found.complete and digest_of(dataset, found.digests) == located.digest:
        _remember(located, root)
        return None
    return found.wrong[0] if found.wrong else located.directory


def at_hand(name: str, directory: Path | None = None) -> Located | None:
    """Return the dataset if it is on this machine, unpacked or decoded from what `directory` holds if need be.

    Raises `DatasetError` where an archive or folder there is not the dataset's, `NotAvailable` where it cannot be
    decoded on this machine.
    """
    located, dataset, root = find(name, directory), described(name), root_of(directory)
    if located is not None or directory is None or (dataset, root) in _unavailable:
        return located
    return obtain(name, directory) if any(_local_copies(dataset, root)) else None


def obtain(name: str, directory: Path | None = None, *, fill: bool = False) -> Located:
    """Return the verified dataset; what is not on this machine is unpacked or fetched into the cache.

    With `fill` it is put into `directory`/`name`; what has to be decoded lies in the cache wherever that is asked for.
    Of several processes that ask at once, one fetches and the others wait. Raises `NotAvailable` where no
    source works and `DatasetError` where the folder cannot be written or `directory` holds a wrong file.
    """
    located = find(name, directory)
    if located is not None:
        return located
    from filelock import FileLock  # as slow to import as this module, and rarely needed

    dataset, root = described(name), root_of(directory)
    if (dataset, root) in _unavailable:
        raise NotAvailable(_unavailable[dataset, root])
    folder = _folder_to_fill(dataset, root, fill=fill)
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            located = find(name, directory)
            return located if located is not None else _remember(_fetch(dataset, directory, folder), root)
    except NotAvailable as error:
        _unavailable[dataset, root] = str(error)
        raise
    except OSError as error:
        # Of a user without a place to put it, it is not available; where a disk is full, something is wrong.
        kind = DatasetError if fill or os.access(folder, os.W_OK) else NotAvailable
        instead = "name another directory with --data" if fill else "set XDG_CACHE_HOME to a directory that is"
        raise kind(
            f"cannot write to {error.filename or folder} ({error.strerror}): make it writable or {instead}"
        ) from error
    finally:
        if new:
            _remove_empty(folder)


def _remove_empty(folder: Path) -> None:
    """Remove a folder that nothing was put into but the lock."""
    lock = folder / ".lock"
    with suppress(OSError):
        if list(folder.iterdir()) == [lock]:
            lock.unlink()
            folder.rmdir()


def _folder_to_fill(dataset: Dataset, root: Path, *, fill: bool) -> Path:
    """Where a dataset is put that is not on this machine."""
    if fill and not dataset.decoded:
        return root / dataset.name
    try:
        return root_of(None) / dataset.name
    except DatasetError as error:
        copy = next(iter(_local_copies(dataset, root)), None)
        if copy is not None:
            raise DatasetError(f"{copy} must be unpacked, and there is no place for it: {error.__cause__}") from error
        raise NotAvailable(
            f"{dataset.name} is not in {root}, and there is no place to fetch it to: {error.__cause__}"
        ) from error


def _fetch(dataset: Dataset, directory: Path | None, folder: Path) -> Located:
    for wrong in survey(dataset, folder).wrong:
        # Only in the cache: in the user's own directory `find` has refused it.
        aside = wrong.with_name(f"{wrong.name}.corrupt")
        wrong.replace(aside)
        sys.stderr.write(f"{wrong_file(dataset, wrong)}; it is now {aside.name} and will be fetched again\n")
    root = root_of(directory)
    places = (directory and root, folder, dataset.system)
    tried = [f"{place} (not there)" for place in dict.fromkeys(places) if place is not None]
    copies = list(_local_copies(dataset, root))
    for source in (*copies, *dataset.sources):
        try:
            with tempfile.TemporaryDirectory(prefix="spurious-claims-") as workspace:
                _install(dataset, source, Path(workspace), folder)
        except DecoderError as error:
            # No other source would help.
            raise NotAvailable(f"{dataset.name} cannot be decoded from {source}: {error}") from error
        except SourceError as error:
            if source in copies and directory is not None:
                raise DatasetError(f"{source} is not {dataset.name}'s: {error}") from error
            tried.append(f"{source} ({error})")
        else:
            digests = dataset.digests or survey(dataset, folder).digests
            return Located(dataset.name, str(source), folder, digest_of(dataset, digests))
    there = directory and layouts.unread(dataset.name, root)
    said = f", and {there}, which is not read" if there else ""
    raise NotAvailable(f"{dataset.name} is not available from {', '.join(tried)}{said}; {dataset.how_to_get_it}")


def passed_over(name: str, directory: Path | None) -> str | None:
    """What `directory` holds of a dataset in a way that is not read, with what would be; None where nothing is."""
    there = None if directory is None else layouts.unread(name, root_of(directory))
    return there and f"{there}, which is not read: {described(name).how_to_get_it}"


def _local_copies(dataset: Dataset, root: Path) -> Iterable[Source]:
    """The dataset's archive or folder in a directory, or in the subfolder of its name."""
    for folder in (root, root / dataset.name):
        if dataset.archive is not None:
            yield from dataset.archive.copies_in(folder)


def _install(dataset: Dataset, source: Source, workspace: Path, folder: Path) -> None:
    """Store what the folder lacks from a source, once its digest is right."""
    missing = [file for file in dataset.files if present(folder, file) is None]
    collected = source.collect(missing, workspace)
    for file in missing:
        content = read(present(collected, file) or collected / file)
        if not is_right(dataset, file, content):
            if dataset.decoded:
                raise DecoderError("this machine's Pillow decodes its images to other pixels than are known")
            raise SourceError(f"its {file} is truncated or altered")
        _store(folder / file, content)


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


def _remember(located: Located, root: Path) -> Located:
    _located[DATASETS[located.name], root] = located
    _stamps[DATASETS[located.name], root] = _stamp(located)
    return located


def _stamp(located: Located) -> dict[Path, tuple[int, int]]:
    paths = (present(located.directory, file) for file in DATASETS[located.name].files)
    states = {path: path.stat() for path in paths if path is not None}
    return {path: (state.st_size, state.st_mtime_ns) for path, state in states.items()}
