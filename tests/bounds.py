"""The fast tests with the oldest and the newest dependencies: `python -m tests.bounds oldest newest`.

The oldest are the lower bounds of `pyproject.toml`, the newest what pip finds; each set gets a virtual environment of
the Python that runs this. PyTorch alone is of one version in both, that of `constraints.txt`, or `--torch VERSION`
where an index has others built for the CPU (`PIP_EXTRA_INDEX_URL` names one): what PyPI has for Linux brings gigabytes
of CUDA along, and is refused before it is fetched.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)>=(?P<bound>[0-9.]+)")
SETS = ("oldest", "newest")
CUDA = ("nvidia-", "cuda-", "triton")


def lower_bounds(project: Mapping[str, object]) -> dict[str, str]:
    """The lower bound of each dependency by its name, those of all extras among them.

    Args:
        project: the table ``project`` of a ``pyproject.toml``

    Raises:
        ValueError: a dependency that is not ``name>=version``, or has two bounds
    """
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, dict)
    bounds: dict[str, str] = {}
    for stated in [project.get("dependencies", []), *extras.values()]:
        for requirement in stated:
            if not (found := REQUIREMENT.fullmatch(requirement)):
                raise ValueError(f"pyproject.toml: {requirement!r} is not name>=version")
            name, bound = found["name"], found["bound"]
            if bounds.setdefault(name, bound) != bound:
                raise ValueError(f"pyproject.toml: {name} has the lower bounds {bounds[name]} and {bound}")
    return bounds


def normalized(name: str) -> str:
    """A package's name as indices compare it, in small letters with single hyphens (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(constraints: str, name: str) -> str:
    """The version of a package in the text of ``constraints.txt``.

    Raises:
        ValueError: it is not pinned there
    """
    for line in constraints.splitlines():
        pinned_name, equals, version = line.partition("==")
        if equals and normalized(pinned_name) == normalized(name):
            return version
    raise ValueError(f"constraints.txt pins no version of {name}")


def project() -> dict[str, Any]:
    """The table ``project`` of this checkout's ``pyproject.toml``."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def pinned_torch() -> str:
    """PyTorch's version in this checkout's ``constraints.txt``.

    Raises:
        ValueError: it is not pinned there
    """
    return pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"), "torch")


def constraints_of(which: str, bounds: Mapping[str, str], torch: str) -> list[str]:
    """What pip must keep to: every lower bound exactly for the oldest, PyTorch's version for both."""
    exact = {name: bound for name, bound in bounds.items() if which == "oldest"} | {"torch": torch}
    return [f"{name}=={version}" for name, version in exact.items()]


def plan(folder: Path, constraints: Sequence[str], extras: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Make a virtual environment, and find what pip would install for the project there.

    Returns:
        pip's command that installs it, and the version of each package by its name

    Raises:
        ValueError: pip would fetch a PyTorch with CUDA, or found no such set of versions
    """
    venv.create(folder, with_pip=True, clear=True)
    file, report = folder / "bounds.txt", folder / "plan.json"
    file.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
    asked = f"{ROOT}[{','.join(extras)}]"
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "-c", str(file), "-e", asked]
    _run([*pip, "--dry-run", "--report", str(report)])
    found = [each["metadata"] for each in json.loads(report.read_text(encoding="utf-8"))["install"]]
    versions = {each["name"]: each["version"] for each in found}
    if cuda := [name for name in versions if name.startswith(CUDA)]:
        raise ValueError(f"no PyTorch built for the CPU is found: {constraints[-1]} brings {', '.join(cuda)}")
    return pip, versions


def install(folder: Path, constraints: Sequence[str]) -> Path:
    """Make a virtual environment with the project and its extra ``dev``; returns its Python.

    Raises:
        ValueError: as `plan` does
    """
    pip, _ = plan(folder, constraints, ["dev"])
    _run(pip)
    return folder / "bin" / "python"


def _run(pip: Sequence[str]) -> None:
    done = subprocess.run(pip, check=False, stdout=sys.stderr)  # noqa: S603 - pip
    if done.returncode:
        raise ValueError(f"pip ended with {done.returncode}")


def run(which: str, folder: Path, constraints: Sequence[str], pytest: Sequence[str]) -> int:
    """Install one set and run the tests with it; returns pytest's exit status."""
    sys.stdout.write(f"{which}: {' '.join(constraints)}\n")
    sys.stdout.flush()
    python = install(folder, constraints)
    start = time.monotonic()
    done = subprocess.run([python, "-m", "pytest", *pytest], cwd=ROOT, check=False)  # noqa: S603 - this project's tests
    sys.stdout.write(f"{which}: exit status {done.returncode} after {time.monotonic() - start:.0f} s\n")
    sys.stdout.flush()
    return done.returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests with the sets that are asked for; 1 where any fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.bounds", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="oldest|newest", help="both unless one is named")
    parser.add_argument("--torch", metavar="VERSION", help="PyTorch's version, that of constraints.txt unless given")
    parser.add_argument("--folder", type=Path, help="where the environments stay; a temporary one unless given")
    parser.add_argument("--pytest", nargs=argparse.REMAINDER, default=["tests", "-n", "auto", "-q"], help="run instead")
    given = parser.parse_args(arguments)
    if unknown := set(given.sets) - set(SETS):
        parser.error(f"{sorted(unknown)[0]!r} is neither oldest nor newest")
    bounds, torch = lower_bounds(project()), given.torch or pinned_torch()
    with tempfile.TemporaryDirectory(prefix="spurious-claims-") as temporary:
        folder = given.folder or Path(temporary)
        try:
            statuses = [
                run(which, folder / which, constraints_of(which, bounds, torch), given.pytest)
                for which in given.sets or SETS
            ]
        except ValueError as error:
            sys.stderr.write(f"bounds: {error}\n")
            return 1
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main())
