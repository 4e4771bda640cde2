"""The table of released code beside this suite: what counts as agreement, and which numbers stand side by side."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks.released import MARGIN, Compared, Setting, compare, compare_all, main, markdown, measured, released
from support.evidence.places import look_through

ROOT = Path(__file__).parent.parent
DRAWS = ROOT / "reports/released/rf-ntk.csv"
PACK = ROOT / "reports/quick/evidence.tar.xz"
HEADER = "features,activation,k,N,seed,train_accuracy,test_accuracy,spurious_accuracy"


def test_the_interval_is_welchs() -> None:
    theirs, ours = [0.5, 0.6, 0.9, 0.4], [0.55, 0.65, 0.6, 0.7, 0.52, 0.58]
    expected = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.9)
    found = compare(theirs, ours, 0.9)
    assert found.difference - found.half_width == pytest.approx(expected.low)
    assert found.difference + found.half_width == pytest.approx(expected.high)
    assert (found.draws, found.trials) == (4, 6)


def test_numbers_without_spread_have_no_width() -> None:
    assert compare([1.0, 1.0], [1.0, 1.0, 1.0], 0.95) == Compared(1.0, 2, 1.0, 3, 0.0)


@pytest.mark.parametrize(
    ("ours", "half_width", "agree", "differ"),
    [(0.5, MARGIN, False, False), (0.5, 0.9 * MARGIN, True, False), (0.52, 0.01, True, True), (0.7, 0.05, False, True)],
)
def test_agreement_needs_the_whole_interval_within_the_margin(
    ours: float, half_width: float, agree: bool, differ: bool
) -> None:
    compared = Compared(0.5, 3, ours, 3, half_width)
    assert (compared.agree, compared.differ) == (agree, differ)


def test_intervals_hold_together() -> None:
    """Thirty-two settings without any difference: all intervals cover zero in 95 of 100 draws of them or more."""
    rng, missed = np.random.default_rng(0), 0
    settings = [Setting("rf", 0, 10, n, "test_accuracy") for n in range(32)]
    for _ in range(200):
        theirs, ours = ({setting: rng.normal(size=12).tolist() for setting in settings} for _ in range(2))
        missed += any(found.differ for found in compare_all(theirs, ours).values())
    assert missed <= stats.binom.ppf(0.9999, 200, 0.05)


def test_what_is_counted() -> None:
    found = {
        Setting("rf", 0, 4000, 50, "test_accuracy"): Compared(0.5, 3, 0.52, 4, 0.01),
        Setting("ntk", 1, 100, 50, "spurious_accuracy"): Compared(0.5, 3, 0.7, 4, 0.3),
    }
    text = markdown(found)
    assert "Shown to be the same within 0.1: 1; shown to differ: 1." in text
    assert "| neural tangent features | 100 | h0+h3 | 50 | spurious | 0.500 | 3 | 0.700 | 4 | +0.200 ± 0.300 |" in text


def test_numbers_side_by_side_are_of_the_same_setting() -> None:
    """By hand from the evidence of one setting, and the published table says the same."""
    theirs, ours = released(DRAWS), measured(look_through([PACK]).entries)
    assert len(theirs.keys() & ours.keys()) == 32
    found = compare_all(theirs, ours)
    assert (DRAWS.with_suffix(".md")).read_text(encoding="utf-8") == markdown(found)
    lines = DRAWS.read_text().splitlines()[1:]
    own = [float(line.split(",")[6]) for line in lines if line.startswith("rf,phi4,4000,200,")]
    assert theirs[Setting("rf", 1, 4000, 200, "test_accuracy")] == own


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("features,k\n", "lacks the column N"),
        (f"{HEADER}\nrf,phi3,10,5,1,1,.5,.5\n", "line 2 of .* is no draw of the script"),
        (f"{HEADER}\nrf,phi2,10,5,1,1,.5\n", "line 2 of .* is no draw of the script"),
        (f"{HEADER}\nrf,phi2,10,5,1,1,.5,.5\n", "the evidence holds none of the settings"),
    ],
)
def test_what_cannot_be_compared_gets_one_sentence(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draws = tmp_path / "draws.csv"
    draws.write_text(text)
    with pytest.raises(SystemExit, match="2"):
        main([str(draws), str(ROOT / "tests/evidence/golden"), "--out", str(tmp_path / "out.md")])
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 1
    assert re.search(sentence, printed)
    assert not (tmp_path / "out.md").exists()
