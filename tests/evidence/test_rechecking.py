"""Stored numbers are measured again: forged ones are found, as often as the hypergeometric distribution says."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from scipy import stats

from support.evidence import __main__ as command
from support.evidence import kinds
from support.evidence.escaping import escape, least_noticed
from support.evidence.keys import qualified_name
from support.evidence.places import look_through
from support.evidence.proofs import Proofs
from support.evidence.reach import Reach
from support.evidence.rechecking import Rechecker, drawn
from support.evidence.store import Store
from support.experiments.experiment import LINEAR_ALGEBRA, Context
from tests.evidence.conftest import Collect
from tests.evidence.faults import NEW
from tests.evidence.test_packing import refusal

Say = Callable[..., list[str]]


# 1. What escapes


@pytest.mark.parametrize(("total", "rechecked", "forged"), [(20, 1, 1), (20, 5, 3), (100, 30, 8), (2000, 100, 90)])
def test_the_chance_of_an_escape_is_the_hypergeometric_one(total: int, rechecked: int, forged: int) -> None:
    assert escape(total, rechecked, forged) == pytest.approx(stats.hypergeom.pmf(0, total, forged, rechecked), rel=1e-9)


def test_the_chance_of_an_escape_by_hand() -> None:
    assert escape(5, 2, 1) == 3 / 5
    assert escape(5, 2, 2) == 3 / 10  # C(3, 2) / C(5, 2)
    assert escape(5, 2, 4) == 0
    assert escape(5, 5, 1) == 0
    assert escape(5, 0, 5) == 1


@pytest.mark.parametrize(("total", "rechecked"), [(1, 1), (20, 1), (20, 20), (100, 30), (2000, 100)])
def test_the_smallest_number_that_is_noticed_is_found_by_trying_all(total: int, rechecked: int) -> None:
    noticed = [k for k in range(1, total + 1) if stats.hypergeom.sf(0, total, k, rechecked) >= 0.99]
    assert least_noticed(total, rechecked) == noticed[0]


def test_a_draw_of_nothing_or_of_more_than_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 5\], got 6 and 1"):
        escape(5, 6, 1)
    with pytest.raises(ValueError, match="rechecked must be at least 1, got 0"):
        least_noticed(5, 0)


# 2. Drawing


def test_a_draw_has_its_share_and_is_repeated_by_its_seed() -> None:
    trials: Any = list(range(200))
    first = drawn(trials, 0.051, 1, seed=3)
    assert len(first) == len(set(first)) == 11  # rounded up
    assert first == drawn(trials, 0.051, 1, seed=3)
    assert first != drawn(trials, 0.051, 1, seed=4)
    assert len(drawn(trials, 0.001, 30, seed=0)) == 30
    assert drawn(trials, 0.001, 300, seed=0) == trials
    assert drawn(trials, 1.0, 1, seed=0) == trials


def test_every_trial_is_drawn_as_often() -> None:
    """The counts of 2,000 draws of two of ten: 400 each in mean; chi-square, at one in a million."""
    trials: Any = list(range(10))
    counts = [0] * 10
    for seed in range(2000):
        for each in drawn(trials, 0.2, 1, seed):
            counts[int(str(each))] += 1
    # Two places of a draw exclude each other, which only lowers the statistic.
    assert stats.chisquare(counts).pvalue > 1e-6


# 3. Rechecking


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], store: Store, tmp_path: Path) -> Say:
    """What recheck prints of the store, ending with this status."""

    def said(*arguments: object, status: int = 0) -> list[str]:
        capsys.readouterr()
        table = ["--table", str(tmp_path / "proofs.json")]
        assert command.main(["recheck", str(store.directory), *map(str, arguments), *table]) == status
        *lines, kept = capsys.readouterr().out.splitlines()
        assert kept == f"kept in {store.directory / 'rechecked.json'}, which later runs count"
        return lines

    return said


@pytest.fixture
def known(counting: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An experiment that evidence is traced back to."""
    experiment = counting()
    monkeypatch.setitem(kinds.KINDS, qualified_name(type(experiment)), type(experiment))
    return experiment


def forge(store: Store, key: str, value: float) -> None:
    """Write other rows with a digest that fits."""
    entry = store.read(key)
    assert entry is not None
    store.path(key).unlink()
    store.write(key, entry.manifest, {**entry.columns, "value": [value]})


def test_true_numbers_are_the_same_to_the_last_bit(
    collect: Collect, known: Any, computed: Callable[[], list[str]], say: Say
) -> None:
    collect(known, 12)
    collect(known, 8, Context(seed=7))
    before = len(computed())
    said = say("--share", "10%", "--seed", 5)
    assert said[0] == "2 of 20 trials are measured again, drawn at random by --seed 5"
    assert all(line.startswith("the same to the last bit: Counting (") for line in said[1:3])
    assert all(line.endswith(", 2 arms") for line in said[1:3])
    assert said[3] == "2 the same to the last bit, 0 as closely as promised, 0 with other numbers"
    # By hand: 18/20; and C(20-k, 2)/C(20, 2) <= 1/100 first at C(2, 2)/190 = 1/190, k = 18.
    assert said[4] == (
        "one forged or broken trial among 20 escapes such a draw with probability 0.9, 18 of them (90.00%) or more are "
        "noticed with at least 99%"
    )
    assert len(said) == 5
    assert len(computed()) == before + 2  # both arms of a trial at once


