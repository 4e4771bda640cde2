"""The notebook of the examples, cell by cell, as a reader runs it."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "audit.ipynb"


def run_cell(source: str, names: dict[str, Any]) -> object:
    """The value of its last expression, None where it ends with something else."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)  # noqa: S102 - our own notebook
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)  # noqa: S307 - the same


@pytest.mark.long("it trains two networks in processes of their own until moves are decided")
def test_the_notebook_runs_and_says_what_it_memorizes() -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in cells)
    names: dict[str, Any] = {"__name__": "__main__"}
    values = [run_cell("".join(cell["source"]), names) for cell in cells]
    assert values[0] == ((1797, 8, 8), (1797,))
    assert names["found"].row("added 10").after.says == "yes"
    assert values[-2] == names["change"].answer
    assert names["change"].row("added 10").move is not None
