"""An engine that computes on the workers of a Dask cluster that is already there."""

from __future__ import annotations

import logging
import queue
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from typing import Any

import msgspec

from support.cluster.task import Result, worked
from support.cluster.user_files import Parcel, packed
from support.evidence.engine import EngineError, Keep, Measured, Task, groups

# Seconds: to reach a scheduler; between two looks at the workers while nothing is done.
REACHED, TICK = 5.0, 1.0
# Trials (or groups of them) in flight for each thread of the workers: one more than it computes, so that none is idle.
AHEAD = 2
# What a worker evaluates. A function of this package would be looked up as soon as it arrives: a worker that does not
# have it breaks down there and tells nobody, where this ends in an error like any other.
COMPUTE = "__import__('importlib').import_module('support.cluster.task').compute(work)"


class Cluster:
    """Computes on a cluster, of which this process is a client.

    Parameters
    ----------
    address : of the scheduler.

    Raises
    ------
    EngineError : it cannot be reached.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._flight: dict[Any, Sequence[Task]] = {}
        self._parcels: dict[tuple[str, str], Parcel] = {}
        self._looked = 0.0
        self.workers, self.threads = 0, 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions of Python's packages: what matters is checked by task
            self._client: Any = _connected(address)
        self.look()

    def close(self) -> None:
        """Leave the cluster."""
        with suppress(CancelledError, OSError, RuntimeError):
            self._client.close()

    def __str__(self) -> str:
        workers = f"{_number(self.workers, 'worker')} of {_number(self.threads, 'thread')} in all"
        return f"dask at {self.address}, {workers}"

    @property
    def state(self) -> str:
        """What is at work."""
        trials = sum(map(len, self._flight.values()))
        return f"{_number(self.workers, 'worker')}, {_number(trials, 'trial')} in flight"

    def measure(self, tasks: Iterator[Task], keep: Keep, tell: Callable[[], None]) -> None:
        """Measure all tasks, as many in flight as keep the workers busy.

        Raises
        ------
        EngineError : the scheduler is gone, a worker refuses, or workers are lost again and again.
        Exception : what an experiment raises.
        """
        waiting = groups(tasks)
        try:
            while True:
                while len(self._flight) < self._room and (group := next(waiting, None)) is not None:
                    self._submit(group)
                if not self._flight:
                    return
                self._take_in(self._done(tell), keep)
        finally:
            self._give_up()

    @property
    def _room(self) -> int:
        return AHEAD * max(1, self.threads)

    def _ask(self, call: Callable[..., Any], *given: Any, **options: Any) -> Any:
        """Ask something of the client.

        Raises
        ------
        EngineError : the scheduler is gone.
        """
        self._require_scheduler()
        try:
            return call(*given, **options)
        except (CancelledError, ConnectionError, TimeoutError) as error:
            raise self._gone() from error
        except OSError as error:
            from distributed.comm.core import CommClosedError

            if isinstance(error, CommClosedError) or self._client.status != "running":
                raise self._gone() from error
            raise  # of the experiment

    def _require_scheduler(self) -> None:
        # Once the connection was lost, its futures are too, whether or not it comes back.
        if self._client.status != "running":
            raise self._gone()

    def _gone(self) -> EngineError:
        return EngineError(
            f"the scheduler at {self.address} is gone: trials that were finished are kept; run again to go on"
        )

    def _submit(self, group: Sequence[Task]) -> None:
        work = {"work": worked(group, self._parcel(group[0]))}
        future = self._ask(self._client.submit, eval, COMPUTE, work, pure=False)
        self._flight[future] = group
        future.add_done_callback(self._finished.put)

    def _parcel(self, task: Task) -> Parcel | None:
        if task.network is None:
            return None
        experiment: Any = task.experiment
        name = task.network.digest, experiment.recipe.network
        if name not in self._parcels:
            self._parcels[name] = packed(task.network, experiment.recipe.network)
        return self._parcels[name]

    def _done(self, tell: Callable[[], None]) -> list[Any]:
        """Futures that are done, at least one."""
        done: list[Any] = []
        while not done:
            try:
                done = [self._finished.get(timeout=TICK)]
            except queue.Empty:
                tell()
            if time.monotonic() - self._looked > TICK:
                self.look()
        with suppress(queue.Empty):
            while True:
                done.append(self._finished.get_nowait())
        return [future for future in done if future in self._flight]  # others were given up

    def look(self) -> int:
        """Count the workers; returns how many."""
        threads = self._ask(self._client.nthreads)
        self.workers, self.threads = len(threads), sum(threads.values())
        self._looked = time.monotonic()
        return self.workers

    def _take_in(self, futures: Sequence[Any], keep: Keep) -> None:
        """Keep what is done."""
        # One that is lost, with the worker that held it, is computed again while it is waited for.
        failed = [future for future in futures if future.status in ("error", "cancelled")]
        there = [future for future in futures if future not in failed]
        for future, results in zip(there, self._ask(self._client.gather, there), strict=True):
            for task, result in zip(self._flight[future], _decoded(results), strict=True):
                keep(task, result)
            del self._flight[future]
        for future in failed:
            self._raise(future)

    def _raise(self, future: Any) -> None:
        """Raise why a future has no result."""
        from distributed.scheduler import KilledWorker

        task = self._flight[future][0]
        if future.status == "cancelled":
            raise self._gone()
        error = future.exception()
        if isinstance(error, KilledWorker):
            lost = error.allowed_failures + 1
            whose = "1 worker was lost while it" if lost == 1 else f"{lost} workers were lost one by one while they"
            logs = "its log says" if lost == 1 else "their logs say"
            raise EngineError(
                f"{whose} computed {task.experiment}, trial {task.trial}: {logs} why, such as memory"
            ) from None
        if isinstance(error, ImportError | PackageNotFoundError | AttributeError) and "support" in str(error):
            raise EngineError(f"a worker of {self.address} lacks the run's code: {error}") from None
        raise error

    def _give_up(self) -> None:
        """Cancel what is in flight, after an error or an interruption."""
        left, self._flight = list(self._flight), {}
        if left and self._client.status == "running":
            with suppress(CancelledError, OSError, RuntimeError):
                self._client.cancel(left)


def _connected(address: str) -> Any:
    from distributed import Client

    for name in logging.root.manager.loggerDict:
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what it has to say is said here, once
    try:
        return Client(address, security=_security(address), timeout=REACHED, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TypeError, ValueError, RuntimeError, ImportError) as error:
        why = str(error).strip().partition("\n")[0]
        raise EngineError(f"no scheduler can be reached at {address}: {why}") from error


def _security(address: str) -> Any:
    """Distributed's own configuration of TLS, with certificates that can be read where the address asks for them.

    Raises
    ------
    EngineError : there are none, or they cannot be read.
    """
    from distributed.security import Security

    security: Any = Security()  # type: ignore[no-untyped-call]
    if not address.startswith("tls:"):
        return security
    files = {"ca-file": security.tls_ca_file, "client.cert": security.tls_client_cert}
    if security.tls_client_key:  # it may stand in the certificate's file
        files["client.key"] = security.tls_client_key
    if missing := [name for name, file in files.items() if not file]:
        raise EngineError(
            f"no scheduler can be reached at {address} without a certificate in distributed.comm.tls: it lacks "
            f"{' and '.join(missing)}; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ..._CLIENT__CERT and ..._CLIENT__KEY"
        )
    try:
        security.get_connection_args("client")
    except OSError as error:
        named = ", ".join(f"{name} {file}" for name, file in files.items())
        why = error.strerror or error
        raise EngineError(
            f"no scheduler can be reached at {address}: distributed.comm.tls cannot be read ({named}): {why}"
        ) from error
    return security


def _decoded(results: bytes) -> list[Measured]:
    try:
        found = msgspec.msgpack.decode(results, type=list[Result])
        return [Measured(result.columns, result.making) for result in found]
    except msgspec.MsgspecError as error:
        raise EngineError(f"a worker's answer cannot be read: {error}") from error


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
