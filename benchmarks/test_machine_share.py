"""The streamed pass (draw the weights, products, activation) as a share of the machine's matrix-product speed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from benchmarks.procedures import ACTIVATION, D, problem
from benchmarks.timing import cores
from support.models.gram import grams

N = 500
WIDTH = 10_000
SQUARE = 3_000

# Sums over k entries in another order differ by rounding alone.
AGREEMENT = 1e-11


@pytest.fixture(params=["1 core", "1 thread", "2 threads"])
def machine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Threads of the products. The weights are drawn in a thread of their own, which "1 core" pins to the same."""
    before = torch.get_num_threads()
    name: str = request.param
    threads = int(name[0])
    if threads > cores():
        pytest.skip(f"needs {threads} cores, there are {cores()}")
    torch.set_num_threads(threads)
    if name == "1 core":
        if not hasattr(os, "sched_setaffinity"):
            pytest.skip("this system cannot pin a process to a core")
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(allowed)})
    yield name
    if name == "1 core":
        os.sched_setaffinity(0, allowed)
    torch.set_num_threads(before)


def test_streamed_pass_as_a_share_of_the_matrix_product(
    machine: str, in_turns: Callable[..., Any], row: Callable[..., None], pick: Callable[[Any, Any], Any]
) -> None:
    n, width, edge = pick((N, WIDTH, SQUARE), (20, 512, 200))
    inputs = torch.from_numpy(problem(n, width).inputs)
    square = torch.randn(edge, edge, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    seconds, results = in_turns(
        lambda: grams("rf", (ACTIVATION,), width, inputs, n, seed=0, trial=0)[ACTIVATION],
        {"square": lambda: square @ square},
        rounds=5,
    )
    operations = 2.0 * len(inputs) * width * (D + n)
    speed = operations / seconds["subject"] / 1e9
    machine_speed = 2.0 * edge**3 / seconds["square"] / 1e9
    row(f"fp64 matrix product, {machine}", f"{machine_speed:.0f} GFLOP/s")
    row("  streamed pass, share of it", f"{speed / machine_speed:.0%}", ">= 60 %")
    kernel = results["subject"]
    difference = float((kernel[:n] - kernel[:n].T).abs().max() / kernel.abs().max())
    assert difference < AGREEMENT, f"the Gram matrix is asymmetric by {difference:.1e}"
