"""A small suite of its own in a temporary directory: this project's conftest and support, another register and claims.

It runs in a process of its own, as the real one does. A stand-in for torch, with two CUDA devices, spares every
process the seconds that importing torch takes; nothing of torch but devices, threads and one exception is used here.
"""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.document.commands import shell
from support.document.departures import kind_of
from support.document.reading import read
from support.document.walking import every_case
from tests.suite.earlier_report import KEPT

ROOT = Path(__file__).parents[2]
TIMEOUT = 120  # seconds; no run here takes a tenth of it on an idle machine

TORCH = """
class cuda:
    device_count = staticmethod(lambda: 2)
class backends:
    class cpu:
        get_cpu_capability = staticmethod(lambda: "NONE")
set_num_threads = lambda count: None
get_num_threads = lambda: 1
class OutOfMemoryError(RuntimeError):
    pass
"""

REGISTER = """
[papers.A]
title = "A paper"
authors = "N. N."
reference = "Journal"
source = "Full text."

[papers.B]
title = "Another paper"
authors = "N. N."
reference = "Journal"
source = "Full text."
"""
CLAIM = """
[[claim]]
id = "{id}"
title = "Title of {id}"
statement = "One equals one."
place = "Section 1"
kind = "exact"
provenance = "Stated."
protocol = "None."
refuted_by = "Inequality."
covered_by = [{covered_by}]
"""
DEPARTURE = """
[[{kind}]]
id = "{id}"
claim = "{claim}"
reading = "{reading}"
title = "Title of {id}"
place = "Section 1"
printed = "One equals two."
corrected = "One equals one."
explanation = "Counting."
changes = "Nothing."
"""

# What every claim module here begins with. The experiment notes each trial that it computes in computed.txt and takes
# the seconds in seconds.txt, which are no field of it and so no part of its key.
PREAMBLE = '''
"""The module in words."""
import os, time
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.experiments.experiment import OnePass
from support.statistics import Control, Region, Verdict, worst_of

COMPUTED = Path(__file__).parents[1] / "computed.txt"

@dataclass(frozen=True)
class Counting(OnePass):
    name: str

    def datasets(self):
        return ()

    def run(self, trial, context):
        seconds = COMPUTED.with_name("seconds.txt")
        time.sleep(float(seconds.read_text()) if seconds.exists() else 0)
        with COMPUTED.open("a") as file:
            file.write(f"{self.name}/{trial}\\n")
        return {"value": [float(trial)]}

BELOW_ONE = Region.below(1)

def control(value=2.0, expected=Verdict.REFUTED, name="removed"):
    return Control(name, "without the mechanism", worst_of([value], "x"), BELOW_ONE, expected)

def decide(judge, value, **options):
    judge(worst_of([value], "x"), BELOW_ONE, **({"controls": [control()]} | options))
'''

# What the small suite's conftest.py ends with: nobody waits a minute for a line about what is running.
IMPATIENT = """
from support.suite import progress

assert progress.REDRAWN <= progress.PLAIN  # they are still called so
progress.REDRAWN, progress.PLAIN = 0.1, 0.2
"""


