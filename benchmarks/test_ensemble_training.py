"""Paper B's network trained by the suite, by a plain loop over one model, and against its own matrix products."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timing import cores, fastest
from support.training.ensemble import batch_order, initial_weights, train
from support.training.member import Member
from support.training.recipe import Recipe
from support.training.stack import Stack, TrainingSet

ROOT = Path(__file__).parents[1]

D, CLASSES = 784, 10
RECIPE = Recipe(epochs=1, milestones=())
RATE = 1e-3

# A sixth of the training sets; the last step of an epoch has 16 examples.
N, FEW = 10_000, 272

# Both compute in single precision; eighty steps of Adam amplify another order of summation.
AGREEMENT = 1e-3

# Products of a step of one network with one example: 2 forward, 2 for the gradient of the weights, and 2 for that of
# the inputs in all layers but the first.
FLOP = 6 * sum(a * b for a, b in zip((D, 256, 256, 256), (256, 256, 256, CLASSES), strict=True)) - 2 * D * 256

LIMIT = 2 * 1024  # MiB

PEAK = f"""
import sys, torch
from pathlib import Path
from support.training.ensemble import train
from support.training.member import Member
from support.training.recipe import Recipe
images, labels = torch.zeros(60_000, {D}), torch.zeros(60_000, dtype=torch.int64)
members = [Member(seed, labels[:0], images[:0]) for seed in range(int(sys.argv[1]))]
train(Recipe(batch=6_000, epochs=1, milestones=()), images, labels, {CLASSES}, members)
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.fixture(params=["1 core", "all cores"])
def machine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the procedures run: pinned to one core with one thread, or on all with a thread each."""
    before, name = torch.get_num_threads(), str(request.param)
    if name == "all cores" and cores() == 1:
        pytest.skip("there is one core")
    if name == "1 core":
        if not hasattr(os, "sched_setaffinity"):
            pytest.skip("this system cannot pin a process to a core")
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(allowed)})
        torch.set_num_threads(1)
    yield name
    if name == "1 core":
        os.sched_setaffinity(0, allowed)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(pytestconfig: pytest.Config) -> tuple[Tensor, Tensor]:
    """Images of which a fifth of the pixels is not zero, as in MNIST; labels by brightness."""
    generator = torch.Generator().manual_seed(0)
    n = FEW if pytestconfig.option.smallest else N
    images = torch.rand(n, D, generator=generator) * (torch.rand(n, D, generator=generator) < 0.2)
    return images, (images.sum(dim=1) * 2).long() % CLASSES


def unchanged(seed: int) -> Member:
    return Member(seed, torch.zeros(0, dtype=torch.int64), torch.zeros(0, D), RATE)


def test_training_against_a_plain_loop(
    machine: str, data: tuple[Tensor, Tensor], in_turns: Callable[..., Any], row: Callable[..., None]
) -> None:
    members = [unchanged(seed) for seed in range(2 * cores())]
    parts = _Parts(Stack(RECIPE, TrainingSet(*data, CLASSES), members[:1]))
    seconds, results = in_turns(
        lambda: train(RECIPE, *data, CLASSES, members), {"plain": lambda: _plain(*data, seed=0)}, rounds=3
    )
    each = seconds["subject"] / len(members)
    row(f"member and epoch of {len(data[0]):,} images, {machine}", f"{each:.3f} s")
    row("  plain loop / suite", f"{seconds['plain'] / each:.1f} x", ">= 4 on two cores")
    if machine == "1 core":
        products = fastest({"products": parts.products}, turns=50)["products"] * len(data[0]) / RECIPE.batch
        row(
            "  plain loop / its matrix products run alone",
            f"{seconds['plain'] / products:.1f} x",
            "what no trainer passes",
        )
    row("  arithmetic of the products", f"{FLOP * len(data[0]) / each / 1e9:.0f} GFLOP/s")

    plain, found = results["plain"], results["subject"].module(0)
    inputs, labels = data
    losses = [float(torch.nn.functional.cross_entropy(model(inputs).detach(), labels)) for model in (plain, found)]
    assert losses[1] == pytest.approx(losses[0], abs=AGREEMENT)


@pytest.mark.parametrize("members", [1, 8])
def test_step_against_its_own_products(
    members: int, data: tuple[Tensor, Tensor], in_turns: Callable[..., Any], row: Callable[..., None]
) -> None:
    """One thread, as each of the suite's computes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    stack = Stack(RECIPE, TrainingSet(*data, CLASSES), [unchanged(seed) for seed in range(members)])
    parts = _Parts(stack)
    seconds, results = in_turns(parts.step, {"products": parts.products}, rounds=50)
    split = fastest(
        {
            "gather": parts.gather,
            "forward": parts.forward,
            "backward": parts.backward,
            "optimiser": parts.optimiser,
        },
        turns=50,
    )
    torch.set_num_threads(before)
    step, products = seconds["subject"], seconds["products"]
    work = FLOP * members * RECIPE.batch
    row(f"step of {members} in a stack, per member", f"{step / members * 1e3:.2f} ms")
    row("  step / its own matrix products", f"{step / products:.2f} x", "<= 1.33")
    row("  products, step", f"{work / products / 1e9:.0f}, {work / step / 1e9:.0f}", "GFLOP/s")
    for name, took in split.items():
        row(f"  {name}, share of the parts run alone", f"{took / sum(split.values()):.0%}")
    assert bool(stack.parameters.isfinite().all())
    assert results["subject"] is None


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_memory_of_32_members(row: Callable[..., None]) -> None:
    alone, together = (_peak_mebibytes(members) for members in (1, 32))
    row("peak memory, 60,000 images, 1 member (PyTorch itself included)", f"{alone:.0f} MiB")
    row("peak memory, 60,000 images, 32 members", f"{together:.0f} MiB", f"<= {LIMIT}")
    assert together < LIMIT


