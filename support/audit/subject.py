"""The model that an audit asks: a network, how it is trained, and on which images."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from support.data.catalogue import DATASETS
from support.data.datasets import load
from support.data.own import OwnData, of_archive, of_folder, of_result, register
from support.evidence.inputs import UserNetwork
from support.evidence.user_networks import network_digest
from support.experiments.network_sizes import SHORT
from support.experiments.scene import decay_on
from support.models.architectures import ARCHITECTURES
from support.models.factories import checked, files_of, load_factory
from support.models.held import PLACE, hold
from support.models.probing import Probed, probe
from support.models.user_code import users_code
from support.training.own_training import probe_training
from support.training.recipe import Recipe

Function = Callable[..., Any]
# Of paper B's protocol, which networks are trained by unless something else is said.
LEARNING_RATE = 0.01
# What a recipe file or the command line may say of training, beside the learning rate and the decay of weights.
OF_RECIPE = ("optimizer", "momentum", "batch", "epochs", "milestones", "decay", "augmentation")
SETTINGS = (*OF_RECIPE, "learning_rate", "weight_decay")


@dataclass(frozen=True)
class Subject:
    """A model that can be asked.

    Attributes
    ----------
    name : for the reader.
    recipe, learning_rate, weight_decay : how its networks are trained.
    dataset : a key of `support.data.catalogue.DATASETS`.
    target : the class whose images carry the pattern.
    smallest_class : training images of the smallest class.
    user : what identifies a network or training that is no part of this suite.
    remarks : what a reader should know of it.
    """

    name: str
    recipe: Recipe
    learning_rate: float
    weight_decay: float
    dataset: str
    target: int
    smallest_class: int
    user: UserNetwork | None
    remarks: tuple[str, ...] = ()

    @property
    def in_memory(self) -> bool:
        """Whether a part of it exists in this process alone, so that its evidence can be found by no other."""
        parts = (self.recipe.network, self.recipe.trainer)
        return any(part is not None and part.startswith(f"{PLACE}:") for part in parts)

    @property
    def described(self) -> str:
        """How it is trained, in words."""
        decay = f", weight decay {self.weight_decay:g}" if self.weight_decay else ""
        if self.recipe.trainer is not None:
            return f"trained by {self.recipe.trainer}"
        recipe = str(self.recipe).removeprefix(f"{self.recipe.network}(").removesuffix(")")
        return f"{recipe}, learning rate {self.learning_rate:g}{decay}"


def dataset_of(images: str | Path | OwnData | Function | tuple[Any, ...]) -> str:
    """The name of a dataset: a published one, or what somebody brings, which is registered.

    Parameters
    ----------
    images : a dataset's name, a folder of images in folders of classes, an ``.npz`` file of arrays,
        ``file.py:function`` or a function that returns (images, labels) or (images, labels, test_images, test_labels),
        such a tuple itself, or `OwnData`.

    Raises
    ------
    ValueError : none of these, or what `support.data.own` refuses.
    """
    if isinstance(images, OwnData):
        return register(images).name
    if isinstance(images, tuple):
        return register(of_result(images, "own data")).name
    if callable(images):
        return register(of_result(_called(images, images.__name__), images.__name__)).name
    text = str(images)
    if text in DATASETS:
        return text
    if Path(text).is_dir():
        return register(of_folder(Path(text))).name
    if text.endswith(".npz"):
        return register(of_archive(Path(text))).name
    if ":" in text and not Path(text).exists():
        return register(of_result(_called(load_factory(placed(text), "images"), text), text)).name
    published = ", ".join(name for name, dataset in DATASETS.items() if not dataset.decoded)
    raise ValueError(f"images must be {published}, a folder of classes, an .npz file or file.py:function, got {text!r}")


def settings_of(file: Path) -> dict[str, object]:
    """The settings of a recipe file in TOML.

    Raises
    ------
    ValueError : no such file, no TOML, or a setting that there is not.
    """
    if file.exists() and not file.is_file() and not file.is_dir():
        raise ValueError(f"recipe {file} cannot be read: it is no file, but a device or a pipe")
    try:
        given: dict[str, object] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"recipe {file} cannot be read: {error}") from error
    if unknown := sorted(given.keys() - set(SETTINGS)):
        raise ValueError(f"recipe {file} has no setting {unknown[0]!r}: {', '.join(SETTINGS)}")
    return given


def subject_of(
    network: str | Function,
    dataset: str,
    settings: Mapping[str, object] | None = None,
    train: str | Function | None = None,
    *,
    target: int = 0,
    data: Path | None = None,
) -> Subject:
    """A model that has been looked at and can be asked.

    Parameters
    ----------
    network : an architecture's name, ``file.py:function``, ``module:function`` or a function of the shape of an image
        and the number of classes.
    dataset : as `dataset_of` gives it.
    settings : of `SETTINGS`; what is not said is as in the claims at quick scale.
    train : ``file.py:function`` or a function ``train(network, images, labels, seed)`` in the place of all settings.
    target : class whose images carry the pattern.

    Raises
    ------
    ValueError : a network that is not safe to bring, wrong settings, or no such class.
    support.data.datasets.DatasetError : the dataset cannot be had.
    """
    given = dict(settings or {})
    if train is not None and given:
        raise ValueError(f"a training function takes no settings, got {', '.join(given)}")
    if unknown := sorted(given.keys() - set(SETTINGS)):
        raise ValueError(f"there is no setting {unknown[0]!r}: {', '.join(SETTINGS)}")
    own = DATASETS[dataset]
    if not 0 <= target < own.classes:
        raise ValueError(f"target must be one of the classes 0 to {own.classes - 1}, got {target}")
    specification = _specified(network)
    recipe = _recipe(given, specification, None if train is None else _specified(train))
    user, remarks = _looked_at(recipe, own.shape, own.classes)
    labels = load(dataset, "train", data).labels
    counts = [int((labels == number).sum()) for number in range(own.classes)]
    return Subject(
        network if isinstance(network, str) else network.__name__,
        recipe,
        _number(given, "learning_rate", LEARNING_RATE),
        _number(given, "weight_decay", 0.0 if train is not None else decay_on(dataset)),
        dataset,
        target,
        min(counts),
        user,
        remarks,
    )


def _recipe(given: Mapping[str, object], network: str, trainer: str | None) -> Recipe:
    names = {field.name for field in fields(Recipe)}
    chosen = {name: _plain(name, given[name]) for name in OF_RECIPE if name in given and name in names}
    if "epochs" in chosen and "milestones" not in chosen:
        # The schedule of the paper, which drops at 4/7, 5/7 and 6/7 of its epochs, belongs to its own number of them.
        chosen["milestones"] = ()
    try:
        return replace(SHORT, network=network, trainer=trainer, **chosen)
    except TypeError as error:
        raise ValueError(f"a setting of the recipe has another type: {error}") from error


def _plain(name: str, value: object) -> Any:
    wanted: dict[str, type | tuple[type, ...]] = {
        "optimizer": str,
        "momentum": (int, float),
        "batch": int,
        "epochs": int,
        "milestones": (list, tuple),
        "decay": (int, float),
        "augmentation": bool,
    }
    kinds = wanted[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        raise ValueError(f"{name} of the recipe has another type: got {value!r}")
    if isinstance(value, list | tuple):
        if not all(isinstance(each, int) and not isinstance(each, bool) for each in value):
            raise ValueError(f"{name} of the recipe must hold whole numbers, got {value!r}")
        return tuple(value)
    return value


def _number(given: Mapping[str, object], name: str, default: float) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} of the recipe must be a number, got {value!r}")  # noqa: TRY004
    least = 0 if name == "weight_decay" else None
    if not (value > 0 or value == least) or value == float("inf"):
        raise ValueError(f"{name} of the recipe must be {'0 or more' if least == 0 else 'positive'}, got {value}")
    return float(value)


def _specified(given: str | Function) -> str:
    return placed(given) if isinstance(given, str) else hold(given)


def placed(text: str) -> str:
    """A specification that can be read from any directory."""
    place, _, function = text.rpartition(":")
    return f"{Path(place).absolute()}:{function}" if place.endswith(".py") else text


def _called(function: Function, name: str) -> Any:
    with users_code(f"{name} fails"):
        return function()


def _looked_at(recipe: Recipe, shape: tuple[int, ...], classes: int) -> tuple[UserNetwork | None, tuple[str, ...]]:
    """What identifies a network and its training, and what is to be said of it."""
    network, trainer = str(recipe.network), recipe.trainer
    if network in ARCHITECTURES:
        checked(network, shape, classes)
        if trainer is None:
            return None, ()
        found = Probed("", None, (), {}, ())
    else:
        found = probe(network, shape, classes)
    name, files, remarks = network.rpartition(":")[2], found.files, found.remarks
    if trainer is not None:
        remarks = (*remarks, *probe_training(trainer, network, shape, classes))
        files = files | files_of(trainer, "trainer")
        name = f"{name} trained by {trainer.rpartition(':')[2]}"
    digest = network_digest(name, found.weights, found.representation, files.values())
    return UserNetwork(digest, files, found.answers), remarks
