"""What the key of an arm's evidence depends on, and what it does not."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.data import datasets
from support.data.gaussian import Gaussian
from support.evidence import keys as module
from support.evidence.keys import Origin, canonical, of_arm, origin_of, plain
from support.experiments.deletion import Deletion
from support.experiments.experiment import CHOOSES_ARMS, Context
from support.experiments.kernel_regression import FramedRegression, GaussianRegression
from support.experiments.kernel_spectrum import KernelSpectrum
from support.experiments.membership import MembershipInference
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.removals import Influence, Removal
from support.training.recipe import Recipe

CONTEXT = Context(seed=0)
Counting = Callable[..., Any]


def key(experiment: Any, arm: Any = None, trial: int = 0, context: Context = CONTEXT, network: Any = None) -> str:
    return dataclasses_replace(of_arm(origin_of(experiment, context, network), arm), trial=trial).key


def dataclasses_replace(origin: Origin, **changes: Any) -> Origin:
    import msgspec

    return msgspec.structs.replace(origin, **changes)


def other(value: object) -> object:
    """A value of the same kind that is not the given one."""
    match value:
        case "mnist":
            return "fashion-mnist"
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "'"
        case tuple() if value:
            return value[:-1]
        case tuple():
            return (1,)
        case None:
            return "else"
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            first = dataclasses.fields(value)[0].name
            return changed(value, first)
        case _:
            raise NotImplementedError(value)


def changed(given: Any, field: str) -> Any:
    """The same without its checks: only what the key is made of matters here."""
    made = object.__new__(type(given))
    for each in dataclasses.fields(given):
        value = getattr(given, each.name)
        object.__setattr__(made, each.name, other(value) if each.name == field else value)
    return made


EXPERIMENTS: dict[str, Any] = {
    "spectrum": KernelSpectrum("rf", ("relu",), 100, Gaussian(20), (10,)),
    "gaussian": GaussianRegression(
        family="rf", activations=("relu",), width=100, data=Gaussian(20), sizes=(10,), alphas=(0.5,), test=10
    ),
    "framed": FramedRegression("rf", ("relu",), 100, "mnist", (10,), test=10),
    "rare": RarePatterns("mnist", Recipe(), (Arm("R3", 3), Arm("S1", 0)), subset=100),
    "deletion": Deletion("mnist", Recipe(), (Removal(3, "before"), Removal(10, "scratch"))),
    "membership": MembershipInference("mnist", Recipe(), 200, (3, 10)),
}
FIELDS = [(name, field) for name, given in EXPERIMENTS.items() for field in dataclasses.fields(given)]
KEYED = [(name, field.name) for name, field in FIELDS if field.metadata != CHOOSES_ARMS]
CHOOSING = [(name, field.name) for name, field in FIELDS if field.metadata == CHOOSES_ARMS]


@pytest.mark.parametrize(("name", "field"), KEYED)
def test_every_field_of_an_experiment_changes_the_key(name: str, field: str) -> None:
    experiment = EXPERIMENTS[name]
    assert key(changed(experiment, field)) != key(experiment)


def test_what_chooses_arms_does_not_change_the_key() -> None:
    assert CHOOSING == [
        ("rare", "arms"),
        ("deletion", "arms"),
        ("membership", "sizes"),
    ]
    for name, field in CHOOSING:
        assert key(changed(EXPERIMENTS[name], field)) == key(EXPERIMENTS[name])


ARM = Arm("R3", 3)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Arm)])
def test_every_field_of_an_arm_changes_the_key(field: str) -> None:
    assert key(EXPERIMENTS["rare"], changed(ARM, field)) != key(EXPERIMENTS["rare"], ARM)


def test_how_examples_are_deleted_changes_the_key_and_target_carriers_are_left_out_of_it() -> None:
    given = EXPERIMENTS["deletion"]
    settings = [Influence(damping=value) for value in (0.01, 0.02)]
    arms = [Removal(3, "influence", each) for each in settings]
    arms += [Removal(3, "before"), Removal(3, "scratch"), Removal(3, "before", None, "balanced"), Removal(4, "before")]
    assert len({key(given, arm) for arm in arms}) == len(arms)
    assert plain(Removal(3, "before")) == {"n": 3, "method": "before"}


def test_modules_that_ask_for_the_same_network_share_its_evidence() -> None:
    few, many = (RarePatterns("mnist", Recipe(), arms, subset=100) for arms in ((ARM,), (Arm("S3", 9), ARM)))
    assert key(few, few.arms[0]) == key(many, many.arms[1])


def test_a_field_at_its_default_is_left_out_so_that_a_new_one_changes_no_key() -> None:
    @dataclasses.dataclass(frozen=True)
    class Old:
        n: int

    @dataclasses.dataclass(frozen=True)
    class New:
        n: int
        more: float = 0.5
        nested: Arm | None = None

    assert plain(Old(3)) == plain(New(3)) == {"n": 3}
    assert plain(New(3, 0.25, ARM)) == {"n": 3, "more": 0.25, "nested": {"pattern": "R3", "n": 3}}


def test_what_is_no_plain_value_is_refused() -> None:
    with pytest.raises(TypeError, match="must hold plain values or dataclasses, got ndarray"):
        plain(__import__("numpy").ones(2))
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_the_kind_of_an_experiment_changes_the_key(counting: Counting) -> None:
    given = counting()
    twin = type("Alike", (type(given),), {})(*dataclasses.astuple(given))
    assert dataclasses.asdict(twin) == dataclasses.asdict(given)
    assert key(twin) != key(given)


@pytest.mark.parametrize("context", [Context(seed=1), Context(seed=0, device="cuda:0")], ids=["seed", "device"])
def test_seed_and_device_kind_change_the_key(counting: Counting, context: Context) -> None:
    assert key(counting(), context=context) != key(counting())


def test_trials_and_arms_have_keys_of_their_own(counting: Counting) -> None:
    assert len({key(counting(), arm, trial) for trial in range(8) for arm in range(3)}) == 24


def test_the_number_of_a_device_and_the_place_of_the_data_do_not_change_the_key(counting: Counting) -> None:
    contexts = [Context(0, "cuda:0"), Context(0, "cuda:1"), Context(0, "cuda:0", Path("data"))]
    assert len({key(counting(), context=context) for context in contexts}) == 1


def test_the_content_of_a_dataset_changes_the_key(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for digest in ("1", "2"):
        monkeypatch.setattr(datasets, "content_digest", lambda name, _, digest=digest: f"{name} {digest}")
        keys.add(key(counting(dataset="mnist")))
    assert len(keys) == 2


def test_the_source_code_changes_the_key(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(counting())
    monkeypatch.setattr(module, "source_identity", lambda _: "another")
    assert key(counting()) != before


def test_every_part_of_an_origin_changes_the_key_and_only_what_is_measured_its_kind(counting: Counting) -> None:
    origin = of_arm(origin_of(counting(), CONTEXT), 1)
    others: dict[str, Any] = {
        "schema": 2,
        "experiment": "another",
        "fields": {},
        "arm": 2,
        "trial": 1,
        "seed": 1,
        "device": "cuda",
        "datasets": {"mnist": "digest"},
        "network": "digest",
        "sources": "digest",
    }
    assert set(others) == set(Origin.__struct_fields__)
    for name, value in others.items():
        changed_one = dataclasses_replace(origin, **{name: value})
        assert changed_one.key != origin.key
        assert (changed_one.kind != origin.kind) == (name in ("experiment", "fields", "arm"))
