"""Where a run writes: nothing that it reads is written over, and what stands in the way is refused at the start."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.suite.places import _require_apart, require_summary_apart_from_code, require_text
from support.suite.settings import Settings, checked
from tests.suite.test_generated_options import DEFAULTS

ROOT = Path(__file__).parents[2]
Given = Callable[..., Settings]


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """Settings of a run in an empty directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report").mkdir()

    def settings(**options: object) -> Settings:
        places = {"report": "report", "evidence": ["evidence"], "device": "cpu"}
        return checked(argparse.Namespace(**(DEFAULTS | places | options)), ROOT)

    return settings


def linked(how: str, target: Path, link: Path) -> Path:
    if how == "symlink":
        link.symlink_to(target)
    elif how == "hard link":
        os.link(target, link)
    elif how == "dots":
        return target.parent / ".." / target.parent.name / target.name
    elif how == "linked folder":
        link.symlink_to(target.parent)
        return link / target.name
    return link if how in ("symlink", "hard link") else target


LINKS = ["itself", "symlink", "hard link", "dots", "linked folder"]


@pytest.mark.parametrize("how", LINKS)
@pytest.mark.parametrize("file", ["report.json", "index.html"])
def test_the_report_is_not_written_over_its_baseline(how: str, file: str, given: Given, tmp_path: Path) -> None:
    (tmp_path / "report" / file).write_text("{}")
    baseline = linked(how, tmp_path / "report" / file, tmp_path / "link")
    with pytest.raises(ValueError, match=r"^--baseline .* is .*, which this run writes anew: copy it, or give another"):
        _require_apart(given(baseline=str(baseline)))


def test_a_report_that_is_a_link_to_its_baseline(given: Given, tmp_path: Path) -> None:
    (tmp_path / "baseline.json").write_text("{}")
    (tmp_path / "report" / "report.json").symlink_to(tmp_path / "baseline.json")
    with pytest.raises(ValueError, match="which this run writes anew"):
        _require_apart(given(baseline="baseline.json"))


@pytest.mark.parametrize("how", LINKS)
def test_the_summary_is_not_written_over_the_baseline(how: str, given: Given, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "report.json").write_text("{}")
    summary = linked(how, tmp_path / "old" / "report.json", tmp_path / "link")
    with pytest.raises(ValueError, match=r"^--summary .* is the file of --baseline, and would be written over"):
        _require_apart(given(summary=str(summary), baseline="old/report.json"))


@pytest.mark.parametrize("summary", ["report/report.json", "report/../report/index.html"])
def test_the_summary_is_none_of_the_reports_files(summary: str, given: Given) -> None:
    """Also where these are not there yet."""
    with pytest.raises(ValueError, match=r"^--summary .* is .*, which the report is written to: give another file$"):
        _require_apart(given(summary=summary))


@pytest.mark.parametrize(
    ("summary", "options", "place"),
    [
        ("data/MNIST/raw/train-images-idx3-ubyte", {"data": "data"}, "--data"),
        ("evidence/00/x.jsonl", {}, "--evidence"),
        ("pack.tar.xz", {"evidence": ["evidence", "pack.tar.xz"]}, "--evidence"),
        ("other/00/x.jsonl", {"evidence": ["evidence", "other"]}, "--evidence"),
        ("model.py", {"model": "model.py:factory"}, "--model"),
        ("features.py", {"features": "features.py:features"}, "--features"),
        (str(ROOT / "claims" / "register.toml"), {}, "the suite's own"),
        (str(ROOT / "support" / "cases.py"), {}, "the suite's own"),
        (str(ROOT / "conftest.py"), {}, "the suite's own"),
    ],
)
@pytest.mark.parametrize("how", ["itself", "symlink"])
def test_the_summary_is_nothing_that_is_read(
    how: str, summary: str, options: dict[str, object], place: str, given: Given, tmp_path: Path
) -> None:
    path = tmp_path / summary
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with pytest.raises(ValueError, match=rf"^--summary .* is or lies in {place} .*, which is read: give another file$"):
        _require_apart(given(summary=str(linked(how, path, tmp_path / "link")), **options))


def test_the_summary_is_no_module_that_is_imported(given: Given, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(argparse.__file__)
    with pytest.raises(ValueError, match=r"^--summary link is code that this run imports: give another file$"):
        require_summary_apart_from_code(given(summary="link"))


@pytest.mark.parametrize("summary", ["summary.md", "report/summary.md", "/dev/null"])
def test_a_summary_elsewhere_is_fine(summary: str, given: Given, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    (tmp_path / "report" / "old.json").write_text("{}")
    (tmp_path / "data").mkdir()
    for baseline in ("old.json", "report/old.json"):
        settings = given(summary=summary, data="data", baseline=baseline)
        _require_apart(settings)
        require_summary_apart_from_code(settings)


@pytest.mark.parametrize("file", ["report.json", "index.html"])
def test_a_directory_in_the_place_of_a_file_of_the_report(file: str, given: Given, tmp_path: Path) -> None:
    (tmp_path / "report" / file).mkdir()
    with pytest.raises(ValueError, match=rf"{file} is a directory, and the report has a file there: give another with"):
        _require_apart(given())


@pytest.mark.parametrize("option", ["report", "summary", "baseline", "data", "model", "features", "engine", "device"])
def test_an_empty_value_is_refused(option: str, given: Given) -> None:
    with pytest.raises(ValueError, match=rf"^--{option} must not be empty: it takes "):
        given(**{option: ""})


@pytest.mark.parametrize("how", ["text", "list", "path"])
def test_names_that_are_no_utf_8_are_refused(how: str) -> None:
    name = os.fsdecode(b"caf\xe9")
    values = {"text": name, "list": ["plain", name], "path": f"a/{name}/b"}
    with pytest.raises(ValueError, match=r"^--report must be text, got '.*caf\\udce9.*', which has bytes that are not"):
        require_text([("--seed", 3), ("--summary", "café ✓"), ("--report", values[how])])


def test_without_a_home_evidence_needs_a_place(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert given().evidence == (Path.cwd() / "evidence",)
    with pytest.raises(ValueError, match=r"^this user has no home directory .*: say where evidence is kept"):
        given(evidence=None)
