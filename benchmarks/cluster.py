"""What a Dask cluster on this machine costs, gains and survives: `python -m benchmarks.cluster > reports/cluster.md`.

Five minutes on two idle cores; `--few` takes one and shows that it runs.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from support.cluster.address import scheduler_address
from support.cluster.client import AHEAD, COMPUTE, Cluster
from support.cluster.task import worked
from support.evidence.collect import Collector
from support.evidence.engine import TOGETHER, Engine, Here, Task, machine
from support.evidence.keys import origin_of
from support.evidence.library import Library
from support.evidence.store import Store
from support.experiments.experiment import Context
from support.experiments.rare_patterns import Arm, RarePatterns
from support.training.recipe import Recipe
from tests.cluster.kills import HEADER, kill_schedulers, kill_workers
from tests.cluster.processes import LocalCluster, wait_until
from tests.cluster.slow import Slow

# The store lies in memory where that can be: what other jobs do to the disk is not the engine's.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
CONTEXT = Context(0)
WORKERS = (1, 2, 4)
# Of what is reported the fastest of so many turns counts, as everything here shares its cores with other jobs.
TURNS = 3
NETWORKS = RarePatterns(
    "mnist", Recipe(hidden=(64, 64), epochs=4, milestones=()), (Arm("R3", 0), Arm("R3", 3)), 1000, test=100
)
# Seconds in which a scheduler has taken in what was submitted.
SETTLED = 3
# On paper: so many trials of one GPU-minute each, on so many GPUs.
TRIALS, GPUS, SECONDS = 100_000, 100, 60


def seconds_a_trial(folder: Path, experiment: Any, trials: int, engine: Engine, name: str) -> float:
    """Seconds that a trial takes in an empty store, all in all."""
    collector = Collector(Library(Store(folder / name)), CONTEXT, engine=engine)
    started = time.perf_counter()
    collector.rows(experiment, trials)
    return (time.perf_counter() - started) / trials


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[LocalCluster, Cluster]]:
    """A cluster whose workers have imported what they need."""
    with LocalCluster(folder) as processes:
        for _ in range(workers):
            processes.add_worker()
        engine = Cluster(scheduler_address(processes.engine))
        wait_until(lambda: engine.look() == workers)
        for number, experiment in enumerate((Slow(str(folder / "warm"), 0.2), NETWORKS)):
            seconds_a_trial(folder, experiment, 4 * workers, engine, f"warm{number}")
        yield processes, engine
        engine.close()


def speed(folder: Path, trials: int) -> str:
    """A table of trials a second, and what a trial costs."""
    kinds: dict[str, tuple[Any, int]] = {
        "waits for 0.1 s": (Slow(str(folder / "noted"), 0.1), trials),
        "trains two small networks": (NETWORKS, trials),
        "is nothing": (Slow(str(folder / "noted"), 0.0), 5 * trials),
    }
    best: dict[tuple[str, int], float] = {}

    def time_one(kind: str, engine: Engine, workers: int, name: str) -> None:
        experiment, count = kinds[kind]
        seconds = seconds_a_trial(folder, experiment, count, engine, f"{kind}, {workers}, {name}")
        best[kind, workers] = min(seconds, best.get((kind, workers), seconds))

    seconds_a_trial(folder, NETWORKS, 2, Here(), "warm")
    for workers in WORKERS:
        with cluster(folder / f"of {workers}", workers) as (_, engine):
            for turn in range(TURNS):
                for kind in kinds:  # here and there in turn, as other jobs come and go
                    time_one(kind, Here(), 0, f"beside {workers}, {turn}")
                    time_one(kind, engine, workers, str(turn))
    lines = ["| a trial | here | 1 worker | 2 workers | 4 workers | 2 workers / here |", f"|---|{5 * '---:|'}"]
    for kind in list(kinds)[:2]:
        rates = [1 / best[kind, workers] for workers in (0, *WORKERS)]
        lines.append(f"| {kind} | {' | '.join(f'{rate:.2f}' for rate in rates)} | {rates[2] / rates[0]:.2f} |")
    costs = [1000 * best["is nothing", workers] for workers in (0, *WORKERS)]
    lines.append(f"| is nothing: ms a trial | {' | '.join(f'{cost:.1f}' for cost in costs)} | |")
    waits = 1000 * (best["waits for 0.1 s", 1] - best["waits for 0.1 s", 0])
    cores = core_milliseconds(folder, 10 * trials)
    said = f"""Overhead a trial (target: at most 5 ms): {costs[1] - costs[0]:.1f} ms where it is nothing, with one
        worker; {waits:.1f} ms where it takes 0.1 s, as the client stores one trial while the next is computed. Target
        on two cores: 1.7 of 2. Core time, which other jobs on the machine change little: {cores}."""
    return "\n".join(lines) + "\n\n" + paragraph(said)


def scheduler_needs(folder: Path, tasks: int) -> str:
    """What the scheduler spends on a task, and what that means for a campaign."""
    with cluster(folder / "needs", 2) as (processes, engine):
        before = core_seconds(processes.scheduler.pid)
        seconds_a_trial(folder, Slow(str(folder / "noted"), 0.0), tasks, engine, "needs")
        cpu = (core_seconds(processes.scheduler.pid) - before) / tasks
    first = Task(NETWORKS, NETWORKS.arms, 0, CONTEXT, origin_of(NETWORKS, CONTEXT))
    work = worked([replace(first, trial=trial) for trial in range(TOGETHER)], None)
    memory = waiting_bytes(folder / "idle", work, tasks)
    alone, grouped, in_flight = GPUS / SECONDS, GPUS / (SECONDS * TOGETHER), AHEAD * GPUS
    measured = f"""The scheduler's process took {1e3 * cpu:.2f} ms of a core for a task (over {tasks:,}), so that it
        could see to {1 / cpu:,.0f} tasks a second, and holds {memory / 1024:.1f} KiB for a task that waits, with a
        group of {TOGETHER} trials of networks in it ({len(work) / 1024:.1f} KiB as it travels)."""
    paper = f"""On paper, {TRIALS:,} trials of one GPU-minute each take {TRIALS * SECONDS / 3600 / GPUS:.0f} hours on
        {GPUS} GPUs. One by one they are {alone:.2f} tasks a second, {100 * alone * cpu:.2f} % of what the scheduler's
        core can see to; in groups of {TOGETHER}, as networks of one architecture are, {TRIALS / TOGETHER:,.0f} tasks
        and {grouped:.3f} a second. A client has {AHEAD} tasks in flight for each thread of the workers, here
        {in_flight}, and submits the next when one is done: {in_flight * memory / 2**20:.1f} MiB at the scheduler for
        each client, whatever the number of trials. All {TRIALS:,} at once, one by one, would be
        {TRIALS * memory / 2**30:.2f} GiB. A lost GPU worker costs its group: at most {TOGETHER} GPU-minutes."""
    return f"{paragraph(measured)}\n\n{paragraph(paper)}"


def core_milliseconds(folder: Path, trials: int) -> str:
    """Core time of each process for a trial that is nothing, here and with one worker."""
    nothing = Slow(str(folder / "noted"), 0.0)
    before = time.process_time()
    seconds_a_trial(folder, nothing, trials, Here(), "cores here")
    here = time.process_time() - before
    with cluster(folder / "cores", 1) as (processes, engine):
        pids = (os.getpid(), processes.scheduler.pid, processes.workers[0].pid)
        starts = [core_seconds(pid) for pid in pids]
        seconds_a_trial(folder, nothing, trials, engine, "cores there")
        spent = [core_seconds(pid) - start for pid, start in zip(pids, starts, strict=True)]
    client, scheduler, worker = (1000 * seconds / trials for seconds in spent)
    return (
        f"{1000 * here / trials:.1f} ms a trial here; with a worker {client:.1f} ms at the client, {scheduler:.1f} ms "
        f"at the scheduler and {worker:.1f} ms at the worker"
    )


def core_seconds(process: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(process: int) -> int:
    """Memory of a process."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def waiting_bytes(folder: Path, work: bytes, tasks: int) -> float:
    """Memory of a scheduler without workers for each task that waits, beyond as many first ones."""
    with LocalCluster(folder) as processes:
        engine = Cluster(scheduler_address(processes.engine))
        held: list[Any] = []
        sizes = []
        for _ in range(2):
            held += [engine._client.submit(eval, COMPUTE, {"work": work}, pure=False) for _ in range(tasks)]
            time.sleep(SETTLED)
            sizes.append(resident_bytes(processes.scheduler.pid))
        engine._client.cancel(held)
        engine.close()
    return (sizes[1] - sizes[0]) / tasks


