"""Small datasets in the formats of the real ones, and a web server to fetch them from."""

import dataclasses
import gzip
import hashlib
import io
import tarfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from support.data import datasets, places
from support.data.datasets import Dataset
from support.data.sources import Archive, Source

CIFAR_RECORDS = 3


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the suite, in place of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "spurious-claims" / "data"


@pytest.fixture
def idx_files() -> dict[str, bytes]:
    """Five training and three test images of 28x28, written byte by byte as the format says."""
    generator = np.random.default_rng(0)
    files = {}
    for prefix, count in (("train", 5), ("t10k", 3)):
        pixels = generator.integers(0, 256, size=count * 28 * 28, dtype=np.uint8).tobytes()
        files[f"{prefix}-images-idx3-ubyte"] = bytes([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28]) + pixels
        files[f"{prefix}-labels-idx1-ubyte"] = bytes([0, 0, 8, 1, 0, 0, 0, count, *range(count)])
    return files


@pytest.fixture
def small_mnist(
    cache: Path,  # noqa: ARG001 - the user's own must not see what stands here for the real dataset
    idx_files: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., dict[str, bytes]]:
    """Let "mnist" be the small files, from these sources, with an empty cache."""

    def register(*sources: Source) -> dict[str, bytes]:
        digests = tuple(hashlib.sha256(content).hexdigest() for content in idx_files.values())
        _replace(monkeypatch, dataclasses.replace(datasets.DATASETS["mnist"], sources=sources, digests=digests))
        return idx_files

    return register


@pytest.fixture
def cifar_files() -> dict[str, bytes]:
    """Six files of three records each."""
    generator = np.random.default_rng(1)
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    return {
        name: b"".join(
            bytes([(3 * position + record) % 10]) + generator.integers(0, 256, 3072, dtype=np.uint8).tobytes()
            for record in range(CIFAR_RECORDS)
        )
        for position, name in enumerate(names)
    }


@pytest.fixture
def cifar_archive(cifar_files: dict[str, bytes]) -> bytes:
    """The files in a gzipped tar archive that is laid out as the real one."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in {"readme.html": b"<html>", **cifar_files}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def small_cifar(
    cache: Path,  # noqa: ARG001 - as above
    cifar_archive: bytes,
    cifar_files: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], None]:
    """Let "cifar-10" be the small archive and its files, expected at an address, with an empty cache."""

    def register(address: str) -> None:
        archive = Archive(f"{address}cifar-10-binary.tar.gz", hashlib.md5(cifar_archive).hexdigest())  # noqa: S324
        cifar = datasets.DATASETS["cifar-10"]
        md5 = tuple(hashlib.md5(cifar_files[name]).hexdigest() for name in cifar.files)  # noqa: S324
        _replace(monkeypatch, dataclasses.replace(cifar, sources=(archive,), archive=archive, md5=md5))

    return register


def _replace(monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    monkeypatch.setitem(datasets.DATASETS, dataset.name, dataset)


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make this process forget what it has found, as a new process would."""

    def clear() -> None:
        monkeypatch.setattr(places, "_located", {})
        monkeypatch.setattr(places, "_unavailable", {})
        monkeypatch.setattr(datasets, "_read_as", {})

    return clear


Serve = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve contents by path; return the address and the list that requests will be noted in."""
    monkeypatch.setenv("no_proxy", "*")
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(
        contents: Mapping[str, bytes], *, broken_off: Collection[str] = (), seconds: float = 0.0
    ) -> tuple[str, list[str]]:
        requests: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.lstrip("/")
                requests.append(name)
                time.sleep(seconds)
                if name not in contents:
                    self.send_error(404)
                    return
                content = contents[name]
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if name in broken_off else content)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/", requests

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def gzipped() -> Callable[[Mapping[str, bytes]], dict[str, bytes]]:
    """Gzip contents, with the suffix that mirrors use."""
    return lambda files: {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
