"""The first screen, and what moved against a baseline."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from support.document.changes import Comparison
from support.page.moves import moves_picture
from tests.page.tree import Document, Tree, render, require_links


def a_change(kind: str, **fields: Any) -> Document:
    known = {"claim": "A-01", "reading": "printed", "case": "h1+h2", "text": kind, "regression": False}
    return {**known, "kind": kind, **fields}


def test_verdicts_that_changed_stand_with_those_first_that_were_registered(document: Document, hostile: str) -> None:
    document["comparison"] = {
        "baseline": {"file": hostile, "commit": "0123456789abcdef", "scale": "quick", "seed": 0},
        "comparable": True,
        "notes": [hostile],
        "changes": [
            a_change("effect", moved=[0.01, 0.02], before="0.1", after="0.115"),
            a_change("unchanged"),
            a_change("verdict", before="supported", after="refuted", regression=True, text=hostile),
            a_change("gone", claim="Z-99"),
        ],
    }
    tree = Tree(render(document))
    require_links(tree)
    first, *others = [row.text() for row in tree.by_id("moved").every("tr")[1:]]
    assert first == f"A-01 printed, h1+h2 supported refuted no longer as registered; {hostile}"
    assert others == ["Z-99 printed, h1+h2 — gone gone"]
    assert [item.text() for item in tree.by_id("moved").every("li")] == ["A-01 printed, h1+h2: effect"]
    assert "not asked whether it memorizes more than before" in tree.by_id("moved").text()
    assert "not comparable" not in tree.by_id("moved").text()
    assert tree.by_id("moved").every("svg") == []


def an_answer(answer: str, moved: float, **fields: Any) -> Document:
    own = {"measure": "score", "worse": "higher", "before": 0.1, "after": 0.1 + moved, "margin": 0.05, "paired": 24}
    return {"answer": answer, **own, "move": moved, "interval": [moved - 0.1, moved + 0.1], **fields}


def less_removed() -> Document:
    return a_change("effect", case="less", answer=an_answer("worse", -0.2, worse="lower", interval=[None, -0.1]))


def test_what_is_memorized_stands_in_a_table_and_a_picture(document: Document, hostile: str) -> None:
    document["comparison"] = {
        "baseline": {"file": "before.json"},
        "comparable": True,
        "answer": "worse",
        "counts": {"worse": 2, "same": 1},
        "changes": [
            a_change("unchanged", label="score", case="small", answer=an_answer("same", 0.0)),
            a_change("effect", label=hostile, case=hostile, answer=an_answer("worse", 0.3)),
            less_removed(),
        ],
    }
    tree = Tree(render(document))
    require_links(tree)
    section = tree.by_id("moved")
    assert "WORSE: it memorizes more than before (2 worse, 1 same)." in section.text()
    first, second, last = [row.text() for row in section.every("tr")[1:]]
    about = "margin 0.05, over 24 paired trials"
    assert first == f"▼ WORSE A-01 printed, {hostile} 0.1 0.4 +0.3 [+0.2, +0.4] {hostile} ({about})"
    assert second.startswith("▼ WORSE A-01 printed, less 0.1 -0.1 -0.2 [-∞, -0.1] score (")
    assert last.startswith("SAME A-01 printed, small")


def test_the_picture_of_moves_has_what_is_worse_to_the_right(document: Document) -> None:
    document["comparison"] = {
        "baseline": {"file": "before.json"},
        "comparable": True,
        "changes": [
            a_change("effect", case="higher", answer=an_answer("worse", 0.3)),
            less_removed(),
            a_change("undecided", case="unknown", answer=an_answer("cannot tell", 0.0, move=None, interval=None)),
        ],
    }
    comparison = msgspec.convert(document["comparison"], Comparison, strict=False)
    shown = moves_picture(comparison)
    assert shown is not None
    higher, lower = shown.lanes
    zero = shown.axis.percent(0.0)
    assert higher.bar == (shown.axis.percent(0.2), shown.axis.percent(0.4))
    assert lower.bar == (shown.axis.percent(0.1), 100.0)
    assert (lower.open_low, lower.open_high) == (False, True)
    assert lower.estimate == shown.axis.percent(0.2)
    assert (higher.region, higher.region_ends) == ((shown.axis.percent(-0.05), shown.axis.percent(0.05)), [zero])
    assert moves_picture(msgspec.structs.replace(comparison, changes=comparison.changes[2:])) is None


def test_sentences_say_what_their_verdicts_are_and_lead_to_their_claims(
    document: Document, make_case: Callable[..., Document], hostile: str
) -> None:
    test = "claims/x.py::test_three_examples_teach_their_class[mnist-0]"
    case = make_case("supported", "mnist-0", test=test, effect=0.9, interval=[0.41, 0.97], region={"low": 0.05})
    taught = document["claims"][5]
    taught |= {"id": "B-02", "title": hostile}
    taught["readings"] = [{"reading": "sound", "verdict": "supported", "tested": 1, "settings": 1, "cases": [case]}]
    document["claims"] = [taught]
    tree = Tree(render(document))
    (item,) = tree.by_id("first").every("div", "said")[0].every("li")
    assert item.text().startswith("✓ A handful of examples is enough: three")
    assert "by at least 0.41 over balanced carriers" in item.text()
    assert [link.attributes["href"] for link in item.every("a")] == ["#B-02"]
    case |= {"verdict": "refuted", "interval": [-0.01, 0.03], "effect": 0.01}
    (item,) = Tree(render(document)).by_id("first").every("div", "said")[0].every("li")
    assert item.text().startswith("✗ Three examples")
    assert "are not enough" in item.text()
    assert "by 0.01 [−0.01, 0.03]" in item.text()


def test_every_claim_is_a_tile_with_its_verdicts(tree: Tree, document: Document) -> None:
    tiles = {tile.attributes["href"]: tile for tile in tree.by_id("first").every("a") if "title" in tile.attributes}
    assert list(tiles) == [f"#{claim['id']}" for claim in document["claims"]]
    assert (
        tiles["#A-03"]
        .attributes["title"]
        .endswith(
            f"{document['claims'][2]['title']}. Sound reading supported; printed reading refuted, as erratum E-1 says."
        )
    )
    assert tiles["#A-03"].text() == "✓ 03 ✗ supported"
    assert tiles["#A-01"].attributes["class"] == "tile partial"
    assert tiles["#A-01"].text() == "◐ 01 supported in part (2 of 3)"
    assert tiles["#B-02"].text() == "○ 02 not covered"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([], "8 claims, each asked on its own."),
        (["A-01"], "7 claims, each asked on its own, and 1 question of this suite."),
        (["A-01", "B-02"], "6 claims, each asked on its own, and 2 questions of this suite."),
    ],
)
def test_what_no_paper_asks_is_no_claim_of_one(document: Document, own: list[str], said: str) -> None:
    for claim in document["claims"]:
        claim["extension"] = claim["id"] in own
    (lead,) = [each.text() for each in Tree(render(document)).root.every("p", "lead") if "claims" in each.text()]
    assert lead.endswith(said)


def test_a_tile_shows_first_what_was_asked_here(document: Document, make_case: Callable[..., Document]) -> None:
    idle = make_case("not run", "idle", not_run={"why": "not asked here", "reason": "words"})
    sound = {"reading": "sound", "verdict": "not run", "tested": 0, "settings": 1, "cases": [idle]}
    document["claims"][1]["readings"].append(sound)
    (tile,) = [each for each in Tree(render(document)).by_id("first").every("a") if each.attributes["href"] == "#A-02"]
    assert tile.text() == "✓ 02 supported"
    assert "sound reading not run" in tile.attributes["title"]


def test_what_does_not_hold_is_listed_with_links(tree: Tree, document: Document) -> None:
    (item,) = tree.by_id("against").every("li")
    assert item.text() == f"E-1 {document['departures'][0]['title']}"
    assert item.every("a")[0].attributes["href"] == "#E-1"


def test_papers_are_linked_where_their_place_on_arxiv_is_known(document: Document) -> None:
    def links() -> list[str]:
        (header,) = Tree(render(document)).root.every("header")
        return [link.attributes["href"] for link in header.every("a")]

    assert links() == []
    document["papers"]["A"]["arxiv"] = "2305.12100v3"
    document["papers"]["B"]["arxiv"] = "javascript:alert(1)"
    assert links() == ["https://arxiv.org/abs/2305.12100v3"]
    # Earlier reports do not say it; the register knows the paper by its title.
    document["papers"]["B"] = {"title": "Understanding Rare Spurious Correlations in Neural Networks"}
    assert links()[1:] == ["https://arxiv.org/abs/2202.05189v3"]
