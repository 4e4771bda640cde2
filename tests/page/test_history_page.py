"""The page of a history: small multiples with what each mark says, and foreign text that stays text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.page.__main__ import main
from tests.fuzzing.oracles import require_page

MEASURE = {"name": "share", "unit": "", "low": 0.0, "high": 1.0, "route": "bounded", "margin": 0.05, "worse": "higher"}


def written(document: dict[str, Any], path: Path, effect: float, **run: Any) -> Path:
    document = json.loads(json.dumps(document))
    document["run"] |= run
    claim = document["claims"][0]
    claim |= {"id": "A-19", "headline": True, "readings": claim["readings"][:1]}
    reading = claim["readings"][0]
    reading["cases"] = reading["cases"][:1]
    reading["cases"][0] |= {
        "effect": effect,
        "interval": [effect - 0.02, effect + 0.02],
        "measure": MEASURE,
        "effect_kind": "mean",
        "trials": [effect + (-1) ** n * 0.001 for n in range(10)],
    }
    document |= {"claims": [claim], "comparison": None, "conclusions": [], "departures": []}
    path.write_text(json.dumps(document))
    return path


def test_every_mark_says_its_run_and_what_moved_stands_first(
    document: dict[str, Any], tmp_path: Path, hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        written(document, tmp_path / "one.json", 0.10, seed=1, model=hostile),
        written(document, tmp_path / "two.json", 0.40, seed=2, commit="abcdef0123456789"),
    ]
    page = tmp_path / "history.html"
    assert main([*map(str, files), "--history", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    text = page.read_text(encoding="utf-8")
    require_page(text)
    titles = re.findall(r"<title>(run [^<]*)</title>", text)
    assert titles[:2] == [
        f"run 1 ({files[0]}): supported, 0.1 [0.08, 0.12]",
        f"run 2 ({files[1]}): supported, 0.4 [0.38, 0.42]; moved up against the run before",
    ]
    assert len(titles) == 4  # under what moved, and under its claim
    assert "1 of 1 effects moved at some run." in text
    assert "&lt;script&gt;" in text
    assert "commit abcdef012345, seed 2" in text.replace(" with changes", "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--readme", "README.md"], "--history sets reports side by side and draws no page: leave out --readme"),
        (["--seeds", "seeds.md"], "--seeds sets reports side by side and draws no page: leave out --history"),
    ],
)
def test_what_it_excludes(
    document: dict[str, Any], tmp_path: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(document, tmp_path / "one.json", 0.1)
    page = tmp_path / "history.html"
    assert main([str(file), str(file), "--history", str(page), *more]) == 2
    assert capsys.readouterr().err == f"{said}\n"
    assert not page.exists()


def test_one_report_is_no_history(document: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(document, tmp_path / "one.json", 0.1)
    assert main([str(file), "--history", str(tmp_path / "history.html")]) == 2
    assert capsys.readouterr().err == "a history needs at least two reports\n"
