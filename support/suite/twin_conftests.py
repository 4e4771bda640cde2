"""One conftest of two that are the same file: pytest loads it anew for every path by which it is reached.

`pytest /link/claims --report /checkout/reports/latest` names this checkout twice, once through a link, and pytest looks
for conftests where the values of options lead, too. Both would do everything; only that of the claims should.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.suite.selection import named_paths


def twins(manager: pytest.PytestPluginManager, conftest: str) -> list[str]:
    """Under which paths a conftest is loaded, sorted."""
    files = (getattr(plugin, "__file__", None) for plugin in manager.get_plugins())
    same = {file for file in files if isinstance(file, str) and os.path.realpath(file) == os.path.realpath(conftest)}
    return sorted(same)


def stands_back(config: pytest.Config, conftest: str) -> bool:
    """Whether another twin does the work: the one by whose path the claims are asked for."""
    found = twins(config.pluginmanager, conftest)
    if len(found) == 1:
        return False
    asked = [Path(os.path.abspath(path)) for path, _ in named_paths(config)]  # noqa: PTH100 - links are kept
    covering = [file for file in found if any(path.is_relative_to(Path(file).parent) for path in asked)]
    return (covering or found)[0] != conftest
