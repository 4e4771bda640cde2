"""Bands of the published figures: what the captions say they are, and what the plotting library draws by default."""

from __future__ import annotations

import numpy as np

# Below this a deviation over trials is that of numbers which all agree, as at an accuracy of 1.
NO_DEVIATION = 1e-9
# Of the plotting library's default band (seaborn: a 95 % percentile bootstrap interval of the mean).
CONFIDENCE, RESAMPLES = 0.95, 1000


def varying(table: np.ndarray) -> list[np.ndarray]:
    """The columns of (trials, conditions) in which trials differ: elsewhere no band has a width; (trials,) each."""
    return [column for column in table.T if column.std(ddof=1) >= NO_DEVIATION]


def default_half_width(trials: np.ndarray, rng: np.random.Generator) -> float:
    """Half the width of the plotting library's default band over one standard deviation of the trials (n,), n > 1.

    Raises
    ------
    ValueError : the trials do not differ.
    """
    from scipy import stats

    deviation = trials.std(ddof=1)
    if not deviation >= NO_DEVIATION:
        raise ValueError(f"a band over {len(trials)} trials that agree has no width")
    interval = stats.bootstrap(
        (trials,), np.mean, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, method="percentile", rng=rng
    ).confidence_interval
    return float((interval.high - interval.low) / 2 / deviation)


def caption_half_width(trials: np.ndarray) -> float:
    """Half the width of the captions' band over one standard deviation of the trials, from their squares."""
    squares = ((trials - trials.mean()) ** 2).sum()
    return float(np.sqrt(squares / (len(trials) - 1)) / trials.std(ddof=1))
