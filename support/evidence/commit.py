"""The commit that numbers are made at."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit_of(root: Path) -> tuple[str | None, bool | None]:
    """The commit of a checkout, and whether files were changed; None where it is none or there is no git."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - constant arguments
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return None, None  # not a checkout, or no git


def named(commit: str | None, dirty: bool | None) -> str | None:
    """A commit as manifests have it: with ``+`` where files were changed."""
    return commit and commit + "+" * bool(dirty)
