"""How often the sequences miss, looking after every trial: `python -m support.statistics.calibration`.

Every stream is looked at after each of its trials, and counts as a miss on a side if at any look the truth lay
beyond that end of the interval. What is simulated is the code that decides: its bets, its counts, its half-widths.
The laws stand in `support.statistics.calibration_laws`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from support.command_line import Parser, seed, whole_number
from support.outputs import require_outputs
from support.statistics.bets import log_growth, log_mixture, log_threshold, successes_needed
from support.statistics.calibration_laws import BOUNDED, MEDIANS, NEAR_NORMAL, RATIOS, Law, RatioLaw
from support.statistics.near_normal import CALIBRATION_TRIALS, FIRST_LOOK, grant, half_width
from support.statistics.ratio import ratio_range, ratio_remainder
from support.statistics.sequence import ALPHA, Array

TRIALS = 400
STREAMS = 100_000
# Streams that are held at once: 8 fractions x 50 x 400 numbers fit a cache.
CHUNK = 50
# Calibration samples from which it is measured how often a law is granted the near-normal route.
GRANT_SAMPLES = 1_000

HEADING = """\
# How often the intervals miss

Level {alpha:g}, so at most {promised:g} misses in 10,000 streams on each side. {streams:,} streams of each law, looked
at after every trial up to {trials} (near-normal: from {first} on); seed {seed}. A stream is missed on a side if at any
look the whole interval lay above, or below, the truth. Numbers are misses in 10,000 streams, ± their standard error; at
the promised rate that is {error:.2g}. Bold is what lies beyond the promise by more than three of these.

The near-normal route is measured without its veto, on laws that it is meant for and on laws that it is not meant for;
*granted* says how many of {samples:,} calibration samples of {calibration} trials would have been granted the route.

