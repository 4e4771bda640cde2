"""Figures as files for a paper: what is in them, equal bytes, and nothing but text from foreign labels."""

import csv
import io
import json
import re
import statistics
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import to_builtins

from support.document.panels import image
from support.page import export
from support.page.__main__ import main
from tests.page.gathering import gathered
from tests.page.tree import Document

NAME = "Paper-A-Figure-2"
INCH = 72


def exported(document: Document, folder: Path) -> Path:
    """The directory with the figures of a report."""
    folder.mkdir(exist_ok=True)
    path = folder / "report.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert main([str(path), "--export", str(folder / "figures")]) == 0
    return folder / "figures"


@pytest.fixture(scope="module")
def figures(make_document: Callable[[], Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is exported of a whole report; no test changes it."""
    pytest.importorskip("matplotlib", reason="figures are drawn with matplotlib")
    return exported(with_numbers(make_document()), tmp_path_factory.mktemp("one"))


def with_numbers(document: Document) -> Document:
    """The same with what a paper has in print."""
    document["claims"][0]["published_numbers"] = "0.95 to 0.62\nover mnist"
    return document


def texts(svg: str) -> list[str]:
    """The labels of a drawing."""
    drawn = ElementTree.fromstring(svg)  # noqa: S314  our own
    return ["".join(one.itertext()).strip() for one in drawn.iter("{http://www.w3.org/2000/svg}text")]


def test_every_figure_has_four_files(figures: Path) -> None:
    written = {path.name for path in figures.iterdir()}
    assert {f"{NAME}.{ending}" for ending in ("svg", "pdf", "csv", "txt")} <= written
    assert len(written) == 8


def test_equal_reports_give_equal_bytes_without_a_date(figures: Path, document: Document, tmp_path: Path) -> None:
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    mpl.rcParams["font.size"] = 30  # a reader's own settings change nothing
    try:
        again = exported(with_numbers(document), tmp_path / "two")
    finally:
        mpl.rcParams["font.size"] = before
    for path in figures.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()
    assert "date" not in (figures / f"{NAME}.svg").read_text(encoding="utf-8").lower()
    assert b"/CreationDate" not in (figures / f"{NAME}.pdf").read_bytes()


def test_letters_are_text_in_fonts_that_journals_take(figures: Path) -> None:
    pdf = (figures / f"{NAME}.pdf").read_bytes()
    assert b"/Type3" not in pdf
    assert b"/FontFile2" in pdf
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", pdf)
    assert float(box) == pytest.approx(3.35 * INCH, abs=1)  # one panel: one column
    svg = (figures / f"{NAME}.svg").read_text(encoding="utf-8")
    assert {"10", "100", "1000", "spurious accuracy, h1+h2", "spurious accuracy, h1+h4"} <= set(texts(svg))
    assert svg.count("FillBetweenPolyCollection") == 2  # the bands of two lines


def test_the_table_has_every_number_in_full(figures: Path) -> None:
    rows = list(csv.reader(io.StringIO((figures / f"{NAME}.csv").read_text(encoding="utf-8"))))
    assert rows[0] == ["panel", "line", "x", "mean", "standard deviation", "trials"]
    values = [[0.9, 0.92, 0.88], [0.7, 0.74, 0.72], [0.5, 0.52, 0.49]]
    for row, x, column in zip(rows[1:4], ("10", "100", "1000"), values, strict=True):
        assert row[:3] == ["Random features, α = 1/4", "spurious accuracy, h1+h2", x]
        assert [float(cell) for cell in row[3:]] == pytest.approx(
            [statistics.fmean(column), statistics.stdev(column), 3], rel=1e-15
        )
    assert rows[-1][2:] == ["", "0.5", "", ""]  # the guide


def test_the_text_beside_it_says_what_is_seen_and_which_report_says_so(figures: Path) -> None:
    digest = sha256((figures.parent / "report.json").read_bytes()).hexdigest()
    said = (figures / f"{NAME}.txt").read_text(encoding="utf-8")
    assert said.startswith("Paper A, Figure 2\n\nLine: mean over")
    assert "The published curve falls from 0.9 to 0.5." in said
    assert "The paper's own numbers, for A-01: 0.95 to 0.62 over MNIST\n" in said
    assert "Drawn from the evidence of A-01, A-03." in said
    assert digest in said
    assert digest in (figures / f"{NAME}.svg").read_text(encoding="utf-8")
    assert digest.encode() in (figures / f"{NAME}.pdf").read_bytes()


def test_foreign_labels_are_text_and_never_formulas(figures: Path) -> None:
    (other,) = (path for path in figures.glob("*.svg") if path.stem != NAME)
    svg = other.read_text(encoding="utf-8")
    assert "<script" not in svg
    assert any("$\\frac{" in text for text in texts(svg))


def test_a_cell_is_no_formula_of_a_spreadsheet(document: Document, make_panel: Callable[..., Document]) -> None:
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = [make_panel("=1+1", [[0.5, 0.5, 0.5]], figure="F")]
    found = next(figure for figure in gathered(document) if figure.name == "F")
    assert ",'=1+1,10,0.5," in export.table(found)


def test_bars_and_maps_are_drawn(document: Document, make_panel: Callable[..., Document], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="figures are drawn with matplotlib")
    bar = make_panel("$a_1$", [[0.2], [0.4]], figure="F", y_range=[0.0, 1.0])
    one = {**bar["lines"][0], "x": [10]}
    bar["lines"] = [one, {**one, "label": "b", "color": 1, "dashed": True}]
    mapped = to_builtins(image("F", "weights", 1, [[0.0, 0.25], [1.0, 0.5]], (0.0, 1.0)))
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = [bar, mapped]
    document["claims"] = document["claims"][:1]
    folder = exported(document, tmp_path / "one")
    svg = (folder / "F.svg").read_text(encoding="utf-8")
    assert "<image" in svg
    assert {"10", "$a_1$", "b", "weights"} <= set(texts(svg))  # no formula of TeX
    rows = (folder / "F.csv").read_text(encoding="utf-8").splitlines()
    assert rows[-4:] == [
        "weights,row 1,1,0,,",
        "weights,row 1,2,0.25,,",
        "weights,row 2,1,1,,",
        "weights,row 2,2,0.5,,",
    ]


def test_without_matplotlib_one_sentence_says_how_to_get_it(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert main([str(path), "--export", str(tmp_path / "figures")]) == 2
    said = capsys.readouterr().err
    assert said.endswith("matplotlib, which draws them, is not installed: pip install -e '.[figures]'\n")
    assert said.count("\n") == 1


def test_a_report_without_figures_is_one_sentence(
    document: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document["claims"] = document["claims"][1:2]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert main([str(path), "--export", str(tmp_path / "figures")]) == 2
    assert capsys.readouterr().err == f"{path}: the report has no figure to export\n"
    assert not (tmp_path / "figures").exists()
