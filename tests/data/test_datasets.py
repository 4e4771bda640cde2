"""Finding, fetching, verifying and loading, on small datasets that a local web server provides."""

import ast
import errno
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import support.data
from support.data import datasets
from support.data.datasets import DATASETS, DatasetError, NotAvailable, content_digest, find, load, obtain
from support.data.sources import Mirror, SourceError, unpack
from tests.data.folder_contents import LABELS, Gzipped, Serve, SmallMnist, names, write

# Small files in the place of the real ones: the user's own cache must not see any of them.
pytestmark = pytest.mark.usefixtures("cache")

ROOT = Path(support.data.__file__).parents[2]


def test_fetched_once_and_then_found(
    cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped, forget: Callable[[], None]
) -> None:
    files = small_mnist()
    address, requests = serve(gzipped(files))
    small_mnist(Mirror(address))

    assert find("mnist") is None
    fetched = obtain("mnist")
    forget()
    found = obtain("mnist")

    assert sorted(requests) == sorted(f"{name}.gz" for name in files)
    assert (fetched.source, found.source) == (address, "cache")
    assert fetched.directory == found.directory == cache / "mnist"
    assert fetched.digest == found.digest == content_digest("mnist")
    assert names(cache / "mnist") == set(files)
    assert {name: (cache / "mnist" / name).read_bytes() for name in files} == files
    assert str(found) == f"mnist in {cache / 'mnist'} (cache, sha256 {found.digest[:12]})"


def test_load(cache: Path, small_mnist: SmallMnist) -> None:
    files = small_mnist()
    write(cache / "mnist", files)
    for split, prefix, count in (("train", "train", 5), ("test", "t10k", 3)):
        images = load("mnist", split)  # type: ignore[arg-type]
        assert images.pixels.shape == (count, 28, 28)
        assert images.pixels.dtype == np.uint8
        assert images.pixels.tobytes() == files[f"{prefix}-images-idx3-ubyte"][16:]
        assert images.labels.dtype == np.int64
        assert images.labels.tolist() == list(range(count))


def test_only_what_is_missing_is_fetched(cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped) -> None:
    files = small_mnist()
    address, requests = serve(gzipped(files))
    small_mnist(Mirror(address))
    write(cache / "mnist", {name: content for name, content in files.items() if name != LABELS})
    obtain("mnist")
    assert requests == [f"{LABELS}.gz"]


def test_a_damaged_file_in_the_cache_is_set_aside_and_fetched_again(
    cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped, capsys: pytest.CaptureFixture[str]
) -> None:
    files = small_mnist()
    address, requests = serve(gzipped(files))
    small_mnist(Mirror(address))
    damaged = files[LABELS][:-1] + b"\x09"
    write(cache / "mnist", files | {LABELS: damaged})

    obtain("mnist")

    assert requests == [f"{LABELS}.gz"]
    assert (cache / "mnist" / LABELS).read_bytes() == files[LABELS]
    assert (cache / "mnist" / f"{LABELS}.corrupt").read_bytes() == damaged
    assert f"{LABELS}.corrupt and will be fetched again" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["broken off", "cut off", "another file"])
def test_a_bad_download_never_reaches_the_cache(
    how: str, cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped
) -> None:
    files = small_mnist()
    contents = gzipped(files)
    name = f"{LABELS}.gz"
    if how == "cut off":
        contents[name] = contents[name][:-9]
    elif how == "another file":
        contents[name] = gzip.compress(files["t10k-labels-idx1-ubyte"])
    bad, _ = serve(contents, broken_off=[name] if how == "broken off" else [])
    small_mnist(Mirror(bad))
    with pytest.raises(NotAvailable, match=f"{LABELS}.* is truncated or"):
        obtain("mnist")
    assert LABELS not in names(cache / "mnist")


def test_the_next_source_makes_up_for_a_bad_one(
    cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped
) -> None:
    files = small_mnist()
    contents = gzipped(files)
    bad, _ = serve(contents, broken_off=[f"{LABELS}.gz"])
    good, _ = serve(contents)
    small_mnist(Mirror(bad), Mirror(good))
    assert obtain("mnist").source == good
    assert names(cache / "mnist") == set(files)


def test_not_available_says_what_was_tried_and_is_remembered(
    cache: Path, small_mnist: SmallMnist, serve: Serve
) -> None:
    address, requests = serve({})
    small_mnist(Mirror(address))
    with pytest.raises(NotAvailable) as first:
        obtain("mnist")
    message = str(first.value)
    assert str(cache / "mnist") in message
    assert f"{address} (the server answered 404)" in message
    assert message.endswith("(plain or .gz) into a directory and name that with --data")
    assert "\n" not in message
    with pytest.raises(NotAvailable, match=r"answered 404"):
        obtain("mnist")
    assert len(requests) == 1


def test_a_full_disk_leaves_no_part_of_a_file(
    cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = small_mnist()
    address, _ = serve(gzipped(files))
    small_mnist(Mirror(address))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match="No space left on device"):
        obtain("mnist")
    assert not names(cache / "mnist")


OBTAIN = """
import dataclasses, sys
from support.data import datasets
from support.data.sources import Mirror, SourceError, read, unpack
address, *digests = sys.argv[1:]
mnist = dataclasses.replace(datasets.DATASETS["mnist"], sources=(Mirror(address),), digests=tuple(digests))
datasets.DATASETS["mnist"] = mnist
print(datasets.obtain("mnist").source)
"""


