"""The table of grants: an effect that is refused anywhere is not hidden by one with the same label."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from support.statistics import grants


@pytest.mark.parametrize("skewed_first", [True, False])
def test_of_several_effects_with_one_label_the_worst_is_written(
    skewed_first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    normal, skewed = rng.standard_normal(200), rng.exponential(size=200)
    monkeypatch.setattr(grants, "_seen", defaultdict(dict))
    monkeypatch.setattr(grants, "TABLE", tmp_path / "grants.json")
    for trials in (skewed, normal) if skewed_first else (normal, skewed):
        grants.note("measure", "label", trials)
    grants.write(1, grants.TABLE)
    grants.granted.cache_clear()
    try:
        assert "skewness" in str(grants.grant_of("measure").refusal)
    finally:
        grants.granted.cache_clear()
