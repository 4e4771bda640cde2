"""The register of claims: the shipped file is complete and clean, bad files are refused in plain words."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from support.document.second_schema import RENAMED
from support.register import DEFAULT_PATH, LETTERS, Claim, Departure, Paper, Register, RegisterError, load_register

IDS_OF_A = [f"A-{number:02d}" for number in range(1, 42)]  # the last is the suite's own question
IDS_OF_B = [f"B-{number:02d}" for number in range(1, 58)]  # the last too
TITLE_LENGTH = 70  # a title must fit one cell of the report's table

PLACEHOLDER = re.compile(r"TODO|TBD|FIXME|XXX|lorem|placeholder|\.\.\.|\?\?", re.IGNORECASE)
# Shorthand of research notes: a stranger has no key to it.
NOTE_CODE = re.compile(r"\bP[AB]-|\[(?:DIG|TXT|CODE|NB|REV|REC|DER|CHK)\]")

MINIMAL = '''
[papers.A]
title = "A paper"
authors = "N. N."
reference = "Journal"
source = "Full text."

[[claim]]
id = "A-01"
title = "First"
statement = """
One equals
  one."""
place = "Section 1"
kind = "exact"
provenance = "Stated."
protocol = "None."
refuted_by = "Inequality."

[[claim]]
id = "A-02"
title = "Second"
statement = "Two equals two."
place = "Section 2"
kind = "statistical"
provenance = "Stated."
published_numbers = "2"
protocol = "None."
refuted_by = "Inequality."
rests_on = ["A-01"]

[[erratum]]
id = "E-1"
claim = "A-02"
reading = "printed"
title = "Slip"
place = "Section 2"
printed = "Two equals three."
corrected = "Two equals two."
explanation = "Counting."
changes = "Nothing."
'''


@pytest.fixture(scope="module")
def shipped() -> Register:
    return load_register()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        path = tmp_path / "register.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def texts(register: Register) -> Iterator[tuple[str, str]]:
    """Every text of the register with words saying where it stands."""
    entries: list[Paper | Claim | Departure] = [*register.papers.values(), *register.claims, *register.departures]
    for entry in entries:
        for key, value in dataclasses.asdict(entry).items():
            if isinstance(value, str):
                yield f"{entry.title}, {key}", value


# 1. The shipped file


def test_default_path_lies_in_the_claims_folder() -> None:
    assert DEFAULT_PATH.parts[-2:] == ("claims", "register.toml")
    assert DEFAULT_PATH.is_file()


def test_holds_every_claim_of_both_papers(shipped: Register) -> None:
    assert [claim.id for claim in shipped.claims] == IDS_OF_A + IDS_OF_B
    assert set(shipped.papers) == {"A", "B"}
    assert {claim.paper for claim in shipped.claims} == {"A", "B"}


def test_errata_findings_and_slips_are_three_lists(shipped: Register) -> None:
    listed = {kind: [entry.id for entry in shipped.departures if entry.kind == kind] for kind in LETTERS}
    assert listed == {
        "erratum": [f"E-{number}" for number in (*range(3, 12), 15, *range(19, 24))],
        "finding": ["F-1", "F-2", "F-3", "F-4", "F-5", "F-6", "F-7", "F-8"],
        "slip": ["S-1", "S-2"],
    }
    assert shipped.departure("slip", "S-1").claim == "A-03"


def test_what_had_another_id_says_so(shipped: Register) -> None:
    """Published reports name it, and are read with the id of today."""
    assert {entry.formerly: entry.id for entry in shipped.departures if entry.formerly} == RENAMED
    assert not RENAMED.keys() & {entry.id for entry in shipped.departures}


def test_a_finding_s_title_names_its_sizes(shipped: Register) -> None:
    titles = [entry.title for entry in shipped.departures if entry.kind == "finding"]
    assert [title for title in titles if not re.search(r"\d{3} (points|images)", title)] == []


def test_a_slip_is_said_to_be_the_summary_s(shipped: Register) -> None:
    for entry in shipped.departures:
        if entry.kind == "slip":
            assert "summary" in entry.title
            assert "third-party summary" in entry.place
            assert "The words of the summary" in entry.printed


def test_titles_fit_a_table_and_are_unique(shipped: Register) -> None:
    titles = [claim.title for claim in shipped.claims]
    assert [title for title in titles if len(title) > TITLE_LENGTH or title.endswith(".")] == []
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("key", ["statement", "provenance", "protocol", "refuted_by"])
def test_sentences_end_with_a_full_stop(shipped: Register, key: str) -> None:
    assert [claim.id for claim in shipped.claims if not getattr(claim, key).endswith(".")] == []


def test_no_placeholder_and_no_note_code(shipped: Register) -> None:
    found = [where for where, text in texts(shipped) if PLACEHOLDER.search(text) or NOTE_CODE.search(text)]
    assert found == []


def test_unconfirmed_claims_say_so(shipped: Register) -> None:
    for claim_id in ("A-04", "A-06", "A-14", "A-16"):
        assert "In no text at hand" in shipped.claim(claim_id).provenance
    for claim_id in ("A-41", "B-57"):
        assert shipped.claim(claim_id).place.startswith("Nowhere in the paper")
        assert shipped.claim(claim_id).provenance.startswith("In no text")
    for claim_id in ("A-14", "A-16"):
        provenance = shipped.claim(claim_id).provenance
        assert "Recalled" in provenance
        assert "not confirmed" in provenance
    assert "unknown" in shipped.claim("A-24").provenance


def test_rests_on_is_acyclic(shipped: Register) -> None:
    order = TopologicalSorter({claim.id: claim.rests_on for claim in shipped.claims}).static_order()
    assert sorted(order) == IDS_OF_A + IDS_OF_B


@pytest.mark.parametrize(
    ("asked", "suggested"),
    [("A-3", "A-03"), ("a-03", "A-03"), ("b18", "B-18"), ("B-58", "B-57"), ("A-003", "A-03")],
)
def test_unknown_claim_suggests_the_nearest(shipped: Register, asked: str, suggested: str) -> None:
    with pytest.raises(RegisterError, match=rf"no claim '{asked}' in the register; did you mean {suggested}\?"):
        shipped.claim(asked)


def test_unknown_claim_with_nothing_near(shipped: Register) -> None:
    with pytest.raises(RegisterError, match=r"no claim 'theorem' in the register$"):
        shipped.claim("theorem")


# 2. Reading a file


def test_reads_every_field(write: Callable[[str], Path]) -> None:
    register = load_register(write(MINIMAL))
    assert register.claim("A-01") == Claim(
        id="A-01",
        title="First",
        statement="One equals one.",
        place="Section 1",
        kind="exact",
        provenance="Stated.",
        protocol="None.",
        refuted_by="Inequality.",
    )
    assert register.claim("A-02").rests_on == ("A-01",)
    assert register.claim("A-02").published_numbers == "2"
    assert register.departure("erratum", "E-1") == Departure(
        id="E-1",
        kind="erratum",
        claim="A-02",
        reading="printed",
        title="Slip",
        place="Section 2",
        printed="Two equals three.",
        corrected="Two equals two.",
        explanation="Counting.",
        changes="Nothing.",
    )
    assert register.papers["A"].authors == "N. N."


def test_register_cannot_be_changed(write: Callable[[str], Path]) -> None:
    register = load_register(write(MINIMAL))
    with pytest.raises(dataclasses.FrozenInstanceError):
        register.claims[0].title = "Other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        register.papers["B"] = register.papers["A"]  # type: ignore[index]


# 3. Bad files


def test_missing_file_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match=r"no register at .*absent\.toml: run from a checkout"):
        load_register(tmp_path / "absent.toml")


def test_invalid_toml_names_the_file(write: Callable[[str], Path]) -> None:
    with pytest.raises(RegisterError, match=r"register\.toml is not valid TOML"):
        load_register(write("[papers.A\n"))


SECOND_CLAIM = MINIMAL[MINIMAL.index('[[claim]]\nid = "A-02"') : MINIMAL.index("[[erratum]]")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[papers.A]",
            "[notes]\n[papers.A]",
            "unknown key 'notes'; the tables are papers, claim, erratum, finding, slip",
        ),
        (
            'place = "Section 1"',
            'plaec = "Section 1"',
            "claim A-01 has an unknown key 'plaec'; the keys are id,",
        ),
        ('place = "Section 1"\n', "", "claim A-01 lacks the key 'place'"),
        ('id = "A-01"\n', "", "claim number 1 lacks the key 'id'"),
        ('authors = "N. N."\n', "", "papers.A lacks the key 'authors'"),
        ('printed = "Two equals three."\n', "", "erratum E-1 lacks the key 'printed'"),
        ('place = "Section 1"', "place = 1", "claim A-01: place must be a non-empty text, got 1"),
        ('place = "Section 1"', 'place = " "', "claim A-01: place must be a non-empty text, got ' '"),
        ('["A-01"]', '"A-01"', "claim A-02: rests_on must be a list of texts, got 'A-01'"),
        ('id = "A-02"', 'id = "A-01"', "the id A-01 occurs twice"),
        ('id = "A-02"', 'id = "A-2"', "'A-2' is not an id: it must be a paper's letter and two digits"),
        ('id = "A-01"', 'id = "A-03"', "A-02 stands after A-03: ids must ascend"),
        ('id = "A-01"', 'id = "B-01"', "A-02 stands after B-01: ids must ascend"),
        ('id = "A-02"', 'id = "B-02"', "claim B-02 belongs to no listed paper: there is no papers.B"),
        ('"exact"', '"sure"', "kind must be 'exact' or 'deterministic' or 'statistical', got 'sure'"),
        ('["A-01"]', '["A-09"]', "claim A-02 rests on 'A-09', which is no claim of the register"),
        (
            'claim = "A-02"',
            'claim = "A-09"',
            "erratum E-1 concerns 'A-09', which is no claim of the register",
        ),
        ('"printed"', '"true"', "erratum E-1: reading must be 'printed' or 'published' or 'sound', got 'true'"),
        ('id = "E-1"', 'id = "E1"', "'E1' is not an id: it must be E and a number, such as E-1"),
        (SECOND_CLAIM, "", "erratum E-1 concerns 'A-02'"),
        ("[[erratum]]", "[[slip]]", "'E-1' is not an id: it must be S and a number, such as S-1"),
        ('id = "E-1"', 'id = "E-1"\nkind = "slip"', "erratum E-1 has an unknown key 'kind'"),
    ],
)
def test_bad_file_is_refused(write: Callable[[str], Path], old: str, new: str, message: str) -> None:
    assert MINIMAL.count(old) == 1
    with pytest.raises(RegisterError, match=re.escape(message)) as refused:
        load_register(write(MINIMAL.replace(old, new)))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("papers = 1", "papers must be a table with one entry a paper"),
        ("[papers]\nA = 1", "papers.A must be a table, got 1"),
        ("claim = 1", "claim must be an array of tables, written [[claim]]"),
        ("erratum = [1]", "erratum number 1 must be a table, got 1"),
    ],
)
def test_file_of_the_wrong_shape_is_refused(write: Callable[[str], Path], text: str, message: str) -> None:
    with pytest.raises(RegisterError, match=re.escape(message)):
        load_register(write(text))


def test_a_headline_is_true_or_false() -> None:
    assert {claim.id for claim in load_register().claims if claim.headline} >= {"A-03", "B-02", "B-28"}


def test_what_no_paper_asks_is_an_extension_and_says_so() -> None:
    register = load_register()
    assert register.extensions == {"A-41", "B-57"}
    for name in register.extensions:
        assert register.claim(name).statement.startswith("A question of this suite")
        assert register.claim(name).place.startswith("Nowhere in the paper")
    assert not any(claim.place.startswith("Nowhere in the paper") for claim in register.claims if not claim.extension)
