"""Trials side by side in threads, so that one GPU trains the networks of all of them in the same stacks.

A trial's few small networks leave a GPU idle. Trials that run here are written as if they were alone: where they call
`support.training.ensemble.train`, their thread waits until every other trial has called it too, or is done, and what
they ask for is then trained at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import ContextVar
from threading import Event, Lock
from typing import Any, Generic, TypeVar

import torch

Job = TypeVar("Job")
Result = TypeVar("Result")
Question = TypeVar("Question")
Answer = TypeVar("Answer")


class GivenUpError(Exception):
    """Another thread has failed, or the caller was interrupted."""


class Gathering(Generic[Question, Answer]):
    """Several parties whose questions are answered together.

    Parameters
    ----------
    parties : threads that will ask, each any number of times, and then leave.
    answer : the answers to the questions, in their order; computed in the thread that asks last.

    Attributes
    ----------
    stop : set when nothing is to be answered any more.
    """

    def __init__(self, parties: int, answer: Callable[[list[Question], Event], Sequence[Answer]]) -> None:
        self.stop = Event()
        self._parties, self._answer, self._lock = parties, answer, Lock()
        self._waiting: list[tuple[Question, Future[Answer]]] = []

    def ask(self, question: Question) -> Answer:
        """The answer, once all parties that are left have asked.

        Raises
        ------
        GivenUpError : there will be none.
        """
        own: Future[Answer] = Future()
        with self._lock:
            self._waiting.append((question, own))
        self._settle()
        return own.result()

    def leave(self) -> None:
        """Ask no more: the others do not wait for this party any longer."""
        with self._lock:
            self._parties -= 1
        self._settle()

    def _settle(self) -> None:
        with self._lock:
            if not self._waiting or len(self._waiting) < self._parties:
                return
            asked, self._waiting = self._waiting, []
        try:
            answers = self._answers([question for question, _ in asked])
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            for _, future in asked:
                future.set_exception(error)
        else:
            for (_, future), found in zip(asked, answers, strict=True):
                future.set_result(found)

    def _answers(self, questions: list[Question]) -> Sequence[Answer]:
        answers = () if self.stop.is_set() else self._answer(questions, self.stop)
        if self.stop.is_set():  # also while it was computed: then it is not to be used
            raise GivenUpError
        return answers


_GATHERING: ContextVar[Gathering[Any, Any] | None] = ContextVar("gathering", default=None)


def current() -> Gathering[Any, Any] | None:
    """The gathering that this thread takes part in, if any."""
    return _GATHERING.get()


def together(
    task: Callable[[Job], Result],
    jobs: Sequence[Job],
    answer: Callable[[list[Question], Event], Sequence[Answer]],
) -> list[Result]:
    """Run a task for each job, all at once in a thread each that takes part in one gathering; the results in order.

    Outside the gathering a thread computes on one core.

    Raises
    ------
    Exception : what the first job to fail has raised; the others are given up.
    """
    gathering: Gathering[Question, Answer] = Gathering(len(jobs), answer)

    def run(job: Job) -> Result:
        token = _GATHERING.set(gathering)
        try:
            return task(job)
        except BaseException:
            gathering.stop.set()  # before it leaves, which may be what the others wait for to be answered
            raise
        finally:
            _GATHERING.reset(token)
            gathering.leave()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(len(jobs), "trial") as pool:
            futures = [pool.submit(run, job) for job in jobs]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                gathering.stop.set()
    finally:
        torch.set_num_threads(threads)
    errors = [error for error in (future.exception() for future in futures) if error is not None]
    for error in sorted(errors, key=lambda error: isinstance(error, GivenUpError)):
        raise error
    return [future.result() for future in futures]
