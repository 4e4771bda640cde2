"""Control-C, of which Python tells when a call of the operating system is done, whichever it is."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from support.evidence.store import Store
from tests.evidence.faults import Meant, damage
from tests.evidence.injector import INTERRUPT, Injector

MANY = 50  # more calls than a write makes


def new(_: Store, __: Meant) -> None:
    """Nothing in an entry's place."""


def after_damage(store: Store, meant: Meant) -> None:
    """A damaged entry in its place."""
    meant.write(store)
    damage(store.path(meant.key))


@pytest.mark.parametrize(
    ("before", "gives_it_its_place"), [(new, {"link"}), (after_damage, {"rename", "replace"})], ids=["new", "damaged"]
)
def test_nothing_half_written_is_left(
    store: Store, before: Callable[[Store, Meant], None], gives_it_its_place: set[str]
) -> None:
    struck: set[str] = set()
    for at in range(MANY):
        meant, injector = Meant(f"entry {at}"), Injector(at, INTERRUPT)
        before(store, meant)
        with injector.injected(), suppress(KeyboardInterrupt):
            meant.write(store)
        assert list(store.directory.glob(".tmp-*")) == [], injector.calls
        struck |= set(injector.calls[at : at + 1])
        meant.write(store)
    assert {"open", "write", "fsync", "close", "unlink"} | gives_it_its_place <= struck
    assert len(injector.calls) < MANY
