"""How the tests of the page in a browser look at it."""

from collections.abc import Callable
from typing import Any

WIDE, NARROW = {"width": 1400, "height": 1000}, {"width": 400, "height": 800}
PATIENCE = 60_000  # milliseconds, for a busy machine
# Of the page that `open_page` opens.
CLAIMS = ["A-01", "A-02", "A-03", "A-04", "A-05", "B-01", "B-02", "B-03"]
Open = Callable[..., Any]


def claims_shown(page: Any) -> list[str]:
    """The claims that the summary shows."""
    rows = page.locator("#summary tr[data-claim]").filter(visible=True)
    shown: list[str] = rows.evaluate_all("rows => rows.map(row => row.dataset.claim)")
    return shown
