"""What the spurious features look like: pictures that come with the page, made once by `specimen_images`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec

FILE = "specimens.json"
_IMAGES = {"digit": "a handwritten seven", "shirt": "a shirt"}
_PATTERNS = {
    "none": "no pattern",
    "S1": "one white pixel at the top left",
    "S2": "a white block of 3 by 3 pixels at the top left",
    "S3": "a white block of 5 by 5 pixels at the top left",
    "R1": "faint noise over all of it",
    "R2": "noise over all of it",
    "R3": "strong noise over all of it, in which the image is hard to see",
}
_FRAMES = {
    "framed": "a handwritten seven in a wide frame of noise",
    "query": "the same frame of noise, with black in the place of the seven",
}


@dataclass(frozen=True)
class Specimen:
    """A picture with its name, what is seen in it, and its PNG in base 64."""

    name: str
    alt: str
    png: str

    @property
    def source(self) -> str:
        """The picture itself as an address."""
        return f"data:image/png;base64,{self.png}"


def patterns() -> list[list[Specimen]]:
    """Paper B's patterns: a row for each image, first the image itself."""
    return [
        [
            Specimen("image" if name == "none" else name, f"{seen.capitalize()}, {what}", _drawn()[image][name])
            for name, what in _PATTERNS.items()
        ]
        for image, seen in _IMAGES.items()
    ]


def frames() -> list[Specimen]:
    """Paper A's frame: a training sample and its query."""
    return [
        Specimen("sample" if name == "framed" else name, what.capitalize(), _drawn()["frame"][name])
        for name, what in _FRAMES.items()
    ]


@cache
def _drawn() -> Mapping[str, Mapping[str, str]]:
    content = resources.files("support.page").joinpath(FILE).read_bytes()
    return msgspec.json.decode(content, type=dict[str, dict[str, str]])
