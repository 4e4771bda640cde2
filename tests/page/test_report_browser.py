"""The page in a browser: filters, search, links, print, accessibility, and all of it without a network."""

import re
import shutil
from collections.abc import Callable, Iterator
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

pytestmark = pytest.mark.browser

playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need the package playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("browser tests need chromium on the PATH", allow_module_level=True)

WIDE, NARROW = {"width": 1400, "height": 1000}, {"width": 400, "height": 800}
PATIENCE = 60_000  # milliseconds, for a busy machine
CLAIMS = ["A-01", "A-02", "A-03", "A-04", "A-05", "B-01", "B-02", "B-03"]
HOSTILE_QUERY = "\"><img src=x onerror=alert(1)></script><script>alert(2)</script>'"
Document = dict[str, Any]
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver:
        # A container gives the browser no sandbox of its own.
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def page_path(
    tmp_path_factory: pytest.TempPathFactory,
    make_document: Callable[[], Document],
    make_formula: Callable[..., Document],
    hostile: str,
    draw_page: Callable[[Document], str],
) -> Path:
    """A page with every part that a report can have; no test changes it."""
    document = make_document()
    document["run"]["model"] = hostile
    document["conclusions"] = [{"title": "Memorization", "sentences": [{"text": hostile, "claims": ["A-01"]}]}]
    known = {"claim": "A-01", "reading": "printed", "case": "h1+h2", "regression": True}
    change = {**known, "kind": "verdict", "text": hostile, "before": "supported", "after": "refuted"}
    document["comparison"] = {"baseline": {"file": hostile}, "comparable": False, "changes": [change]}
    document["claims"][2]["rests_on"] = ["A-02"]
    for index, side in enumerate(("printed", "corrected")):
        formula = make_formula(side, index, erratum="E-1", side=side)
        document["claims"][2]["readings"][index]["cases"][0]["formulas"] = [make_formula(), formula]
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(draw_page(document), encoding="utf-8")
    return path


@pytest.fixture
def open_page(browser: Any, page_path: Path) -> Iterator[Open]:
    """Opens the page: open_page(suffix, **context options); what it must never do fails the test at the end."""
    faults: list[str] = []
    contexts = []

    def opened(suffix: str = "", **options: Any) -> Any:
        contexts.append(browser.new_context(**{"viewport": WIDE, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("dialog", dismiss)
        page.on("request", check)
        page.goto(page_path.as_uri() + suffix)
        return page

    def dismiss(dialog: Any) -> None:
        faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def check(request: Any) -> None:
        if re.split("[?#]", request.url)[0] != page_path.as_uri():
            faults.append(f"request: {request.url}")

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def claims_shown(page: Any) -> list[str]:
    """The claims that the summary shows."""
    rows = page.locator("#summary tr[data-claim]").filter(visible=True)
    shown: list[str] = rows.evaluate_all("rows => rows.map(row => row.dataset.claim)")
    return shown


def query_of(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize(
    ("facet", "value", "claims", "cases"),
    [
        ("paper", "B", ["B-01", "B-02", "B-03"], 1),
        ("kind", "exact", ["A-02"], 1),
        ("verdict", "refuted", ["A-04"], 1),
        ("verdict", "erratum", ["A-03"], 1),
        ("verdict", "not-covered", ["B-02"], 0),
        ("verdict", "not-run", ["A-01", "B-01"], 1),
        ("scale", "paper", ["A-01", "B-01"], 1),
    ],
)
def test_a_filter_keeps_what_fits_and_stands_in_the_address(
    open_page: Open, facet: str, value: str, claims: list[str], cases: int
) -> None:
    page = open_page()
    assert claims_shown(page) == CLAIMS
    page.locator(f"select[name={facet}]").select_option(value)
    assert claims_shown(page) == claims
    assert page.locator("[data-case]").filter(visible=True).count() == cases
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


def test_print_unfolds_everything_and_leaves_the_controls_out(open_page: Open) -> None:
    for javascript in (True, False):
        page = open_page(java_script_enabled=javascript)
        page.emulate_media(media="print")
        for part in ("details.case > .body", "details.protocol p", "#guide dd"):
            assert page.locator(part).filter(visible=False).count() == 0
        playwright.expect(page.locator("#filters")).to_be_hidden()
        sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
        assert 4 <= sheets <= 10


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
