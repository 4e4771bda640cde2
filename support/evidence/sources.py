"""The identity of the code that makes an experiment's numbers: a digest of the files that its module imports.

Modules are imported late, when a claim needs them, and an edit may come before or after. Identities are therefore made
of what every file held when this module was imported, which conftest does first of all; that the files still hold it
when numbers are stored is seen by `support.evidence.inputs`.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import support

PACKAGE = Path(support.__file__).parent


class SourcesError(ValueError):
    """What a module imports cannot be followed."""


@cache
def first_seen(path: Path) -> bytes:
    """What a file held when this process asked for it first.

    Raises
    ------
    OSError : it cannot be read.
    """
    return path.read_bytes()


def forget() -> None:
    """Look at all files anew; for tests, which change them."""
    first_seen.cache_clear()
    source_files.cache_clear()
    _imported_files.cache_clear()


@cache
def source_files(module: Path, package: Path = PACKAGE) -> tuple[Path, ...]:
    """The module's file and every file of the package that it imports, at any depth, sorted.

    Imports inside functions and the ``__init__`` files on the way count; what stands under ``if TYPE_CHECKING`` does
    not, as it is never run.

    Raises
    ------
    SourcesError : a relative import, or a file that is no Python.
    OSError : a file cannot be read.
    """
    found: set[Path] = set()
    inside = module.relative_to(package).parts[:-1] if module.is_relative_to(package) else ()
    open_ends = [module, *(_files_on_the_way(inside, package) if module.is_relative_to(package) else ())]
    while open_ends:
        path = open_ends.pop()
        if path not in found:
            found.add(path)
            open_ends += _imported_files(path, package)
    return tuple(sorted(found))


def source_identity(module: Path, package: Path = PACKAGE) -> str:
    """SHA-256 over the names and bytes of `source_files`, as this process saw them first.

    Raises
    ------
    SourcesError, OSError : as `source_files`.
    """
    digest = hashlib.sha256()
    for path in source_files(module, package):
        content = first_seen(path)
        name = path.relative_to(package).as_posix() if path.is_relative_to(package) else path.name
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def module_file(kind: type) -> Path:
    """The file in which a class is defined.

    Raises
    ------
    SourcesError : it is in none, as a class typed at a prompt.
    """
    file = getattr(sys.modules[kind.__module__], "__file__", None)
    if file is None:
        raise SourcesError(f"{kind.__qualname__} must be defined in a file, or its evidence could not be told apart")
    return Path(file)


@cache
def _imported_files(path: Path, package: Path) -> tuple[Path, ...]:
    """Files of the package that a file imports itself; experiments share most of them, and reading one takes long."""
    files: list[Path] = []
    for name in imported_modules(first_seen(path), str(path)):
        first, *rest = name.split(".")
        if first == package.name:
            files += _files_on_the_way(rest, package)
    return tuple(files)


def _files_on_the_way(names: Iterable[str], package: Path) -> list[Path]:
    """The ``__init__`` files on the way to a module, and its own file; a name that is no module adds none."""
    folder, files = package, [package / "__init__.py"]
    for name in names:
        folder = folder / name
        files += [folder.with_suffix(".py"), folder / "__init__.py"]
    return [file for file in files if file.is_file()]


def imported_modules(source: bytes, name: str = "module") -> set[str]:
    """What a module imports, as dotted names; ``from a import b`` names both a and a.b.

    Raises
    ------
    SourcesError : a relative import, or no Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise SourcesError(f"{name} is no Python: {error}") from error
    found: set[str] = set()
    open_ends: list[ast.AST] = [tree]
    while open_ends:
        node = open_ends.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise SourcesError(f"{name} must import by full names, got a relative import in line {node.lineno}")
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            open_ends += node.orelse
        else:
            open_ends += ast.iter_child_nodes(node)
    return found


for _path in PACKAGE.rglob("*.py"):
    first_seen(_path)
