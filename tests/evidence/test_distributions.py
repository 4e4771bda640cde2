"""Numbers of another kind of machine: honest ones are as often larger as smaller, moved ones are not."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from support.evidence import __main__ as command
from support.evidence import distributions, engine, kinds
from support.evidence.distributions import Compared, Pair, Signs, compare, other_rows, what_escapes_elsewhere
from support.evidence.keys import qualified_name
from support.evidence.store import Store
from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context
from tests.evidence.conftest import Collect, Counting

TRIALS = 40
SPREAD = 0.05  # of what a machine adds to a number


def pairs(
    generator: np.random.Generator, trials: int, *, moved: float = 0.0, share: float = 1.0, arms: int = 1
) -> list[Pair]:
    """Two draws around each trial's own value, on scales of its own; in a share of the trials the old one is moved."""
    found = []
    for trial in range(trials):
        value, scale = float(generator.random()), float(10 ** generator.uniform(-2, 0))
        for arm in range(arms):
            old, new = (value + scale * float(generator.normal()) for _ in range(2))
            old += moved * scale * (trial < share * trials)
            found.append(Pair("Nets", f"arm {arm}", ("scene", trial), {"score": [old]}, {"score": [new]}))
    return found


def outcome(found: list[Pair]) -> bool:
    """Whether anything is said to be of other numbers."""
    compared, few = compare(found)
    assert few == {}
    return any(each.others for each in compared)


# 1. The rule


def test_the_probability_of_signs_is_the_binomial_one() -> None:
    assert Signs("x", 10, 0).p == pytest.approx(2 / 2**10)
    assert Signs("x", 1, 9).p == pytest.approx(2 * (1 + 10) / 2**10)
    assert Signs("x", 5, 5).p == 1.0


def test_honest_numbers_are_called_other_ones_as_rarely_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """At an alarm in twenty, to be seen to be one: 600 rechecks of three arms that go together."""
    monkeypatch.setattr(distributions, "ALARM", 0.05)
    generator = np.random.default_rng(1)
    alarms = sum(outcome(pairs(generator, 30, arms=3)) for _ in range(600))
    assert stats.binomtest(alarms, 600, 0.05, alternative="greater").pvalue > 1e-3


def test_honest_numbers_pass_and_moved_ones_do_not() -> None:
    generator = np.random.default_rng(2)
    assert not any(outcome(pairs(generator, TRIALS)) for _ in range(100))
    assert all(outcome(pairs(generator, TRIALS, moved=5.0)) for _ in range(20))


def test_what_half_of_the_trials_escape_with_is_what_simulation_says() -> None:
    """Moved by far more than the machines differ by, in half of 24 trials: how often nothing is noticed."""
    generator = np.random.default_rng(3)
    (both, _), _ = compare(pairs(generator, 24, moved=1e6, share=0.5))
    assert both.threshold == 0.001 / 2  # the kind, and its only arm
    escaped = sum(not outcome(pairs(generator, 24, moved=1e6, share=0.5)) for _ in range(400))
    expected = both.escape(0.5)
    assert 0.5 < expected < 1  # by hand: at 24 trials 21 signs alike are too many, 12 are, and 9 of 12 coins seldom
    assert abs(escaped / 400 - expected) < 4 * (expected * (1 - expected) / 400) ** 0.5
    assert both.escape(1.0) == 0.0


def test_the_chance_of_an_escape_by_hand() -> None:
    """Twelve signs at p < 1/1000: 2/4096 where all are alike, 26/4096 with one other: only all alike are noticed."""
    compared = Compared("Nets", None, (Signs("x", 12, 0),), 0.001)
    assert compared.escape(1.0) == 0.0
    assert compared.escape(0.5) == pytest.approx(1 - 1 / 2**6)  # six coins that all agree with the six moved
    assert compared.escape(0.0) == pytest.approx(1 - 2 / 2**12)


def test_too_few_trials_are_not_compared() -> None:
    """Ten signs, of the kind and of its arm: 2^-9 is not below 1/1000, 2^-10 not below half of it, 2^-11 is."""
    generator = np.random.default_rng(4)
    for trials, enough in ((10, False), (11, False), (12, True)):
        compared, few = compare(pairs(generator, trials, moved=1e6))
        assert bool(compared) is enough
        assert few == ({} if enough else {"Nets": trials})
    assert compare([]) == ([], {})


