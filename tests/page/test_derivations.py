"""What rests on what, however long the way: chains, circles and lattices of claims, in a report and in the register."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from support.document.build import build
from support.document.reading import read
from support.document.types import Claim, Run
from support.document.writing import write
from support.page.__main__ import main
from support.page.derivations import foundations, graph
from support.register import load_register
from tests.fuzzing.oracles import require_page

LONG = 1500


def claims(rests_on: Mapping[str, tuple[str, ...]]) -> list[Claim]:
    return [
        Claim(id=name, paper="A", title=name, statement="s", rests_on=below, readings=())
        for name, below in rests_on.items()
    ]


def chain(*, upwards: bool) -> list[Claim]:
    """Claims of which each rests on the next, or on the one before."""
    step = -1 if upwards else 1
    return claims({f"A-{number}": (f"A-{number + step}",) for number in range(LONG)})


@pytest.mark.parametrize("upwards", [True, False])
def test_a_long_chain_keeps_every_step(upwards: bool) -> None:
    given = chain(upwards=upwards)
    kept = foundations(given)
    assert [len(below) for below in kept.values()].count(1) == LONG - 1
    drawn = graph(given)
    assert drawn is not None
    assert len({node.x for node in drawn.nodes}) == LONG
    assert len(drawn.edges) == LONG - 1


def test_a_long_circle_is_opened_once() -> None:
    rests_on = {f"A-{number}": (f"A-{(number + 1) % LONG}",) for number in range(LONG)}
    kept = foundations(claims(rests_on))
    assert sum(map(len, kept.values())) == LONG - 1
    assert kept[f"A-{LONG - 1}"] == []  # it would have closed it


def test_a_claim_that_rests_on_itself_rests_on_nothing() -> None:
    assert foundations(claims({"A-1": ("A-1", "A-2"), "A-2": ("A-1",)})) == {"A-1": ["A-2"], "A-2": []}


def test_a_lattice_with_more_ways_than_could_be_walked_is_laid_out() -> None:
    """40 layers of two claims that rest on both of the layer below: 2^40 ways, and a circle at the end."""
    layers = [(f"A-{2 * layer}", f"A-{2 * layer + 1}") for layer in range(40)]
    rests_on = {name: below for layer, below in itertools.pairwise(layers) for name in layer}
    rests_on |= dict.fromkeys(layers[-1], layers[0])
    kept = foundations(claims(rests_on))
    assert sum(map(len, kept.values())) == 4 * 39
    drawn = graph(claims(rests_on))
    assert drawn is not None
    assert len({node.x for node in drawn.nodes}) == 40


def test_a_page_of_a_long_chain_is_drawn(tmp_path: Path) -> None:
    report = read(Path(__file__).parents[2] / "reports" / "quick" / "report.json")
    path = tmp_path / "report.json"
    write(replace(report, claims=tuple(chain(upwards=False)), departures=(), conclusions=(), comparison=None), path)
    assert main([str(path)]) == 0
    require_page((tmp_path / "index.html").read_text(encoding="utf-8"))


def entries() -> Iterator[str]:
    ids = [f"{chr(65 + number // 100)}-{number % 100:02d}" for number in range(LONG)]
    for paper in dict.fromkeys(name[0] for name in ids):
        yield f'[papers.{paper}]\ntitle = "t"\nauthors = "a"\nreference = "r"\nsource = "s"\n'
    for name, below in zip(ids, [*ids[1:], ids[0]], strict=True):
        texts = ("title", "statement", "place", "provenance", "protocol", "refuted_by")
        said = "\n".join(f'{text} = "x"' for text in texts)
        yield f'[[claim]]\nid = "{name}"\nkind = "exact"\n{said}\nrests_on = ["{below}"]\n'


def test_a_register_of_a_long_circle_makes_a_report(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text("\n".join(entries()), encoding="utf-8")
    report = build(load_register(path), [], Run())
    assert len(report.claims) == LONG
    assert sum(map(len, foundations(report.claims).values())) == LONG - 1
