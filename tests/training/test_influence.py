"""Group influence against explicit matrices, autograd, closed fixed points and refits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import log

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from support.training import influence
from support.training.ensemble import Ensemble
from support.training.influence import (
    conjugate_gradients,
    gauss_newton,
    network_logits,
    released_step,
    summed_gradient,
)

D, CLASSES, N = 5, 3, 40
DEEP, LINEAR = (D, 6, 4, CLASSES), (D, CLASSES)
ROUNDING = 1e-10
DAMPING = 0.05


def parameters(widths: tuple[int, ...], seed: int = 0) -> Tensor:
    count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))
    return torch.randn(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 0.7


@pytest.fixture(scope="module")
def inputs() -> Tensor:
    return torch.randn(N, D, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture(scope="module")
def labels() -> Tensor:
    return torch.arange(N) % CLASSES


def plain(theta: Tensor, widths: tuple[int, ...]) -> nn.Sequential:
    """The network as a user would write it, its parameters filled in order: weights (out, in), then biases."""
    parts: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        parts += [nn.Linear(fan_in, fan_out, dtype=theta.dtype), nn.ReLU()]
    network = nn.Sequential(*parts[:-1])
    nn.utils.vector_to_parameters(theta, network.parameters())
    return network


def outputs(widths: tuple[int, ...], inputs: Tensor) -> Callable[[Tensor], Tensor]:
    """The plain network's logits as a function of its flat parameters."""
    network = plain(parameters(widths), widths)
    names, shapes = zip(*[(name, part.shape) for name, part in network.named_parameters()], strict=True)

    def logits(theta: Tensor) -> Tensor:
        parts = torch.split(theta, [shape.numel() for shape in shapes])
        state = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        found: Tensor = torch.func.functional_call(network, state, (inputs,))
        return found

    return logits


def hessian(theta: Tensor, widths: tuple[int, ...], inputs: Tensor, labels: Tensor) -> Tensor:
    """Of the plain network's mean loss, by torch's reverse mode twice."""
    logits = outputs(widths, inputs)

    def loss(at: Tensor) -> Tensor:
        return cross_entropy(logits(at), labels)

    found: Tensor = torch.autograd.functional.hessian(loss, theta)  # type: ignore[no-untyped-call]
    return found


def matrix_of(product: Callable[[Tensor], Tensor], size: int) -> Tensor:
    return torch.stack([product(column) for column in torch.eye(size, dtype=torch.float64)], dim=1)


# ------------------------------------------------------------------------------------------------ the network


