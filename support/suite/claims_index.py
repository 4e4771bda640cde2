"""Which experiments each claim reads: every claim is asked for its evidence, and stopped where it reads it.

``python -m support.suite.claims_index`` writes `support/evidence/claims.json` anew, by which evidence is listed with
its claims; a test holds the file to the claims. Nothing is computed. What a claim asks for after it has read something
is not seen, so a claim asks for each kind of experiment before it reads any; later it may ask for more of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Generator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NoReturn, cast

import pytest

from support.evidence.claims_index import write
from support.evidence.keys import qualified_name
from support.evidence.rows import Rows
from support.experiments.experiment import Experiment
from support.suite.looking import Evidence
from support.suite.markers import marked
from support.suite.not_run import NotRun
from support.suite.settings import SCALES

ROOT = Path(__file__).parents[2]


class AskedError(Exception):
    """A claim that had asked for its evidence was about to read it."""


class _Unread:
    """In the place of rows; which datasets were read may be asked, as it is noted as soon as evidence is there."""

    datasets: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> NoReturn:
        raise AskedError(name)

    def __getitem__(self, name: str) -> NoReturn:
        raise AskedError(name)


class _Asking:
    """A plugin of pytest that calls claims without evidence.

    Attributes
    ----------
    found : ids of the claims that ask for an experiment, by the qualified name of its class.
    broken : what went wrong with tests that neither asked nor said why they do not run.
    """

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = defaultdict(set)
        self.broken: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what asks for no evidence."""
        items[:] = [item for item in items if "evidence" in getattr(item, "fixturenames", ())]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Function) -> Generator[None, None, None]:
        """Note what a claim asks for, in the place of looking for it."""
        claim = marked(item, "claim")
        asking = cast("Evidence", item.funcargs["evidence"])

        def collect(experiment: Experiment, trials: int, *, recorded: bool = False) -> Rows:  # noqa: ARG001
            if claim is not None:
                self.found[qualified_name(type(experiment))].add(claim)
            return cast("Rows", _Unread())

        asking.collect = collect
        try:
            return (yield)
        except (AskedError, NotRun, pytest.skip.Exception):
            return None
        except Exception as error:  # noqa: BLE001 - whatever a claim raises; it is told
            self.broken.append(f"{item.nodeid}: {error!r}")
            return None


def claims_by_experiment() -> dict[str, list[str]]:
    """The claims that read each experiment at some scale, by the qualified name of its class.

    Raises
    ------
    ValueError : a claim broke down before it read its evidence, or the claims could not be collected.
    """
    asking = _Asking()
    for scale in SCALES:
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()) as said:
            places = ["--report", f"{folder}/report", "--evidence", f"{folder}/evidence"]
            plain = ["-n0", "-p", "no:cacheprovider", "-p", "no:benchmark", "--rootdir", str(ROOT)]
            options = [*plain, "--device", "cpu", "--scale", scale]
            status = pytest.main([str(ROOT / "claims"), *options, *places], plugins=[asking])
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise ValueError(f"the claims could not be asked at scale {scale}: {said.getvalue()[-1000:]}")
    if asking.broken:
        raise ValueError(f"claims broke down before they read their evidence: {'; '.join(asking.broken)}")
    return {name: sorted(claims) for name, claims in sorted(asking.found.items())}


if __name__ == "__main__":
    write(claims_by_experiment())
    sys.exit(0)
