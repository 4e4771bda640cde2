"""Derivations, and the formulas of errata side by side."""

from collections.abc import Callable

import pytest

from support.document.types import ReportError
from tests.page.tree import Document, Element, Tree, render, require_links, require_own_script


@pytest.fixture
def derived(document: Document, make_formula: Callable[..., Document]) -> Document:
    """A derivation in two chapters, handed in by A-02 and by both readings of A-03."""
    first, second = make_formula(order=1), make_formula("The accuracy", 2.5, plain="ACC = Φ(γ)")
    printed = make_formula("The margin", 4, plain="m = γ", text="As in Theorem 3.", erratum="E-1", side="printed")
    corrected = make_formula("The margin", 2, plain="m = γ/2", erratum="E-1", side="corrected")
    elsewhere = make_formula("The bound", 1, chapter="Norms", plain="z < 1")
    given = {("A-02", 0): [second, first], ("A-03", 0): [printed], ("A-03", 1): [elsewhere, corrected, first]}
    for claim in document["claims"]:
        for index, reading in enumerate(claim["readings"]):
            reading["cases"][0]["formulas"] = given.get((claim["id"], index), [])
    return document


def test_a_page_without_formulas_has_no_derivations(tree: Tree, page: str) -> None:
    assert "derivations" not in [element.attributes.get("id") for element in tree.elements]
    assert "math" not in [element.tag for element in tree.elements]
    assert "Derivations" not in page
    assert len(tree.by_id("E-1").every("div", "sides")) == 1


def test_steps_stand_in_order_under_their_chapters(derived: Document) -> None:
    section = Tree(render(derived)).by_id("derivations")
    chapters = section.every("section", "chapter")
    assert [chapter.every("h3")[0].text() for chapter in chapters] == ["The linear model", "Norms"]
    assert [[step.text() for step in chapter.every("h4")] for chapter in chapters] == [
        ["The minimiser", "The margin corrected, see erratum E-1", "The accuracy"],
        ["The bound"],
    ]


def test_a_step_shows_its_text_formula_and_plain_form(derived: Document) -> None:
    tree = Tree(render(derived))
    step = tree.by_id("formula-The-minimiser")
    (box,) = step.every("div", "formula")
    (formula,) = box.every("math")
    assert formula.attributes["display"] == "block"
    assert [element.tag for element in formula.every("mfrac")[0].children if isinstance(element, Element)] == [
        "mi",
        "mn",
    ]
    assert (box.attributes["tabindex"], box.attributes["aria-label"]) == ("0", "Formula: The minimiser")
    assert [code.text() for code in step.every("code")] == ["b = γ/2"]
    assert [child.tag for child in step.children if isinstance(child, Element)] == ["h4", "p", "div", "p", "p"]
    assert step.every("p")[0].text() == "The gradient of the loss vanishes."


def test_a_step_handed_in_twice_stands_once_with_both_cases(derived: Document) -> None:
    tree = Tree(render(derived))
    step = tree.by_id("formula-The-minimiser")
    assert "Decided by A-02 printed, identity ✓ supported ; A-03 sound, h₁ + h₂ ✓ supported ." in step.text()
    assert [link.attributes["href"] for link in step.every("a")] == ["#A-02-printed-identity", "#A-03-sound-h1-h2"]


def test_a_claim_leads_to_its_formulas(derived: Document) -> None:
    tree = Tree(render(derived))
    require_links(tree)
    links = {link.text(): link.attributes["href"] for link in tree.by_id("A-02").every("a")}
    assert links["The accuracy"] == "#formula-The-accuracy"
    for claim, said in [
        ("A-02", "Formulas: The minimiser , The accuracy ."),
        ("A-03", "Formulas: The minimiser , The margin corrected, The margin as printed, The bound ."),
    ]:
        assert said in tree.by_id(claim).text()
    assert "Formulas:" not in tree.by_id("A-01").text()
    assert "Derivations" in [link.text() for link in tree.root.every("nav")[0].every("a")]


def test_an_erratum_shows_its_formulas_side_by_side(derived: Document) -> None:
    tree = Tree(render(derived))
    _, formulas = tree.by_id("E-1").every("div", "sides")
    sides = [side for side in formulas.children if isinstance(side, Element)]
    assert [side.every("h4")[0].text() for side in sides] == ["As printed", "Corrected"]
    assert [len(side.every("math")) for side in sides] == [1, 1]
    assert [[code.text() for code in side.every("code")] for side in sides] == [["m = γ"], ["m = γ/2"]]
    assert "Decided by A-03 printed, h₁ + h₂ ✗ refuted, as erratum E-1 says ." in sides[0].text()
    assert tree.by_id(sides[0].attributes["id"]) is sides[0]
    corrected = next(child for child in tree.by_id("derivations").every("li") if "The margin" in child.text())
    assert f"#{corrected.attributes['id']}" in [link.attributes["href"] for link in sides[1].every("a")]


