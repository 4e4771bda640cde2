"""Reports at several seeds, side by side and over all their trials."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from support.report.__main__ import main
from support.report.schema import complete
from support.report.seeds import markdown, rows

NEAR = [0.02, 0.10, 0.04, 0.12, 0.06, 0.08, 0.03, 0.11]  # mean 0.07, too few to be told from 0.05
FAR = [0.0, 0.01, -0.01, 0.002, -0.002, 0.004, -0.004, 0.0]
ABOVE = {"low": 0.05, "high": None, "label": "above 0.05"}
LEVEL = 0.999


def decided(trials: list[float], region: dict[str, Any] = ABOVE, **changes: Any) -> dict[str, Any]:
    """A mean over trials with its interval from SciPy and its verdict for a region with a lower end."""
    low, high = stats.t.interval(LEVEL, len(trials) - 1, loc=sum(trials) / len(trials), scale=stats.sem(trials))
    verdict = "supported" if low > region["low"] else "refuted" if high < region["low"] else "inconclusive"
    return {
        "effect": sum(trials) / len(trials),
        "effect_label": "rise",
        "interval": [float(low), float(high)],
        "level": LEVEL,
        "method": f"Student t over {len(trials)} independent trials",
        "region": region,
        "trials": trials,
        "verdict": verdict,
    } | changes


def a_control(trials: list[float], expected: str = "refuted", **changes: Any) -> dict[str, Any]:
    return (
        decided(trials) | {"name": "one pixel", "description": "", "kind": "negative", "expected": expected} | changes
    )


Make = Callable[..., dict[str, Any]]


@pytest.fixture
def written(document: dict[str, Any]) -> Make:
    """A report at a seed with one claim and these cases by id, as a run writes it."""

    def make(seed: int, **cases: dict[str, Any]) -> dict[str, Any]:
        claim = document["claims"][0]
        given = [
            {"id": name, "test": f"claims/test_x.py::test_rise[{name}]", "controls": [a_control(FAR)]} | case
            for name, case in cases.items()
        ]
        reading = claim["readings"][0] | {"cases": given}
        run = document["run"] | {"seed": seed, "scale": "standard"}
        return document | {"run": run, "claims": [claim | {"readings": [reading]}]}

    return make


@pytest.fixture
def report(written: Make) -> Make:
    """The same as it is read."""
    return lambda seed, **cases: complete(written(seed, **cases))


def test_what_no_seed_decides_all_trials_may(report: Make) -> None:
    shifted = [[trial + 0.001 * number for trial in NEAR] for number in range(6)]
    (row,) = rows([report(number, rise=decided(trials)) for number, trials in enumerate(shifted)])
    assert row.verdicts == {"inconclusive"}
    assert row.pooled is not None
    estimate, verdict = row.pooled
    together = [trial for trials in shifted for trial in trials]
    expected = stats.t.interval(LEVEL, len(together) - 1, loc=sum(together) / len(together), scale=stats.sem(together))
    assert (estimate.low, estimate.high) == pytest.approx(expected)
    assert verdict == "supported"


def test_a_control_that_fails_over_all_trials_decides_nothing(report: Make) -> None:
    """Like the effect it lies near the edge: seed by seed undecided, and over all trials on the wrong side."""
    shifted = [[trial + 0.001 * number for trial in NEAR] for number in range(6)]
    (row,) = rows(
        [report(seed, rise=decided(one) | {"controls": [a_control(one)]}) for seed, one in enumerate(shifted)]
    )
    assert row.pooled is not None
    assert row.pooled[1] == "inconclusive"


def test_a_control_without_a_mean_must_come_out_at_every_seed(report: Make) -> None:
    strong = decided([trial + 1 for trial in NEAR])
    largest: dict[str, Any] = {"method": "largest of 8, computed in double precision", "level": None}
    for verdict, expected in (("refuted", "supported"), ("inconclusive", "inconclusive")):
        fine, other = (a_control(FAR, **largest, verdict=each) for each in ("refuted", verdict))
        (row,) = rows([report(seed, rise=strong | {"controls": [one]}) for seed, one in enumerate((fine, other))])
        assert row.pooled is not None
        assert row.pooled[1] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "ratio of means, Fieller, over 8 independent trials"},
        {"method": "largest of 3 conditions, simultaneous Student t (Bonferroni), 8 trials"},
        {"region": ABOVE | {"low": 0.04}},
        {"controls": [a_control(FAR, name="another")]},
        {"controls": []},
    ],
    ids=["ratio", "largest", "another region", "another control", "no control"],
)
def test_what_is_no_common_mean_is_not_pooled(report: Make, changes: dict[str, Any]) -> None:
    strong = decided([trial + 1 for trial in NEAR])
    (row,) = rows([report(0, rise=strong), report(1, rise=strong | changes)])
    assert row.pooled is None
    assert len(row.cases) == 2


def test_trials_that_all_agree_are_not_pooled(report: Make) -> None:
    (row,) = rows([report(seed, rise=decided(NEAR) | {"trials": [1.0] * 8}) for seed in (0, 1)])
    assert row.pooled is None


def test_the_table_counts_what_agrees(report: Make) -> None:
    strong, weak = decided([trial + 1 for trial in NEAR]), decided(FAR)
    idle = {"verdict": "not run", "reason": "needs data", "controls": []}
    text = markdown(
        [
            report(0, alike=strong, against=strong, once=strong, open=decided(NEAR), split=strong),
            report(2, alike=strong, against=weak, once=idle, open=decided(NEAR)),
            report(2, alike=weak, once=idle, split=strong),
            report(3, against=decided(NEAR)),
        ]
    )
    assert "4 cases ran at two seeds or more, at standard scale." in text
    assert "- 2 have the same verdict, supported or refuted, at every seed that ran them." in text
    assert "- 1 are undecided at some seed or at all; over the trials of all seeds 0 of these are decided." in text
    assert "- 1 are supported at one seed and refuted at another." in text
    table = [line.split(" | ") for line in text.splitlines() if line.startswith("|")]
    assert table[0][2:5] == ["seed 0", "seed 2", "seed 3"]
    lines = {line[1].partition(": ")[2]: line for line in table[2:]}
    assert lines.keys() == {"alike", "against", "open", "split"}
    assert [cell[0] for cell in lines["against"][2:5]] == ["✓", "✗", "◇"]
    assert lines["alike"][3].startswith("✓ 1.07")  # the first report of a seed that ran the case
    assert lines["open"][2].startswith("◇ 0.07 ")


def test_a_failed_control_is_marked(report: Make) -> None:
    broken = decided(NEAR) | {"controls": [a_control([trial + 1 for trial in NEAR])]}
    text = markdown([report(0, rise=broken), report(1, rise=decided(NEAR))])
    (line,) = [line for line in text.splitlines() if "rise: rise" in line]
    assert [cell.endswith("(c)") for cell in line.split(" | ")[2:4]] == [True, False]


@pytest.fixture
def files(written: Make, tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{seed}.json" for seed in (0, 1)]
    for seed, path in enumerate(paths):
        path.write_text(json.dumps(written(seed, rise=decided(NEAR))), encoding="utf-8")
    return [str(path) for path in paths]


def test_the_command(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "seeds.md"
    assert main([*files, "--seeds", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert "| seed 0 | seed 1 | all trials |" in out.read_text(encoding="utf-8")
    assert not (tmp_path / "index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{0}", "{1}"], "a page is drawn of one report; several need --seeds FILE"),
        (["{0}", "{0}", "--seeds", "{dir}/x.md"], "a comparison by seed needs reports of at least two seeds"),
        (
            ["{0}", "{quick}", "--seeds", "{dir}/x.md"],
            "reports of one scale can be compared by seed, got standard, quick",
        ),
        (["{0}", "{1}", "--seeds", "{dir}"], "{dir}: cannot be written: Is a directory"),
    ],
    ids=["several pages", "one seed", "two scales", "no file"],
)
def test_what_cannot_be_done_is_one_sentence(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    other = json.loads(Path(files[1]).read_text(encoding="utf-8"))
    other["run"]["scale"] = "quick"
    (tmp_path / "quick.json").write_text(json.dumps(other), encoding="utf-8")
    places = {"dir": tmp_path, "quick": tmp_path / "quick.json"}
    assert main([argument.format(*files, **places) for argument in arguments]) == 2
    assert capsys.readouterr().err == sentence.format(**places) + "\n"
