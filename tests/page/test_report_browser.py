"""The page in a browser: filters, search, links, print, accessibility, and all of it without a network."""

import re
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.page.browsing import CLAIMS, NARROW, WIDE, Open, claims_shown

pytestmark = pytest.mark.browser

playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need the package playwright")
HOSTILE_QUERY = "\"><img src=x onerror=alert(1)></script><script>alert(2)</script>'"


def query_of(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize(
    ("facet", "value", "claims", "cases", "with_own_part"),
    [
        ("paper", "B", ["B-01", "B-02", "B-03"], 2, 1),
        ("kind", "exact", ["A-02"], 1, 1),
        ("verdict", "refuted", ["A-04"], 1, 1),
        ("verdict", "erratum", ["A-03"], 1, 1),
        ("verdict", "not-covered", ["B-02"], 0, 0),
        ("verdict", "not-run", ["A-01", "B-01"], 2, 1),
        ("scale", "paper", ["A-01", "B-01"], 2, 1),
    ],
)
def test_a_filter_keeps_what_fits_and_stands_in_the_address(
    open_page: Open, facet: str, value: str, claims: list[str], cases: int, with_own_part: int
) -> None:
    """B-01, of which nothing ran, stands in a list of such claims: its case counts, and has no part of its own."""
    page = open_page()
    assert claims_shown(page) == CLAIMS
    page.locator(f"select[name={facet}]").select_option(value)
    assert claims_shown(page) == claims
    assert page.locator("[data-case]").filter(visible=True).count() == with_own_part
    assert page.locator("#shown").inner_text().startswith(f"{len(claims)} of 8 claims, {cases} of ")
    assert query_of(page) == {facet: [value]}
    page.reload()
    assert claims_shown(page) == claims
    page.locator("button[type=reset]").click()
    # Not wait_for_function: where it must ask a second time it evaluates text, which the page's policy forbids.
    page.wait_for_url(lambda url: not urlsplit(url).query)
    assert claims_shown(page) == CLAIMS


def test_filters_and_search_combine(open_page: Open) -> None:
    page = open_page("?paper=A&q=falls+with+N")
    assert claims_shown(page) == ["A-01"]
    page.locator("input[type=search]").fill("CLIPPING does")
    assert claims_shown(page) == ["A-04"]
    assert query_of(page) == {"paper": ["A"], "q": ["CLIPPING does"]}
    page.locator("input[type=search]").fill("no such words")
    assert claims_shown(page) == []
    assert page.locator(".paper-claims").filter(visible=True).count() == 0


def test_the_search_finds_texts_in_folded_cases(open_page: Open) -> None:
    page = open_page("?q=largest+absolute+difference")
    assert claims_shown(page) == ["A-02"]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_link_opens_the_folded_case_it_leads_to(open_page: Open, javascript: bool) -> None:
    page = open_page("#A-01-printed-h1-h2", java_script_enabled=javascript)
    body = page.locator("#A-01-printed-h1-h2")
    playwright.expect(body).to_be_visible()
    playwright.expect(body).to_be_in_viewport()


def test_what_the_search_finds_stands_beside_it_with_links(open_page: Open) -> None:
    page = open_page()
    assert page.locator("#results li").count() == 0
    page.locator("input[type=search]").fill("falls")
    found, *others = page.locator("#results a").all()
    assert len(others) == len(claims_shown(page)) - 1
    playwright.expect(found).to_be_in_viewport()
    assert found.inner_text() == "A-01 Spurious accuracy falls with N"
    found.click()
    playwright.expect(page.locator("#A-01 h3")).to_be_in_viewport()


def test_the_contents_stay_in_view_on_wide_screens(open_page: Open) -> None:
    for viewport, stays in ((WIDE, True), (NARROW, False)):
        page = open_page("#B-02", viewport=viewport)
        shown = playwright.expect(page.locator("aside nav a").first)
        shown.to_be_in_viewport() if stays else shown.not_to_be_in_viewport()


def test_a_command_is_copied(open_page: Open) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator("#A-01 .check button").click()
    playwright.expect(page.locator("#A-01 .check button")).to_have_text("Copied")
    command = page.locator("#A-01 .check code").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == command


def saved(page: Any, kind: str) -> str:
    """What the first figure is saved as."""
    page.locator("#figures summary").first.click()
    with page.expect_download() as download:
        page.locator(f"#figures [data-save={kind}]").first.click()
    assert download.value.suggested_filename == f"Paper-A-Figure-2.{kind}"
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_a_figure_is_saved_as_a_table(open_page: Open) -> None:
    rows = saved(open_page(), "csv").splitlines()
    assert rows[:4] == [
        "panel,line,x,mean,standard deviation",
        '"Random features, α = 1/4","spurious accuracy, h1+h2",10,0.9,0.02',
        '"Random features, α = 1/4","spurious accuracy, h1+h2",100,0.72,0.02',
        '"Random features, α = 1/4","spurious accuracy, h1+h2",1000,0.5033,0.01528',
    ]
    assert len(rows) == 7


def test_a_figure_is_saved_as_a_drawing_that_needs_no_page(open_page: Open, browser: Any, tmp_path: Path) -> None:
    drawing = saved(open_page(), "svg")
    assert not re.search(r"<script|url\((?!#)|\bon\w+=", drawing)
    path = tmp_path / "figure.svg"
    path.write_text(drawing, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.locator("path.curve").count() == 4  # of two lines, in the axes and in the legend
    assert page.evaluate("getComputedStyle(document.querySelector('path.curve')).stroke") == "rgb(0, 99, 166)"
    page.close()


def test_a_thumbnail_shows_the_drawing_of_its_figure(open_page: Open) -> None:
    page = open_page()
    drawn = page.evaluate("document.querySelector('.thumb use').getBBox().width")
    assert drawn > 200
    page.locator("#figures summary").first.click()
    playwright.expect(page.locator("#figures .panel svg").first).to_be_visible()


def test_an_opened_case_is_what_the_address_names(open_page: Open) -> None:
    page = open_page()
    page.locator("#A-01 details.case summary").nth(2).click()
    page.wait_for_url(lambda url: urlsplit(url).fragment.startswith("A-01-printed-"))


def test_a_link_to_what_is_filtered_out_lifts_the_filter(open_page: Open) -> None:
    page = open_page("?paper=B#A-04")
    playwright.expect(page.locator("#A-04 h3")).to_be_in_viewport()
    assert (claims_shown(page), query_of(page)) == (CLAIMS, {})


def test_every_claim_has_a_permalink_that_shows_and_takes_the_focus(open_page: Open) -> None:
    page = open_page()
    for name in ("A-01", "A-02", "A-03", "A-04", "A-05", "B-03"):
        link = page.locator(f"#{name} h3 a.permalink")
        playwright.expect(link).to_be_visible()
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, fragment=name: urlsplit(url).fragment == fragment)


def test_the_page_is_whole_without_javascript(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    assert claims_shown(page) == CLAIMS
    playwright.expect(page.locator("#filters")).to_be_hidden()
    fold = page.locator("#A-01 details.case").first
    playwright.expect(fold.locator(".body")).to_be_hidden()
    fold.locator("summary").first.click()
    playwright.expect(fold.locator(".body")).to_be_visible()


def test_the_keyboard_reaches_everything_and_the_first_stop_skips_ahead(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    focused = "document.activeElement"
    assert page.evaluate(f"{focused}.textContent") == "To the summary"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.closest('#summary') !== null")
    page.locator("#A-01 details.case summary").first.focus()
    assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#A-01-printed-h1-h2")).to_be_visible()


def test_hostile_texts_neither_run_nor_become_elements(open_page: Open, hostile: str) -> None:
    page = open_page(
        f"?q={quote(HOSTILE_QUERY)}&paper={quote(HOSTILE_QUERY)}&x={quote(hostile)}#{quote(HOSTILE_QUERY)}"
    )
    assert page.locator("input[type=search]").input_value() == HOSTILE_QUERY
    assert page.locator("img:not(#looks img), main script, main b").count() == 0
    assert page.title() == f"Claim report for {hostile}"
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.locator("button[type=reset]").click()
    assert page.locator("img:not(#looks img), main script, main b").count() == 0


def test_a_script_that_is_not_the_page_s_own_does_not_run(browser: Any, page_path: Path, tmp_path: Path) -> None:
    """The page's policy holds should an escape ever be forgotten."""
    text = page_path.read_text(encoding="utf-8")
    taken_over = tmp_path / "index.html"
    taken_over.write_text(text.replace("<main>", "<main><script>document.title = 'taken over'</script>"), "utf-8")
    page = browser.new_page()
    page.goto(taken_over.as_uri())
    assert page.title().startswith("Claim report")
    page.close()


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light")])
def test_no_accessibility_violations(open_page: Open, viewport: dict[str, int], scheme: str) -> None:
    if find_spec("axe_playwright_python") is None:
        pytest.skip("needs axe-core, from the package axe-playwright-python")
    page = open_page(viewport=viewport, color_scheme=scheme)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations', 'incomplete']})")
    said = [f"{fault['id']}: {fault['help']}: {fault['nodes'][0]['html']}" for fault in found["violations"]]
    assert said == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= viewport["width"]


def test_the_page_follows_the_reader_s_colours(open_page: Open) -> None:
    grounds = {
        scheme: open_page(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    levels = {scheme: sum(map(int, re.findall(r"\d+", color)[:3])) for scheme, color in grounds.items()}
    assert levels["dark"] < 150 < 600 < levels["light"]
