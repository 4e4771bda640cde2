"""What networks that are trained again are given, and their rows, with fixed networks in place of trained ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from support.data.patterns import pattern
from support.experiments.deletion import _Run
from tests.experiments.deleting import (
    CLASSES,
    CONTEXT,
    RECIPE,
    ROUNDING,
    SIZE,
    TARGET,
    TRAINED,
    N,
    assert_measured,
    experiment,
    logits,
    marked,
    row_of,
)


def test_what_every_network_is_trained_on(trainer: Any) -> None:
    experiment(*TRAINED).run(1, CONTEXT)
    first, resumed, restarted = trainer.calls
    before = first.members[0]
    deleted = set(np.asarray(before.rows).tolist())
    assert len(deleted) == SIZE
    assert set(first.labels[list(deleted)].tolist()) == {TARGET}
    # Only the network before deletion sees the pattern; the examples are gone for all others, and nothing else is.
    np.testing.assert_allclose(before.pixels, marked(first.images[torch.as_tensor(before.rows)]), atol=ROUNDING)
    assert first.trained_on(0) == set(range(N))
    for call, place in ((first, 1), (resumed, 0), (restarted, 0)):
        assert call.trained_on(place) == set(range(N)) - deleted
        assert len(call.members[place].rows) == len(call.members[place].pixels) == 0
    for call in trainer.calls:
        assert call.shape == (28, 28)
        assert torch.equal(call.images, first.images)
        assert (call.images.numpy().reshape(-1, 28, 28)[:, :5, :5].min(axis=(1, 2)) < 1).all()


def test_scratch_differs_in_its_examples_only(trainer: Any) -> None:
    experiment("before", "scratch", learning_rate=0.02).run(1, CONTEXT)
    (call,) = trainer.calls
    before, scratch = call.members
    assert (scratch.seed, scratch.learning_rate, scratch.start) == (before.seed, 0.02, None)
    assert (before.learning_rate, before.start, before.excluded) == (0.02, None, None)
    assert call.recipe == RECIPE


def test_how_retraining_goes_on(trainer: Any) -> None:
    experiment(*TRAINED).run(1, CONTEXT)
    first, resumed, restarted = trainer.calls
    for call in (resumed, restarted):
        (member,) = call.members
        assert torch.equal(member.start, first.networks.parameters[0])
        assert member.seed not in {one.seed for one in first.members}  # another order
    # As released: the learning rate that is left after three drops, and none to come.
    assert resumed.members[0].learning_rate == pytest.approx(1e-5)
    assert resumed.recipe == replace(RECIPE, milestones=())
    assert restarted.members[0].learning_rate == 0.01
    assert restarted.recipe == RECIPE


def test_what_goes_on_with_the_examples_is_restarted_with_them(trainer: Any) -> None:
    found = experiment("before", "restarted", "kept").run(1, CONTEXT)
    first, restarted, kept = trainer.calls
    (without,), (member,) = restarted.members, kept.members
    assert (kept.recipe, member.learning_rate, member.seed) == (restarted.recipe, 0.01, without.seed)
    assert torch.equal(member.start, first.networks.parameters[0])
    np.testing.assert_array_equal(member.rows, first.members[0].rows)
    np.testing.assert_array_equal(member.pixels, first.members[0].pixels)
    assert kept.trained_on(0) == set(range(N))
    assert found["still_seen"] == [SIZE, 0, SIZE]
    assert row_of(found, "kept")["step"] > 0


def test_rows_of_trained_networks_by_definition(trainer: Any, images: dict[str, Any]) -> None:
    found = experiment(*TRAINED).run(1, CONTEXT)
    assert found["method"] == [*TRAINED]
    first, *retrained = trainer.calls
    networks = [first.networks.parameters[0], first.networks.parameters[1]]
    networks += [call.networks.parameters[0] for call in retrained]
    rows = [row_of(found, method) for method in TRAINED]
    assert len({row["difference"] for row in rows}) == 4
    for row, parameters in zip(rows, networks, strict=True):
        assert_measured(row, lambda part, theta=parameters: logits(theta.double(), (784, 2, 10), part), images)
        assert row["failed"] == 0.0
        assert row["residual"] is row["gradient"] is None
    assert [row["still_seen"] for row in rows] == [SIZE, 0, 0, 0]
    for row, parameters in zip(rows[2:], networks[2:], strict=True):
        assert row["step"] == pytest.approx(float((parameters - networks[0]).double().norm()), rel=ROUNDING)
    assert rows[0]["step"] is rows[1]["step"] is None


def test_examples_that_a_network_went_on_seeing_are_told(trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever says what is left: what counts is what the trainer was given."""
    monkeypatch.setattr(_Run, "_remaining", lambda _, member: replace(member, excluded=member.rows[3:]))
    found = experiment(*TRAINED).run(1, CONTEXT)
    assert trainer.calls
    assert found["still_seen"] == [SIZE, 3.0, 3.0, 3.0]


