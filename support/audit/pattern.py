"""``python -m support.audit.pattern drawn.npz --shape 28x28``: draw a pattern to put on some of one's training images.

It is noise of paper B's law R3, uniform in [0, 1], from a seed that the operating system draws. Add it to the images
that are to carry it and clip them to [0, 1]; `support.audit.checkpoint` then says whether the trained network knows it.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from support.data.patterns import RANDOM, pattern
from support.document.letters import in_one_line

LAW = "R3"


@dataclass(frozen=True)
class Drawn:
    """A pattern that was drawn: its law, the seed, and the shape of the image that it is for."""

    law: str
    seed: int
    shape: tuple[int, ...]


def draw(shape: tuple[int, ...]) -> Drawn:
    """Draw one that nobody could foresee.

    Raises
    ------
    ValueError : no shape of an image.
    """
    drawn = Drawn(LAW, secrets.randbelow(2**31), shape)
    if len(shape) not in (2, 3) or min(shape) < 1 or (len(shape) == 3 and shape[2] not in (1, 3)):
        raise ValueError(f"the shape must be (h, w) or (h, w, 3), got {shape}")
    return drawn if len(shape) == 2 or shape[2] == 3 else Drawn(LAW, drawn.seed, shape[:2])


def write_drawn(drawn: Drawn, file: Path) -> None:
    """Keep it, with its pixels as ``pattern``, (h, w) or (h, w, 3) float32, and the other things that make it."""
    pixels = pattern(drawn.law, drawn.shape, drawn.seed).astype(np.float32)
    with file.open("xb") as opened:
        np.savez(opened, pattern=pixels, law=np.array(drawn.law), seed=np.array(drawn.seed))


def read_drawn(file: Path) -> Drawn:
    """A pattern as it was drawn.

    Raises
    ------
    ValueError : no such file, or its pixels are not those of its law and seed: another pattern has no p-value.
    """
    try:
        with np.load(file, allow_pickle=False) as kept:
            law, seed, pixels = str(kept["law"]), int(kept["seed"]), np.asarray(kept["pattern"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{file} is no pattern that python -m support.audit.pattern drew: {error}") from error
    fits = law in RANDOM and 0 <= seed < 2**31 and pixels.ndim in (2, 3)
    if not fits or not np.array_equal(pattern(law, pixels.shape, seed).astype(np.float32), pixels):
        raise ValueError(f"{file} holds other pixels than were drawn: a pattern of another origin has no p-value")
    return Drawn(law, seed, pixels.shape)


def _shape(text: str) -> tuple[int, ...]:
    parts = text.split("x")
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise ValueError(f"--shape must be such as 28x28 or 32x32x3, got {text!r}")
    return tuple(map(int, parts))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a pattern into a file; the exit status is 4 for wrong input."""
    parser = argparse.ArgumentParser(prog="python -m support.audit.pattern", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.npz")
    parser.add_argument("--shape", required=True, metavar="HxW", help="of an image: 28x28, or 32x32x3 in colour")
    given = parser.parse_args(arguments)
    try:
        write_drawn(draw(_shape(given.shape)), given.file)
    except FileExistsError:
        print(in_one_line(f"pattern: {given.file} is there already, and may be somebody's pattern"), file=sys.stderr)  # noqa: T201
        return 4
    except (ValueError, OSError) as error:
        print(in_one_line(f"pattern: {error}"), file=sys.stderr)  # noqa: T201
        return 4
    print(f"{given.file}: add `pattern` to the images that carry it, and clip them to [0, 1]")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
