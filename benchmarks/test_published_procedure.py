"""The streamed fit against the published procedure and against its array rewrite, on the same data and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from benchmarks import procedures
from benchmarks.procedures import problem
from benchmarks.timing import elapsed, growth

# Both solve the same linear system in double precision; their condition number is below 1e4.
AGREEMENT = 1e-8

# The scalar activation visits (2N + 1,000) k entries: five to ten seconds.
COMPARED = (200, 5_000)

# The size of the paper's figures.
PAPER = (500, 100_000)

SMALLER_N = (125, 250, 500)
SMALLER_K = (5_000, 10_000, 20_000)

# Past the caches, as the entries of the real matrices are.
ENTRIES = (250_000, 500_000, 1_000_000)


def test_streamed_fit_against_the_published_procedure(
    in_turns: Callable[..., Any], row: Callable[..., None], pick: Callable[[Any, Any], Any]
) -> None:
    compared = pick(COMPARED, (50, 1_100))
    given = problem(*compared)
    seconds, results = in_turns(
        lambda: procedures.streamed(given),
        {
            "published": lambda: procedures.published(given),
            "rewritten": lambda: procedures.rewritten(given),
            "products": lambda: procedures.preactivations(given),
        },
        rounds=3,
    )
    size = "N={:,}, k={:,}".format(*compared)
    row(f"streamed fit and predictions, {size}", f"{seconds['subject']:.2f} s")
    row("  published procedure / streamed", f"{seconds['published'] / seconds['subject']:.1f} x", ">= 30")
    row("  its array rewrite / streamed", f"{seconds['rewritten'] / seconds['subject']:.1f} x", ">= 5")
    row(
        "  its array rewrite / its weights and products ZVᵀ alone",
        f"{seconds['rewritten'] / seconds['products']:.1f} x",
    )
    for rival in ("published", "rewritten"):
        difference = _relative_difference(results["subject"], results[rival])
        assert difference < AGREEMENT, f"{rival} procedure predicts differently by {difference:.1e}"


def test_cost_at_the_size_of_the_paper(row: Callable[..., None], pick: Callable[[Any, Any], Any]) -> None:
    """Streamed: run. The others: the sum of their parts at smaller k, in proportion to k.

    Every part is linear in k at fixed N by its operation count; the measured exponents say how nearly.
    """
    (n, k), samples, widths, counts = pick(
        (PAPER, SMALLER_N, SMALLER_K, ENTRIES), ((40, 4_000), (20, 40), (1_000, 2_000), (1_000, 2_000))
    )
    given = problem(n, k)
    streamed = elapsed(partial(procedures.streamed, given))

    products = growth(procedures.preactivations, {(width,): replace(given, width=width) for width in widths})
    entries = {(count,): np.random.default_rng(0).standard_normal(count) for count in counts}
    scalar = growth(procedures.scalar_activation, entries)
    folded = growth(procedures.scalar_activation_constant_folded, entries)
    array = growth(procedures.array_activation, entries)
    matrices = {size: np.random.default_rng(0).standard_normal(size) for size in product(samples, widths)}
    pseudoinverse = growth(np.linalg.pinv, matrices)
    row("weights and products: cost grows as k^", str(products))
    row("scalar activation, as published: entries^", str(scalar))
    row("scalar activation, √2 taken once: entries^", str(folded))
    row("array activation: entries^", str(array))
    row("pseudoinverse: N^, k^", str(pseudoinverse))

    wider, more = k / widths[-1], (2 * n + procedures.TEST) * k / counts[-1]
    solving = pseudoinverse.seconds[n, widths[-1]] * wider
    row(f"streamed, N={n:,}, k={k:,}, run", f"{streamed:.1f} s")
    row("  weights and products, extrapolated", f"{products.seconds[widths[-1:]] * wider:.1f} s")
    row("  pseudoinverse, extrapolated", f"{solving:.1f} s")
    for name, activation in (
        ("published procedure", scalar),
        ("published procedure, √2 taken once", folded),
        ("array rewrite", array),
    ):
        total = products.seconds[widths[-1:]] * wider + activation.seconds[counts[-1:]] * more + solving
        row(f"  {name}, extrapolated", f"{total:.0f} s")
        row(f"  {name}, extrapolated / streamed", f"{total / streamed:.1f} x")


def _relative_difference(result: np.ndarray, reference: np.ndarray) -> float:
    return float(np.abs(result - reference).max() / np.abs(reference).max())
