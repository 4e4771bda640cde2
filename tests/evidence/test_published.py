"""Which packs of a checkout are found, and which are of an earlier format."""

import io
import tarfile
from pathlib import Path

import pytest

from support.evidence.packing import pack
from support.evidence.published import Published, published
from support.evidence.store import Store
from tests.evidence.faults import NEW

REPORTS = Path(__file__).parents[2] / "reports"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Packs of today and of an earlier format, and files that are none."""
    folder, store = tmp_path / "reports", Store(tmp_path / "evidence")
    NEW.write(store)
    for name in ("quick/evidence.tar.xz", "seeds/quick-evidence.tar.xz", "quick/other.tar.xz", "seeds/notes.tar.xz"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pack(store.directory, folder / name)
    for name in ("paper/evidence.tar.xz", "seeds/evidence.tar.xz"):
        (folder / name).parent.mkdir(exist_ok=True)
        with tarfile.open(folder / name, "w:xz") as archive:
            archive.addfile(tarfile.TarInfo("./00/name/manifest.json"), io.BytesIO())
    return folder


def test_packs_are_found_beside_reports(reports: Path) -> None:
    assert published(reports) == Published(
        packs=(reports / "quick/evidence.tar.xz", reports / "seeds/quick-evidence.tar.xz"),
        earlier=(reports / "paper/evidence.tar.xz", reports / "seeds/evidence.tar.xz"),
    )


@pytest.mark.parametrize("content", [b"", b"no archive", b"\xfd7zXZ\x00"])
def test_what_cannot_be_read_is_not_passed_over(reports: Path, content: bytes) -> None:
    broken = reports / "paper/evidence.tar.xz"
    broken.write_bytes(content)
    assert broken in published(reports).packs


def test_where_nothing_is_published_nothing_is_found(tmp_path: Path) -> None:
    assert published(tmp_path / "reports") == Published()


def test_of_this_checkouts_packs_quick_is_read() -> None:
    found = published(REPORTS)
    assert REPORTS / "quick" / "evidence.tar.xz" in found.packs
    assert REPORTS / "seeds" / "quick-evidence.tar.xz" in found.packs
