"""A browser, and the page of a whole report in it."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.page.browsing import PATIENCE, WIDE, Open
from tests.page.tree import Document, Tree


@pytest.fixture(scope="module")
def tree(page: str) -> Tree:
    """The page of the report that this project's tests have."""
    return Tree(page)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need the package playwright")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("browser tests need chromium on the PATH")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver:
        # A container gives the browser no sandbox of its own.
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
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
