"""CIFAR-10's images as JPEG files in class folders, `train/airplane/0000.jpg` to `test/truck/0999.jpg`.

JPEG loses a little of every image, so this is a dataset of its own. Its images are decoded once, by Pillow, into one
file a split, in the binary format of CIFAR-10: that takes ten seconds, and reading the two files less than one.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from support.data import cifar
from support.data.images import Content, Images, Split
from support.data.sources import SourceError, damage_reported, download, members

# In the order of CIFAR-10's labels.
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SPLITS: tuple[Split, ...] = ("train", "test")
DECODED = ("train.bin", "test.bin")

_SIZE, _MODE = (32, 32), "RGB"


class DecoderError(SourceError):
    """Images are there and cannot be decoded on this machine: Pillow is missing, or gives other pixels."""


def images(split: Split, content: Content) -> Images:
    """Return a split from its decoded file."""
    pixels, labels = cifar.parse(content(f"{split}.bin"))
    return Images(pixels, labels.astype(np.int64))


@dataclass(frozen=True)
class ClassFolders:
    """The images in a folder, in a tar archive of it, or in one on the web.

    Attributes
    ----------
    address : of a tar archive on the web; its bytes may differ from one download to the next, its files may not.
    name : of a tar archive that may lie in a user's directory.
    counts : images of each class in training and test.
    digest : SHA-256 of what `sha256sum` writes of all images, in the order of their paths.
    path : a local folder or archive, or None for the address.
    """

    address: str
    name: str
    counts: tuple[int, int]
    digest: str
    path: Path | None = None

    def __str__(self) -> str:
        return self.address if self.path is None else str(self.path)

    @property
    def wanted(self) -> str:
        """What a person can put into a directory."""
        return f"{self.name}, or its folders train and test,"

    def copies_in(self, folder: Path) -> Iterator[ClassFolders]:
        """The archive of this name in a folder, and the folder itself where it holds a class."""
        if (folder / self.name).is_file():
            yield replace(self, path=folder / self.name)
        if any((folder / split / label).is_dir() for split in SPLITS for label in CLASSES):
            yield replace(self, path=folder)

    def collect(self, files: Collection[str], workspace: Path) -> Path:  # noqa: ARG002 - it has all or none
        """Read and decode all images, and write the decoded files.

        Raises
        ------
        DecoderError : Pillow is missing.
        SourceError : an image is missing, broken, of another size or mode, or not the published one.
        """
        _require_pillow()
        found = self._images(workspace)
        for split, count in zip(SPLITS, self.counts, strict=True):
            with (workspace / f"{split}.bin").open("wb") as stream:
                for path, label in _paths(split, count):
                    stream.write(cifar.record(_decoded(path, found[path]), label))
        # Last, because what is wrong with an image says more than that something is.
        if (digest := _digest(found)) != self.digest:
            raise SourceError(f"its images are not the published ones: their digest is {digest}, not {self.digest}")
        return workspace

    def _images(self, workspace: Path) -> dict[str, bytes]:
        """Every image's content by its path, `train/airplane/0000.jpg`."""
        expected = [path for split, count in zip(SPLITS, self.counts, strict=True) for path, _ in _paths(split, count)]
        if self.path is not None and self.path.is_dir():
            _require_classes([label for label in _labels() if (self.path / label).is_dir()])
            found = {path: (self.path / path).read_bytes() for path in expected if (self.path / path).is_file()}
        else:
            archive = self.path or workspace / self.name
            if self.path is None:
                download(self.address, archive)
            found = _in_archive(archive, set(expected))
            _require_classes({path.rpartition("/")[0] for path in found})
        if missing := next((path for path in expected if path not in found), None):
            raise SourceError(f"it has no {missing}")
        return found


def _labels() -> list[str]:
    return [f"{split}/{label}" for split in SPLITS for label in CLASSES]


def _require_classes(found: Collection[str]) -> None:
    if missing := [label for label in _labels() if label not in found]:
        raise SourceError(f"it has no images in {', '.join(missing)}")


def _paths(split: Split, count: int) -> Iterator[tuple[str, int]]:
    """Paths of a split's images with their labels, in the order of the decoded file."""
    for label, name in enumerate(CLASSES):
        for number in range(count):
            yield f"{split}/{name}/{number:04d}.jpg", label


def _in_archive(archive: Path, expected: Collection[str]) -> dict[str, bytes]:
    """The expected files of a tar archive, whatever folder it puts them into."""
    found = {}
    with damage_reported(archive):
        for tar, member in members(archive):
            path = "/".join(PurePosixPath(member.name).parts[-3:])
            content = tar.extractfile(member) if path in expected and member.isfile() else None
            if content is not None:
                found[path] = content.read()
    return found


def _digest(found: Mapping[str, bytes]) -> str:
    lines = (f"{hashlib.sha256(found[path]).hexdigest()}  {path}\n" for path in sorted(found))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _require_pillow() -> None:
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise DecoderError("Pillow, which decodes it, is not installed: pip install -e '.[images]'") from error


def _decoded(path: str, content: bytes) -> np.ndarray:
    """Pixels (32, 32, 3) of one image."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            if (image.size, image.mode) != (_SIZE, _MODE):
                width, height = image.size
                raise SourceError(f"{path} is {width}x{height} {image.mode} and must be 32x32 {_MODE}")
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SourceError(f"{path} is broken or no JPEG image") from error
