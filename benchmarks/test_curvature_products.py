"""A product with the Gauss-Newton matrix of 200 examples at once, against one example at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.timing import fastest
from support.training.influence import gauss_newton
from support.training.recipe import Recipe
from support.training.stack import initial_parameters

D, CLASSES, EXAMPLES, DAMPING = 784, 10, 200, 0.01
# Single precision; 200 products added up in another order.
AGREEMENT = 1e-4


def test_batched_curvature_product(row: Callable[..., None], pick: Callable[[Any, Any], Any]) -> None:
    examples = pick(EXAMPLES, 10)
    recipe, generator = Recipe(), torch.Generator().manual_seed(0)
    widths = recipe.widths(D, CLASSES)
    parameters = initial_parameters(recipe, D, CLASSES, seed=0)
    inputs = torch.rand(examples, D, generator=generator)
    vector = torch.randn(parameters.shape, generator=generator)
    together = gauss_newton(parameters, inputs, widths, DAMPING)
    apart = [gauss_newton(parameters, example, widths, DAMPING) for example in torch.split(inputs, 1)]

    def one_at_a_time() -> torch.Tensor:
        total = torch.zeros_like(vector)
        for product in apart:
            total += product(vector) / examples
        return total

    torch.testing.assert_close(together(vector), one_at_a_time(), rtol=AGREEMENT, atol=AGREEMENT)
    seconds = fastest({"together": lambda: together(vector), "apart": one_at_a_time}, turns=3)
    row(
        f"Gauss-Newton product, {examples} examples: one at a time / batched",
        f"{seconds['apart'] / seconds['together']:.1f}",
        "",
    )