def test_of_several_processes_one_fetches(cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped) -> None:
    files = small_mnist()
    address, requests = serve(gzipped(files), seconds=0.2)
    command = [sys.executable, "-c", OBTAIN, address, *datasets.DATASETS["mnist"].digests]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(4)
    ]
    outcomes = [process.communicate(timeout=120) for process in processes]
    assert [error for _, error in outcomes] == [""] * 4
    assert sorted(output.strip() for output, _ in outcomes) == ["cache", "cache", "cache", address]
    assert sorted(requests) == sorted(f"{name}.gz" for name in files)
    assert {name: (cache / "mnist" / name).read_bytes() for name in names(cache / "mnist")} == files


def test_cifar_is_fetched_unpacked_and_found_again(
    cache: Path,
    small_cifar: Callable[[str], None],
    cifar_archive: bytes,
    cifar_files: dict[str, bytes],
    serve: Serve,
    forget: Callable[[], None],
) -> None:
    address, requests = serve({"cifar-10-binary.tar.gz": cifar_archive})
    small_cifar(address)
    with pytest.raises(NotAvailable, match="its digest is not known"):
        content_digest("cifar-10")
    fetched = obtain("cifar-10")
    forget()
    found = obtain("cifar-10")

    assert requests == ["cifar-10-binary.tar.gz"]
    assert (fetched.source, found.source) == (f"{address}cifar-10-binary.tar.gz", "cache")
    assert fetched.digest == found.digest == content_digest("cifar-10")
    assert names(cache / "cifar-10") == set(cifar_files)
    # As `sha256sum` writes it, which evidence is found by.
    lines = [f"{hashlib.sha256(cifar_files[name]).hexdigest()}  {name}\n" for name in sorted(cifar_files)]
    assert fetched.digest == hashlib.sha256("".join(lines).encode()).hexdigest()

    train, test = load("cifar-10", "train"), load("cifar-10", "test")
    assert train.pixels.shape == (15, 32, 32, 3)
    assert train.labels.tolist() == [number % 10 for number in range(15)]
    assert test.labels.tolist() == [5, 6, 7]
    # Third test image, fourth row, fifth column, blue: by hand from the record's layout.
    assert test.pixels[2, 3, 4, 2] == cifar_files["test_batch.bin"][2 * 3073 + 1 + 2 * 1024 + 3 * 32 + 4]


def test_a_damaged_cifar_file_is_fetched_again(
    cache: Path,
    small_cifar: Callable[[str], None],
    cifar_archive: bytes,
    cifar_files: dict[str, bytes],
    serve: Serve,
    forget: Callable[[], None],
) -> None:
    address, requests = serve({"cifar-10-binary.tar.gz": cifar_archive})
    small_cifar(address)
    obtain("cifar-10")
    (cache / "cifar-10" / "test_batch.bin").write_bytes(b"damaged")
    forget()
    obtain("cifar-10")
    assert len(requests) == 2
    assert (cache / "cifar-10" / "test_batch.bin").read_bytes() == cifar_files["test_batch.bin"]
    assert (cache / "cifar-10" / "test_batch.bin.corrupt").read_bytes() == b"damaged"


def test_a_truncated_archive_never_reaches_the_cache(
    cache: Path, small_cifar: Callable[[str], None], cifar_archive: bytes, serve: Serve
) -> None:
    address, _ = serve({"cifar-10-binary.tar.gz": cifar_archive}, broken_off=["cifar-10-binary.tar.gz"])
    small_cifar(address)
    with pytest.raises(NotAvailable, match="the archive is truncated or altered"):
        obtain("cifar-10")
    assert not names(cache / "cifar-10")


def test_the_published_files_of_cifar_are_known_one_by_one() -> None:
    """As they are listed by programs that fetch the same archive."""
    cifar = DATASETS["cifar-10"]
    assert dict(zip(cifar.files, cifar.md5, strict=True)) == {
        "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
        "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
        "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
        "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
        "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
        "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
    }


def test_an_archive_that_unpacks_to_more_than_any_dataset_is_refused_before_it_is(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "large.tar.gz", "w:gz", compresslevel=1) as tar:
        member = tarfile.TarInfo("data_batch_1.bin")
        member.size = 300_000_000
        with (tmp_path / "zeros").open("wb") as zeros:
            zeros.truncate(member.size)
        with (tmp_path / "zeros").open("rb") as zeros:
            tar.addfile(member, zeros)
    (tmp_path / "unpacked").mkdir()
    with pytest.raises(SourceError, match=r"^large\.tar\.gz unpacks to more than 256,000,000 bytes$"):
        unpack(tmp_path / "large.tar.gz", ["data_batch_1.bin"], tmp_path / "unpacked")
    assert not names(tmp_path / "unpacked")


def test_wrong_arguments() -> None:
    with pytest.raises(
        DatasetError, match="must be one of mnist, fashion-mnist, cifar-10, cifar-10-jpeg, got 'kmnist'"
    ):
        load("kmnist", "train")
    with pytest.raises(ValueError, match="split must be one of train, test, got 'validation'"):
        load("mnist", "validation")  # type: ignore[arg-type]


def test_importing_needs_neither_torch_nor_the_network_modules() -> None:
    program = (
        "import json, sys, support.data.frame, support.data.tasks\n"
        "print(json.dumps([name in sys.modules for name in ('torch', 'urllib.request', 'filelock')]))"
    )
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert json.loads(output) == [False, False, False]


def test_nothing_is_unpickled() -> None:
    for path in Path(support.data.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not imported & {"pickle", "cloudpickle", "dill", "joblib", "shelve"}, path
        loads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "load"]
        assert not loads, f"{path}: numpy.load and torch.load can unpickle"
