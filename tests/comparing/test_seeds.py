"""Reports at several seeds, side by side and over all their trials."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.comparing.seeds import rows
from support.document.reading import parse
from support.document.types import Report
from support.page.__main__ import main
from support.page.seeds import markdown
from support.statistics.bets import mean_interval

# Rises in [0, 1] by network; 16 of them are too few to tell 0.07 from 0.05.
NEAR = [0.07 + 0.005 * (number % 5 - 2) for number in range(16)]
FAR = [0.001 * (number % 3) for number in range(200)]
HIGH = [0.9] * 32
ABOVE = {"low": 0.05, "high": None, "label": "above 0.05"}
RISE = {"name": "rise", "unit": "", "low": 0, "high": 1, "route": "bounded", "margin": 0.05, "worse": None}


def decided(trials: list[float], region: dict[str, Any] = ABOVE, **changes: Any) -> dict[str, Any]:
    """A mean over trials with its interval and its verdict for a region with a lower end."""
    found = mean_interval(trials, 0, 1)
    verdict = "supported" if found.low > region["low"] else "refuted" if found.high < region["low"] else "inconclusive"
    return {
        "effect": found.estimate,
        "effect_label": "rise",
        "effect_kind": "mean",
        "interval": [found.low, found.high],
        "level": 0.999,
        "method": f"bounded sequence over {len(trials)} trials",
        "measure": RISE,
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
def report(written: Make) -> Callable[..., Report]:
    """The same as it is read."""
    return lambda seed, **cases: parse(json.dumps(written(seed, **cases)).encode())


Read = Callable[..., Report]


def test_what_no_seed_decides_all_trials_may(report: Read) -> None:
    """By one more look at the sequence of all trials."""
    shifted = [[trial + 0.001 * number for trial in NEAR] for number in range(6)]
    (row,) = rows([report(number, rise=decided(trials)) for number, trials in enumerate(shifted)])
    assert row.verdicts == {"inconclusive"}
    assert row.pooled is not None
    estimate, verdict = row.pooled
    expected = mean_interval([trial for trials in shifted for trial in trials], 0, 1)
    assert (estimate.low, estimate.high) == (expected.low, expected.high)
    assert verdict == "supported"


def test_a_control_that_fails_over_all_trials_decides_nothing(report: Read) -> None:
    """Like the effect it lies near the edge: seed by seed undecided, and over all trials on the wrong side."""
    shifted = [[trial + 0.001 * number for trial in NEAR] for number in range(6)]
    (row,) = rows(
        [report(seed, rise=decided(one) | {"controls": [a_control(one)]}) for seed, one in enumerate(shifted)]
    )
    assert row.pooled is not None
    assert row.pooled[1] == "inconclusive"


def test_a_control_without_a_mean_must_come_out_at_every_seed(report: Read) -> None:
    largest: dict[str, Any] = {"effect_kind": "worst", "measure": None, "level": None}
    for verdict, expected in (("refuted", "supported"), ("inconclusive", "inconclusive")):
        fine, other = (a_control(FAR, **largest, verdict=each) for each in ("refuted", verdict))
        (row,) = rows(
            [report(seed, rise=decided(HIGH) | {"controls": [one]}) for seed, one in enumerate((fine, other))]
        )
        assert row.pooled is not None
        assert row.pooled[1] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"effect_kind": "ratio", "measure": RISE | {"route": "ratio"}},
        {"effect_kind": "largest", "conditions": 3},
        {"measure": None},
        {"measure": RISE | {"high": 2}},
        {"region": ABOVE | {"low": 0.04}},
        {"controls": [a_control(FAR, name="another")]},
        {"controls": []},
    ],
    ids=["ratio", "largest", "no measure", "another measure", "another region", "another control", "no control"],
)
def test_what_is_no_common_mean_is_not_pooled(report: Read, changes: dict[str, Any]) -> None:
    (row,) = rows([report(0, rise=decided(HIGH)), report(1, rise=decided(HIGH) | changes)])
    assert row.pooled is None
    assert len(row.cases) == 2


def test_the_table_counts_what_agrees(report: Read) -> None:
    strong, weak = decided(HIGH), decided(FAR)
    idle = {"verdict": "not run", "not_run": {"why": "not asked here", "reason": "needs data"}, "controls": []}
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
    assert "- 1 are undecided at some seed or at all; over the trials of all seeds 1 of these are decided." in text
    assert "- 1 are supported at one seed and refuted at another." in text
    table = [line.split(" | ") for line in text.splitlines() if line.startswith("|")]
    assert table[0][2:5] == ["seed 0", "seed 2", "seed 3"]
    lines = {line[1].partition(": ")[2]: line for line in table[2:]}
    assert lines.keys() == {"alike", "against", "open", "split"}
    assert [cell[0] for cell in lines["against"][2:5]] == ["✓", "✗", "◇"]
    assert lines["alike"][3].startswith("✓ 0.9 ")  # the first report of a seed that ran the case
    assert lines["open"][2].startswith("◇ 0.0694 ")


def test_a_failed_control_is_marked(report: Read) -> None:
    broken = decided(NEAR) | {"controls": [a_control(HIGH)]}
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
        (["{0}", "{1}"], "a page is drawn of one report; several need --seeds FILE or --history FILE"),
        (["{0}", "{0}", "--seeds", "{dir}/x.md"], "a comparison by seed needs reports of at least two seeds"),
        (
            ["{0}", "{quick}", "--seeds", "{dir}/x.md"],
            "reports of one scale can be compared by seed, got standard, quick",
        ),
        (["{0}", "{1}", "--seeds", "{dir}"], "--seeds {dir} cannot be written: Is a directory"),
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


@pytest.mark.parametrize(
    "changes",
    [{"region": {"low": None, "high": None}}, {"measure": RISE | {"name": "a stranger's", "route": "near-normal"}}],
    ids=["a region of every effect", "a route that nothing here grants"],
)
def test_what_cannot_be_decided_here_is_not_pooled(report: Read, changes: dict[str, Any]) -> None:
    """Reports of others may say so of every seed."""
    (row,) = rows([report(seed, rise=decided(HIGH) | changes) for seed in (0, 1)])
    assert row.pooled is None
