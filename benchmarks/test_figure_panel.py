"""One trial of Figure 2's Gaussian panels: the suite's one pass for every N, φ and α, against one run for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks import procedures
from benchmarks.procedures import ACTIVATION, ALPHA, TEST, D, problem
from support.data.gaussian import Gaussian
from support.experiments.experiment import Context
from support.experiments.kernel_regression import GaussianRegression
from support.measures.accuracy import covariance

SIZES = (10, 20, 50, 100, 200, 500, 1000)
WIDTH = 5_000
PANELS = GaussianRegression("rf", ("h1+h2", "h1+h4"), WIDTH, Gaussian(D), SIZES, (0.25, 0.5))

# The published procedure fits each (φ, α) anew; one of them is run, and counts for all four.
CURVES = len(PANELS.activations) * len(PANELS.alphas)

# Outputs agree to 1e-8; a covariance is a mean of them.
AGREEMENT = 1e-8


def test_one_trial_of_the_gaussian_panels(in_turns: Callable[..., Any], row: Callable[..., None]) -> None:
    entries = np.random.default_rng(0).standard_normal(250_000)
    seconds, results = in_turns(
        lambda: PANELS.run(0, Context(0, "cpu", None)),
        {
            "rewritten": lambda: [procedures.rewritten(problem(n, WIDTH)) for n in SIZES],
            "scalar": lambda: procedures.scalar_activation(entries),
        },
        rounds=2,
    )
    visited = sum((2 * n + TEST) * WIDTH for n in SIZES)
    rewritten = CURVES * seconds["rewritten"]
    published = rewritten + CURVES * seconds["scalar"] * visited / len(entries)
    row(f"one trial of the Gaussian panels, N={SIZES[0]} to {SIZES[-1]:,}, k={WIDTH:,}", f"{seconds['subject']:.1f} s")
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
    for n, outputs in zip(SIZES, results["rewritten"], strict=True):
        expected = covariance(torch.from_numpy(outputs[TEST:]), torch.from_numpy(problem(n, WIDTH).labels))
        assert abs(measured[n] - expected) < AGREEMENT, f"N={n}: covariance {measured[n]}, by the rewrite {expected}"