class Suite:
    """The small suite; `run` starts pytest in it."""

    # Better a copy that is compiled once: a process here may be told to write no bytecode, and would compile it anew.
    support = ROOT / "support"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.report_folder = root / "report"
        self.evidence = root / "evidence"
        if root.exists():
            return  # as an earlier user left it
        (root / "claims").mkdir(parents=True)
        (root / "support").mkdir()
        (root / "temporary").mkdir()
        conftest = (ROOT / "conftest.py").read_text(encoding="utf-8")
        (root / "conftest.py").write_text(f"{conftest}\n{IMPATIENT}")
        shutil.copy(ROOT / "pyproject.toml", root)
        for path in self.support.iterdir():
            if path.name != "__pycache__":
                (root / "support" / path.name).symlink_to(path)
        # A copy, because it looks for the register beside its own folder.
        (root / "support" / "register.py").unlink()
        shutil.copy(ROOT / "support" / "register.py", root / "support")
        for words in ("sentences.toml", "words.toml"):
            (root / "claims" / words).symlink_to(ROOT / "claims" / words)
        (root / "torch.py").write_text(TORCH)

    def register(self, *claims: tuple[str, Sequence[str]], departures: Sequence[tuple[str, str, str]] = ()) -> None:
        """Register (id, modules that cover it), and errata, findings and slips as (id, claim, reading)."""
        text = REGISTER + "".join(
            CLAIM.format(id=name, covered_by=", ".join(f'"claims/{module}"' for module in modules))
            for name, modules in claims
        )
        text += "".join(
            DEPARTURE.format(kind=kind_of(name), id=name, claim=claim, reading=reading)
            for name, claim, reading in departures
        )
        (self.root / "claims" / "register.toml").write_text(text)

    def module(self, text: str, name: str = "test_claims.py") -> None:
        """Write a claim module; the preamble is put in front."""
        (self.root / "claims" / name).write_text(PREAMBLE + text)

    def command(self, *arguments: str) -> list[str]:
        """The command line of a run."""
        folders = ["--report", str(self.report_folder), "--evidence", str(self.evidence)]
        plugins = ["-p", "no:cacheprovider", "-p", "no:benchmark", "-p", "no:hypothesispytest"]  # slow to import
        return [sys.executable, "-m", "pytest", *plugins, *folders, *(arguments or ("claims",))]

    @property
    def environment(self) -> dict[str, str]:
        """The user's, without what an outer pytest left in it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        own = {"TMPDIR": str(self.root / "temporary"), "XDG_CACHE_HOME": str(self.root / "cache")}
        # Claim modules are written anew within a second, at the same size: old bytecode would pass for theirs.
        return kept | own | {"PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pytest, on ``claims`` if nothing else is said."""
        return subprocess.run(  # noqa: S603 - this project's own tests
            self.command(*arguments),
            cwd=self.root,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
        )

    @property
    def report(self) -> dict[str, Any]:
        """The report that the last run wrote."""
        document: dict[str, Any] = json.loads((self.report_folder / "report.json").read_text(encoding="utf-8"))
        return document

    @property
    def cases(self) -> dict[str, dict[str, Any]]:
        """Cases of the report by their id, but for those that were not selected."""
        return {
            case["id"]: case
            for claim in self.report["claims"]
            for reading in claim["readings"]
            for case in reading["cases"]
            if case["not_run"] is None or case["not_run"]["why"] != "not selected"
        }

    @property
    def commands(self) -> dict[str, str]:
        """What runs each case again, by its id."""
        cases = every_case(read(self.report_folder / "report.json").claims)
        return {case.id: shell(case.command) for _, _, case in cases if case.command}

    @property
    def leftovers(self) -> list[str]:
        """What runs have left among temporary files and half-written evidence."""
        paths = [*(self.root / "temporary").iterdir(), *self.evidence.glob(".tmp-*"), *self.report_folder.glob(".*")]
        return [path.name for path in paths if not path.name.startswith("pytest-of-")]  # pytest's own

    @property
    def computed(self) -> list[str]:
        """The trials that were computed, as ``name/trial``, in order of time."""
        path = self.root / "computed.txt"
        return path.read_text().split() if path.exists() else []


def compile_support(folder: Path) -> None:
    """Let small suites take the package from a compiled copy in a folder."""
    Suite.support = folder / "support"
    shutil.copytree(ROOT / "support", Suite.support, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(Suite.support, quiet=1)


@pytest.fixture(scope="session")
def new_suite(tmp_path_factory: pytest.TempPathFactory) -> type[Suite]:
    """Makes a small suite in a directory: new_suite(path)."""
    compile_support(tmp_path_factory.mktemp("compiled"))
    return Suite


@pytest.fixture
def suite(new_suite: type[Suite], tmp_path: Path) -> Suite:
    return new_suite(tmp_path / "suite")


@pytest.fixture
def one_sentence() -> Callable[[subprocess.CompletedProcess[str]], str]:
    """What a run that refused to start said: one line, without a traceback, and nothing was computed."""

    def said(done: subprocess.CompletedProcess[str]) -> str:
        assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
        assert "Traceback" not in done.stdout
        assert "INTERNALERROR" not in done.stdout
        errors = re.findall(r"^ERROR: (.*)$", done.stdout, re.MULTILINE)
        assert len(errors) == 1, done.stdout
        return str(errors[0])

    return said


@pytest.fixture
def ready(suite: Suite, request: pytest.FixtureRequest) -> Suite:
    """The suite with the test module's own MODULE as its only claim module."""
    suite.register(("A-01", ["test_claims.py"]))
    suite.module(request.module.MODULE)
    return suite


@pytest.fixture
def reported(ready: Any) -> Any:
    """The suite with files of an earlier report."""
    ready.report_folder.mkdir()
    for name in ("report.json", "index.html"):
        (ready.report_folder / name).write_text(KEPT)
    return ready
