"""Where the trials behind verdicts are from, added up and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from support.document.bounds import Count

# What the run's own store is called.
OWN = "one’s own evidence"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """So many trials were read from a directory or pack of evidence; place is null for the run's own."""

    place: str | None = None
    trials: Count


class TrialSources(msgspec.Struct, frozen=True, kw_only=True):
    """Where the trials are from that a case was decided on, a trial of each of its experiments counted as one.

    computed are those of which this run has computed all arms; the others were read, and count by the last place that
    an arm was read from. Of both, proven had an arm of other code that was proven to give the same numbers, rechecked
    were measured again with the same numbers, in all their arms, and differing with other numbers.
    """

    computed: Count = 0
    read: tuple[Read, ...] = ()
    proven: Count = 0
    rechecked: Count = 0
    differing: Count = 0

    def all_from(self, place: str | None) -> bool:
        """Whether all were read from this place, and nothing else is known of any."""
        return {each.place for each in self.read} == {place} and self == TrialSources(read=self.read)

    @property
    def all_own_and_proven(self) -> bool:
        """Whether all were read from the run's own store, where earlier code had left each of them."""
        read = sum(place.trials for place in self.read)
        return self.proven == read and msgspec.structs.replace(self, proven=0).all_from(None)


def total(parts: Iterable[TrialSources]) -> TrialSources:
    """The sum; a trial that several parts rest on counts in each."""
    given = list(parts)
    read: Counter[str | None] = Counter()
    for part in given:
        read.update({each.place: each.trials for each in part.read})
    places = sorted(read, key=lambda place: (place is not None, place or ""))
    return TrialSources(
        computed=sum(part.computed for part in given),
        read=tuple(Read(place=place, trials=read[place]) for place in places),
        proven=sum(part.proven for part in given),
        rechecked=sum(part.rechecked for part in given),
        differing=sum(part.differing for part in given),
    )


def in_words(sources: TrialSources, usual: Read | None = None) -> str:
    """All counts that are not 0, such as ``12 computed in this run, 4 read from one’s own evidence; 1 of them …``.

    Parameters
    ----------
    usual : of the place that goes without saying, where the reader was told it, and of what earlier code was proven.
    """

    def place(read: Read) -> str:
        return "" if usual and usual.place == read.place else f" from {read.place or OWN}"

    parts = [f"{sources.computed:,} computed in this run"] if sources.computed else []
    parts += [f"{each.trials:,} read{place(each)}" for each in sources.read]
    known = [
        (sources.proven, "by earlier code" + ("" if usual else " that was proven to give the same numbers")),
        (sources.rechecked, "rechecked, with the same numbers"),
        (sources.differing, "RECHECKED WITH OTHER NUMBERS"),
    ]
    of_them = ", ".join(f"{count:,} {what}" for count, what in known if count)
    return ", ".join(parts) + (f"; of them {of_them}" if of_them else "")
