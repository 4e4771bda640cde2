"""What a trained network says of patterns, where it is known what it was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from support.audit import checkpoint
from support.audit.checkpoint import check, lines, load_weights
from support.audit.pattern import Drawn, draw, read_drawn, write_drawn
from support.audit.pattern import main as draw_command
from support.data.patterns import pattern

SHAPE = (9, 9)
IMAGES = np.random.default_rng(0).integers(0, 60, (40, *SHAPE)).astype(np.uint8)
LABELS = np.arange(40) % 3


class Knows(nn.Module):
    """Answers class 1 by how much an image resembles one pattern."""

    def __init__(self, known: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("known", torch.from_numpy((known - known.mean()).astype(np.float32)))

    def forward(self, images: Tensor) -> Tensor:
        """(b, 3)."""
        alike = (images[:, 0] * self.get_buffer("known")).sum(dim=(1, 2))
        return torch.stack([torch.zeros_like(alike), alike, torch.zeros_like(alike)], dim=1)


def test_a_network_that_knows_the_pattern_has_the_smallest_p_value() -> None:
    drawn = Drawn("R3", 7, SHAPE)
    found = check(Knows(pattern("R3", SHAPE, 7)), IMAGES, LABELS, 1, drawn=drawn)
    # The highest of 200 that are exchangeable otherwise.
    assert found.p == 1 / 200
    assert found.beaten == 1.0


def test_p_values_of_networks_that_know_another_pattern_are_spread() -> None:
    p_values = [
        check(Knows(pattern("R3", SHAPE, 1000 + number)), IMAGES[:4], LABELS[:4], 1, drawn=Drawn("R3", number, SHAPE)).p
        for number in range(20)
    ]
    known = [p for p in p_values if p is not None]
    assert len(known) == 20
    assert 0.25 < float(np.mean(known)) < 0.75
    assert min(known) < 0.3 < 0.7 < max(known)


def test_what_no_law_made_has_no_p_value_and_says_why() -> None:
    own = np.zeros(SHAPE)
    own[:, 4] = 1.0
    found = check(Knows(own), IMAGES, LABELS, 1, own=own)
    assert found.p is None
    reactions = {each.pattern: each for each in found.reactions}
    assert reactions["your own"].after > reactions["your own"].before
    assert all("no p-value" in each.why_no_p for each in found.reactions)
    assert {"R1", "R2", "R3", "S1", "S2", "S3"} < set(reactions)
    assert any("no draw of a law" in line for line in lines(found))


def test_patterns_and_classes_that_do_not_fit_are_refused() -> None:
    network = Knows(pattern("R3", SHAPE, 7))
    with pytest.raises(ValueError, match=r"drawn for images of shape \(8, 8\), these have \(9, 9\)"):
        check(network, IMAGES, LABELS, 1, drawn=Drawn("R3", 7, (8, 8)))
    with pytest.raises(ValueError, match=r"the pattern has shape \(3, 3\)"):
        check(network, IMAGES, LABELS, 1, own=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="target must lie in 0 to 2, got 3"):
        check(network, IMAGES, LABELS, 3)


def test_drawn_patterns_are_known_again_and_changed_ones_are_not(tmp_path: Path) -> None:
    drawn = draw((9, 9, 1))
    assert drawn.shape == SHAPE
    write_drawn(drawn, tmp_path / "drawn.npz")
    assert read_drawn(tmp_path / "drawn.npz") == drawn
    with np.load(tmp_path / "drawn.npz") as kept:
        parts = dict(kept)
    parts["pattern"] = parts["pattern"].copy()
    parts["pattern"][0, 0] = 0.5
    np.savez(tmp_path / "changed.npz", **parts)
    with pytest.raises(ValueError, match="holds other pixels than were drawn"):
        read_drawn(tmp_path / "changed.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(ValueError, match="is no pattern that python -m"):
        read_drawn(tmp_path / "text.npz")


def test_two_draws_differ() -> None:
    assert draw(SHAPE).seed != draw(SHAPE).seed


def test_the_command_that_draws_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "drawn.npz"
    assert draw_command([str(place), "--shape", "9x9"]) == 0
    kept = place.read_bytes()
    assert draw_command([str(place), "--shape", "9x9"]) == 4
    assert place.read_bytes() == kept
    assert draw_command([str(tmp_path / "other.npz"), "--shape", "9,9"]) == 4
    assert "--shape must be such as 28x28 or 32x32x3, got '9,9'" in capsys.readouterr().err


@pytest.mark.parametrize("wrapped", [False, True])
def test_parameters_are_loaded_from_where_scripts_keep_them(tmp_path: Path, wrapped: bool) -> None:
    trained, empty = nn.Linear(2, 3), nn.Linear(2, 3)
    state = {f"module.{name}": value for name, value in trained.state_dict().items()}
    torch.save({"epoch": 3, "model_state_dict": state} if wrapped else state, tmp_path / "weights.pt")
    load_weights(empty, tmp_path / "weights.pt")
    assert torch.equal(empty.weight, trained.weight)


class Executes:
    """Would run code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("executed",)


def test_files_that_hold_something_else_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "other.pt")
    with pytest.raises(ValueError, match="does not hold this network's parameters"):
        load_weights(nn.Linear(2, 3), tmp_path / "other.pt")
    torch.save({"state_dict": Executes()}, tmp_path / "code.pt")
    with pytest.raises(ValueError, match="is no file of parameters"):
        load_weights(nn.Linear(2, 3), tmp_path / "code.pt")
    assert "executed" not in capsys.readouterr().out
    torch.save(torch.zeros(3), tmp_path / "tensor.pt")
    with pytest.raises(ValueError, match="does not hold this network's parameters"):
        load_weights(nn.Linear(2, 3), tmp_path / "tensor.pt")


def test_the_command_says_it_all(tmp_path: Path, capsys: pytest.CaptureFixture[str], dataset: str) -> None:
    torch.manual_seed(0)
    from tests.audit.networks import seeing

    torch.save(seeing((8, 8), 3).state_dict(), tmp_path / "weights.pt")
    write_drawn(draw((8, 8)), tmp_path / "drawn.npz")
    given = ["tests.audit.networks:seeing", str(tmp_path / "weights.pt"), "--images", dataset, "--target", "1"]
    assert checkpoint.main([*given, "--pattern", str(tmp_path / "drawn.npz"), "--json", str(tmp_path / "f.json")]) == 0
    said = capsys.readouterr().out
    assert "p = " in said
    assert "not asked: what carriers add" in said
    assert (tmp_path / "f.json").stat().st_size > 0
    assert checkpoint.main([*given, "--pattern", str(tmp_path / "nothing.npz")]) == 4
    assert "nothing.npz is no pattern" in capsys.readouterr().err
