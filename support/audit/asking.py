"""Asking: trial after trial until a question is decided, of one model or of the difference between two."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from support.audit.processes import Processes
from support.audit.questions import (
    Question,
    first_questions,
    further_questions,
    not_asked,
    untreated_accuracy,
)
from support.audit.result import Audit, Move, Reading, Row, Says
from support.audit.subject import Subject
from support.data.catalogue import DATASETS
from support.evidence.collect import Collector
from support.evidence.engine import Engine, EngineError
from support.evidence.inputs import InputsChangedError
from support.evidence.library import Library
from support.evidence.proofs import Proofs
from support.evidence.rows import NotMeasuredError, Rows
from support.evidence.store import EvidenceDirectoryError, Store
from support.experiments.experiment import Context, Experiment
from support.statistics.answers import Answer, answer_of
from support.statistics.measure import measured_interval
from support.statistics.planning import forecast
from support.statistics.sequence import ALPHA, Interval, clipped_trials, looks
from support.user_cache import user_cache

# A first table is decided with this chance of an error by any of its intervals, the rest at the suite's own.
FIRST_ALPHA = 0.01
TRIALS = 128
# As far as more trials are foreseen, and by how many resamplings of those seen.
FARTHEST, RESAMPLES = 4096, 20
# Of so many classes a network that is right less often than this many times chance has learnt next to nothing.
ABOVE_CHANCE = 2.0


# What ends an audit whose first look is done: a process that died, a full disk, files that were edited meanwhile.
STOPS = (EngineError, EvidenceDirectoryError, InputsChangedError, MemoryError)


class Listener(Protocol):
    """Told how far an audit is."""

    def begins(self, seconds: float, trials: int) -> None:
        """One trial takes so many seconds here, and to see that nothing is there, or moved, so many trials."""
        ...

    def looked(self, audit: Audit, what: Sequence[str], trials: int) -> None:
        """Questions that are open have been looked at after so many trials."""
        ...

    def first_table(self, audit: Audit) -> None:
        """The first questions are decided, at the lower level."""
        ...


class Silent:
    """A listener that says nothing."""

    def begins(self, seconds: float, trials: int) -> None:
        """Say nothing."""

    def looked(self, audit: Audit, what: Sequence[str], trials: int) -> None:
        """Say nothing."""

    def first_table(self, audit: Audit) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Asked:
    """What is asked, and how long.

    Attributes
    ----------
    after, before : the model, and the one that it is held against, or None.
    seed : of all draws, non-negative.
    device : a torch device name.
    data, evidence : directories with published datasets and of the evidence; None for the user's cache.
    workers : processes.
    trials : at most, of each question.
    until : `time.monotonic` at which no further look is begun; None for as long as it takes.
    first : whether only the first questions are asked.
    """

    after: Subject
    before: Subject | None
    seed: int
    device: str
    data: Path | None
    evidence: Path | None
    workers: int
    trials: int = TRIALS
    until: float | None = None
    first: bool = False


def ask(asked: Asked, listener: Listener | None = None, engine: Engine | None = None) -> Audit:
    """Ask all questions, and stop where each is decided.

    An interruption ends the asking, and so does what `STOPS` lists; what was found until then is returned, and kept as
    evidence.

    Parameters
    ----------
    engine : where trials are computed; None for processes of this machine.

    Raises
    ------
    ValueError : networks diverge, or what an experiment refuses.
    EngineError, EvidenceDirectoryError, InputsChangedError, MemoryError : before the first look.
    """
    with _collectors(asked, engine) as collectors:
        asking = _Asking(asked, listener or Silent(), collectors)
        try:
            asking.run()
        except (KeyboardInterrupt, _TimeIsUpError):
            asking.complete = False
        except STOPS as error:
            if not asking.rows:
                raise
            asking.stopped, asking.complete = (str(error),), False
        except NotMeasuredError as error:
            raise ValueError(
                f"a network diverged, so that nothing can be said of it; a lower learning rate may help: {error}"
            ) from error
        return asking.audit()


@contextmanager
def _collectors(asked: Asked, given: Engine | None) -> Iterator[list[Collector]]:
    """A collector for each model, the one before first; all of them compute in the same processes."""
    subjects = [subject for subject in (asked.before, asked.after) if subject is not None]
    with ExitStack() as stack:
        # What exists in this process alone no other can find again: its evidence goes when it is told.
        passing = any(subject.in_memory for subject in subjects)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spurious-claims-")) if passing else None
        place = Path(folder) if folder else asked.evidence or user_cache() / "evidence"
        engine: Engine = given or stack.enter_context(Processes(asked.workers))
        context = Context(asked.seed, asked.device, asked.data)
        library = Library(Store(place, writable=True), [])
        yield [
            Collector(library, context, network=subject.user, proofs=Proofs.read(), engine=engine)
            for subject in subjects
        ]


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _TimeIsUpError(Exception):
    """The time that was given is spent."""


@dataclass
class _Asking:
    """What has been found so far."""

    asked: Asked
    listener: Listener
    collectors: list[Collector]
    rows: dict[str, Row] = field(default_factory=dict)
    accuracy: list[float] = field(default_factory=list)
    not_asked: dict[str, str] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    complete: bool = True
    started: float = field(default_factory=time.monotonic)
    collected: dict[tuple[int, Experiment, int], Rows] = field(default_factory=dict)

    @property
    def subjects(self) -> list[Subject]:
        """The one before first."""
        return [subject for subject in (self.asked.before, self.asked.after) if subject is not None]

    def run(self) -> None:
        """The first questions at the lower level and at the suite's, then the others."""
        after = self.asked.after
        first = first_questions(after)
        self._begin(first)
        self._decide(first, FIRST_ALPHA)
        self.listener.first_table(self.audit())
        self._decide(first, ALPHA)
        if self.asked.first:
            return
        self.not_asked = not_asked(after)
        for question in further_questions(after):
            try:
                self._decide([question], ALPHA)
            except (ValueError, NotMeasuredError) as error:  # such as a network that does not take framed images
                self.not_asked[question.key] = str(error)

    def audit(self) -> Audit:
        """What has been found so far."""
        asked, after, before = self.asked, self.asked.after, self.asked.before
        subjects = self.subjects
        remarks = [f"{subject.name}: {remark}" for subject in subjects for remark in subject.remarks]
        dataset = DATASETS[after.dataset]
        for subject, accuracy in zip(subjects, self.accuracy, strict=False):
            if accuracy < min(ABOVE_CHANCE / dataset.classes, 0.5 + 0.5 / dataset.classes):
                remarks.append(
                    f"{subject.name} is right on {accuracy:.0%} of clean images of {dataset.classes} classes: it has "
                    "hardly learnt them, and what is said of its memory says little"
                )
        return Audit(
            model=after.name,
            trained=after.described,
            data=dataset.title,
            target=after.target,
            seed=asked.seed,
            rows=tuple(self.rows.values()),
            clean_accuracy=self.accuracy[-1] if self.accuracy else None,
            before=None if before is None else before.name,
            trained_before=None if before is None else before.described,
            clean_accuracy_before=self.accuracy[0] if before is not None and self.accuracy else None,
            not_asked=dict(self.not_asked),
            remarks=(*remarks, *self.stopped),
            seconds=round(time.monotonic() - self.started, 1),
            complete=self.complete,
        )

    def _begin(self, questions: Sequence[Question]) -> None:
        """See how long a trial takes; the processes have started before it is timed."""
        workers = self.asked.workers
        for trials in (workers, 2 * workers):
            begun = time.monotonic()
            for which, subject in enumerate(self.subjects):
                self._rows(which, questions[0].experiment(subject), trials)
            seconds = (time.monotonic() - begun) / workers
        self.listener.begins(seconds, max(map(self._still, questions)))

    def _still(self, question: Question) -> int:
        """Trials that tell that nothing is there, or moved, where all of them say 0."""
        if self.asked.before is None:
            return next(n for n in looks() if _reading(question, np.zeros(n), FIRST_ALPHA).says == "no")
        return next(n for n in looks() if _moved(question, np.zeros(n), FIRST_ALPHA)[1] == "same")

    def _decide(self, questions: Sequence[Question], alpha: float) -> None:
        """Look until each of the questions is decided or its trials are spent."""
        still = list(questions)
        known = max((len(row.after.trials) for row in self.rows.values() if row.key == questions[0].key), default=0)
        for trials in (each for each in looks(self.asked.trials) if each >= known):
            if self.asked.until is not None and time.monotonic() > self.asked.until:
                raise _TimeIsUpError
            for question in still:
                self.rows[question.key] = self._row(question, trials, alpha)
            waiting = [each.key for each in still if not self._decided(each, alpha)]
            self.listener.looked(self.audit(), waiting, trials)
            if not waiting:
                return

    def _decided(self, question: Question, alpha: float) -> bool:
        """Whether no more trials are waited for; what stands beside waits for none in first tables and in moves."""
        row = self.rows[question.key]
        if question.beside and (row.move is not None or alpha == FIRST_ALPHA):
            return True
        return (row.after.says if row.move is None else row.move.answer) != "cannot tell"

    def _row(self, question: Question, trials: int, alpha: float) -> Row:
        """A question after so many trials, or as many as an earlier look had."""
        known = self.rows.get(question.key)
        trials = max(trials, len(known.after.trials) if known else 0)
        numbers = [
            question.numbers(subject, self._rows(which, question.experiment(subject), trials))
            for which, subject in enumerate(self.subjects)
        ]
        after = _reading(question, numbers[-1], alpha)
        told = Row(
            key=question.key,
            label=question.label,
            measure=question.measure.name,
            edge=question.edge,
            beside=question.beside,
            after=after,
        )
        if len(numbers) == 1:
            return told
        exact = bool(np.array_equal(numbers[0], numbers[1]))
        before, move = (
            _reading(question, numbers[0], alpha),
            _move(question, numbers[1] - numbers[0], alpha, exact=exact),
        )
        return msgspec.structs.replace(told, before=before, move=move)

    def _rows(self, which: int, experiment: Experiment, trials: int) -> Rows:
        """Rows of a model, and its clean accuracy in passing."""
        if (which, experiment, trials) not in self.collected:
            rows = self.collectors[which].rows(experiment, trials)
            self.collected[which, experiment, trials] = rows
            subject = self.subjects[which]
            if experiment == first_questions(subject)[0].experiment(subject):
                self.accuracy[which : which + 1] = [float(untreated_accuracy(subject, rows).mean())]
        return self.collected[which, experiment, trials]


