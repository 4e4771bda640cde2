from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support.data.__main__ import main
from support.data.sources import Mirror

pytestmark = pytest.mark.usefixtures("cache")

SmallMnist = Callable[..., dict[str, bytes]]
Gzipped = Callable[[Mapping[str, bytes]], dict[str, bytes]]
Serve = Callable[..., tuple[str, list[str]]]
Capture = pytest.CaptureFixture[str]


def test_a_named_dataset_is_fetched(
    cache: Path, small_mnist: SmallMnist, serve: Serve, gzipped: Gzipped, capsys: Capture
) -> None:
    address, _ = serve(gzipped(small_mnist()))
    small_mnist(Mirror(address))
    assert main(["mnist"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["dataset", "sha256", "found", "in"]
    assert row.split()[0] == "mnist"
    assert row.endswith(f"{cache / 'mnist'} ({address})")


def test_a_named_dataset_that_is_missing_is_a_failure(
    small_cifar: Callable[[str], None], serve: Serve, capsys: Capture
) -> None:
    address, _ = serve({})
    small_cifar(address)
    assert main(["cifar-10"]) == 1
    assert "put cifar-10-binary.tar.gz into a directory and name that with --data" in capsys.readouterr().out


def test_a_listing_succeeds_whatever_is_missing(
    small_mnist: SmallMnist,
    small_cifar: Callable[[str], None],
    serve: Serve,
    gzipped: Gzipped,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setattr("support.data.__main__.DATASETS", ("mnist", "cifar-10"))
    address, _ = serve(gzipped(small_mnist()))
    small_mnist(Mirror(address))
    small_cifar(address)
    assert main([]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["mnist", "cifar-10"]
    assert "cifar-10 is not available" in rows[1]


def test_data_names_the_directory(tmp_path: Path, small_mnist: SmallMnist, capsys: Capture) -> None:
    for name, content in small_mnist().items():
        (tmp_path / name).write_bytes(content)
    assert main(["mnist", "--data", str(tmp_path)]) == 0
    assert f"{tmp_path} (--data)" in capsys.readouterr().out


def test_an_unknown_name_is_one_sentence(capsys: Capture) -> None:
    assert main(["mnist", "kmnist"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "the dataset must be one of mnist, fashion-mnist, cifar-10, cifar-10-jpeg, got kmnist\n"
