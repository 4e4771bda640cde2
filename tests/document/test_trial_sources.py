"""Where trials are from, added up and in words."""

from support.document.trial_sources import Read, TrialSources, in_words, total

OWN, PACK = Read(trials=3), Read(place="reports/quick/evidence.tar.xz", trials=1200)


def test_parts_are_added_up_by_place() -> None:
    parts = [
        TrialSources(computed=2, read=(PACK, OWN), proven=1),
        TrialSources(computed=1, read=(OWN,), rechecked=4, differing=1),
    ]
    expected = TrialSources(computed=3, read=(Read(trials=6), PACK), proven=1, rechecked=4, differing=1)
    assert total(parts) == expected
    assert total([]) == TrialSources()


def test_what_is_not_zero_is_said() -> None:
    assert in_words(TrialSources(computed=12)) == "12 computed in this run"
    assert in_words(TrialSources(computed=1, read=(OWN, PACK), proven=2, rechecked=1, differing=1)) == (
        "1 computed in this run, 3 read from one’s own evidence, 1,200 read from reports/quick/evidence.tar.xz; of "
        "them 2 by earlier code that was proven to give the same numbers, 1 rechecked, with the same numbers, "
        "1 RECHECKED WITH OTHER NUMBERS"
    )
