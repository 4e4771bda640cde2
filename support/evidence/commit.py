"""The commit that numbers are made at."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

# Of a checkout on a disk far away; without an answer the commit is not known.
_SECONDS = 60
# What git would run or ask over a network on its own account: whoever wrote a checkout's configuration is not asked.
_QUIET = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "protocol.allow": "never",
}


def commit_of(root: Path) -> tuple[str | None, bool | None]:
    """The commit of a checkout, and whether files were changed; None where it is none or there is no git.

    It is that of the checkout itself, whatever the environment says and whatever repository it lies in. Nothing that
    its configuration names is run: no hook, monitor of files, filter or transport.
    """
    if not (root / ".git").exists():
        return None, None  # not a checkout, or one that lies within another's
    settings = dict(_QUIET)

    def git(*arguments: str) -> str:
        told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = ["git", f"--git-dir={root / '.git'}", f"--work-tree={root}", *told, *arguments]
        done = subprocess.run(  # noqa: S603 - constant arguments
            command,
            cwd=root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            timeout=_SECONDS,
        )
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "--verify", "HEAD^{commit}")
        names = git("config", "--list", "--name-only", "-z").split("\0")
        filters = [name for name in names if name.startswith("filter.")]
        if any("=" in name for name in filters):
            return commit, None  # of a name that git's command line has no words for
        settings |= dict.fromkeys(filters, "")
        changed = git("status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=all", "--no-renames")
        return commit, bool(changed)
    except (OSError, subprocess.SubprocessError):
        return None, None  # no repository, or no git


def _environment() -> dict[str, str]:
    """The user's, without what names another repository, and without writing anything."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def named(commit: str | None, dirty: bool | None) -> str | None:
    """A commit as manifests have it: with ``+`` where files were changed."""
    return commit and commit + "+" * bool(dirty)
