"""The empirical kernel against gradients taken one by one, and against kernels that are known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from examples.attention import factory as attention
from support.models.empirical_ntk import empirical_ntk
from support.models.networks import build
from support.training.modules import Unflatten

N, QUERIES, D, OUTPUTS = 5, 4, 12, 3
WIDTHS = (D, 7, 6, OUTPUTS)
# Sums of at most some thousand products in another order, in float64, relative to the largest entry.
ROUNDING = 1e-11
# Floats of the derivatives of one input of the fully connected network: of each layer what goes in, and the
# derivatives of one output in what comes out.
FLOATS = sum(a + b for a, b in pairwise(WIDTHS))


class Dense(nn.Module):
    """A linear layer that is no `nn.Linear`."""

    def __init__(self, like: nn.Linear) -> None:
        super().__init__()
        self.matrix, self.shift = nn.Parameter(like.weight.detach().clone()), nn.Parameter(like.bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.matrix.T + self.shift


class Twice(nn.Module):
    """A layer that is called twice, and one whose weights are also used without calling it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.repeated, self.last = nn.Linear(D, 6), nn.Linear(6, 6), nn.Linear(6, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.repeated(self.repeated(self.first(x)).tanh()).tanh()
        answer: Tensor = self.last(hidden) + linear(hidden**2, self.last.weight)
        return answer


class Tied(nn.Module):
    """Two layers that share their weights, as an encoder and a decoder may."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.again, self.last = nn.Linear(D, D), nn.Linear(D, D), nn.Linear(D, OUTPUTS)
        self.again.weight = self.into.weight

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.last(self.again(self.into(x).tanh()))
        return answer


class Shifting(nn.Module):
    """Changes its inputs in place before a known and an unknown layer, and has a parameter without dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.known = nn.Parameter(torch.tensor(1.5)), nn.Linear(D, 6)
        self.unknown = Dense(nn.Linear(6, OUTPUTS))

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.unknown(self.known(x.add_(1)).tanh() * self.scale)
        return answer


def fully_connected(*, inplace: bool = False, bias: bool = True) -> nn.Sequential:
    parts: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(WIDTHS):
        parts += [nn.Linear(before, after, bias=bias), nn.ReLU(inplace)]
    return nn.Sequential(*parts[:-1])


def opaque(network: nn.Sequential) -> nn.Sequential:
    """The same function, of layers that are not known."""
    return nn.Sequential(*(Dense(part) if isinstance(part, nn.Linear) else part for part in network))


def partly_frozen() -> nn.Sequential:
    network = fully_connected()
    first, second, third = (part for part in network if isinstance(part, nn.Linear))
    first.requires_grad_(False)
    second.weight.requires_grad_(False)
    third.bias.requires_grad_(False)
    return network


def convolutional() -> nn.Sequential:
    """Batch normalization that has seen something, in-place activations, a pool."""
    parts = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
    network = nn.Sequential(Unflatten((4, 3), channels_last=False), *parts, nn.Flatten(), nn.Linear(8, OUTPUTS))
    network(torch.randn(20, D))
    return network


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "fully connected": fully_connected,
    "in place": lambda: fully_connected(inplace=True),
    "without biases": lambda: fully_connected(bias=False),
    "one layer": lambda: nn.Linear(D, OUTPUTS),
    "partly frozen": partly_frozen,
    "of unknown layers": lambda: opaque(fully_connected()),
    "convolutional": convolutional,
    "layers used twice": Twice,
    "tied layers": Tied,
    "inputs changed in place": Shifting,
    "attention": lambda: nn.Sequential(Unflatten((4, 3), channels_last=False), attention((4, 3), OUTPUTS)),
}


def made(name: str) -> nn.Module:
    torch.manual_seed(3)
    return NETWORKS[name]().eval()


def drawn(n: int = N + QUERIES, d: int = D) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def gradients(network: nn.Module, inputs: Tensor, cotangent: Tensor) -> Tensor:
    """Gradient of Σ_c cotangent[i, c] f_c(z_i) for each input by itself, (n, p) float64."""
    network = deepcopy(network).double()
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    rows = []
    for row, weights in zip(inputs, cotangent, strict=True):
        slopes = torch.autograd.grad((network(row[None].clone())[0] * weights).sum(), trained)
        rows.append(torch.cat([slope.flatten() for slope in slopes]))
    return torch.stack(rows)


