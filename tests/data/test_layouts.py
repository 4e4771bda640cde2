"""Directories as other programs leave them: read where they lie, never written, and what is not read is said."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support.data import places
from support.data.__main__ import main
from support.data.datasets import DatasetError, NotAvailable, at_hand, find, load, obtain
from support.data.places import passed_over
from support.suite.settings import data_states
from tests.data.folder_contents import write

pytestmark = pytest.mark.usefixtures("cache")

SmallMnist = Callable[..., dict[str, bytes]]
Gzipped = Callable[[Mapping[str, bytes]], dict[str, bytes]]


def every_path(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(
    ("folder", "given"),
    [("MNIST/raw", "."), ("MNIST/raw", "MNIST"), ("MNIST/raw", "MNIST/raw"), ("mnist/MNIST/raw", "."), ("MNIST", ".")],
)
def test_torchvisions_folders_are_read(
    folder: str, given: str, compressed: bool, own: Path, small_mnist: SmallMnist, gzipped: Gzipped
) -> None:
    files = small_mnist()
    write(own / folder, gzipped(files) if compressed else files)
    before = every_path(own)
    located = obtain("mnist", own / given)
    assert (located.source, located.directory) == ("--data", own / folder)
    assert load("mnist", "test", own / given).labels.tolist() == [0, 1, 2]
    assert every_path(own) == before


def test_the_folder_raw_may_be_of_the_other_dataset(own: Path, small_mnist: SmallMnist) -> None:
    write(own / "raw", small_mnist())
    assert at_hand("mnist", own) is not None
    located = find("fashion-mnist", own)  # a copy of the system's, or none
    assert located is None or located.source != "--data"


@pytest.mark.parametrize("how", ["dots", "folders", "dotted folders"])
def test_kaggles_names_are_read(how: str, own: Path, small_mnist: SmallMnist) -> None:
    for name, content in small_mnist().items():
        dotted = name if how == "folders" else name.replace("-idx", ".idx")
        folder = own if how == "dots" else own / dotted
        write(folder, {dotted: content})
    assert at_hand("mnist", own) is not None
    assert load("mnist", "train", own).labels.tolist() == [0, 1, 2, 3, 4]


def test_a_wrong_file_in_such_a_place_is_named(own: Path, small_mnist: SmallMnist) -> None:
    write(own / "MNIST" / "raw", small_mnist() | {"train-labels-idx1-ubyte": b"not MNIST"})
    with pytest.raises(DatasetError, match=r"MNIST/raw/train-labels-idx1-ubyte is not the file of that name in mnist"):
        at_hand("mnist", own)


def archive(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as written:
        for name in names:
            written.writestr(name, b"")


MNIST_WANTED = (
    "put train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (plain or "
    ".gz) into a directory and name that with --data"
)
CIFAR_WANTED = "put cifar-10-binary.tar.gz into a directory and name that with --data"


@pytest.mark.parametrize(
    ("name", "path", "holds", "wanted"),
    [
        ("mnist", "mnist_train.csv", "images as text (CSV)", MNIST_WANTED),
        ("mnist", "mnist/mnist_test.csv", "images as text (CSV)", MNIST_WANTED),
        ("fashion-mnist", "fashion-mnist_train.csv", "images as text (CSV)", MNIST_WANTED),
        ("mnist", "MNIST/processed/training.pt", "arrays of NumPy or torch", MNIST_WANTED),
        ("cifar-10", "cifar-10-batches-py/data_batch_1", "pickled batches", CIFAR_WANTED),
        ("cifar-10", "cifar-10-python.tar.gz", "pickled batches", CIFAR_WANTED),
    ],
)
def test_what_is_recognised_and_not_read_is_said(name: str, path: str, holds: str, wanted: str, own: Path) -> None:
    write((own / path).parent, {Path(path).name: b"whatever"})
    before = every_path(own)
    said = passed_over(name, own)
    assert said is not None
    assert said.startswith(str(own))
    assert said.endswith(f" holds {holds}, which is not read: {wanted}")
    assert "\n" not in said
    assert every_path(own) == before


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("mnist_train.csv", True),
        ("train-images.idx3-ubyte", True),
        ("a/train-images-idx3-ubyte", True),
        ("x.csv", False),
    ],
)
def test_kaggles_archive_is_told_to_be_unpacked(inside: str, said: bool, own: Path) -> None:
    archive(own / "archive.zip", inside)
    assert (passed_over("mnist", own) is not None) == said
    assert passed_over("cifar-10", own) is None


def test_a_damaged_archive_of_that_name_is_nothing(own: Path) -> None:
    (own / "archive.zip").write_bytes(b"PK")
    assert passed_over("mnist", own) is None


def test_it_is_said_where_the_dataset_cannot_be_had(own: Path, small_mnist: SmallMnist) -> None:
    small_mnist()  # from no source
    (own / "mnist_train.csv").touch()
    with pytest.raises(NotAvailable) as told:
        obtain("mnist", own)
    assert f", and {own / 'mnist_train.csv'} holds images as text (CSV), which is not read; put train-images" in str(
        told.value
    )


def test_a_run_says_it_before_it_begins(own: Path, cache: Path, small_mnist: SmallMnist) -> None:
    write(cache / "mnist", small_mnist())
    (own / "mnist_train.csv").touch()
    (state,) = [state for state in data_states(own) if state.startswith("mnist ")]
    path = own / "mnist_train.csv"
    assert state == f"mnist (cache; {path} holds images as text (CSV), which is not read: {MNIST_WANTED})"


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = str(tmp_path / "typo")
    assert main(["mnist", "--data", text]) == 2
    assert capsys.readouterr().err == f"--data must be a directory, got {text!r}: make it first, to fetch into it\n"
    assert not (tmp_path / "typo").exists()


@pytest.mark.usefixtures("homeless")
def test_a_user_without_a_home_reads_a_directory_of_their_own(
    own: Path, small_mnist: SmallMnist, cifar_archive: bytes, small_cifar: Callable[[str], None]
) -> None:
    write(own, small_mnist())
    small_cifar("http://127.0.0.1:9/")
    assert obtain("mnist", own).source == "--data"
    with pytest.raises(DatasetError, match=r"^this user has no home directory and XDG_CACHE_HOME is not set: name a "):
        find("mnist")
    with pytest.raises(NotAvailable, match=rf"^cifar-10 is not in {own}, and there is no place to fetch it to: this "):
        obtain("cifar-10", own)
    write(own, {"cifar-10-binary.tar.gz": cifar_archive})
    with pytest.raises(DatasetError, match=r"gz must be unpacked, and there is no place for it: this user has no home"):
        at_hand("cifar-10", own)


def test_of_a_home_that_cannot_be_written_nothing_is_asked_where_all_is_there(
    own: Path, small_mnist: SmallMnist, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "below"))
    write(own, small_mnist())
    assert obtain("mnist", own).source == "--data"
    with pytest.raises(NotAvailable, match=r"\(Not a directory\): make it writable or set XDG_CACHE_HOME to a dir"):
        obtain("fashion-mnist" if find("fashion-mnist", own) is None else "cifar-10-jpeg", own)


@pytest.fixture
def homeless(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - it is to be gone again
    """A user without HOME whom the system does not know."""
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr(places, "_located", {})
