"""The page in print: what did not hold in full, a line for what did, and no more sheets than one reads."""

import re
from pathlib import Path
from typing import Any

import pytest

from support.page.__main__ import main
from tests.page.browsing import Open

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).parents[2]


def sheets(page: Any, paper: str) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=paper, prefer_css_page_size=True)))


@pytest.mark.parametrize("javascript", [True, False])
def test_print_unfolds_what_did_not_hold_and_says_what_it_leaves_out(open_page: Open, javascript: bool) -> None:
    page = open_page(java_script_enabled=javascript)
    note = page.locator(".in-print")
    assert not note.is_visible()
    page.emulate_media(media="print")
    assert note.is_visible()
    for part in ("details.kept > .body", "details.case > summary", "#guide dd", ".gallery .panel svg"):
        shown = page.locator(part)
        assert shown.count() == shown.filter(visible=True).count() > 0
    for part in ("details.case:not(.kept) > .body", "details.protocol", ".check:not(#check *)", "#filters"):
        assert page.locator(part).filter(visible=True).count() == 0
    kept = page.locator("details.kept").evaluate_all("cases => cases.map(one => one.dataset.case.split('/')[0])")
    assert set(kept) >= {"refuted", "erratum", "inconclusive"}
    assert "not-run" not in kept
    assert 3 <= sheets(page, "A4") <= 8


@pytest.mark.long("prints the published reports")
@pytest.mark.parametrize("scale", ["quick", "standard"])
def test_a_published_report_is_printed_on_sixty_sheets(browser: Any, tmp_path: Path, scale: str) -> None:
    path = tmp_path / "index.html"
    assert main([str(REPOSITORY / "reports" / scale / "report.json"), "--output", str(path)]) == 0
    page = browser.new_page()
    page.goto(path.as_uri())
    for paper in ("A4", "Letter"):
        assert 20 <= sheets(page, paper) <= 60
    page.close()