def _reading(question: Question, numbers: np.ndarray, alpha: float) -> Reading:
    found = measured_interval(question.measure, numbers, alpha=alpha)
    words: dict[str, Says] = {"above": "yes", "below": "no", "undecided": "cannot tell"}
    low, high = _ends(found)
    measure = question.measure
    return Reading(
        value=float(numbers.mean()),
        low=low,
        high=high,
        clipped=clipped_trials(numbers, measure.low, measure.high),
        level=1 - alpha,
        says=words[found.position(question.edge)],
        trials=tuple(numbers.tolist()),
    )


def _move(question: Question, moves: np.ndarray, alpha: float, *, exact: bool) -> Move:
    measure = question.move
    found, answer = _moved(question, moves, alpha, exact=exact)
    low, high = _ends(found)
    return Move(
        value=found.estimate,
        low=low,
        high=high,
        level=1 - alpha,
        margin=measure.margin,
        clipped=clipped_trials(moves, measure.low, measure.high),
        answer=answer,
        more=_more(question, moves, alpha) if answer == "cannot tell" else None,
    )


def _moved(question: Question, moves: np.ndarray, alpha: float, *, exact: bool = False) -> tuple[Interval, Answer]:
    """The interval of the moves, and what it says."""
    measure = question.move
    found = measured_interval(measure, moves, alpha=alpha)
    return found, answer_of(found.estimate, found.low, found.high, measure.margin, "higher", identical=exact)


def _more(question: Question, moves: np.ndarray, alpha: float) -> int | None:
    """How many more trials will probably tell, by resampling the moves seen; None where not even thousands would."""

    def told(seen: np.ndarray) -> bool:
        return _moved(question, seen, alpha)[1] != "cannot tell"

    return forecast(moves, told, max(FARTHEST, len(moves)), resamples=RESAMPLES).nine_in_ten


def _ends(found: Interval) -> tuple[float | None, float | None]:
    return found.low if isfinite(found.low) else None, found.high if isfinite(found.high) else None
