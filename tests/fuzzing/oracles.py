"""What is right whatever a report says: judged by parsers of others, and by Unicode's own tables."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

from support.page import specimens

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What this suite's own Markdown is made of; the picture stands in README alone.
BLOCKS = {"heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td", "inline"}
INLINE = {"text", "softbreak", "code_inline", "strong_open", "strong_close", "text_special"}
# Elements without an end.
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# The pictures that come with the page, by their addresses, which are the pictures themselves.
OWN_PICTURES = {one.source for row in [*specimens.patterns(), specimens.frames()] for one in row}
# Elements that a page loads or runs something by, and how many there are.
ACTIVE = {"script": 1, "img": len(OWN_PICTURES), "iframe": 0, "object": 0, "embed": 0, "link": 0, "base": 0, "form": 1}
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
# How a refusal begins, with the place in the report where it has one.
REFUSALS = (
    r"the report's schema must be 'spurious-claims/report/3'",
    r"the report is not what its schema says: report\b",
    r"not a complete JSON document: .",
    r"formula '.*': .|formula \".*\": .",
    r"a comparison by seed needs .",
    r"reports of one (?:scale|model) can be compared",
    r"the report has no figure '",
)


def orders(text: str) -> list[str]:
    """The characters that steer a screen: control characters, separators, marks of direction, halves of pairs."""
    return [
        letter
        for letter in text
        if unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") or unicodedata.bidirectional(letter) in TURNING
    ]


def require_sentence(message: str, file: str = "") -> None:
    """One line that says what is wrong, and where.

    Raises
    ------
    AssertionError : it is not.
    """
    assert not orders(message), f"orders {orders(message)} in {message!r}"
    said = message.removeprefix(f"{file}: ")
    assert any(re.match(how, said) for how in REFUSALS), f"no place in {message!r}"


def require_lines(lines: Iterable[str]) -> None:
    """Lines of a terminal that are what they are.

    Raises
    ------
    AssertionError : one is two, or steers the terminal.
    """
    for line in lines:
        assert not orders(line), f"orders {orders(line)} in {line!r}"


# Within the page, to a paper on arXiv, or to the tables that lie beside published pages.
LEADS = re.compile(r"#.*|https://arxiv\.org/abs/[0-9]{4}\.[0-9]{4,5}(v[0-9]+)?|\.\./[a-z/]+\.(md|html#[A-Z]-[0-9]{2})")


class _Page(HTMLParser):
    """Counts elements, and sees that each ends where it began."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> ends nothing"
        assert self.open[-1] == tag, f"</{tag}> ends <{self.open[-1]}>"
        self.open.pop()

    def _count(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = self.found.get(tag, 0) + 1
        for name, value in attrs:
            assert not name.startswith("on"), f"<{tag} {name}={value!r}> runs"
            assert name != "id" or value != "planted", f"<{tag}> was planted"
            own = (tag, name) == ("img", "src") and value in OWN_PICTURES
            assert own or name not in ("src", "srcdoc", "action"), f"<{tag} {name}={value!r}> loads"
            assert name not in ("href", "xlink:href") or LEADS.fullmatch(value or ""), f"<{tag}> leads to {value!r}"


def require_page(page: str) -> None:
    """A page of which no text became an element or an attribute.

    Raises
    ------
    AssertionError : some did.
    """
    steering = [order for order in orders(page) if order not in "\n\t"]
    assert not steering, f"orders {steering} on the page"
    seen = _Page()
    seen.feed(page)
    seen.close()
    assert not seen.open, f"{seen.open} never end"
    for tag, most in ACTIVE.items():
        assert seen.found.get(tag, 0) <= most, f"{seen.found[tag]} <{tag}>"


def require_picture(drawn: str) -> None:
    """An SVG of its own that is XML and holds nothing but drawing.

    Raises
    ------
    AssertionError : it is not.
    """
    try:
        root = ET.fromstring(drawn)  # noqa: S314 - our own
    except ET.ParseError as error:
        raise AssertionError(f"no XML: {error}") from error
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "g", "text", "path"}, f"{tags} in a picture"


def require_markdown(text: str, *, pictures: int = 0, comments: int = 0) -> None:
    """Markdown of which no text became mark-up, and whose tables have as many cells in every row.

    Parameters
    ----------
    pictures, comments : how many the suite itself put there.

    Raises
    ------
    AssertionError : some text did, or a row has others.
    """
    steering = [order for order in orders(text) if order != "\n"]
    assert not steering, f"orders {steering} in Markdown"
    tokens = MARKDOWN.parse(text)
    for token in tokens:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind == "html_block":
            comments -= 1
            continue
        assert kind in BLOCKS, f"{token.type} in {text[-2000:]!r}"
        for part in token.children or ():
            pictures -= part.type == "image"
            assert part.type in INLINE or part.type == "image", f"{part.type} {part.content!r} in {token.content!r}"
    assert pictures == 0, f"{-pictures} pictures too many"
    assert comments == 0, f"{-comments} comments too many"
    for cells in tables(text):
        assert len({len(row) for row in cells}) == 1, f"rows of {sorted({len(row) for row in cells})} cells"
    # A parser fills short rows and cuts long ones: the lines themselves must have as many bars.
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| ")]
    rows = sum(len(cells) + 1 for cells in tables(text))  # with the line of dashes
    assert len(bars) == rows, f"{len(bars)} lines with bars, {rows} rows"
    own = [len(cells[0]) for cells in tables(text) for _ in range(len(cells) + 1)]
    assert bars == [width + 1 for width in own], "a row has more bars than its table has columns"


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a text, each cell as it is shown."""
    found: list[list[list[str]]] = []
    tokens = MARKDOWN.parse(text)
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found[-1][-1].append(_shown(tokens[number + 1]))
    return found


def shown(text: str) -> str:
    """What a reader of Markdown sees, a line for each block."""
    return "\n".join(_shown(token) for token in MARKDOWN.parse(text) if token.type == "inline")


def _shown(token: Token) -> str:
    return "".join(part.content for part in token.children or ())
