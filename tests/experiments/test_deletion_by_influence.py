"""The steps of influence and what deletion does in the last layer, against matrices and fits written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import Tensor, nn

from support.experiments.removals import HEADS, LAST_LAYER, Influence
from support.training import influence
from support.training.recipe import Recipe
from tests.experiments.deleting import (
    CLASSES,
    CONTEXT,
    ROUNDING,
    SIZE,
    Floats,
    N,
    assert_measured,
    experiment,
    layers,
    logits,
    row_of,
    training_set,
)

# Single precision in conjugate gradients, relative to the step.
AGREEMENT = 1e-3

# ------------------------------------------------------------------------------------------------ influence


def group_gradient(theta: Tensor, seen: Tensor, labels: Tensor, deleted: Tensor) -> Tensor:
    start = theta.detach().requires_grad_()
    answers = logits(start, (784, 2, 10), seen[deleted])
    (found,) = torch.autograd.grad(nn.functional.cross_entropy(answers, labels[deleted], reduction="sum") / N, start)
    return found


def damped_newton_step(theta: Tensor, seen: Tensor, labels: Tensor, deleted: Tensor, damping: float) -> Tensor:
    """(JᵀSJ + damping)⁻¹ times the group's gradient, the matrix from the examples that are kept, written out."""
    kept = torch.ones(N, dtype=torch.bool)
    kept[deleted] = False
    rest = seen[kept]
    jacobian = torch.func.jacrev(lambda at: logits(at, (784, 2, 10), rest))(theta)
    p = logits(theta, (784, 2, 10), rest).softmax(dim=1)
    curved = p[:, :, None] * jacobian - p[:, :, None] * (p[:, :, None] * jacobian).sum(dim=1, keepdim=True)
    matrix = torch.einsum("nci,ncj->ij", jacobian, curved) / len(rest)
    matrix += damping * torch.eye(len(theta), dtype=torch.float64)
    step: Tensor = torch.linalg.solve(matrix, group_gradient(theta, seen, labels, deleted))
    return step


def test_influence_against_the_matrix_written_out(trainer: Any, images: dict[str, Any]) -> None:
    settings = Influence(damping=0.05, tolerance=1e-5, most=500)
    found = row_of(experiment("influence", influence=settings).run(1, CONTEXT), "influence")
    (call,) = trainer.calls
    theta = call.networks.parameters[0].double()
    gradient = group_gradient(theta, *training_set(call))
    assert float(gradient.norm()) > 1e-2
    assert found["gradient"] == pytest.approx(float(gradient.norm()), rel=AGREEMENT)
    step = damped_newton_step(theta, *training_set(call), 0.05)
    assert found["step"] == pytest.approx(float(step.norm()), rel=AGREEMENT)
    assert_measured(found, lambda part: logits(theta + step, (784, 2, 10), part), images, AGREEMENT)
    assert 0 < found["residual"] < 1e-3
    assert 2 < found["products"] <= 500
    assert found["failed"] == found["still_seen"] == 0


def test_the_matrix_is_of_as_many_kept_examples_as_asked_for(trainer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Tensor] = []
    product = influence.gauss_newton

    def noted(theta: Tensor, inputs: Tensor, *rest: Any) -> Any:
        given.append(inputs.clone())
        return product(theta, inputs, *rest)

    monkeypatch.setattr(influence, "gauss_newton", noted)
    for count in (30, None):
        experiment("influence", influence=Influence(examples=count, most=3)).run(1, CONTEXT)
        call = trainer.calls[-1]
        deleted = set(np.asarray(call.members[0].rows).tolist())
        kept = {call.images[row].numpy().tobytes() for row in range(N) if row not in deleted}
        chosen = {image.numpy().tobytes() for image in given[-1]}
        assert len(chosen) == len(given[-1]) == (count or N - SIZE)
        assert chosen <= kept


def test_conjugate_gradients_that_are_stopped_early_say_so(trainer: Any) -> None:
    found = experiment("influence", influence=Influence(most=2, tolerance=1e-6)).run(1, CONTEXT)
    row = row_of(found, "influence")
    assert trainer.calls
    assert (row["products"], row["failed"]) == (2.0, 0.0)
    assert row["residual"] > 1e-3


def test_the_released_step_is_what_the_recursion_written_out_gives(
    trainer: Any, images: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Tensor] = []
    step = influence.released_step

    def noted(*given: Any, order: Tensor, **named: Any) -> Tensor:
        orders.append(order)
        return step(*given, order=order, **named)

    monkeypatch.setattr(influence, "released_step", noted)
    scale, depth = 1e3, 6
    settings = Influence(released_scale=scale, released_depth=depth)
    found = row_of(experiment("released influence", influence=settings).run(1, CONTEXT), "released influence")
    (call,) = trainer.calls
    theta = call.networks.parameters[0].double()
    seen, labels, deleted = training_set(call)
    gradient = group_gradient(theta, seen, labels, deleted)
    estimate = gradient
    (order,) = orders
    assert len(order) == depth
    for row in order.tolist():
        (slope,) = torch.autograd.functional.hvp(  # type: ignore[no-untyped-call]
            lambda at, row=row: nn.functional.cross_entropy(logits(at, (784, 2, 10), seen[row]), labels[row]),
            theta,
            estimate,
        )[1:]
        estimate = gradient + 0.99 * estimate - slope / scale
    assert found["gradient"] == pytest.approx(float(gradient.norm()), rel=AGREEMENT)
    assert found["step"] == pytest.approx(float(estimate.norm()) / 10, rel=AGREEMENT)
    assert_measured(found, lambda part: logits(theta + estimate / 10, (784, 2, 10), part), images, AGREEMENT)