@pytest.mark.parametrize("widths", [DEEP, LINEAR], ids=["deep", "linear"])
def test_logits_of_a_plain_network_and_of_an_ensembles(inputs: Tensor, widths: tuple[int, ...]) -> None:
    theta = parameters(widths)
    torch.testing.assert_close(network_logits(theta, inputs, widths), plain(theta, widths)(inputs), rtol=0, atol=1e-12)
    single = theta.float()
    member = Ensemble(widths, torch.stack([single * 2, single]), torch.zeros(2), (False, False)).module(1)
    expected = member(inputs.float()).detach()
    torch.testing.assert_close(network_logits(single, inputs.float(), widths), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("widths", [DEEP, LINEAR], ids=["deep", "linear"])
def test_gradient_of_a_plain_network_and_by_differences(
    inputs: Tensor, labels: Tensor, widths: tuple[int, ...]
) -> None:
    theta = parameters(widths)
    found = summed_gradient(theta, inputs, labels, widths)
    network = plain(theta, widths)
    cross_entropy(network(inputs), labels, reduction="sum").backward()  # type: ignore[no-untyped-call]
    expected = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    torch.testing.assert_close(found, expected, rtol=0, atol=ROUNDING)
    step = 1e-6
    for place in range(0, len(theta), 7):
        shift = step * torch.eye(len(theta), dtype=torch.float64)[place]
        up, down = (
            float(cross_entropy(plain(theta + sign * shift, widths)(inputs), labels, reduction="sum").detach())
            for sign in (1, -1)
        )
        assert float(found[place]) == pytest.approx((up - down) / (2 * step), abs=1e-6)
    assert not theta.requires_grad


# ------------------------------------------------------------------------------------------------ the matrix


def explicit_gauss_newton(theta: Tensor, widths: tuple[int, ...], inputs: Tensor) -> Tensor:
    """Mean over examples of Jᵀ (diag p − p pᵀ) J."""
    logits = outputs(widths, inputs)
    total = torch.zeros(len(theta), len(theta), dtype=torch.float64)
    for jacobian, answers in zip(torch.func.jacrev(logits)(theta), logits(theta), strict=True):
        p = answers.softmax(dim=0)
        total += jacobian.T @ (torch.diag(p) - torch.outer(p, p)) @ jacobian
    return total / len(inputs)


@pytest.mark.parametrize("block", [N, 16, 7])
def test_gauss_newton_against_jacobians(inputs: Tensor, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(influence, "BLOCK", block)
    theta = parameters(DEEP)
    found = matrix_of(gauss_newton(theta, inputs, DEEP, DAMPING), len(theta))
    expected = explicit_gauss_newton(theta, DEEP, inputs) + DAMPING * torch.eye(len(theta), dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=0, atol=ROUNDING)
    assert float(torch.linalg.eigvalsh(found).min()) >= DAMPING - ROUNDING


def test_gauss_newton_of_a_linear_model_is_the_hessian(inputs: Tensor, labels: Tensor) -> None:
    theta = parameters(LINEAR)
    found = matrix_of(gauss_newton(theta, inputs, LINEAR, DAMPING), len(theta))
    expected = hessian(theta, LINEAR, inputs, labels) + DAMPING * torch.eye(len(theta), dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=0, atol=ROUNDING)


def test_gauss_newton_of_a_deep_network_is_not_the_hessian(inputs: Tensor, labels: Tensor) -> None:
    theta = parameters(DEEP)
    exact = hessian(theta, DEEP, inputs, labels)
    assert float(torch.linalg.eigvalsh(exact).min()) < -1e-3
    assert float((explicit_gauss_newton(theta, DEEP, inputs) - exact).abs().max()) > 1e-2


@pytest.mark.parametrize("damping", [0.0, -1.0, float("nan")])
def test_damping_must_be_positive(inputs: Tensor, damping: float) -> None:
    with pytest.raises(ValueError, match="damping must be positive, got"):
        gauss_newton(parameters(LINEAR), inputs, LINEAR, damping)


def test_a_matrix_of_nothing_is_refused(inputs: Tensor) -> None:
    with pytest.raises(ValueError, match="needs inputs, got none"):
        gauss_newton(parameters(LINEAR), inputs[:0], LINEAR, 0.1)


# ------------------------------------------------------------------------------------------------ the solver


def positive(size: int) -> tuple[Tensor, Tensor]:
    """A positive matrix of condition 1000, and a right-hand side."""
    generator = torch.Generator().manual_seed(size)
    basis = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    spectrum = torch.logspace(0, 3, size, dtype=torch.float64)
    return basis @ torch.diag(spectrum) @ basis.T, torch.randn(size, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("size", [1, 5, 30])
def test_solution_against_a_direct_solver(size: int) -> None:
    matrix, right = positive(size)
    before = right.clone()
    found = conjugate_gradients(lambda vector: matrix @ vector, right, tolerance=1e-12, most=10 * size)
    torch.testing.assert_close(found.vector, torch.linalg.solve(matrix, right), rtol=1e-8, atol=1e-10)
    assert found.residual < 1e-10
    assert found.products <= 10 * size
    assert torch.equal(right, before)


def test_as_many_products_as_there_are_eigenvalues() -> None:
    basis = positive(12)[0]
    basis = torch.linalg.eigh(basis)[1]
    matrix = basis @ torch.diag(torch.tensor([1.0, 5.0, 9.0] * 4, dtype=torch.float64)) @ basis.T
    found = conjugate_gradients(lambda v: matrix @ v, torch.ones(12, dtype=torch.float64), tolerance=1e-10, most=99)
    assert found.products == 3


@pytest.mark.parametrize("most", [0, 1, 4])
def test_the_residual_is_that_of_the_solution_even_if_it_is_poor(most: int) -> None:
    matrix, right = positive(30)
    calls: list[Tensor] = []

    def product(vector: Tensor) -> Tensor:
        calls.append(vector)
        return matrix @ vector

    found = conjugate_gradients(product, right, tolerance=1e-9, most=most)
    assert found.products == most
    assert found.residual == pytest.approx(float((matrix @ found.vector - right).norm() / right.norm()), rel=ROUNDING)
    assert found.residual > 1e-3
    assert len(calls) == most + 1  # and one to check


def test_the_residual_is_not_taken_from_the_recursion() -> None:
    """A product that is not the same twice leads the recursion astray; what is told is what holds in the end."""
    matrix, right = positive(8)
    calls = []

    def drifting(vector: Tensor) -> Tensor:
        calls.append(vector)
        return (1 + 0.3 * len(calls)) * (matrix @ vector)

    found = conjugate_gradients(drifting, right, tolerance=1e-6, most=6)
    expected = (1 + 0.3 * len(calls)) * (matrix @ found.vector) - right
    assert found.residual == pytest.approx(float(expected.norm() / right.norm()), rel=ROUNDING)


def test_a_loose_tolerance_is_met_and_not_overshot() -> None:
    matrix, right = positive(30)
    products = []
    for tolerance in (0.5, 0.1, 1e-6):
        found = conjugate_gradients(lambda v: matrix @ v, right, tolerance=tolerance, most=500)
        assert found.residual <= tolerance * (1 + 1e-6)
        products.append(found.products)
    assert products == sorted(set(products))


def test_a_right_hand_side_whose_square_underflows_is_solved_like_any_other() -> None:
    matrix, right = (part.float() for part in positive(12))
    ordinary = conjugate_gradients(lambda v: matrix @ v, right, tolerance=1e-4, most=100)
    tiny = conjugate_gradients(lambda v: matrix @ v, right * 2.0**-80, tolerance=1e-4, most=100)
    assert float((right * 2.0**-80) @ (right * 2.0**-80)) == 0
    assert (tiny.products, tiny.residual) == (ordinary.products, ordinary.residual)
    assert torch.equal(tiny.vector * 2.0**80, ordinary.vector)


def test_nothing_on_the_right_needs_no_product() -> None:
    def product(vector: Tensor) -> Tensor:
        raise AssertionError(vector)

    found = conjugate_gradients(product, torch.zeros(4), tolerance=1e-9, most=9)
    assert (found.vector.tolist(), found.residual, found.products) == ([0.0] * 4, 0.0, 0)


@pytest.mark.parametrize("diagonal", [[1.0, -2.0, 3.0], [-1.0, -1.0, -1.0], [0.0, 0.0, 0.0]])
def test_a_matrix_that_is_not_positive_is_told(diagonal: list[float]) -> None:
    matrix, right = torch.diag(torch.tensor(diagonal)), torch.tensor([1.0, 2.0, 1.0])
    with pytest.raises(ArithmeticError, match="met a direction of curvature"):
        conjugate_gradients(lambda vector: matrix @ vector, right, tolerance=1e-9, most=9)


def test_products_that_are_not_finite_are_told() -> None:
    with pytest.raises(ArithmeticError, match="curvature nan"):
        conjugate_gradients(lambda vector: vector * torch.nan, torch.ones(3), tolerance=1e-9, most=9)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_right_hand_side_must_be_finite(value: float) -> None:
    with pytest.raises(ValueError, match="need a finite right-hand side, got norm"):
        conjugate_gradients(lambda vector: vector, torch.tensor([1.0, value]), tolerance=1e-9, most=9)


# ------------------------------------------------------------------------------------------------ the released code


@pytest.mark.parametrize(
    ("widths", "damping", "scale", "runs"), [(LINEAR, 0.05, 25.0, 10), (LINEAR, 0.05, 60.0, 1), (DEEP, 0.3, 25.0, 10)]
)
def test_one_example_forever_leads_to_the_fixed_point(
    inputs: Tensor, labels: Tensor, widths: tuple[int, ...], damping: float, scale: float, runs: int
) -> None:
    theta = parameters(widths)
    curvature = hessian(theta, widths, inputs[7:8], labels[7:8])
    change = (1 - damping) * torch.eye(len(theta), dtype=torch.float64) - curvature / scale
    radius = float(torch.linalg.eigvalsh(change).abs().max())
    assert radius < 1
    gradient = summed_gradient(theta, inputs[:5], labels[:5], widths) / N
    order = torch.full((int(log(1e-9) / log(radius)),), 7)
    found = released_step(theta, gradient, inputs, labels, widths, order=order, damping=damping, scale=scale, runs=runs)
    # scale (H + damping·scale I)⁻¹ v, in the code's own terms.
    matrix = curvature + damping * scale * torch.eye(len(theta), dtype=torch.float64)
    expected = scale * torch.linalg.solve(matrix, gradient) / runs
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)


def test_examples_are_visited_in_their_order(inputs: Tensor, labels: Tensor) -> None:
    theta = parameters(LINEAR)
    gradient = summed_gradient(theta, inputs[:5], labels[:5], LINEAR)
    before = gradient.clone()
    expected = gradient
    for row in (3, 0, 3, 11):
        curvature = hessian(theta, LINEAR, inputs[row : row + 1], labels[row : row + 1])
        expected = gradient + 0.99 * expected - curvature @ expected / 25
    order = torch.tensor([3, 0, 3, 11])
    found = released_step(theta, gradient, inputs, labels, LINEAR, order=order)
    torch.testing.assert_close(found, expected / 10, rtol=0, atol=ROUNDING)
    assert torch.equal(gradient, before)


def test_a_scale_below_half_the_curvature_diverges(inputs: Tensor, labels: Tensor) -> None:
    theta = parameters(LINEAR)
    curvature = hessian(theta, LINEAR, inputs[:1], labels[:1])
    scale = float(torch.linalg.eigvalsh(curvature).max()) / 4
    gradient = summed_gradient(theta, inputs[:5], labels[:5], LINEAR)
    order = torch.zeros(700, dtype=torch.int64)
    found = released_step(theta, gradient, inputs, labels, LINEAR, order=order, scale=scale)
    assert not found.isfinite().all()


# ------------------------------------------------------------------------------------------------ against refits


def test_a_newton_step_is_exact_for_a_quadratic() -> None:
    """Ridge regression without a group: one step with the remaining examples' matrix, solved by conjugate gradients."""
    generator = torch.Generator().manual_seed(4)
    design = torch.randn(50, 6, generator=generator, dtype=torch.float64)
    answers = torch.randn(50, generator=generator, dtype=torch.float64)
    penalty, group = 0.2, torch.arange(9)

    def fit(rows: Tensor) -> Tensor:
        matrix = design[rows].T @ design[rows] + 50 * penalty * torch.eye(6, dtype=torch.float64)
        found: Tensor = torch.linalg.solve(matrix, design[rows].T @ answers[rows])
        return found

    before, kept = fit(torch.arange(50)), torch.arange(9, 50)
    gradient = design[group].T @ (design[group] @ before - answers[group])

    def product(vector: Tensor) -> Tensor:
        return design[kept].T @ (design[kept] @ vector) + 50 * penalty * vector

    step = conjugate_gradients(product, gradient, tolerance=1e-13, most=50).vector
    torch.testing.assert_close(before + step, fit(kept), rtol=0, atol=ROUNDING)


def logistic(inputs: Tensor, labels: Tensor, kept: Tensor, penalty: float) -> Tensor:
    """Minimizer of the kept examples' loss over N plus penalty·‖θ‖²/2, by SciPy."""
    count = len(inputs)
    features = np.hstack([inputs.numpy(), np.ones((count, 1))])[kept.numpy()]
    own = np.eye(CLASSES)[labels.numpy()][kept.numpy()]

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        theta = flat.reshape(CLASSES, -1)
        logits = features @ theta.T
        top = logits.max(axis=1, keepdims=True)
        log_total = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        slope = (np.exp(logits - log_total) - own).T @ features / count + penalty * theta
        return float((own * (log_total - logits)).sum() / count + penalty * (theta**2).sum() / 2), slope.ravel()

    start = np.zeros(CLASSES * features.shape[1])
    found = optimize.minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-10}).x.reshape(CLASSES, -1)
    return torch.from_numpy(np.concatenate([found[:, :-1].ravel(), found[:, -1]]))


