"""Whether it memorizes more than before: the answer of each case, of all of them, and whether a run fails by it.

A case has an answer where one way of its measure is worse; this run says which, whatever the baseline said. The rule
stands in `support.statistics.answers`; it goes by the interval of the move (`support.comparing.moves`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from msgspec.structs import replace

from support.comparing.moves import Move, Runs, most_of, trials_in_pairs, width_of
from support.document.changes import Answer, Answered, Change, Comparison, FailOn
from support.document.types import Case
from support.statistics.answers import answer_of, is_told, over_all
from support.statistics.differences import paired_moves
from support.statistics.planning import forecast

# As far as more trials are foreseen, and by how many resamplings of those seen.
MOST_TRIALS = 4096
RESAMPLES = 20


def answered(before: Case, after: Case, move: Move | str, runs: Runs) -> Answered | None:
    """The answer of a case; None where neither way of its measure is worse, or there is none.

    Parameters
    ----------
    move : of its effect, or why the two effects cannot be compared.
    """
    measure = after.measure
    if measure is None or measure.worse is None:
        return None
    told = Answered(
        answer="cannot tell",
        worse=measure.worse,
        measure=measure.name,
        before=before.effect,
        after=after.effect,
        clean_accuracy=(_clean_accuracy(before), _clean_accuracy(after)),
    )
    if isinstance(move, str):
        return replace(told, reason=move)
    found, margin = move.difference, move.margin or measure.margin
    same = identical(before, after, runs)
    answer = answer_of(found.value, found.low, found.high, margin, measure.worse, identical=same)
    return replace(
        told,
        answer=answer,
        move=found.value,
        interval=move.ends,
        margin=margin,
        paired=found.paired,
        clipped_to=found.clipped_to,
        clipped=found.clipped,
        more_trials=_more_trials(before, after, margin) if answer == "cannot tell" and found.paired else None,
    )


def identical(before: Case, after: Case, runs: Runs) -> bool:
    """Whether both drew the same random numbers, and every number that came of them is the same to the bit."""
    return (
        runs.same_seed
        and before.sizes == after.sizes
        and (before.effect, before.interval, before.trials) == (after.effect, after.interval, after.trials)
    )


def together(changes: Sequence[Change]) -> tuple[Answer, dict[Answer, int]]:
    """What all answers say together, and how many there are of each that occurs."""
    given = [change.answer.answer for change in changes if change.answer is not None]
    count = Counter(given)
    return over_all(given), {answer: count[answer] for answer in get_args(Answer) if count[answer]}


def fails(comparison: Comparison, fail_on: FailOn) -> bool:
    """Whether a run fails by what moved.

    Parameters
    ----------
    fail_on : ``worse``: where it memorizes more than before; ``changed``: also where a case memorizes less, a verdict
        is another, or a case is gone; ``never``.
    """
    if fail_on == "never":
        return False
    if comparison.answer == "worse":
        return True
    another = any(change.kind in ("verdict", "gone") for change in comparison.changes)
    return fail_on == "changed" and (another or bool(comparison.counts.get("better")))


def _more_trials(before: Case, after: Case, margin: float) -> int | None:
    """How many more trials will probably tell, by resampling the moves seen; None where not even thousands would."""
    found, width = trials_in_pairs(before, after), width_of(after.measure)
    if found is None or width is None:
        return None
    moves, bound = paired_moves(*found), most_of(after.measure) or width
    if len(moves) >= MOST_TRIALS:
        return None
    return (
        forecast(
            moves, lambda seen: is_told(seen.tolist(), bound, margin), MOST_TRIALS, resamples=RESAMPLES
        ).nine_in_ten
        or None
    )


def _clean_accuracy(case: Case) -> float | None:
    """Of networks without a treatment, where the case says it as a number."""
    return next((sign.clean_accuracy for sign in case.signs if sign.clean_accuracy is not None), None)
