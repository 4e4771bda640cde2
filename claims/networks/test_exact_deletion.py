"""Where deletion is exact: random-feature and NTK regression (paper B, Appendix E, beside Figure 18).

Whether a deletion method removes a memorized pattern from a network is asked in `test_deletion.py`; here stands what
deletion should do. In kernel regression a group of samples is deleted in closed form (infinite width, Gaussian data;
the samples' backgrounds are what is memorized), with no training and no estimate between.
"""

from __future__ import annotations

import pytest

from support.cases import Judge
from support.experiments.exact_deletion import (
    DELETED,
    DIMENSION,
    FAMILIES,
    SAMPLES,
    distance_from_scratch,
    exact_deletion,
    spurious_accuracy_fall,
)
from support.measures.table import KERNEL_FALL
from support.models.features import Family
from support.statistics import Control, Region, worst_of
from support.statistics.effects import mean_of
from support.suite.looking import Evidence

# The closed form and the fit from scratch differ by rounding, at condition numbers of a few thousand.
ROUNDING = 1e-8


@pytest.mark.claim(
    "B-43",
    cost=10,
    budget={"quick": 48, "standard": 48, "paper": 48},
    because="the control's first look is at 24 trials, and the fall is many times its spread over the edge",
)
@pytest.mark.parametrize("family", FAMILIES)
def test_exact_deletion_is_training_from_scratch(family: Family, evidence: Evidence, judge: Judge) -> None:
    """Expect deletion by the closed form to leave the fit that never saw the samples, to rounding.

    The measure's own control: in random-feature and NTK regression (infinite width, Gaussian data) group deletion is
    exact. Largest difference of outputs on the deleted samples' backgrounds, over all trials. Control: no deletion, by
    the fall of spurious accuracy that deletion brings.
    """
    rows = evidence(exact_deletion(family))
    label, region = "largest difference between deletion and a fit from scratch", Region.below(ROUNDING)
    fall = f"fall of spurious accuracy on {DELETED} deleted of {SAMPLES} samples, {family.upper()}"
    forgotten = mean_of(spurious_accuracy_fall(rows), KERNEL_FALL, fall)
    judge(
        worst_of(distance_from_scratch(rows).tolist(), label),
        region,
        controls=[Control("no deletion", "fall of spurious accuracy", forgotten, region)],
        sizes={"samples": SAMPLES, "deleted": DELETED, "d": DIMENSION},
    )