def test_every_column_that_could_be_called_other_counts() -> None:
    """One hundred columns of 14 trials: 2^-13 is above 0.001/200; none can be refuted at that level."""
    columns = {f"c{number}": [1.0] for number in range(100)}
    none = {name: [0.0] for name in columns}
    found = [Pair("Nets", "arm", ("scene", trial), columns, none) for trial in range(14)]
    assert compare(found) == ([], {"Nets": 14})
    found += [Pair("Nets", "arm", ("scene", trial), columns, none) for trial in range(14, 19)]
    compared, _ = compare(found)  # 2^-18 is below it
    assert [len(each.others) for each in compared] == [100, 100]
    assert {each.threshold for each in compared} == {0.001 / 200}


def test_the_arms_of_a_trial_are_one_draw() -> None:
    """Fifty arms of one trial that go together are no fifty trials."""
    found = [Pair("Nets", f"arm {arm}", ("scene", 0), {"x": [1.0]}, {"x": [0.0]}) for arm in range(50)]
    assert compare(found) == ([], {"Nets": 1})


def test_one_arm_alone_is_found_where_its_trials_are_enough() -> None:
    """Nine arms of large differences cover a small one of the tenth; held alone it is seen."""
    generator = np.random.default_rng(5)
    found = pairs(generator, TRIALS, arms=9)
    for trial in range(TRIALS):
        found.append(Pair("Nets", "tenth", ("scene", trial), {"score": [0.5]}, {"score": [0.499]}))
    compared, _ = compare(found)
    assert [each.arm for each in compared if each.others] == ["tenth"]


def test_what_was_not_measured_counts_as_such() -> None:
    found = [Pair("Nets", "arm", (trial,), {"x": [None, 0.5]}, {"x": [0.1, 0.5]}) for trial in range(20)]
    compared, _ = compare(found)
    assert [signs.column for each in compared for signs in each.others] == ["x measured"] * 2


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"x": [2.0], "name": ["a"]}, None),
        ({"x": [None], "name": ["a"]}, None),
        ({"x": [1.0], "name": ["b"]}, "name: a before, b now"),
        ({"x": [1.0], "name": [None]}, "name: a before, None now"),
        ({"x": [1.0, 1.0], "name": ["a"]}, "x: 1 rows before, 2 now"),
        ({"x": [1.0]}, "columns name"),
    ],
)
def test_what_cannot_be_paired_is_other_numbers(new: Columns, message: str | None) -> None:
    assert other_rows({"x": [1.0], "name": ["a"]}, new) == message


# 2. The command


@dataclass(frozen=True)
class Chaotic(Counting):
    """Numbers that differ between kinds of machines by a draw of each machine's own."""

    def measure(self, arms: Any, trial: int, context: Context) -> list[Columns]:  # noqa: ARG002
        generator = np.random.default_rng(zlib.crc32(f"{engine.machine()} {trial}".encode()))
        return [{"value": [0.5 + SPREAD * float(generator.normal())], "arm": [float(arm)]} for arm in arms]


Recheck = Callable[..., list[str]]


@pytest.fixture
def chaotic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Chaotic:
    monkeypatch.setitem(kinds.KINDS, qualified_name(Chaotic), Chaotic)
    return Chaotic(str(tmp_path / "computed.txt"))


