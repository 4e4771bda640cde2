"""What `--engine` may name: one sentence for what it may not."""

from pathlib import Path

import pytest

from support.cluster.address import CHOICE, scheduler_address

FILES = {
    "not JSON": (b"tcp://10.0.0.1:8786", "it is no scheduler file, but holds no JSON"),
    "bytes": (b"\xff\xfe\x00", "it is no scheduler file, but holds no JSON"),
    "nested too deep": (b"[" * 100_000, "it is no scheduler file, but holds no JSON"),
    "another JSON": (b'{"run": {}}', "it is no scheduler file, but holds no address such as tcp://HOST:PORT"),
    "a list": (b"[]", "it is no scheduler file, but holds no address such as tcp://HOST:PORT"),
    "no text": (b'{"address": 8786}', "it is no scheduler file, but holds no address such as tcp://HOST:PORT"),
    "in memory": (b'{"address": "inproc://10.0.0.1/7/1"}', "it is no scheduler file, but holds no address such as"),
}


@pytest.mark.parametrize("where", ["tcp://10.0.0.1:8786", "tls://login.cluster.example:1", "tcp://[::1]:8786"])
def test_an_address_is_taken_as_it_is(where: str) -> None:
    assert scheduler_address(f"dask:{where}") == where


def test_an_address_is_read_from_a_scheduler_file(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text('{"type": "Scheduler", "id": "Scheduler-1", "address": "tls://10.0.0.1:8786", "workers": {}}')
    assert scheduler_address(f"dask:{file}") == "tls://10.0.0.1:8786"


@pytest.mark.parametrize(
    "engine",
    ["", "dask", "dask:", "ray:tcp://10.0.0.1:8786", "tcp://10.0.0.1:8786", "dask:tcp://10.0.0.1", "dask:ucx://a:1",
     "dask:tcp://10.0.0.1:8786/", "dask:tcp://:8786", "dask:tcp://a b:8786"],
)  # fmt: skip
def test_another_engine_is_refused(engine: str) -> None:
    with pytest.raises(ValueError, match="unknown engine") as refused:
        scheduler_address(engine)
    assert str(refused.value) == f"unknown engine {engine!r}: choose {CHOICE}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_scheduler_file_is_refused(tmp_path: Path, name: str) -> None:
    content, sentence = FILES[name]
    file = tmp_path / "scheduler.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="scheduler file") as refused:
        scheduler_address(f"dask:{file}")
    assert str(refused.value).startswith(f"--engine dask:{file}: {sentence}")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.json", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(ValueError, match="cannot read the scheduler file") as refused:
            scheduler_address(f"dask:{path}")
        assert str(refused.value) == f"--engine dask:{path}: cannot read the scheduler file: {why}"


def test_an_engine_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ValueError, match="needs distributed") as refused:
        scheduler_address("dask:tcp://10.0.0.1:8786")
    said = "--engine dask:tcp://10.0.0.1:8786 needs distributed: pip install -c constraints.txt -e '.[dask]'"
    assert str(refused.value) == said
