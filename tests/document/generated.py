"""Reports of every shape, for Hypothesis, from the types alone."""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from support.document.types import Case, NotRun, Report, Verdict

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=4),
    int: st.integers(-(2**60), 2**60),
    float: st.floats(-1e150, 1e150),
    bool: st.booleans(),
    NoneType: st.none(),
}


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type; lists and mappings are short."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is Case:
        ran = [verdict for verdict in get_args(Verdict) if verdict != "not run"]
        return struct(Case, verdict=st.sampled_from(ran), not_run=st.none()) | struct(
            Case, verdict=st.just("not run"), not_run=values(NotRun)
        )
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return struct(kind)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, parts))
    if origin is dict:
        return st.dictionaries(values(parts[0]), values(parts[1]), max_size=1)
    if origin is list:
        return st.lists(values(parts[0]), max_size=2)
    if origin is tuple and parts[-1] is ...:
        return st.lists(values(parts[0]), max_size=1).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, parts))
    raise TypeError(f"no values for {kind}")


def struct(kind: type[msgspec.Struct], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Structs of a type, every field given."""
    hints = get_type_hints(kind)
    return st.builds(
        kind, **{name: given[name] if name in given else values(hints[name]) for name in kind.__struct_fields__}
    )


REPORTS: st.SearchStrategy[Report] = struct(Report)
