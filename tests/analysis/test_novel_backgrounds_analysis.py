"""What is left of a seen background over the resemblance, from a few rows by hand and the law by its printed sum."""

import numpy as np
import pytest

from support.analysis.novel_backgrounds import Reach, ResemblanceRun, described, reach_at
from support.evidence.rows import Rows
from support.experiments.novel_backgrounds import NovelBackgrounds

RUN = ResemblanceRun(40, (0.1, 1.0), (0.0, 0.5, 1.0), (0.25, 0.5))
CONDITION = {"activation": "h1+h2", "alpha": 0.5, "n": 40.0}


def rows(alignment: list[list[float]], resemblances: tuple[float, ...] = RUN.resemblances) -> Rows:
    """The asked condition, and another N whose numbers are 9; a row per trial and resemblance, in no order."""
    columns: dict[str, list[object]] = {
        name: [] for name in ("trial", "resemblance", *CONDITION, "alignment", "covariance")
    }
    names = ("label_variance", "generalization_covariance")
    columns |= {name: [] for name in names}
    for trial, numbers in enumerate(alignment):
        for rho, number in reversed(list(zip(resemblances, numbers, strict=True))):
            for n in (4.0, 40.0):
                asked = n == CONDITION["n"]
                row: dict[str, object] = CONDITION | {"n": n, "trial": trial, "resemblance": rho}
                row |= {
                    "alignment": number if asked else 9.0,
                    "covariance": 2 * number if asked else 9.0,
                    "label_variance": 1.0,
                    "generalization_covariance": 0.25,
                }
                for name, value in row.items():
                    columns[name].append(value)
    return Rows("by hand", {name: np.array(values) for name, values in columns.items()}, (), len(alignment))


def test_a_run_is_both_orders_at_each_ratio() -> None:
    expected = NovelBackgrounds("rf", ("h1+h2", "h1+h4"), None, 40, (4, 40), (0.25, 0.5), (0.0, 0.5, 1.0))
    assert RUN.experiment("rf") == expected
    assert RUN.experiment("ntk").width == 1000
    assert described([RUN]) == {"N/d at d = 40": [0.1, 1.0], "ρ": [0.0, 0.5, 1.0]}


@pytest.mark.parametrize("resemblances", [(0.0, 0.5), (0.5, 1.0), (0.0, 1.0, 0.5), ()])
def test_a_run_goes_from_a_fresh_background_to_the_seen_one(resemblances: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="resemblances must increase from 0 to 1, got"):
        ResemblanceRun(40, (1.0,), resemblances, (0.5,))


def test_the_law_is_that_of_the_product() -> None:
    found = reach_at([(RUN, rows([[0.0, 0.1, 0.3], [0.1, 0.3, 0.4]]))], "rf", "h1+h2", 0.5)
    assert list(found) == [0.1, 1.0]
    # φ2 has two equal powers, so s = 1, and c solves c² + ψ c − 1 = 0; γ(a) = (c a + a²) / (c + 1).
    for ratio, reach in found.items():
        c = (-ratio + np.sqrt(ratio**2 + 4)) / 2
        expected = [(c * a + a * a) / (c + 1) for a in (0.0, 0.25, 0.5)]
        assert reach.gamma == pytest.approx(expected)


def test_tables() -> None:
    reach = reach_at([(RUN, rows([[0.0, 0.1, 0.3], [0.1, 0.3, 0.4]]))], "rf", "h1+h2", 0.5)[1.0]
    np.testing.assert_allclose(reach.table("alignment"), [[0.0, 0.1, 0.3], [0.1, 0.3, 0.4]])
    np.testing.assert_allclose(reach.over_fresh("covariance"), [[0, 0.2, 0.6], [0, 0.4, 0.6]])
    np.testing.assert_allclose(reach.shortfall, [0.15 - 0.1, 0.2 - 0.3])
    np.testing.assert_allclose(reach.memorized, [0.75 * np.array(reach.gamma)] * 2)


def test_other_conditions_than_measured_are_refused() -> None:
    found = rows([[0.0, 0.1, 0.3]])
    with pytest.raises(ValueError, match="no row of by hand has"):
        reach_at([(RUN, found)], "rf", "h1+h2", 0.25)
    one = found.where(n=40.0)
    with pytest.raises(ValueError, match="2 resemblances were asked for, 3 measured"):
        Reach(one, (0.0, 0.1)).table("alignment")
    ends = rows([[0.0, 0.3]], (0.0, 1.0)).where(n=40.0)
    with pytest.raises(ValueError, match=r"half a resemblance was not measured: \[0.0, 1.0\]"):
        _ = Reach(ends, (0.0, 0.3)).shortfall
