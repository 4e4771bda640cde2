"""Datasets in a directory of the user's or of the system: used in place, told where they are wrong, and left alone."""

import dataclasses
import gzip
import hashlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from support.data import datasets
from support.data.datasets import DatasetError, NotAvailable, load, obtain
from support.data.sources import Mirror, SourceError, read
from tests.data.folder_contents import LABELS, Gzipped, Serve, SmallMnist, names, write

# Small files in the place of the real ones: the user's own cache must not see any of them.
pytestmark = pytest.mark.usefixtures("cache")


@pytest.mark.parametrize("folder", [".", "mnist"])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
def test_the_users_own_files_are_used_in_place(
    folder: str, compressed: bool, tmp_path: Path, small_mnist: SmallMnist, gzipped: Gzipped
) -> None:
    files = small_mnist()
    own = gzipped(files) if compressed else files
    write(tmp_path / "own" / folder, own)
    located = obtain("mnist", tmp_path / "own")
    assert located.source == "--data"
    assert located.directory == tmp_path / "own" / folder
    assert load("mnist", "test", tmp_path / "own").labels.tolist() == [0, 1, 2]
    assert names(tmp_path / "own" / folder) == set(own)


def test_what_the_users_directory_lacks_is_fetched_into_the_cache(
    cache: Path, tmp_path: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped
) -> None:
    files = small_mnist()
    address, _ = serve(gzipped(files))
    small_mnist(Mirror(address))
    (tmp_path / "own").mkdir()
    assert obtain("mnist", tmp_path / "own").directory == cache / "mnist"
    assert names(cache / "mnist") == set(files)
    assert list((tmp_path / "own").iterdir()) == []


def test_a_directory_that_is_to_be_filled_is(
    cache: Path, tmp_path: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped
) -> None:
    files = small_mnist()
    address, _ = serve(gzipped(files))
    small_mnist(Mirror(address))
    assert obtain("mnist", tmp_path / "own", fill=True).directory == tmp_path / "own" / "mnist"
    assert names(tmp_path / "own" / "mnist") == set(files)
    assert not cache.exists()


