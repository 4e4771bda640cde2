"""The index of claims says what the claims read: it is held to the claims, and to what published runs have read."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from support.document.reading import read as read_report
from support.document.walking import every_case
from support.evidence import claims_index
from support.evidence.kinds import KINDS
from support.evidence.library import Pack
from support.register import load_register

ROOT = Path(__file__).parents[2]


def test_every_experiment_of_the_index_and_every_claim_is_one() -> None:
    index, registered = claims_index.read(), {claim.id for claim in load_register().claims}
    assert set(index) == set(KINDS)  # an experiment that no claim reads would be dead
    for claims in index.values():
        assert claims == sorted(set(claims))
        assert set(claims) <= registered


def test_what_published_runs_have_read_is_in_the_index() -> None:
    """Every case of the quick report names the key of a first entry, which its pack holds with its experiment."""
    index, pack = claims_index.read(), Pack(ROOT / "reports" / "quick" / "evidence.tar.xz")
    cases = every_case(read_report(ROOT / "reports" / "quick" / "report.json").claims)
    seen = 0
    for claim, _, case in cases:
        for evidence in case.evidence:
            assert evidence.key is not None
            entry = pack.read(evidence.key)
            assert entry is not None
            assert claim.id in index[entry.manifest.origin.experiment], case.test
            seen += 1
    assert seen > 200


def test_an_experiment_that_a_claim_module_names_is_read_by_a_claim_of_it() -> None:
    """Also at scales that no published run has: what is asked for late would be missing in the index."""
    index = claims_index.read()
    covering = {claim.id: claim.covered_by for claim in load_register().claims}
    classes = {name.rpartition(".")[2]: name for name in KINDS}
    seen = 0
    for path in (ROOT / "claims").rglob("test_*.py"):
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        for short in {call.id for call in calls if isinstance(call, ast.Name)} & set(classes):
            module = path.relative_to(ROOT).as_posix()
            assert any(module in covering[claim] for claim in index[classes[short]]), f"{module}: {short}"
            seen += 1
    assert seen > 5


@pytest.mark.long("asks every claim at every scale")
def test_the_index_is_what_the_claims_ask_for() -> None:
    code = (
        "import sys\n"
        "from support.evidence.claims_index import encoded\n"
        "from support.suite.claims_index import claims_by_experiment\n"
        "sys.stdout.buffer.write(encoded(claims_by_experiment()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == claims_index.FILE.read_bytes(), "run python -m support.suite.claims_index"


@pytest.mark.parametrize("content", ["", "[]", '{"a": "b"}'])
def test_what_is_no_index_is_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "claims.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"is no index of claims \(.*\): run python -m support.suite.claims_index"):
        claims_index.read(path)
    with pytest.raises(ValueError, match="is no index of claims"):
        claims_index.read(tmp_path / "nowhere")


def test_an_index_is_read_as_it_was_written(tmp_path: Path) -> None:
    index = {"b": ["A-01", "B-02"], "a": ["B-01"]}
    claims_index.write(index, tmp_path / "claims.json")
    assert claims_index.read(tmp_path / "claims.json") == index
