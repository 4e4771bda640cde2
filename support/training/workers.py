"""Jobs of a CPU side by side, one thread to each core, instead of one after another with several threads each.

A small network's matrix products are too short to be divided: threads that share one wait for each other after each
of them, and on a busy machine for much longer than it takes. PyTorch lets go of the interpreter while it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

import torch

Job = TypeVar("Job")


def side_by_side(task: Callable[[Job, Event], None], jobs: Sequence[Job]) -> None:
    """Run a task for each job, as many at once as PyTorch has threads; each computes in one thread.

    The task gets the job, and an event that is set when another job has failed or the caller was interrupted: it
    should then return soon. Denormal numbers, which dying units of a network leave in moments and activations and
    which many processors compute with slowly, count as zero.

    Raises
    ------
    Exception : what the first job to fail has raised.
    """
    threads, stop = torch.get_num_threads(), Event()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads, "training", torch.set_flush_denormal, (True,)) as pool:
            futures = [pool.submit(task, job, stop) for job in jobs]
            try:
                for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                    future.result()
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)
    finally:
        torch.set_num_threads(threads)
