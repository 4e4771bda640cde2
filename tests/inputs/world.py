"""A folder with an earlier report, evidence, models and data, good and bad, in which bad inputs are tried."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import pickle
import shutil
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.conftest import sample
from tests.inputs.world_models import FEATURES, MODELS, OWN_DATA, RECIPES

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "evidence" / "golden"
PNG = b"\x89PNG\r\n\x1a\n"
# Entries of evidence that lie in the folder.
ENTRIES = 3


def build(world: Path) -> None:
    """Fill an empty folder."""
    _reports(world)
    _odd_files(world)
    for name, text in {"model.py": MODELS, "features.py": FEATURES, "own.py": OWN_DATA}.items():
        (world / name).write_text(text, encoding="utf-8")
    (world / "broken.py").write_text("def net(:\n", encoding="utf-8")
    for name, text in RECIPES.items():
        (world / f"{name}.toml").write_text(text, encoding="utf-8")
    _arrays(world)
    _image_folders(world)
    _weights(world)
    _evidence(world)
    _datasets(world)
    for secret, plain in {
        "secret.json": "other.json",
        "secret.npz": "own.npz",
        "secret.py": "model.py",
        "secret.pt": "weights.pt",
        "secret.tar.xz": "pack.tar.xz",
    }.items():
        shutil.copy(world / plain, world / secret)
        (world / secret).chmod(0)


def _reports(world: Path) -> None:
    """An earlier report, others, and what is none."""
    (world / "report").mkdir()
    report = sample()
    text = json.dumps(report)
    for name in ("index.html", "summary.md"):
        (world / "report" / name).write_text(f"the earlier {name}", encoding="utf-8")
    (world / "report" / "report.json").write_text(text, encoding="utf-8")
    other = report | {"run": report["run"] | {"seed": 1}}
    bad: dict[str, Any] = {
        "other": json.dumps(other),
        "standard": json.dumps(report | {"run": report["run"] | {"seed": 2, "scale": "standard"}}),
        "cut": text[: len(text) // 2],
        "empty": "",
        "list": "[]",
        "number": "3",
        "deep": "[" * 100_000,
        "nan": text.replace("120.3", "NaN"),
        "twice": text.replace('"seed": 0', '"seed": 0, "seed": 1', 1),
        "digits": text.replace('"seed": 0', f'"seed": {"9" * 400}', 1),
        "future": json.dumps(report | {"schema": "spurious-claims/report/9"}),
        "noclaims": json.dumps({name: part for name, part in report.items() if name != "claims"}),
        "wrongtype": json.dumps(report | {"claims": "none"}),
        "surrogate": text.replace("pytest claims -n auto", "\\ud800", 1),
    }
    for name, content in bad.items():
        (world / f"{name}.json").write_text(content, encoding="utf-8")
    (world / "image.json").write_bytes(PNG + bytes(100))
    (world / "latin.json").write_bytes(text.encode().replace(b"First", b"F\xeerst"))
    (world / "utf16.json").write_bytes(text.encode("utf-16"))
    with (world / "large.json").open("wb") as file:
        file.truncate(65_000_000)


def _odd_files(world: Path) -> None:
    """What stands where a file is wanted, or a folder."""
    (world / "folder").mkdir()
    (world / "open").mkdir()
    (world / "open").chmod(0o777)
    (world / "file").write_text("text\n", encoding="utf-8")
    (world / "loop").symlink_to("loop")
    (world / "loop.md").symlink_to("loop.md")
    (world / "nowhere-link").symlink_to("nowhere")
    for device in ("null", "full", "zero"):
        (world / device).symlink_to(f"/dev/{device}")
    os.mkfifo(world / "pipe")
    os.mkfifo(world / "pipe.tar.xz")
    (world / "README.md").write_text(
        "# T\n\n<!-- verdicts: begin -->\n<!-- verdicts: end -->\n\nIts own words.\n", encoding="utf-8"
    )
    (world / "plain.md").write_text("no marks\n", encoding="utf-8")
    (world / "latin.md").write_bytes(b"caf\xe9 <!-- verdicts: begin --><!-- verdicts: end -->\n")
    (world / "scheduler.json").write_text('{"address": 3}', encoding="utf-8")
    (world / "pipes").mkdir()
    os.mkfifo(world / "pipes" / "report.json")
    (world / "folders" / "index.html").mkdir(parents=True)
    (world / "checkout").mkdir()
    for name in ("README.md", "conftest.py", "pyproject.toml"):
        (world / "checkout" / name).write_text("the suite's own\n", encoding="utf-8")


def _arrays(world: Path) -> None:
    """Data of one's own as arrays: 42 colour images of 5x4 pixels in 7 classes, and what is none."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (42, 5, 4, 3), dtype=np.uint8)
    labels = np.arange(42) % 7

    def save(name: str, **arrays: Any) -> None:
        np.savez(world / f"{name}.npz", **arrays)

    save("own", images=images, labels=labels)
    floats = images / 255
    floats[0, 0, 0, 0] = np.nan
    given: dict[str, tuple[Any, Any]] = {
        "nan": (floats, labels),
        "negative": (images.astype(int) - 1, labels),
        "scaled": (images / 10.0, labels),
        "flat": (images.reshape(42, -1), labels),
        "five": (images[None], labels),
        "channels": (np.concatenate([images, images], axis=3), labels),
        "nothing": (images[:0], labels[:0]),
        "fewer": (images, labels[:-1]),
        "oneclass": (images, labels * 0),
        "lonely": (images, np.where(np.arange(42) == 3, 9, 0)),
        "words": (np.full((42, 5, 4), "a"), labels),
        "complex": (images.astype(complex), labels),
        "onehot": (images, np.eye(7)[labels]),
        "floatlabels": (images, labels + 0.5),
        "objects": (np.array([None] * 42), labels),
    }
    for name, (what, which) in given.items():
        save(name, images=what, labels=which)
    save("unnamed", pictures=images, labels=labels)
    save("testshape", images=images, labels=labels, test_images=images[:, :3], test_labels=labels)
    save("testclass", images=images, labels=labels, test_images=images, test_labels=labels + 1)
    whole = (world / "own.npz").read_bytes()
    (world / "cut.npz").write_bytes(whole[:-200])
    damaged = bytearray(whole)
    damaged[400] ^= 255
    (world / "damaged.npz").write_bytes(damaged)
    (world / "empty.npz").write_bytes(b"")
    (world / "image.npz").write_bytes(PNG)
    (world / "pickled.npz").write_bytes(pickle.dumps({"images": images}))
    _bombs(world, images)


