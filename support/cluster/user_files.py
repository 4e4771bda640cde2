"""A user's network on a machine that does not have its files: they travel with the task, and are known by digest."""

from __future__ import annotations

import hashlib
import importlib
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from support.evidence.engine import EngineError
from support.evidence.inputs import InputsChangedError, UserNetwork, file_digest
from support.evidence.user_networks import drawn, network_digest

# Where a specification's own file stands among the files that travel; others stand as they are imported.
ITSELF = "itself"


class Parcel(msgspec.Struct, frozen=True):
    """A user's network as it travels.

    Attributes
    ----------
    digest : of the network (`UserNetwork.digest`).
    specification : file.py:function, relative to the folder that the files are put into, or module:function.
    contents : of each file that travels, by SHA-256.
    layout : paths, relative to the folder, with the SHA-256 of what stands there.
    elsewhere : paths of other files that the network reads, with their SHA-256; they must be there.
    """

    digest: str
    specification: str
    contents: dict[str, bytes]
    layout: dict[str, str]
    elsewhere: dict[str, str] = {}


def packed(network: UserNetwork, specification: str) -> Parcel:
    """The files of a network, in the places where imports find them with the folder on Python's path.

    A file is put to every place that it is found at from one of today's paths, and to where it stands beside the
    specification's own. Others, such as weights in a folder of their own, are read where they are.

    Raises
    ------
    InputsChangedError : a file is no longer what it was when the network was checked.
    """
    place, _, name = specification.rpartition(":")
    contents: dict[str, bytes] = {}
    layout: dict[str, str] = {}
    elsewhere: dict[str, str] = {}
    own = Path(place).parent if place.endswith(".py") else None
    for file, digest in network.files.items():
        try:
            content = Path(file).read_bytes()
        except OSError as error:
            raise InputsChangedError(f"{file} cannot be read any more: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise InputsChangedError(f"{file} has changed since this run began: run again")
        places = _from_paths(Path(file))
        if own is not None and Path(file).is_relative_to(own):
            places.add(f"{ITSELF}/{Path(file).relative_to(own).as_posix()}")
        if places:
            contents[digest] = content
            layout |= dict.fromkeys(places, digest)
        else:
            elsewhere[file] = digest
    if own is not None:
        specification = f"{ITSELF}/{Path(place).name}:{name}"
    return Parcel(network.digest, specification, contents, layout, elsewhere)


def _from_paths(file: Path) -> set[str]:
    """Where a file stands, as seen from each of Python's paths that it is below."""
    folders = {Path(path).absolute() for path in sys.path}
    return {file.relative_to(folder).as_posix() for folder in folders if file.is_relative_to(folder)}


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where this process puts users' files; removed at its end."""
    return tempfile.TemporaryDirectory(prefix="spurious-claims-networks-")


@contextmanager
def unpacked(parcel: Parcel) -> Iterator[str]:
    """The specification of the network here, where its files can be imported until the context ends.

    One at a time in a process: modules of other networks are forgotten.

    Raises
    ------
    EngineError : a file is not what its digest says or not there, or the network that the files make is another one
        than there.
    """
    from support.models.user_modules import withdraw_modules

    folder = Path(_folder().name) / parcel.digest
    for relative, digest in parcel.layout.items():
        content, path = parcel.contents[digest], folder / relative
        if not path.resolve().is_relative_to(folder.resolve()) or hashlib.sha256(content).hexdigest() != digest:
            raise EngineError(f"the file {relative} of the network has not arrived whole")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for other, digest in parcel.elsewhere.items():
        if file_digest(other) != digest:
            raise EngineError(f"the network of --model reads {other}, which is not there or another file")
    itself = parcel.specification.startswith(f"{ITSELF}/")
    specification = f"{folder}/{parcel.specification}" if itself else parcel.specification
    _forget_others(parcel, folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        _require_same(parcel, specification)
        yield specification
    finally:
        withdraw_modules()
        sys.path.remove(str(folder))


def _forget_others(parcel: Parcel, folder: Path) -> None:
    """Forget modules that have the names of the network's, and packages on the way to them, and are others."""
    for relative in parcel.layout:
        parts = relative.removesuffix(".py").removesuffix("/__init__").split("/")
        for depth in range(len(parts)):
            name = ".".join(parts[: depth + 1])
            file: Any = getattr(sys.modules.get(name), "__file__", None)
            if not (file and Path(file).is_relative_to(folder)):
                sys.modules.pop(name, None)


_SEEN: set[str] = set()


def _require_same(parcel: Parcel, specification: str) -> None:
    """See once in a process that the files make the network that the client has."""
    if parcel.digest in _SEEN:
        return
    from support.models.identity import representation, weights_digest

    try:
        first, second = (drawn(specification) for _ in range(2))
    except ValueError as error:
        raise EngineError(f"the network of --model cannot be made there: {error}") from error
    files = (*parcel.layout.values(), *parcel.elsewhere.values())
    found = network_digest(specification, weights_digest(first), representation(first, second), files)
    if found != parcel.digest:
        raise EngineError("the network of --model has other initial weights there, as another version of torch gives")
    _SEEN.add(parcel.digest)
