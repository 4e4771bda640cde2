"""Modules that users bring: imported once, with the modules beside them, and known by all files that made them.

A file may import what stands beside it, wherever the suite runs: its folder is the first of Python's paths while it is
imported and called, as in a script, and the last of them afterwards. Files in two folders may each have a module
`blocks` of their own: those of the folder that was called last are the ones that Python finds.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from types import ModuleType

from support.models.opened_files import Opened, opened_files
from support.models.user_code import is_users, settings_kept
from support.training.draws import generators_kept

# A script that reads the command line when it is imported would read the suite's, and another one in each process.
NOT_ITS_OWN = "--not-an-option-of-this-file"

_LOCK = RLock()
_KNOWN: dict[str, UserModule] = {}


@dataclass(eq=False)
class UserModule:
    """A module of the user's that is imported, by path of its file or by dotted name.

    Attributes
    ----------
    folder : of the file, where it was given by path.
    beside : modules of that folder that came with it, by name.
    files : SHA-256 of every file that made it, by path: its own, modules that came with it and are neither installed
        nor the suite's, and what was opened meanwhile.
    """

    place: str
    folder: Path | None
    module: ModuleType = field(default_factory=lambda: ModuleType("not imported"))
    beside: dict[str, ModuleType] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    _states: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    _on_path: bool = False
    _others: dict[str, ModuleType] = field(default_factory=lambda: dict(sys.modules), repr=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let its code run: the folder first on Python's path, settings of the process and its arguments kept."""
        opened = Opened()
        with _LOCK, settings_kept():
            aside = self._step_in()
            before, arguments, compiled = set(sys.modules), sys.argv, sys.dont_write_bytecode
            sys.argv = [self.place, NOT_ITS_OWN]
            sys.dont_write_bytecode = True  # of an edit within a second that keeps the size, bytecode is not aware
            try:
                with opened_files(opened):
                    yield
            finally:
                sys.argv, sys.dont_write_bytecode = arguments, compiled
                self.note_modules(set(sys.modules) - before)
                for file in opened.data(self.folder):
                    self.note_file(file)
                self._step_back(aside)

    def _step_in(self) -> dict[str, ModuleType]:
        """Put folder and modules in their places; returns modules of the same names from elsewhere."""
        withdraw_modules(self)
        self._note_late_modules()
        if self.folder is None:
            return {}
        sys.path.insert(0, str(self.folder))
        names = {path.stem for path in self.folder.iterdir() if path.suffix == ".py" or path.is_dir()}
        aside = {
            name: module
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in names and self.beside.get(name) is not module and _file(module)
        }
        for name in aside:
            del sys.modules[name]
        sys.modules.update(self.beside)
        return aside

    def _step_back(self, aside: dict[str, ModuleType]) -> None:
        if self.folder is not None:
            sys.path.remove(str(self.folder))
            if str(self.folder) not in sys.path:
                sys.path.append(str(self.folder))  # for what its networks import when they are called
                self._on_path = True
        sys.modules.update(aside)

    def withdraw(self) -> None:
        """Leave the names of its folder's modules to others."""
        self._note_late_modules()
        for name, module in self.beside.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        if self._on_path:
            sys.path.remove(str(self.folder))
            self._on_path = False

    def _note_late_modules(self) -> None:
        """Remember what its networks have imported from its folder when they were called."""
        if self.folder is not None:
            new = [(name, each) for name, each in list(sys.modules.items()) if self._others.get(name) is not each]
            self.note_modules({name for name, each in new if _file(each) in _standing_at(self.folder, name)})

    def note_modules(self, new: set[str]) -> None:
        """Remember modules that came with it, by name, and their files."""
        for name in new & sys.modules.keys():
            file = _file(sys.modules[name])
            if file is not None:
                self.note_file(file)
                if self.folder is not None and file.is_relative_to(self.folder):
                    self.beside[name] = sys.modules[name]

    def note_file(self, file: Path) -> None:
        """Remember a file as it is."""
        if is_users(file) and str(file) not in self.files:
            self._states[str(file)] = _state(file)
            self.files[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()

    @property
    def is_current(self) -> bool:
        """Whether its files are what they were when it was imported."""
        if self.folder is None and sys.modules.get(self.place) is not self.module:
            return False
        return all(
            _state(Path(file)) == self._states[file] or _digest(Path(file)) == digest
            for file, digest in self.files.items()
        )


def withdraw_modules(but: UserModule | None = None) -> None:
    """Let modules of users' folders, but for those of one, leave their names and Python's path to others."""
    with _LOCK:
        for known in _KNOWN.values():
            if known is not but:
                known.withdraw()


def user_module(place: str) -> UserModule:
    """The module of a file's path or of a dotted name; imported anew where a file of it has changed.

    Whatever it does to generators of random numbers is undone.

    Raises
    ------
    FileNotFoundError : there is no such file.
    BaseException : what its code raises.
    """
    is_file = place.endswith(".py")
    key = str(Path(place).absolute()) if is_file else place
    with generators_kept(), _LOCK:  # in this order, as where a network is made
        known = _KNOWN.get(key)
        if known is not None and known.is_current:
            return known
        if known is not None:
            _KNOWN.pop(key).withdraw()
        if is_file and not Path(place).is_file():
            raise FileNotFoundError(f"there is no file {place}")
        found = UserModule(key, Path(key).parent if is_file else None)
        importlib.invalidate_caches()
        try:
            with found.running():
                found.module = _executed(Path(key)) if is_file else importlib.import_module(place)
        except BaseException:
            found.withdraw()
            raise
        _note_package(found)
        _KNOWN[key] = found
        return found


def _executed(path: Path) -> ModuleType:
    """The module that a file defines."""
    name = f"_network_{path.stem}_{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ImportError(f"{path} is no file of Python")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up
    found.loader.exec_module(module)
    return module


def _note_package(found: UserModule) -> None:
    """Its own file; for a dotted name, every module of its package that is imported, whenever that was."""
    if found.folder is not None:
        found.note_file(Path(found.place))
        return
    top = found.place.partition(".")[0]
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == top and (file := _file(module)) is not None:
            found.note_file(file)


def _standing_at(folder: Path, name: str) -> tuple[Path, Path]:
    """Where a module of this name stands that is found in a folder."""
    path = folder.joinpath(*name.split("."))
    return path.with_name(f"{path.name}.py"), path / "__init__.py"


def _file(module: ModuleType | None) -> Path | None:
    """The file of a module that is the user's; None of others."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py") or not is_users(file):
        return None
    return Path(file) if Path(file).is_file() else None


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _digest(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
