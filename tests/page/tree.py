"""A report's page as a tree of elements, by a parser that lets nothing stand open."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

from support import page as pages
from support.document.reading import parse
from tests.fuzzing.oracles import OWN_PICTURES

Document = dict[str, Any]
VOID = {"meta", "link", "br", "hr", "img", "input", "wbr", "col", "source"}


def render(document: Document) -> str:
    """The page of a report, from the data of its JSON."""
    return pages.render(parse(json.dumps(document).encode()))


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    def every(self, tag: str, kind: str = "") -> "list[Element]":
        """All elements below this one with a tag and, where given, a class."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and (not kind or kind in child.attributes.get("class", "").split()):
                    found.append(child)
                found += child.every(tag, kind)
        return found

    def text(self) -> str:
        parts = [child if isinstance(child, str) else child.text() for child in self.children]
        return " ".join(" ".join(parts).split())


class Tree(HTMLParser):
    """Parses strictly: every element is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self.now = self.root
        self.elements: list[Element] = []
        self.feed(page)
        self.close()
        assert self.now is self.root, f"<{self.now.tag}> is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.now)
        self.now.children.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self.now = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.now.tag == tag, f"</{tag}> closes <{self.now.tag}> at {self.getpos()}"
        assert self.now.parent is not None
        self.now = self.now.parent

    def handle_data(self, data: str) -> None:
        self.now.children.append(data)

    def by_id(self, anchor: str) -> Element:
        (found,) = [element for element in self.elements if element.attributes.get("id") == anchor]
        return found


def require_links(tree: Tree) -> None:
    """Every link leads to one place of the page."""
    ids = [element.attributes["id"] for element in tree.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert not [anchor for anchor in ids if re.search(r"\s", anchor)]
    links = [element.attributes["href"] for element in tree.elements if "href" in element.attributes]
    assert len(links) > len(ids) / 4
    assert [link for link in links if not link.startswith("#") or link[1:] not in ids] == []
    labelled = [element.attributes.get("aria-labelledby", "") for element in tree.elements]
    assert [name for names in labelled for name in names.split() if name not in ids] == []


def require_own_script(tree: Tree, page: str) -> None:
    """Nothing is loaded, and only the page's own script runs."""
    assert not {"link", "iframe", "object"} & {element.tag for element in tree.elements}
    assert {element.attributes["src"] for element in tree.root.every("img")} <= OWN_PICTURES
    handlers = [name for element in tree.elements for name in element.attributes if name.startswith("on")]
    assert handlers == []
    assert re.findall(r"https?://(?!arxiv\.org/abs/)|@import|url\((?!#)", page) == []
    (script,) = tree.root.every("script")
    own = "".join(child for child in script.children if isinstance(child, str))
    (policy,) = [meta for meta in tree.root.every("meta") if "http-equiv" in meta.attributes]
    digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
    assert policy.attributes["content"].startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy.attributes["content"]
