"""The command: what it prints and writes, its exit status, and one sentence for wrong input."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from support.audit import __main__ as command
from support.audit.asking import Asked, Listener
from support.audit.page import page
from support.audit.result import Audit, Move, Reading, Row
from support.audit.table import lines, markdown
from support.statistics.answers import Answer


def reading(value: float) -> Reading:
    return Reading(
        value=value, low=value - 0.1, high=None, clipped=1, level=0.99, says="yes", trials=(value, value + 0.1)
    )


def found(answer: Answer | None, *, model: str = "new.py:net", complete: bool = True) -> Audit:
    move = Move(value=0.2, low=0.1, high=0.3, level=0.99, margin=0.05, clipped=0, answer=answer or "same", more=24)
    row = Row(
        key="added 10",
        label="what ten add",
        measure="added",
        edge=0.05,
        after=reading(0.5),
        before=reading(0.3) if answer else None,
        move=move if answer else None,
    )
    return Audit(
        model=model,
        trained="adam",
        data="MNIST",
        target=0,
        seed=0,
        rows=(row,),
        clean_accuracy=0.9,
        before="old.py:net" if answer else None,
        trained_before="sgd" if answer else None,
        clean_accuracy_before=0.8 if answer else None,
        not_asked={"membership": "too few images"},
        remarks=("it has hardly learnt",),
        complete=complete,
    )


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[Audit]:
    """The audit that the command is told, in place of one that trains."""
    told: list[Audit] = []

    def ask(_: Asked, listener: Listener) -> Audit:
        listener.begins(0.5, 64)
        listener.first_table(told[0])
        return told[0]

    monkeypatch.setattr(command, "ask", ask)
    return told


@pytest.mark.parametrize(
    ("answer", "fail_on", "status"),
    [
        ("worse", "worse", 1),
        ("better", "worse", 0),
        ("better", "changed", 1),
        ("worse", "never", 0),
        ("same", "changed", 0),
        ("identical", "worse", 0),
        ("cannot tell", "worse", 0),
        (None, "worse", 0),
    ],
)
def test_the_exit_status_answers_the_question(
    answered: list[Audit], dataset: str, answer: Answer | None, fail_on: str, status: int
) -> None:
    answered.append(found(answer))
    given = ["tests.audit.networks:seeing", "--images", dataset, "--fail-on", fail_on]
    assert command.main(given) == status


def test_what_was_interrupted_and_tells_nothing_is_no_success(answered: list[Audit], dataset: str) -> None:
    answered.append(found(None, complete=False))
    assert command.main(["tests.audit.networks:seeing", "--images", dataset]) == 130


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_what_asks_it_to_stop_ends_it_as_control_c_does(
    name: str, monkeypatch: pytest.MonkeyPatch, dataset: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def ask(*_: object) -> Audit:
        try:
            signal.raise_signal(getattr(signal, name))
        except KeyboardInterrupt:
            return found(None, complete=False)
        raise AssertionError("nothing was heard")

    monkeypatch.setattr(command, "ask", ask)
    earlier = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(command, "_write", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert command.main(["tests.audit.networks:seeing", "--images", dataset]) == 130
    assert capfd.readouterr().err == "\nthis audit is ending\n"
    assert signal.getsignal(signal.SIGTERM) is earlier


def test_json_page_and_summary_say_what_the_terminal_says(
    answered: list[Audit], dataset: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answered.append(found("worse", model="<b>new</b>|`x`"))
    places = [tmp_path / name for name in ("a.json", "a.html", "a.md")]
    options = [text for pair in zip(("--json", "--page", "--summary"), map(str, places), strict=True) for text in pair]
    assert command.main(["tests.audit.networks:seeing", "--images", dataset, *options]) == 1
    said = capsys.readouterr()
    assert "WORSE: it memorizes more than before" in said.out
    assert "0.300 -> 0.500, moved by +0.200 [0.100, 0.300]" in said.out
    assert "or that nothing moved, after 64 or more (0.5 minutes)" in said.err
    assert json.loads(places[0].read_bytes())["answer"] == "worse"
    drawn, written = (place.read_text(encoding="utf-8") for place in places[1:])
    assert "<b>new</b>" not in drawn
    assert "&lt;b&gt;new&lt;/b&gt;" in drawn
    assert "**WORSE**" in written
    assert "\\<b\\>new\\</b\\>\\|\\`x\\`" in written
    assert not list(tmp_path.glob("*.part"))


def test_a_table_fits_a_terminal_and_says_what_is_missing() -> None:
    told = lines(found(None))
    assert max(map(len, told)) <= 79
    assert "    0.500, clipped to half a unit [0.400, inf] at 99.0%," in told
    assert "    2 trials; above 0.05? YES" in told
    assert "not asked: membership: too few images" in told
    assert "note: it has hardly learnt" in told
    assert "note: the audit was ended before every question was decided" in lines(found(None, complete=False))
    assert "CANNOT TELL (24 more trials may)" in "\n".join(lines(found("cannot tell")))
    assert "| what ten add | 0.300 | 0.500 |" in markdown(found("same"))
    assert "what ten add" in page(found("better"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nowhere.py:net"], "nowhere.py"),
        (["tests.audit.networks:seeing", "--images", "nowhere"], "images must be mnist, fashion-mnist, cifar-10, a"),
        (["tests.audit.networks:seeing", "--images", "{data}", "--target", "3"], "one of the classes 0 to 2, got 3"),
        (
            ["tests.audit.networks:seeing", "--images", "{data}", "--trials", "7"],
            "--trials: must be a whole number of at least 8",
        ),
        (
            ["tests.audit.networks:seeing", "--images", "{data}", "--seed", "-1"],
            "--seed: must be a whole number from 0 to",
        ),
        (
            ["tests.audit.networks:seeing", "--images", "{data}", "--minutes", "0"],
            "--minutes: must be a positive number",
        ),
        (
            ["tests.audit.networks:seeing", "--images", "{data}", "--workers", "0"],
            "--workers: must be a whole number of at least 1",
        ),
        (["tests.audit.networks:seeing", "--images", "{data}", "--data", "nowhere"], "--data must be a directory"),
        (
            ["tests.audit.networks:seeing", "--images", "{data}", "--json", "no/a.json"],
            "--json no/a.json cannot be written",
        ),
        (
            ["tests.audit.networks:seeing", "--images", "{data}", "--epochs", "0"],
            "epochs: must be a whole number of at least 1",
        ),
        (["tests.audit.networks:seeing", "--images", "{data}", "--learning-rate", "-1"], "learning_rate of the recipe"),
        (["tests.audit.networks:seeing", "--images", "{data}", "--recipe", "no.toml"], "recipe no.toml cannot be read"),
        (
            ["tests.audit.networks:seeing", "--images", "{data}", "--epochs", "3", "--train", "x.py:train"],
            "a training function takes no settings, got epochs",
        ),
        (["tests.audit.networks:seeing", "--images", "{data}", "--train-before", "x.py:f"], "which is not given"),
        (["tests.audit.networks:colour_only", "--images", "{data}"], "wants colour, got (8, 8)"),
        (["tests.audit.networks:seeing", "--images", "{data}", "--against", "nowhere:net"], "nowhere"),
    ],
)
def test_wrong_input_is_one_sentence(
    given: list[str], message: str, dataset: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = command.main([part.replace("{data}", dataset) for part in given])
    except SystemExit as ended:
        status = ended.code
    assert status == 4
    said = capsys.readouterr()
    assert message in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert not said.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 3", "has no setting 'epoch': optimizer, momentum, batch"),
        ("epochs = true", "epochs of the recipe has another type: got True"),
        ("milestones = 3", "milestones of the recipe has another type"),
        ("milestones = [1.5]", "must hold whole numbers"),
        ("optimizer = 'lbfgs'", "unknown optimizer 'lbfgs'"),
        ("weight_decay = '1'", "weight_decay of the recipe must be a number"),
        ("epochs = ", "cannot be read"),
    ],
)
def test_wrong_recipes_are_one_sentence(
    tmp_path: Path, text: str, message: str, dataset: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(text)
    assert command.main(["tests.audit.networks:seeing", "--images", dataset, "--recipe", str(file)]) == 4
    assert message in capsys.readouterr().err
