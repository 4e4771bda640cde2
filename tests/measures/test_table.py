"""Which way of each measure is worse for memorization, and where a claim takes a contrast that has none."""

import ast
from pathlib import Path

import pytest

from support.measures import table
from support.statistics.measure import Measure

CLAIMS = Path(__file__).parents[2] / "claims"
MEASURES = {name: each for name, each in vars(table).items() if isinstance(each, Measure)}

# What goes up where a network or a kernel memorizes more, and what goes down: less can be taken away again.
HIGHER = (
    *("SCORE", "SCORE_RISE", "PROBABILITY_RISE", "PROBABILITY_DIFFERENCE", "ADDED_PROBABILITY"),
    *("RATE_DIFFERENCE", "AREA", "AREA_DIFFERENCE", "NETWORKS_THAT_LEARN", "PATTERNS_BEATEN"),
    *("ALIGNMENT", "NOVEL_ALIGNMENT", "NETWORK_ALIGNMENT"),
    *("COVARIANCE", "FRAME_COVARIANCE", "NOVEL_COVARIANCE", "CORRELATED_COVARIANCE", "COVARIANCE_IN_NETWORKS"),
)
LOWER = ("SCORE_SHARE", "ADDED_SHARE")

# Contrasts, differences from a prediction, and what a model that never saw the sample says of it.
CONTRASTS = {
    "test_alignment_constant": {"ALIGNMENT"},
    "test_alignment_of_networks": {"NETWORK_ALIGNMENT"},
    "test_alignment_over_share": {"ALIGNMENT"},
    "test_correlated_backgrounds": {"CORRELATED_COVARIANCE"},
    "test_membership_attack": {"RATE_DIFFERENCE"},
    "test_membership_likelihood": {"AREA_DIFFERENCE"},
    "test_memorization_bound": {"COVARIANCE"},
    "test_missing_pixels": {"PROBABILITY_RISE"},
    "test_mitigation": {"SCORE_RISE"},
    "test_novel_backgrounds": {"NOVEL_ALIGNMENT", "NOVEL_COVARIANCE"},
    "test_novel_backgrounds_in_networks": {"COVARIANCE_IN_NETWORKS"},
    "test_pattern_norms": {"SCORE", "PROBABILITY_DIFFERENCE"},
    "test_score_over_n": {"PROBABILITY_DIFFERENCE"},
    "test_synthetic_figures": {"ALIGNMENT"},
    "test_what_is_learnt": {"ADDED_PROBABILITY"},
    "test_what_remedies_leave": {"SCORE_RISE"},
}


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_has_a_direction_where_its_moves_are_of_memorization(name: str) -> None:
    expected = {**dict.fromkeys(HIGHER, "higher"), **dict.fromkeys(LOWER, "lower")}.get(name)
    assert MEASURES[name].worse == expected


def test_claims_that_take_a_contrast_take_it_without_a_direction() -> None:
    found: dict[str, set[str]] = {}
    for path in CLAIMS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "undirected" and isinstance(node.value, ast.Name):
                found.setdefault(path.stem, set()).add(node.value.id)
    assert found == CONTRASTS