# ------------------------------------------------------------------------------------------------ the last layer

HEAD_RECIPE = Recipe(hidden=(12,), epochs=1, milestones=())


def logistic(features: Floats, labels: Floats, count: int, penalty: float) -> Floats:
    """Minimizer of the summed cross-entropy over `count`, plus penalty·‖θ‖²/2; (classes, f + 1), biases last."""
    design, own = np.hstack([features, np.ones((len(features), 1))]), np.eye(CLASSES)[labels.astype(int)]

    def objective(flat: Floats) -> tuple[float, Floats]:
        theta = flat.reshape(CLASSES, -1)
        answers = design @ theta.T
        top = answers.max(axis=1, keepdims=True)
        total = top + np.log(np.exp(answers - top).sum(axis=1, keepdims=True))
        loss = float((own * (total - answers)).sum() / count + penalty * (flat**2).sum() / 2)
        return loss, ((np.exp(answers - total) - own).T @ design / count + penalty * theta).ravel()

    start = np.zeros(CLASSES * design.shape[1])
    options = {"gtol": 1e-9, "ftol": 1e-15, "maxiter": 5000}
    found = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x
    return np.asarray(found.reshape(CLASSES, -1))


def newton(features: Floats, labels: Floats, count: int, penalty: float, start: Floats) -> Floats:
    """One Newton step on the same objective, with the Hessian by torch."""
    design = torch.from_numpy(np.hstack([features, np.ones((len(features), 1))]))
    classes = torch.from_numpy(labels.astype(int))

    def objective(flat: Tensor) -> Tensor:
        loss = nn.functional.cross_entropy(design @ flat.view(CLASSES, -1).T, classes, reduction="sum")
        return loss / count + penalty * flat.square().sum() / 2

    theta = torch.from_numpy(start.ravel())
    matrix = torch.autograd.functional.hessian(objective, theta)  # type: ignore[no-untyped-call]
    slope = torch.func.grad(objective)(theta)
    return np.asarray((theta - torch.linalg.solve(matrix, slope)).view(CLASSES, -1))


def test_heads_against_fits_of_their_own(trainer: Any, images: dict[str, Any]) -> None:
    penalty = 0.03
    given = experiment("before", LAST_LAYER, recipe=HEAD_RECIPE, influence=Influence(penalty=penalty))
    found = given.run(1, CONTEXT)
    assert found["method"] == ["before", *HEADS]
    assert found["still_seen"] == [SIZE, SIZE, 0, 0]
    (call,) = trainer.calls
    seen, labels, deleted = training_set(call)
    (weight, bias), _ = layers(call.networks.parameters[1].double(), (784, 12, 10))  # that never saw the pattern

    def body(part: Tensor) -> Tensor:
        return (part @ weight.T + bias).clamp(min=0)

    features = body(seen).numpy()
    size = np.sqrt((features**2).mean())
    kept = np.setdiff1d(np.arange(N), deleted.numpy())
    own = labels.numpy().astype(float)
    before = logistic(features / size, own, N, penalty)
    scratch = logistic(features[kept] / size, own[kept], N, penalty)
    step = newton(features[kept] / size, own[kept], N, penalty, before)
    heads = dict(zip(HEADS, (before, scratch, step), strict=True))
    for method, theta in heads.items():

        def answers(part: Tensor, theta: Floats = theta) -> Tensor:
            found: Tensor = body(part) / size @ torch.from_numpy(theta[:, :-1]).T + torch.from_numpy(theta[:, -1])
            return found

        assert_measured(row_of(found, method), answers, images)
    assert len({row_of(found, method)["difference"] for method in HEADS}) == 3
    expected = np.linalg.norm(step - scratch) / np.linalg.norm(before - scratch)
    row = row_of(found, "head Newton")
    assert row["error"] == pytest.approx(expected, rel=0.02)
    assert row["error"] < 0.3
    assert row["residual"] <= 1e-6 * (1 + ROUNDING)
    assert row["products"] > 2


def test_a_last_layer_on_the_images_themselves(trainer: Any) -> None:
    """Of a linear network there is nothing else; all of what it learnt of the pattern is deleted by the refit."""
    recipe = Recipe(hidden=(), epochs=1, milestones=())
    found = experiment(LAST_LAYER, recipe=recipe, pattern="R3").run(1, CONTEXT)
    assert trainer.calls
    before, scratch, newton_step = (row_of(found, method)["difference"] for method in HEADS)
    assert before > scratch + 0.01
    assert newton_step == pytest.approx(scratch, abs=0.2 * (before - scratch))
