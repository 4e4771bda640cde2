"""Faults injected into a store of evidence, and what came of them: `python -m tests.evidence.faults` prints the table.

A run opens a store, reads entries that are intact, and writes one that is new, one whose place a damaged entry holds,
and one that another has written already. In that run one call fails, or the process is killed there, or the power, or
another process writes the same entries at that moment. Then the store is opened without faults and looked at.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.evidence.entries import Making, Manifest, decode, encode
from support.evidence.keys import SCHEMA, Origin
from support.evidence.locks import Turn
from support.evidence.store import KEPT_ASIDE, EvidenceDirectoryError, Store
from support.experiments.experiment import Columns
from tests.evidence.injector import CALLS, FAULTS, THEN_KILLED, Injector

# Where files cost least: a disk shows nothing more, as nothing here takes its power away.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
# After another has written, so many calls later the process is killed.
LATER = 6
# What some file systems lack: hard links, and locks.
LACKS = ((), ("link", "flock"))
# How a run should end after a fault.
ENDS = ("told", "finished", "interrupted", "killed")


# 1. Entries


@dataclass(frozen=True)
class Meant:
    """An entry that the store should hold, by either of two processes, whose manifests differ."""

    name: str

    def manifest(self, process: int = 1) -> Manifest:
        origin = Origin(
            schema=SCHEMA, experiment="tests.Nothing", fields={"name": self.name}, arm=None, trial=0, seed=0,
            device="cpu", datasets={}, network=None, sources="0" * 64,
        )  # fmt: skip
        making = Making(
            commit=None, device="cpu", machine="any", threads=1, seconds=0.125, arms=1, versions={"python": "3"},
            process=process,
        )  # fmt: skip
        return Manifest(origin=origin, making=making)

    @functools.cached_property
    def key(self) -> str:
        return self.manifest().origin.key

    @property
    def columns(self) -> Columns:
        return {"name": [self.name, self.name], "value": [0.1 + 0.2, None]}

    def content(self, process: int = 1) -> bytes:
        return encode(self.manifest(process), self.columns)

    def write(self, store: Store, process: int = 1) -> None:
        """Write it; what the store says is then there must be it."""
        entry = store.write(self.key, self.manifest(process), self.columns)
        if entry not in self.either:
            raise AssertionError(f"{self.name} was written and is {entry}")

    @functools.cached_property
    def either(self) -> list[Any]:
        return [decode(self.content(process), self.key) for process in (1, 2)]


INTACT = tuple(Meant(f"intact {number}") for number in range(3))
NEW, DAMAGED, SHARED = Meant("new"), Meant("damaged"), Meant("shared")
ALL = (*INTACT, NEW, DAMAGED, SHARED)


def damaged(content: bytes) -> bytes:
    """One digit of the rows changed; it can be read as JSON still."""
    changed = content.replace(b"0.3000", b"0.4000")
    if changed == content:
        raise AssertionError("there is nothing to damage")
    return changed


def damage(path: Path) -> bytes:
    """Change a digit in an entry's file; returns what it then holds."""
    path.write_bytes(content := damaged(path.read_bytes()))
    return content


