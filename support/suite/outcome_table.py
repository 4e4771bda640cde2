"""The table at the end of a run: how many readings of whose claims came out how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from support.document.statuses import COLUMNS, reading_status
from support.document.types import Reading
from support.register import LETTERS

REGISTERED = "refuted, as registered"
_WORDS: Mapping[str, str] = MappingProxyType(
    {key: words for key, _, words in COLUMNS} | dict.fromkeys(LETTERS, REGISTERED)
)
# Rows that stand in every table; any other only where it counts something.
_ALWAYS = ("supported", "partial", "refuted", "inconclusive", "not-run")
TITLE = "readings"


def outcome_table(readings: Iterable[tuple[str, Reading]]) -> Iterator[str]:
    """Lines of a table: a row for each verdict, a column for whoever asks and, where there are several, for all.

    Parameters
    ----------
    readings : each with who makes its claim, such as "paper A".
    """
    found = [(asker, _WORDS[reading_status(reading).key]) for asker, reading in readings]
    columns = {asker: [words for own, words in found if own == asker] for asker in sorted({own for own, _ in found})}
    if len(columns) > 1:
        columns["in all"] = [words for _, words in found]
    rows = [words for words in dict.fromkeys(_WORDS.values()) if _stands(words, columns)]
    first = max(map(len, [TITLE, *rows]))
    yield "  ".join([TITLE.ljust(first), *columns])
    for words in rows:
        counts = (str(own.count(words)).rjust(len(name)) for name, own in columns.items())
        yield "  ".join([words.ljust(first), *counts])


def _stands(words: str, columns: Mapping[str, list[str]]) -> bool:
    always = {_WORDS[key] for key in _ALWAYS} | {REGISTERED}
    return words in always or any(words in own for own in columns.values())
