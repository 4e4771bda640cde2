"""Tries every bad input and writes what came of each: ``python -m tests.inputs.table > reports/inputs.md``.

Each is tried in a folder with an earlier report, evidence, models and data, nearly all within one process. Limits of
what may be unpacked are lowered, so that small files stand for large ones.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import msgspec

from support import outputs
from support.data import catalogue, datasets, places
from support.page.markdown import table
from tests.inputs import bad_arguments, bad_files, bad_options
from tests.inputs.asked import Bad
from tests.inputs.commands import Answer, answer, answer_of_process, nobody
from tests.inputs.world import build

ALL: list[Bad] = [*bad_options.ALL, *bad_arguments.ALL, *bad_files.ALL]
# Seconds for one input, which may wait for a pipe that nobody writes to.
PATIENCE = 30
# Bytes of this process, which a file without an end would fill.
MOST_MEMORY = 8_000_000_000
# What may be unpacked here.
MOST_BYTES = 40_000_000
LIMITS = ("support.data.sources.MOST_BYTES", "support.data.own.MOST_BYTES", "support.evidence.library.MOST_BYTES")
MOST_SHOWN = 300


class Tried(msgspec.Struct, frozen=True):
    """What came of a bad input.

    Attributes
    ----------
    sentence : what was said; all lines of it, if there are several.
    traceback : whether it broke down.
    accepted : whether nothing refused it.
    lost : files that were changed, made or removed.
    wrong : what else is not as it should be, in words.
    """

    command: str
    given: str
    status: int
    sentence: str
    traceback: bool
    accepted: bool
    lost: tuple[str, ...]
    wrong: str

    @property
    def right(self) -> bool:
        """Whether it was refused as it should be."""
        return not (self.traceback or self.accepted or self.lost or self.wrong)


def tried(every: Sequence[Bad], process: Sequence[Bad] = ()) -> Iterator[Tried]:
    """Try bad inputs in a folder that is made for it.

    Parameters
    ----------
    process : those that are tried in a process of their own.
    """
    with tempfile.TemporaryDirectory(prefix="spurious-claims-inputs-") as folder, _surroundings(Path(folder)) as world:
        for one in every:
            yield _tried(one, world, apart=one.process)
        for one in process:
            yield _tried(one, world, apart=True)


@contextmanager
def _surroundings(folder: Path) -> Iterator[Path]:
    """A folder of files to work in, an empty cache, and a stand-in for the checkout's own files."""
    world, before = folder / "world", Path.cwd()
    folder.chmod(0o777)
    world.mkdir()
    build(world)
    world.chmod(0o755)
    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder)}
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment))
        stack.enter_context(patch.object(tempfile, "tempdir", str(folder)))
        stack.enter_context(patch.object(outputs, "CHECKOUT", world / "checkout"))
        stack.enter_context(patch.object(sys, "dont_write_bytecode", True))
        for limit in LIMITS:
            stack.enter_context(patch(limit, MOST_BYTES))
        os.chdir(world)
        try:
            yield world
        finally:
            os.chdir(before)


def _tried(one: Bad, world: Path, *, apart: bool) -> Tried:
    before = _files(world)
    for found in (places._located, places._unavailable, datasets._read_as):
        found.clear()
    if apart:
        got = answer_of_process(one.command, one.given, world)
    else:
        with _patience(), patch.dict(catalogue.DATASETS), _as_asked(one):
            got = answer(one.command, one.given)
    after = _files(world)
    said = _said(one.command, got)
    lost = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return Tried(
        command=one.command,
        given=one.name.partition(" ")[2].replace(str(world), "."),
        status=got.status,
        sentence="\n".join(said).replace(str(world), "."),
        traceback="Traceback" in got.out + got.err or "INTERNALERROR" in got.out + got.err,
        accepted=got.status == 0,
        lost=tuple(lost),
        wrong="; ".join(_wrong(one, got, said)),
    )


@contextmanager
def _as_asked(one: Bad) -> Iterator[None]:
    """Be another user, with a cache of their own, where that is asked for."""
    if not one.nobody:
        yield
        return
    with tempfile.TemporaryDirectory() as cache:
        Path(cache).chmod(0o777)
        with patch.dict(os.environ, {"XDG_CACHE_HOME": cache}), nobody():
            yield


def _said(command: str, got: Answer) -> list[str]:
    """The lines that say what is wrong."""
    errors = [line for line in got.err.splitlines() if line.strip()]
    if command == "claims":
        told = [line.removeprefix("ERROR: ") for line in errors if line.startswith("ERROR: ")]
        return told or errors[-1:] or got.out.splitlines()[-1:]
    if command == "recorded":
        return [line for line in got.out.splitlines() if "is recorded" in line]
    return errors or [line for line in got.out.splitlines() if line.strip()][-1:]


