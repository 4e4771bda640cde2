"""Numbers without a sampling error, and what every kind of effect says of itself."""

from math import inf, nan
from typing import get_args

import numpy as np
import pytest

from support.document.types import EffectKind, Route
from support.statistics import Measure, Region, Verdict, decide, effects, estimates, measure, worst_of

SHARE = Measure("share", "", 0, 1, "bounded", 0.1)
COUNTED = Measure("share", "", 0, 1, "share", 0.1)
RATIO = Measure("ratio", "", -4, 4, "ratio", 0.1)
TABLE = np.tile([0.2, 0.4], (8, 2))


def test_worst_is_the_largest_number_itself() -> None:
    found = worst_of([0.2, -3.0, 1.5], "largest difference")
    assert (found.value, found.low, found.high) == (1.5, 1.5, 1.5)
    assert (found.level, found.measure, found.trials) == (None, None, (0.2, -3.0, 1.5))
    assert decide(found, Region.below(1.5)) is Verdict.SUPPORTED
    assert decide(found, Region.below(1.4)) is Verdict.REFUTED


def test_worst_may_be_infinite() -> None:
    assert decide(worst_of([0.0, inf], ""), Region.below(1.0)) is Verdict.REFUTED


@pytest.mark.parametrize("values", [[], [nan], [1.0, nan]])
def test_worst_refuses(values: list[float]) -> None:
    with pytest.raises(ValueError, match="largest difference: needs numbers"):
        worst_of(values, "largest difference")


def test_worst_says_how_exact_it_is() -> None:
    assert worst_of([1.0, 2.0], "").method == "largest of 2, computed in double precision"
    assert worst_of([1.0], "", exact=True).method == "largest of 1, exact arithmetic"


@pytest.mark.parametrize(
    ("estimate", "kind", "conditions"),
    [
        (worst_of([1.0], ""), "worst", None),
        (effects.mean_of(TABLE[:, 0], SHARE, ""), "mean", None),
        (effects.mean_of(np.ones(8), COUNTED, ""), "share", None),
        (effects.slope_of([1, 2, 3, 4], TABLE, SHARE, ""), "slope", None),
        (effects.largest_of(list(TABLE.T), SHARE, ""), "largest", 4),
        (effects.smallest_of(list(TABLE.T[:3]), SHARE, ""), "smallest", 3),
        (effects.ratio_of(TABLE[:, 0], TABLE[:, 1], RATIO, SHARE, ""), "ratio", None),
    ],
)
def test_every_effect_says_what_it_is_of_its_trials(
    estimate: estimates.Estimate, kind: str, conditions: int | None
) -> None:
    assert (estimate.kind, estimate.conditions) == (kind, conditions)


def test_the_report_has_the_same_words() -> None:
    assert get_args(EffectKind) == get_args(estimates.Kind)
    assert get_args(Route) == get_args(measure.Route)
