"""What a network would be without some of its training examples, without training it again: group influence.

With θ the minimizer of the mean loss of N examples (plus λ‖θ‖²/2), leaving out a group G moves it, to first order, by

    H⁻¹ (1/N) Σ_{i ∈ G} ∇ℓ_i(θ)                                            (Koh & Liang 2017; Koh et al. 2019)

and a Newton step with the Hessian of the remaining examples does so to second order. Here H is the Gauss-Newton matrix
Jᵀ diag(p) − ppᵀ J, the Hessian itself for a linear model; a network's own Hessian is indefinite, and conjugate
gradients need a positive matrix. `released_step` follows the released code of paper B instead, which estimates the
product with H⁻¹ by a recursion (LiSSA) over single examples.

All functions take the flat parameters of one network, (p,), laid out as `support.training.ensemble.Ensemble`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from support.training.stack import layers

Product = Callable[[Tensor], Tensor]
# Examples that a product takes at once; their activations are kept.
BLOCK = 2000


def network_logits(parameters: Tensor, inputs: Tensor, widths: Sequence[int]) -> Tensor:
    """Outputs (n, classes) of the fully connected ReLU network with parameters (p,) on inputs (n, d)."""
    hidden = inputs
    for layer, (weight, bias) in enumerate(zip(*layers(parameters[None], widths), strict=True)):
        hidden = torch.relu(hidden) if layer else hidden
        hidden = hidden @ weight[0].T + bias[0]
    return hidden


def summed_gradient(parameters: Tensor, inputs: Tensor, labels: Tensor, widths: Sequence[int]) -> Tensor:
    """Gradient of the summed cross-entropy in nats, (p,)."""
    start = parameters.detach().requires_grad_()
    loss = torch.nn.functional.cross_entropy(network_logits(start, inputs, widths), labels, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, start)
    return gradient


def gauss_newton(parameters: Tensor, inputs: Tensor, widths: Sequence[int], damping: float) -> Product:
    """v ↦ (G + damping) v with the Gauss-Newton matrix G of the mean cross-entropy over inputs (n, d).

    Raises
    ------
    ValueError : damping is not positive, or there is no input.
    """
    if not damping > 0:
        raise ValueError(f"damping must be positive, got {damping}")
    if not len(inputs):
        raise ValueError("a Gauss-Newton matrix needs inputs, got none")
    start = parameters.detach().requires_grad_()
    blocks = [_Linearized.at(start, block, widths) for block in torch.split(inputs, BLOCK)]

    def product(vector: Tensor) -> Tensor:
        total = damping * vector
        for block in blocks:
            total = total + block.gauss_newton(vector) / len(inputs)
        return total

    return product


@dataclass(frozen=True, eq=False)
class _Linearized:
    """A network's outputs on a block of inputs, and their derivatives in the parameters both ways.

    The product Jv is the derivative of Jᵀw in w, which needs no forward-mode differentiation (loading that costs a
    second); the graph is built once for all products.
    """

    parameters: Tensor
    logits: Tensor
    cotangent: Tensor
    pulled: Tensor

    @classmethod
    def at(cls, parameters: Tensor, inputs: Tensor, widths: Sequence[int]) -> _Linearized:
        logits = network_logits(parameters, inputs, widths)
        cotangent = torch.zeros_like(logits, requires_grad=True)
        (pulled,) = torch.autograd.grad(logits, parameters, cotangent, create_graph=True)
        return cls(parameters, logits, cotangent, pulled)

    def gauss_newton(self, vector: Tensor) -> Tensor:
        """Jᵀ(diag(p) − ppᵀ)Jv, summed over the block."""
        (change,) = torch.autograd.grad(self.pulled, self.cotangent, vector, retain_graph=True)
        p = self.logits.detach().softmax(dim=1)
        weighted = p * change
        weighted -= p * weighted.sum(dim=1, keepdim=True)
        (product,) = torch.autograd.grad(self.logits, self.parameters, weighted, retain_graph=True)
        return product


@dataclass(frozen=True)
class Solution:
    """What conjugate gradients found: the vector, ‖Ax − b‖/‖b‖, and the products that it took."""

    vector: Tensor
    residual: float
    products: int


def conjugate_gradients(product: Product, right: Tensor, *, tolerance: float, most: int) -> Solution:
    """Solve A x = b for a positive A; stops at the relative residual `tolerance` or after `most` products.

    Whether it converged is for the caller to read off `residual`, which is computed anew from the solution; b = 0
    needs no product.

    Raises
    ------
    ValueError : b is not finite.
    ArithmeticError : A is not positive along a direction searched, or a product is not finite.
    """
    size = float(right.double().norm())
    if not size < float("inf"):
        raise ValueError(f"conjugate gradients need a finite right-hand side, got norm {size}")
    solution = torch.zeros_like(right)
    if size == 0:
        return Solution(solution, 0.0, 0)
    # A gradient of examples that a network is sure of may be 1e-25 long; its square has no single-precision number.
    target = (right.double() / size).to(right)
    remainder = target.clone()
    direction = remainder.clone()
    square = float(remainder @ remainder)
    products = 0
    while products < most and square**0.5 > tolerance:
        image = product(direction)
        products += 1
        curvature = float(direction @ image)
        if not curvature > 0:
            raise ArithmeticError(f"conjugate gradients met a direction of curvature {curvature:.3g}")
        step = square / curvature
        solution += step * direction
        remainder -= step * image
        before, square = square, float(remainder @ remainder)
        direction = remainder + (square / before) * direction
    residual = float((product(solution) - target).norm())
    solution = (solution.double() * size).to(right)
    return Solution(solution, residual, products)


def released_step(
    parameters: Tensor,
    gradient: Tensor,
    inputs: Tensor,
    labels: Tensor,
    widths: Sequence[int],
    *,
    order: Tensor,
    damping: float = 0.01,
    scale: float = 25.0,
    runs: int = 10,
) -> Tensor:
    """The step that paper B's released code adds to the parameters, (p,).

    h ← v + (1 − damping) h − ∇²ℓ_i h / scale over single examples i, from h = v. The code means to average `runs` such
    estimates and to divide by `scale`; it keeps the first and divides it by `runs` only. Infinite or NaN where the
    recursion diverges, as it does where an example's curvature exceeds the scale.

    Parameters
    ----------
    gradient : v, (p,).
    inputs, labels : (N, d) and (N,), the training examples.
    order : (depth,) rows of the examples visited.
    """
    start = parameters.detach().requires_grad_()
    estimate = gradient.clone()
    for row in torch.split(order, 1):
        loss = torch.nn.functional.cross_entropy(network_logits(start, inputs[row], widths), labels[row])
        (slope,) = torch.autograd.grad(loss, start, create_graph=True)
        (product,) = torch.autograd.grad(slope, start, estimate)
        estimate = gradient + (1 - damping) * estimate - product / scale
    return estimate / runs
