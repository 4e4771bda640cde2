"""The commit of real repositories, whose configuration names programs that leave a trace where they are run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.evidence.commit import commit_of, named

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


@pytest.fixture(autouse=True)
def _no_git_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "N. N.")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "n@example.org")


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)  # noqa: S603, S607
    return done.stdout.strip()


def repository(root: Path) -> str:
    """A repository with one commit; returns that."""
    root.mkdir(parents=True)
    git(root, "init", "--quiet")
    (root / "file.txt").write_text(f"of {root.name}\n")
    (root / ".gitattributes").write_text("*.txt filter=traced\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    return git(root, "rev-parse", "HEAD")


def test_the_commit_and_whether_files_were_changed(tmp_path: Path) -> None:
    head = repository(tmp_path / "own")
    assert commit_of(tmp_path / "own") == (head, False)
    (tmp_path / "own" / "file.txt").write_text("changed\n")
    assert commit_of(tmp_path / "own") == (head, True)
    git(tmp_path / "own", "checkout", "file.txt")
    (tmp_path / "own" / "new.txt").write_text("new\n")
    assert commit_of(tmp_path / "own") == (head, True)
    assert named(head, dirty=True) == f"{head}+"


def test_a_worktree_has_its_own(tmp_path: Path) -> None:
    repository(tmp_path / "own")
    git(tmp_path / "own", "worktree", "add", "--quiet", str(tmp_path / "tree"))
    (tmp_path / "tree" / "file.txt").write_text("other\n")
    git(tmp_path / "tree", "commit", "--quiet", "--all", "--message", "second")
    head = git(tmp_path / "tree", "rev-parse", "HEAD")
    assert commit_of(tmp_path / "tree") == (head, False)
    assert commit_of(tmp_path / "own")[0] != head


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS"])
def test_the_environment_does_not_name_another(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = repository(tmp_path / "own")
    repository(tmp_path / "other")
    values = {
        "GIT_DIR": str(tmp_path / "other" / ".git"),
        "GIT_WORK_TREE": str(tmp_path / "other"),
        "GIT_INDEX_FILE": str(tmp_path / "other" / ".git" / "index"),
        "GIT_CONFIG_PARAMETERS": f"'core.worktree={tmp_path / 'other'}'",
    }
    monkeypatch.setenv(name, values[name])
    assert commit_of(tmp_path / "own") == (head, False)


def test_a_checkout_that_lies_in_another_repository_has_no_commit(tmp_path: Path) -> None:
    repository(tmp_path / "other")
    (tmp_path / "other" / "unpacked" / "support").mkdir(parents=True)
    assert commit_of(tmp_path / "other" / "unpacked") == (None, None)


@pytest.mark.parametrize("content", ["", "gitdir: /nowhere\n", "\0"])
def test_what_is_no_repository_has_no_commit(content: str, tmp_path: Path) -> None:
    (tmp_path / ".git").write_text(content)
    assert commit_of(tmp_path) == (None, None)


def test_nothing_that_the_configuration_names_is_run(tmp_path: Path) -> None:
    own, trace = tmp_path / "own", tmp_path / "trace"
    head = repository(own)
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{trace}'\ncat\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout"):
        shutil.copy(program, own / ".git" / "hooks" / hook)
    git(own, "config", "core.hooksPath", str(own / ".git" / "hooks"))
    git(own, "config", "core.fsmonitor", str(program))
    for which in ("clean", "smudge", "process"):
        git(own, "config", f"filter.traced.{which}", str(program))
    git(own, "config", "filter.traced.required", "true")
    git(own, "config", "core.pager", str(program))
    os.utime(own / "file.txt", (1, 1))  # git has to look into it
    # The trap works: git itself runs them.
    subprocess.run(["git", "-C", str(own), "status"], capture_output=True, check=False)  # noqa: S603, S607
    assert trace.exists()
    trace.unlink()
    os.utime(own / "file.txt", (2, 2))
    index = (own / ".git" / "index").read_bytes()
    assert commit_of(own) == (head, False)
    assert not trace.exists(), trace.read_text()
    assert (own / ".git" / "index").read_bytes() == index
