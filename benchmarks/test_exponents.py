"""How the cost of the suite's own fit grows with the number of features and of samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.procedures import ACTIVATION, Problem, problem
from benchmarks.timing import growth
from support.models.gram import grams
from support.models.interpolation import factorize

WIDTHS = (2_048, 4_096, 8_192, 16_384)
SAMPLES = (250, 500, 1000, 2000)
AT_N, AT_WIDTH = 200, 2_048


def test_streamed_pass_against_its_sizes(row: Callable[..., None], pick: Callable[[Any, Any], Any]) -> None:
    by_size = growth(_gram, {(k,): problem(AT_N, k) for k in pick(WIDTHS, (256, 512))}, turns=4)
    row(f"streamed pass, N={AT_N}: cost grows as k^", str(by_size), "1")
    by_size = growth(_gram, {(n,): problem(n, pick(AT_WIDTH, 256)) for n in pick(SAMPLES, (20, 40))})
    row("streamed pass, N=250 to 2,000: cost grows as N^", str(by_size), "0 to 2")


def test_linear_algebra_against_the_number_of_samples(
    row: Callable[..., None], pick: Callable[[Any, Any], Any]
) -> None:
    # Well-conditioned, and with no zeros to skip.
    kernels = {(n,): torch.eye(n, dtype=torch.float64) + 1 / n for n in pick(SAMPLES, (20, 40))}
    row("Cholesky and solve: cost grows as N^", str(growth(_dual, kernels, turns=8)), "<= 3")
    row("Cholesky, solve and inverse: cost grows as N^", str(growth(_inverse, kernels, turns=8)), "<= 3")


def _gram(given: Problem) -> Tensor:
    inputs = torch.from_numpy(given.inputs)
    return grams("rf", (ACTIVATION,), given.width, inputs, given.n, seed=0, trial=0)[ACTIVATION]


def _dual(kernel: Tensor) -> Tensor:
    return factorize(kernel).fit(torch.ones(len(kernel), dtype=torch.float64)).dual


def _inverse(kernel: Tensor) -> Tensor:
    return factorize(kernel).fit(torch.ones(len(kernel), dtype=torch.float64)).inverse
