"""What the page says of a claim and of its cases, in which order; what rests on what."""

from collections.abc import Callable

import pytest

from tests.page.tree import Document, Element, Tree, render, require_links

QUESTIONS = [
    "What is claimed",
    "Is it true here?",
    "How sure, and could the test have failed?",
    "On what evidence",
    "Check it",
]


def test_every_claim_answers_the_same_questions_in_order(tree: Tree) -> None:
    sections = tree.root.every("section", "claim")
    assert len(sections) > 4
    for section in sections:
        assert [heading.text() for heading in section.every("h4")] == QUESTIONS


def test_a_case_answers_them_too(tree: Tree) -> None:
    body = tree.by_id("A-01-printed-h1-h2")
    kinds = [child.attributes.get("class") for child in body.children if isinstance(child, Element)]
    assert kinds == ["decision", "controls", "record"]


def test_a_case_that_is_not_plainly_supported_says_why(tree: Tree) -> None:
    assert "the 99.9 % interval [−0.01, 0.03] lies outside the region" in tree.by_id("A-04").text()
    assert tree.by_id("A-01").every("p", "sentence")[0].text() == "Not run: needs --scale paper."


def test_a_claim_shows_what_the_register_says_of_it(document: Document) -> None:
    said = {
        "quote": "We find that it falls.",
        "protocol": "The paper used d = 1000 throughout.",
        "published_numbers": "From 0.9 to 0.5.",
        "refuted_by": "A slope above −0.02.",
    }
    document["claims"][0] |= {
        **said,
        "rests_on": ["A-02", "Z-99"],
        "covered_by": ["claims/kernels/test_sample_size.py"],
    }
    document["papers"]["A"]["source"] = "Text at hand: all of it."
    tree = Tree(render(document))
    text = tree.by_id("A-01").text()
    for value in said.values():
        assert value in text
    assert "Rests on A-02 ." in text
    assert "Carries A-01 ." in tree.by_id("A-02").text()
    assert "claims/kernels/test_sample_size.py" in tree.by_id("coverage").text()
    assert "Text at hand: all of it." in tree.by_id("cite").text()


def test_a_claim_names_its_data_and_the_run_their_digests(document: Document) -> None:
    document["claims"][0]["readings"][0]["cases"][0]["datasets"] = ["mnist", "cifar10"]
    page = Tree(render(document))
    text = page.by_id("A-01").text()
    assert "From this run , data MNIST, cifar10." in text
    assert "data: MNIST, cifar10" in text
    assert "MNIST 0123456789ab" in page.by_id("run").text()


def test_one_command_runs_a_claim_again(tree: Tree) -> None:
    assert tree.by_id("A-01").every("p", "check")[0].text() == (
        "pytest claims/kernels/test_sample_size.py::test_falls claims/test_x.py::test_z --scale quick --seed 0"
    )


def test_what_has_not_run_is_checked_at_a_scale_at_which_it_does(tree: Tree) -> None:

    (check,) = [fact for fact in tree.by_id("A-01").every("code") if "test_z[mnist]" in fact.text()]
    assert check.text() == "pytest 'claims/test_x.py::test_z[mnist]' --scale paper"


def test_the_command_of_a_claim_has_every_option_of_its_cases(document: Document) -> None:
    command = document["claims"][1]["readings"][0]["cases"][0]["command"]
    command |= {"scale": "paper", "device": "cuda", "recorded": True}
    (check,) = Tree(render(document)).by_id("A-02").every("p", "check")
    assert check.text().endswith("test_falls --scale paper --seed 0 --device cuda --recorded")


def test_looks_and_what_was_left_out_stand_with_the_sizes(document: Document) -> None:
    case = document["claims"][0]["readings"][0]["cases"][0]
    case["sizes"], case["look"] = {"d": 1000}, {"trials": 12, "budget": 160}
    case["exclusions"] = [{"rule": "a network at chance", "dropped": 2, "trials": 12}]
    text = Tree(render(document)).by_id("A-01-printed-h1-h2").text()
    assert "d = 1000; a network at chance = 2; trials = 12; budget of trials = 160" in text


def test_trials_and_budget_stand_with_the_method_where_it_speaks_of_all(document: Document) -> None:
    case = document["claims"][0]["readings"][0]["cases"][0]
    case["look"], case["method"] = {"trials": 12, "budget": 160}, "bounded sequence over 12 trials"
    text = Tree(render(document)).by_id("A-01-printed-h1-h2").text()
    assert "99.9 % interval: bounded sequence over 12 trials of a budget of 160;" in text
    assert "budget of trials" not in text
    case["method"] = "bounded sequence over 10 trials"  # two were left out
    assert "trials = 12; budget of trials = 160" in Tree(render(document)).by_id("A-01-printed-h1-h2").text()


