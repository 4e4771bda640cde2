"""Plain modules as members among others: draws, threads, divergence, interruptions; and networks as users have them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from support.training.draws import GeneratorStates
from support.training.ensemble import train
from support.training.member import Member
from support.training.modules import Networks
from support.training.recipe import Recipe
from tests.training.trained_modules import (
    AGREEMENT,
    CLASSES,
    FILE,
    SHAPE,
    N,
    alone,
    changed,
    data,
    initial,
    recipe,
    trained,
    unchanged,
)

# Members


def differing() -> list[Member]:
    return [
        unchanged(0),
        Member(1, *changed(7, 1), weight_decay=0.01),
        unchanged(2, input_noise=0.2),
        unchanged(3, excluded=torch.arange(7)),
        unchanged(4, clip_norm=0.1, learning_rate=0.002),
    ]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("network", ["mlp", "convolutional", "dropout"])
def test_other_members_and_threads_change_nothing(network: str) -> None:
    short = recipe(network, epochs=2, milestones=(), augmentation=True)
    threads = set()

    def note(done: int, total: int) -> None:  # noqa: ARG001 - the signature of a progress callback
        threads.add(threading.current_thread().name)
        assert torch.get_num_threads() == 1

    networks = trained(short, differing(), progress=note)
    assert threads
    assert torch.get_num_threads() == 2
    for index, member in enumerate(differing()):
        single = trained(short, [member])
        assert torch.equal(networks.parameters[index], single.parameters[0])
        assert torch.equal(networks.losses[index], single.losses[0])
        assert torch.equal(networks.logits(data()[0])[index], single.logits(data()[0])[0])
    torch.set_num_threads(1)
    assert torch.equal(networks.parameters, trained(short, differing()).parameters)


def test_every_member_draws_its_own_weights_and_drops_its_own_units() -> None:
    quick = recipe("dropout", epochs=1, milestones=())
    start = initial("dropout", 0).state_dict().values()
    row = torch.cat([part.flatten() for part in start])
    networks = trained(quick, [unchanged(0), unchanged(1), unchanged(1, start=row)])
    first, other, same_start = networks.parameters
    assert float(torch.corrcoef(torch.stack([first, other]))[0, 1]) < 0.5
    # From the same weights on, with other units dropped and another order of batches.
    assert float((first - same_start).abs().max()) > 100 * AGREEMENT
    # With none dropped it would be this.
    model = initial("dropout", 0)
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    assert abs(alone(quick, model, unchanged(0)) - float(networks.losses[0])) > 100 * AGREEMENT


@pytest.mark.parametrize("network", ["convolutional", "dropout"])
def test_what_training_leaves_as_it_was(network: str) -> None:
    images, random = data()[0].clone(), torch.random.get_rng_state()
    with torch.no_grad():
        networks = trained(recipe(network, epochs=1, milestones=()), differing())
    assert torch.equal(data()[0], images)
    assert torch.equal(torch.random.get_rng_state(), random)
    assert float(torch.tensor(1e-40) * 1) > 0
    assert all(not module.training for network in networks.networks for module in network.modules())
    assert all(parameter.grad is None for network in networks.networks for parameter in network.parameters())


def test_a_diverging_member_is_marked_and_the_others_go_on() -> None:
    given = recipe("convolutional", optimizer="sgd", epochs=2, milestones=())
    counts: list[tuple[int, int]] = []
    members = [unchanged(0), unchanged(1, learning_rate=1e38, weight_decay=1e3), unchanged(2)]
    networks = trained(given, members, progress=lambda *count: counts.append(count))
    assert networks.diverged == (False, True, False)
    assert networks.losses.isnan().tolist() == [False, True, False]
    assert bool(networks.parameters[1].isnan().all())
    logits = networks.logits(data()[0])
    assert logits.isnan().flatten(1).all(dim=1).tolist() == [False, True, False]
    assert not bool(logits[[0, 2]].isnan().any())
    assert torch.equal(networks.parameters[[0, 2]], trained(given, [members[0], members[2]]).parameters)
    assert counts[-1] == (6, 6)


class _Interrupted(BaseException):
    pass


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("network", ["mlp", "dropout"])
def test_an_interruption_stops_all_threads(network: str) -> None:
    counts: list[int] = []

    def interrupt(done: int, total: int) -> None:
        counts.append(done)
        if done == 3:
            raise _Interrupted(f"at {done} of {total}")

    with pytest.raises(_Interrupted, match="at 3 of 200000"):
        trained(recipe(network, epochs=50_000), differing()[:4], progress=interrupt)
    assert max(counts) < 1_000
    assert torch.get_num_threads() == 2
    # Nobody still holds the generator.
    trained(recipe("dropout", epochs=1, milestones=()), [unchanged()])


# Networks as users have them (tests/models/odd_networks.py)

ODD = FILE.parents[1] / "models" / "odd_networks.py"


def odd(network: str, **fields: Any) -> Recipe:
    return replace(recipe(None, **({"epochs": 2, "milestones": ()} | fields)), network=f"{ODD}:{network}")


@pytest.mark.parametrize("network", ["Lock", "SparseBuffer", "GraphKept", "TrainReturnsNothing", "Lazy", "Normalized"])
def test_a_module_that_cannot_be_copied_is_trained_and_handed_out(network: str) -> None:
    members = [unchanged(0), unchanged(1, learning_rate=1e38)]
    networks = trained(odd(network, optimizer="sgd"), members)
    assert networks.diverged == (False, True)
    for member in (0, 1):
        with torch.no_grad():
            answers = networks.module(member)(data()[0])
        torch.testing.assert_close(answers, networks.logits(data()[0])[member], rtol=0, atol=0, equal_nan=True)
    one, again = networks.module(0), networks.module(0)
    assert not {id(part) for part in one.modules()} & {id(part) for part in again.modules()}


def test_a_start_from_data_is_taken_from_the_training_images() -> None:
    """Not from what it was looked at with, and once only: what goes on from it does not start again."""
    whole, still = odd("StartedByData", batch=N, epochs=1), unchanged(0, learning_rate=1e-30)
    networks = trained(whole, [still])
    network, row = networks.module(0)[1], networks.parameters[0]
    images = data()[0].view(-1, *SHAPE).permute(0, 3, 1, 2)
    with torch.no_grad():
        hidden = network.get_submodule("first")(images.flatten(1)).relu()
    assert float(row[0]) == pytest.approx(float(hidden.mean()), rel=1e-5)  # the shift
    assert float(row[-1]) == 1  # it has started
    row[0] = 5.0
    assert trained(whole, [replace(still, start=row)]).parameters[0, [0, -1]].tolist() == [5.0, 1.0]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("network", ["NumpyDraws", "PythonDraws", "DropoutOfTorch", "draws_late"])
def test_what_draws_from_any_global_generator_is_the_same_again(network: str) -> None:
    given = recipe(network) if network == "draws_late" else odd(network)
    before = GeneratorStates.now()
    networks = trained(given, differing())
    assert GeneratorStates.now() == before or network == "draws_late"
    assert networks.architecture.draws
    for index, member in enumerate(differing()):
        assert torch.equal(networks.parameters[index], trained(given, [member]).parameters[0])


@pytest.mark.parametrize("shape", [SHAPE, (6, 10)], ids=["colour", "grey"])
def test_a_network_may_change_its_input(shape: tuple[int, ...]) -> None:
    images = data()[0].clone()
    networks = train(odd("ChangesItsInput"), *data(), CLASSES, [unchanged()], shape=shape)
    assert isinstance(networks, Networks)
    asked = images.clone()
    first = networks.logits(asked)
    with torch.no_grad():
        networks.module(0)(asked)
    assert torch.equal(asked, images)
    assert torch.equal(networks.logits(asked), first)
    assert torch.equal(data()[0], images)
