"""What users bring, from the command line to the report: the examples, evidence, outcomes, and what is refused."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from support.evidence.store import Store
from tests.suite.example_files import ATTENTION, FOURIER, ROOT

pytestmark = pytest.mark.long("starts pytest anew for every test")

# Real experiments on a few random images in place of a dataset, class 0 in plenty.
MODULE = '''
import numpy as np

from support.data import datasets
from support.data.datasets import Images
from support.experiments.deletion import Deletion
from support.experiments.membership import MembershipInference
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.removals import ALWAYS, RETRAINED, Removal
from support.training.recipe import Recipe

def few(name, split, directory):
    rng = np.random.default_rng(0)
    return Images(rng.integers(0, 256, (600, 28, 28), dtype=np.uint8), rng.integers(-15, 10, 600).clip(0))

datasets.load = few
RECIPE = Recipe(epochs=1, milestones=())
RARE = RarePatterns("mnist", RECIPE, (Arm("R3", 0), Arm("R3", 3)), subset=100, test=20)
REMOVALS = tuple(Removal(3, method) for method in (*ALWAYS, *RETRAINED))

pytestmark = pytest.mark.asks("network")
EXPERIMENTS = {
    "rare patterns": RARE,
    "membership": MembershipInference("mnist", RECIPE, 100, (2,)),
    "deletion": Deletion("mnist", RECIPE, REMOVALS, subset=100, test=20),
}

@pytest.mark.claim("A-01")
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_trains(name, evidence, judge):
    """Expect numbers."""
    rows = evidence(EXPERIMENTS[name], 1)
    assert rows.experiment == str(EXPERIMENTS[name])
    decide(judge, 0.5)

@pytest.mark.claim("A-02", reading="printed")
@pytest.mark.erratum("E-1")
@pytest.mark.parametrize("value", [0.5, 1.5])
def test_erratum(value, judge):
    """Expect one."""
    decide(judge, value)

@pytest.mark.claim("A-01")
@pytest.mark.asks("the paper's network", because="it counts layers")
def test_layers(judge):
    """Expect one."""
    decide(judge, 0.5)
'''
OTHERS = '''
@pytest.mark.claim("A-01")
def test_theory(judge):
    """Expect one."""
    decide(judge, 0.5)

@pytest.mark.claim("A-01")
@pytest.mark.asks("features")
def test_features(feature_map, judge):
    """Expect one."""
    decide(judge, 0.5)
'''
# A network of one layer; it warns whenever it is asked.
LINEAR = """
import warnings
from torch import nn

class Linear(nn.Sequential):
    def forward(self, images):
        warnings.warn("a habit", UserWarning)
        return super().forward(images)

def factory(shape, classes):
    return Linear(nn.Flatten(), nn.Linear(784, classes))
