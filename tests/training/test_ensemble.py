"""What holds for an ensemble as a whole: members do not feel each other, threads or failures; input is checked."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from support.training.ensemble import Ensemble, initial_weights, train
from support.training.member import Member
from support.training.recipe import Recipe
from support.training.stack import Stack

N, D, CLASSES = 150, 10, 3
RECIPE = Recipe(hidden=(12, 8), batch=32, epochs=3, milestones=(2,))

# Two orders of summation in single precision.
ROUNDING = 1e-5


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(N, D, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def labels(images: Tensor) -> Tensor:
    return (images.sum(dim=1) * 7).long() % CLASSES


def unchanged(seed: int = 0, **fields: Any) -> Member:
    return Member(seed, torch.zeros(0, dtype=torch.int64), torch.zeros(0, D), **fields)


def differing() -> list[Member]:
    rows = torch.arange(7)
    return [
        unchanged(0),
        Member(1, rows, torch.rand(7, D, generator=torch.Generator().manual_seed(1)), weight_decay=0.01),
        unchanged(2, input_noise=0.2),
        unchanged(3, excluded=rows),
        unchanged(4, clip_norm=0.1, learning_rate=0.002),
    ]


@pytest.mark.parametrize("stack", [None, 1, 2, 99])
def test_neither_other_members_nor_the_stack_change_a_member(images: Tensor, labels: Tensor, stack: int | None) -> None:
    members = differing()
    ensemble = train(RECIPE, images, labels, CLASSES, members, stack=stack)
    for index, member in enumerate(members):
        single = train(RECIPE, images, labels, CLASSES, [member])
        if stack in (None, 1):
            assert torch.equal(ensemble.parameters[index], single.parameters[0])
        torch.testing.assert_close(ensemble.parameters[index], single.parameters[0], rtol=0, atol=ROUNDING)
        assert float(ensemble.losses[index]) == pytest.approx(float(single.losses[0]), abs=ROUNDING)


@pytest.mark.usefixtures("two_threads")
def test_threads_change_nothing(images: Tensor, labels: Tensor) -> None:
    seen = set()

    def note(done: int, total: int) -> None:  # noqa: ARG001 - the signature of a progress callback
        seen.add(threading.current_thread().name)
        assert torch.get_num_threads() == 1

    two = train(replace(RECIPE, epochs=30), images, labels, CLASSES, differing(), progress=note)
    assert len(seen) == 2
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    one = train(replace(RECIPE, epochs=30), images, labels, CLASSES, differing())
    assert torch.equal(one.parameters, two.parameters)
    assert torch.equal(one.losses, two.losses)


def test_what_training_leaves_as_it_was(images: Tensor, labels: Tensor) -> None:
    before, random = images.clone(), torch.random.get_rng_state()
    member = Member(0, torch.arange(5), torch.rand(5, D, generator=torch.Generator().manual_seed(1)), input_noise=0.5)
    pixels = torch.as_tensor(member.pixels).clone()
    train(RECIPE, images, labels, CLASSES, [member])
    assert torch.equal(images, before)
    assert torch.equal(torch.as_tensor(member.pixels), pixels)
    assert torch.equal(torch.random.get_rng_state(), random)
    # Denormal numbers count as zero in the training threads alone.
    assert float(torch.tensor(1e-40) * 1) > 0


def test_all_rows_changed_is_another_training_set(images: Tensor, labels: Tensor) -> None:
    other = 1 - images
    rows = torch.randperm(N, generator=torch.Generator().manual_seed(5))
    changed = train(RECIPE, images, labels, CLASSES, [Member(0, rows, other[rows])])
    assert torch.equal(changed.parameters, train(RECIPE, other, labels, CLASSES, [unchanged()]).parameters)


def test_members_from_numpy(images: Tensor, labels: Tensor) -> None:
    rows = np.array([3, 1, 4])
    pixels = np.linspace(0, 1, 3 * D).reshape(3, D)
    given = train(RECIPE, images, labels, CLASSES, [Member(0, rows, pixels, excluded=np.array([9], dtype=np.int32))])
    tensors = Member(0, torch.from_numpy(rows), torch.from_numpy(pixels).float(), excluded=torch.tensor([9]))
    assert torch.equal(given.parameters, train(RECIPE, images, labels, CLASSES, [tensors]).parameters)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_weights_of_a_dead_pixel_keep_every_bit(images: Tensor, labels: Tensor, optimizer: Any) -> None:
    dark = images.clone()
    dark[:, 4] = 0
    ensemble = train(replace(RECIPE, optimizer=optimizer), dark, labels, CLASSES, [unchanged(8)])
    first = initial_weights(RECIPE, D, CLASSES, 8)[0][0]
    assert torch.equal(ensemble.weights[0][0, 4], first[4])
    others = torch.arange(D) != 4
    assert bool((ensemble.weights[0][0, others] != first[others]).any(dim=1).all())


# Diverging


@pytest.mark.parametrize("stack", [1, 3])
def test_a_diverging_member_is_marked_and_the_others_go_on(images: Tensor, labels: Tensor, stack: int) -> None:
    recipe = replace(RECIPE, optimizer="sgd")
    calm = [unchanged(0, learning_rate=0.1), unchanged(2, learning_rate=0.1)]
    members = [calm[0], unchanged(1, learning_rate=1e30), calm[1]]
    counts: list[tuple[int, int]] = []
    ensemble = train(
        recipe, images, labels, CLASSES, members, stack=stack, progress=lambda *count: counts.append(count)
    )
    assert ensemble.diverged == (False, True, False)
    assert ensemble.losses.isnan().tolist() == [False, True, False]
    assert bool(ensemble.parameters[1].isnan().all())
    expected = train(recipe, images, labels, CLASSES, calm)
    torch.testing.assert_close(ensemble.parameters[[0, 2]], expected.parameters, rtol=0, atol=ROUNDING)
    assert bool(ensemble.logits(images).isnan().flatten(1).all(dim=1)[1])
    assert counts[-1] == (9, 9)


def test_diverging_in_the_last_step_counts(images: Tensor, labels: Tensor) -> None:
    """One step: its loss is still finite, the parameters after it are not."""
    recipe = Recipe(hidden=(4,), optimizer="sgd", batch=N, epochs=1, milestones=())
    ensemble = train(recipe, images, labels, CLASSES, [unchanged(0, learning_rate=3e38, weight_decay=1e3)])
    assert ensemble.diverged == (True,)
    assert bool(ensemble.losses.isnan().all())


def test_a_diverged_member_is_not_trained_further(
    images: Tensor, labels: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[int] = []
    train_epoch = Stack.epoch

    def noted(stack: Stack, number: int) -> Tensor:
        epochs.append(number)
        return train_epoch(stack, number)

    monkeypatch.setattr(Stack, "epoch", noted)
    recipe = replace(RECIPE, optimizer="sgd", epochs=20)
    ensemble = train(recipe, images, labels, CLASSES, [unchanged(1, learning_rate=1e30)])
    assert ensemble.diverged == (True,)
    assert epochs == [0]


# Progress and interruption


@pytest.mark.parametrize(("stack", "expected"), [(1, 15), (2, 9)])
def test_progress_counts_epochs_of_members(images: Tensor, labels: Tensor, stack: int, expected: int) -> None:
    counts: list[tuple[int, int]] = []
    train(RECIPE, images, labels, CLASSES, differing(), stack=stack, progress=lambda *count: counts.append(count))
    done = [count for count, _ in counts]
    assert {total for _, total in counts} == {15}
    assert done == sorted(set(done))
    assert done[-1] == 15
    # In stacks of two: 0 and 1, 2 and 4, and 3, which has fewer training rows.
    assert len(done) == expected


class _Interrupted(BaseException):
    pass


@pytest.mark.usefixtures("two_threads")
def test_an_interruption_stops_all_threads(images: Tensor, labels: Tensor) -> None:
    counts: list[int] = []

    def interrupt(done: int, total: int) -> None:
        counts.append(done)
        if done == 3:
            raise _Interrupted(f"at {done} of {total}")

    with pytest.raises(_Interrupted, match="at 3 of 200000"):
        train(replace(RECIPE, epochs=50_000), images, labels, CLASSES, differing()[:4], progress=interrupt)
    assert max(counts) < 1_000
    assert torch.get_num_threads() == 2


# The trained ensemble


@pytest.fixture(scope="module")
def trained(images: Tensor, labels: Tensor) -> Ensemble:
    return train(RECIPE, images, labels, CLASSES, differing())


def test_shapes(trained: Ensemble) -> None:
    assert [tuple(weight.shape) for weight in trained.weights] == [(5, 10, 12), (5, 12, 8), (5, 8, 3)]
    assert [tuple(bias.shape) for bias in trained.biases] == [(5, 12), (5, 8), (5, 3)]
    assert trained.losses.shape == (5,)


@pytest.mark.parametrize("block", [1, 7, N, 1024])
def test_logits_are_those_of_the_modules(trained: Ensemble, images: Tensor, block: int) -> None:
    own = torch.stack([images.roll(member, dims=1) for member in range(5)])
    before = own.clone()
    shared_logits, own_logits = trained.logits(images, block=block), trained.logits(own, block=block)
    assert shared_logits.shape == own_logits.shape == (5, N, CLASSES)
    for member in range(5):
        module = trained.module(member)
        for found, inputs in ((shared_logits, images), (own_logits, own[member])):
            torch.testing.assert_close(found[member], module(inputs).detach(), rtol=0, atol=ROUNDING)
    assert torch.equal(own, before)


def test_logits_by_hand() -> None:
    """One hidden layer of two units: ReLU cuts the second at x = (1, 2)."""
    parameters = torch.tensor([[1.0, 2, -3, 1, 0.5, -0.5, 1, 4, -1, 5, 10, 20]])
    ensemble = Ensemble((2, 2, 2), parameters, torch.zeros(1), (False,))
    # Hidden: 1 + 4 + 0.5 = 5.5 and -3 + 2 - 0.5 < 0.
    assert ensemble.logits(torch.tensor([[1.0, 2.0]])).tolist() == [[[15.5, 14.5]]]


def test_a_module_has_weights_of_its_own(trained: Ensemble) -> None:
    before = trained.parameters.clone()
    module = trained.module(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert torch.equal(trained.parameters, before)
    assert all(parameter.requires_grad for parameter in module.parameters())


# Bad input


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"images": torch.zeros(N, D, dtype=torch.float64)},
            r"images must be \(N, d\) float32, got \(150, 10\)",
        ),
        ({"images": torch.zeros(N, 2, 5)}, "images must be"),
        ({"images": torch.zeros(0, D), "labels": torch.zeros(0, dtype=torch.int64)}, "images must be"),
        ({"images": torch.full((N, D), torch.nan)}, "images must be finite, got NaN or infinities"),
        ({"labels": torch.zeros(N)}, r"labels must be \(150,\) int64, got \(150,\) torch.float32"),
        ({"labels": torch.zeros(N - 1, dtype=torch.int64)}, r"labels must be \(150,\) int64, got \(149,\)"),
        ({"labels": torch.full((N,), 3)}, r"labels must lie in 0\.\.2, got 3 to 3"),
        ({"labels": torch.full((N,), -1)}, r"labels must lie in 0\.\.2, got -1 to -1"),
        ({"members": []}, "at least one member"),
        (
            {"members": [unchanged(), Member(0, torch.tensor([N]), torch.zeros(1, D))]},
            "member 1: rows must lie in 0",
        ),
        ({"members": [unchanged(excluded=torch.tensor([N]))]}, "member 0: excluded must lie in 0..149, got 150"),
        ({"members": [unchanged(excluded=torch.arange(N))]}, "member 0: excluded leaves none of 150 training rows"),
        (
            {"members": [Member(0, torch.tensor([1]), torch.zeros(1, 9))]},
            "member 0: pixels must have 10 columns",
        ),
        (
            {"members": [Member(0, torch.tensor([1]), torch.full((1, D), torch.inf))]},
            "member 0: pixels must be finite",
        ),
        ({"stack": 0}, "stack must be at least 1, got 0"),
    ],
)
def test_bad_input_is_refused(images: Tensor, labels: Tensor, change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"images": images, "labels": labels, "members": [unchanged()], "stack": 1} | change
    with pytest.raises(ValueError, match=message):
        train(RECIPE, given["images"], given["labels"], CLASSES, given["members"], stack=given["stack"])


@pytest.mark.parametrize("shape", [(3, 9), (10,), (4, 3, 10), (5, 3, 9), (1, 5, 3, 10)])
def test_logits_refuse_other_shapes(trained: Ensemble, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"inputs must have shape \(n, 10\) or \(5, n, 10\), got"):
        trained.logits(torch.zeros(shape))
