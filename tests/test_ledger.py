"""The ledger of a run: how costs are divided, and where its line is drawn."""

import csv
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ledger import Spent, as_csv, ledger, main, markdown, spent_on
from support.document.types import Case, Claim, Command, Evidence, Look, Measure, NotRun, Reading, Region, Report, Run
from support.evidence.entries import Entry, Making, Manifest
from support.evidence.keys import SCHEMA, Origin
from support.evidence.places import Stored

A, B = b"A", b"B"
KEYS = {"a": A, "b": B}


def stored(d: int, trial: int, arm: int, sources: str = "today's", **making: Any) -> Stored:
    origin = Origin(
        schema=SCHEMA,
        experiment="an experiment",
        fields={"d": d},
        arm=arm,
        trial=trial,
        seed=0,
        device="cpu",
        datasets={},
        network=None,
        sources=sources,
    )
    given: dict[str, Any] = {"seconds": 6.0, "threads": 1, "arms": 3}
    rest: dict[str, Any] = {"commit": None, "device": "cpu", "machine": "", "versions": {}, "process": 1}
    manifest = Manifest(origin=origin, making=Making(**(rest | given | making)))
    return Stored(origin.key, Entry(manifest, {"x": [1.0]}, ""), b"", Path("place"))


def case(name: str, *evidence: tuple[str, int], **changes: Any) -> Case:
    given: dict[str, Any] = {
        "id": name,
        "test": f"claims/test_x.py::test_x[{name}]",
        "verdict": "supported",
        "look": Look(trials=4, budget=8),
        "evidence": tuple(Evidence(experiment="x", key=key, cells=cells) for key, cells in evidence),
        "seconds": 0.25,
    }
    return Case(**(given | changes))


def report(*cases: Case) -> Report:
    reading = Reading(reading="sound", verdict="supported", tested=1, settings=1, cases=cases)
    claim = Claim(id="A-01", paper="A", title="", statement="", readings=(reading,))
    run = Run(scale="quick", seed=0)
    return Report(run=run, papers={}, claims=(claim,), departures=(), comparison=None, conclusions=())


def test_a_trial_s_seconds_are_shared_by_the_arms_that_were_measured_at_once() -> None:
    entries = [stored(3, trial, arm) for trial in (0, 1) for arm in (0, 1, 2)] + [stored(4, 0, 0, threads=2, arms=1)]
    spent, of = spent_on(entries)
    assert {(each.core_seconds, each.cells) for each in spent.values()} == {(12.0, 6), (12.0, 1)}
    assert len({of[entry.key] for entry in entries}) == 2


def test_cells_count_together_whichever_code_made_them_and_once_where_two_versions_did() -> None:
    """Trials 0 and 1 of earlier code at 2 core-seconds an arm, 1 and 2 of today's at 4: 2 + (2 + 4) / 2 + 4."""
    earlier = [stored(3, trial, 0, sources="earlier") for trial in (0, 1)]
    today = [stored(3, trial, 0, seconds=12.0) for trial in (1, 2)]
    spent, of = spent_on([*earlier, *today])
    assert list(spent.values()) == [Spent(9.0, 3)]
    assert {of[entry.key] for entry in (*earlier, *today)} == set(spent)


def test_cells_that_several_read_are_divided_among_them() -> None:
    """12 cells of 2 core-seconds; three cases read 24 of them in all, so that each pays half."""
    spent = {A: Spent(24.0, 12)}
    lines = ledger(report(case("one", ("a", 12)), case("two", ("a", 8)), case("three", ("a", 4))), spent, KEYS)
    assert [(line.name, line.share, line.alone) for line in lines] == [
        ("A-01 sound test_x [three]", 4.0, 2.0),
        ("A-01 sound test_x [two]", 8.0, 4.0),
        ("A-01 sound test_x [one]", 12.0, 6.0),
    ]


