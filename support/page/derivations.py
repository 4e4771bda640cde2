"""What rests on what: formulas in chapters, each with what decides it, and claims with those they presuppose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from markupsafe import Markup

from support.document import mathematics
from support.document.types import Case, Claim, Formula, Reading, ReportError, Side
from support.document.walking import departure_of, every_case

# The graph of claims, in pixels: a column for each claim that the longest way to the ground passes through.
NODE_WIDTH, NODE_HEIGHT = 162, 36
_COLUMN, _ROW, _EDGE_OF_GRAPH = 181, 44, 4
_SWEEPS = 8  # orderings of the columns by their neighbours, after which little moves

# A case with its claim and reading.
Origin = tuple[Claim, Reading, Case]


@dataclass
class Step:
    """One formula, and the cases that handed it in, in the report's order."""

    formula: Formula
    shown: Markup
    cases: list[Origin] = field(default_factory=list)

    def _against(self, reading: Reading, case: Case) -> bool:
        own = self.formula.erratum if self.formula.side == "corrected" else None
        return own is not None and departure_of(reading, case) == own

    @property
    def deciding(self) -> list[Origin]:
        """The cases whose verdict is one on this formula."""
        return [origin for origin in self.cases if not self._against(*origin[1:])]

    @property
    def contrasting(self) -> list[Origin]:
        """Of a corrected formula: the cases that handed it in to decide the printed one against it."""
        return [origin for origin in self.cases if self._against(*origin[1:])]


def gather(claims: Iterable[Claim]) -> dict[str, list[Step]]:
    """Return the steps of each chapter in their order; chapters stand in order of first appearance.

    Raises ReportError where a formula cannot be shown, or where two cases differ about it.
    """
    steps: dict[tuple[str, str, str | None], Step] = {}
    for claim, reading, case in every_case(claims):
        for formula in case.formulas:
            key = formula.chapter, formula.title, formula.side
            if key not in steps:
                steps[key] = Step(formula, mathematics.display(formula.mathml, formula.title))
            _agree(steps[key], formula, f"{claim.id} {case.id}")
            if not any(handed is case for _, _, handed in steps[key].cases):
                steps[key].cases.append((claim, reading, case))
    chapters: dict[str, list[Step]] = {}
    for step in sorted(steps.values(), key=lambda step: step.formula.order):
        chapters.setdefault(step.formula.chapter, []).append(step)
    first = list(dict.fromkeys(chapter for chapter, _, _ in steps))
    return {chapter: chapters[chapter] for chapter in first}


def _agree(step: Step, formula: Formula, origin: str) -> None:
    differing = [name for name in formula.__struct_fields__ if getattr(step.formula, name) != getattr(formula, name)]
    if differing:
        claim, _, case = step.cases[0]
        raise ReportError(
            f"formula {formula.title!r} of chapter {formula.chapter!r}: "
            f"{claim.id} {case.id} and {origin} differ in its {', '.join(differing)}"
        )


def outside_errata(chapters: dict[str, list[Step]], errata: Collection[str]) -> dict[str, list[Step]]:
    """Return the chapters without what stands under errata alone.

    That is what is printed, and chapters of nothing but printed and corrected formulas.
    """
    kept = {}
    for chapter, steps in chapters.items():
        if any(step.formula.erratum not in errata for step in steps):
            kept[chapter] = [
                step for step in steps if step.formula.side != "printed" or step.formula.erratum not in errata
            ]
    return kept


def of_claim(chapters: dict[str, list[Step]], claim: Claim) -> list[Step]:
    """Return the steps that a claim's cases handed in."""
    return [
        step for steps in chapters.values() for step in steps if any(handed is claim for handed, _, _ in step.cases)
    ]


def of_erratum(chapters: dict[str, list[Step]], erratum: str) -> list[tuple[Step | None, Step | None]]:
    """Return an erratum's (printed, corrected) pairs, each a formula of the same title where there is one."""
    own = [step for steps in chapters.values() for step in steps if step.formula.erratum == erratum]
    printed, corrected = ([step for step in own if step.formula.side == side] for side in get_args(Side))
    by_name = {_name(step): step for step in corrected}
    partners = [by_name.pop(_name(step), None) for step in printed]
    left = iter(by_name.values())
    return [(step, partner or next(left, None)) for step, partner in zip(printed, partners, strict=True)] + [
        (None, step) for step in left
    ]