class _Parts:
    """The parts of one step of a stack, over the same batch again and again."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        order = torch.stack([batch_order(len(stack.data.labels), member.seed, 0) for member in stack.members])
        self.rows = order[:, : RECIPE.batch]
        self.labels = stack.data.labels[self.rows]
        nothing = self.rows[:0, 0]
        self.changes = nothing, nothing
        self.gather()

    @torch.no_grad()
    def gather(self) -> None:
        self.buffers = self.stack._gather(self.rows, self.changes)

    @torch.no_grad()
    def forward(self) -> None:
        self.stack._forward(self.buffers)

    @torch.no_grad()
    def backward(self) -> None:
        self.stack._backward(self.buffers, self.labels)

    @torch.no_grad()
    def optimiser(self) -> None:
        self.stack.clipping.clip()
        self.stack.optimizer.step(RATE)

    def step(self) -> None:
        self.gather()
        self.forward()
        self.backward()
        self.optimiser()

    @torch.no_grad()
    def products(self) -> None:
        """The same products with the same operands, and nothing else."""
        stack, buffers = self.stack, self.buffers
        layers = [buffers.inputs, *buffers.outputs]
        for weight, inputs, output in zip(stack.weights, layers, buffers.outputs, strict=False):
            torch.bmm(inputs, weight.mT, out=output)
        for layer in reversed(range(len(stack.weights))):
            gradient = buffers.gradients[layer]
            torch.bmm(gradient.mT, layers[layer], out=stack.weight_gradients[layer])
            if layer:
                torch.bmm(gradient, stack.weights[layer], out=buffers.gradients[layer - 1])


def _plain(images: Tensor, labels: Tensor, seed: int) -> torch.nn.Sequential:
    """One model by torch.nn, torch.optim and a DataLoader over tensors, as published, with the suite's draws."""
    layers: list[torch.nn.Module] = []
    for weight, bias in zip(*initial_weights(RECIPE, D, CLASSES, seed), strict=True):
        linear = torch.nn.Linear(*weight.shape)
        linear.load_state_dict({"weight": weight.T, "bias": bias})
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    order = batch_order(len(labels), seed, 0).tolist()
    for inputs, targets in DataLoader(TensorDataset(images, labels), RECIPE.batch, sampler=order):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model


def _peak_mebibytes(members: int) -> float:
    command = [sys.executable, "-c", PEAK, str(members)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1024
