"""Which tests a run was asked for: what was left out on purpose is not missing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.register import Register
from support.suite.markers import apart_of, marked
from support.suite.settings import Only

# Options of pytest under the names by which it keeps them: what it answers without a test, and what runs none whole.
ANSWERS = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "cacheshow")
WITHOUT_CALLS = ("collectonly", "setuponly", "setupplan")


def named_paths(config: pytest.Config) -> Iterator[tuple[Path, str]]:
    """What the command line names, as it does: a path, and a test within it or nothing."""
    for argument in config.args:
        path, _, test = argument.partition("::")
        yield Path(config.invocation_params.dir, path), test


def asked_paths(config: pytest.Config) -> Iterator[tuple[Path, str]]:
    """The same without links."""
    return ((path.resolve(), test) for path, test in named_paths(config))


def asks_for(config: pytest.Config, folder: Path) -> bool:
    """Whether anything in the folder may be run, by whatever path it is reached."""
    folder = folder.resolve()
    return any(path == folder or folder in path.parents or path in folder.parents for path, _ in asked_paths(config))


def is_asked(register: Register, item: pytest.Item, only: Only) -> bool:
    """Whether `--only` asks for a test; one that decides no claim is none to leave out."""
    claim = marked(item, "claim")
    if claim is None:
        return True
    if only == "headline":
        return register.claim(claim).headline
    found = apart_of(item)
    return found is not None and found.only == only


def answers_only(config: pytest.Config) -> bool:
    """Whether pytest is asked about itself, as by --help or --fixtures, and no test."""
    return any(getattr(config.option, name, False) for name in ANSWERS)


def decides(config: pytest.Config) -> bool:
    """Whether tests are going to be called; else there is nothing to report."""
    return not any(getattr(config.option, name, False) for name in (*ANSWERS, *WITHOUT_CALLS))


def require_once(config: pytest.Config) -> None:
    """See that every claim is asked once: asked again it gives the same answer, and would be counted again.

    Raises
    ------
    ValueError : an option of a plugin asks it several times.
    """
    option = config.option
    if getattr(option, "dist", "no") == "each" and getattr(option, "tx", None):
        raise ValueError("--dist each asks every claim on every worker: choose --dist load, or -n alone")
    if (count := getattr(option, "count", 1)) not in (None, 1):
        raise ValueError(f"--count {count} asks every claim {count} times, with the same answer: leave it out")
    if getattr(option, "flake_finder_enable", False):
        raise ValueError("--flake-finder asks every claim many times, with the same answer: leave it out")


def from_checkout(item: pytest.Item | pytest.Collector, root: Path) -> str:
    """A node id with its path as seen from the checkout, from where commands are given, whatever pytest's root is.

    Parameters
    ----------
    root : the checkout.
    """
    _, separator, within = item.nodeid.partition("::")
    seen = Path(os.path.abspath(item.path))  # noqa: PTH100 - links are kept, as within the checkout
    if not seen.is_relative_to(root):
        seen, root = item.path.resolve(), root.resolve()
    return f"{seen.relative_to(root).as_posix()}{separator}{within}" if seen.is_relative_to(root) else item.nodeid


@dataclass
class Selection:
    """What was collected, and what of it was left out.

    Attributes
    ----------
    modules : node ids of the modules that were collected, as `from_checkout` gives them.
    deselected : node ids without their module (a test may have moved) of what options such as -k left out.
    """

    modules: set[str] = field(default_factory=set)
    deselected: set[str] = field(default_factory=set)

    def leave_out(self, items: Iterable[pytest.Item]) -> None:
        """Note items that an option left out."""
        self.deselected |= {_within(item.nodeid) for item in items}

    def includes(self, test: str, config: pytest.Config, root: Path) -> bool:
        """Whether this run would have run the test of that node id, seen from the checkout, if there were one."""
        if config.getoption("lf", False) or _within(test) in self.deselected:
            return False
        module, within = (root / test.partition("::")[0]).resolve(), _within(test)
        asked = any(
            (path == module or path in module.parents)
            and (not name or within == name or within.startswith((f"{name}[", f"{name}::")))
            for path, name in asked_paths(config)
        )
        # A module that is still there and was not collected was ignored or could not be imported.
        return asked and (test.partition("::")[0] in self.modules or not module.exists())


def _within(test: str) -> str:
    return test.partition("::")[2]