def _bombs(world: Path, images: Any) -> None:
    """Small files that unpack to large arrays, or say that they do."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (4_000_000, 5, 4)})
    with zipfile.ZipFile(world / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", header.getvalue() + bytes(80_000_000))
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**15, 5, 4)})
    with zipfile.ZipFile(world / "boast.npz", "w") as archive:
        archive.writestr("images.npy", header.getvalue() + bytes(10))
        archive.writestr("labels.npy", header.getvalue())
    content = io.BytesIO()
    np.save(content, images)
    for name, inside in {"outside": "../images.npy", "absolute": "/tmp/images.npy"}.items():  # noqa: S108
        with zipfile.ZipFile(world / f"{name}.npz", "w") as archive:
            archive.writestr(inside, content.getvalue())


def _image_folders(world: Path) -> None:
    """Folders of images that cannot be taken."""
    from PIL import Image

    def image(path: str, size: tuple[int, int] = (4, 5), mode: str = "L") -> None:
        (world / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, size).save(world / path)

    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        for folder in ("cutimage", "textimage", "sizes", "hugeimage"):
            image(f"{folder}/{name}")
    image("oneclassfolder/a/1.png")
    image("oneclassfolder/a/2.png")
    image("flatfolder/1.png")
    image("sizes/b/3.png", (5, 5))
    (world / "cutimage/b/3.png").write_bytes((world / "cutimage/b/1.png").read_bytes()[:40])
    (world / "textimage/b/3.png").write_text("no image", encoding="utf-8")
    (world / "hugeimage/b/3.png").write_bytes(_png_of(100_000, 100_000))
    (world / "emptyclasses" / "a").mkdir(parents=True)


def _png_of(width: int, height: int) -> bytes:
    """A file of some hundred bytes that says it has so many pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def _weights(world: Path) -> None:
    """Parameters of `model.py:net` for 5x4 colour images in 7 classes, and what are none; patterns."""
    from support.audit.pattern import draw, write_drawn

    layer = torch.nn.Linear(60, 7)
    good = {f"1.{name}": value for name, value in layer.state_dict().items()}
    torch.save(good, world / "weights.pt")
    torch.save({"1.weight": torch.zeros(2, 2), "1.bias": torch.zeros(2)}, world / "othershape.pt")
    torch.save({"first.weight": torch.zeros(7, 60)}, world / "othernames.pt")
    torch.save(torch.zeros(3), world / "tensor.pt")
    mnist = torch.nn.Linear(784, 10).state_dict()
    torch.save({f"1.{name}": value for name, value in mnist.items()}, world / "mnist.pt")
    torch.save({name: value * float("nan") for name, value in good.items()}, world / "nan.pt")
    (world / "cut.pt").write_bytes((world / "weights.pt").read_bytes()[:300])
    (world / "empty.pt").write_bytes(b"")
    (world / "pickled.pt").write_bytes(pickle.dumps(Path("x")))
    write_drawn(draw((5, 4, 3)), world / "drawn.npz")
    write_drawn(draw((9, 9)), world / "othersize.npz")
    with np.load(world / "drawn.npz") as kept:
        np.savez(world / "forged.npz", **(dict(kept) | {"pattern": kept["pattern"] * 0.5}))
    np.save(world / "pattern.npy", np.zeros((9, 9)))
    np.save(world / "words.npy", np.array(["a"]))
    np.save(world / "nan.npy", np.full((5, 4, 3), np.nan))
    np.save(world / "objects.npy", np.array([None]), allow_pickle=True)
    (world / "text.npy").write_text("none", encoding="utf-8")


