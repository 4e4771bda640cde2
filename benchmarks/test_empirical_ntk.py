"""The kernel of paper A's fully connected network, beside an epoch of its training, and its memory.

Of the network with its layers as they are, and as modules whose gradients have to be formed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.timing import fastest
from support.models.empirical_ntk import empirical_ntk
from support.training.ensemble import train
from support.training.member import Member
from support.training.recipe import Recipe

ROOT = Path(__file__).parents[1]

# Gaussian data of paper A, the network of its Figure 4 with one output, all samples in one batch.
D, HIDDEN, N = 1000, (500, 200), 500
RATE = 1e-3
EPOCHS = 5

# Float64, sums in another order.
AGREEMENT = 1e-11

# Of samples and queries whose gradients are formed: 4.8 MB each, of which the memory holds some 80.
FEW = 100

LIMIT = 1024  # MiB

PEAK = f"""
import sys
from pathlib import Path
from benchmarks.test_empirical_ntk import kernel, network, opaque
made = network({D}, {HIDDEN})
kernel(opaque(made) if sys.argv[2] == "formed" else made, int(sys.argv[1]))
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


class Dense(nn.Module):
    """A linear layer that is not known to be one."""

    def __init__(self, like: nn.Linear) -> None:
        super().__init__()
        self.matrix, self.shift = like.weight, like.bias

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.matrix.T + self.shift


def network(d: int, hidden: tuple[int, ...]) -> nn.Sequential:
    torch.manual_seed(0)
    parts: list[nn.Module] = []
    for before, after in zip((d, *hidden), (*hidden, 1), strict=True):
        parts += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*parts[:-1]).eval()


def opaque(made: nn.Sequential) -> nn.Sequential:
    return nn.Sequential(*(Dense(part) if isinstance(part, nn.Linear) else part for part in made))


def kernel(made: nn.Sequential, n: int) -> Tensor:
    """Of n samples, and n queries with them."""
    inputs = torch.randn(2 * n, D, generator=torch.Generator().manual_seed(1))
    return empirical_ntk(made, inputs, n)


def test_kernel_beside_an_epoch_of_training(row: Callable[..., None], pick: Callable[[Any, Any], Any]) -> None:
    n, few, hidden = pick(N, 20), pick(FEW, 10), pick(HIDDEN, (20,))
    images = torch.randn(n, D, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(n) % 2
    recipe = Recipe(hidden=hidden, loss="squared", batch=n, epochs=EPOCHS, milestones=())
    member = Member(0, labels[:0], images[:0], learning_rate=RATE)
    made = network(D, hidden)
    formed = opaque(made)
    seconds = fastest(
        {
            "kernel": lambda: kernel(made, n),
            "training": lambda: train(recipe, images, labels, 2, [member]),
            "few": lambda: kernel(made, few),
            "formed": lambda: kernel(formed, few),
        },
        turns=3,
    )
    epoch = seconds["training"] / EPOCHS
    row(f"empirical kernel of {n:,} samples and as many queries", f"{seconds['kernel']:.2f} s")
    row("  kernel / epoch of training", f"{seconds['kernel'] / epoch:.1f} x")
    row(f"  of {few:,} and {few:,}: gradients formed / by layers", f"{seconds['formed'] / seconds['few']:.0f} x")
    by_layers, by_gradients = kernel(made, few), kernel(formed, few)
    assert float((by_layers - by_gradients).abs().max() / by_layers.abs().max()) < AGREEMENT


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_memory(row: Callable[..., None], pick: Callable[[Any, Any], Any]) -> None:
    for how, n in (("by layers", pick(N, 20)), ("formed", pick(FEW, 10))):
        command = [sys.executable, "-c", PEAK, str(n), how]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
        assert done.returncode == 0, done.stderr
        peak = int(done.stdout) / 1024
        row(f"peak memory, kernel of {n:,} and {n:,}, {how} (PyTorch included)", f"{peak:.0f} MiB", f"<= {LIMIT:,}")
        assert peak <= LIMIT
