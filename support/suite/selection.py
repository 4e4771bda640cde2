"""Which tests a run was asked for: what was left out on purpose is not missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.register import Register
from support.suite.markers import marked


def asked_paths(config: pytest.Config) -> Iterator[tuple[Path, str]]:
    """What the command line names: a path, and a test within it or nothing."""
    for argument in config.args:
        path, _, test = argument.partition("::")
        yield Path(config.invocation_params.dir, path).resolve(), test


def asks_for(config: pytest.Config, folder: Path) -> bool:
    """Whether anything in the folder may be run."""
    return any(path == folder or folder in path.parents or path in folder.parents for path, _ in asked_paths(config))


def is_headline(register: Register, item: pytest.Item) -> bool:
    """Whether a test decides a claim by which a paper is known; one that decides none is no claim to leave out."""
    claim = marked(item, "claim")
    return claim is None or register.claim(claim).headline


@dataclass
class Selection:
    """What was collected, and what of it was left out.

    Attributes
    ----------
    modules : node ids of the modules that were collected.
    deselected : node ids without their module (a test may have moved) of what options such as -k left out.
    """

    modules: set[str] = field(default_factory=set)
    deselected: set[str] = field(default_factory=set)

    def leave_out(self, items: Iterable[pytest.Item]) -> None:
        """Note items that an option left out."""
        self.deselected |= {_within(item.nodeid) for item in items}

    def includes(self, test: str, config: pytest.Config) -> bool:
        """Whether this run would have run the test of that node id, if there were one."""
        if config.getoption("lf", False) or _within(test) in self.deselected:
            return False
        module, within = config.rootpath.resolve() / test.partition("::")[0], _within(test)
        asked = any(
            (path == module or path in module.parents)
            and (not name or within == name or within.startswith((f"{name}[", f"{name}::")))
            for path, name in asked_paths(config)
        )
        # A module that is still there and was not collected was ignored or could not be imported.
        return asked and (test.partition("::")[0] in self.modules or not module.exists())


def _within(test: str) -> str:
    return test.partition("::")[2]
