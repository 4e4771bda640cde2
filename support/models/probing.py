"""What a network that somebody brings must do, asked of throw-away instances before anything is trained.

What is found out here is what training and evidence rest on: that answers are a function of the image and of what
`support.training.modules.row_of` says of the network, and that training is a function of the seed. Networks are put
into images and steps as `support.training.modules` puts them.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from itertools import chain, combinations
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from support.models.architectures import ARCHITECTURES
from support.models.factories import Factory, UserFunction, load_factory, made, name_of
from support.models.identity import representation, shared_part, weights_digest
from support.models.user_code import ProcessSettings, UserCodeError, heard, said, users_code
from support.randomness import stream
from support.training.draws import GeneratorStates, generators_kept, global_generator
from support.training.modules import Unflatten, as_rows, row_of, set_row
from support.training.optimizers import optimizer
from support.training.recipe import Recipe

# Images of a batch and of another one; single precision sums in another order for each size of a batch.
IMAGES, OTHERS = 6, 4
TOLERANCE = 1e-4
# Images whose answers are kept.
KEPT = 2
RECIPE, LEARNING_RATE = Recipe(), 0.01


@dataclass(frozen=True)
class Probed:
    """What a network is, as far as this process can see.

    Attributes
    ----------
    weights : SHA-256 of the initial parameters and buffers.
    representation : its `repr`, without addresses; None where that is another one for each instance.
    answers : logits of two images in training mode, then in evaluation mode, to six digits.
    files : SHA-256 of the files that made it (`support.models.user_modules.UserModule`).
    remarks : what whoever reads the results should know, a sentence each.
    """

    weights: str
    representation: str | None
    answers: tuple[float, ...]
    files: dict[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def probe(network: str | Factory, shape: tuple[int, ...], classes: int) -> Probed:
    """Ask a network of a specification or a factory all that is asked of it; the instances are thrown away.

    Parameters
    ----------
    shape : of an image, (h, w) or (h, w, c).
    classes : at least 2.

    Raises
    ------
    ValueError : it is unfit, in one sentence that ends with the last line of the user's own code where there is one.
    """
    remarks: dict[str, None] = {}
    settings = ProcessSettings.now()
    with heard(remarks), torch.enable_grad():
        try:
            torch.set_num_threads(1)  # threads that share steps of a few images wait for each other
            by_name = isinstance(network, str) and network in ARCHITECTURES
            factory = load_factory(network) if isinstance(network, str) and not by_name else network
            before = set(sys.modules)
            probed = _Probe(network, shape, classes, remarks).run()
            if isinstance(factory, UserFunction):
                factory.module.note_modules(set(sys.modules) - before)  # imported when it was called
            return replace(probed, files=_files(factory), remarks=tuple(remarks))
        finally:
            settings.restore()


class _Answered(NamedTuple):
    """Logits (b, classes), and where the global generators stood before and after."""

    logits: Tensor
    before: GeneratorStates
    after: GeneratorStates

    @property
    def drew(self) -> bool:
        """Whether random numbers were drawn."""
        return self.before != self.after

    def seeds(self, other: _Answered) -> bool:
        """Whether a generator stands where it stood after another call, which began elsewhere."""
        states = zip(*map(astuple, (self.before, self.after, other.before, other.after)), strict=True)
        return any(start != end and start != began and end == ended for start, end, began, ended in states)


class _Probe:
    """One network that is asked."""

    def __init__(self, network: str | Factory, shape: tuple[int, ...], classes: int, remarks: dict[str, None]) -> None:
        self.network, self.shape, self.classes = network, shape, classes
        self.name, self.remarks = f"network {name_of(network)}", remarks
        drawn = stream(0, 0, "probe").random((IMAGES + OTHERS + IMAGES, *shape), dtype="float32")
        rows = torch.from_numpy(drawn).flatten(1)
        self.images, self.others, self.same_size = torch.split(rows, [IMAGES, OTHERS, IMAGES])

    def run(self) -> Probed:
        """Ask everything; each instance is used for one question, and given up after it."""
        spare, first, second = (self._new() for _ in range(3))  # the first of all may import something yet
        other = self._new(seed=1)
        self._require_apart(spare, first, second, other)
        weights = self._require_seeded(first, second, other)
        with users_code(f"{self.name} has no repr"):
            text = representation(first[1], second[1])
        # As training begins: a layer that starts from its first batch starts here.
        in_training = self._answers(first, self.images, training=True, draw=0)
        self._require_finite(in_training.logits, "training")
        self._look_for_seeding(spare, in_training)
        trained = in_training.logits.detach()
        del spare, in_training
        evaluated = self._require_function(first)
        row = row_of(first)
        self._require_described(other, row, evaluated)
        del other
        self._require_nothing_kept(first, row, evaluated)
        del first, row
        self._require_repeated_training(second)
        self._look_at_probabilities(trained, evaluated)
        kept = torch.cat([trained[:KEPT], evaluated[:KEPT]]).flatten()
        return Probed(weights, text, tuple(float(f"{value:.6g}") for value in kept.tolist()))

    # ------------------------------------------------------------------------------------------ instances

    def _new(self, seed: int = 0) -> nn.Sequential:
        """A new instance as it is trained, of flattened images."""
        with global_generator(seed, "own network"):
            network = made(self.network, self.shape, self.classes)
        return nn.Sequential(Unflatten(self.shape, channels_last=False), network)

    def _require_apart(self, *instances: nn.Sequential) -> None:
        for one, another in combinations(instances, 2):
            if part := shared_part(one[1], another[1]):
                raise ValueError(
                    f"{self.name} must make a network of its own each time it is called: two of them share {part}"
                )

    def _require_seeded(self, one: nn.Sequential, alike: nn.Sequential, other: nn.Sequential) -> str:
        """The digest of the initial weights."""
        digest = weights_digest(one[1])
        if weights_digest(alike[1]) != digest:
            raise ValueError(
                f"{self.name} must draw its weights from a global generator of torch, NumPy or Python's random: "
                "two from one seed differ"
            )
        if weights_digest(other[1]) == digest:
            self.remarks["its weights do not change with the seed: every network starts alike"] = None
        return digest

    # --------------------------------------------------------------------------------------------- calls

    @contextmanager
    def _called(self, doing: str) -> Iterator[None]:
        """Run the network's own code: it must leave settings of the process as they are."""
        settings = ProcessSettings.now()
        try:
            with users_code(f"{self.name} {doing}"):
                yield
        finally:
            changed = settings.restore()
        if changed:
            raise ValueError(f"{self.name} changes {changed} when it is called")

    def _answers(self, network: nn.Sequential, rows: Tensor, *, training: bool, draw: int) -> _Answered:
        """Logits of rows (b, d), in a mode; random numbers are of the stream with this number."""
        mode = "training" if training else "evaluation"
        height, width, channels = (*self.shape, 1)[:3]
        batch = (len(rows), channels, height, width)
        names = _names(network)
        with self._called(f"fails on a {batch} batch in {mode} mode"), global_generator(draw, "drawn in training"):
            network.train(training)
            before = GeneratorStates.now()
            with torch.set_grad_enabled(training):
                logits: Any = network(rows)
            after = GeneratorStates.now()
        self._require_logits(logits, batch, mode)
        if names != _names(network):
            new = min(set(_names(network)) ^ set(names)).removeprefix("1.")
            raise ValueError(
                f"{self.name} makes or drops {new} when it is called, which training would not know: make its "
                "parameters and buffers in the constructor, or of lazy layers such as torch.nn.LazyLinear"
            )
        # A copy: an answer may be a view of a parameter, which is put back in place afterwards.
        return _Answered(logits if training else logits.clone(), before, after)

    def _require_logits(self, logits: Any, batch: tuple[int, ...], mode: str) -> None:
        expected = (batch[0], self.classes)
        if not isinstance(logits, Tensor) or logits.shape != expected:
            got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(f"{self.name} must map a {batch} batch to {expected} logits in {mode} mode, got {got}")
        if logits.dtype != torch.float32:
            raise ValueError(f"{self.name} must answer with torch.float32 logits in {mode} mode, got {logits.dtype}")

    def _evaluated(self, network: nn.Sequential, rows: Tensor, *, draw: int = 0) -> _Answered:
        """Answers in evaluation mode; a batch that fails though a new instance takes it fails for what came before."""
        try:
            return self._answers(network, rows, training=False, draw=draw)
        except UserCodeError as error:
            if error.__cause__ is None or not self._new_one_takes(rows):
                raise
            raise ValueError(
                f"{self.name} keeps something of earlier batches: it fails on {len(rows)} images after others, and a "
                f"new one does not: {said(error.__cause__)}"
            ) from error

    def _new_one_takes(self, rows: Tensor) -> bool:
        try:
            self._answers(self._new(), rows, training=False, draw=0)
        except ValueError:
            return False
        return True

    # ------------------------------------------------------------------------------------------- evaluation

    def _require_function(self, network: nn.Sequential) -> Tensor:
        """The answers in evaluation mode, which must be a function of each image."""
        images = self.images
        logits = self._evaluated(network, images).logits
        self._require_finite(logits, "evaluation")
        again = self._evaluated(network, images, draw=1)
        if self._differ(again.logits, logits):
            drew = "it draws random numbers there, as dropout does that does not know the mode"
            why = drew if again.drew else "it keeps something of earlier calls, or draws from a generator of its own"
            raise ValueError(f"{self.name} gives two answers to the same batch in evaluation mode: {why}")
        for places, how in (
            (slice(1, 4), "with fewer other images in its batch"),
            (torch.arange(IMAGES - 1, -1, -1), "in another order of its batch"),
            (slice(0, 1), "alone"),
        ):
            if self._differ(self._evaluated(network, images[places]).logits, logits[places], logits):
                raise ValueError(
                    f"{self.name} answers an image otherwise {how}: in evaluation mode an answer must depend on "
                    "nothing but its image"
                )
        others = self._evaluated(network, self.same_size).logits
        if self._differ(self._evaluated(network, images).logits, logits):
            self._raise_kept()
        if self._differ(self._answers_in_one_place(network), others):
            self._raise_kept()
        return logits

    def _answers_in_one_place(self, network: nn.Sequential) -> Tensor:
        """Answers to the other images of a batch that stand in memory where the first ones stood when it was asked."""
        batch = network[0](self.images)
        failing = self._called(f"fails on a {tuple(batch.shape)} batch in evaluation mode")
        with failing, generators_kept(), torch.no_grad():
            network[1](batch)
            batch.copy_(network[0](self.same_size))
            logits: Tensor = network[1](batch)
        return logits

    def _require_described(self, other: nn.Sequential, row: Tensor, evaluated: Tensor) -> None:
        """An instance that was given another's parameters and buffers is that one."""
        set_row(other, row)
        self._evaluated(other, self.same_size)
        if self._differ(self._evaluated(other, self.images).logits, evaluated):
            raise ValueError(
                f"{self.name} keeps something beside its parameters and its dense buffers, drawn when it was made or "
                "taken from a batch: a new one with the same ones answers otherwise (register it as a buffer)"
            )

    def _require_nothing_kept(self, network: nn.Sequential, row: Tensor, evaluated: Tensor) -> None:
        """After a training step on another batch, with parameters and buffers put back, it answers as before."""
        _Steps(self, network).take(self.others)
        set_row(network, row)
        if self._differ(self._evaluated(network, self.images).logits, evaluated):
            self._raise_kept()

    def _raise_kept(self) -> None:
        raise ValueError(
            f"{self.name} keeps something of earlier batches beside its parameters and buffers: the same images are "
            "answered otherwise after others"
        )

    def _differ(self, found: Tensor, expected: Tensor, scale: Tensor | None = None) -> bool:
        """Whether answers are others than expected, by more than rounding of those of that scale."""
        size = float((expected if scale is None else scale).abs().max())
        return not bool((found - expected).abs().max() <= TOLERANCE * size)

    def _require_finite(self, logits: Tensor, mode: str) -> None:
        if not bool(logits.isfinite().all()):
            raise ValueError(
                f"{self.name} answers a batch of pixels in [0, 1] with NaN or infinities before it is trained, "
                f"in {mode} mode"
            )

    # --------------------------------------------------------------------------------------------- training

    def _require_repeated_training(self, network: nn.Sequential) -> None:
        """Steps on batches of two sizes, from one start and one seed, are the same each time."""
        found = []
        for instance in (network, self._new()):
            steps = _Steps(self, instance)
            found.append([*steps.take(self.images), *steps.take(self.others)])
        finite = all(bool(part.isfinite().all()) for part in found[0])
        if finite and any(self._differ(one, another) for one, another in zip(*found, strict=True)):
            raise ValueError(
                f"{self.name} is trained otherwise each time from the same seed: what it draws must come from a global "
                "generator of torch, NumPy or Python's random, and nothing may depend on the time or on earlier calls"
            )
        if not any(bool(part.any()) for part in found[0][1::2]):
            self.remarks["no gradient reaches its parameters in its first steps"] = None
        answered = self._evaluated(network, self.images).logits if finite else None
        if answered is None or not bool(answered.isfinite().all()):
            rate = f"{RECIPE.optimizer}, learning rate {LEARNING_RATE:g}"
            self.remarks[f"its answers are NaN or infinite after two training steps ({rate})"] = None
        else:
            self._require_function(network)  # a last layer that starts at zero hides what comes before

    def _look_for_seeding(self, network: nn.Sequential, in_training: _Answered) -> None:
        """Note a network that seeds a global generator whenever it is called."""
        if self._answers(network, self.images, training=True, draw=1).seeds(in_training):
            self.remarks["it seeds a global generator when it is called: what it draws is alike in every batch"] = None

    def _look_at_probabilities(self, *answers: Tensor) -> None:
        for logits in answers:
            sums = logits.sum(dim=1)
            if bool((logits < 0).any()) or bool(((sums - 1).abs() > TOLERANCE).any()):
                return
        self.remarks[
            "its answers look like probabilities (none negative, of sum 1), where logits are asked for: the loss takes "
            "their softmax once more"
        ] = None


