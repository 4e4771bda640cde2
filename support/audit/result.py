"""What an audit found: a row for each question, of one model or of two, as values, a table or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from support.statistics.answers import Answer, over_all

if TYPE_CHECKING:
    import pandas

FORMAT = "spurious-claims-audit/1"
# Of a table.
Cell = float | str | int | None
Says = Literal["yes", "no", "cannot tell"]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One number of one model.

    Attributes
    ----------
    value : mean over trials as they are.
    low, high : ends of the confidence sequence of the mean over trials that are clipped to the measure's range (of a
        measure without one: of the median); None where nothing is bounded.
    clipped : trials beyond that range, which count as its nearest end.
    level : of that sequence, at every number of trials at once.
    says : whether the effect lies above the question's edge.
    trials : one number each, in their order.
    """

    value: float
    low: float | None
    high: float | None
    clipped: int
    level: float
    says: Says
    trials: tuple[float, ...]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """By how much the number of two models differs, after minus before, over their common trials.

    Attributes
    ----------
    value : mean over trials that are clipped to the move's range (of a measure without one the median).
    low, high, level : as `Reading`.
    margin : the least move that is worth caring about.
    clipped : trials whose move was beyond the range, and counts as its end.
    answer : what it says.
    more : about how many more trials would tell; None where that cannot be said, or nothing is left to tell.
    """

    value: float
    low: float | None
    high: float | None
    level: float
    margin: float
    clipped: int
    answer: Answer
    more: int | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One question and what was found; `before` and `move` where two models were asked.

    `beside` says that it describes another row's answer, and is no part of what is answered over all.
    """

    key: str
    label: str
    measure: str
    edge: float
    beside: bool = False
    after: Reading
    before: Reading | None = None
    move: Move | None = None


class Audit(msgspec.Struct, frozen=True, kw_only=True, tag_field="format", tag=FORMAT):
    """What was found of a model, or of a change from one to another.

    Attributes
    ----------
    model, before : names.
    trained, trained_before : how, in words.
    data : the images.
    target : class whose images carried the pattern.
    seed : of all draws.
    rows : one for each question that was asked.
    not_asked : questions that could not be, and why.
    clean_accuracy, clean_accuracy_before : mean over the untreated networks, a share of test images.
    remarks : what a reader should know.
    seconds : how long it took.
    complete : whether every question was decided or spent its trials.
    """

    model: str
    trained: str
    data: str
    target: int
    seed: int
    rows: tuple[Row, ...]
    clean_accuracy: float | None = None
    before: str | None = None
    trained_before: str | None = None
    clean_accuracy_before: float | None = None
    not_asked: dict[str, str] = {}
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0
    complete: bool = True

    @property
    def answer(self) -> Answer | None:
        """Of the change, over all questions; None where one model was asked."""
        moves = [row.move.answer for row in self.rows if row.move is not None and not row.beside]
        return over_all(moves) if self.before is not None else None

    def row(self, key: str) -> Row:
        """The row of a question.

        Raises
        ------
        KeyError : it was not asked.
        """
        for row in self.rows:
            if row.key == key:
                return row
        raise KeyError(f"{key!r} was not asked: {', '.join(row.key for row in self.rows)}")

    def to_json(self) -> bytes:
        """Indented, with the answer over all."""
        found = msgspec.to_builtins(self)
        found["answer"] = self.answer
        return msgspec.json.format(msgspec.json.encode(found), indent=1)

    def to_dataframe(self) -> pandas.DataFrame:
        """A row for each question, its key the index.

        Raises
        ------
        ModuleNotFoundError : pandas is not installed.
        """
        import pandas

        columns: list[dict[str, Cell]] = []
        for row in self.rows:
            told: dict[str, Cell] = {"key": row.key, "label": row.label, "edge": row.edge}
            told |= _columns("", row.after)
            if row.before is not None and row.move is not None:
                told |= _columns("before_", row.before)
                move = msgspec.structs.asdict(row.move)
                told |= {f"move_{name}": move[name] for name in ("value", "low", "high", "margin", "clipped", "more")}
                told["answer"] = row.move.answer
            columns.append(told)
        return pandas.DataFrame(columns).set_index("key")


def _columns(prefix: str, reading: Reading) -> dict[str, Cell]:
    found = msgspec.structs.asdict(reading)
    told: dict[str, Cell] = {
        f"{prefix}{name}": found[name] for name in ("value", "low", "high", "clipped", "level", "says")
    }
    return told | {f"{prefix}trials": len(reading.trials)}
