"""Modules of users: what stands beside them, what they read and do when imported, and what is said of errors."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from support.models.factories import load_factory, made
from support.models.opened_files import Opened, opened_files
from support.models.probing import Probed, probe
from support.models.user_modules import user_module, withdraw_modules
from support.training.draws import GeneratorStates, global_generator

SHAPE, CLASSES = (4, 5), 3
PLAIN = """
from torch import nn

def factory(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1], classes))
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "model.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return written


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path) -> Iterator[None]:
    """The suite runs in another folder than the user's, and leaves no trace of it."""
    (tmp_path / "elsewhere").mkdir()
    withdraw_modules()  # whatever another test in this process brought
    before, modules = list(sys.path), set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path / "elsewhere")
        yield
    withdraw_modules()
    assert sys.path == before
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def probed(file: Path) -> Probed:
    return probe(f"{file}:factory", SHAPE, CLASSES)


# 1. What stands beside a file


def importing_blocks(write: Write, folder: str, width: int) -> Path:
    write(f"from torch import nn\n\nWIDTH = {width}\n", f"{folder}/blocks.py")
    return write(
        "from blocks import WIDTH\nfrom torch import nn\n\n"
        "def factory(shape, classes):\n"
        "    import blocks\n"
        "    from parts.last import last\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1], blocks.WIDTH), last(WIDTH, classes))\n",
        f"{folder}/model.py",
    )


def widths(file: Path) -> list[int]:
    network = made(f"{file}:factory", SHAPE, CLASSES)
    return [part.out_features for part in network.modules() if isinstance(part, nn.Linear)]


def test_two_files_each_with_a_module_of_the_same_name_beside_it(write: Write) -> None:
    files = [importing_blocks(write, folder, width) for folder, width in (("old", 7), ("new", 9))]
    for folder in ("old", "new"):
        write("from torch import nn\n\nlast = nn.Linear\n", f"{folder}/parts/last.py")
    for _ in range(2):
        assert [widths(file) for file in files] == [[7, CLASSES], [9, CLASSES]]
    for file in files:
        names = {Path(path).relative_to(file.parent).as_posix() for path in probed(file).files}
        assert names == {"model.py", "blocks.py", "parts/last.py"}


def test_a_network_may_import_what_stands_beside_it_when_it_is_called(write: Write) -> None:
    files = []
    for folder, scale in (("old", 2), ("new", 6)):
        write(f"SCALE = {scale}\n", f"{folder}/late.py")
        text = (
            "from torch import nn\n\n"
            "class Net(nn.Linear):\n"
            "    def forward(self, images):\n"
            "        from late import SCALE\n"
            "        return SCALE * super().forward(images.flatten(1))\n\n"
            "def factory(shape, classes):\n    return Net(shape[0] * shape[1], classes)\n"
        )
        files.append(write(text, f"{folder}/model.py"))
    answers = []
    for file in files:
        with global_generator(0, "initial network"):
            network = made(f"{file}:factory", SHAPE, CLASSES)
        answers.append(network(torch.ones(1, 1, *SHAPE)).detach())
    torch.testing.assert_close(3 * answers[0], answers[1])
    for _ in range(2):
        first, second = map(probed, files)
        assert [3 * answer for answer in first.answers] == pytest.approx(second.answers, rel=1e-5)
        for file, found in zip(files, (first, second), strict=True):
            assert set(found.files) == {str(file), str(file.with_name("late.py"))}


