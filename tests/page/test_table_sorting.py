"""Tables of the page sort by their headers: up, down, and as they stood; numbers as numbers."""

from typing import Any

import pytest

from tests.page.browsing import CLAIMS, Open, claims_shown

pytestmark = pytest.mark.browser

SORTED = "#summary .all-claims"


def click_headers(page: Any, name: str, times: int, key: str | None = None) -> list[tuple[str | None, list[str]]]:
    """What a header says of its order, and the claims as they then stand, after each click or press of a key."""
    header = page.locator(f"{SORTED} thead th").filter(has_text=name)
    seen = []
    for _ in range(times):
        header.locator("button").press(key) if key else header.locator("button").click()
        seen.append((header.get_attribute("aria-sort"), claims_shown(page)))
    return seen


@pytest.mark.parametrize("key", [None, "Enter", "Space"])
def test_a_table_sorts_by_a_header_and_stands_as_before_after_the_third_time(open_page: Open, key: str | None) -> None:
    page = open_page()
    titles = page.locator(f"{SORTED} tbody tr").evaluate_all(
        "rows => rows.map(row => [row.cells[1].textContent, row.dataset.claim])"
    )
    up = [claim for _, claim in sorted(titles, key=lambda one: one[0].lower())]
    assert up != CLAIMS
    assert click_headers(page, "Claim", 4, key) == [
        ("ascending", up),
        ("descending", up[::-1]),
        (None, CLAIMS),
        ("ascending", up),
    ]
    # Of two headers one says how the table stands.
    assert click_headers(page, "Id", 2)[1] == ("descending", CLAIMS[::-1])
    assert page.locator(f"{SORTED} [aria-sort]").count() == 1


def test_every_header_of_every_table_sorts(open_page: Open) -> None:
    page = open_page()
    assert page.locator("table").count() >= 4
    headers = page.locator("table thead th")
    assert headers.count() == page.locator("table thead button.sort").count() == page.locator("thead tr > *").count()
    assert open_page(java_script_enabled=False).locator("thead button").count() == 0


@pytest.mark.parametrize(
    ("cells", "up"),
    [
        # As numbers are set on the page; what is none stays last, and a range goes by where it begins.
        ("10|–|−0.5|9|—|1.2×10⁻⁸|0.19–0.24|−∞|10⁻³", "−∞|−0.5|1.2×10⁻⁸|10⁻³|0.19–0.24|9|10|–|—"),
        ("–3|3|−4|2 %|[−5, 2]|∞||1,000|20", "[−5, 2]|−4|–3|2 %|3|20|1,000|∞|"),
        ("A-10|A-9|B-1|a-2|–|x|y|z|1", "1|a-2|A-9|A-10|B-1|x|y|z|–"),
    ],
)
def test_numbers_sort_as_numbers(open_page: Open, cells: str, up: str) -> None:
    page = open_page()
    table = page.locator("table.counts")
    texts = cells.split("|")
    rows = table.locator("tbody tr")
    rows.evaluate_all("(rows, texts) => rows.forEach((row, i) => (row.cells[1].textContent = texts[i] ?? ''))", texts)
    shown = "rows => rows.map(row => row.cells[1].textContent)"
    rest = [""] * (rows.count() - len(texts))
    header = table.locator("thead button").nth(1)
    header.click()
    wanted = up.split("|")
    assert rows.evaluate_all(shown) == wanted + rest
    header.click()
    known = [text for text in wanted if text not in ("", "–", "—")]
    assert rows.evaluate_all(shown)[: len(known)] == known[::-1]
    header.click()
    assert rows.evaluate_all(shown) == texts + rest
