"""What a measure refuses, and that its route is the one it names."""

from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from support.statistics.bets import mean_interval, share_interval
from support.statistics.measure import Measure, measured_interval, measured_position
from support.statistics.median import median_interval
from support.statistics.near_normal import grant, near_normal_interval

SCORE = Measure("spurious score", "", 0.0, 1.0, "bounded", 0.05, "higher")
LEARNT = Measure("networks that learn", "", 0.0, 1.0, "share", 0.1)
ERROR = Measure("test error", "", -inf, inf, "near-normal", 0.01, "higher")
MIDDLE = Measure("test error", "", 0.0, inf, "median", 0.01)
PART = Measure("part removed", "", 0.0, 1.0, "ratio", 0.1)

NORMAL = np.random.default_rng(0).normal(0.5, 0.1, 300)
ONES = np.ones(40)


def test_each_route_is_the_one_that_is_named() -> None:
    granted = grant(NORMAL)
    assert measured_interval(SCORE, NORMAL) == mean_interval(NORMAL, 0.0, 1.0)
    assert measured_interval(LEARNT, ONES) == share_interval(ONES)
    assert measured_interval(MIDDLE, NORMAL) == median_interval(NORMAL, 0.0, inf)
    assert measured_interval(ERROR, NORMAL, grant=granted) == near_normal_interval(NORMAL, granted)
    assert measured_interval(SCORE, NORMAL, alpha=0.01).low > measured_interval(SCORE, NORMAL).low


@pytest.mark.parametrize("edge", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("measure", [SCORE, ERROR, MIDDLE], ids=lambda measure: str(measure.route))
def test_positions_are_those_of_the_interval(measure: Measure, edge: float) -> None:
    expected = {0.3: "above", 0.5: "undecided", 0.7: "below"}[edge]
    assert measured_position(measure, NORMAL, edge, grant=grant(NORMAL)) == expected
    assert measured_interval(measure, NORMAL, grant=grant(NORMAL)).position(edge) == expected


def test_position_of_a_share() -> None:
    assert measured_position(LEARNT, ONES, 0.8) == "above"
    assert measured_position(LEARNT, ONES[:37], 0.8) == "undecided"


def test_a_contrast_of_a_measure_has_no_direction_and_is_the_same_measure_else() -> None:
    assert SCORE.undirected == Measure("spurious score", "", 0.0, 1.0, "bounded", 0.05)
    assert measured_interval(SCORE.undirected, NORMAL) == measured_interval(SCORE, NORMAL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"route": "student"}, "unknown route 'student'; there are bounded, share, ratio, near-normal, median"),
        ({"low": 1.0}, r"a range needs low < high, got \[1.0, 1.0\]"),
        ({"low": nan}, r"a range needs low < high, got \[nan, 1.0\]"),
        ({"high": inf}, r"the route 'bounded' needs a finite range, got \[0.0, inf\]"),
        ({"route": "ratio", "low": -inf}, r"the route 'ratio' needs a finite range, got \[-inf, 1.0\]"),
        ({"route": "share", "high": 2.0}, r"a share lies in \[0, 1\], got the range \[0.0, 2.0\]"),
        ({"margin": 0.0}, "a margin must be positive and finite, got 0.0"),
        ({"margin": nan}, "a margin must be positive and finite, got nan"),
        ({"worse": "lower score"}, "worse must be 'higher', 'lower' or None, got 'lower score'"),
    ],
)
def test_a_measure_that_cannot_be(change: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {"name": "score", "unit": "", "low": 0.0, "high": 1.0, "route": "bounded", "margin": 0.1}
    with pytest.raises(ValueError, match=f"^score: {message}$"):
        Measure(**{**fields, **change})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: SCORE.check_edge(nan), "spurious score: an edge must be a number, got NaN"),
        (lambda: SCORE.check_edge(1.5), r"spurious score: an edge must lie inside \(0, 1\), got 1.5"),
        (lambda: SCORE.check_edge(0.0), r"spurious score: an edge must lie inside \(0, 1\), got 0"),
        (lambda: ERROR.check_edge(inf), r"test error: an edge must lie inside \(-inf, inf\), got inf"),
        (lambda: measured_position(SCORE, ONES, -0.1), r"must lie inside \(0, 1\), got -0.1"),
        (lambda: measured_interval(SCORE, [0.5]), "spurious score: an interval needs at least 2 trials, got 1"),
        (lambda: measured_position(SCORE, [0.5, nan], 0.5), "spurious score: trials must be finite, got nan"),
        (lambda: measured_position(LEARNT, [0.5, 1.0], 0.5), "networks that learn: a share needs trials"),
        (lambda: measured_interval(ERROR, NORMAL), "test error: the near-normal route is not granted: it needs calib"),
        (
            lambda: measured_interval(ERROR, NORMAL, grant=grant(NORMAL[:100])),
            "test error: the near-normal route is not granted: 100 calibration trials, fewer than 200",
        ),
        (lambda: measured_interval(PART, NORMAL), "part removed: a ratio has no interval: it is decided at edges"),
        (lambda: measured_position(PART, NORMAL, 0.5), "part removed: a ratio has no interval"),
    ],
)
def test_what_is_refused(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()
