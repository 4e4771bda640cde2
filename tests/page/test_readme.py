"""README's block: what the published report says, and nothing typed by hand."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from support.document.reading import parse, read
from support.page import readme
from support.page.__main__ import main
from tests.fuzzing.oracles import require_markdown, shown

REPOSITORY = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def published(tmp_path: Path, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(readme, "SHOWN", "Paper A, Figure 2")
    folder = tmp_path / "reports" / "quick"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(document), encoding="utf-8")
    return folder / "report.json"


def test_only_what_stands_between_the_marks_is_written(published: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"above\n{readme.BEGIN}\nold\n{readme.END}\nbelow\n", encoding="utf-8")
    for _ in range(2):
        assert main([str(published), "--readme", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"above\n{readme.BEGIN}\n")
    assert text.endswith(f"{readme.END}\nbelow\n")
    assert "old" not in text
    assert "(reports/quick/figure.svg)" in text
    assert "| ✓ supported |" in text


@pytest.mark.usefixtures("published")
def test_the_picture_stands_alone(document: dict[str, Any]) -> None:
    drawn = ElementTree.fromstring(readme.picture(parse(json.dumps(document).encode())))  # noqa: S314  our own
    (style,) = drawn.iter(f"{SVG}style")
    classes = {name for element in drawn.iter() for name in element.get("class", "").split()}
    used = set(re.findall(r"var\((--[\w-]+)\)", style.text or ""))
    assert used <= set(re.findall(r"(--[\w-]+):", style.text or "")) | {"--series"}
    # Every curve's class has a rule, and every line of the figure a label.
    assert {"curve", "grid", "axes"} <= classes
    assert [name for name in classes if not re.search(rf"\.{name}\b", style.text or "")] == []
    # Texts stand in what the rule for texts is about.
    assert drawn.get("class") == "drawn"
    labels = {text.text for text in drawn.iter(f"{SVG}text")}
    assert {"spurious accuracy, h1+h2", "spurious accuracy, h1+h4"} <= labels


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "README.md cannot be read: No such file or directory"),
        ("no marks\n", "README.md must have <!-- verdicts: begin --> and"),
        (f"{readme.END}\n{readme.BEGIN}\n", "README.md must have <!-- verdicts: begin --> and"),
    ],
)
def test_a_bad_readme_is_one_sentence(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, message: str
) -> None:
    page = tmp_path / "README.md"
    if content is not None:
        page.write_text(content, encoding="utf-8")
    assert main([str(published), "--readme", str(page)]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert content is None or page.read_text(encoding="utf-8") == content


def test_a_report_without_the_figure_is_one_sentence(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readme, "SHOWN", "Paper B, Figure 99")
    page = tmp_path / "README.md"
    page.write_text(f"{readme.BEGIN}{readme.END}", encoding="utf-8")
    assert main([str(published), "--readme", str(page)]) == 2
    assert capsys.readouterr().err == "the report has no figure 'Paper B, Figure 99'\n"


def test_readme_says_what_the_published_report_says() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (where,) = set(re.findall(r"\((reports/\w+)/figure\.svg\)", text))
    report = read(REPOSITORY / where / "report.json")
    assert readme.block(report, where) in text, f"python -m support.page {where}/report.json --readme README.md"
    assert (REPOSITORY / where / readme.PICTURE).read_text(encoding="utf-8") == readme.picture(report)


def test_a_readme_that_is_no_text_or_cannot_be_written_is_one_sentence(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_bytes(b"\xff\xfe")
    assert main([str(published), "--readme", str(page)]) == 2
    assert capsys.readouterr().err == f"{page} cannot be read: it is not UTF-8\n"
    page.write_text(f"{readme.BEGIN}\n{readme.END}\n", encoding="utf-8")
    (published.parent / readme.PICTURE).mkdir()
    assert main([str(published), "--readme", str(page)]) == 2
    said = f"the picture {published.parent / readme.PICTURE} cannot be written: Is a directory\n"
    assert capsys.readouterr().err == said
    assert page.read_text(encoding="utf-8") == f"{readme.BEGIN}\n{readme.END}\n"


def test_names_and_commits_are_no_markup(document: dict[str, Any]) -> None:
    document["run"]["commit"] = "`a`|<b>\n# c"
    where = "reports/a b) `c` <i>\n# d"
    text = readme.block(parse(json.dumps(document).encode()), where)
    require_markdown(text, pictures=1, comments=2)
    assert "(reports/a%20b%29%20%60c%60%20%3Ci%3E%0A%23%20d/figure.svg)" in text
    assert "commit `a`|<b> # c)" in shown(text)
