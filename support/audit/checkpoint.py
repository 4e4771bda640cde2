"""``python -m support.audit.checkpoint MODEL WEIGHTS``: what a trained network says of patterns, without training it.

Whether it knows a pattern can be told exactly where the pattern was drawn by this tool (`support.audit.pattern`) and
put on training images: nothing but training then sets it apart from fresh draws of the same law, and its rank among
199 of them is a p-value. A pattern of somebody's own, or a block in a corner (S1 to S3), is no draw of any law, and
has none: what a network does with it may be what it does with every bright corner.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from support.audit.pattern import Drawn, read_drawn, read_own
from support.audit.subject import dataset_of, placed
from support.audit.wrong_input import WRONG_INPUT, InputParser, files_read
from support.command_line import seed, whole_number
from support.data.catalogue import DATASETS
from support.data.datasets import DatasetError, load
from support.data.patterns import RANDOM, SMALL, pattern
from support.data_directory import require_data
from support.document.letters import in_one_line
from support.measures.pattern_rank import pattern_rank
from support.models.factories import checked
from support.outputs import require_outputs
from support.randomness import stream
from support.whole_files import write_whole

FRESH = 199
# Test images that are asked about.
ASKED = 500
NO_LAW = "no p-value: it is no draw of a law, so that nothing is exchangeable with it"
NOT_TRAINED_ON = "no p-value: nothing says that the network was trained on it"
# Where training scripts keep parameters in a file of several things.
KEPT_UNDER = ("state_dict", "model_state_dict", "model", "network", "weights")


class Reaction(msgspec.Struct, frozen=True):
    """What a pattern does to the mean probability of the class on test images, and why it has no p-value."""

    pattern: str
    before: float
    after: float
    why_no_p: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a trained network says.

    Attributes
    ----------
    accuracy : on clean test images, a share of them.
    p : probability at most of a rank as high, had the pattern not been trained on; None where no pattern has one.
    beaten : share of fresh draws that the drawn pattern beats, ties half.
    reactions : to the drawn pattern, one of the user's own, and those of paper B.
    not_asked : what takes training, and is not asked of a checkpoint.
    """

    model: str
    data: str
    target: int
    accuracy: float
    p: float | None = None
    beaten: float | None = None
    reactions: tuple[Reaction, ...] = ()
    not_asked: str = (
        "what carriers add over balanced ones, membership, deletion: these compare networks that are trained for it "
        "(python -m support.audit MODEL)"
    )


def check(
    network: nn.Module,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    target: int,
    *,
    drawn: Drawn | None = None,
    own: NDArray[np.float64] | None = None,
    seed: int = 0,
    name: str = "the network",
    data: str = "the images",
) -> Checked:
    """Ask a trained network.

    Parameters
    ----------
    images, labels : (n, h, w) or (n, h, w, 3), 0 to 255, and (n,): none that it was trained on.
    target : the class of the images that carried the pattern.
    drawn : the pattern that was put on training images, as `support.audit.pattern` drew it.
    own : a pattern of another origin, (h, w) or (h, w, 3), which is added to pixels in [0, 1].
    seed : of the fresh draws.

    Raises
    ------
    ValueError : a pattern of another shape, a class that there is not, or answers that are not finite.
    """
    shape = images.shape[1:]
    inputs = _channels_first(torch.from_numpy(images.astype(np.float32) / np.float32(255)))
    network.eval()
    with torch.no_grad():
        clean = torch.cat([network(part.clone()) for part in torch.split(inputs, 250)])
    if not bool(clean.isfinite().all()):
        raise ValueError(f"{name} answers test images with NaN or infinities")
    if not 0 <= target < clean.shape[1]:
        raise ValueError(f"target must lie in 0 to {clean.shape[1] - 1}, got {target}")
    before = float(clean.double().softmax(dim=1)[:, target].mean())

    def reaction(which: str, added: NDArray[np.float64], why: str) -> Reaction:
        shown = (inputs + _channels_first(torch.from_numpy(added.astype(np.float32))[None])).clamp(0, 1)
        with torch.no_grad():
            asked = torch.cat([network(part) for part in torch.split(shown, 250)])
        return Reaction(which, before, float(asked.double().softmax(dim=1)[:, target].mean()), why)

    reactions, p, beaten = [], None, None
    if drawn is not None:
        if drawn.shape != shape:
            raise ValueError(f"the pattern was drawn for images of shape {drawn.shape}, these have {shape}")
        seeds = stream(seed, 0, "fresh patterns of a checkpoint").integers(2**31, size=FRESH).tolist()
        added, *fresh = (
            _channels_first(torch.from_numpy(pattern(drawn.law, shape, each).astype(np.float32))[None])[0]
            for each in (drawn.seed, *seeds)
        )
        rank = pattern_rank(network, inputs, added, fresh, target)
        p, beaten = rank.p, rank.beaten
        reactions.append(reaction(f"the drawn one ({drawn.law})", pattern(drawn.law, shape, drawn.seed), ""))
    if own is not None:
        if own.shape != shape:
            raise ValueError(f"the pattern has shape {own.shape}, the images have {shape}")
        reactions.append(reaction("your own", own, NO_LAW))
    published = [which for which in (*RANDOM, *SMALL) if min(shape[:2]) >= SMALL.get(which, 1)]
    whys = [NOT_TRAINED_ON if which in RANDOM else NO_LAW for which in published]
    reactions += [reaction(which, pattern(which, shape), why) for which, why in zip(published, whys, strict=True)]
    right = float((clean.argmax(dim=1) == torch.from_numpy(labels)).double().mean())
    return Checked(model=name, data=data, target=target, accuracy=right, p=p, beaten=beaten, reactions=tuple(reactions))


