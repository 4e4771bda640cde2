"""How often evidence would have become unreachable over this repository's history, by two ways to identify code.

    python benchmarks/key_history.py [--commits 94] [REVISION]

Before: one digest of five folders for all experiments. After: for each experiment, the files that its module imports at
any depth. Prints a Markdown table with, for each experiment module, the commits that would have changed its key.
"""

from __future__ import annotations

import argparse
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from io import BytesIO
from pathlib import Path

from support.evidence.sources import forget, source_identity

FOLDERS = ("randomness.py", "data", "models", "training", "measures", "experiments")
# Modules of the folder that are no experiment of their own.
SHARED = {"__init__.py", "experiment.py", "scene.py"}


def git(*arguments: str) -> bytes:
    """What git says."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout  # noqa: S603, S607


def identities(commit: str) -> dict[str, str]:
    """The identity of the five folders, under "", and of each experiment module, at a commit."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(git("archive", commit, "support"))) as archive:
            archive.extractall(folder, filter="data")
        package = Path(folder) / "support"
        if not (package / "experiments").is_dir():
            return {}
        files = [path for name in FOLDERS for path in (sorted((package / name).rglob("*.py")) or [package / name])]
        whole = b"".join(path.as_posix().encode() + path.read_bytes() for path in files if path.is_file())
        found = {"": f"{hash(whole.replace(folder.encode(), b''))}"}
        for path in sorted((package / "experiments").glob("*.py")):
            if path.name not in SHARED:
                found[path.stem] = source_identity(path, package)
        forget()
        return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", nargs="?", default="HEAD")
    parser.add_argument("--commits", type=int, default=94)
    given = parser.parse_args()
    commits = git("log", "--format=%H", f"-{given.commits + 1}", given.revision).decode().split()[::-1]
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    changed: dict[str, set[str]] = defaultdict(set)
    last = identities(commits[0])
    for commit in commits[1:]:
        now = identities(commit)
        for name in (now.keys() & last.keys()) - {""}:
            seen[name] += 1
            before[name] += now[""] != last[""]
            after[name] += now[name] != last[name]
        if now.get("") != last.get(""):
            for file in git("show", "--format=", "--name-only", commit, "--", "support").decode().split():
                changed[file.split("/")[1]].add(commit)
        last = now
    print("| experiment | commits | before | after |\n| --- | ---: | ---: | ---: |")  # noqa: T201
    for name in sorted(seen):
        print(f"| {name} | {seen[name]} | {before[name]} | {after[name]} |")  # noqa: T201
    kept = 1 - sum(after.values()) / max(1, sum(before.values()))
    print(f"\n{sum(before.values())} losses before, {sum(after.values())} after: {kept:.0%} fewer.")  # noqa: T201


if __name__ == "__main__":
    main()