Written by `python -m support.statistics.calibration --streams {streams:d} --seed {seed}`.
"""


@dataclass(frozen=True)
class Misses:
    """How many streams of one law were ever missed.

    Attributes
    ----------
    law, route : what was simulated.
    streams : how many.
    above, below : streams in which an interval lay wholly above, or wholly below, the truth.
    granted : share of calibration samples that were granted the near-normal route, in [0, 1]; None for other routes.
    """

    law: str
    route: str
    streams: int
    above: int
    below: int
    granted: float | None = None


Flags = NDArray[np.bool_]
Crossings = Callable[[np.random.Generator, int], tuple[Flags, Flags]]


def bounded_misses(law: Law, streams: int, *, alpha: float = ALPHA, trials: int = TRIALS, seed: int = 0) -> Misses:
    """Misses of the bounded mean; of the share where the law is one of zeros and ones."""
    low, high = law.range
    route = "share" if law.share else "bounded"

    def crossings(generator: np.random.Generator, count: int) -> tuple[Flags, Flags]:
        values = np.clip(law.draw(generator, (count, trials)), low, high)
        return _bets_crossed(values, law.truth, low, high, alpha)

    return _count(law.name, route, crossings, streams, seed)


def ratio_misses(law: RatioLaw, streams: int, *, alpha: float = ALPHA, trials: int = TRIALS, seed: int = 0) -> Misses:
    """Misses of the ratio, at the edge that is its true value."""
    low, high = ratio_range(law.truth, law.part_range, law.whole_range)

    def crossings(generator: np.random.Generator, count: int) -> tuple[Flags, Flags]:
        part, whole = (values.ravel() for values in law.draw(generator, (count, trials)))
        remainder = ratio_remainder(part, whole, law.truth, law.part_range, law.whole_range)
        return _bets_crossed(remainder.reshape(count, trials), 0.0, low, high, alpha)

    return _count(law.name, "ratio", crossings, streams, seed)


def median_misses(law: Law, streams: int, *, alpha: float = ALPHA, trials: int = TRIALS, seed: int = 0) -> Misses:
    """Misses of the median."""
    counts = (successes_needed(n, 0.5, alpha=alpha) for n in range(1, trials + 1))
    needed = np.array([trials + 1 if count is None else count for count in counts])

    def crossings(generator: np.random.Generator, count: int) -> tuple[Flags, Flags]:
        values = law.draw(generator, (count, trials))
        above, below = np.cumsum(values > law.truth, axis=1), np.cumsum(values < law.truth, axis=1)
        return _ever(np.asarray(above >= needed)), _ever(np.asarray(below >= needed))

    return _count(law.name, "median", crossings, streams, seed)


def near_normal_misses(law: Law, streams: int, *, alpha: float = ALPHA, trials: int = TRIALS, seed: int = 0) -> Misses:
    """Misses of the near-normal mean without its veto, and how often the law would be granted the route."""
    n = np.arange(FIRST_LOOK, trials + 1)
    reach = half_width(n, alpha=alpha)

    def crossings(generator: np.random.Generator, count: int) -> tuple[Flags, Flags]:
        errors = law.draw(generator, (count, trials)) - law.truth
        sums = errors.cumsum(axis=1)[:, FIRST_LOOK - 1 :]
        squares = (errors**2).cumsum(axis=1)[:, FIRST_LOOK - 1 :]
        deviation = np.sqrt(np.maximum(squares - sums**2 / n, 0.0) / (n - 1))
        return _ever(sums / n > reach * deviation), _ever(-sums / n > reach * deviation)

    generator = _generator(seed, f"calibration/{law.name}")
    samples = law.draw(generator, (GRANT_SAMPLES, CALIBRATION_TRIALS))
    granted = sum(grant(sample).granted for sample in samples) / GRANT_SAMPLES
    counted = _count(law.name, "near-normal", crossings, streams, seed)
    return Misses(counted.law, counted.route, streams, counted.above, counted.below, granted)


def _bets_crossed(values: Array, truth: float, low: float, high: float, alpha: float) -> tuple[Flags, Flags]:
    """Whether the capital against the truth ever reaches what excludes it, (streams,) for each side."""
    threshold = log_threshold(alpha)

    def crossed(side: Array, mean: float) -> Flags:
        growth = log_growth(side / (high - low), np.asarray(mean / (high - low)))
        return _ever(log_mixture(growth.cumsum(axis=-1)) >= threshold)

    return crossed(values - low, truth - low), crossed(high - values, high - truth)


def _ever(crossed: Flags) -> Flags:
    """Whether at any look, (streams,), from (streams, looks)."""
    return np.asarray(crossed.any(axis=-1))


def _count(law: str, route: str, crossings: Crossings, streams: int, seed: int) -> Misses:
    generator = _generator(seed, f"{route}/{law}")
    above = below = 0
    for start in range(0, streams, CHUNK):
        higher, lower = crossings(generator, min(CHUNK, streams - start))
        above += int(higher.sum())
        below += int(lower.sum())
    return Misses(law, route, streams, above, below)


def _generator(seed: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng((seed, crc32(purpose.encode())))


def measure_all(streams: int, seed: int) -> Iterator[Misses]:
    """Every law by its route."""
    for law in BOUNDED:
        yield bounded_misses(law, streams, seed=seed)
    for ratio in RATIOS:
        yield ratio_misses(ratio, streams, seed=seed)
    for law in MEDIANS:
        yield median_misses(law, streams, seed=seed)
    for law in NEAR_NORMAL:
        yield near_normal_misses(law, streams, seed=seed)


def markdown(measured: Sequence[Misses], seed: int) -> str:
    """The table: misses in 10,000 streams and side, each with the standard error of its count."""
    streams = measured[0].streams
    heading = HEADING.format(
        alpha=ALPHA,
        promised=ALPHA / 2 * 1e4,
        streams=streams,
        trials=TRIALS,
        first=FIRST_LOOK,
        seed=seed,
        error=1e4 * sqrt(ALPHA / 2 / streams),
        samples=GRANT_SAMPLES,
        calibration=CALIBRATION_TRIALS,
    )
    lines = [
        heading,
        "| route | law | interval above the truth | below | granted |",
        "|---|---|---|---|---|",
    ]
    for misses in measured:
        sides = (_rate(missed, misses.streams) for missed in (misses.above, misses.below))
        granted = "" if misses.granted is None else f"{100 * misses.granted:.1f} %"
        lines.append(f"| {misses.route} | {misses.law} | {' | '.join(sides)} | {granted} |")
    return "\n".join(lines) + "\n"


def _rate(missed: int, streams: int) -> str:
    """Misses in 10,000 streams; bold where beyond the promise by more than three of its standard errors."""
    rate, promised = missed / streams, ALPHA / 2
    shown = f"{1e4 * rate:.2f} ± {1e4 * sqrt(rate * (1 - rate) / streams):.2f}"
    return f"**{shown}**" if rate > promised + 3 * sqrt(promised / streams) else shown


def main(arguments: list[str] | None = None) -> int:
    """Measure every law and write the table; the exit status is 0."""
    parser = Parser(
        prog="python -m support.statistics.calibration", description="Measure how often the intervals miss."
    )
    parser.add_argument(
        "--streams", type=whole_number(1), default=STREAMS, help=f"streams of each law (default: {STREAMS:,})"
    )
    parser.add_argument("--seed", type=seed, default=0, help="moves every random stream")
    parser.add_argument("--output", type=Path, help="the Markdown file to write (default: standard output)")
    options = parser.parse_args(arguments)
    try:
        require_outputs({"--output": options.output})
    except ValueError as error:
        parser.error(str(error))
    table = markdown(list(measure_all(options.streams, options.seed)), options.seed)
    if options.output:
        options.output.write_text(table, encoding="utf-8")
    else:
        sys.stdout.write(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
