"""Evidence of earlier code: found where it was proven to give the same numbers, and nowhere else."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.evidence import __main__ as command
from support.evidence import kinds, proving
from support.evidence.keys import origin_of, qualified_name
from support.evidence.proofs import Proof, Proofs
from support.evidence.proving import Prover, difference
from support.evidence.sources import PACKAGE
from support.evidence.store import Store
from support.experiments.experiment import Context
from tests.evidence.conftest import CONTEXT, Collect

Counting = Callable[..., Any]
Computed = Callable[[], list[str]]


def proof(old: str, new: str, *of: str) -> Proof:
    return Proof(
        experiment="an experiment",
        old=old,
        new=new,
        kinds=of,
        trials=1,
        promise=0.0,
        commit=None,
        machine="a machine",
    )


# 1. The table


def test_identities_follow_chains_either_way_for_the_arms_that_were_compared() -> None:
    proofs = Proofs([proof("a", "b", "x", "y"), proof("b", "c", "x"), proof("d", "c", "z")])
    assert proofs.identities("x", "c") == ["c", "b", "a"]
    assert proofs.identities("x", "a") == ["a", "b", "c"]
    assert proofs.identities("y", "c") == ["c"]
    assert proofs.identities("z", "c") == ["c", "d"]
    assert Proofs().identities("x", "c") == ["c"]


def test_the_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "proofs.json"
    assert Proofs.read(path).proofs == ()
    proofs = Proofs([proof("a", "b", "x")])
    proofs.write(path)
    assert Proofs.read(path).proofs == proofs.proofs
    path.write_text('[{"old": 1}]')
    with pytest.raises(ValueError, match=r"proofs\.json is no table of proofs"):
        Proofs.read(path)


def test_the_committed_table_can_be_read() -> None:
    for each in Proofs.read().proofs:
        assert each.experiment in kinds.KINDS


# 2. Comparison


@pytest.mark.parametrize(
    ("old", "new", "promise", "same"),
    [
        ([1.0, None, "a"], [1.0, None, "a"], 0.0, True),
        ([0.1 + 0.2], [0.3], 0.0, False),
        ([0.1 + 0.2], [0.3], 1e-10, True),
        ([1e6], [1e6 + 1e-5], 1e-10, True),
        ([1e6], [1e6 + 1e-3], 1e-10, False),
        ([1e-13], [3e-13], 1e-10, True),  # a residual is rounding itself
        ([None], [0.0], 1e-10, False),
        (["a"], ["b"], 1e-10, False),
        ([1.0, 2.0], [1.0], 1e-10, False),
    ],
)
def test_rows_are_compared_at_their_promise(old: Any, new: Any, promise: float, same: bool) -> None:
    assert (difference({"x": old}, {"x": new}, promise) is None) == same


def test_other_columns_are_a_difference() -> None:
    assert difference({"x": [1.0]}, {"y": [1.0]}, 0.0) == "columns x, y"


# 3. Proving


@pytest.fixture
def earlier(
    counting: Counting, collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], tuple[Any, list[str]]]:
    """An experiment with evidence of two arms and two trials that was made by earlier code."""

    def make() -> tuple[Any, list[str]]:
        experiment = counting()
        monkeypatch.setitem(kinds.KINDS, qualified_name(type(experiment)), type(experiment))
        with monkeypatch.context() as patch:
            patch.setattr("support.evidence.keys.source_identity", lambda _: "earlier")
            rows = collect(experiment, 2)
        return experiment, [key for key, _ in rows.cells]

    return make


def proven(store: Store, proofs: Proofs | None = None, **prover: Any) -> tuple[list[proving.Outcome], Proofs]:
    outcomes = list(Prover(**prover).outcomes([store], proofs or Proofs()))
    return outcomes, proving.recorded(proofs or Proofs(), outcomes, "abc")


def test_a_comment_costs_nothing_once_it_is_proven(
    store: Store, collect: Collect, computed: Computed, earlier: Callable[[], tuple[Any, list[str]]]
) -> None:
    experiment, cells = earlier()
    ((outcome,), proofs) = proven(store)
    assert (len(outcome.same), outcome.changed, outcome.trials) == (2, {}, 2)
    before = len(computed())
    rows = collect(experiment, 2, proofs=proofs)
    assert [key for key, _ in rows.cells] == cells
    assert rows.proven == 4
    assert len(computed()) == before
    assert proven(store, proofs)[0] == []  # nothing is left to prove
    collect(experiment, 2)
    assert len(computed()) == before + 2  # without the table it is measured anew


def test_a_changed_number_does_not_come_back(
    store: Store,
    collect: Collect,
    earlier: Callable[[], tuple[Any, list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    experiment, cells = earlier()
    measure = type(experiment).measure

    def changed(self: Any, arms: Any, trial: int, context: Context) -> Any:
        """The second arm is another by the last bit."""
        parts = measure(self, arms, trial, context)
        return [
            {**part, "value": [value + (arm and 2.3e-16) for value in part["value"]]}
            for arm, part in zip(arms, parts, strict=True)
        ]

    monkeypatch.setattr(type(experiment), "measure", changed)
    ((outcome,), proofs) = proven(store)
    assert len(outcome.same) == 1
    assert list(outcome.changed.values()) == ["trial 0, value: 1.0 before, 1.0000000000000002 now"]
    assert "an arm gives other numbers: trial 0, value" in str(outcome)
    rows = collect(experiment, 2, proofs=proofs)
    keys = [key for key, _ in rows.cells]
    assert [keys[0], keys[2]] == [cells[0], cells[2]]
    assert not {keys[1], keys[3]} & set(cells)
    assert rows.proven == 2


def test_a_number_that_changed_in_a_later_trial_is_found_by_more_trials(
    store: Store, earlier: Callable[[], tuple[Any, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _ = earlier()
    measure = type(experiment).measure

    def changed(self: Any, arms: Any, trial: int, context: Context) -> Any:
        return [{**part, "value": [trial * 9.0]} for part in measure(self, arms, trial, context)]

    monkeypatch.setattr(type(experiment), "measure", changed)
    assert len(proven(store)[0][0].same) == 1  # arm 0 of trial 0
    assert len(proven(store, trials=2)[0][0].same) == 0


def test_what_cannot_be_measured_again_is_told(store: Store, earlier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier()
    (outcome,) = proven(store, device="cuda:0")[0]
    assert outcome.not_proven == {"they are of a cpu device": 2}
    assert "2 arms not proven: they are of a cpu device" in str(outcome)
    monkeypatch.setattr(kinds, "KINDS", {})
    (outcome,) = proven(store)[0]
    (reason,) = outcome.not_proven
    assert reason.startswith("there is no experiment")


def test_bits_that_differ_on_another_machine_prove_nothing_and_accuse_no_code(
    store: Store, earlier: Callable[[], tuple[Any, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _ = earlier()
    monkeypatch.setattr(proving, "machine", lambda: "another")
    (outcome,) = proven(store)[0]
    assert len(outcome.same) == 2  # the same bits on two machines are the same
    monkeypatch.setattr(type(experiment), "measure", lambda _, arms, *__: [{"value": [9.0], "arm": [9.0]}] * len(arms))
    (outcome,) = proven(store)[0]
    assert (outcome.same, outcome.changed) == (set(), {})
    ((reason, count),) = outcome.not_proven.items()
    assert reason.startswith("the last bits differ, on another kind of machine (")
    assert count == 2


def test_an_experiment_is_found_again_from_its_evidence() -> None:
    """For each kind, with arms that need more than one field."""
    from tests.evidence.golden import EXPERIMENTS

    for experiment in EXPERIMENTS.values():
        origin = origin_of(experiment, CONTEXT)
        again = kinds.experiment_of(origin, experiment.arms)
        assert again == experiment
        assert again.arms == experiment.arms


# 4. The command


def test_the_command_records_what_it_proves_and_fails_on_what_changed(
    tmp_path: Path,
    store: Store,
    earlier: Callable[[], tuple[Any, list[str]]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    experiment, _ = earlier()
    table = tmp_path / "proofs.json"
    arguments = ["prove", str(store.directory), "--table", str(table)]
    assert command.main(arguments) == 0
    said = capsys.readouterr().out
    assert "2 arms give the same numbers (2 trials)" in said
    assert f"recorded in {table}" in said
    assert len(Proofs.read(table).proofs) == 1
    assert command.main(arguments) == 0
    assert "nothing to prove" in capsys.readouterr().out
    monkeypatch.setattr(type(experiment), "measure", lambda _, arms, *__: [{"value": [9.0], "arm": [9.0]}] * len(arms))
    table.unlink()
    assert command.main(arguments) == 1
    assert not table.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prove", "nowhere"], "there is no evidence at nowhere"),
        (["prove", __file__], "is no pack of evidence, or cut short"),
        (["prove", "--trials", "0"], "argument --trials: must be a whole number of at least 1, got '0'"),
    ],
)
def test_bad_arguments_end_in_one_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(arguments)
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


def test_the_command_runs_as_a_module(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(  # noqa: S603 - this project's own code
        [sys.executable, "-m", "support.evidence", "prove", str(tmp_path / "empty")],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nothing to prove")