def test_group_influence_of_a_logistic_regression_is_near_the_refit(inputs: Tensor, labels: Tensor) -> None:
    penalty, group = 0.1, torch.arange(N) < 3

    def errors(copies: int) -> tuple[float, float]:
        """Of first-order influence and of a Newton step, relative to how far the refit moves."""
        count = copies * N
        every, own = inputs.repeat(copies, 1), labels.repeat(copies)
        kept = torch.ones(count, dtype=torch.bool)
        kept[:N] = ~group
        before, after = logistic(every, own, torch.ones_like(kept), penalty), logistic(every, own, kept, penalty)
        gradient = summed_gradient(before, every[~kept], own[~kept], LINEAR)

        def left(examples: Tensor, damping: float) -> float:
            product = gauss_newton(before, examples, LINEAR, damping)
            step = conjugate_gradients(product, gradient / len(examples), tolerance=1e-12, most=200).vector
            return float((before + step - after).norm() / (after - before).norm())

        return left(every, penalty), left(every[kept], penalty * count / int(kept.sum()))

    influence_errors, newton_errors = zip(*map(errors, (1, 8)), strict=True)
    assert newton_errors[0] < influence_errors[0] < 0.15
    assert newton_errors[0] < 0.06
    # The error is of second order in the group's share of the examples, what the refit moves is of first order.
    for first, eighth in (influence_errors, newton_errors):
        assert first / eighth == pytest.approx(8, rel=0.3)
