"""One trial of Figure 2's Gaussian panels: the suite's one pass for every N, φ and α, against one run for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks import procedures
from benchmarks.procedures import ACTIVATION, ALPHA, TEST, D, problem
from support.data.gaussian import Gaussian
from support.experiments.experiment import Context
from support.experiments.kernel_regression import SETS, GaussianRegression

SIZES = (10, 20, 50, 100, 200, 500, 1000)
WIDTH = 5_000
FEW, NARROW = (10, 20, 50), 512
ACTIVATIONS, ALPHAS = ("h1+h2", "h1+h4"), (0.25, 0.5)

# The published procedure fits each (φ, α) anew; one of them is run, and counts for all four.
CURVES = len(ACTIVATIONS) * len(ALPHAS)

# Outputs agree to 1e-8; a covariance is a mean of them.
AGREEMENT = 1e-8


def test_one_trial_of_the_gaussian_panels(
    in_turns: Callable[..., Any], row: Callable[..., None], pick: Callable[[Any, Any], Any]
) -> None:
    sizes, width = pick((SIZES, WIDTH), (FEW, NARROW))
    panels = GaussianRegression("rf", ACTIVATIONS, width, Gaussian(D), sizes, ALPHAS)
    entries = np.random.default_rng(0).standard_normal(250_000)
    seconds, results = in_turns(
        lambda: panels.run(0, Context(0, "cpu", None)),
        {
            "rewritten": lambda: [procedures.rewritten(problem(n, width)) for n in sizes],
            "scalar": lambda: procedures.scalar_activation(entries),
        },
        rounds=2,
    )
    visited = sum((2 * n + TEST) * width for n in sizes)
    rewritten = CURVES * seconds["rewritten"]
    published = rewritten + CURVES * seconds["scalar"] * visited / len(entries)
    row(f"one trial of the Gaussian panels, N={sizes[0]} to {sizes[-1]:,}, k={width:,}", f"{seconds['subject']:.1f} s")
    row("  published procedure (rewrite run, activation extrapolated)", f"{published / seconds['subject']:.0f} x")
    row("  array rewrite, one curve of four run", f"{rewritten / seconds['subject']:.1f} x")

    columns = results["subject"]
    measured = {
        n: value
        for n, activation, alpha, value in zip(
            columns["n"], columns["activation"], columns["alpha"], columns["covariance"], strict=True
        )
        if activation == ACTIVATION and alpha == ALPHA
    }
    for n, expected in _covariances(problem(max(sizes), width), sizes).items():
        assert abs(measured[n] - expected) < AGREEMENT, f"N={n}: covariance {measured[n]}, by the rewrite {expected}"


def _covariances(given: procedures.Problem, sizes: Sequence[int]) -> dict[int, float]:
    """Spurious covariance of the rewrite at each N, averaged over the disjoint training sets of a trial."""
    features = [procedures.array_activation(part) for part in procedures.preactivations(given)]
    train, spurious = features[0], features[2]
    found: dict[int, float] = {}
    for n in sizes:
        each = []
        for start in range(0, min(SETS, given.n // n) * n, n):
            own = slice(start, start + n)
            outputs = spurious[own] @ (np.linalg.pinv(train[own]) @ given.labels[own])
            each.append(float(np.cov(outputs, given.labels[own])[0, 1]))
        found[n] = float(np.mean(each))
    return found