def _name(step: Step) -> tuple[str, str]:
    return step.formula.chapter, step.formula.title


@dataclass(frozen=True)
class Node:
    """A claim in the graph, and where its upper left corner stands."""

    claim: Claim
    x: int
    y: int


@dataclass(frozen=True)
class Graph:
    """Which claims of a paper rest on which: those that presuppose nothing stand at the left."""

    nodes: list[Node]
    edges: list[str]  # each a path from the claim that carries to the one that rests on it
    width: int
    height: int


def foundations(claims: Iterable[Claim]) -> dict[str, list[str]]:
    """Return the claims that each one rests on, by id, without what is unknown or would close a circle."""
    named = {claim.id: claim for claim in claims}
    kept: dict[str, list[str]] = {}
    carrying: set[str] = set()
    for name, claim in named.items():
        kept[name] = []
        for below in dict.fromkeys(claim.rests_on):
            # Where nothing rests on it yet, nothing leads back to it.
            if below in named and below != name and not (name in carrying and _leads(below, name, kept)):
                kept[name].append(below)
                carrying.add(below)
    return kept


def _leads(start: str, end: str, below: Mapping[str, Sequence[str]]) -> bool:
    """Whether a way goes down from one claim to another; each claim is passed once, however many ways lead to it."""
    passed, ahead = {start}, [start]
    while ahead:
        following = [name for name in below.get(ahead.pop(), ()) if name not in passed]
        passed.update(following)
        ahead += following
    return end in passed


def graph(claims: Sequence[Claim]) -> Graph | None:
    """Lay out the claims that rest on others or carry some; None where there is none."""
    below = foundations(claims)
    carried = {name for names in below.values() for name in names}
    named = {claim.id: claim for claim in claims if below[claim.id] or claim.id in carried}
    if not named:
        return None
    columns = _columns(list(named), below)
    rows = max(len(column) for column in columns)
    place = {
        name: (_EDGE_OF_GRAPH + x * _COLUMN, _EDGE_OF_GRAPH + round((y + (rows - len(column)) / 2) * _ROW))
        for x, column in enumerate(columns)
        for y, name in enumerate(column)
    }
    return Graph(
        [Node(named[name], x, y) for name, (x, y) in place.items()],
        [_edge(place[carrying], place[name]) for name in place for carrying in below[name]],
        len(columns) * _COLUMN - (_COLUMN - NODE_WIDTH) + 2 * _EDGE_OF_GRAPH,
        rows * _ROW - (_ROW - NODE_HEIGHT) + 2 * _EDGE_OF_GRAPH,
    )


def _columns(names: list[str], below: dict[str, list[str]]) -> list[list[str]]:
    """Put each claim one column after the last it rests on, near those it is joined to."""
    depth = _depths(names, below)
    columns: list[list[str]] = [[] for _ in range(1 + max(depth.values()))]
    for name in names:
        columns[depth[name]].append(name)
    joined = {name: list(below[name]) for name in names}
    for name in names:
        for other in below[name]:
            joined[other].append(name)
    for _ in range(_SWEEPS):
        at = {name: row - len(column) / 2 for column in columns for row, name in enumerate(column)}
        for column in columns:
            column.sort(key=lambda name: sum(at[other] for other in joined[name]) / len(joined[name]))
            at |= {name: row - len(column) / 2 for row, name in enumerate(column)}
    return columns


def _depths(names: Sequence[str], below: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many claims the longest way from each to the ground passes; however long, as the register has no circle."""
    depth: dict[str, int] = {}
    ahead = list(names)
    while ahead:
        name = ahead[-1]
        if unknown := [other for other in below[name] if other not in depth]:
            ahead += unknown
        else:
            depth[name] = 1 + max((depth[other] for other in below[name]), default=-1)
            ahead.pop()
    return depth


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y = start[0] + NODE_WIDTH, start[1] + NODE_HEIGHT // 2
    to_x, to_y = end[0], end[1] + NODE_HEIGHT // 2
    bend = (_COLUMN - NODE_WIDTH) // 2
    # Where it passes other columns, it does so in the gap between two rows.
    return f"M{x} {y}C{x + bend} {y} {to_x - 2 * bend} {to_y} {to_x} {to_y}"