"""


@pytest.fixture
def asked(suite: Any) -> Any:
    """The suite with claims about networks, about features and about neither, and with the real torch."""
    (suite.root / "torch.py").unlink()
    suite.register(
        ("A-01", ["test_claims.py", "test_others.py"]),
        ("A-02", ["test_claims.py"]),
        departures=[("E-1", "A-02", "printed")],
    )
    suite.module(MODULE)
    suite.module(OTHERS, "test_others.py")
    return suite


NOT_ASKED = "with {} only claims about {} in general are asked"


def test_a_network_is_asked_what_networks_can_be_asked(asked: Any) -> None:
    specification = f"{ATTENTION}:factory"
    done = asked.run("claims", "--model", specification, "-n2", "-rA", "-k", "not membership and not deletion")
    assert done.returncode == 0, done.stdout
    assert f"model under test: {specification}" in done.stdout
    assert asked.report["run"]["model"] == specification
    found = {name: (case["verdict"], (case["not_run"] or case)["reason"]) for name, case in asked.cases.items()}
    assert found == {
        "rare patterns": ("supported", None),
        "0.5": ("supported", None),
        "1.5": ("refuted", None),
        "layers": ("not run", "--model cannot stand in for the paper's network: it counts layers"),
        "theory": ("not run", NOT_ASKED.format("--model", "networks")),
        "features": ("not run", NOT_ASKED.format("--model", "networks")),
    }
    assert [asked.cases[name]["not_run"]["why"] for name in ("layers", "theory", "features")] == ["other model"] * 3
    # An erratum of the paper's network binds no other: as it says is expected, against it is told and no failure.
    assert re.search(r"XFAIL .*test_erratum\[1.5\]", done.stdout)
    assert re.search(r"XPASS .*test_erratum\[0.5\]", done.stdout)
    assert asked.commands["rare patterns"].endswith(f"--model {specification}")
    assert asked.leftovers == []


def test_a_feature_map_is_asked_what_feature_maps_can_be_asked(asked: Any) -> None:
    own = (ROOT / "claims" / "kernels" / "test_user_features.py").read_text(encoding="utf-8")
    (asked.root / "claims" / "test_user_features.py").write_text(re.sub(r'"(A-03|A-04|A-05|B-43)"', '"A-01"', own))
    specification = f"{FOURIER}:features"
    done = asked.run("claims", "--features", specification, "-n2")
    assert done.returncode == 0, done.stdout
    verdicts = {name: case["verdict"] for name, case in asked.cases.items()}
    supported = {name for name, verdict in verdicts.items() if verdict == "supported"}
    assert supported - {"features"} == {name for name in verdicts if "own_features" in name}
    assert len(supported) == 5
    assert asked.cases["theory"]["not_run"]["reason"] == NOT_ASKED.format("--features", "feature maps")
    assert asked.report["run"]["model"] == f"features {specification}"


def test_evidence_belongs_to_what_the_file_says_not_to_where_it_stands(asked: Any) -> None:
    def entries() -> int:
        return len(list(Store(asked.evidence).keys()))

    def run(file: str, which: str = "rare") -> str:
        done = asked.run("claims", "-k", which, "--model", f"{file}:factory")
        assert done.returncode == 0, done.stdout
        assert "a habit" in done.stdout  # warned, and no error
        return str(asked.cases["rare patterns"]["evidence"][0]["digest"])

    (asked.root / "linear.py").write_text(LINEAR)
    first = run("linear.py", "trains")
    before = entries()
    assert before == 8  # one trial of each arm: two networks, one attack, five ways to delete
    (asked.root / "elsewhere").mkdir()
    (asked.root / "elsewhere" / "moved.py").write_text(LINEAR)
    assert (run("elsewhere/moved.py"), entries()) == (first, before)
    (asked.root / "linear.py").write_text(LINEAR.replace("nn.Flatten()", "nn.Flatten(), nn.ReLU(), nn.Dropout(0.5)"))
    assert run("linear.py") != first
    assert entries() == before + 2


def test_without_a_feature_map_only_claims_on_one_are_left_out(ready: Any) -> None:
    ready.module(OTHERS)
    done = ready.run()
    assert done.returncode == 0, done.stdout
    assert {name: (case["not_run"] or case)["reason"] for name, case in ready.cases.items()} == {
        "theory": None,
        "features": "it is asked of a feature map of your own, --features FILE.py:FUNCTION",
    }


def test_bad_markers_are_refused(ready: Any) -> None:
    markers = {
        'asks("numbers")': "the marker asks needs one of network, features, the paper's network, got ('numbers',)",
        'asks("the paper\'s network")': (
            "the marker asks needs because=... with the paper's network and nothing else, got None"
        ),
    }
    for number, marker in enumerate(markers):
        text = f'@pytest.mark.claim("A-01")\n@pytest.mark.{marker}\ndef test_x(judge):\n    """Expect."""\n'
        ready.module(text, f"test_{number}.py")
    done = ready.run()
    for number, sentence in enumerate(markers.values()):
        assert f"\nclaims/test_{number}.py::test_x: {sentence}\n" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model", "ResNet21"], "--model must be file.py:function or module:function, or one of small MLP, MLP, "),
        (["--model", "linear.py:"], "--model must be file.py:function or module:function, or one of small MLP, MLP, "),
        (["--features", "CNN"], "--features must be file.py:function or module:function; got 'CNN'"),
    ],
)
def test_what_names_nothing_is_refused(
    ready: Any, one_sentence: Callable[[subprocess.CompletedProcess[str]], str], arguments: list[str], sentence: str
) -> None:
    assert one_sentence(ready.run("claims", *arguments)).startswith(sentence)


def test_what_is_unfit_is_refused_before_anything_runs(
    asked: Any, one_sentence: Callable[[subprocess.CompletedProcess[str]], str]
) -> None:
    said = one_sentence(asked.run("claims", "-n2", "--model", "absent.py:factory"))
    file = asked.root / "absent.py"
    assert said == f"--model {file}:factory cannot be imported: FileNotFoundError: there is no file {file}"
    assert not asked.evidence.exists() or not list(Store(asked.evidence).keys())
    assert asked.leftovers == []


# Networks. What is refused of any network, and what is said of others, stands in tests/models/test_probing.py.

UNFIT = """
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
WIDTH = parser.parse_args().width
"""
# Every remark is said in the header and in the report.
REMARKED = """
import os
import warnings

import torch
from torch import nn

from beside import BIAS

torch.manual_seed(42)

class Linear(nn.Linear):
    def forward(self, images):
        warnings.warn("a habit", UserWarning)
        return super().forward(images.flatten(1)) * float(os.environ.get("SCALE", "1"))

def factory(shape, classes):
    torch.manual_seed(0)
    return Linear(784, classes, bias=BIAS)
"""


def test_a_script_that_ends_the_program_is_refused(
    asked: Any, one_sentence: Callable[[subprocess.CompletedProcess[str]], str]
) -> None:
    (asked.root / "script.py").write_text(UNFIT)
    said = one_sentence(asked.run("claims", "--model", "script.py:factory", "-n2"))
    file = asked.root / "script.py"
    assert said.startswith(
        f"--model {file}:factory cannot be imported: it ends the program (SystemExit: 2), as argparse "
    )
    assert said.endswith(f"({file}:6)")
    assert asked.leftovers == []


def test_what_is_noticed_of_a_network_is_told_and_its_answers_are_kept(asked: Any) -> None:
    (asked.root / "elsewhere").mkdir()
    file = asked.root / "elsewhere" / "remarked.py"
    file.write_text(REMARKED)
    file.with_name("beside.py").write_text("BIAS = True\n")
    arguments = ("claims", "--model", f"{file}:factory", "-k", "rare")
    done = asked.run(*arguments, "-n2")
    assert done.returncode == 0, done.stdout
    line = REMARKED[: REMARKED.index("warnings.warn")].count("\n") + 1
    remarks = [
        f"model under test: it warns: UserWarning: a habit ({file}:{line})",
        "model under test: its weights do not change with the seed: every network starts alike",
    ]
    assert sorted(asked.report["run"]["notes"]) == remarks
    for remark in remarks:
        assert remark in done.stdout
    assert "model under test: its evidence is kept under its files, what they read when it was made" in done.stdout
    # The same files and weights, and other answers, as of another machine's environment.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALE", "1.5")
        done = asked.run(*arguments)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "the network of --model answers otherwise than when the evidence in" in done.stdout
