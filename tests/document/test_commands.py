"""Commands as a shell takes them."""

import shlex

import pytest

from support.document.commands import shell
from support.document.types import Command


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Command(tests=("a.py", "b.py")), "pytest a.py b.py"),
        (
            Command(tests=("a.py::x[it's]",), scale="quick", seed=0),
            """pytest 'a.py::x[it'"'"'s]' --scale quick --seed 0""",
        ),
        (
            Command(tests=("a.py",), scale="paper", seed=2, device="cuda:1", data="/my data", recorded=True),
            "pytest a.py --scale paper --seed 2 --device cuda:1 --data '/my data' --recorded",
        ),
        (Command(tests=("a.py",), model="n.py:f", features="m:g"), "pytest a.py --model n.py:f --features m:g"),
    ],
)
def test_only_what_was_given_is_said_and_it_is_quoted(command: Command, text: str) -> None:
    assert shell(command) == text
    assert shlex.split(text)[1 : 1 + len(command.tests)] == list(command.tests)


def test_the_same_at_another_scale() -> None:
    command = Command(tests=("a.py",), scale="quick", seed=0)
    assert shell(command, "paper") == "pytest a.py --scale paper --seed 0"
    assert shell(command, None) == shell(command)
