"""Which files make an experiment's numbers."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from support.evidence.kinds import KINDS
from support.evidence.sources import (
    PACKAGE,
    SourcesError,
    forget,
    imported_modules,
    module_file,
    source_files,
    source_identity,
)

EXPERIMENTS = {name.rpartition(".")[2]: module_file(kind) for name, kind in KINDS.items()}
# What loads a user's file, and nothing of this package.
LOADS_USERS_FILES = {"models/user_modules.py"}

Package = Callable[[dict[str, str]], Path]


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """Writes a package of these files."""

    def write(files: dict[str, str]) -> Path:
        root = tmp_path / "support"
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        forget()
        return root

    return write


FILES = {
    "__init__.py": "",
    "experiments/__init__.py": "import support.on_the_way",
    "experiments/one.py": "from support.models import deep\nimport numpy\n",
    "experiments/two.py": "x = 1\n",
    "models/__init__.py": "",
    "models/deep.py": "def f():\n    from support.training.late import g\n    return g\n",
    "training/__init__.py": "",
    "training/late.py": "if TYPE_CHECKING:\n    import support.never\nelse:\n    import support.otherwise as other\n",
    "on_the_way.py": "",
    "otherwise.py": "",
    "never.py": "",
    "apart.py": "",
}
OF_ONE = set(FILES) - {"experiments/two.py", "never.py", "apart.py"}


def test_files_are_followed_into_functions_and_init_files_and_not_into_types(package: Package) -> None:
    root = package(FILES)
    found = {path.relative_to(root).as_posix() for path in source_files(root / "experiments/one.py", root)}
    assert found == OF_ONE


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_comment_changes_the_identity_of_what_imports_the_file_and_of_nothing_else(
    package: Package, name: str
) -> None:
    root = package(FILES)
    one, two = root / "experiments/one.py", root / "experiments/two.py"
    before = source_identity(one, root), source_identity(two, root)
    path = root / name
    path.write_text(path.read_text() + "# a comment\n")
    assert (source_identity(one, root), source_identity(two, root)) == before  # of what was there at the start
    forget()
    after = source_identity(one, root), source_identity(two, root)
    of_two = {"__init__.py", "experiments/__init__.py", "experiments/two.py", "on_the_way.py"}
    assert (after[0] != before[0], after[1] != before[1]) == (name in OF_ONE, name in of_two)


def test_a_files_name_is_part_of_the_identity(package: Package) -> None:
    root = package(FILES | {"models/deep.py": "import support.apart"})
    first = source_identity(root / "experiments/one.py", root)
    (root / "apart.py").rename(root / "apart2.py")
    root = package({"models/deep.py": "import support.apart2"})
    assert source_identity(root / "experiments/one.py", root) != first


@pytest.mark.parametrize(
    ("text", "message"),
    [("from . import deep", "relative import in line 1"), ("def", "is no Python"), ("x = '\0'", "is no Python")],
)
def test_what_cannot_be_followed_is_refused(package: Package, text: str, message: str) -> None:
    root = package({"__init__.py": "", "one.py": text})
    with pytest.raises(SourcesError, match=message):
        source_files(root / "one.py", root)


def test_a_class_without_a_file_is_refused() -> None:
    prompt = type("Prompt", (), {"__module__": "builtins"})
    with pytest.raises(SourcesError, match="Prompt must be defined in a file"):
        module_file(prompt)


def test_names_of_imports() -> None:
    found = imported_modules(
        b"import a.b, c as d\nfrom e.f import g as h, i\ntry:\n    import j\nexcept E:\n    pass\n"
    )
    assert found == {"a.b", "c", "e.f", "e.f.g", "e.f.i", "j"}


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_no_experiment_imports_modules_of_this_package_dynamically(name: str) -> None:
    for path in source_files(EXPERIMENTS[name]):
        if path.relative_to(PACKAGE).as_posix() in LOADS_USERS_FILES:
            continue
        tree = ast.parse(path.read_bytes())
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        modules = {name.partition(".")[0] for name in imported_modules(path.read_bytes())}
        assert names.isdisjoint({"__import__", "exec", "eval"}), path
        assert modules.isdisjoint({"importlib", "runpy", "pkgutil", "imp"}), path


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_no_experiment_depends_on_how_its_numbers_are_kept_judged_or_shown(name: str) -> None:
    folders = {path.relative_to(PACKAGE).parts[0] for path in source_files(EXPERIMENTS[name])}
    assert folders <= {
        "__init__.py",
        "randomness.py",
        "user_cache.py",
        "data",
        "experiments",
        "measures",
        "models",
        "training",
        "theory",
    }


def test_experiments_on_kernels_and_on_networks_have_few_files_in_common() -> None:
    kernels, networks = (set(source_files(EXPERIMENTS[name])) for name in ("GaussianRegression", "RarePatterns"))
    names = {path.relative_to(PACKAGE).as_posix() for path in kernels & networks}
    assert not any(name.startswith("training") for name in names)
    assert "experiments/scene.py" not in names
