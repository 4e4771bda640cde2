"""What `python -m tests.repeat` says of its runs, and the orders that it takes tests in."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.repeat import Run, main, shuffled, table


@dataclass(frozen=True)
class Item:
    path: Path
    number: int


ITEMS: Any = [Item(Path(file), number) for file in "abcdefgh" for number in range(8)]


def test_files_stay_together_in_an_order_of_the_seed() -> None:
    found: Any = shuffled(ITEMS, 3)
    assert set(found) == set(ITEMS)
    assert found != ITEMS
    files = [item.path for item in found]
    assert sum(one != other for one, other in pairwise(files)) == 7
    assert [item.number for item in found[:8]] != list(range(8))
    assert shuffled(ITEMS, 3) == found
    assert shuffled(ITEMS, 4) != found


def test_the_table_says_what_failed_how_often_and_where() -> None:
    runs = [
        Run(0, None, 100.2, 0, ()),
        Run(0, 2, 140.0, 1, ("tests/test_x.py::test_y",)),
        Run(4, None, 300.0, 1, ("tests/test_x.py::test_y",)),
        Run(4, 2, 320.0, 3, None),
    ]
    assert table(runs).splitlines() == [
        "| busy processes | runs | not green | wall time, s: least, median, most |",
        "|---|---|---|---|",
        "| 0 | 2 | 1 | 100, 120, 140 |",
        "| 4 | 2 | 2 | 300, 310, 320 |",
        "",
        "| test | failed in | busy processes, order |",
        "|---|---|---|",
        "| `tests/test_x.py::test_y` | 2 of 4 | 0, 2; 4, own |",
        "| `exit status 3` | 1 of 4 | 4, 2 |",
    ]
    assert "failed in" not in table(runs[:1])


def test_a_failing_run_is_told_by_the_exit_status_and_by_name(tmp_path: Path, capfd: Any) -> None:
    failing = tmp_path / "test_failing.py"
    failing.write_text("def test_good(): pass\ndef test_bad(): assert 1 == 2\n")
    alone = ["-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", "--confcutdir", str(tmp_path)]
    options = ["--pytest", str(failing), *alone, "--rootdir", str(tmp_path), "-c", "/dev/null"]
    assert main(["--times", "1", "--load", "1", *options]) == 1
    assert "test_failing.py::test_bad` | 1 of 1 | 1, own |" in capfd.readouterr().out
    failing.write_text("def test_good(): pass\n")
    assert main(["--times", "1", *options]) == 0
