"""The register of claims: `claims/register.toml`, read and validated.

The file is the suite's table of contents. Everything that names a claim (tests, verdicts, the report)
takes its words from here, so a malformed entry is refused before any compute is spent.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

Kind = Literal["exact", "deterministic", "statistical"]
Reading = Literal["printed", "published", "sound"]
DepartureKind = Literal["erratum", "finding", "slip"]

DEFAULT_PATH = Path(__file__).resolve().parent.parent / "claims" / "register.toml"

CLAIM_ID = re.compile(r"[A-Z]-\d{2}")
# The letter of each kind's ids.
LETTERS: Mapping[DepartureKind, str] = MappingProxyType({"erratum": "E", "finding": "F", "slip": "S"})


class RegisterError(ValueError):
    """The register is missing or malformed, or was asked for an entry that it does not hold."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One of the papers under study; `source` says what text and code of it were at hand, `arxiv` its id there."""

    title: str
    authors: str
    reference: str
    source: str
    arxiv: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One checkable statement of a paper.

    `kind` says how it is decided: `exact` holds to rounding, `deterministic` is fixed by the data and stored
    seeds, `statistical` needs repeated trials. `protocol` is the paper's own; `rests_on` lists the claims
    that this one presupposes; `covered_by` the test modules that decide it, none where it is not covered;
    `not_checkable` says why nothing could decide it, where the sources at hand do not say what is claimed; `headline`
    that it is one of those by which a paper is known, which a quick run decides; `extension` that it is a question of
    this suite, which no paper asks.
    """

    id: str
    title: str
    statement: str
    place: str
    kind: Kind
    provenance: str
    protocol: str
    refuted_by: str
    published_numbers: str | None = None
    rests_on: tuple[str, ...] = ()
    covered_by: tuple[str, ...] = ()
    not_checkable: str | None = None
    headline: bool = False
    extension: bool = False

    @property
    def paper(self) -> str:
        """Key of the paper, the letter in front of the id."""
        return self.id[0]


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A reading of a claim that does not hold as it stands, with what holds instead and what that changes.

    `kind` is an `erratum` where a printed formula or sentence is false as shown in exact arithmetic, or two places of a
    paper and its code do not agree; a `finding` where an experiment differs from the paper's at the sizes run here; a
    `slip` where a third party's summary of a paper is wrong, which its authors did not write. `reading` is `printed`
    for a formula or sentence, `published` for the protocol of the released code, and `sound` where even the fair
    protocol comes out against the claim. `formerly` is the id under which earlier reports name it.
    """

    id: str
    kind: DepartureKind
    claim: str
    reading: Reading
    title: str
    place: str
    printed: str
    corrected: str
    explanation: str
    changes: str
    formerly: str | None = None


@dataclass(frozen=True)
class Register:
    """Papers by key; claims, and departures by kind, in ascending order of their ids."""

    papers: Mapping[str, Paper]
    claims: tuple[Claim, ...]
    departures: tuple[Departure, ...]

    @property
    def extensions(self) -> frozenset[str]:
        """Ids of the claims that this suite asks and no paper."""
        return frozenset(claim.id for claim in self.claims if claim.extension)

    def claim(self, claim_id: str) -> Claim:
        """Return the claim with this id; raise `RegisterError` with the nearest id if there is none."""
        return _find("claim", claim_id, self.claims)

    def departure(self, kind: DepartureKind, departure_id: str) -> Departure:
        """Return the one of this kind and id; raise `RegisterError` with the nearest id if there is none."""
        return _find(kind, departure_id, [entry for entry in self.departures if entry.kind == kind])


