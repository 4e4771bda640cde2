"""The words that stand with the register: what a report says first, and how it names cases, topics and signs.

`claims/sentences.toml` and `claims/words.toml` say what each key means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from support.document.types import Claim, ReadingName
from support.register import DEFAULT_PATH, RegisterError

SENTENCES, WORDS = "sentences.toml", "words.toml"

File = TypeVar("File", bound=msgspec.Struct)


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clause about the cases of one test.

    bound is the side of an interval that a supported claim leans on; half_width how narrow it must be for the estimate
    to be told.
    """

    claim: str
    reading: ReadingName
    test: str
    cases: tuple[str, ...] = ()
    supported: str
    refuted: str
    whether: str
    bound: Literal["least", "most"]
    half_width: float = 0.0
    negative: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sentence on one of the papers, in clauses."""

    paper: str
    part: tuple[Part, ...]


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Claims of a paper that stand together."""

    paper: str
    title: str
    claims: tuple[str, ...]


class Printed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A curve of a paper, of which the register's claim has the numbers, for a panel of a figure."""

    claim: str
    figure: str
    panel: str
    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class _Sentences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sentence: tuple[Said, ...]


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Titles of datasets, topics, figures that stand first, signs by paper, parts of cases' ids, everywhere and by
    test, words in the names of tests, and curves of the papers."""

    datasets: Mapping[str, str]
    figures: tuple[str, ...]
    topic: tuple[Topic, ...]
    signs: Mapping[str, Mapping[str, str]]
    cases: Mapping[str, str]
    tests: Mapping[str, Mapping[str, str]]
    tests_words: Mapping[str, str]
    published: tuple[Printed, ...] = ()


@cache
def sentences(folder: Path = DEFAULT_PATH.parent) -> Sequence[Said]:
    """What is said first; raises `RegisterError` with the file and the place where it cannot be read."""
    return tuple(
        msgspec.structs.replace(said, part=tuple(_in_one_line(part) for part in said.part))
        for said in _read(folder / SENTENCES, _Sentences).sentence
    )


@cache
def words(folder: Path = DEFAULT_PATH.parent) -> Words:
    """How things are named; raises as `sentences` does."""
    return _read(folder / WORDS, Words)


def signs_in(claims: Iterable[Claim]) -> Iterator[tuple[Claim, list[str]]]:
    """Each claim with what the signs in its title mean that no title of the same paper before it has."""
    told: set[str] = set()
    for claim in claims:
        new = [meaning for meaning in signs_of(claim.paper, claim.title) if meaning not in told]
        told.update(new)
        yield claim, new


def signs_of(paper: str, *texts: str) -> list[str]:
    """What the signs of a paper mean that stand in texts as words of their own, each once."""
    known = words().signs.get(paper, {})
    parts = [part for text in texts for part in re.split(r"[\s=,:;()]+", text)]
    return list(dict.fromkeys(known[part] for part in parts if part in known))


def _read(path: Path, kind: type[File]) -> File:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise RegisterError(f"{path} cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegisterError(f"{path}: {error}") from error


def _in_one_line(part: Part) -> Part:
    """Line breaks inside a text read as spaces."""
    texts = {name: " ".join(getattr(part, name).split()) for name in ("supported", "refuted", "whether")}
    return msgspec.structs.replace(part, **texts)
