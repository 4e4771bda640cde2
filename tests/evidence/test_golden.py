"""A tiny trial of each kind: does today's code still give the numbers that published evidence rests on?"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from support.data import datasets
from support.evidence.entries import Entry
from support.evidence.keys import origin_of
from support.evidence.kinds import KINDS, arm_of, experiment_of
from support.evidence.proofs import Proofs
from support.evidence.proving import difference, made_elsewhere
from support.evidence.store import Store
from support.experiments.experiment import Context
from tests.evidence.golden import EXPERIMENTS, SEED, STORE

PROVE = "python -m support.evidence prove tests/evidence/golden"
# On another kind of machine rounding differs, and one of 50 test images may change sides.
ELSEWHERE = 0.05


def golden() -> dict[str, list[Entry]]:
    """Golden entries by kind of experiment."""
    store = Store(STORE, writable=False)
    found: dict[str, list[Entry]] = {}
    for key in store.keys():  # noqa: SIM118 - a store is no dictionary
        entry = store.read(key)
        assert entry is not None
        found.setdefault(entry.manifest.origin.experiment, []).append(entry)
    return found


GOLDEN = golden()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Numbers were made in one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def require_data(*kinds: str) -> None:
    """Skip where datasets of these kinds' golden trials are not on this machine."""
    needed = {name for kind in kinds for entry in GOLDEN[kind] for name in entry.manifest.origin.datasets}
    if missing := [name for name in sorted(needed) if datasets.find(name) is None]:
        pytest.skip(f"{', '.join(missing)} is not on this machine: python -m support.data {' '.join(missing)}")


def test_every_kind_of_experiment_has_a_golden_trial() -> None:
    assert set(GOLDEN) == set(KINDS)
    assert len({entry.manifest.origin.kind for entries in GOLDEN.values() for entry in entries}) == sum(
        len(experiment.arms) for experiment in EXPERIMENTS.values()
    )


@pytest.mark.parametrize("kind", sorted(KINDS), ids=lambda kind: kind.rpartition(".")[2])
def test_the_numbers_are_the_same_and_evidence_of_earlier_code_can_be_found(kind: str) -> None:
    require_data(kind)
    proofs, unproven = Proofs.read(), []
    for entry in GOLDEN[kind]:
        origin = entry.manifest.origin
        arm = arm_of(origin)
        experiment = experiment_of(origin, [arm])
        context = Context(SEED)
        (columns,) = experiment.measure([arm], 0, context)
        promise = ELSEWHERE if made_elsewhere(entry.manifest) else experiment.promise
        changed = difference(entry.columns, columns, promise)
        assert changed is None, (
            f"evidence of {kind} is stale: this code gives other numbers ({changed}). If they are meant to change, "
            "make the golden trials anew with python -m tests.evidence.golden, and say so in the changelog"
        )
        today = origin_of(experiment, context)
        if today.sources not in proofs.identities(origin.kind, origin.sources):
            unproven.append(origin.kind)
    assert not unproven, (
        f"the code behind {kind} has changed and gives the same numbers: record that, so that its evidence can still "
        f"be found, with {PROVE}"
    )


@pytest.mark.parametrize("kind", sorted(KINDS), ids=lambda kind: kind.rpartition(".")[2])
def test_what_trains_networks_is_promised_on_one_kind_of_machine_alone(kind: str) -> None:
    assert KINDS[kind].portable == all(field.name != "recipe" for field in fields(KINDS[kind]))


# Two processors that OpenBLAS has code of its own for, and that every x86 machine of today can run.
@pytest.mark.long("measures all golden trials again, in a process of its own")
@pytest.mark.parametrize("processor", ["Nehalem", "Haswell"])
def test_the_numbers_are_the_same_whichever_processor_linear_algebra_takes_this_one_for(processor: str) -> None:
    require_data(*KINDS)
    libraries = {each["internal_api"] for each in threadpool_info()}
    if platform.machine() != "x86_64" or "openblas" not in libraries:
        pytest.skip("these are x86 processors, as OpenBLAS names them")
    root, environment = Path(__file__).parents[2], os.environ | {"OPENBLAS_CORETYPE": processor}
    taken = "import numpy, threadpoolctl; print([each.get('architecture') for each in threadpoolctl.threadpool_info()])"

    def said(*command: str) -> str:
        done = subprocess.run(  # noqa: S603 - this project's own tests
            [sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    assert processor in said("-c", taken)
    name = test_the_numbers_are_the_same_and_evidence_of_earlier_code_can_be_found.__name__
    end = said("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", f"{__file__}::{name}").splitlines()[-1]
    assert end.startswith(f"{len(KINDS)} passed in ")