def output(place: int, n: int = N + QUERIES) -> Tensor:
    return torch.eye(OUTPUTS, dtype=torch.float64)[place].expand(n, -1)


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=ROUNDING * float(expected.abs().max()))


@pytest.mark.parametrize("name", NETWORKS)
def test_kernel_of_one_output_gradient_by_gradient(name: str) -> None:
    network, inputs = made(name), drawn()
    rows = gradients(network, inputs, output(1))
    close(empirical_ntk(network, inputs, N, cotangent=1), rows @ rows[:N].T)


@pytest.mark.parametrize("name", NETWORKS)
def test_trace_is_the_sum_over_outputs(name: str) -> None:
    network, inputs = made(name), drawn()
    expected = torch.zeros(len(inputs), N, dtype=torch.float64)
    for place in range(OUTPUTS):
        rows = gradients(network, inputs, output(place))
        expected += rows @ rows[:N].T
    close(empirical_ntk(network, inputs, N), expected)


@pytest.mark.parametrize("name", ["fully connected", "convolutional"])
def test_each_input_has_its_own_combination_of_outputs(name: str) -> None:
    network, inputs = made(name), drawn()
    weights = torch.randn(len(inputs), OUTPUTS, generator=torch.Generator().manual_seed(5))
    rows = gradients(network, inputs, weights)
    close(empirical_ntk(network, inputs, N, cotangent=weights), rows @ rows[:N].T)


def test_all_outputs_at_once_by_repeating_inputs() -> None:
    network, inputs = made("fully connected"), drawn(N)
    units = torch.eye(OUTPUTS).repeat(N, 1)
    blocks = empirical_ntk(network, inputs.repeat_interleave(OUTPUTS, 0), N * OUTPUTS, cotangent=units)
    own, other = (gradients(network, inputs, output(place, N)) for place in (0, 2))
    close(blocks[0::OUTPUTS, 2::OUTPUTS], own @ other.T)


def test_known_and_unknown_layers_have_one_kernel() -> None:
    known = fully_connected().eval()
    close(empirical_ntk(opaque(known), drawn(), N), empirical_ntk(known, drawn(), N))


@pytest.mark.parametrize("bias", [True, False])
def test_kernel_of_a_linear_network(bias: bool) -> None:
    inputs = drawn()
    expected = inputs @ inputs[:N].T + int(bias)
    close(empirical_ntk(nn.Linear(D, 1, bias=bias), inputs, N), expected)
    close(
        empirical_ntk(nn.Linear(D, 1, bias=bias), inputs.float(), N),
        (inputs.float().double() @ inputs.float()[:N].double().T) + int(bias),
    )


@pytest.mark.parametrize("held", [2, 3, 4, 9, 40])
@pytest.mark.parametrize("block", [1, 2, 100])
@pytest.mark.parametrize("columns", [1, N, N + QUERIES])
def test_memory_and_blocks_change_nothing(held: int, block: int, columns: int) -> None:
    network, inputs = made("fully connected"), drawn()
    rows = gradients(network, inputs, output(0))
    found = empirical_ntk(network, inputs, columns, cotangent=0, block=block, memory=8 * FLOATS * held)
    close(found, rows @ rows[:columns].T)


def test_samples_have_a_symmetric_kernel() -> None:
    network = made("convolutional")
    kernel = empirical_ntk(network, drawn(), N, memory=8 * OUTPUTS * 400)[:N]
    close(kernel, kernel.T)


def test_paper_a_convolutional_network_gradient_by_gradient() -> None:
    torch.manual_seed(0)
    inner = build("small CNN", (12, 12), OUTPUTS).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network, inputs = nn.Sequential(Unflatten((12, 12), channels_last=True), inner).eval(), drawn(6, 144)
    rows = gradients(network, inputs, output(2, 6))
    close(empirical_ntk(network, inputs, 3, cotangent=2), rows @ rows[:3].T)


@pytest.mark.parametrize("name", ["fully connected", "convolutional"])
def test_network_and_inputs_stay_as_they_were(name: str) -> None:
    network, inputs = made(name), drawn()
    state, before = deepcopy(network.state_dict()), inputs.clone()
    empirical_ntk(network, inputs, N)
    torch.testing.assert_close(network.state_dict(), state, rtol=0, atol=0)
    assert torch.equal(inputs, before)
    for part in network.modules():
        assert not part._forward_hooks
    assert all(parameter.grad is None and parameter.dtype == torch.float32 for parameter in network.parameters())