def test_a_forged_entry_with_a_digest_that_fits_is_found(store: Store, collect: Collect, known: Any, say: Say) -> None:
    cells = collect(known, 4).cells
    forge(store, cells[5][0], 21.0000000000001)  # trial 2, arm 1
    assert command.main(["verify", str(store.directory)]) == 0
    said = say("--share", "100%", status=1)
    (found,) = (line for line in said if line.startswith("OTHER NUMBERS"))
    assert "seed 0, trial 2: value: 21.0000000000001 before, 21.0 now" in found
    assert f"({cells[5][0]} of {store.directory})" in found
    assert "3 the same to the last bit, 0 as closely as promised, 1 with other numbers" in said
    assert "1 of them (25.00%) or more are noticed" in said[-1]


def test_forged_trials_escape_as_often_as_is_said(store: Store, collect: Collect, known: Any) -> None:
    """3 of 12 trials are forged and 4 drawn, at 300 seeds: all escape with 126/495, within four standard errors."""
    cells = collect(known, 12).cells
    for trial in (1, 4, 7):
        forge(store, cells[2 * trial][0], -1.0)
    rechecker = Rechecker(Reach(Proofs()))
    trials = rechecker.population(look_through([store.directory]).entries).trials
    differs = {id(trial): bool(rechecker.rechecked(trial).differences) for trial in trials}
    assert sum(differs.values()) == 3
    escaped = sum(not any(differs[id(trial)] for trial in drawn(trials, 1 / 3, 1, seed)) for seed in range(300))
    expected = 126 / 495  # C(9, 4) / C(12, 4)
    assert abs(escaped / 300 - expected) < 4 * (expected * (1 - expected) / 300) ** 0.5


def test_linear_algebra_may_differ_by_its_promise_and_no_more(
    store: Store, collect: Collect, known: Any, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = collect(known, 2).cells
    forge(store, cells[2][0], 10 + 1e-12)
    monkeypatch.setattr(type(known), "promise", LINEAR_ALGEBRA)
    said = say("--share", "100%")
    assert "1 the same to the last bit, 1 as closely as promised, 0 with other numbers" in said
    assert any(line.startswith("the same as closely as promised: Counting (") for line in said)
    forge(store, cells[2][0], 10 + 1e-8)
    say("--share", "100%", status=1)


def test_what_cannot_be_measured_again_is_counted(
    store: Store,
    collect: Collect,
    known: Any,
    say: Say,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collect(known, 2)
    NEW.write(store)
    said = say()
    assert said[0].startswith("1 of 2 trials are measured again, drawn at random by --seed ")
    assert said[-1] == "1 entry cannot be drawn: today's code does not read them"
    damaged = store.path(next(store.keys()))
    damaged.write_bytes(b"damaged")
    assert "; beside them 1 damaged or unreadable (see verify)" in say()[-1]
    said_no = refusal(["recheck", store.directory, "--device", "cuda"], capsys)
    assert "device cuda is not there: torch sees 0 CUDA devices" in said_no
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    said_no = refusal(["recheck", store.directory, "--device", "cuda"], capsys)
    assert "there is no trial to recheck in" in said_no
    assert "entries cannot be drawn: they are of a cpu device" in said_no


def test_draws_are_not_known_before(collect: Collect, known: Any, say: Say) -> None:
    collect(known, 2)
    assert len({say()[0] for _ in range(5)}) > 1


def test_a_trial_is_named_by_all_of_its_arms_where_one_experiment_can_ask_for_them(
    store: Store, collect: Collect, known: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(known, 1)
    (trial,) = Rechecker(Reach(Proofs())).population(look_through([store.directory]).entries).trials
    assert "asked=(0, 1)" in str(trial)

    def only_one(arms: list[int]) -> dict[str, Any]:
        if len(arms) > 1:
            raise ValueError("one at a time")
        return {"asked": tuple(arms)}

    monkeypatch.setattr(type(known), "choosing", only_one)
    assert re.search(r"asked=\([01],\)", str(trial))
    assert Rechecker(Reach(Proofs())).rechecked(trial).exact


@pytest.fixture
def threads() -> Iterator[int]:
    """How many torch has, before and after."""
    before = torch.get_num_threads()
    yield before
    torch.set_num_threads(before)


def test_arms_that_other_threads_measured_are_measured_apart(
    store: Store, collect: Collect, known: Any, computed: Callable[[], list[str]], threads: int
) -> None:
    collect(known, 1)
    first = next(store.keys())
    entry = store.read(first)
    assert entry is not None
    store.path(first).unlink()
    making = msgspec.structs.replace(entry.manifest.making, threads=threads + 1)
    store.write(first, msgspec.structs.replace(entry.manifest, making=making), entry.columns)
    rechecker, log = Rechecker(Reach(Proofs())), len(computed())
    (trial,) = rechecker.population(look_through([store.directory]).entries).trials
    assert rechecker.rechecked(trial).exact
    assert len(computed()) == log + 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--share", "0%"], "argument --share: must lie in (0%, 100%], got '0%'"),
        (["--share", "2"], "argument --share: must lie in (0%, 100%], got '2'"),
        (["--share", "much"], "argument --share: must lie in (0%, 100%], got 'much'"),
        (["--at-least", "0"], "argument --at-least: must be a whole number of at least 1, got '0'"),
        ([], "there is no trial to recheck in "),
    ],
)
def test_bad_arguments_and_an_empty_store_end_in_one_sentence(
    arguments: list[str], message: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refusal(["recheck", store.directory, *arguments], capsys)


@pytest.mark.parametrize("name", ["list", "verify", "pack", "unpack", "export", "prune", "prove", "recheck"])
def test_every_command_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], [name, "--help"]):
        with pytest.raises(SystemExit) as stopped:
            command.main(arguments)
        assert stopped.value.code == 0
        assert f"usage: python -m support.evidence {arguments[0] if len(arguments) > 1 else '[-h]'}" in (
            capsys.readouterr().out
        )