def _evidence(world: Path) -> None:
    """Three whole entries and a pack of them, and what is none."""
    entries = sorted(GOLDEN.glob("*/*.jsonl"))[:ENTRIES]
    members: dict[str, bytes] = {}
    for entry in entries:
        place = world / "evidence" / entry.parent.name / entry.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(entry, place)
        members[f"{entry.parent.name}/{entry.name}"] = entry.read_bytes()
    (world / "noevidence").mkdir()
    shutil.copytree(world / "evidence", world / "damaged")
    first = next((world / "damaged").glob("*/*.jsonl"))
    first.write_bytes(first.read_bytes()[:-10])
    shutil.copytree(world / "evidence", world / "badrechecks")
    (world / "badrechecks" / "rechecked.json").write_text("{", encoding="utf-8")
    name, content = next(iter(members.items()))
    _pack(world / "pack.tar.xz", list(members.items()))
    _pack(world / "dots.tar.xz", [(f"../{name}", content)])
    _pack(world / "absolute.tar.xz", [(f"/{name}", content)])
    _pack(world / "repeated.tar.xz", [(name, content)] * 2)
    _pack(world / "readme.tar.xz", [("README.md", b"text")])
    _pack(world / "altered.tar.xz", [(name, content.replace(b"0", b"1"))])
    _pack(world / "nothing.tar.xz", [])
    (world / "cutpack.tar.xz").write_bytes((world / "pack.tar.xz").read_bytes()[:-300])
    (world / "text.tar.xz").write_text("no pack", encoding="utf-8")
    (world / "empty.tar.xz").write_bytes(b"")
    (world / "bomb.tar.xz").write_bytes(lzma.compress(bytes(80_000_000), preset=0))
    (world / "linked").mkdir()
    (world / "linked" / name[:2]).symlink_to(world / "folder")


def _pack(path: Path, members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w:xz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _datasets(world: Path) -> None:
    """Directories for `--data` that hold something else than they say."""

    def folder(name: str, files: dict[str, bytes]) -> None:
        for file, content in files.items():
            path = world / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    folder("data", {"notes.txt": b"nothing"})
    folder("datawrong", {"mnist/train-images-idx3-ubyte": b"no images"})
    folder("dataempty", {"MNIST/raw/t10k-labels-idx1-ubyte": b""})
    folder("datacut", {"mnist/train-labels-idx1-ubyte.gz": gzip.compress(bytes(1000))[:20]})
    folder("databomb", {"mnist/train-images-idx3-ubyte.gz": gzip.compress(bytes(80_000_000), 1)})
    folder("dataarchive", {"cifar-10-binary.tar.gz": b"no archive"})
    cifar = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    images = {name: bytes([number]) + bytes(3072) for number, name in enumerate(cifar)}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in images.items())
    folder("datasums", {f"cifar-10/{name}": content for name, content in images.items()})
    folder("datasums", {"cifar-10/SHA256SUMS": sums.encode()})
    folder("datajpeg", {"train/airplane/0000.jpg": b"no image"})
    with tarfile.open(world / "data" / "large.tar", "w") as archive:
        member = tarfile.TarInfo("images/train/airplane/0000.jpg")
        member.size = 80_000_000
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    packed = lzma.compress((world / "data" / "large.tar").read_bytes(), preset=0)
    folder("datajpegbomb", {"cifar-10-images.tar.xz": packed})
    with tarfile.open(world / "data" / "small.tar.xz", "w:xz") as archive:
        member.size = 100_000
        archive.addfile(member, io.BytesIO(np.random.default_rng(1).bytes(member.size)))
    folder("datajpegcut", {"cifar-10-images.tar.xz": (world / "data" / "small.tar.xz").read_bytes()[:50_000]})
    (world / "data" / "small.tar.xz").unlink()
    (world / "data" / "large.tar").unlink()