def test_nobody_pays_for_cells_that_nobody_read() -> None:
    spent = {A: Spent(24.0, 12), B: Spent(5.0, 5)}
    (line,) = ledger(report(case("one", ("a", 4))), spent, KEYS)
    assert (line.share, line.alone) == (8.0, 2.0)
    assert "8.0 core-seconds in all, as the machine was loaded; 21.0 more" in markdown(report(), [line], 29.0)


def test_a_case_without_evidence_costs_its_test_s_seconds() -> None:
    (line,) = ledger(report(case("one", look=None)), {}, {})
    assert (line.share, line.alone, line.looked, line.evidence) == (0.25, None, None, False)


def test_evidence_of_another_run_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"the evidence lacks x \(key c\), which claims/test_x\.py::test_x\[one\] read"
    ):
        ledger(report(case("one", ("c", 4))), {}, KEYS)


def test_the_line_is_drawn_where_the_sum_passes_it() -> None:
    spent = {A: Spent(24.0, 12)}
    lines = ledger(report(case("one", ("a", 6)), case("two", ("a", 4)), case("three", ("a", 2))), spent, KEYS)
    rows = [row for row in markdown(report(), lines, 24.0, line_at=12.0).splitlines() if row.startswith("| ")][2:]
    assert [row.split(" | ")[0] for row in rows] == ["| 4.0", "| 12.0", "| 12 core-s", "| 24.0"]


def test_what_has_a_time_of_its_own_is_listed_apart() -> None:
    """12 cells of 2 core-seconds, all read by both lists: each pays for them whole, as it would without the other."""
    alone = case("two", ("a", 12), command=Command(tests=("claims/test_x.py::test_x[two]",), only="hours"))
    shown = report(case("one", ("a", 12)), alone)
    own, apart = markdown(shown, ledger(shown, {A: Spent(24.0, 12)}, KEYS), 24.0).split(
        "## In a time of their own: hours"
    )
    assert "1 cases ran, for 24.0 core-seconds in all" in own
    assert r"\[one\]" in own
    assert r"\[two\]" not in own
    assert "| 24.0 | 24.00 | 6.000 |" in apart
    assert r"\[one\]" not in apart


def test_what_was_not_run_for_want_of_trials_is_listed() -> None:
    wanting = case(
        "one", verdict="not run", look=None, not_run=NotRun(why="not asked here", reason="too few", planned=96)
    )
    text = markdown(report(wanting), ledger(report(wanting), {}, {}), 0.0)
    assert r"| A-01 sound test\_x \[one\] | 96 |" in text


def test_what_is_undecided_says_how_many_trials_would_tell() -> None:
    """Eight networks that agree; thirteen say "more than half", and the look after twelve is at sixteen."""
    known: dict[str, Any] = {
        "verdict": "inconclusive",
        "look": Look(trials=8, budget=8),
        "effect": 1.0,
        "effect_kind": "mean",
        "interval": (0.3, 1.0),
        "level": 0.999,
        "region": Region(low=0.5),
        "trials": (1.0,) * 8,
        "measure": Measure(name="share", low=0, high=1, route="share", margin=0.05),
    }
    split = known | {"trials": (0.0, 1.0) * 4}
    part = known | {"effect_kind": "ratio"}
    shown = report(case("one", **known), case("two", **split), case("three", **part), case("four"))
    rows = markdown(shown, ledger(shown, {}, {}), 0).partition("## Undecided")[2].splitlines()[4:]
    assert [row.rpartition("|")[0].rpartition("|")[2].strip() for row in rows] == [
        "16",
        "over 256",
        "not known: the report holds a part only",
    ]


def test_the_table_for_programs_has_numbers() -> None:
    lines = ledger(report(case("one", ("a", 12))), {A: Spent(24.0, 12)}, KEYS)
    (row,) = csv.DictReader(as_csv(lines).splitlines())
    assert (row["share"], row["alone"], row["budget"]) == ("24.0", "6.0", "8")


def test_what_cannot_be_read_ends_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / "absent.json"), str(tmp_path)])
    assert stopped.value.code == 2
    assert "cannot read the report" in capsys.readouterr().err
