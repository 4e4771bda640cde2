"""Audits of a model of one's own: what it memorizes, and whether a change made it memorize more.

``python -m support.audit MODEL`` in a terminal; in Python::

    from support.audit import audit

    found = audit(factory, images=(images, labels))
    found.to_dataframe()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.audit.asking import Listener
    from support.audit.result import Audit

__all__ = ["audit"]


def audit(
    network: str | Callable[..., Any],
    *,
    against: str | Callable[..., Any] | None = None,
    images: Any = "mnist",
    recipe: Mapping[str, object] | None = None,
    recipe_before: Mapping[str, object] | None = None,
    train: str | Callable[..., Any] | None = None,
    train_before: str | Callable[..., Any] | None = None,
    target: int = 0,
    seed: int = 0,
    first: bool = False,
    trials: int | None = None,
    minutes: float | None = None,
    workers: int | None = None,
    device: str = "cpu",
    data: Path | None = None,
    evidence: Path | None = None,
    listener: Listener | None = None,
) -> Audit:
    """Ask a model what it memorizes, or whether it memorizes more than another.

    Parameters
    ----------
    network : a function of the shape of an image and the number of classes that returns a `torch.nn.Module` with new
        weights, as an object, as ``file.py:function`` or by an architecture's name. The module maps (b, c, h, w) pixels
        in [0, 1] to (b, classes) logits.
    against : the same before the change.
    images : as `support.audit.subject.dataset_of`: a dataset's name, a folder, arrays or a function.
    recipe, recipe_before : settings of training (`support.audit.subject.SETTINGS`); before as after where not given.
    train, train_before : functions ``train(network, images, labels, seed)`` in their place.
    target : class whose images carry the pattern.
    seed : of all draws.
    first : ask the first questions only.
    trials, minutes : at most of each question, and before a further look.
    workers : processes; None for one on each core.
    device : a torch device name.
    data, evidence : directories with published datasets, and of the evidence; None for the user's cache.
    listener : told how far it is.

    Raises
    ------
    ValueError : a network that is not safe to bring, wrong settings or data, or a network that diverged.
    """
    from support.audit.asking import TRIALS, Asked, ask, cores
    from support.audit.subject import dataset_of, subject_of

    dataset = dataset_of(images)
    after = subject_of(network, dataset, recipe, train, target=target, data=data)
    before = None
    if against is not None:
        settings = recipe if recipe_before is None else recipe_before
        before = subject_of(against, dataset, settings, train_before or train, target=target, data=data)
    until = None if minutes is None else time.monotonic() + 60 * minutes
    asked = Asked(
        after, before, seed, device, data, evidence, workers or cores(), trials or TRIALS, until=until, first=first
    )
    return ask(asked, listener)
