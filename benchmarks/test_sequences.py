"""What deciding costs: the bounded mean against both edges of a region, its interval, and a forecast.

As a ratio of the same capital by a loop over trials and fractions, and in milliseconds beside what is hoped for.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from benchmarks.timing import fastest
from support.statistics.bets import FRACTIONS, WEIGHTS, mean_interval, mean_position
from support.statistics.median import median_interval
from support.statistics.planning import forecast
from support.statistics.sequence import ALPHA

TRIALS = 400
EDGES = (0.55, 0.65)
TURNS = 10


def test_bounded_mean(in_turns: Callable[..., Any], row: Callable[..., None]) -> None:
    trials = np.random.default_rng(0).beta(5, 3, TRIALS)
    values = trials.tolist()
    seconds, results = in_turns(
        lambda: [mean_position(trials, edge, 0.0, 1.0) for edge in EDGES],
        {"loop": lambda: [_position(values, edge) for edge in EDGES]},
        rounds=TURNS,
    )
    others = fastest(
        {
            "interval": lambda: mean_interval(trials, 0.0, 1.0),
            "median": lambda: median_interval(trials),
            "forecast": lambda: forecast(
                trials[:24], lambda drawn: mean_position(drawn, EDGES[0], 0.0, 1.0) != "undecided", TRIALS
            ),
        },
        TURNS,
    )
    row(f"bounded mean of {TRIALS} trials against both edges", f"{seconds['subject'] * 1000:.2f} ms", "<= 2 ms")
    row("  a loop over trials and fractions / the same", f"{seconds['loop'] / seconds['subject']:.1f} x")
    row("  its interval", f"{others['interval'] * 1000:.1f} ms", "<= 50 ms")
    row("  its interval / both edges", f"{others['interval'] / seconds['subject']:.1f} x")
    row(f"median of {TRIALS} trials / both edges", f"{others['median'] / seconds['subject']:.1f} x")
    row("a forecast of 200 resamplings, from 24 trials to 400", f"{others['forecast'] * 1000:.0f} ms")
    assert results["subject"] == results["loop"] == ["above", "below"]


def _position(values: list[float], edge: float) -> str:
    """By the products as they are defined, one factor at a time."""
    above, below = (
        sum(
            weight * prod(1 + fraction * (x - edge) / room for x in values)
            for fraction, weight in zip(FRACTIONS, WEIGHTS, strict=True)
        )
        >= 2 / ALPHA
        for room in (edge, edge - 1)
    )
    return "above" if above else "below" if below else "undecided"