def test_modules_of_the_same_name_that_are_loaded_stay(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = ModuleType("blocks")
    loaded.__file__ = str(write("WIDTH = 5\n", "another/blocks.py"))
    monkeypatch.setitem(sys.modules, "blocks", loaded)
    write("from torch import nn\n\nlast = nn.Linear\n", "old/parts/last.py")
    assert widths(importing_blocks(write, "old", 7)) == [7, CLASSES]
    assert sys.modules["blocks"] is loaded


def test_the_suite_and_python_are_not_shadowed(write: Write) -> None:
    import json as before

    import support.suite.user_models as own

    for name in ("json.py", "support/suite/user_models.py", "support/__init__.py"):
        write("raise RuntimeError('shadowed')\n", name)
    file = write("import json\nfrom support.suite import user_models\n" + PLAIN)
    load_factory(f"{file}:factory")
    assert sys.modules["json"] is before
    assert sys.modules["support.suite.user_models"] is own


def test_an_edited_file_is_imported_anew_and_no_other(write: Write) -> None:
    files = [importing_blocks(write, "old", 7), write("CALLS = []\n" + PLAIN, "plain.py")]
    write("from torch import nn\n\nlast = nn.Linear\n", "old/parts/last.py")
    plain = user_module(str(files[1]))
    assert widths(files[0]) == [7, CLASSES]
    write("from torch import nn\n\nWIDTH = 9\n", "old/blocks.py")
    assert widths(files[0]) == [9, CLASSES]
    assert user_module(str(files[1])) is plain


# 2. What it does when it is imported

SEEDED = "import random\nimport numpy\nimport torch\n\ntorch.manual_seed(42)\nnumpy.random.seed(42)\nrandom.seed(42)\n"


def weights(specification: str, seed: int) -> torch.Tensor:
    with global_generator(seed, "initial network"):
        return torch.cat([part.flatten() for part in made(specification, SHAPE, CLASSES).parameters()]).detach()


@pytest.mark.parametrize("kind", ["file", "module", "imported by the function"])
def test_a_seed_at_import_changes_nothing(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    name = f"seeded_{kind.split()[0]}"
    if kind == "imported by the function":
        write(SEEDED, "seeding.py")
        late = PLAIN.replace("    return", "    import seeding\n    return")
        specification = f"{write(late, f'{name}.py')}:factory"
    else:
        file = write(SEEDED + PLAIN, f"{name}.py")
        specification = f"{file}:factory" if kind == "file" else f"{name}:factory"
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = GeneratorStates.now()
    if kind == "imported by the function":
        made(specification, SHAPE, CLASSES)  # a network of the same kind is looked at before any is trained
    else:
        user_module(specification.rpartition(":")[0])
        assert GeneratorStates.now() == before
    first, again, other = (weights(specification, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert probe(specification, SHAPE, CLASSES).remarks == ()


def test_the_first_network_of_a_process_is_drawn_as_any_other(write: Write) -> None:
    specification = f"{write(SEEDED + PLAIN)}:factory"
    assert torch.equal(weights(specification, 0), weights(specification, 0))


def test_settings_of_the_process_are_put_back(write: Write, tmp_path: Path) -> None:
    file = write(
        "import os, sys, torch\n\n"
        "torch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)\ntorch.set_num_threads(1)\n"
        f"os.chdir({str(tmp_path)!r})\ntorch.set_default_device('meta')\nARGUMENTS = list(sys.argv)\n" + PLAIN
    )
    before = list(sys.argv), Path.cwd(), torch.get_num_threads()
    assert probed(file).remarks == ()
    assert (sys.argv, Path.cwd(), torch.get_num_threads()) == before
    assert torch.get_default_dtype() == torch.float32
    assert torch.get_default_device() == torch.device("cpu")
    assert torch.is_grad_enabled()
    # The same in every process, whatever that was started with.
    seen = user_module(str(file)).module.ARGUMENTS
    assert seen == [str(file), "--not-an-option-of-this-file"]
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "import argparse\n\nparser = argparse.ArgumentParser()\nparser.parse_args()\n",
            r"it ends the program \(SystemExit: 2\), as argparse does .*: read them under if __name__ .* \({}:4\)",
        ),
        ("import sys\n\nsys.exit('usage')\n", r"it ends the program \(SystemExit: usage\), .* \({}:3\)"),
        ("class Own(BaseException):\n    pass\n\nraise Own('first\\nsecond')\n", r"Own: first \({}:4\)"),
        ("import pytest\npytest.skip('no GPU', allow_module_level=True)\n", r"Skipped: no GPU \({}:2\)"),
        ("def factory(:\n", r"SyntaxError: .* \({}:1\)"),
        ("from torch import nothing_of_this_name\n", r"ImportError: .* \({}:1\)"),
        ("from .blocks import block\n", r"ImportError: attempted relative import with no known parent.* \({}:1\)"),
        ("import json\n\njson.loads('{')\n", r"JSONDecodeError: .* \({}:3\)"),
    ],
)
def test_what_fails_at_import_is_told_with_the_users_line(
    write: Write, text: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = write(text + PLAIN)
    expected = f"network {re.escape(f'{file}:factory')} cannot be imported: {said.format(re.escape(str(file)))}$"
    with pytest.raises(ValueError, match="cannot be imported") as caught:
        probed(file)
    assert re.match(expected, str(caught.value)), str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_an_interruption_at_import_goes_on(write: Write) -> None:
    with pytest.raises(KeyboardInterrupt):
        load_factory(f"{write('raise KeyboardInterrupt')}:factory")


def test_a_failed_import_is_tried_again(write: Write) -> None:
    file = write("raise ValueError('not yet')\n")
    with pytest.raises(ValueError, match="not yet"):
        load_factory(f"{file}:factory")
    file.write_text(PLAIN)
    load_factory(f"{file}:factory")


# 3. What it reads


def test_files_that_are_read_when_it_is_imported_or_called_belong_to_it(write: Write, tmp_path: Path) -> None:
    write(json.dumps({"bias": True}), "configuration.json")
    torch.save({"weight": torch.ones(CLASSES, 20)}, tmp_path / "weights.pt")
    np.save(tmp_path / "mean.npy", np.zeros(3))
    file = write(
        "import json, tempfile\nfrom pathlib import Path\n\nimport numpy\nimport torch\nfrom torch import nn\n\n"
        "HERE = Path(__file__).parent\n"
        "BIAS = json.loads((HERE / 'configuration.json').read_text())['bias']\n"
        "MEAN = numpy.load(HERE / 'mean.npy')\nPath(torch.__file__).with_name('version.py').read_text()\n"
        "(HERE / 'written.txt').write_text('x')\n(HERE / 'written.txt').read_text()\n"
        "with tempfile.TemporaryFile('w+') as file:\n    file.write('x')\n\n"
        "def factory(shape, classes):\n"
        "    layer = nn.Linear(shape[0] * shape[1], classes, bias=BIAS)\n"
        "    layer.load_state_dict(torch.load(HERE / 'weights.pt'), strict=False)\n"
        "    return nn.Sequential(nn.Flatten(), layer)\n"
    )
    first = probed(file)
    names = {Path(path).name for path in first.files}
    assert names == {"model.py", "configuration.json", "mean.npy", "weights.pt"}
    np.save(tmp_path / "mean.npy", np.ones(3))
    other = probed(file)
    changed = {Path(path).name for path, digest in other.files.items() if digest != first.files[path]}
    assert changed == {"mean.npy"}
    assert user_module(str(file)).module.MEAN.tolist() == [1, 1, 1]


def test_only_what_is_read_meanwhile_and_is_the_users_is_noted(tmp_path: Path) -> None:
    for name in ("before.txt", "read.txt", "changed.txt", "gone.txt", ".cache/hidden.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "before.txt").read_text()
    opened = Opened()
    with opened_files(opened):
        for name in ("read.txt", "gone.txt", ".cache/hidden.txt"):
            (tmp_path / name).read_text()
        with (tmp_path / "changed.txt").open("r+") as file:
            file.read()
        os.close(os.open(tmp_path / "read.txt", os.O_RDONLY))
        (tmp_path / "gone.txt").unlink()
        Path("/proc/self/status").read_text()
    (tmp_path / "before.txt").read_text()
    assert opened.data(None) == [tmp_path / "read.txt"]
    assert opened.data(tmp_path / ".cache") == [tmp_path / ".cache" / "hidden.txt", tmp_path / "read.txt"]
