"""What a network of a user is, what its evidence is found by, and which feature maps are fit to be asked."""

import re
from pathlib import Path

import numpy as np
import pytest

from support.evidence.keys import origin_of
from support.experiments.experiment import Context
from support.experiments.rare_patterns import Arm, RarePatterns
from support.suite.user_models import fit_features, fit_network, load_features, with_network
from support.training.recipe import Recipe
from tests.suite.example_files import FOURIER, WIDE

# 1. Networks


def test_what_a_network_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fit_network("MLP") is None
    assert fit_network(f"{WIDE}:before") != fit_network(f"{WIDE}:factory") == fit_network(f"{WIDE}:factory")
    # A module that the file imports is part of it; so are the weights that it reads, and what it says of itself.
    (tmp_path / "own_layers.py").write_text("BIAS = True\n")
    (tmp_path / "own_weights.txt").write_text("0.5")
    (tmp_path / "own.py").write_text(
        "import os\nfrom pathlib import Path\nfrom torch import nn\nfrom own_layers import BIAS\n\n"
        "def factory(shape, classes):\n    layer = nn.Linear(784, classes, bias=BIAS)\n"
        "    nn.init.constant_(layer.weight, float(Path(__file__).with_name('own_weights.txt').read_text()))\n"
        "    return nn.Sequential(nn.Flatten(), nn.Dropout(float(os.environ['RATE'])), layer)\n"
    )
    changes = (("own_layers.py", "BIAS = True\n"), ("own_layers.py", "BIAS = 1\n"), ("own_weights.txt", "1"))
    digests = []
    for (name, text), rate in ((changes[0], "0.1"), (changes[1], "0.1"), (changes[2], "0.1"), (changes[2], "0.2")):
        (tmp_path / name).write_text(text)
        monkeypatch.setenv("RATE", rate)
        found, again = (fit_network(f"{tmp_path / 'own.py'}:factory") for _ in range(2))
        assert found is not None
        assert found == again
        digests.append(found.digest)
        assert {Path(path).name for path in found.files} == {"own.py", "own_layers.py", "own_weights.txt"}
    assert len(set(digests)) == 4


def test_the_key_of_evidence() -> None:
    experiment = RarePatterns("mnist", Recipe(), (Arm("R3", 0),))
    context = Context(seed=0)
    here, there = (with_network(experiment, f"/{place}/file.py:factory") for place in ("here", "there"))
    assert here.recipe.network == "/here/file.py:factory"
    keys = [origin_of(each, context, network).key for network in ("a", "b") for each in (here, there)]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    assert origin_of(experiment, context).key not in keys


# 2. Feature maps

FEATURES = """
import torch

WEIGHTS = torch.randn(784, 300, generator=torch.Generator().manual_seed(1), dtype=torch.float64) / 28

def good(inputs):
    return (inputs @ WEIGHTS).relu()

def linear(inputs):
    return (inputs @ WEIGHTS[:, :50]) @ torch.randn(
        50, 300, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )

def nearly_linear(inputs):
    return linear(inputs) + 1e-5 * good(inputs)

def few(inputs):
    return good(inputs)[:, :100]

def flat(inputs):
    return good(inputs).sum(dim=1)

def single(inputs):
    return good(inputs).float()

def infinite(inputs):
    return 1 / good(inputs)

def in_batches(inputs):
    return good(inputs) / (1 + good(inputs).mean(dim=0))

def unsteady(inputs):
    return good(inputs) * (1 + torch.rand(1))

def array(inputs):
    return good(inputs).numpy()

def breaks_down(inputs):
    raise RuntimeError("first line\\nsecond line")

number = 7
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "cannot be imported: AttributeError: .*py has no absent"),
        ("number", "must be a function, number is of type int"),
        ("breaks_down", r"fails on \(100, 784\) inputs: RuntimeError: first line \(.*own\.py:\d+\)$"),
        ("flat", r"must map \(100, 784\) inputs to \(100, k\) features, got \(100,\)"),
        ("array", r"must map \(100, 784\) inputs to \(100, k\) features, got ndarray"),
        ("single", "must return torch.float64, got torch.float32"),
        ("infinite", r"maps \(100, 784\) inputs to features that are NaN or infinite"),
        ("unsteady", "is no map: features of the same input change from call to call"),
        ("in_batches", "is no map: features of the same input change with the other inputs"),
        ("few", "gives 100 features, which cannot interpolate 100 samples: at least 101 are needed"),
        ("linear", ".* the kernel of N=100 samples is singular"),
        ("nearly_linear", ".* have condition number .*; above 1e.03 an identity cannot be told from rounding"),
    ],
)
def test_unfit_feature_maps(tmp_path: Path, name: str, message: str) -> None:
    file = tmp_path / "own.py"
    file.write_text(FEATURES)
    with pytest.raises(ValueError, match="--features") as caught:
        fit_features(f"{file}:{name}")
    assert re.match(f"--features {re.escape(f'{file}:{name}')}:? ?{message}", str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_fit_feature_map(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(FEATURES)
    fit_features(f"{file}:good")
    assert load_features(f"{file}:good")(np.zeros((3, 784))).tolist() == np.zeros((3, 300)).tolist()


def test_the_fourier_kernel_is_gaussian() -> None:
    inputs = np.random.default_rng(0).standard_normal((4, 784))
    phi = load_features(f"{FOURIER}:features")(inputs)
    squared = ((inputs[:, None] - inputs[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(phi @ phi.T, np.exp(-squared / (2 * 784)), atol=5 / np.sqrt(phi.shape[1]))
