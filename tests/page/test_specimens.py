"""The page's pictures of spurious features: what they show, how much they weigh, and that they can be made again."""

import base64
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from support.data.datasets import NotAvailable, obtain
from support.page import specimen_images, specimens

Document = dict[str, Any]
MOST_BYTES = 40_000


def shades(png: str) -> NDArray[np.uint8]:
    """The shades, 0 to 15, of a picture in base 64 as PNG: no filter, two pixels a byte."""
    content = base64.b64decode(png)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, color = int.from_bytes(content[16:20]), int.from_bytes(content[20:24]), *content[24:26]
    assert (depth, color) == (4, 0)
    length = int.from_bytes(content[33:37])
    assert content[37:41] == b"IDAT"
    rows = np.frombuffer(zlib.decompress(content[41 : 41 + length]), dtype=np.uint8).reshape(height, 1 + width // 2)
    assert not rows[:, 0].any()
    return np.stack([rows[:, 1:] >> 4, rows[:, 1:] & 15], axis=-1).reshape(height, width)


def drawn() -> dict[str, dict[str, NDArray[np.uint8]]]:
    return {
        image: {name: shades(png) for name, png in pictures.items()} for image, pictures in specimens._drawn().items()
    }


@pytest.mark.parametrize(("name", "side"), [("S1", 1), ("S2", 3), ("S3", 5)])
@pytest.mark.parametrize("image", ["digit", "shirt"])
def test_a_small_pattern_is_a_white_block_and_nothing_else(image: str, name: str, side: int) -> None:
    plain, patterned = drawn()[image]["none"], drawn()[image][name]
    assert (patterned[:side, :side] == 15).all()
    rest = patterned.copy()
    rest[:side, :side] = plain[:side, :side]
    assert (rest == plain).all()


@pytest.mark.parametrize("image", ["digit", "shirt"])
def test_noise_grows_from_r1_to_r3_and_is_one_noise(image: str) -> None:
    plain, *noisy = (drawn()[image][name].astype(int) for name in ("none", "R1", "R2", "R3"))
    added = [one - plain for one in noisy]
    assert all((one >= 0).all() for one in added)
    free = plain == 0  # nothing is cut off at white here
    means = [one[free].mean() for one in added]
    # Uniform noise from 0 to 1/4, 1/2 and 1 has means of 1/8, 1/4 and 1/2.
    assert means == pytest.approx([15 / 8, 15 / 4, 15 / 2], rel=0.08)
    assert np.corrcoef(added[0][free], added[2][free])[0, 1] > 0.9


def test_the_query_has_the_frame_of_the_sample_around_nothing() -> None:
    sample, query = drawn()["frame"]["framed"], drawn()["frame"]["query"]
    core = np.zeros((48, 48), dtype=bool)
    core[10:38, 10:38] = True
    assert (sample[core].reshape(28, 28) == drawn()["digit"]["none"]).all()
    assert (query[core] == 0).all()
    assert (sample[~core] == query[~core]).all()
    assert sample[~core].mean() == pytest.approx(7.5, rel=0.08)


def test_they_are_made_again_alike() -> None:
    """Other builds of zlib pack the same pixels in other bytes."""
    for dataset, _ in specimen_images.IMAGES.values():
        try:
            obtain(dataset)
        except NotAvailable as error:
            pytest.skip(str(error))
    again = specimen_images.specimens()
    assert {image: list(pictures) for image, pictures in again.items()} == {
        image: list(pictures) for image, pictures in specimens._drawn().items()
    }
    for image, pictures in again.items():
        assert all((shades(png) == drawn()[image][name]).all() for name, png in pictures.items())
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:
        assert again == specimens._drawn()


def test_the_pictures_say_what_is_seen_and_weigh_little(page: str) -> None:
    (section,) = re.findall(r'<section id="looks">.*?</section>', page, re.DOTALL)
    assert len(section.encode()) < MOST_BYTES
    said = re.findall(r'<img src="data:image/png;base64,[A-Za-z0-9+/=]+" alt="([^"]+)"', section)
    assert len(said) == len(set(said)) == section.count("<img") == 16
    assert "The same frame of noise, with black in the place of the seven" in said


def test_a_report_on_one_paper_has_the_pictures_of_that_paper(
    document: Document, draw_page: Callable[[Document], str]
) -> None:
    document["claims"] = [claim for claim in document["claims"] if claim["paper"] == "B"]
    document["papers"] = {"B": document["papers"]["B"]}
    document |= {"departures": [], "comparison": None}
    page = draw_page(document)
    assert "Paper B: a pattern on" in page
    assert "Paper A: a frame of noise" not in page


def test_the_file_is_what_the_script_writes() -> None:
    text = Path(specimens.__file__).with_name(specimens.FILE).read_bytes()
    assert text == msgspec.json.format(msgspec.json.encode(specimens._drawn()), indent=1) + b"\n"