def _files(network: str | Factory) -> dict[str, str]:
    """SHA-256 of the files that make a network, as far as they are known."""
    if isinstance(network, UserFunction):
        return dict(network.module.files)
    module = sys.modules.get(getattr(network, "__module__", ""))
    file = getattr(module, "__file__", None)
    return {file: hashlib.sha256(Path(file).read_bytes()).hexdigest()} if file and Path(file).is_file() else {}


def _names(network: nn.Module) -> list[str]:
    return [name for name, _ in chain(network.named_parameters(), network.named_buffers())]


class _Steps:
    """Training steps of one instance, as `support.training.modules` takes them."""

    def __init__(self, asking: _Probe, network: nn.Sequential) -> None:
        self.asking, self.network = asking, network
        self.parameters, self.gradient = as_rows(network)
        self.optimizer = optimizer(RECIPE, self.parameters, self.gradient, [(LEARNING_RATE, 0.0)])
        self.taken = 0

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """One step; its loss and the gradient (1, p)."""
        asking, labels = self.asking, torch.arange(len(rows)) % self.asking.classes
        logits = asking._answers(self.network, rows, training=True, draw=self.taken).logits
        if not logits.requires_grad:
            raise ValueError(
                f"{asking.name} answers without a gradient in training mode, as under torch.no_grad or after detach()"
            )
        self.gradient.zero_()
        loss = cross_entropy(logits, labels)
        with (
            asking._called(f"fails in a training step on {len(rows)} images"),
            global_generator(self.taken, "drawn backward"),
        ):
            loss.backward()  # type: ignore[no-untyped-call]
        self._require_in_place()
        found = loss.detach(), self.gradient.clone()
        self.optimizer.step(1.0)
        self.taken += 1
        return found

    def _require_in_place(self) -> None:
        """Refuse a network that has put other tensors in the place of those that are trained."""
        rows = (self.parameters, self.gradient)
        places = [row.untyped_storage().data_ptr() for row in rows]
        for name, parameter in self.network.named_parameters():
            parts = (parameter, cast("Tensor", parameter.grad))
            own = [part is not None and part.untyped_storage().data_ptr() for part in parts]
            if parameter.requires_grad and own != places:
                raise ValueError(
                    f"{self.asking.name} puts another tensor in the place of {name.removeprefix('1.')} or of its "
                    "gradient when it is called: change it in place (copy_) under torch.no_grad"
                )
