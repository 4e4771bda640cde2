"""What the environments of `python -m tests.bounds` are made of."""

import tomllib
from pathlib import Path

import pytest

from tests.bounds import constraints_of, lower_bounds, pinned
from tests.constraints import written

PROJECT = """
dependencies = ["numpy>=2.0", "torch>=2.6"]
[optional-dependencies]
dask = ["distributed>=2024.5"]
dev = ["distributed>=2024.5", "axe-playwright-python>=0.1.8"]
"""
BOUNDS = {"numpy": "2.0", "torch": "2.6", "distributed": "2024.5", "axe-playwright-python": "0.1.8"}


def test_bounds_are_those_of_all_extras() -> None:
    assert lower_bounds(tomllib.loads(PROJECT)) == BOUNDS


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('"numpy"', "'numpy' is not name>=version"),
        ('"numpy>=2,<3"', "'numpy>=2,<3' is not name>=version"),
        ('"numpy>=2.0", "numpy>=2.1"', "numpy has the lower bounds 2.0 and 2.1"),
    ],
)
def test_a_dependency_without_one_bound_is_refused(wrong: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"pyproject.toml: {said}"):
        lower_bounds(tomllib.loads(f"dependencies = [{wrong}]"))


def test_every_dependency_of_this_project_has_one_bound() -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert "torch" in lower_bounds(tomllib.loads(text)["project"])


def test_the_oldest_are_the_bounds_and_torch_is_the_same_in_both() -> None:
    oldest = constraints_of("oldest", BOUNDS, "2.13.0")
    assert sorted(oldest) == ["axe-playwright-python==0.1.8", "distributed==2024.5", "numpy==2.0", "torch==2.13.0"]
    assert constraints_of("newest", BOUNDS, "2.13.0") == ["torch==2.13.0"]


def test_a_version_is_read_by_its_whole_name() -> None:
    text = "# of results\ntorchvision==1\ntorch==2.13.0\n"
    assert pinned(text, "torch") == "2.13.0"
    with pytest.raises(ValueError, match=r"constraints\.txt pins no version of vision"):
        pinned(text, "vision")


def test_exact_versions_are_those_of_the_plan_without_the_project_and_marks_of_builds() -> None:
    found = written({"torch": "2.13.0+cpu", "this": "0.1", "Jinja2": "3.1.6", "msgspec": "0.22"}, "this")
    assert found.splitlines()[1:] == ["jinja2==3.1.6", "msgspec==0.22", "torch==2.13.0"]


def test_the_committed_constraints_pin_every_bound_of_the_project() -> None:
    root = Path(__file__).parents[1]
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    bounds = lower_bounds(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"])
    for name in bounds:
        assert pinned(text, name)
