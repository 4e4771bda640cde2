"""The fixtures of claims: what a claim is asked with, its evidence, and who decides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from support.cluster.client import Cluster
from support.suite.machine import threads
from support.suite.settings import Settings, library
from support.suite.stash import CLUSTER, COMMIT, NETWORK, PROGRESS, RUN_NAME, SETTINGS
from support.suite.user_models import load_features, with_network

if TYPE_CHECKING:
    import numpy as np

    from support.cases import Judge
    from support.evidence.collect import Collector
    from support.evidence.engine import Engine
    from support.evidence.rows import Rows
    from support.experiments.experiment import Experiment
    from support.suite.looking import Evidence


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """The checked options."""
    return pytestconfig.stash[SETTINGS]


@pytest.fixture(scope="session")
def scale(settings: Settings) -> str:
    """``quick``, ``standard`` or ``paper``: the key into a claim module's sizes."""
    return settings.scale


@pytest.fixture
def size(request: pytest.FixtureRequest, scale: str) -> object:
    """What the claim module's table ``SIZES`` says for the run's scale."""
    return request.module.SIZES[scale]


@pytest.fixture(scope="session")
def seed(settings: Settings) -> int:
    """The suite's seed."""
    return settings.seed


@pytest.fixture
def judge() -> Judge:
    """Decides the case."""
    from support.cases import Judge

    return Judge()


@pytest.fixture(scope="session")
def feature_map(settings: Settings) -> Callable[[np.ndarray], np.ndarray]:
    """The user's feature map, from inputs (n, 784) to features (n, k), float64 arrays."""
    if settings.features is None:
        raise ValueError("there is no feature map without --features")
    return load_features(settings.features)


@pytest.fixture(scope="session")
def engine(settings: Settings, pytestconfig: pytest.Config) -> Iterator[Engine]:
    """Where trials are computed: here, or on a cluster, of which every worker of xdist is a client."""
    from support.evidence.engine import EngineError, Here

    if settings.engine is None or CLUSTER in pytestconfig.stash:
        yield pytestconfig.stash.get(CLUSTER, None) or Here()
        return
    try:
        cluster = Cluster(settings.engine)
    except EngineError as error:
        pytest.fail(str(error), pytrace=False)
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def collector(settings: Settings, pytestconfig: pytest.Config, engine: Engine) -> Collector:
    """Collects evidence for this worker's cases."""
    import torch

    from support.evidence.collect import Collector
    from support.evidence.proofs import Proofs
    from support.experiments.experiment import Context

    torch.set_num_threads(threads(pytestconfig))
    places = library(settings)
    return Collector(
        places,
        Context(settings.seed, settings.device, settings.data),
        network=pytestconfig.stash.get(NETWORK, None),
        recorded=settings.recorded,
        commit=pytestconfig.stash.get(COMMIT, None),
        proofs=Proofs.read(),
        engine=engine,
        rechecks=places.rechecks(),
        run=pytestconfig.stash.get(RUN_NAME, None),
        measured=pytestconfig.stash[PROGRESS].count if PROGRESS in pytestconfig.stash else None,
    )


@pytest.fixture(scope="session")
def collected() -> dict[tuple[Experiment, int], Rows]:
    """Rows that this worker has read and verified already: many cases ask for the same experiment."""
    return {}


@pytest.fixture
def evidence(
    settings: Settings,
    judge: Judge,
    request: pytest.FixtureRequest,
    collector: Collector,
    collected: dict[tuple[Experiment, int], Rows],
) -> Evidence:
    """``evidence(experiment)``: rows of the look's trials, from the evidence or measured now.

    Networks are the user's where there is one. Skips the case as *not run* where a dataset cannot be had; fails it in
    one sentence where evidence cannot be read or kept.
    """
    from support.data.datasets import NotAvailable
    from support.evidence.engine import EngineError
    from support.evidence.inputs import InputsChangedError
    from support.evidence.store import EvidenceDirectoryError
    from support.suite.looking import Evidence
    from support.suite.not_run import not_run

    def progress(what: str, done: int, total: int) -> None:
        if PROGRESS in request.config.stash:
            request.config.stash[PROGRESS].say(f"{request.node.name}: {what}, trial {done} of {total}")

    def collect(experiment: Experiment, trials: int, *, recorded: bool = False) -> Rows:
        if settings.model:
            experiment = with_network(experiment, settings.model)
        if (experiment, trials) not in collected:
            failure = None
            try:
                collected[experiment, trials] = collector.rows(experiment, trials, progress, recorded=recorded)
            except NotAvailable as error:
                not_run(str(error))
            except (EngineError, EvidenceDirectoryError, InputsChangedError) as error:
                failure = str(error)
            if failure is not None:  # outside, so that it is told once
                pytest.fail(failure, pytrace=False)
        return collected[experiment, trials]

    return Evidence(collect, judge)
