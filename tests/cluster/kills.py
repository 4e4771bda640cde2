"""Workers and schedulers that are killed at random moments, and what is left: `python -m benchmarks.cluster` tells.

A trial waits for a twentieth of a second and notes that it was begun and that it is done. *Lost* are trials that the
run had said were finished and that the store does not give back, or not as they are, and trials that the run's end
lacks.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from support.cluster.address import scheduler_address
from support.cluster.client import Cluster
from support.evidence.collect import Collector
from support.evidence.engine import EngineError
from support.evidence.library import Library
from support.evidence.store import Store
from support.experiments.experiment import Context
from tests.cluster.processes import LocalCluster, kill, wait_until
from tests.cluster.slow import Slow

CONTEXT = Context(5)
SECONDS = 0.05
# Seconds after which a process is killed, at most, once it has something to do.
LATEST = 3.0
WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """What became of one kind of kills.

    Attributes
    ----------
    kills, trials : how many; trials that the store holds in the end.
    again : trials that were begun more than once.
    lost : see above.
    told : runs that ended in one sentence.
    """

    what: str
    kills: int
    trials: int
    again: int
    lost: int
    told: int

    @property
    def row(self) -> str:
        """For the table."""
        return f"| {self.what} | {self.kills} | {self.trials:,} | {self.again} | {self.told} | {self.lost} |"


HEADER = (
    "| killed | kills | trials in the end | begun again | runs that ended in one sentence | lost |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: |"
)


def kill_workers(folder: Path, kills: int, moments: random.Random) -> Outcome:
    """One run, two workers, one of which is killed again and again and replaced; the run goes on to its end."""
    folder.mkdir()
    slow = Slow(str(folder / "noted.txt"), SECONDS)
    collector = Collector(Library(Store(folder / "evidence")), CONTEXT)
    over, killed = threading.Event(), 0

    def killer(processes: LocalCluster) -> None:
        nonlocal killed
        while killed < kills:
            _wait_for_another(slow)
            over.wait(moments.uniform(0, LATEST))
            victim = moments.choice([worker for worker in processes.workers if worker.poll() is None])
            kill(victim)
            killed += 1
            processes.add_worker()
        over.set()

    with LocalCluster(folder / "cluster", failures=1000) as processes:
        for _ in range(WORKERS):
            processes.add_worker()
        engine = Cluster(scheduler_address(processes.engine))
        thread = threading.Thread(target=killer, args=(processes,))
        thread.start()
        trials = 0
        while not over.is_set():
            trials += 50
            rows = replace(collector, engine=engine).rows(slow, trials)
        thread.join()
        engine.close()
    right = [10.0 * trial + CONTEXT.seed for trial in range(trials)]
    lost = sum(own != meant for own, meant in zip(rows["value"].tolist(), right, strict=True))
    return Outcome("a worker", killed, trials, _again(slow), lost + trials - _kept(collector), 0)


def kill_schedulers(folder: Path, kills: int, moments: random.Random) -> Outcome:
    """Runs on one store after another, each of which ends with its scheduler."""
    folder.mkdir()
    slow = Slow(str(folder / "noted.txt"), SECONDS)
    collector = Collector(Library(Store(folder / "evidence")), CONTEXT)
    lost = told = finished = 0

    def progress(what: str, done: int, total: int) -> None:  # noqa: ARG001 - of the protocol
        nonlocal finished
        finished = done

    for number in range(kills):
        with LocalCluster(folder / f"cluster{number}") as processes:
            for _ in range(WORKERS):
                processes.add_worker()
            engine = Cluster(scheduler_address(processes.engine))
            begun = len(slow.noted("begun"))
            delay = moments.uniform(0, LATEST)

            def killer(processes: LocalCluster = processes, begun: int = begun, delay: float = delay) -> None:
                wait_until(lambda: len(slow.noted("begun")) > begun)
                threading.Event().wait(delay)
                kill(processes.scheduler)

            thread = threading.Thread(target=killer)
            thread.start()
            try:
                replace(collector, engine=engine).rows(slow, 100_000, progress)
            except EngineError as error:
                told += "is gone" in str(error)
            thread.join()
            engine.close()
        lost += max(0, finished - _kept(collector))
    return Outcome("the scheduler", kills, _kept(collector), _again(slow), lost, told)


def _wait_for_another(slow: Slow) -> None:
    """Wait until a trial more is done than now."""
    now = len(slow.noted("done"))
    wait_until(lambda: len(slow.noted("done")) > now)


def _kept(collector: Collector) -> int:
    """Trials that the store gives back as they are."""
    store = collector.library.store
    entries = [store.read(key) for key in store.keys()]  # noqa: SIM118 - a store is no dictionary
    return sum(
        entry is not None and entry.columns["value"] == [10.0 * entry.manifest.origin.trial + CONTEXT.seed]
        for entry in entries
    )


def _again(slow: Slow) -> int:
    return sum(times - 1 for times in Counter(slow.noted("begun")).values())