def prepare(directory: Path) -> None:
    """A store with intact entries and a damaged one."""
    shutil.rmtree(directory, ignore_errors=True)
    for meant in (*INTACT, DAMAGED):
        path = Store(directory, writable=False).path(meant.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(damaged(meant.content()) if meant is DAMAGED else meant.content())


def scenario(directory: Path, acknowledge: Callable[[str], None]) -> None:
    """What a run does with a store, and a second one beside it; what was acknowledged must never be lost."""
    store = Store(directory)
    store.require_room()
    for meant in INTACT[:2]:
        if store.read(meant.key) not in meant.either:
            raise AssertionError(f"{meant.name} was there and not read")
    for meant in (NEW, DAMAGED, SHARED):
        with Turn(store.lock_path(meant.key)) as turn:
            if turn.granted and store.read(meant.key) is None:
                meant.write(store)
                acknowledge(meant.name)
    SHARED.write(Store(directory), process=2)
    if not {meant.key for meant in ALL} <= set(store.keys()):
        raise AssertionError("not all entries are listed")
    store.set_aside()


# 2. One case


def in_child(work: Callable[[Callable[[str], None]], str]) -> list[str]:
    """The lines that `work` told and, last, what it returned: in a process of its own, which may be killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        last = "nothing"
        try:
            last = work(functools.partial(_tell, writing))
        finally:
            _tell(writing, last)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        lines = pipe.read().splitlines()
    os.waitpid(child, 0)
    return lines


_write = os.write


def _tell(handle: int, line: str) -> None:
    _write(handle, f"{line}\n".encode())


def another(directory: Path, acknowledge: Callable[[str], None]) -> None:
    """What another process writes."""
    store = Store(directory)
    for meant in (NEW, DAMAGED, SHARED):
        meant.write(store, process=2)
        acknowledge(meant.name)


def with_fault(directory: Path, injector: Injector, acknowledge: Callable[[str], None]) -> str:
    """How the scenario ended, "finished" if it did, and the calls it made; as JSON."""
    injector.other = functools.partial(another, directory, acknowledge)
    with injector.injected():
        try:
            scenario(directory, acknowledge)
            ended = "finished"
        except KeyboardInterrupt:
            ended = "interrupted with files left" if list(directory.glob(".tmp-*")) else "interrupted"
        except EvidenceDirectoryError as error:
            text = str(error)
            ended = "told" if str(directory) in text and "[Errno" not in text and "\n" not in text else text
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is counted
            ended = f"{type(error).__name__}: {error}"
    return json.dumps([ended, injector.calls])


def look(directory: Path, acknowledged: Sequence[str]) -> Counter[str]:
    """What is wrong with a store after a fault."""
    found: Counter[str] = Counter()
    store = Store(directory)
    for meant in ALL:
        entry = store.read(meant.key)
        must_be_there = meant in INTACT or meant.name in acknowledged
        found["lost"] += must_be_there and entry not in meant.either
        found["trusted"] += entry is not None and entry not in meant.either
    for meant in (NEW, DAMAGED, SHARED):
        with Turn(store.lock_path(meant.key)) as turn:
            found["stuck"] += not turn.granted
        with suppress(OSError, AssertionError):
            meant.write(store)
        found["stuck"] += Store(directory).read(meant.key) not in meant.either
    past = time.time() - KEPT_ASIDE - 1
    for path in directory.rglob("*"):
        os.utime(path, (past, past))
    store.sweep()
    entries = {store.path(meant.key) for meant in ALL}
    found["left"] = sum(path.is_file() and path not in entries for path in directory.rglob("*"))
    return found


def looked_at(directory: Path, acknowledged: Sequence[str]) -> str:
    """The same as JSON, without waiting for the disk."""
    with Injector().injected():
        return json.dumps(look(directory, acknowledged))


def case(directory: Path, injector: Injector) -> Counter[str]:
    """What came of one fault; what should not have is told on stderr too."""
    prepare(directory)
    lines = in_child(functools.partial(with_fault, directory, injector))
    killed = not lines or not lines[-1].startswith("[")
    ended, calls = ("killed", []) if killed else json.loads(lines[-1])
    acknowledged = lines if killed else lines[:-1]
    after = json.loads(in_child(lambda _: looked_at(directory, acknowledged))[-1])
    found = Counter(after, tried=1)
    found[ended if ended in ENDS else "otherwise"] = 1
    if ended.startswith("AssertionError") and not found["lost"]:
        found["lost"] = 1  # it was there, and the run was told that it was not
    if any(found[bad] for bad in ("lost", "trusted", "otherwise", "stuck", "left")):
        without = f" without {' and '.join(injector.lacking)}" if injector.lacking else ""
        where = f"{injector.fault} at call {injector.at} ({injector.gap}){without}"
        sys.stderr.write(f"{where}, {' '.join(calls[-8:])}: {ended}, {dict(+found)}\n")
    return found


def calls_of(directory: Path, lacking: Sequence[str]) -> list[str]:
    """The calls of the scenario without any fault."""
    prepare(directory)
    ended, calls = json.loads(in_child(functools.partial(with_fault, directory, Injector(lacking=lacking)))[-1])
    if ended != "finished":
        raise AssertionError(f"without a fault the scenario should finish: {ended}")
    return list(calls)


def table(every: int = 1) -> dict[tuple[str, str], Counter[str]]:
    """What came of each fault at each call, by (call, fault).

    Parameters
    ----------
    every : try only every so many-th call, each fault at others.
    """
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        directory = Path(folder) / "evidence"
        for lacking in LACKS:
            calls = calls_of(directory, lacking)
            for number, fault in enumerate(FAULTS):
                for at in range(number % every, len(calls), every):
                    for gap in range(1, 1 + LATER) if fault == THEN_KILLED else (0,):
                        counts[calls[at], fault] += case(directory, Injector(at, fault, lacking, gap))
    return dict(counts)


# 3. Damage


def damages(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every content that differs in one bit, and every one that is cut short."""
    for place in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        yield "a bit flipped", bytes(flipped)
    for length in range(len(content)):
        yield "cut short", content[:length]


def damage_table(every: int = 1) -> dict[str, Counter[str]]:
    """What came of each damage to one entry: it is read as none, and the next write replaces it."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Injector().injected():
        store = Store(Path(folder))
        path = store.path(NEW.key)
        path.parent.mkdir()
        for number, (kind, content) in enumerate(damages(NEW.content())):
            if number % every:
                continue
            found = counts[kind]
            found["tried"] += 1
            path.write_bytes(content)
            try:
                found["trusted"] += store.read(NEW.key) is not None
                NEW.write(store)
                found["replaced"] += path.read_bytes() == NEW.content()
            except Exception:  # noqa: BLE001 - whatever it is, it is counted
                found["raised"] += 1
            found["kept"] = len(store.set_aside())
            path.unlink()
    counts["cut short"]["kept"] -= counts["a bit flipped"]["kept"]
    return dict(counts)


# 4. The report

COLUMNS = ("tried", "lost", "trusted", *ENDS, "otherwise", "stuck", "left")
DAMAGE_COLUMNS = ("tried", "trusted", "raised", "replaced", "kept")
TEXT = """# Faults injected into the evidence store

A small run on a store of evidence reads entries that are intact and writes a new one, one in the place of a damaged
one, and one that another process writes too. Each of its calls to the operating system was struck in turn by each
fault: an error; an error that lasts; Control-C, of which Python tells once the call is done; a kill; a power cut that
takes what was not flushed; another process that writes the same entries at that moment, and a kill up to six calls
after that. A write that is struck has written half. All of it was done on a file system with hard links and locks, and
on one without. Then the store was opened without faults.

*Lost* are entries that were intact, or whose writing was acknowledged, and were not read any more; *trusted* are
entries that were read and are not what was meant. *Told* are runs that ended with one sentence that names the place,
*finished* those that had nothing to tell, *interrupted* those that left no half-written file, *otherwise* those that
ended in any other way. *Stuck* are entries that could not be written afterwards, *left* are files that are never
collected. The tables are written by

    python -m tests.evidence.faults > reports/faults.md
"""
DAMAGE_TEXT = """
Every bit of one entry's file flipped in turn, and the file cut short at every byte. *Trusted* are damaged entries that
were read, *raised* are errors, *replaced* are those that the next write replaced with a good entry, *kept* are those
that lie in `set-aside/` then.
"""


def markdown(counts: dict[tuple[str, str], Counter[str]], damage: dict[str, Counter[str]]) -> str:
    """The tables, with their explanation."""
    order = sorted(counts, key=lambda pair: ((*CALLS, "flock").index(pair[0]), FAULTS.index(pair[1])))
    rows = [[call, fault, *(counts[call, fault][name] for name in COLUMNS)] for call, fault in order]
    total = sum(counts.values(), Counter[str]())
    rows.append(["all", "all", *(total[name] for name in COLUMNS)])
    damaged = [[kind, *(found[name] for name in DAMAGE_COLUMNS)] for kind, found in damage.items()]
    first = _lines(["call", "fault", *COLUMNS], 2, rows)
    return "\n".join([TEXT, *first, DAMAGE_TEXT, *_lines(["damage", *DAMAGE_COLUMNS], 1, damaged)])


def _lines(head: Sequence[str], texts: int, rows: Sequence[Sequence[object]]) -> list[str]:
    marks = ["---"] * texts + ["---:"] * (len(head) - texts)
    return [f"| {' | '.join(map(str, row))} |" for row in (head, marks, *rows)]


def main() -> None:
    """Print the tables, as Markdown or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.evidence.faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every so many-th call (default: 1)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    counts, damage = table(given.every), damage_table(given.every)
    if given.json:
        content = {"faults": {" / ".join(pair): found for pair, found in counts.items()}, "damage": damage}
        sys.stdout.write(json.dumps(content))
    else:
        sys.stdout.write(markdown(counts, damage) + "\n")


if __name__ == "__main__":
    main()