def protocols_of(document: Document, claim: str) -> dict[str, str]:
    """What stands in the folded parts of a claim's evidence, by their names."""
    parts = Tree(render(document)).by_id(claim).every("details", "protocol")
    return {part.every("summary")[0].text(): " ".join(each.text() for each in part.every("p")) for part in parts}


def test_a_long_paragraph_of_several_protocols_is_told_once(document: Document) -> None:
    """Within a claim beside what each test says for itself; of a later claim where the first has it."""
    module, other = "All of them draw data. " * 10, "Others draw other data. " * 10
    first, second = (claim["readings"][0]["cases"] for claim in document["claims"][:2])
    for case, own in zip(first, ("One falls.", "Another rises."), strict=False):
        case["protocol"] = f"{own}\n\n{module.strip()}"
        case["test"] = f"claims/test_x.py::test_{own.split()[0].lower()}[a]"
    for case in second:
        case["protocol"] = f"A third stays.\n\n{module.strip()}\n\n{other.strip()}"
    one, two = (claim["id"] for claim in document["claims"][:2])
    told = protocols_of(document, one)
    assert told["What these tests have in common"] == module.strip()
    assert [told[f"What this run did: {name}"].partition(" Control")[0] for name in ("one", "another")] == [
        "One falls.",
        "Another rises.",
    ]
    assert all(module.strip() not in text for name, text in told.items() if name.startswith("What this run"))
    text = Tree(render(document)).by_id(two).text()
    assert module.strip() not in text
    assert other.strip() in text
    assert f"What tests of {one} share with this is told there." in text


def test_coverage_lists_what_is_not_covered_in_full(tree: Tree) -> None:
    rows = tree.by_id("coverage").every("tr")[1:]
    states = {row.every("th")[0].text(): row.every("td")[1].text() for row in rows}
    assert states == {"A-01": "◐ covered in part", "B-01": "– not run", "B-02": "○ not covered"}


@pytest.fixture
def founded(document: Document) -> Document:
    rests = {"A-03": ["A-02"], "A-01": ["A-03", "A-02"], "A-04": ["A-03", "Z-99"], "A-02": ["A-01"], "A-05": ["A-05"]}
    for claim in document["claims"]:
        claim["rests_on"] = rests.get(claim["id"], [])
    return document


def test_the_graph_puts_each_claim_right_of_those_it_rests_on(founded: Document) -> None:
    tree = Tree(render(founded))
    require_links(tree)
    (graph,) = tree.by_id("foundations").every("figure", "graph")
    place = {
        link.attributes["href"][1:]: [float(box.attributes["x"]) for box in link.every("svg")]
        for link in graph.every("a")
    }
    assert list(place) == ["A-02", "A-03", "A-01", "A-04"]  # what would close a circle is left out
    assert place["A-02"] < place["A-03"] < place["A-01"] == place["A-04"]
    (edges,) = graph.every("path", "edge")
    assert edges.attributes["d"].count("M") == 4
    assert "A-03 ✗ E-1 printed ✓ sound" in graph.text()


def test_without_foundations_there_is_no_graph(tree: Tree) -> None:
    assert "foundations" not in [element.attributes.get("id") for element in tree.elements]


def test_a_reading_with_many_cases_folds(document: Document, make_case: Callable[..., Document]) -> None:
    reading = document["claims"][1]["readings"][0]
    assert Tree(render(document)).by_id("A-02").every("details", "many") == []
    reading |= {"cases": [make_case(name=f"case {index}") for index in range(7)], "tested": 7, "settings": 7}
    (fold,) = Tree(render(document)).by_id("A-02").every("details", "many")
    assert fold.every("summary")[0].text() == "7 cases: 7 supported"


def test_signs_in_headings_are_explained_where_they_first_stand(document: Document) -> None:
    document["claims"][0]["title"] = "γ rises with α"
    document["claims"][1]["title"] = "γ falls"
    tree = Tree(render(document))
    (first, second), later = tree.by_id("A-01").every("p", "sign"), tree.by_id("A-02").every("p", "sign")
    assert first.text().startswith("γ: the feature alignment")
    assert second.text().startswith("α: the share of a sample")
    assert later == []
