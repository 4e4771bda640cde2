"""Random problems: what they are made of, and which can be judged."""

import numpy as np
import pytest
from numpy.typing import NDArray

from support.experiments.interpolation_problems import (
    CONDITION_LIMIT,
    MAPS,
    draw_features,
    fit_to_judge,
    random_problems,
)


@pytest.mark.parametrize("name", MAPS)
def test_problems_interpolate(name: str) -> None:
    problems = random_problems(name, 7, 12)
    assert len(problems) == 12
    for problem in problems:
        n, p = problem.features.shape
        assert n < p == len(problem.query)
        assert (len(problem.labels), 0 <= problem.sample < n) == (n, True)
        assert np.linalg.cond(problem.features) < CONDITION_LIMIT
    assert min(len(problem.labels) for problem in problems) <= 4 < max(len(problem.labels) for problem in problems)


def test_fewer_problems_are_the_first() -> None:
    few, many = random_problems("rf relu", 7, 3), random_problems("rf relu", 7, 5)
    assert all(np.array_equal(one.features, other.features) for one, other in zip(few, many, strict=False))
    assert not np.array_equal(few[0].features, random_problems("rf relu", 8, 1)[0].features)


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(KeyError, match="rf step"):
        random_problems("rf step", 7, 1)


@pytest.mark.parametrize("name", ["rf relu", "ntk step"])
def test_features_by_definition(name: str) -> None:
    d, n, width = 3, 4, 5
    phi, query, labels = draw_features(MAPS[name], d, n, width, np.random.default_rng(2))
    again = np.random.default_rng(2)
    inputs, weights = again.standard_normal((n + 1, d)), again.standard_normal((width, d)) / np.sqrt(d)
    for row, z in zip([*phi, query], inputs, strict=True):
        hidden = [float(w @ z) for w in weights]
        if name == "rf relu":
            expected = [max(h, 0) for h in hidden]
        else:
            expected = [entry * (h > 0) for entry in z for h in hidden]
        assert row == pytest.approx(expected)
    assert labels == pytest.approx(again.standard_normal(n))


@pytest.mark.parametrize(
    ("phi", "fit"),
    [
        pytest.param([[2, 0, 0], [1, 1, 0]], True, id="two samples"),
        pytest.param([[2, 0, 0], [0, 0, 0]], False, id="no active neuron"),
        pytest.param([[1, 0, 0], [1, 1e-4, 0]], False, id="ill conditioned"),
        pytest.param([[2, 0, 0], [0, 1, 0]], False, id="orthogonal to all others"),
    ],
)
def test_what_can_be_judged(phi: NDArray[np.float64], fit: bool) -> None:
    assert fit_to_judge(np.array(phi, dtype=float), 0) is fit