def test_formulas_of_an_erratum_stand_in_order_and_beside_their_namesakes(
    derived: Document, make_formula: Callable[..., Document]
) -> None:
    given = [("c", 3, "printed"), ("a", 1, "printed"), ("c", 7, "corrected"), ("other", 8, "corrected"), ("b", 9, None)]
    derived["claims"][2]["readings"][0]["cases"][0]["formulas"] += [
        make_formula(name, order, plain=name, erratum=side and "E-1", side=side) for name, order, side in given
    ]
    _, *rows = Tree(render(derived)).by_id("E-1").every("div", "sides")
    assert [[title.text() for title in row.every("h5")] for row in rows] == [
        ["a", "other"],
        ["c", "c"],
        ["The margin", "The margin"],
    ]


@pytest.mark.parametrize("side", ["printed", "corrected"])
def test_a_formula_of_an_erratum_may_stand_alone(
    derived: Document, make_formula: Callable[..., Document], side: str
) -> None:
    for claim in derived["claims"]:
        for reading in claim["readings"]:
            reading["cases"][0]["formulas"] = []
    derived["claims"][0]["readings"][0]["cases"][0]["formulas"] = [make_formula(erratum="E-1", side=side)]
    page = render(derived)
    tree = Tree(page)
    require_links(tree)
    assert len(tree.by_id("E-1").every("math")) == 1
    assert "Derivations" not in page


def test_a_corrected_formula_is_not_what_its_erratum_refutes(derived: Document) -> None:
    printed, sound = (reading["cases"][0] for reading in derived["claims"][2]["readings"])
    printed["formulas"].append(sound["formulas"][1])
    tree = Tree(render(derived))
    both = "Decided by A-03 sound, h₁ + h₂ ✓ supported . The printed form is decided by A-03 printed, h₁ + h₂ ✗ refuted"
    _, corrected = tree.by_id("E-1").every("div", "step")
    assert "Decided by A-03 sound, h₁ + h₂ ✓ supported . A step of" in corrected.text()
    assert both in tree.by_id("derivations").text()
    del sound["formulas"][1]
    _, corrected = Tree(render(derived)).by_id("E-1").every("div", "step")
    assert "Decided by" not in corrected.text()


def test_a_chapter_of_printed_and_corrected_formulas_stands_under_errata_alone(
    derived: Document, make_formula: Callable[..., Document]
) -> None:
    derived["claims"][2]["readings"][1]["cases"][0]["formulas"] = [
        make_formula("The norm", 1, chapter="Errata", erratum="E-1", side=side) for side in ("printed", "corrected")
    ]
    tree = Tree(render(derived))
    require_links(tree)
    assert [chapter.text() for chapter in tree.by_id("derivations").every("h3")] == ["The linear model"]
    assert [title.text() for title in tree.by_id("E-1").every("h5")] == ["The margin", "The norm", "The norm"]


def test_what_is_printed_stands_in_the_chapter_where_its_erratum_is_unknown(derived: Document) -> None:
    derived["departures"] = []
    tree = Tree(render(derived))
    require_links(tree)
    steps = [step.text() for step in tree.by_id("derivations").every("h4")]
    assert "The margin as printed, see erratum E-1" in steps


def test_a_formula_of_two_minds_is_refused(derived: Document) -> None:
    handed = derived["claims"][2]["readings"][1]["cases"][0]["formulas"]
    handed[2] = handed[2] | {"plain": "b = γ/3"}
    with pytest.raises(
        ReportError,
        match=r"^formula 'The minimiser' of chapter 'The linear model': A-02 identity and A-03 h1\+h2 differ in its "
        r"plain$",
    ):
        render(derived)


def test_a_formula_that_runs_is_refused(derived: Document) -> None:
    derived["claims"][1]["readings"][0]["cases"][0]["formulas"][0]["mathml"] = "<script>alert(1)</script>"
    with pytest.raises(ReportError, match="formula 'The accuracy': <script> is no element of a formula"):
        render(derived)


def test_hostile_texts_of_a_formula_stay_texts(
    derived: Document, make_formula: Callable[..., Document], hostile: str
) -> None:
    named = dict.fromkeys(("chapter", "plain", "text"), hostile)
    derived["claims"][0]["readings"][0]["cases"][0]["formulas"] = [make_formula(hostile, 1, **named)]
    page = render(derived)
    require_own_script(Tree(page), page)
    assert Tree(page).by_id("derivations").text().count(hostile) == 5
