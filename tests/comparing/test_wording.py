"""What moved in words: rows, their order and what is left out."""

from typing import Any

import pytest

from support.comparing import wording
from support.document.changes import Answer, Answered, Baseline, Change, Comparison


def change(answer: Answer | Answered | None, move: float | None = 0.1, **fields: Any) -> Change:
    own: dict[str, Any] = {"before": 0.3, "after": 0.4, "margin": 0.05, "paired": 24, "interval": (0.05, None)}
    told = answer
    if isinstance(answer, str):
        told = Answered(answer=answer, worse="higher", measure="score", move=move, **own)
    known: dict[str, Any] = {"claim": "B-01", "reading": "sound", "case": "mnist", "kind": "effect", "text": "moved"}
    return Change(**(known | {"answer": told, "regression": False} | fields))


def comparison(*changes: Change, answer: Answer | None = "worse", **counts: int) -> Comparison:
    given: Any = {name.replace("_", " "): count for name, count in counts.items()}
    return Comparison(
        baseline=Baseline(file="b.json"), comparable=True, answer=answer, counts=given, changes=tuple(changes)
    )


def test_the_headline_says_the_answer_and_how_many_gave_which() -> None:
    said = wording.headline(comparison(worse=2, cannot_tell=1))
    assert said == "WORSE: it memorizes more than before (2 worse, 1 cannot tell)"
    assert wording.headline(comparison(answer="cannot tell")).endswith("no case that says so was measured in both")
    assert wording.headline(comparison(answer=None)) == "not asked whether it memorizes more than before"


def test_the_worst_stand_first_and_the_largest_of_them() -> None:
    cases = {"same": "same", "small": "worse", "better": "better", "large": "worse", "open": "cannot tell"}
    moves = {"small": 0.1, "large": 0.4}
    changes = [change(answer, moves.get(name, 0.0), case=name) for name, answer in cases.items()]  # type: ignore[arg-type]
    rows = wording.answer_rows(comparison(*changes, change(None)))
    assert [row.case for row in rows] == [f"sound, {name}" for name in ("large", "small", "better", "open", "same")]


def test_a_row_says_before_and_after_the_move_and_the_answer() -> None:
    (row,) = wording.answer_rows(comparison(change("worse", label="score, R3")))
    said = "score, R3 (margin 0.05, over 24 paired trials)"
    assert row.cells == ("WORSE", "B-01", "sound, mnist", "0.3", "0.4", "+0.1 [+0.05, ∞]", said)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"more_trials": 72}, "about 72 more trials would tell; margin 0.05, over 24 paired trials"),
        ({"more_trials": None, "paired": None}, "more trials may tell; margin 0.05, over both intervals"),
        (
            {"more_trials": 8, "clipped_to": 0.5, "clipped": 3},
            (
                "about 8 more trials would tell; margin 0.05, over 24 paired trials, "
                "moves beyond half a unit count as half a unit: 3 of them"
            ),
        ),
        ({"reason": "another scale", "margin": None}, "not compared: another scale"),
        (
            {"reason": "another scale", "margin": None, "clean_accuracy": (0.9, 0.85)},
            "not compared: another scale; clean accuracy 0.900 -> 0.850",
        ),
        ({"reason": "another scale", "margin": None, "clean_accuracy": (None, 0.85)}, "not compared: another scale"),
    ],
)
def test_a_row_says_what_else_there_is_to_say(fields: dict[str, Any], words: str) -> None:
    known: dict[str, Any] = {"answer": "cannot tell", "worse": "higher", "measure": "score", "margin": 0.05}
    told = Answered(**(known | {"paired": 24, "move": 0.01} | fields))
    (row,) = wording.answer_rows(comparison(change(told)))
    assert row.more == words


def test_what_stands_in_no_row_is_counted() -> None:
    changes = [change("worse")] * 3 + [change("same")] * 20 + [change("identical")] * 4
    assert len(wording.answer_rows(comparison(*changes))) == 20
    assert wording.rows_left(comparison(*changes)) == "and 7 more in the report: 3 same, 4 identical"
    assert wording.rows_left(comparison(*changes[:20])) is None


def test_verdicts_and_other_effects_are_told_apart_from_answers() -> None:
    changed = change("better", kind="verdict", before="supported", after="refuted", text="was, is")
    broken = change(None, kind="verdict", before="supported", after="not run", text="no data", regression=True)
    gone = change(None, kind="gone", before="supported", text="has no test", regression=True)
    whole = comparison(change("worse"), changed, broken, gone, change(None, text="moved by 3"))
    assert [row.cells for row in wording.verdict_rows(whole)] == [
        ("B-01", "sound, mnist", "supported", "not run", "no longer as registered; no data"),
        ("B-01", "sound, mnist", "supported", "gone", "has no test"),
        ("B-01", "sound, mnist", "supported", "refuted", "was, is"),
    ]
    assert [other.text for other in wording.other_moves(whole)] == ["moved by 3"]
    assert wording.counted(whole) == (
        "2 verdict changed, 1 of them no longer as registered, 1 gone, 1 effect moved of which neither way is worse"
    )
    assert wording.counted(comparison(change("same"))) == "no verdict changed"
    assert wording.counted(comparison()) == "no case in common"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    lines = list(wording.aligned(("a", "b"), [("one", "x"), ("three", "long")]))
    assert lines == ["a      b", "one    x", "three  long"]
