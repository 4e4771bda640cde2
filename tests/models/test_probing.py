"""What is asked of a network before it is trained: each kind of fault in one sentence, and odd ones that work."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from support.models import probing
from support.models.probing import Probed, probe
from tests.models import odd_networks, unfit_networks
from tests.models.odd_networks import FINE
from tests.models.unfit_networks import REFUSED

SHAPE, CLASSES = (5, 4, 3), 7
FILE = Path(odd_networks.__file__)

Make = Callable[[tuple[int, ...], int], nn.Module]


def name(make: Make) -> str:
    return make.__name__


@pytest.mark.parametrize("make", REFUSED, ids=name)
def test_an_unfit_network_is_refused_in_one_sentence(make: Make) -> None:
    specification = f"{unfit_networks.__file__}:{make.__name__}"
    for network, named in ((specification, specification), (make, make.__name__)):
        with pytest.raises(ValueError, match="network") as caught:
            probe(network, SHAPE, CLASSES)
        said = str(caught.value)
        assert re.match(f"network {re.escape(named)} {REFUSED[make]}", said), said
        assert "\n" not in said
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("make", FINE, ids=name)
def test_an_odd_network_works_and_is_remarked_on(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    by_file, by_function = probe(f"{FILE}:{make.__name__}", SHAPE, CLASSES), probe(make, SHAPE, CLASSES)
    for found in (by_file, by_function):
        assert len(found.remarks) == len(FINE[make]), found.remarks
        for remark, expected in zip(found.remarks, FINE[make], strict=True):
            assert re.match(expected, remark)
    assert by_file.weights == by_function.weights
    assert by_file.answers == by_function.answers
    assert len(by_file.answers) == 2 * 2 * CLASSES
    assert list(by_file.files) == [str(FILE)] == list(by_function.files)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "make",
    [
        odd_networks.NumpyDraws,
        odd_networks.PythonDraws,
        odd_networks.SeedsWhenCalled,
    ],
    ids=name,
)
def test_the_process_is_left_as_it_was(make: Make) -> None:
    def states() -> tuple[object, ...]:
        numpys = repr(np.random.get_state(legacy=True))  # noqa: NPY002
        return torch.get_rng_state().tolist(), numpys, random.getstate(), torch.get_num_threads()

    with torch.random.fork_rng([]):
        torch.manual_seed(20)  # where no network here would leave it
        before = states()
        probe(make, SHAPE, CLASSES)
        assert states() == before


def test_any_shape_and_number_of_classes() -> None:
    def make(shape: tuple[int, ...], classes: int) -> nn.Module:
        return odd_networks.Net(shape, classes)

    for shape, classes in (((28, 28), 10), ((1, 9), 2), ((8, 8, 1), 300), ((3, 4, 5), 3)):
        assert len(probe(make, shape, classes).answers) == 2 * 2 * classes


def test_answers_and_weights_tell_networks_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    scale = 1.0

    class Scaled(odd_networks.Net):
        def between(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden * scale

    def asked() -> Probed:
        return probe(Scaled, SHAPE, CLASSES)

    first, again = asked(), asked()
    assert first == again
    scale = 1.5
    other = asked()
    assert (other.weights, other.representation) == (first.weights, first.representation)
    assert other.answers != first.answers
    monkeypatch.setattr(odd_networks, "WIDTH", 17)
    assert asked().weights != first.weights


def test_a_repr_that_changes_from_one_to_the_next_is_no_part_of_it() -> None:
    class Addressed(odd_networks.Net):
        def extra_repr(self) -> str:
            return f"at {hex(id(self))}"

    class Numbered(odd_networks.Net):
        made_so_far = 0

        def made(self) -> None:
            Numbered.made_so_far += 1
            self.number = Numbered.made_so_far

        def extra_repr(self) -> str:
            return str(self.number)

    assert probe(Addressed, SHAPE, CLASSES).representation == probe(Addressed, SHAPE, CLASSES).representation
    assert "at 0x" in str(probe(Addressed, SHAPE, CLASSES).representation)
    assert probe(Numbered, SHAPE, CLASSES).representation is None


def test_an_interruption_is_none_of_the_networks() -> None:
    class Interrupted(odd_networks.Net):
        def between(self, _hidden: torch.Tensor) -> torch.Tensor:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probe(Interrupted, SHAPE, CLASSES)


def test_what_is_asked_is_asked_soon() -> None:
    """A network of the size of paper B's, in processor time of this thread: another process may be busy."""

    def mlp(_shape: tuple[int, ...], classes: int) -> nn.Module:
        layers = [part for width in (784, 256, 256) for part in (nn.Linear(width, 256), nn.ReLU())]
        return nn.Sequential(nn.Flatten(), *layers, nn.Linear(256, classes))

    probe(mlp, (28, 28), 10)
    started = time.thread_time()
    probe(mlp, (28, 28), 10)
    assert time.thread_time() - started < 2


def test_what_is_trained_was_never_called() -> None:
    calls: list[int] = []

    class Counted(odd_networks.Net):
        def made(self) -> None:
            self.calls = 0

        def between(self, hidden: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            calls.append(self.calls)
            return hidden

    from support.models.factories import made

    assert made(Counted, SHAPE, CLASSES).calls == 0
    assert calls == []
    probe(Counted, SHAPE, CLASSES)
    assert calls


def test_tolerance_is_of_rounding() -> None:
    """Convolutions sum in another order for each size of a batch; a tenth of a percent is no rounding."""

    class Nearly(odd_networks.Net):
        size = 1e-6

        def between(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden * (1 + self.size * len(hidden))

    probe(Nearly, SHAPE, CLASSES)
    Nearly.size = 10 * probing.TOLERANCE
    with pytest.raises(ValueError, match="answers an image otherwise with fewer other images in its batch"):
        probe(Nearly, SHAPE, CLASSES)