def test_gradients_are_taken_where_the_caller_takes_none() -> None:
    network, inputs = made("convolutional"), drawn()
    with torch.no_grad():
        found = empirical_ntk(network, inputs, N)
    close(found, empirical_ntk(network, inputs, N))


def test_hooks_on_parameters_are_no_part_of_the_kernel() -> None:
    network, inputs = made("fully connected"), drawn()
    before = empirical_ntk(network, inputs, N)
    for parameter in network.parameters():
        parameter.register_hook(lambda gradient: 2 * gradient)  # type: ignore[no-untyped-call]
    close(empirical_ntk(network, inputs, N), before)


class Answer(nn.Module):
    """Something that is done to the outputs of a layer."""

    def __init__(
        self, answer: Callable[[Tensor], object], layer: Callable[[nn.Linear], nn.Module] = lambda x: x
    ) -> None:
        super().__init__()
        self.layer, self.answer = layer(nn.Linear(D, OUTPUTS)), answer

    def forward(self, x: Tensor) -> object:
        return self.answer(self.layer(x))


def written_over(x: Tensor) -> Tensor:
    """In place, what the derivative needs."""
    raised = x.exp()
    return raised.mul_(raised)


def branching(x: Tensor) -> Tensor:
    return x if x.sum() > 0 else 2 * x


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Answer(lambda x: x.argmax(dim=1, keepdim=True)), "must answer with floating point.*int64"),
        (Answer(lambda x: x.detach()), "detached from all of them"),
        (Answer(written_over), "cannot be differentiated: RuntimeError.*inplace operation"),
        (Answer(branching, layer=Dense), "differentiated input by input: RuntimeError"),
        (Answer(lambda x: x - x.mean(dim=0)), "must answer each input by itself"),
        (Answer(lambda x: x / 0), "finite numbers"),
        (Answer(lambda x: x[:, 0]), r"must map \(2, 12\) to \(2, outputs\), got \(2,\)"),
        (Answer(lambda x: [x]), "got list"),
        (Answer(lambda x: x @ torch.ones(OUTPUTS, 1)), r"fails on inputs of shape \(2, 12\) in float64: RuntimeError"),
        (nn.Linear(D + 1, 1), r"fails on inputs of shape \(2, 12\)"),
        (nn.Flatten(), "must have a trainable parameter"),
        (nn.Linear(D, 1).requires_grad_(False), "must have a trainable parameter"),
        (nn.Sequential(nn.Linear(D, 4), nn.BatchNorm1d(4)).train(), "evaluation mode, got '1' in training mode"),
        (nn.Sequential(nn.Linear(D, 4), nn.Dropout()).train(), "evaluation mode, got '1' in training mode"),
        (nn.Sequential(nn.Linear(D, 4), nn.BatchNorm1d(4, track_running_stats=False)).eval(), "input by input"),
    ],
)  # fmt: skip
def test_networks_without_a_kernel(network: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        empirical_ntk(network, drawn(), N)


@pytest.mark.parametrize(
    ("inputs", "columns", "options", "message"),
    [
        (drawn()[0], 1, {}, r"inputs must be \(n, d\)"),
        (drawn().long(), 1, {}, "floating point.*int64"),
        (drawn() * torch.inf, 1, {}, "inputs must be finite"),
        (drawn(), 0, {}, r"columns must lie in 1\.\.9, got 0"),
        (drawn(), 10, {}, r"columns must lie in 1\.\.9, got 10"),
        (drawn(), N, {"block": 0}, "block must be at least 1, got 0"),
        (drawn(), N, {"cotangent": 3}, r"cotangent must lie in 0\.\.2, got 3"),
        (drawn(), N, {"cotangent": -1}, r"cotangent must lie in 0\.\.2, got -1"),
        (drawn(), N, {"cotangent": torch.ones(N, OUTPUTS)}, r"cotangent must be \(9, 3\).*got \(5, 3\)"),
        (drawn(), N, {"cotangent": 0, "memory": 16 * FLOATS - 1}, f"{16 * FLOATS:,} bytes.*got {16 * FLOATS - 1:,}"),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit(inputs: Tensor, columns: int, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        empirical_ntk(made("fully connected"), inputs, columns, **options)
