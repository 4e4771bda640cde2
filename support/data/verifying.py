"""Whether the files in a folder are those of a dataset."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.data import layouts
from support.data.catalogue import DATASETS, Dataset
from support.data.sources import SourceError, read

MANIFEST = "SHA256SUMS"


@dataclass(frozen=True)
class Survey:
    """What a folder holds of a dataset: which digests are expected, which files lack, and which are wrong."""

    digests: tuple[str, ...]
    missing: tuple[str, ...]
    wrong: tuple[Path, ...]

    @property
    def complete(self) -> bool:
        """Whether all files are there and right."""
        return not self.missing and not self.wrong


def survey(dataset: Dataset, folder: Path, *, shared: bool = False) -> Survey:
    """Verify a folder; one shared between datasets may hold another dataset's files of the same names."""
    digests = dataset.digests or digests_in_manifest(dataset, folder)
    elsewhere = {digest for other in DATASETS.values() for digest in other.digests} if shared else set()
    missing, wrong = [], []
    for position, file in enumerate(dataset.files):
        path = present(folder, file)
        found = None if path is None else _sha256_of_file(path)
        if path is None or (found in elsewhere and found not in digests):
            missing.append(file)
        elif not digests or found != digests[position]:
            wrong.append(path)
    return Survey(digests, tuple(missing), tuple(wrong))


def wrong_file(dataset: Dataset, path: Path) -> str:
    """What is wrong with a file that `survey` found wrong."""
    if dataset.archive and not dataset.digests and not digests_in_manifest(dataset, path.parent):
        return f"{path} cannot be verified without {MANIFEST}, but {dataset.archive.name} can"
    return f"{path} is not the file of that name in {dataset.name}: its SHA-256 is wrong"


def present(folder: Path, file: str) -> Path | None:
    """Where a file lies in a folder, plain or gzipped; None where it does not."""
    return next((path for path in layouts.paths(folder, file) if path.is_file()), None)


def manifest(dataset: Dataset, digests: tuple[str, ...]) -> bytes:
    """Write digests in the format that `sha256sum --check` reads."""
    lines = (f"{digest}  {file}\n" for file, digest in zip(dataset.files, digests, strict=True))
    return "".join(lines).encode()


def digests_in_manifest(dataset: Dataset, folder: Path) -> tuple[str, ...]:
    """Return the digests of all files, or none if there is no manifest as the suite writes it."""
    path = folder / MANIFEST
    content = path.read_bytes() if path.is_file() else b""
    lines = (line.split() for line in content.decode(errors="replace").splitlines())
    entries: Mapping[str, str] = {line[1]: line[0] for line in lines if len(line) == 2}
    digests = tuple(entries.get(file, "") for file in dataset.files)
    return digests if content == manifest(dataset, digests) else ()


def digest_of(dataset: Dataset, digests: tuple[str, ...]) -> str:
    """The SHA-256 over the digests of all files."""
    return sha256(manifest(dataset, digests))


def sha256(content: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _sha256_of_file(path: Path) -> str | None:
    try:
        return sha256(read(path))
    except SourceError:
        return None
