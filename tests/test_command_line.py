"""What every command refuses: arguments by hand, files in a folder."""

import os
from pathlib import Path

import pytest

from support import outputs
from support.command_line import Parser, is_line, number, positive, seed, shown, whole, whole_number
from support.outputs import require_outputs

LARGEST = 9_223_372_036_854_775_807


@pytest.fixture
def parser() -> Parser:
    given = Parser(prog="tool")
    given.add_argument("file", nargs="?")
    given.add_argument("--seed", type=seed)
    given.add_argument("--count", type=whole_number(1))
    given.add_argument("--rate", type=number)
    given.add_argument("--minutes", type=positive)
    given.add_argument("--out", type=Path)
    return given


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--seed", "9" * 400],
            f"argument --seed: must be a whole number from 0 to {LARGEST:,}, got '{'9' * 40}' and 360 more",
        ),
        (["--seed", "٣"], "argument --seed: must be a whole number from 0 to 9,223,372,036,854,775,807, got '٣'"),
        (["--seed", "-1"], "argument --seed: must be a whole number from 0 to 9,223,372,036,854,775,807, got '-1'"),
        (["--count", "0"], "argument --count: must be a whole number of at least 1, got '0'"),
        (["--rate", "nan"], "argument --rate: must be a number, got 'nan'"),
        (["--rate", "1e999"], "argument --rate: must be a number, got '1e999'"),
        (["--rate", "1_0"], "argument --rate: must be a number, got '1_0'"),
        (["--minutes", "0"], "argument --minutes: must be a positive number, got '0'"),
        (["--out", ""], "--out must not be empty"),
        (["--out="], "--out must not be empty"),
        ([""], "an argument must not be empty"),
        (["--out", "a\nb"], "--out must be one line of text, got 'a\\nb'"),
        (["--out=a\rb"], "--out must be one line of text, got '--out=a\\rb'"),
        (["x", "\x1b[2J"], "an argument must be one line of text, got '\\x1b[2J'"),
        (["--unknown"], "unrecognized arguments: --unknown"),
    ],
)
def test_arguments_are_refused_in_one_line(
    arguments: list[str], says: str, parser: Parser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"tool: {says}\n"


def test_what_is_right_is_taken(parser: Parser) -> None:
    line = ["--seed", "9223372036854775807", "--count", "1", "--rate=-1.5e-3", "--minutes", ".5", "--out", "café ✓"]
    given = parser.parse_args(line)
    assert (given.seed, given.count, given.rate, given.minutes) == (2**63 - 1, 1, -0.0015, 0.5)
    assert given.out == Path("café ✓")


def test_text_of_one_line() -> None:
    assert all(map(is_line, ["", "a b", "é\u202f✓", "a\\b"]))
    assert not any(map(is_line, ["\n", "a\0", "\udcff", "\u2028", "\x9b"]))
    assert shown("x" * 41) == f"'{'x' * 40}' and 1 more"
    assert whole("07") == 7


def refused(files: Path, **given: str) -> str:
    with pytest.raises(ValueError, match=r"\S") as caught:
        require_outputs({f"--{name}": files / place for name, place in given.items()}, [("--data", files / "data")])
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{files}/", "")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(outputs, "CHECKOUT", tmp_path / "checkout")
    for folder in ("data", "checkout/support", "folder"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("data/x", "checkout/README.md", "there"):
        (tmp_path / file).write_text("as it was")
    os.link(tmp_path / "checkout" / "README.md", tmp_path / "hard")
    (tmp_path / "soft").symlink_to("data/x")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "null").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("null", "--out null is a device or a pipe: give a file"),
        ("pipe", "--out pipe is a device or a pipe: give a file"),
        ("folder", "--out folder cannot be written: Is a directory"),
        ("loop", "--out loop cannot be written: Too many levels of symbolic links"),
        ("no/x", "--out no/x cannot be written: No such file or directory"),
        ("there/x", "--out there/x cannot be written: Not a directory"),
        ("a" * 300, f"--out {'a' * 300} cannot be written: File name too long"),
        ("data/x", "--out data/x is or lies in --data data, which is read: give another file"),
        ("data/new", "--out data/new is or lies in --data data, which is read: give another file"),
        ("soft", "--out soft is or lies in --data data, which is read: give another file"),
        ("hard", "--out hard is or lies in the suite's own checkout/README.md, which is read: give another file"),
        ("checkout/support/x", "--out checkout/support/x is or lies in the suite's own checkout/support, which is"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused(place: str, says: str, files: Path) -> None:
    assert refused(files, out=place).startswith(says)
    assert (files / "data" / "x").read_text() == (files / "checkout" / "README.md").read_text() == "as it was"


def test_one_file_is_not_written_twice(files: Path) -> None:
    assert refused(files, page="new", json="new") == "--json new is the file of --page too: give another file"


def test_files_that_can_be_written_are_left_as_they_are(files: Path) -> None:
    before = sorted(files.iterdir())
    require_outputs({"--page": files / "new", "--json": files / "there", "--summary": None})
    assert sorted(files.iterdir()) == before
    assert (files / "there").read_text() == "as it was"