@pytest.mark.parametrize("folder", [".", "mnist"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_wrong_file_of_the_users_is_an_error_and_left_alone(
    folder: str, suffix: str, tmp_path: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped
) -> None:
    files = small_mnist()
    address, requests = serve(gzipped(files))
    small_mnist(Mirror(address))
    write(tmp_path / folder, {f"{LABELS}{suffix}": b"not MNIST"})
    with pytest.raises(DatasetError, match=rf"{LABELS}{suffix} is not the file of that name in mnist"):
        obtain("mnist", tmp_path)
    assert (tmp_path / folder / f"{LABELS}{suffix}").read_bytes() == b"not MNIST"
    assert not requests


@pytest.mark.usefixtures("cache")
def test_another_datasets_files_in_the_users_directory_are_not_wrong(
    tmp_path: Path, small_mnist: SmallMnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "own", small_mnist())
    fashion = dataclasses.replace(datasets.DATASETS["fashion-mnist"], sources=(), system=None)
    monkeypatch.setitem(datasets.DATASETS, "fashion-mnist", fashion)
    with pytest.raises(NotAvailable, match="fashion-mnist is not available"):
        obtain("fashion-mnist", tmp_path / "own")
    assert obtain("mnist", tmp_path / "own").source == "--data"


def test_a_system_copy_is_used_in_place(
    cache: Path, tmp_path: Path, small_mnist: SmallMnist, gzipped: Gzipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "system", gzipped(small_mnist()))
    monkeypatch.setitem(
        datasets.DATASETS,
        "mnist",
        dataclasses.replace(datasets.DATASETS["mnist"], system=tmp_path / "system"),
    )
    located = obtain("mnist")
    assert (located.source, located.directory) == ("system copy", tmp_path / "system")
    assert len(load("mnist", "train").labels) == 5
    assert not cache.exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, small_mnist: SmallMnist) -> None:
    small_mnist()
    (tmp_path / "file").touch()  # a folder below a file cannot be made, not even by root
    with pytest.raises(DatasetError, match=r"^cannot write to .*file.* \(Not a directory\): make it writable"):
        obtain("mnist", tmp_path / "file", fill=True)


@pytest.mark.parametrize("folder", [".", "cifar-10"])
def test_an_archive_in_the_users_directory_is_unpacked_into_the_cache(
    folder: str, cache: Path, tmp_path: Path, small_cifar: Callable[[str], None], cifar_archive: bytes, serve: Serve
) -> None:
    address, requests = serve({})
    small_cifar(address)
    write(tmp_path / "own" / folder, {"cifar-10-binary.tar.gz": cifar_archive})
    assert obtain("cifar-10", tmp_path / "own").directory == cache / "cifar-10"
    assert len(load("cifar-10", "test", tmp_path / "own").labels) == 3
    assert names(tmp_path / "own" / folder) == {"cifar-10-binary.tar.gz"}
    assert not requests


def test_a_wrong_archive_in_the_users_directory_is_an_error(
    tmp_path: Path, small_cifar: Callable[[str], None], serve: Serve
) -> None:
    address, requests = serve({})
    small_cifar(address)
    write(tmp_path, {"cifar-10-binary.tar.gz": b"not CIFAR-10"})
    with pytest.raises(DatasetError, match=r"tar\.gz is not cifar-10's: the archive is truncated or altered"):
        obtain("cifar-10", tmp_path)
    assert (tmp_path / "cifar-10-binary.tar.gz").read_bytes() == b"not CIFAR-10"
    assert not requests


@pytest.mark.parametrize("folder", [".", "cifar-10", "cifar-10-batches-bin"])
def test_unpacked_cifar_files_of_the_users_are_used_in_place(
    folder: str, tmp_path: Path, small_cifar: Callable[[str], None], cifar_files: dict[str, bytes], serve: Serve
) -> None:
    address, requests = serve({})
    small_cifar(address)
    write(tmp_path / "own" / folder, cifar_files)
    assert obtain("cifar-10", tmp_path / "own").directory == tmp_path / "own" / folder
    assert not requests


def test_a_list_of_digests_beside_six_images_does_not_make_them_cifar(
    tmp_path: Path, small_cifar: Callable[[str], None], cifar_files: dict[str, bytes], serve: Serve
) -> None:
    address, _ = serve({})
    small_cifar(address)
    others = {name: bytes([position]) + bytes(3072) for position, name in enumerate(sorted(cifar_files))}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in others.items())
    write(tmp_path / "cifar-10", others | {"SHA256SUMS": sums.encode()})
    before = {name: (tmp_path / "cifar-10" / name).read_bytes() for name in names(tmp_path / "cifar-10")}
    with pytest.raises(DatasetError, match=r"data_batch_1\.bin is not the file of that name in cifar-10: its MD5 is"):
        obtain("cifar-10", tmp_path)
    assert {name: (tmp_path / "cifar-10" / name).read_bytes() for name in names(tmp_path / "cifar-10")} == before


def test_what_unpacks_to_more_than_any_dataset_is_refused(
    tmp_path: Path, small_mnist: SmallMnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = small_mnist()
    write(tmp_path / "own", {f"{name}.gz": gzip.compress(content) for name, content in files.items()})
    with gzip.open(tmp_path / "own" / "t10k-images-idx3-ubyte.gz", "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    with pytest.raises(DatasetError, match=r"ubyte\.gz unpacks to more than 256,000,000 bytes; replace it"):
        obtain("mnist", tmp_path / "own")
    monkeypatch.setattr("support.data.sources.MOST_BYTES", 1_000_000)
    tracemalloc.reset_peak()
    with pytest.raises(SourceError, match=r"^t10k-images-idx3-ubyte\.gz unpacks to more than 1,000,000 bytes$"):
        read(tmp_path / "own" / "t10k-images-idx3-ubyte.gz")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
