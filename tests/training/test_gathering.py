"""Trials side by side: their questions are answered together, none waits for ever, and each gets its own answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

import pytest
import torch
from torch import Tensor

from support.training.ensemble import Ensemble, train, train_together
from support.training.gathering import GivenUpError, current, together
from support.training.member import Member
from support.training.recipe import Recipe

N, D, CLASSES = 90, 6, 3
RECIPE = Recipe(hidden=(8,), batch=32, epochs=3, milestones=(2,))


class Clerk:
    """Answers with the square, and remembers who asked together."""

    def __init__(self) -> None:
        self.sessions: list[list[int]] = []

    def __call__(self, questions: list[int], stop: Event) -> list[int]:  # noqa: ARG002 - the signature of an answer
        self.sessions.append(sorted(questions))
        return [question**2 for question in questions]


def ask(number: int) -> int:
    meeting = current()
    assert meeting is not None
    answer: int = meeting.ask(number)
    return answer


def test_all_are_answered_at_once_and_in_order() -> None:
    clerk = Clerk()
    assert together(ask, [5, 3, 4], clerk) == [25, 9, 16]
    assert clerk.sessions == [[3, 4, 5]]
    assert current() is None


def test_who_is_done_is_not_waited_for() -> None:
    def task(number: int) -> int:
        return sum(ask(10 * number + turn) for turn in range(number))

    clerk = Clerk()
    assert together(task, [0, 1, 3], clerk) == [0, 100, 900 + 961 + 1024]
    assert clerk.sessions == [[10, 30], [31], [32]]


def test_a_failure_frees_those_who_wait() -> None:
    """Without an answer: networks of trials that are given up are not trained to the end."""

    def task(number: int) -> int:
        if number == 2:
            meeting = current()
            assert meeting is not None
            while len(meeting._waiting) < 2:
                time.sleep(0.01)
            raise ValueError("trial 2 is out of its mind")
        return ask(number)

    clerk = Clerk()
    with pytest.raises(ValueError, match="trial 2 is out of its mind"):
        together(task, [1, 2, 3], clerk)
    assert clerk.sessions == []


def test_a_failure_of_the_answer_is_everybodys() -> None:
    def fail(questions: list[int], stop: Event) -> Sequence[int]:  # noqa: ARG001 - the signature of an answer
        raise OverflowError("out of memory")

    seen: list[str] = []

    def task(number: int) -> int:
        try:
            return ask(number)
        except OverflowError as error:
            seen.append(str(error))
            raise

    with pytest.raises(OverflowError, match="out of memory"):
        together(task, [1, 2], fail)
    assert seen == ["out of memory"] * 2


def test_an_answer_that_was_given_up_is_not_used() -> None:
    """As when the caller is interrupted while networks train: they are half trained then."""

    def interrupted(questions: list[int], stop: Event) -> list[int]:
        stop.set()
        return questions

    with pytest.raises(GivenUpError):
        together(ask, [1, 2], interrupted)


def test_a_thread_computes_on_one_core() -> None:
    before = torch.get_num_threads()
    assert set(together(lambda _: torch.get_num_threads(), [1, 2, 3], Clerk())) == {1}
    assert torch.get_num_threads() == before


# Networks


def images(seed: int) -> tuple[Tensor, Tensor]:
    drawn = torch.rand(N, D, generator=torch.Generator().manual_seed(seed))
    return drawn, (drawn.sum(dim=1) * 7).long() % CLASSES


def members(seed: int) -> list[Member]:
    rows = torch.arange(4) + seed
    changed = Member(seed, rows, torch.rand(4, D, generator=torch.Generator().manual_seed(seed)))
    return [
        changed,
        replace(changed, weight_decay=0.01),
        replace(changed, excluded=torch.arange(3), clip_norm=0.1),
        replace(changed, input_noise=0.2, clip_value=0.01),
    ]


@pytest.mark.parametrize("stack", [1, 3, 99])
def test_networks_of_trials_are_what_they_are_alone(stack: int) -> None:
    """Each trial has images of its own; seeds, rows and counts differ, so that a mix-up cannot go unseen."""
    threads = set()

    def trial(seed: int) -> Ensemble:
        threads.add(threading.current_thread().name)
        recipe = replace(RECIPE, epochs=4) if seed == 2 else RECIPE
        drawn, labels = images(seed)
        count = N - 10 if seed == 3 else N
        return train(recipe, drawn[:count], labels[:count], CLASSES, members(seed)[: 4 - seed], stack=stack)

    found = together(trial, [0, 1, 2, 3], train_together)
    assert len(threads) == 4
    for seed, ensemble in enumerate(found):
        expected = trial(seed)
        assert ensemble.parameters.shape == expected.parameters.shape
        torch.testing.assert_close(ensemble.parameters, expected.parameters, rtol=0, atol=1e-5)
        torch.testing.assert_close(ensemble.losses, expected.losses, rtol=0, atol=1e-5)
        if stack == 1:
            assert torch.equal(ensemble.parameters, expected.parameters)
    assert float((found[0].parameters[0] - found[1].parameters[0]).abs().max()) > 1e-2


def test_progress_of_a_trial_is_its_own() -> None:
    counts: dict[int, list[tuple[int, int]]] = {0: [], 1: []}

    def trial(seed: int) -> None:
        train(
            RECIPE,
            *images(seed),
            CLASSES,
            members(seed)[: 2 - seed],
            stack=99,
            progress=lambda *count: counts[seed].append(count),
        )

    together(trial, [0, 1], train_together)
    assert counts == {0: [(2, 6), (4, 6), (6, 6)], 1: [(1, 3), (2, 3), (3, 3)]}
