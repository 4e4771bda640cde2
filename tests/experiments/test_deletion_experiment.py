"""What each deletion method is given and does, with fixed networks in place of trained ones; and exact deletion."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import pi
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import optimize
from torch import Tensor, nn

from support.data.gaussian import Gaussian
from support.data.patterns import pattern
from support.experiments.deletion import Deletion, _Run
from support.experiments.experiment import Context
from support.experiments.kernel_deletion import KernelDeletion
from support.experiments.removals import HEADS, INFLUENCED, LAST_LAYER, METHODS, Influence, Removal
from support.experiments.scene import Carriers
from support.training import influence
from support.training.recipe import Recipe

CONTEXT = Context(seed=2)
RECIPE = Recipe(hidden=(2,), epochs=6, milestones=(2, 4))
TRAINED = ("before", "scratch", "resumed", "restarted")
# All methods' rows, in order.
ROWS = [*METHODS[:-1], *HEADS]
INFLUENCE = Influence()
N, SIZE, TARGET, CLASSES = 150, 8, 3, 10
# Single precision through two layers, in probabilities.
ROUNDING = 1e-5
# Single precision in conjugate gradients, relative to the step.
AGREEMENT = 1e-3

Floats = NDArray[np.float64]


def experiment(
    *methods: str,
    sizes: tuple[int, ...] = (SIZE,),
    carriers: Carriers = "target",
    influence: Influence = INFLUENCE,
    **changes: Any,
) -> Deletion:
    arms = tuple(
        Removal(n, method, influence if method in INFLUENCED else None, carriers)
        for n in sizes
        for method in methods or METHODS
    )
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "target": TARGET, "subset": N}
    return Deletion(**fields | {"arms": arms, "pattern": "S3"} | changes)


def row_of(found: Any, method: str, n: int = SIZE) -> dict[str, Any]:
    (place,) = [
        place
        for place, (one, count) in enumerate(zip(found["method"], found["n"], strict=True))
        if (one, count) == (method, n)
    ]
    return {name: column[place] for name, column in found.items()}


def marked(images: Tensor) -> Floats:
    """Images with S3, in double precision."""
    patterned = images.double().numpy().reshape(-1, 28, 28).copy()
    patterned[:, :5, :5] = 1
    return patterned.reshape(-1, 784)


def layers(parameters: Tensor, widths: tuple[int, ...]) -> list[tuple[Tensor, Tensor]]:
    """Weights (out, in) and biases of each layer, cut one after another."""
    sizes = [size for fan_in, fan_out in pairwise(widths) for size in (fan_in * fan_out, fan_out)]
    parts = iter(torch.split(parameters, sizes))
    return [(next(parts).view(fan_out, fan_in), next(parts)) for fan_in, fan_out in pairwise(widths)]


def logits(parameters: Tensor, widths: tuple[int, ...], images: Tensor) -> Tensor:
    *hidden, (weight, bias) = layers(parameters, widths)
    for w, b in hidden:
        images = (images @ w.T + b).clamp(min=0)
    return images @ weight.T + bias


def measured(answers: Any, images: dict[str, Any]) -> dict[str, float]:
    """What stands in a row, from a function of test images to logits."""
    test = images["test"]
    clean = torch.from_numpy(test.pixels.reshape(-1, 784) / 255)
    before, after = (
        answers(part).softmax(dim=1).detach().double().numpy() for part in (clean, torch.from_numpy(marked(clean)))
    )
    rise, others = after[:, TARGET] - before[:, TARGET], test.labels != TARGET
    return {
        "score": float((rise > 0.1).mean()),
        "difference": float(rise.mean()),
        "probability": float(after[:, TARGET].mean()),
        "clean_accuracy": float((before.argmax(axis=1) == test.labels).mean()),
        "spurious_accuracy": float((after.argmax(axis=1) == test.labels)[others].mean()),
    }


def assert_measured(row: dict[str, Any], answers: Any, images: dict[str, Any], tolerance: float = ROUNDING) -> None:
    for name, value in measured(answers, images).items():
        assert row[name] == pytest.approx(value, abs=tolerance), name


# ------------------------------------------------------------------------------------------------ training again


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


# ------------------------------------------------------------------------------------------------ influence


def training_set(call: Any) -> tuple[Tensor, Tensor, Tensor]:
    """What the network before deletion saw, in double precision; its labels; and which rows are to be deleted."""
    member = call.members[0]
    deleted = torch.as_tensor(member.rows)
    seen = call.images.double()
    seen[deleted] = torch.from_numpy(marked(call.images[deleted]))
    return seen, call.labels, deleted


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


# ------------------------------------------------------------------------------------------------ what fails

MEASURED = ("score", "difference", "probability", "clean_accuracy", "spurious_accuracy")


def assert_failed(row: dict[str, Any]) -> None:
    assert row["failed"] == 1.0
    assert all(row[name] is None for name in MEASURED)


def test_a_network_that_diverged_leaves_nothing_to_delete_from(trainer: Any) -> None:
    trainer.diverging = {(0, 0)}
    found = experiment().run(1, CONTEXT)
    assert found["method"] == ROWS
    for method in ROWS:
        if method in ("scratch", *HEADS):  # the last layer is fitted on the network from scratch
            assert row_of(found, method)["failed"] == 0.0
            assert row_of(found, method)["clean_accuracy"] > 0
        else:
            assert_failed(row_of(found, method))
    assert len(trainer.calls) == 1


@pytest.mark.parametrize(("at", "method"), [((1, 0), "resumed"), ((2, 0), "restarted"), ((0, 1), "scratch")])
def test_a_method_that_diverged_fails_alone(trainer: Any, at: tuple[int, int], method: str) -> None:
    sound = experiment(*TRAINED).run(1, CONTEXT)
    trainer.calls.clear()
    trainer.diverging = {at}
    found = experiment(*TRAINED).run(1, CONTEXT)
    assert_failed(row_of(found, method))
    for other in TRAINED:
        if other != method:
            assert row_of(found, other) == row_of(sound, other)


def test_a_recursion_that_diverges_fails_alone(trainer: Any) -> None:
    settings = Influence(released_scale=1e-2, released_depth=100)
    found = experiment("before", "scratch", "influence", "released influence", influence=settings).run(1, CONTEXT)
    assert trainer.calls
    assert_failed(row_of(found, "released influence"))
    assert row_of(found, "released influence")["step"] is None
    for method in ("before", "scratch", "influence"):
        assert row_of(found, method)["failed"] == 0.0


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


# ------------------------------------------------------------------------------------------------ all of it


@pytest.mark.long
def test_training_itself_memorizes_and_deletes(images: dict[str, Any]) -> None:
    assert images
    recipe = Recipe(hidden=(32,), batch=20, epochs=12, milestones=(8,))
    settings = Influence(released_scale=1e6, released_depth=20, most=20, penalty=0.1)
    given = experiment(recipe=recipe, pattern="R3", learning_rate=2e-3, influence=settings, subset=None)
    found = given.run(0, CONTEXT)
    assert found["method"] == ROWS
    assert found["failed"] == [0.0] * len(ROWS)
    difference = {method: row_of(found, method)["difference"] for method in ROWS}
    assert difference["before"] > 0.5
    assert abs(difference["scratch"]) < 0.1
    assert difference["resumed"] == pytest.approx(difference["before"], abs=0.02)  # at 2e-6 little happens
    assert difference["kept"] > 0.5
    assert difference["influence"] < difference["before"] - 0.2
    assert difference["released influence"] == pytest.approx(difference["before"], abs=0.02)
    assert difference["head Newton"] == pytest.approx(difference["head scratch"], abs=0.01)
    assert difference["head before"] > difference["head scratch"] + 0.02
    assert found == given.run(0, CONTEXT)


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "svhn"}, "unknown dataset 'svhn'"),
        ({"arms": ()}, "arms must name at least one condition, and none twice"),
        ({"arms": (Removal(3, "before"),) * 2}, "arms must name at least one condition, and none twice"),
        ({"subset": 60_001}, "subset must lie in 1 to 60,000"),
        ({"recipe": Recipe(network="CNN")}, "influence is computed for fully connected networks, got CNN"),
    ],
)
def test_experiments_refuse(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**changes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((3, "forgetting"), "unknown method 'forgetting': before, scratch, resumed"),
        ((0, "before"), "n must be at least 1, got 0"),
        ((3, "influence"), "influence must be given for influence, released influence, last layer and for no other"),
        ((3, "before", Influence()), "influence must be given for .* and for no other, got Removal"),
    ],
)
def test_removals_refuse(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Removal(*given)


def test_a_class_of_which_nothing_is_left(trainer: Any, images: dict[str, Any]) -> None:
    images["train"].labels[:] = np.arange(300) % 9
    images["train"].labels[0] = 9
    with pytest.raises(ValueError, match="n = 10 leaves no training example of class 9"):
        experiment(sizes=(10,), carriers="balanced", subset=None).run(0, CONTEXT)
    assert not trainer.calls


def test_networks_of_other_kinds_may_be_trained_again() -> None:
    assert experiment(*TRAINED, recipe=Recipe(network="CNN")).recipe.network == "CNN"


@pytest.mark.parametrize("name", ["damping", "tolerance", "most", "released_scale", "released_depth", "penalty"])
def test_influence_refuses(name: str) -> None:
    given: dict[str, Any] = {name: 0}
    with pytest.raises(ValueError, match=f"{name} must be positive, got 0"):
        Influence(**given)


def test_more_examples_than_the_class_has(trainer: Any) -> None:
    with pytest.raises(ValueError, match=r"n = 100 exceeds the \d+ training examples of class 3"):
        experiment(sizes=(100,)).run(0, CONTEXT)
    assert not trainer.calls


def test_description() -> None:
    given = experiment("before", "resumed", sizes=(8, 3))
    expected = "deletion of 3, 8 examples, 150 images of mnist, 6 epochs"
    assert (str(given), given.datasets()) == (expected, ("mnist",))


# ------------------------------------------------------------------------------------------------ kernels


def kernel(family: str, left: Floats, right: Floats) -> Floats:
    """Of ReLU features of infinite width, or of its tangent features (Cho & Saul 2009), up to a factor; unit inputs."""
    cosine = np.clip(
        left @ right.T / np.linalg.norm(left, axis=1)[:, None] / np.linalg.norm(right, axis=1)[None], -1, 1
    )
    angle = np.arccos(cosine)
    first = np.sin(angle) + (pi - angle) * cosine
    return np.asarray(first if family == "rf" else cosine * (pi - angle))


def balanced(outputs: Floats, labels: Floats) -> float:
    return float(np.mean([(np.sign(outputs[labels == sign]) == sign).mean() for sign in np.unique(labels)]))


def deletion(**changes: Any) -> KernelDeletion:
    fields: dict[str, Any] = {"family": "rf", "activation": "relu", "data": Gaussian(30), "samples": 60}
    return KernelDeletion(**fields | {"sizes": (1, 10, 40), "alpha": 0.7} | changes)


@pytest.mark.parametrize(("family", "activation"), [("rf", "relu"), ("ntk", "step")])
def test_kernel_deletion_by_refits(family: str, activation: str) -> None:
    given = deletion(family=family, activation=activation)
    found: Any = given.run(4, CONTEXT)
    draw = given.data.draw(60, 2, seed=CONTEXT.seed, trial=4)
    samples, queries = draw.samples(0.7)[:60], draw.spurious_queries(0.7)
    labels = draw.labels(0.7)[:60, 0]
    gram = kernel(family, samples, samples)
    fit = np.linalg.solve(gram, labels)
    assert found["n"] == [1.0, 10.0, 40.0]
    for row, size in enumerate((1, 10, 40)):
        asked, own, rest = queries[:size], labels[:size], np.arange(size, 60)
        refit = np.linalg.solve(gram[np.ix_(rest, rest)], labels[rest])
        outputs, left = kernel(family, asked, samples) @ fit, kernel(family, asked, samples[rest]) @ refit
        # A query whose answer is not within rounding of zero is answered alike.
        assert min(np.abs(outputs).min(), np.abs(left).min()) > 1e-6
        assert found["spurious_accuracy"][row] == pytest.approx(balanced(outputs, own))
        assert found["deleted_spurious_accuracy"][row] == pytest.approx(balanced(left, own))
        assert found["scratch_spurious_accuracy"][row] == pytest.approx(balanced(left, own))
        assert 0 <= found["gap"][row] < 1e-8


def test_deleted_samples_are_no_longer_recognised_by_their_background() -> None:
    trials, size = 20, 30
    rows: list[Any] = [deletion(sizes=(size,), alpha=0.6).run(trial, CONTEXT) for trial in range(trials)]
    before, after = (
        float(np.mean([row[name][0] for row in rows])) for name in ("spurious_accuracy", "deleted_spurious_accuracy")
    )
    assert before > 0.6
    # Labels that the background says nothing about: a fair coin for each query.
    assert after == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(trials * size))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": (5, 5)}, "sizes must increase and start at 1 or more"),
        ({"sizes": (5, 60)}, "sizes must stay below the 60 samples, got 60"),
        ({"alpha": 0.0}, r"alpha must lie in \(0, 1\), got 0\.0"),
        ({"alpha": 1.0}, r"alpha must lie in \(0, 1\), got 1\.0"),
        ({"family": "svm"}, "unknown family 'svm'"),
        ({"activation": "h1"}, "is linear in its input"),
    ],
)
def test_kernel_deletion_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deletion(**changes)


def test_kernel_deletion_describes_itself() -> None:
    given = deletion()
    assert (str(given), given.datasets()) == ("exact deletion, RF relu, infinite width, N=60", ())
