"""CIFAR-10 as JPEG: found as folders or an archive, verified, decoded once, and read in the place of CIFAR-10."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.data import catalogue
from support.data.datasets import DatasetError, NotAvailable, at_hand, content_digest, find, load, obtain, read_as
from support.data.jpeg import CLASSES
from support.experiments.experiment import Context
from support.experiments.pattern_overlays import PatternOverlays

Serve = Callable[..., tuple[str, list[str]]]
Forget = Callable[[], None]
SmallJpeg = Callable[[str], None]

COUNTS = {"train": 2, "test": 1}
SHIP = Path(__file__).with_name("ship-0000.jpg")
# Brightness of every fourth pixel of test/ship/0000.jpg, rows from the third and columns from the second, and its mean
# colour, as decoded by another program: jpeg-js 0.4.4. It spreads colours over neighbouring pixels in another way.
SHIP_BRIGHTNESS = (
    (234, 235, 233, 232, 241, 235, 234, 234),
    (230, 235, 239, 229, 178, 155, 237, 237),
    (119, 217, 243, 235, 232, 179, 140, 233),
    (83, 147, 222, 124, 224, 168, 142, 147),
    (149, 202, 206, 180, 159, 145, 115, 127),
    (25, 30, 2, 20, 33, 40, 98, 125),
    (28, 5, 2, 20, 92, 63, 110, 169),
    (57, 24, 18, 29, 89, 112, 136, 184),
)
SHIP_MEAN = (151.0, 153.7, 160.2)


def level(split: str, label: int, number: int) -> int:
    """The grey of an image, another for each."""
    return 4 * label + 2 * number + 60 * (split == "test") + 9


def jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=100, subsampling=0)
    return stream.getvalue()


@pytest.fixture(scope="module")
def images() -> dict[str, bytes]:
    """Three images of each class, each of one grey."""
    return {
        f"{split}/{name}/{number:04d}.jpg": jpeg(np.full((32, 32, 3), level(split, label, number), np.uint8))
        for split, count in COUNTS.items()
        for label, name in enumerate(CLASSES)
        for number in range(count)
    }


def digest_of(images: Mapping[str, bytes]) -> str:
    listing = "".join(f"{hashlib.sha256(images[path]).hexdigest()}  {path}\n" for path in sorted(images))
    return hashlib.sha256(listing.encode()).hexdigest()


@pytest.fixture
def small_jpeg(
    cache: Path,
    images: Mapping[str, bytes],
    small_cifar: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    forget: Forget,
) -> SmallJpeg:
    """Let "cifar-10-jpeg" be the small images, and "cifar-10" the small archive, expected at an address."""
    forget()
    assert not cache.exists()

    def decoded(split: str) -> bytes:
        # A record is a label and three planes of 1,024 pixels.
        return b"".join(
            bytes([label]) + bytes([level(split, label, number)]) * 3072
            for label in range(10)
            for number in range(COUNTS[split])
        )

    def register(address: str) -> None:
        small_cifar(address)
        dataset = catalogue.DATASETS["cifar-10-jpeg"]
        folders = dataclasses.replace(
            catalogue._CIFAR_FOLDERS, address=f"{address}images.tar.gz", counts=(2, 1), digest=digest_of(images)
        )
        digests = tuple(hashlib.sha256(decoded(split)).hexdigest() for split in COUNTS)
        small = dataclasses.replace(dataset, sources=(folders,), archive=folders, digests=digests)
        monkeypatch.setitem(catalogue.DATASETS, "cifar-10-jpeg", small)

    return register


def write(folder: Path, images: Mapping[str, bytes]) -> Path:
    for path, content in images.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def archive(images: Mapping[str, bytes], kind: str, top: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:xz" if kind == "xz" else "w:gz") as tar:
        for name, content in {"README.md": b"", **images}.items():
            member = tarfile.TarInfo(f"{top}{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def check(directory: Path | None) -> None:
    """All images are there, in the order of classes."""
    for split, count in COUNTS.items():
        found = load("cifar-10-jpeg", split, directory)  # type: ignore[arg-type]
        assert found.pixels.shape == (10 * count, 32, 32, 3)
        assert found.labels.tolist() == [label for label in range(10) for _ in range(count)]
        expected = [level(split, label, number) for label in range(10) for number in range(count)]
        assert (found.pixels == np.array(expected)[:, None, None, None]).all()


def test_an_image_as_another_program_decodes_it(
    tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg
) -> None:
    small_jpeg("http://127.0.0.1:9/")
    changed = images | {"test/ship/0000.jpg": SHIP.read_bytes()}
    folders = dataclasses.replace(catalogue._CIFAR_FOLDERS, counts=(2, 1), digest=digest_of(changed))
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    dataclasses.replace(folders, path=write(tmp_path / "own", changed)).collect((), workspace)
    record = (workspace / "test.bin").read_bytes()[8 * 3073 :][:3073]
    assert record[0] == 8  # the label of ships, one image of each class
    planes = np.frombuffer(record[1:], np.uint8).reshape(3, 32, 32).astype(float)
    brightness = np.tensordot([0.299, 0.587, 0.114], planes, axes=1)
    np.testing.assert_allclose(brightness[2::4, 1::4], SHIP_BRIGHTNESS, atol=3)
    np.testing.assert_allclose(planes.mean(axis=(1, 2)), SHIP_MEAN, atol=0.7)


@pytest.mark.parametrize("place", [".", "cifar-10-jpeg"])
def test_folders_of_the_users_are_decoded_into_the_cache_once(
    place: str,
    cache: Path,
    tmp_path: Path,
    images: dict[str, bytes],
    small_jpeg: SmallJpeg,
    serve: Serve,
    forget: Forget,
) -> None:
    address, requests = serve({})
    small_jpeg(address)
    own = write(tmp_path / "own" / place, images)
    assert find("cifar-10-jpeg", tmp_path / "own") is None
    first = obtain("cifar-10-jpeg", tmp_path / "own")
    assert (first.source, first.directory) == (str(own), cache / "cifar-10-jpeg")
    check(tmp_path / "own")
    (own / "train" / "cat" / "0000.jpg").unlink()
    forget()
    assert obtain("cifar-10-jpeg", tmp_path / "own").source == "cache"
    assert obtain("cifar-10-jpeg").digest == first.digest == content_digest("cifar-10-jpeg")
    assert {path.name for path in (tmp_path / "own").iterdir()} <= {"train", "test", "cifar-10-jpeg"}
    assert not requests


def test_an_archive_of_the_users_is_decoded(
    tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg, serve: Serve
) -> None:
    address, requests = serve({})
    small_jpeg(address)
    (tmp_path / "cifar-10-images.tar.xz").write_bytes(archive(images, "xz"))
    assert at_hand("cifar-10-jpeg", tmp_path) == find("cifar-10-jpeg", tmp_path)
    check(tmp_path)
    assert not requests


def test_its_public_home_packs_it_another_way(
    cache: Path, images: dict[str, bytes], small_jpeg: SmallJpeg, serve: Serve
) -> None:
    address, requests = serve({"images.tar.gz": archive(images, "gz", "CIFAR-10-images-d7d0561/")})
    small_jpeg(address)
    check(None)
    assert requests == ["images.tar.gz"]
    assert {path.name for path in (cache / "cifar-10-jpeg").iterdir()} - {".lock"} == {"train.bin", "test.bin"}


def test_it_is_read_where_cifar_10_is_not_on_the_machine(
    tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg, cifar_archive: bytes, forget: Forget
) -> None:
    small_jpeg("http://127.0.0.1:9/")
    write(tmp_path, images)
    assert read_as("cifar-10", tmp_path) == "cifar-10-jpeg"
    assert len(load("cifar-10", "test", tmp_path).labels) == 10
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(cifar_archive)
    assert read_as("cifar-10", tmp_path) == "cifar-10-jpeg"  # as long as this process lives
    forget()
    assert read_as("cifar-10", tmp_path) == "cifar-10"
    assert len(load("cifar-10", "test", tmp_path).labels) == 3
    assert len(load("cifar-10-jpeg", "test", tmp_path).labels) == 10
    assert read_as("mnist", tmp_path) == "mnist"


def test_evidence_is_found_under_the_name_of_what_was_read(
    tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg
) -> None:
    from support.evidence.collect import Collector
    from support.evidence.keys import origin_of
    from support.evidence.library import Library
    from support.evidence.store import Store

    small_jpeg("http://127.0.0.1:9/")
    context = Context(0, data=write(tmp_path / "own", images))
    experiment = PatternOverlays("cifar-10")
    assert origin_of(experiment, context).datasets == {"cifar-10-jpeg": content_digest("cifar-10-jpeg")}
    rows = Collector(Library(Store(tmp_path / "evidence")), context).rows(experiment, 1)
    assert rows.datasets == ("cifar-10-jpeg",)
    # A grey of 0 to 255 and a block of ones: what is added in each of three channels is the rest to 1.
    greys = [level("test", label, 0) / 255 for label in range(10)]
    expected = np.mean([np.sqrt(3) * (1 - grey) for grey in greys])
    assert rows.where(pattern="S1")["norm"][0] == pytest.approx(expected, rel=1e-12)


def damaged(images: Mapping[str, bytes], how: str) -> dict[str, bytes]:
    path = "train/cat/0001.jpg"
    whole = images[path]
    if how == "a class":
        return {name: content for name, content in images.items() if not name.startswith("test/frog/")}
    if how == "an image":
        return {name: content for name, content in images.items() if name != path}
    contents = {
        "size": jpeg(np.zeros((28, 28, 3), np.uint8)),
        "mode": jpeg(np.zeros((32, 32), np.uint8)),
        "cut off": whole[: len(whole) // 2],
        "text": b"not an image",
        "png": png(),
        "another": images["train/cat/0000.jpg"],
    }
    return dict(images) | {path: contents[how]}


def png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("a class", "it has no images in test/frog"),
        ("an image", "it has no train/cat/0001.jpg"),
        ("size", "train/cat/0001.jpg is 28x28 RGB and must be 32x32 RGB"),
        ("mode", "train/cat/0001.jpg is 32x32 L and must be 32x32 RGB"),
        ("cut off", "train/cat/0001.jpg is broken or no JPEG image"),
        ("text", "train/cat/0001.jpg is broken or no JPEG image"),
        ("png", "train/cat/0001.jpg is broken or no JPEG image"),
        ("another", r"its images are not the published ones: their digest is \w{64}, not \w{64}"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(
    how: str, expected: str, packed: bool, cache: Path, tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg
) -> None:
    small_jpeg("http://127.0.0.1:9/")
    wrong, place = damaged(images, how), tmp_path / "own"
    place.mkdir()
    if packed:
        (place / "cifar-10-images.tar.xz").write_bytes(archive(wrong, "xz"))
    else:
        write(place, wrong)
    with pytest.raises(DatasetError, match=rf"own[^ ]* is not cifar-10-jpeg's: {expected}$") as caught:
        at_hand("cifar-10-jpeg", place)
    assert not isinstance(caught.value, NotAvailable)
    assert not (cache / "cifar-10-jpeg").exists()


def test_an_archive_cut_short(tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg) -> None:
    small_jpeg("http://127.0.0.1:9/")
    content = archive(images, "xz")
    (tmp_path / "cifar-10-images.tar.xz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"cifar-10-images.tar.xz is truncated or damaged$"):
        obtain("cifar-10-jpeg", tmp_path)


def test_without_pillow_it_is_not_available_and_says_how_to_get_it(
    tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_jpeg("http://127.0.0.1:9/")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(
        NotAvailable, match=r"Pillow, which decodes it, is not installed: pip install -e '\.\[images\]'$"
    ):
        load("cifar-10", "test", write(tmp_path, images))


def test_other_pixels_than_are_known(
    tmp_path: Path, images: dict[str, bytes], small_jpeg: SmallJpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_jpeg("http://127.0.0.1:9/")
    other = dataclasses.replace(catalogue.DATASETS["cifar-10-jpeg"], digests=("0" * 64, "1" * 64))
    monkeypatch.setitem(catalogue.DATASETS, "cifar-10-jpeg", other)
    with pytest.raises(NotAvailable, match=r"this machine's Pillow decodes its images to other pixels than are known$"):
        obtain("cifar-10-jpeg", write(tmp_path, images))


def test_neither_is_there(small_jpeg: SmallJpeg, serve: Serve) -> None:
    address, _ = serve({})
    small_jpeg(address)
    with pytest.raises(NotAvailable) as caught:
        load("cifar-10", "test")
    assert str(caught.value).endswith(
        "images.tar.gz (the server answered 404); put cifar-10-images.tar.xz, or its folders train and test, into a "
        "directory and name that with --data"
    )


# The real images, where they are in the cache.


@pytest.fixture
def real() -> None:
    if find("cifar-10-jpeg") is None:
        pytest.skip("cifar-10-jpeg is not on this machine: python -m support.data cifar-10-jpeg")


@pytest.mark.usefixtures("real")
def test_all_images_are_there() -> None:
    for split, count in (("train", 5000), ("test", 1000)):
        images = load("cifar-10-jpeg", split)  # type: ignore[arg-type]
        assert images.pixels.shape == (10 * count, 32, 32, 3)
        assert np.bincount(images.labels).tolist() == [count] * 10


@pytest.mark.usefixtures("real")
def test_training_images_have_the_mean_and_deviation_of_cifar_10() -> None:
    # As widely used to normalize CIFAR-10 (He et al. 2016 and later code); JPEG changes them in the third decimal.
    pixels = load("cifar-10-jpeg", "train").pixels
    values = np.arange(256) / 255
    for channel, (mean, deviation) in enumerate(((0.4914, 0.2470), (0.4822, 0.2435), (0.4465, 0.2616))):
        share = np.bincount(pixels[..., channel].ravel(), minlength=256) / pixels[..., channel].size
        found = float(share @ values)
        assert found == pytest.approx(mean, abs=2e-3)
        assert np.sqrt(share @ (values - found) ** 2) == pytest.approx(deviation, abs=4e-3)


@pytest.mark.usefixtures("real")
def test_the_real_ship() -> None:
    images = load("cifar-10-jpeg", "test")
    pixels = images.pixels[images.labels == 8][0].astype(float)
    np.testing.assert_allclose((pixels @ [0.299, 0.587, 0.114])[2::4, 1::4], SHIP_BRIGHTNESS, atol=3)