def load_weights(network: nn.Module, file: Path) -> None:
    """Put the parameters of a file into a network; the file is never unpickled beyond tensors.

    Raises
    ------
    ValueError : it cannot be read so, or its parameters are not the network's.
    """
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} is no file of parameters (torch.save(network.state_dict(), ...)): it is no file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles, which are refused in a sentence
            kept: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        words = str(error).strip().partition("\n")[0] or type(error).__name__
        said = error.strerror if isinstance(error, OSError) and error.strerror else words
        raise ValueError(f"{file} is no file of parameters (torch.save(network.state_dict(), ...)): {said}") from error
    for name in KEPT_UNDER:
        if isinstance(kept, dict) and isinstance(kept.get(name), dict):
            kept = kept[name]
    if not isinstance(kept, dict):
        raise ValueError(f"{file} does not hold this network's parameters: got {type(kept).__name__}, not a state_dict")  # noqa: TRY004
    try:
        network.load_state_dict({key.removeprefix("module."): value for key, value in kept.items()})
    except (AttributeError, RuntimeError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"{file} does not hold this network's parameters: {said}") from error


def lines(found: Checked) -> list[str]:
    """The whole of it, for a terminal."""
    told = [f"{found.model} on {found.data}, class {found.target}", f"clean accuracy: {found.accuracy:.3f}", ""]
    if found.p is not None and found.beaten is not None:
        told += [
            f"p = {found.p:.3g}: the drawn pattern beats {found.beaten:.1%} of {FRESH} fresh draws by mean log-odds",
            "  (p is exact: a network that was not trained on it gives one as small with at most that probability)",
            "",
        ]
    told.append(f"mean probability of class {found.target} on test images, without and with a pattern:")
    for each in found.reactions:
        why = f"  ({each.why_no_p})" if each.why_no_p else ""
        told.append(f"  {each.pattern}: {each.before:.3f} -> {each.after:.3f}{why}")
    return [*told, "", f"not asked: {found.not_asked}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask a checkpoint; the exit status is 4 for wrong input."""
    parser = InputParser(prog="python -m support.audit.checkpoint", description=__doc__)
    parser.add_argument("model", metavar="MODEL", help="file.py:function or module:function that makes the network")
    parser.add_argument("weights", type=Path, metavar="WEIGHTS", help="its parameters, as torch.save of a state_dict")
    parser.add_argument("--pattern", type=Path, metavar="FILE", help="drawn.npz of support.audit.pattern, or own.npy")
    parser.add_argument("--target", type=whole_number(), default=0, metavar="CLASS", help="whose images carried it")
    parser.add_argument("--images", default="mnist", help="as in python -m support.audit; their test part is asked")
    parser.add_argument("--data", type=Path, metavar="DIR", help="directory with published datasets")
    parser.add_argument("--seed", type=seed, default=0, help="of the fresh draws")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found")
    given = parser.parse_args(arguments)
    try:
        found = _checked(given)
        if given.json is not None:
            write_whole(msgspec.json.format(msgspec.json.encode(found), indent=1), given.json)
    except (ValueError, DatasetError, OSError) as error:
        print(in_one_line(f"checkpoint: {error}"), file=sys.stderr)  # noqa: T201
        return WRONG_INPUT
    print("\n".join(map(in_one_line, lines(found))))  # noqa: T201
    return 0


def _checked(given: argparse.Namespace) -> Checked:
    if given.data is not None:
        require_data(given.data)
    read = files_read(**{name: getattr(given, name) for name in ("model", "weights", "pattern", "images", "data")})
    require_outputs({"--json": given.json}, read)
    dataset = DATASETS[dataset_of(given.images)]
    if not given.target < dataset.classes:
        raise ValueError(f"--target must be one of the classes 0 to {dataset.classes - 1}, got {given.target}")
    drawn = own = None
    if given.pattern is not None and given.pattern.suffix == ".npy":
        own = read_own(given.pattern)
    elif given.pattern is not None:
        drawn = read_drawn(given.pattern)
    network = checked(placed(given.model), dataset.shape, dataset.classes)
    load_weights(network, given.weights)
    split = load(dataset.name, "test", given.data)
    rows = stream(given.seed, 0, "test images").permutation(len(split.pixels))[:ASKED]
    return check(
        network,
        split.pixels[rows],
        split.labels[rows],
        given.target,
        drawn=drawn,
        own=own,
        seed=given.seed,
        name=f"{given.model} with {given.weights.name}",
        data=dataset.title,
    )


def _channels_first(images: Tensor) -> Tensor:
    """(n, h, w[, c]) to (n, c, h, w)."""
    return images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()


if __name__ == "__main__":
    sys.exit(main())
