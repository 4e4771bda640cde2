"""The picture of all verdicts: every claim a tile, by paper and topic, with a shape for each of its readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.document.statuses import NOT_RUN, Status, reading_status, untested
from support.document.types import Claim, Reading
from support.page.summary import reading_word
from support.page.words import words

_REST = "Other"
# Of several readings the last of these is what a tile shows first: the fair one before what is printed.
_RANK = ("printed", "published", "sound")


@dataclass(frozen=True)
class Tile:
    """A claim: how its main reading came out, how its others did, and all of it in words."""

    claim: Claim
    main: Status
    others: tuple[Status, ...]
    words: str


@dataclass(frozen=True)
class Row:
    """A topic with its claims."""

    title: str
    tiles: tuple[Tile, ...]


def board(claims: Sequence[Claim]) -> dict[str, list[Row]]:
    """The rows of each paper that has claims: topics as the register has them, then what is in none of them."""
    rows: dict[str, list[Row]] = {}
    for paper in dict.fromkeys(claim.paper for claim in claims):
        own = {claim.id: claim for claim in claims if claim.paper == paper}
        topics = [(topic.title, topic.claims) for topic in words().topic if topic.paper == paper]
        known = {name for _, names in topics for name in names}
        topics.append((_REST, tuple(name for name in own if name not in known)))
        rows[paper] = [
            Row(title, tuple(_tile(own[name]) for name in names if name in own))
            for title, names in topics
            if any(name in own for name in names)
        ]
    return rows


def keys(claims: Sequence[Claim]) -> set[str]:
    """The keys of all statuses that the tiles show."""
    tiles = [tile for rows in board(claims).values() for row in rows for tile in row.tiles]
    return {status.key for tile in tiles for status in (tile.main, *tile.others)}


def _tile(claim: Claim) -> Tile:
    if not claim.readings:
        status = untested(claim)
        return Tile(claim, status, (), f"{claim.id}: {claim.title}. {status.words.capitalize()}.")
    ranked = sorted(claim.readings, key=lambda reading: _RANK.index(reading.reading), reverse=True)
    # A reading that did not run says nothing of a claim of which another did.
    ranked.sort(key=lambda reading: reading.verdict == "not run")
    main, *others = map(reading_status, ranked)
    said = "; ".join(map(_in_words, ranked))
    return Tile(
        claim,
        main,
        tuple(other for other in others if other != NOT_RUN),
        f"{claim.id}: {claim.title}. {said[:1].upper()}{said[1:]}.",
    )


def _in_words(reading: Reading) -> str:
    return f"{reading_word(reading)} reading {reading_status(reading).words}"