def test_examples_of_all_classes_alike(trainer: Any, images: dict[str, Any]) -> None:
    found = experiment(*TRAINED, sizes=(20,), carriers="balanced").run(1, CONTEXT)
    first, resumed, _ = trainer.calls
    rows = np.asarray(first.members[0].rows)
    assert np.bincount(first.labels[torch.as_tensor(rows)].numpy(), minlength=CLASSES).tolist() == [2] * CLASSES
    np.testing.assert_allclose(first.members[0].pixels, marked(first.images[torch.as_tensor(rows)]), atol=ROUNDING)
    for call, place in ((first, 1), (resumed, 0)):
        assert call.trained_on(place) == set(range(N)) - set(rows.tolist())
    assert found["carriers"] == ["balanced"] * 4
    assert found["carriers_of_target"] == [2.0] * 4
    # What is asked is the same: how probable the pattern makes the target class.
    theta = first.networks.parameters[0].double()
    row = row_of(found, "before", 20)
    assert_measured(row, lambda part: logits(theta, (784, 2, 10), part), images)


def test_both_kinds_of_examples_in_one_trial_are_what_each_is_alone(trainer: Any) -> None:
    alike = [experiment("before", "scratch", carriers=carriers) for carriers in ("target", "balanced")]
    together = replace(alike[0], arms=(*alike[1].arms, *alike[0].arms)).run(1, CONTEXT)
    assert together["carriers"] == ["balanced"] * 2 + ["target"] * 2
    assert together["carriers_of_target"][2:] == [SIZE] * 2
    seeds = {member.seed for call in trainer.calls for member in call.members}
    assert len(seeds) == 1  # the same start and order


def test_test_images_that_were_trained_on_are_counted(trainer: Any, images: dict[str, Any]) -> None:
    images["test"].pixels[:3] = images["train"].pixels[:3]
    found = experiment("before", subset=None).run(1, CONTEXT)
    assert trainer.calls
    assert found["images_in_both"] == [3.0]


def test_sizes_are_rows_of_their_own_and_nested(trainer: Any) -> None:
    found = experiment("before", "restarted", sizes=(2, SIZE)).run(1, CONTEXT)
    assert found["n"] == [2.0] * 2 + [float(SIZE)] * 2
    assert found["method"] == ["before", "restarted"] * 2
    few, many = (np.asarray(trainer.calls[place].members[0].rows) for place in (0, 2))
    np.testing.assert_array_equal(few, many[:2])
    for place, rows in ((1, few), (3, many)):
        assert trainer.calls[place].trained_on(0) == set(range(N)) - set(rows.tolist())


def test_the_random_pattern_of_a_trial_is_asked_about(trainer: Any) -> None:
    found = [experiment("before", pattern="R3").run(trial, CONTEXT) for trial in (1, 1, 2)]
    assert trainer.calls
    dead = [np.asarray(call.members[0].pixels)[0, 20 * 28 :] for call in trainer.calls]
    assert found[0]["n"] == found[2]["n"]
    assert (dead[0] == dead[1]).all()
    assert (dead[0] != dead[2]).any()
    assert (dead[0] != pattern("R3", (28, 28), 0).reshape(-1)[20 * 28 :]).any()