@pytest.fixture
def made_elsewhere(collect: Collect, chaotic: Chaotic, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """Evidence of so many trials, of another kind of machine."""

    def made(trials: int) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(engine, "machine", lambda: "a vintage one")
            return collect(chaotic, trials)

    return made


@pytest.fixture
def recheck(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Recheck:
    def said(*arguments: str, status: int = 0) -> list[str]:
        capsys.readouterr()
        table = ("--table", str(tmp_path / "proofs.json"))
        assert command.main(["recheck", str(store.directory), *arguments, *table]) == status
        return capsys.readouterr().out.splitlines()

    return said


def move(store: Store, by: float, share: float = 1.0) -> None:
    """Write other values into a share of the trials, with digests that fit."""
    for key in list(store.keys()):
        entry = store.read(key)
        assert entry is not None
        if entry.manifest.origin.trial < share * TRIALS:
            store.path(key).unlink()
            store.write(key, entry.manifest, {**entry.columns, "value": [entry.columns["value"][0] + by]})  # type: ignore[operator]


def test_honest_numbers_of_another_kind_of_machine_could_be_of_one_distribution(
    store: Store, made_elsewhere: Callable[[int], Any], recheck: Recheck
) -> None:
    made_elsewhere(TRIALS)
    said = recheck("--share", "100%")
    assert said[0].startswith(f"{TRIALS} of {TRIALS} trials are measured again")
    assert said[1].startswith("measured on another kind of machine than before: Chaotic (")
    assert [line for line in said if line.startswith("could be of one distribution: Chaotic")]
    assert f"0 the same to the last bit, 0 as closely as promised, 0 with other numbers, {TRIALS} of another kind " in (
        "\n".join(said)
    )
    (sentence,) = (line for line in said if line.startswith("Chaotic of another kind of machine is compared by "))
    assert "in all trials escapes with probability 0," in sentence
    records = json.loads((store.directory / "rechecked.json").read_text())
    assert len(records) == 2 * TRIALS
    assert {(each["same"], each["how"]) for each in records} == {(True, "distribution")}


def test_moved_numbers_of_another_kind_of_machine_are_found(
    store: Store, made_elsewhere: Callable[[int], Any], recheck: Recheck
) -> None:
    """By three times what a machine adds, which is 2.1 of a difference's standard deviation: a sign in 98 %."""
    made_elsewhere(TRIALS)
    move(store, 3 * SPREAD)
    said = recheck("--share", "100%", status=1)
    found = [line for line in said if line.startswith("OTHER NUMBERS: Chaotic: value was larger in ")]
    assert len(found) == 1
    assert not any(each["same"] for each in json.loads((store.directory / "rechecked.json").read_text()))


def test_too_few_trials_of_another_kind_of_machine_are_told(
    store: Store, made_elsewhere: Callable[[int], Any], recheck: Recheck
) -> None:
    made_elsewhere(3)
    said = recheck("--share", "100%")
    assert said[-1] == (
        "Chaotic of another kind of machine is not compared: 3 trials with other numbers are too few to tell, draw "
        "more with --share"
    )
    assert not (store.directory / "rechecked.json").exists()


def test_the_same_bits_on_another_kind_of_machine_are_the_same(
    collect: Collect, counting: Any, monkeypatch: pytest.MonkeyPatch, recheck: Recheck
) -> None:
    experiment = counting()
    monkeypatch.setitem(kinds.KINDS, qualified_name(type(experiment)), type(experiment))
    collect(experiment, 2)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "machine", lambda: "a vintage one")
        collect(experiment, 5)
    assert "5 the same to the last bit, 0 as closely as promised, 0 with other numbers" in recheck("--share", "100%")


def test_linear_algebra_on_trained_networks_is_held_to_its_promise_on_one_kind_of_machine_alone(
    made_elsewhere: Callable[[int], Any], recheck: Recheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_elsewhere(TRIALS)
    monkeypatch.setattr(Chaotic, "promise", LINEAR_ALGEBRA)
    counted = f"0 with other numbers, {TRIALS} of another kind of machine"
    assert [line for line in recheck("--share", "100%") if counted in line]


def test_linear_algebra_is_held_to_its_promise_on_every_machine(
    made_elsewhere: Callable[[int], Any], recheck: Recheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_elsewhere(2)
    monkeypatch.setattr(Chaotic, "promise", LINEAR_ALGEBRA)
    monkeypatch.setattr(Chaotic, "portable", True)
    assert "0 the same to the last bit, 0 as closely as promised, 2 with other numbers" in recheck(
        "--share", "100%", status=1
    )


def test_the_sentences_name_each_kind() -> None:
    compared = [Compared("Nets", arm, (Signs("x", 9, 11),), 0.0005) for arm in (None, "one")]
    said = what_escapes_elsewhere(compared, {"Trees": 4})
    assert [sentence.partition(" of another kind of machine is ")[0] for sentence in said] == ["Nets", "Trees"]
    assert str(compared[0]) == ("could be of one distribution: Nets, 1 column over 20 trials; smallest p = 0.82 (x)")