def _wrong(one: Bad, got: Answer, said: Sequence[str]) -> Iterator[str]:
    if got.status != one.status:
        yield f"exit status {got.status}, not {one.status}"
    if len(said) != 1:
        yield f"{len(said)} lines"
    if not re.search(one.says, " ".join(said), re.DOTALL):
        yield f"it does not say {one.says!r}"


@contextmanager
def _patience() -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError(f"nothing came of it in {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _files(world: Path) -> dict[str, tuple[int, int, int, int]]:
    """Every file and folder; of files, what tells whether they were changed or replaced."""
    found = {}
    for folder, folders, files in os.walk(world):
        for name in files + folders:
            path = os.path.join(folder, name)  # noqa: PTH118 - hundreds of files, hundreds of times
            status = os.lstat(path)
            whole = (status.st_size, status.st_mtime_ns) if name in files else (0, 0)
            found[os.path.relpath(path, world)] = (status.st_mode, status.st_ino, *whole)
    return found


# ------------------------------------------------------------------------------------------------ as a page

TEXT = """# Bad inputs, and what each gets

Every input below is wrong, and was given to its command in a folder with an earlier report, evidence, models and data.
Each is to end with an exit status that says so and one line that says what is wrong, and to leave every file as it was.
A *traceback* is an input at which a command broke down, a *silent acceptance* one that ended with exit status 0, a
*loss* one after which a file was not what it was. All but some were asked within one process; limits of what may be
unpacked were lowered, so that small files stand for large ones. Written by

    python -m tests.inputs.table > reports/inputs.md
"""


def markdown(every: Sequence[Tried]) -> str:
    """The table, totals first."""
    commands = list(dict.fromkeys(one.command for one in every))
    totals = [(name, *_counts([one for one in every if one.command == name])) for name in commands]
    totals.append(("all", *_counts(every)))
    head = ("command", "inputs tried", "tracebacks", "silent acceptances", "losses", "otherwise wrong")
    parts = [TEXT, table(head, [tuple(map(str, row)) for row in totals], most=None)]
    for name in commands:
        rows = [(_cut(one.given), str(one.status), _cut(one.sentence)) for one in every if one.command == name]
        parts += [f"## {TITLES[name]}", table(("given", "exit status", "what it says"), rows, most=None)]
    return "\n\n".join(parts) + "\n"


TITLES = {
    "claims": "pytest claims",
    "recorded": "pytest claims, run",
    "audit": "python -m support.audit",
    "checkpoint": "python -m support.audit.checkpoint",
    "pattern": "python -m support.audit.pattern",
    "page": "python -m support.page",
    "evidence": "python -m support.evidence",
    "data": "python -m support.data",
    "ledger": "python benchmarks/ledger.py",
    "calibration": "python -m support.statistics.calibration",
}


def _counts(every: Sequence[Tried]) -> tuple[int, ...]:
    wrong = (
        lambda one: one.traceback,
        lambda one: one.accepted,
        lambda one: bool(one.lost),
        lambda one: bool(one.wrong),
    )
    return (len(every), *(sum(map(which, every)) for which in wrong))


def _cut(text: str) -> str:
    line = " ".join(text.replace(str(outputs.CHECKOUT), "CHECKOUT").split())
    return line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN]}..."


def possible() -> list[Bad]:
    """Those that can be tried here: only the superuser can be another user."""
    return [one for one in ALL if not (one.nobody and os.geteuid())]


def sampled() -> list[Bad]:
    """The first of each command, for a process of its own."""
    return list({one.command: one for one in reversed(ALL) if not one.process and not one.nobody}.values())


def main() -> int:
    """Print the table, or what was tried as JSON; the exit status is 1 where anything was not refused as it should."""
    parser = argparse.ArgumentParser(prog="python -m tests.inputs.table", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("-k", default="", metavar="TEXT", help="only command lines that hold this")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    chosen = [one for one in possible() if given.k in one.name]
    found = list(tried(chosen, [] if given.k else sampled()))
    sys.stdout.write(msgspec.json.encode(found).decode() if given.json else markdown(found))
    for one in found:
        if not one.right:
            sys.stderr.write(f"{one.command} {one.given}: {one.status} {one.sentence!r}: {one.wrong} {one.lost}\n")
    return int(not all(one.right for one in found))


if __name__ == "__main__":
    sys.exit(main())
