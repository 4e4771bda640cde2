"""Members that are plain modules: against the stack, against a plain loop, and as members among others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from support.models.factories import load_factory
from support.randomness import stream
from support.training.draws import GeneratorStates, augmentation, batch_order, noise_generator
from support.training.ensemble import Trained, train
from support.training.member import Member
from support.training.modules import Networks, Unflatten
from support.training.recipe import Recipe
from support.training.stack import initial_parameters

FILE = Path(__file__).with_name("small_networks.py")

# Weights are of order one; single precision, other orders of summation, and some thirty steps that amplify both.
AGREEMENT = 1e-5

# The last batch of an epoch holds 11 of them, and 1 of those that "leaves one" sees.
N, CLASSES = 203, 4
SHAPE = (4, 5, 3)
D = 60

Optimizer = Literal["adam", "sgd"]
RATES: dict[Optimizer, float] = {"adam": 0.01, "sgd": 0.05}


def recipe(network: str | None, **fields: Any) -> Recipe:
    given: dict[str, Any] = {"hidden": (16, 8), "batch": 32, "epochs": 4, "milestones": (2, 3)} | fields
    return Recipe(**given, network=network and f"{FILE}:{network}")


@cache
def data() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(N, D, generator=generator)
    return images, (images @ torch.rand(D, CLASSES, generator=generator)).argmax(dim=1)


def changed(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Rows, and other pixels for them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(N, generator=generator)[:count], torch.rand(count, D, generator=generator)


def unchanged(seed: int = 0, **fields: Any) -> Member:
    return Member(seed, *changed(0, 0), **fields)


MEMBERS = {
    "plain": unchanged(0),
    "changed rows": Member(1, *changed(40, 1)),
    "weight decay": Member(0, *changed(40, 1), weight_decay=0.05),
    "input noise": Member(0, *changed(40, 1), input_noise=0.3),
    "clipped norm": Member(0, *changed(40, 1), clip_norm=0.05),
    "clipped values": Member(0, *changed(40, 1), clip_value=0.003),
    "without examples": Member(0, *changed(40, 1), excluded=torch.arange(3, 60)),
    "leaves one": Member(0, *changed(40, 1), excluded=torch.arange(10)),
    "everything": Member(4, *changed(40, 1), learning_rate=0.02, weight_decay=0.01, input_noise=0.1, clip_norm=0.1),
}


def given(name: str, optimizer: Optimizer) -> Member:
    member = MEMBERS[name]
    return replace(member, learning_rate=member.learning_rate * RATES[optimizer] / 0.01)


def trained(given: Recipe, members: list[Member], **fields: Any) -> Networks:
    networks: Trained = train(given, *data(), CLASSES, members, shape=SHAPE, **fields)
    assert isinstance(networks, Networks)
    return networks


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


# Against the stack, and against a plain loop


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_fully_connected_module_is_what_the_stack_trains(optimizer: Optimizer) -> None:
    by_stack = recipe(None, optimizer=optimizer)
    members = [
        replace(given(name, optimizer), start=initial_parameters(by_stack, D, CLASSES, number))
        for number, name in enumerate(MEMBERS)
    ]
    # Images of one channel: their entries have the same order in a row and in the module.
    expected = train(by_stack, *data(), CLASSES, members)
    found = train(recipe("mlp", optimizer=optimizer), *data(), CLASSES, members, shape=(6, 10))
    difference = (found.parameters - expected.parameters).abs().amax(dim=1)
    assert float(difference.max()) < AGREEMENT, dict(zip(MEMBERS, difference.tolist(), strict=True))
    assert found.losses.tolist() == pytest.approx(expected.losses.tolist(), abs=AGREEMENT)
    assert not any(found.diverged)


def initial(network: str, seed: int) -> nn.Module:
    """The module as its own initialisation makes it from the member's stream."""
    with torch.random.fork_rng([]):
        torch.manual_seed(int(stream(seed, 0, "initial network").integers(2**63)))
        return load_factory(f"{FILE}:{network}")(SHAPE, CLASSES)


