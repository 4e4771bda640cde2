"""Reports of every kind through everything that reads reports: `python -m benchmarks.fuzz --examples N`.

Prints how many reports of each kind each reader read and refused, and how often it broke down, made a wrong document,
took a report that it must refuse, or refused one that it must read; the last two lines are where it first did. The
exit status is 1 if it ever did. The same seed tries the same reports.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import get_args

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzzing.documents import KINDS
from tests.fuzzing.readers import READERS
from tests.fuzzing.trying import RIGHT, Outcome, Tried, tried

HEADER = ("reports", "reader", *get_args(Outcome))


def main() -> int:
    """Try reports and print a table; 1 where a reader was not right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=100, metavar="N", help="reports of each kind")
    parser.add_argument("--seed", type=int, default=0)
    given_ = parser.parse_args()
    started, found, first = time.perf_counter(), Counter[tuple[str, str, Outcome]](), dict[tuple[str, str], Tried]()
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for each in _tried(kind, given_.examples, given_.seed, Path(folder) / "report.json"):
                found[kind, each.reader, each.outcome] += 1
                if each.outcome not in RIGHT:
                    first.setdefault((kind, each.reader), each)
    sys.stdout.write(_table(found))
    sys.stdout.write(f"\nSeed {given_.seed}, {time.perf_counter() - started:.0f} s.\n")
    for (kind, reader), each in first.items():
        sys.stdout.write(f"\n{kind}, {reader}: {each.outcome}\n{each.why}\n")
    return int(bool(first))


def _tried(kind: str, examples: int, number: int, file: Path) -> list[Tried]:
    reports, must_be_read = KINDS[kind]
    outcomes: list[Tried] = []

    @seed(number)
    @settings(database=None, deadline=None, max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(reports)
    def each(content: bytes) -> None:
        outcomes.extend(tried(content, must_be_read, file))

    each()
    return outcomes


def _table(found: Counter[tuple[str, str, Outcome]]) -> str:
    lines = [HEADER, ("---", "---", *("---:" for _ in get_args(Outcome)))]
    lines += [
        (kind, reader, *(f"{found[kind, reader, outcome]:,}" for outcome in get_args(Outcome)))
        for kind in KINDS
        for reader in READERS
    ]
    totals = (
        sum(found[kind, reader, outcome] for kind in KINDS for reader in READERS) for outcome in get_args(Outcome)
    )
    lines.append(("all", "", *(f"{total:,}" for total in totals)))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
