"""Paper A's fully connected network in full batches: trained by the suite, and by a plain loop over one model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.timing import cores
from support.training.draws import batch_order, initial_weights
from support.training.ensemble import train
from support.training.member import Member
from support.training.recipe import Recipe

D, N = 1000, 500
EPOCHS, FEW_EPOCHS = 60, 5
RATE = 1e-3
# Both compute in single precision; sixty steps of Adam amplify another order of summation.
AGREEMENT = 1e-2


def test_full_batches_against_a_plain_loop(
    pytestconfig: pytest.Config, in_turns: Callable[..., Any], row: Callable[..., None]
) -> None:
    """Squared loss, N that differ between members by the samples that they leave out."""
    epochs = FEW_EPOCHS if pytestconfig.option.smallest else EPOCHS
    recipe = Recipe(hidden=(500, 200), batch=1024, epochs=epochs, milestones=(), loss="squared")
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(N, D, generator=generator)
    labels = (inputs[:, 0] > 0).long()
    none, unchanged = np.empty(0, dtype=np.int64), np.empty((0, D), dtype=np.float32)
    members = [
        Member(seed, none, unchanged, RATE, excluded=np.arange(N - left_out, N))
        for seed in range(cores())
        for left_out in (0, N // 2)
    ]

    def plain() -> list[torch.nn.Sequential]:
        return [_plain(inputs[:n], labels[:n], epochs) for n in (N, N - N // 2)]

    seconds, results = in_turns(lambda: train(recipe, inputs, labels, 2, members), {"plain": plain}, rounds=3)
    each = seconds["subject"] / cores()
    row(f"two members, N = {N} and {N // 2}, {epochs} epochs", f"{each:.3f} s")
    row("  plain loop / suite, all cores", f"{seconds['plain'] / each:.1f} x", ">= 1")
    with torch.no_grad():
        found = results["subject"].logits(inputs)[0, :, 0]
        wanted = results["plain"][0](inputs)[:, 0]
    assert float((found - wanted).abs().mean()) == pytest.approx(0, abs=AGREEMENT)


def _plain(inputs: torch.Tensor, labels: torch.Tensor, epochs: int) -> torch.nn.Sequential:
    """As one would write it: one model, `torch.optim.Adam`, one step an epoch; the suite's start and order."""
    recipe = Recipe(hidden=(500, 200), loss="squared")
    layers: list[torch.nn.Module] = []
    for weight, bias in zip(*initial_weights(recipe, D, 2, seed=0), strict=True):
        linear = torch.nn.Linear(*weight.shape)
        linear.load_state_dict({"weight": weight.T, "bias": bias})
        layers += [linear, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    signs = 2.0 * labels - 1
    for epoch in range(epochs):
        order = batch_order(len(inputs), 0, epoch)
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(network(inputs[order])[:, 0], signs[order])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network