def alone(given: Recipe, model: nn.Module, member: Member) -> float:
    """Train with torch.optim and a DataLoader over images (c, h, w); the mean training loss over the last epoch."""
    images, labels = data()
    images = images.clone()
    images[torch.as_tensor(member.rows)] = torch.as_tensor(member.pixels)
    images = images.reshape(N, *SHAPE)
    rate, decay = member.learning_rate, member.weight_decay
    own = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer: torch.optim.Optimizer
    if given.optimizer == "adam":
        optimizer = torch.optim.Adam(own, lr=rate, weight_decay=decay)
    else:
        optimizer = torch.optim.SGD(own, lr=rate, weight_decay=decay, momentum=given.momentum)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, list(given.milestones), given.decay)
    noise = noise_generator(member.seed, "cpu")
    unseen = set() if member.excluded is None else set(member.excluded.tolist())
    normalizes = any(isinstance(part, nn.BatchNorm2d) for part in model.modules())
    model.train()
    losses: list[float] = []
    for epoch in range(given.epochs):
        order = [row for row in batch_order(N, member.seed, epoch).tolist() if row not in unseen]
        shown = images.clone()
        if given.augmentation:
            for row, (down, right, flipped) in enumerate(augmentation(N, member.seed, epoch).tolist()):
                padded = np.pad(images[row].numpy(), ((4, 4), (4, 4), (0, 0)))
                window = padded[down : down + SHAPE[0], right : right + SHAPE[1]]
                shown[row] = torch.from_numpy((window[:, ::-1] if flipped else window).copy())
        losses = []
        for inputs, targets in DataLoader(TensorDataset(shown, labels), given.batch, sampler=order):
            if normalizes and len(inputs) == 1:
                continue
            if member.input_noise:
                drawn = torch.randn((len(inputs), D), generator=noise).reshape(inputs.shape)
                inputs = inputs + member.input_noise * drawn
            loss = nn.functional.cross_entropy(model(inputs.permute(0, 3, 1, 2).contiguous()), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if member.clip_norm is not None:
                nn.utils.clip_grad_norm_(own, member.clip_norm)
            if member.clip_value is not None:
                nn.utils.clip_grad_value_(own, member.clip_value)
            optimizer.step()
            losses += [loss.item()] * len(targets)
        schedule.step()
    return sum(losses) / len(losses)


def require_same(networks: Networks, index: int, model: nn.Module, loss: float) -> None:
    found = dict(networks.module(index)[1].state_dict())
    difference = {
        key: float((found.pop(key) - value).abs().double().max()) for key, value in model.state_dict().items()
    }
    assert not found
    assert max(difference.values()) < AGREEMENT, difference
    assert float(networks.losses[index]) == pytest.approx(loss, abs=AGREEMENT)
    assert not networks.diverged[index]


@cache
def together(optimizer: Optimizer) -> Networks:
    return trained(recipe("convolutional", optimizer=optimizer), [given(name, optimizer) for name in MEMBERS])


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("name", MEMBERS)
def test_member_is_what_it_is_alone(name: str, optimizer: Optimizer) -> None:
    """Colour images, a convolution and batch normalization, running statistics included."""
    member, model = given(name, optimizer), initial("convolutional", MEMBERS[name].seed)
    loss = alone(recipe("convolutional", optimizer=optimizer), model, member)
    require_same(together(optimizer), list(MEMBERS).index(name), model, loss)


@pytest.mark.parametrize("name", ["plain", "everything"])
def test_augmented_member_is_what_it_is_alone(name: str) -> None:
    augmenting = recipe("convolutional", augmentation=True)
    model = initial("convolutional", MEMBERS[name].seed)
    loss = alone(augmenting, model, MEMBERS[name])
    require_same(trained(augmenting, [MEMBERS[name]]), 0, model, loss)


def test_training_goes_on_from_parameters_and_running_statistics() -> None:
    first, again = trained(recipe("convolutional"), [unchanged(0)]), recipe("convolutional", epochs=1, milestones=())
    model = first.module(0)[1]
    member = unchanged(5, start=first.parameters[0])
    loss = alone(again, model, member)
    found = dict(trained(again, [member]).module(0)[1].state_dict())
    # The counter starts anew.
    assert int(found.pop("1.num_batches_tracked")) == -(-N // 32)
    difference = {key: float((value - model.state_dict()[key]).abs().max()) for key, value in found.items()}
    assert max(difference.values()) < AGREEMENT, difference
    assert loss < float(first.losses[0])


def test_what_is_not_trained_stays_as_drawn() -> None:
    networks = trained(recipe("partly_frozen"), [unchanged(2, weight_decay=0.1)])
    model = initial("partly_frozen", 2)
    frozen = model.get_parameter("1.weight").clone()
    require_same(networks, 0, model, alone(recipe("partly_frozen"), model, unchanged(2, weight_decay=0.1)))
    assert torch.equal(networks.module(0)[1].get_parameter("1.weight"), frozen)


# Images


@pytest.mark.parametrize("channels_last", [False, True])
def test_rows_become_images(channels_last: bool) -> None:
    """CIFAR-10's order: the second image, third row, fourth column, blue."""
    rows = torch.arange(2 * D).float().reshape(2, D)
    images = Unflatten(SHAPE, channels_last=channels_last)(rows)
    assert images.shape == (2, 3, 4, 5)
    assert float(images[1, 2, 2, 3]) == D + (2 * 5 + 3) * 3 + 2
    assert images.is_contiguous() is not channels_last
    grey = Unflatten((6, 10), channels_last=channels_last)(rows)
    assert torch.equal(grey, rows.reshape(2, 1, 6, 10))


def test_changed_pixels_arrive_in_their_channels() -> None:
    """A blue dot in the corner of all images, one batch: what the module has seen last."""
    rows, pixels = torch.arange(N), torch.zeros(N, *SHAPE)
    pixels[:, 0, 1, 2] = 1
    one = recipe("recorded", batch=N, epochs=1, milestones=())
    seen = trained(one, [Member(0, rows, pixels.reshape(N, D))]).module(0)[1].get_buffer("first")
    assert seen.nonzero().tolist() == [[2, 0, 1]]


def test_augmentation_is_felt_and_has_its_own_stream() -> None:
    with_crops, without = (recipe("mlp", augmentation=augmentation) for augmentation in (True, False))
    first, again = (trained(with_crops, [unchanged(0)]).parameters for _ in range(2))
    assert torch.equal(first, again)
    assert float((first - trained(without, [unchanged(0)]).parameters).abs().max()) > 100 * AGREEMENT


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


# What is trained


def test_logits_are_those_of_the_modules() -> None:
    networks, images = together("sgd"), data()[0]
    own = torch.stack([images.roll(member, dims=1) for member in range(len(MEMBERS))])
    for block in (7, 1024):
        shared_logits, own_logits = networks.logits(images, block=block), networks.logits(own, block=block)
        assert shared_logits.shape == own_logits.shape == (len(MEMBERS), N, CLASSES)
        assert not shared_logits.requires_grad
        for member in range(len(MEMBERS)):
            module = networks.module(member)
            for found, inputs in ((shared_logits, images), (own_logits, own[member])):
                torch.testing.assert_close(found[member], module(inputs).detach(), rtol=0, atol=AGREEMENT)


def test_a_module_has_weights_of_its_own() -> None:
    networks = together("sgd")
    before = networks.parameters.clone()
    module = networks.module(1)
    assert not module.training
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert torch.equal(networks.parameters, before)
    assert all(parameter.requires_grad for parameter in module.parameters())


@pytest.mark.parametrize("name", ["small MLP", "CNN", "ResNet20"])
def test_networks_by_name(name: str) -> None:
    """Grey images; memory in the other order changes rounding only."""
    images = torch.rand(20, 256, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(20) % 3
    named = Recipe(network=name, batch=10, epochs=1, milestones=())
    members = [Member(seed, labels[:0], images[:0], learning_rate=1e-3) for seed in (0, 1)]
    networks = train(named, images, labels, 3, members, shape=(16, 16))
    assert networks.logits(images).shape == (2, 20, 3)
    assert not any(networks.diverged)
    assert torch.equal(
        networks.parameters[1], train(named, images, labels, 3, members[1:], shape=(16, 16)).parameters[0]
    )


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


# Bad input


@pytest.mark.parametrize(
    ("network", "change", "message"),
    [
        ("mlp", {"shape": None}, r"shape must be given for .*small_networks.py:mlp, whose inputs are images"),
        ("mlp", {"shape": (4, 5)}, r"shape must be \(h, w\) or \(h, w, c\) with 60 entries, got \(4, 5\)"),
        ("mlp", {"shape": (60,)}, "shape must be"),
        (None, {"shape": (4, 5)}, "shape must be"),
        ("absent", {}, "absent does not import"),
        ("other_classes", {}, r"must map a \(2, 3, 4, 5\) batch to \(2, 4\) logits, got \(2, 5\)"),
        (
            "convolutional",
            {"batch": 1},
            r"batch must be at least 2 for batch normalization \(.*:convolutional\), got 1",
        ),
        (
            "convolutional",
            {"members": [unchanged(), unchanged(excluded=torch.arange(N - 1))]},
            "member 1: batch normalization needs at least 2 training rows, got 1",
        ),
        (
            "mlp",
            {"members": [unchanged(start=torch.zeros(9))]},
            r"member 0: start must have shape \(1148,\), got \(9,\)",
        ),
    ],
)
def test_bad_input_is_refused_before_training(network: str | None, change: dict[str, Any], message: str) -> None:
    epochs: list[int] = []
    fields: dict[str, Any] = {"shape": SHAPE, "members": [unchanged()], "batch": 32} | change
    with pytest.raises(ValueError, match=message):
        train(
            recipe(network, batch=fields["batch"]),
            *data(),
            CLASSES,
            fields["members"],
            shape=fields["shape"],
            progress=lambda done, _: epochs.append(done),
        )
    assert not epochs


@pytest.mark.parametrize("shape", [(3, 9), (D,), (4, 3, D), (1, len(MEMBERS), 3, D)])
def test_logits_refuse_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"inputs must have shape \(n, 60\) or \(9, n, 60\), got"):
        together("sgd").logits(torch.zeros(shape))
