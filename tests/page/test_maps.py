"""Panels that are maps: a square for each value, and what is said of them."""

import re

import pytest
from msgspec import to_builtins

from support.document.panels import image
from support.page import maps
from support.page.captions import caption
from support.page.figures import draw
from tests.page.gathering import only
from tests.page.tree import Document


def test_a_map_has_a_square_for_every_value(document: Document) -> None:
    rows = [[0.0, 0.0, 0.5], [1.0, 1.0, -3.0], [0.0, 2.0, 0.1]]
    mapped = to_builtins(image("Figure 3", "weights", 0, rows, (0.0, 1.0)))
    drawn = draw(only(document, mapped)[0].panels[0])
    shades = {
        float(opacity): {(int(x), int(y), int(width)) for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", path)}
        for path, opacity in re.findall(r'<path d="([^"]+)" fill-opacity="([^"]+)"', drawn)
    }
    # What lies below the range is nothing, what lies above is full; neighbours of a row share a rectangle.
    assert shades == {0.083: {(2, 2, 1)}, 0.5: {(2, 0, 1)}, 1.0: {(0, 1, 2), (1, 2, 1)}}
    assert "largest, 2, in row 3, column 2" in drawn
    assert "Empty: 0 or less; full: 1 or more." in drawn


def test_a_map_of_one_value_is_drawn(document: Document) -> None:
    flat = to_builtins(image("F", "flat", 0, [[0.25, 0.25]], (0.25, 0.25)))
    assert "<path" not in draw(only(document, flat)[0].panels[0])


@pytest.mark.parametrize(("rows", "squares"), [([()], 0), ([(None, None)], 0), ([(None, 1.0), (0.0,)], 1)])
def test_values_of_a_map_that_are_not_there_are_nothing(rows: list[tuple[float | None, ...]], squares: int) -> None:
    assert maps.draw("weights", rows, None).count("<path") == squares


def test_a_caption_says_of_maps_what_they_are(document: Document) -> None:
    mapped = to_builtins(image("F", "weights", 0, [[0.0, 1.0]], (0.0, 1.0)))
    assert caption(only(document, mapped)[0]) == "Map: one value for each pixel."