def paragraph(text: str) -> str:
    """Text in lines of 120 characters."""
    return textwrap.fill(" ".join(text.split()), 120, break_on_hyphens=False, break_long_words=False)


REPORT = """# Trials on a Dask cluster

{setting} Written by

    python -m benchmarks.cluster > reports/cluster.md

## Speed

Trials a second, one thread each, in an empty store:

{speeds}

## What a large campaign needs of the scheduler

{needs}

## Kills

Processes were killed (SIGKILL) at random moments, up to three seconds after they had something to do; trials take a
twentieth of a second. A killed worker is replaced, and its run goes on. A run whose scheduler is killed ends; the next
goes on from its store with a new cluster. *Lost* are trials that a run had said were finished and that the store does
not give back as they are, or that the run's end lacks.

{kills}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", action="store_true", help="of everything")
    few = parser.parse_args(arguments).few
    torch.set_num_threads(1)
    loads = [os.getloadavg()[0]]
    moments = random.Random(0)  # noqa: S311 - moments of kills
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="spurious-claims-") as directory:
        folder = Path(directory)
        speeds = speed(folder, 6 if few else 20)
        loads.append(os.getloadavg()[0])
        sys.stderr.write(f"{speeds}\n")
        needs = scheduler_needs(folder, 100 if few else 1000)
        loads.append(os.getloadavg()[0])
        sys.stderr.write(f"{needs}\n")
        kills = [
            kill_workers(folder / "workers", 2 if few else 20, moments),
            kill_schedulers(folder / "schedulers", 1 if few else 8, moments),
        ]
        loads.append(os.getloadavg()[0])
    setting = f"""What the engine costs, gains and survives, with scheduler, workers and client on one machine of
        {os.cpu_count()} cores ({machine()}), {datetime.now(UTC):%Y-%m-%d}. **Other jobs ran beside it**: the load was
        {", ".join(f"{load:.1f}" for load in loads)} before, between and after the parts below, its own processes among
        them. Of {TURNS} turns the fastest counts; the store lies in memory."""
    table = "\n".join([HEADER, *(kill.row for kill in kills)])
    sys.stdout.write(REPORT.format(setting=paragraph(setting), speeds=speeds, needs=needs, kills=table))


if __name__ == "__main__":
    main()