def load_register(path: Path | None = None) -> Register:
    """Read and validate a register, by default the one that ships with the suite.

    Line breaks inside a text are read as spaces. Raises `RegisterError` in one sentence that names the file,
    the entry and the fault.
    """
    path = DEFAULT_PATH if path is None else path
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RegisterError(
            f"no register at {path}: run from a checkout of the suite, where claims/ stands beside support/"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegisterError(f"{path} is not valid TOML: {error}") from error
    try:
        return _register(tables)
    except RegisterError as error:
        raise RegisterError(f"{path}: {error}") from error


def _register(tables: dict[str, Any]) -> Register:
    unknown = sorted(tables.keys() - {"papers", "claim", *LETTERS})
    if unknown:
        raise RegisterError(f"unknown key {unknown[0]!r}; the tables are papers, claim, {', '.join(LETTERS)}")
    paper_tables = tables.get("papers", {})
    if not isinstance(paper_tables, dict):
        raise RegisterError("papers must be a table with one entry a paper")
    papers = {key: Paper(**_checked(Paper, table, f"papers.{key}")) for key, table in paper_tables.items()}
    claims = [Claim(**_checked(Claim, table, where)) for where, table in _entries(tables, "claim")]
    departures = [
        Departure(kind=kind, **_checked(Departure, table, where))
        for kind in LETTERS
        for where, table in _entries(tables, kind)
    ]
    _check_ids([claim.id for claim in claims], CLAIM_ID, "a paper's letter and two digits, such as A-03")
    for kind, letter in LETTERS.items():
        ids = [departure.id for departure in departures if departure.kind == kind]
        _check_ids(ids, re.compile(rf"{letter}-[1-9]\d*"), f"{letter} and a number, such as {letter}-1")
    _check_claims(claims, papers)
    _check_departures(departures, {claim.id for claim in claims})
    return Register(MappingProxyType(papers), tuple(claims), tuple(departures))


def _entries(tables: dict[str, Any], name: str) -> list[tuple[str, Any]]:
    """Pair each table of `[[name]]` with words that tell a reader which one it is."""
    array = tables.get(name, [])
    if not isinstance(array, list):
        raise RegisterError(f"{name} must be an array of tables, written [[{name}]]")
    entries = []
    for number, table in enumerate(array, start=1):
        known_id = isinstance(table, dict) and isinstance(table.get("id"), str)
        entries.append((f"{name} {table['id']}" if known_id else f"{name} number {number}", table))
    return entries


def _checked(kind_of_entry: type[Paper] | type[Claim] | type[Departure], table: Any, where: str) -> dict[str, Any]:
    """Check an entry's keys and types against its dataclass; return its values with line breaks folded.

    The kind of a departure is the name of its table, and no key.
    """
    if not isinstance(table, dict):
        raise RegisterError(f"{where} must be a table, got {table!r}")
    named_by_table = "kind" if kind_of_entry is Departure else None
    known = {field.name: field for field in fields(kind_of_entry) if field.name != named_by_table}
    for key in table:
        if key not in known:
            raise RegisterError(f"{where} has an unknown key {key!r}; the keys are {', '.join(known)}")
    for key, field in known.items():
        if field.default is MISSING and key not in table:
            raise RegisterError(f"{where} lacks the key {key!r}")
    readers = {"rests_on": _texts, "covered_by": _texts, "headline": _flag, "extension": _flag}
    return {key: readers.get(key, _text)(value, key, where) for key, value in table.items()}


def _flag(value: Any, key: str, where: str) -> bool:
    if not isinstance(value, bool):
        raise RegisterError(f"{where}: {key} must be true or false, got {value!r}")
    return value


def _text(value: Any, key: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RegisterError(f"{where}: {key} must be a non-empty text, got {value!r}")
    return " ".join(value.split())


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RegisterError(f"{where}: {key} must be a list of texts, got {value!r}")
    return tuple(value)


def _check_ids(ids: Sequence[str], pattern: re.Pattern[str], wanted: str) -> None:
    for entry_id in ids:
        if not pattern.fullmatch(entry_id):
            raise RegisterError(f"{entry_id!r} is not an id: it must be {wanted}")
    seen: set[str] = set()
    for entry_id in ids:
        if entry_id in seen:
            raise RegisterError(f"the id {entry_id} occurs twice")
        seen.add(entry_id)
    for before, after in pairwise(ids):
        if _rank(after) < _rank(before):
            raise RegisterError(f"{after} stands after {before}: ids must ascend")


def _rank(entry_id: str) -> tuple[str, int]:
    letter, number = entry_id.split("-")
    return letter, int(number)


def _check_claims(claims: Sequence[Claim], papers: Mapping[str, Paper]) -> None:
    ids = {claim.id for claim in claims}
    for claim in claims:
        if claim.paper not in papers:
            raise RegisterError(f"claim {claim.id} belongs to no listed paper: there is no papers.{claim.paper}")
        if claim.kind not in get_args(Kind):
            raise RegisterError(f"claim {claim.id}: kind must be {_one_of(Kind)}, got {claim.kind!r}")
        for premise in claim.rests_on:
            if premise not in ids:
                raise RegisterError(f"claim {claim.id} rests on {premise!r}, which is no claim of the register")


def _check_departures(departures: Sequence[Departure], claim_ids: set[str]) -> None:
    for entry in departures:
        if entry.claim not in claim_ids:
            raise RegisterError(f"{entry.kind} {entry.id} concerns {entry.claim!r}, which is no claim of the register")
        if entry.reading not in get_args(Reading):
            raise RegisterError(f"{entry.kind} {entry.id}: reading must be {_one_of(Reading)}, got {entry.reading!r}")


def _one_of(literal: Any) -> str:
    return " or ".join(repr(choice) for choice in get_args(literal))


Entry = TypeVar("Entry", Claim, Departure)


def _find(name: str, entry_id: str, entries: Sequence[Entry]) -> Entry:
    by_id = {entry.id: entry for entry in entries}
    if entry_id in by_id:
        return by_id[entry_id]
    near = _nearest(entry_id, list(by_id))
    raise RegisterError(f"no {name} {entry_id!r} in the register" + (f"; did you mean {near}?" if near else ""))


def _nearest(entry_id: str, ids: Sequence[str]) -> str | None:
    """Find the id that was probably meant: a slip of form (`a3` for `A-03`), else the closest spelling."""
    if slip := re.fullmatch(r"([A-Za-z])[-_ ]?(\d{1,3})", entry_id.strip()):
        meant = (slip[1].upper(), int(slip[2]))
        for known in ids:
            if _rank(known) == meant:
                return known
    return next(iter(get_close_matches(entry_id.upper(), ids, n=1)), None)
