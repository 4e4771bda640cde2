"""The exact versions of all dependencies as pip finds them today: `python -m tests.constraints > constraints.txt`.

The project with all its extras is planned in a virtual environment of its own, and not installed. PyTorch keeps the
version of `constraints.txt` (`--torch VERSION` asks for another): what an index has last may bring gigabytes of CUDA.
Run the tests, and `python -m support.evidence prove` over what is published, before new versions are committed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bounds import constraints_of, normalized, pinned_torch, plan, project

HEADER = "# Exact versions that the published results were made with; used by every install command."


def written(versions: Mapping[str, str], own: str) -> str:
    """The text of ``constraints.txt``, without the project itself; a build's own mark (``+cpu``) is no version.

    Args:
        versions: of each package by its name
        own: the project's name
    """
    others = {normalized(name): version.partition("+")[0] for name, version in versions.items() if name != own}
    lines = [f"{name}=={others[name]}" for name in sorted(others)]
    return "".join(f"{line}\n" for line in [HEADER, *lines])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print it; 1 where pip finds no such set of versions."""
    parser = argparse.ArgumentParser(prog="python -m tests.constraints", description=__doc__)
    parser.add_argument("--torch", metavar="VERSION", help="PyTorch's version, that of constraints.txt unless given")
    given = parser.parse_args(arguments)
    own, torch = project(), given.torch or pinned_torch()
    with tempfile.TemporaryDirectory(prefix="spurious-claims-") as folder:
        try:
            _, versions = plan(Path(folder), constraints_of("newest", {}, torch), sorted(own["optional-dependencies"]))
        except ValueError as error:
            sys.stderr.write(f"constraints: {error}\n")
            return 1
    sys.stdout.write(written(versions, own["name"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
