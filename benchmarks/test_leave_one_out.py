"""All N alignments, stabilities and leave-one-out predictions on top of one fit, and against refitting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.procedures import ACTIVATION, ALPHA, D
from benchmarks.timing import fastest
from support.data.gaussian import Gaussian
from support.models.gram import grams
from support.models.interpolation import factorize

N = 1000

# A fifth of the paper's; the Gram matrix is then a smaller part of a fit than there, so the ratio is an upper bound.
WIDTH = 20_000

# The first, the middle and the last sample.
REFITTED = (0.0, 0.5, 1.0)

# Closed form and refit solve the same system; its condition number is below 1e4.
AGREEMENT = 1e-8


def test_leave_one_out_on_top_of_a_fit(
    in_turns: Callable[..., Any], row: Callable[..., None], pick: Callable[[Any, Any], Any]
) -> None:
    n, width = pick((N, WIDTH), (500, 2_000))
    draw = Gaussian(D).draw(n, 2, seed=0, trial=0)
    labels = torch.from_numpy(draw.labels(ALPHA)[:n, 0])
    train, query = torch.from_numpy(draw.inputs[:n]), torch.from_numpy(draw.spurious_queries(ALPHA))

    def kernel_rows(inputs: Tensor) -> Tensor:
        return grams("rf", (ACTIVATION,), width, inputs, n, seed=0, trial=0)[ACTIVATION]

    both = torch.cat([train, query])
    kernel = kernel_rows(both)
    gram, spurious = kernel[:n].contiguous(), kernel[n:].contiguous()

    def everything() -> tuple[Tensor, Tensor, Tensor]:
        fit = factorize(gram).fit(labels)
        return fit.alignment(spurious), fit.self_stability, fit.without_own_sample(spurious)

    seconds, results = in_turns(
        everything,
        {
            "algebra": lambda: factorize(gram).fit(labels).predict(spurious),
            "refit": lambda: _refit(gram, labels, spurious, n // 2),
        },
        rounds=10,
    )
    passes = fastest({"train": lambda: kernel_rows(train), "both": lambda: kernel_rows(both)}, turns=2)
    on_top = seconds["subject"] - seconds["algebra"]
    row(f"leave-one-out of all N={n:,} on top of a fit", f"{on_top * 1000:.0f} ms")
    for name, what in (("both", "with the query rows"), ("train", "training rows only")):
        fit = passes[name] + seconds["algebra"]
        row(f"  total / fit (Gram matrix at k={width:,}, {what})", f"{1 + on_top / fit:.3f} x", "<= 1.3")
    row("  total / linear algebra of a fit alone", f"{seconds['subject'] / seconds['algebra']:.1f} x")
    row(
        "  N refits from the same Gram matrix, extrapolated / total",
        f"{n * seconds['refit'] / seconds['subject']:.0f} x",
    )

    alignment, stability, unseen = results["subject"]
    for i in (int(place * (n - 1)) for place in REFITTED):
        at_query, at_sample = _refit(gram, labels, spurious, i)
        assert abs(float(unseen[i]) - at_query) < AGREEMENT
        assert abs(float(labels[i] - stability[i]) - at_sample) < AGREEMENT
    total_prediction = spurious @ torch.linalg.solve(gram, labels)
    assert float((unseen + alignment * stability - total_prediction).abs().max()) < AGREEMENT


def _refit(gram: Tensor, labels: Tensor, spurious: Tensor, i: int) -> tuple[float, float]:
    """f(z_i^s) and f(z_i) of the model without sample i, by fitting it."""
    kept = torch.arange(len(gram)) != i
    fit = factorize(gram[kept][:, kept]).fit(labels[kept])
    return float(fit.predict(spurious[i, kept])), float(fit.predict(gram[i, kept]))
