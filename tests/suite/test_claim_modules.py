"""The real claim modules, collected once: they match the register, keep the form, and are quick to collect."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from support.document.walking import function_of
from support.page.words import sentences, words
from support.register import load_register

ROOT = Path(__file__).parents[2]

# A plugin that writes down what was collected and which slow libraries that took.
PLUGIN = """
import json, sys

def pytest_collection_finish(session):
    items = []
    for item in session.items:
        claim = item.get_closest_marker("claim")
        markers = [item.get_closest_marker(kind) for kind in ("erratum", "finding", "slip")]
        departures = [marker.args[0] for marker in markers if marker]
        items.append({
            "module": item.nodeid.partition("::")[0],
            "test": item.nodeid,
            "claim": claim.args[0] if claim else None,
            "reading": claim.kwargs.get("reading", "sound") if claim else None,
            "departure": departures[0] if departures else None,
            "docstring": item.function.__doc__ or "",
            "fixtures": list(item.fixturenames),
        })
    slow = [name for name in ("torch", "scipy.stats", "sklearn", "sympy") if name in sys.modules]
    with open(session.config.rootpath.joinpath(sys.argv[-1]), "w") as file:
        json.dump({"items": items, "slow": slow}, file)
"""
MOST_LINES, FIRST_CLAIM = 300, 120
RUN = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:-1]))"


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    base = tmp_path_factory.getbasetemp()
    folder = base if worker_id == "master" else base.parent
    output = folder / "collected.json"
    with FileLock(folder / "collected.lock"):
        if not output.exists():
            (folder / "collected_plugin.py").write_text(PLUGIN)
            environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
            arguments = ["claims", "--collect-only", "-q", "-n0", "-p", "collected_plugin", "-p", "no:cacheprovider"]
            folders = [f"--report={folder / 'report'}", f"--evidence={folder / 'evidence'}"]
            done = subprocess.run(  # noqa: S603 - this project's own tests
                [sys.executable, "-c", RUN, *arguments, *folders, str(output)],
                cwd=ROOT,
                env=environment | {"PYTHONPATH": str(folder)},
                text=True,
                capture_output=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(output.read_text())
    return found


@pytest.fixture(scope="module")
def items(collected: dict[str, Any]) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = collected["items"]
    return found


def test_collecting_the_claims_imports_nothing_slow(collected: dict[str, Any]) -> None:
    assert collected["slow"] == []


def test_every_test_decides_a_claim(items: Sequence[dict[str, Any]]) -> None:
    assert len(items) > 0
    assert [item["test"] for item in items if item["claim"] is None or "judge" not in item["fixtures"]] == []


def test_the_register_and_the_modules_name_each_other(items: Sequence[dict[str, Any]]) -> None:
    covered = {(claim.id, module) for claim in load_register().claims for module in claim.covered_by}
    marked = {(item["claim"], item["module"]) for item in items}
    assert sorted(covered - marked) == [], "listed in covered_by without a test"
    assert sorted(marked - covered) == [], "tests that covered_by does not list"


def test_every_erratum_finding_and_slip_has_its_evidence(items: Sequence[dict[str, Any]]) -> None:
    marked = {(item["departure"], item["claim"], item["reading"]) for item in items if item["departure"]}
    assert marked == {(entry.id, entry.claim, entry.reading) for entry in load_register().departures}


def test_every_docstring_says_what_is_expected(items: Sequence[dict[str, Any]]) -> None:
    """In its first line; where a printed or published wording is decided, that wording may come first."""
    silent = set()
    for item in items:
        docstring = item["docstring"].lower()
        if "expect" not in (docstring.partition("\n")[0] if item["reading"] == "sound" else docstring):
            silent.add(item["test"].partition("[")[0])
    assert sorted(silent) == []


@pytest.mark.parametrize("path", sorted((ROOT / "claims").rglob("*.py")), ids=lambda path: path.stem)
def test_a_claim_file_is_thin(path: Path) -> None:
    """Its first claim is seen early, it ends soon, and an editor can follow its types."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES
    claims = [number for number, line in enumerate(lines, 1) if line.startswith("def test_")]
    assert not claims or claims[0] <= FIRST_CLAIM


def test_conclusions_name_tests_that_exist(items: Sequence[dict[str, Any]]) -> None:
    tests = {(item["claim"], item["reading"], function_of(item["test"])) for item in items}
    parts = [part for said in sentences() for part in said.part]
    assert {(part.claim, part.reading, part.test) for part in parts} - tests == set()
    ids = {(function_of(item["test"]), item["test"].partition("[")[2].removesuffix("]")) for item in items}
    assert {(part.test, case) for part in parts for case in part.cases} - ids == set()
    assert words().tests.keys() - {function_of(item["test"]) for item in items} == set()
