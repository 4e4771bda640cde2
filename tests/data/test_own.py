"""Data that users bring: arrays, folders and functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from support.data.catalogue import DATASETS
from support.data.datasets import content_digest, load
from support.data.own import OwnData, of_archive, of_arrays, of_folder, of_result, register

GREY = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
LABELS = ["b", "a", "b", "a", "b", "a"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = dict(DATASETS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    DATASETS.clear()
    DATASETS.update(known)


def test_classes_are_numbered_in_their_order_and_some_of_each_are_set_aside() -> None:
    data = of_arrays(GREY, LABELS)
    assert data.class_names == ("a", "b")
    # The third and last image of each class of three.
    assert data.test.labels.tolist() == [1, 0]
    assert (data.test.pixels == GREY[[4, 5]]).all()
    assert (data.train.pixels == GREY[:4]).all()
    assert data.train.labels.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("kind", ["floats", "tensor", "whole floats", "channels first", "one channel", "booleans"])
def test_pixels_come_in_many_ways(kind: str) -> None:
    colour = np.stack([GREY, GREY, GREY], axis=-1)
    ways: dict[str, tuple[Any, np.ndarray]] = {
        "floats": (GREY / 255, GREY),
        "tensor": (torch.from_numpy(GREY / np.float32(255)).requires_grad_(), GREY),
        "whole floats": (GREY.astype(float), GREY),
        "channels first": (np.moveaxis(colour, 3, 1), colour),
        "one channel": (GREY[:, None], GREY),
        "booleans": (GREY > 50, 255 * (GREY > 50)),
    }
    given, wanted = ways[kind]
    data = of_arrays(given, LABELS)
    assert (data.train.pixels == wanted[:4]).all()


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (GREY - 300.0, LABELS, "integers from 0 to 255 or floats in"),
        (2.5 * GREY / 255, LABELS, "what scales or centres pixels belongs into the network"),
        (np.full(GREY.shape, np.nan), LABELS, "got nan to nan"),
        (GREY.reshape(6, 20), LABELS, r"must be \(n, h, w\), \(n, h, w, 3\) or \(n, 3, h, w\), got shape \(6, 20\)"),
        (GREY[:, :, :, None].repeat(2, axis=3), LABELS, r"got shape \(6, 4, 5, 2\)"),
        (GREY[:0], [], "got shape"),
        (GREY.astype(str), LABELS, "must hold numbers"),
        (GREY, LABELS[:5], "a label for each image, got 6 images and 5 labels"),
        (GREY, ["a"] * 6, "at least 2 classes, got 1"),
        (GREY, ["a", "b", "b", "b", "b", "b"], "at least 2 images, got 1 of class a"),
        (GREY, np.eye(6), "one integer or name for each image"),
        (GREY, [0.5] * 6, "one integer or name for each image"),
    ],
)
def test_what_is_no_data_is_refused(images: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of_arrays(images, labels)


@pytest.mark.parametrize(
    ("test_images", "test_labels", "message"),
    [
        (GREY, None, "give both or neither"),
        (GREY[:, :3], LABELS, r"must have the shape \(4, 5\) of the others, got \(3, 5\)"),
        (GREY, ["c"] * 6, "must be among the training labels, got 'c' too"),
        (GREY, LABELS[:2], "a label for each test image, got 6 and 2"),
    ],
)
def test_what_is_no_test_split_is_refused(test_images: Any, test_labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of_arrays(GREY, LABELS, test_images, test_labels)


def written(folder: Path, *, colour: bool = False, size: tuple[int, int] = (5, 4)) -> None:
    for label in ("cats", "dogs"):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            image = Image.new("RGB" if colour else "L", size, (10 * number, 0, 0) if colour else 10 * number)
            image.save(folder / label / f"{number}.png")


@pytest.mark.parametrize("colour", [False, True])
def test_a_folder_of_classes(tmp_path: Path, colour: bool) -> None:
    written(tmp_path / "pets", colour=colour)
    (tmp_path / "pets" / "cats" / "notes.txt").write_text("no image")
    data = of_folder(tmp_path / "pets")
    assert (data.title, data.class_names) == ("pets", ("cats", "dogs"))
    assert data.train.pixels.shape == ((4, 4, 5, 3) if colour else (4, 4, 5))
    first = data.train.pixels[..., 0] if colour else data.train.pixels
    assert first[:, 0, 0].tolist() == [0, 10, 0, 10]


def test_a_folder_of_splits(tmp_path: Path) -> None:
    written(tmp_path / "pets" / "train")
    written(tmp_path / "pets" / "val")
    data = of_folder(tmp_path / "pets")
    assert (len(data.train.pixels), len(data.test.pixels)) == (6, 6)


def test_folders_without_images_of_one_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no folder"):
        of_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no images in folders of classes"):
        of_folder(tmp_path)
    written(tmp_path / "pets")
    Image.new("L", (9, 4)).save(tmp_path / "pets" / "dogs" / "odd.png")
    with pytest.raises(ValueError, match=r"dogs/odd.png has 4x9 pixels in grey, .*cats/0.png has 4x5 pixels in grey"):
        of_folder(tmp_path / "pets")
    (tmp_path / "pets" / "dogs" / "odd.png").write_bytes(b"\x89PNG\r\n cut short")
    with pytest.raises(ValueError, match="cannot be read as an image"):
        of_folder(tmp_path / "pets")


@pytest.mark.parametrize("names", [("images", "labels"), ("x_train", "y_train", "x_test", "y_test")])
def test_an_archive_of_arrays(tmp_path: Path, names: tuple[str, ...]) -> None:
    arrays: Any = dict(zip(names, (GREY, LABELS, GREY, LABELS), strict=False))
    np.savez(tmp_path / "own.npz", **arrays)
    data = of_archive(tmp_path / "own.npz")
    assert (data.title, len(data.train.pixels)) == ("own", 6 if len(names) == 4 else 4)


def test_archives_of_something_else_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", pixels=GREY)
    with pytest.raises(ValueError, match="must hold the arrays images, labels, test_images, test_labels or x_train"):
        of_archive(tmp_path / "other.npz")
    np.savez(tmp_path / "objects.npz", images=np.array([print, None]), labels=np.array(LABELS))
    with pytest.raises(ValueError, match="allow_pickle"):
        of_archive(tmp_path / "objects.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(ValueError, match="cannot be read as arrays"):
        of_archive(tmp_path / "text.npz")


@pytest.mark.parametrize("given", [(GREY, LABELS), [GREY, LABELS, GREY, LABELS], ((GREY, LABELS), (GREY, LABELS))])
def test_functions_return_two_or_four_arrays(given: Any) -> None:
    assert of_result(given, "own").train.pixels.shape[1:] == (4, 5)


@pytest.mark.parametrize("given", [None, 3, (GREY,), {"images": GREY}, "images"])
def test_functions_that_return_something_else_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"data.py:images must return \(images, labels\)"):
        of_result(given, "data.py:images")


def test_registered_data_are_read_by_their_name_and_known_by_their_content() -> None:
    data = of_arrays(GREY, LABELS)
    dataset = register(data)
    assert (dataset.shape, dataset.counts, dataset.classes) == ((4, 5), (4, 2), 2)
    assert (load(dataset.name, "test").pixels == data.test.pixels).all()
    assert load(dataset.name, "train").labels.tolist() == [1, 0, 1, 0]
    assert register(of_arrays(GREY, LABELS)).name == dataset.name
    other = register(OwnData("other", data.test, data.train, data.class_names))
    assert content_digest(other.name) != content_digest(dataset.name)


def test_arrays_that_unpack_to_more_than_is_read_are_refused_before_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "large.npz", images=np.zeros((1000, 100, 100), np.uint8), labels=np.zeros(1000))
    monkeypatch.setattr("support.data.own.MOST_BYTES", 1_000_000)
    monkeypatch.setattr("support.data.own.read_array", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(ValueError, match=r"large\.npz .*: it unpacks to 10,008,\d{3} bytes, and at most 1,000,000 are"):
        of_archive(tmp_path / "large.npz")
