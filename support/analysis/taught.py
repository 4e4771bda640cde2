"""What networks of `support.experiments.rare_patterns.RarePatterns` were taught: one number per trial for each arm.

Arms of a trial share images, initial weights and batch order, so that what one arm adds over another is paired: an arm
with patterned examples over one without, or over one whose patterned examples belong to other classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from support.analysis.excluded_trials import TRAINED, ExcludedTrials, trials_at_chance, without
from support.evidence.rows import Rows
from support.experiments.scene import Arm

RULE = f"untreated network diverged or below {TRAINED:g} of clean accuracy"


@dataclass(frozen=True)
class Taught:
    """Numbers of the arms of one table; all methods give them in the order of trials.

    Made as it stands, every trial counts; `Taught.where_trained` and `taught_alike` leave out trials whose untreated
    network is at chance.

    Attributes
    ----------
    rows : a row for each arm and trial that counts, with the columns of `RarePatterns`.
    idle : trials that are left out.
    weight_decay : that every network of the table has, the untreated one too: the paper's on colour images.
    """

    rows: Rows
    idle: tuple[int, ...] = ()
    weight_decay: float = 0.0

    @classmethod
    def where_trained(cls, rows: Rows, *, weight_decay: float = 0.0) -> Taught:
        """The trials whose untreated network learnt: the one without patterned examples and without remedy.

        Raises
        ------
        ValueError : the table has no untreated network.
        TooFewTrialsError : fewer than two trials are left.
        """
        (taught,) = taught_alike({"": rows}, weight_decay=weight_decay).values()
        return taught

    @property
    def left_out(self) -> ExcludedTrials:
        """The rule, how many trials it drops, and of how many."""
        return ExcludedTrials(RULE, len(self.idle), self.rows.trials)

    @property
    def untreated_accuracy(self) -> float:
        """Mean clean accuracy of the untreated networks, a share of test images."""
        return float(_untreated(self.rows, self.weight_decay)["clean_accuracy"].mean())

    def of(self, column: str, arm: Arm) -> np.ndarray:
        """A column of one arm, (trials,).

        Raises
        ------
        KeyError : no such column.
        ValueError : no such arm.
        NotMeasuredError : the arm's network diverged in a trial, or the column is not measured on it.
        """
        rows = self.rows.where(
            n=arm.n,
            fresh=arm.fresh,
            target=arm.target,
            norm_of=arm.norm_of or "",
            input_noise=arm.input_noise,
            weight_decay=arm.weight_decay,
            clip_norm=arm.clip_norm or 0.0,
            clip_value=arm.clip_value or 0.0,
        )
        if arm.n:
            taught = rows.where(own_noise=float(arm.own_noise), carriers=arm.carriers)
            return taught.where(pattern=arm.pattern, query=arm.query or "")[column]
        # Without examples a network knows no pattern: it is told by what it is shown, whichever arm asked for that.
        shown = np.where(rows["query"] == "", rows["pattern"], rows["query"])
        found = replace(rows, columns=rows.columns | {"shown": shown}).where(shown=arm.query or arm.pattern)
        _, first = np.unique(found["trial"], return_index=True)
        return found[column][first]

    def over_n(self, column: str, arm: Arm, grid: Sequence[int]) -> np.ndarray:
        """A column of an arm with each of these numbers of examples in place of its own, (trials, len(grid)).

        Raises
        ------
        KeyError, ValueError, NotMeasuredError : as `of`.
        """
        return np.column_stack([self.of(column, replace(arm, n=n)) for n in grid])

    def added(self, column: str, arm: Arm, *, over: Arm) -> np.ndarray:
        """What one arm has more than another of the same trial, (trials,): what its examples add over the other's.

        Raises
        ------
        KeyError, ValueError, NotMeasuredError : as `of`.
        """
        more: np.ndarray = self.of(column, arm) - self.of(column, over)
        return more

    def over_balanced(self, column: str, arm: Arm) -> np.ndarray:
        """What target-class carriers add over class-balanced ones, under the same remedy, (trials,).

        Below ten examples: over carriers of randomly drawn classes, no two alike.

        Raises
        ------
        KeyError, ValueError, NotMeasuredError : as `of`.
        """
        return self.added(column, arm, over=balanced(arm)[0])

    def balanced_difference(self, column: str, arm: Arm) -> np.ndarray:
        """One draw of balanced carriers over another, (trials,): 0 in mean, as the two are exchangeable.

        Raises
        ------
        KeyError, ValueError, NotMeasuredError : as `of`.
        """
        first, again = balanced(arm)
        return self.added(column, first, over=again)

    def rise(self, column: str, arm: Arm) -> np.ndarray:
        """What an arm's examples add over none, under the same remedy, (trials,).

        Raises
        ------
        KeyError, ValueError, NotMeasuredError : as `of`.
        """
        return self.added(column, arm, over=without_examples(arm))


def balanced(arm: Arm) -> tuple[Arm, Arm]:
    """The same question to networks whose carriers belong to all classes alike, by two independent draws of them."""
    return replace(arm, carriers="balanced"), replace(arm, carriers="balanced again")


def with_balanced(*arms: Arm) -> tuple[Arm, ...]:
    """These arms, each beside both draws of its balanced carriers: what `Taught.over_balanced` and its control need."""
    return tuple(dict.fromkeys(one for arm in arms for one in (arm, *balanced(arm))))


def without_examples(arm: Arm) -> Arm:
    """The same question to the network that saw no patterned examples, under the same remedy.

    A query that replaces the pattern is asked at its own norm: S1 scaled up and clipped is S1.
    """
    return replace(arm, n=0, carriers="target", own_noise=False, norm_of=None if arm.query else arm.norm_of)


def taught_alike(runs: Mapping[str, Rows], *, weight_decay: float = 0.0) -> dict[str, Taught]:
    """Several recipes' tables, over the trials in which the untreated networks of all of them learnt.

    Raises
    ------
    ValueError : a table has no untreated network.
    TooFewTrialsError : fewer than two trials are left.
    """
    idle = trials_at_chance([_untreated(rows, weight_decay) for rows in runs.values()], "clean_accuracy")
    return {name: Taught(without(rows, idle), idle, weight_decay) for name, rows in runs.items()}


def _untreated(rows: Rows, weight_decay: float) -> Rows:
    """The rows of networks without patterned examples and without remedy."""
    return rows.where(n=0, input_noise=0.0, weight_decay=weight_decay, clip_norm=0.0, clip_value=0.0)
