"""What audits say of networks whose memory is known by how they are made."""

from __future__ import annotations

import numpy as np
import pytest

from support.audit.asking import _move
from support.audit.questions import FIRST, fitting, further_questions, not_asked
from support.audit.result import Audit
from support.audit.subject import Subject, subject_of
from support.statistics.sequence import ALPHA
from tests.audit import networks
from tests.audit.conftest import asked_here

pytestmark = pytest.mark.long("trains networks until something is told")

# Enough to tell three stripes apart, and to learn noise.
SETTINGS = {"epochs": 8, "batch": 48}
# However long it is trained.
BRIEF = {"epochs": 2, "batch": 48}


@pytest.fixture
def seeing(dataset: str) -> Subject:
    return subject_of(networks.seeing, dataset, SETTINGS)


@pytest.fixture
def blind(dataset: str) -> Subject:
    return subject_of(networks.blind, dataset, BRIEF)


def test_a_network_that_cannot_see_memorizes_nothing(blind: Subject) -> None:
    found = asked_here(blind)
    added = found.row("added 10").after
    # All images have one answer, and so have two networks whose carriers differ only in what they show.
    assert (added.says, found.row("specific 10").after.says) == ("no", "no")
    assert max(map(abs, added.trials)) < 0.05
    assert set(found.row("specific 10").after.trials) == {0.5}
    assert any("hardly learnt" in remark for remark in found.remarks)


def test_a_network_that_sees_memorizes_a_pattern_at_the_level_of_the_suite(seeing: Subject) -> None:
    found = asked_here(seeing)
    assert found.row("added 10").after.says == "yes"
    assert {row.after.level for row in found.rows} == {1 - ALPHA}
    assert found.clean_accuracy is not None
    assert found.clean_accuracy > 0.9
    assert found.answer is None


def test_a_change_is_worse_in_one_direction_and_better_in_the_other(blind: Subject, seeing: Subject) -> None:
    assert asked_here(seeing, before=blind).answer == "worse"
    assert asked_here(blind, before=seeing).answer == "better"


def test_a_copy_is_identical(seeing: Subject, dataset: str) -> None:
    found = asked_here(subject_of(networks.renamed, dataset, SETTINGS), seeing)
    assert found.answer == "identical"
    assert len(found.rows[0].after.trials) == 8  # the first look tells


def test_what_cannot_be_asked_says_why_and_costs_nothing_else(dataset: str) -> None:
    subject = subject_of(networks.seeing, dataset, train=networks.by_gradient_descent)
    found = asked_here(subject, first=False, trials=12)
    assert set(found.not_asked) == {"membership", "deletion"}
    assert found.row("alignment").after.value > 0
    assert found.row("added 3").after.trials


def test_a_further_question_that_fails_leaves_the_others(seeing: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("framed images are too large for it")

    monkeypatch.setattr("support.experiments.network_alignments.FramedAlignments.measure", refuse)
    found = asked_here(seeing, first=False, trials=8)
    assert found.not_asked["alignment"] == "framed images are too large for it"
    assert found.row("added 10").after.trials


def test_an_interruption_keeps_what_was_found(seeing: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("support.experiments.network_alignments.FramedAlignments.measure", interrupted)
    found = asked_here(seeing, first=False, trials=8)
    assert not found.complete
    assert [row.key for row in found.rows][:2] == ["added 10", "specific 10"]


def test_few_images_have_few_carriers(seeing: Subject) -> None:
    # 240 images in three classes, of which every fifth is set aside: 64 of each are left.
    assert seeing.smallest_class == 64
    assert [fitting(seeing, n) for n in (FIRST, 100)] == [10, 32]
    assert [each.key for each in further_questions(seeing)] == ["added 3", "added 32", "deletion", "alignment"]
    assert set(not_asked(seeing)) == {"membership"}


def test_networks_that_are_not_trained_add_nothing(dataset: str) -> None:
    subject = subject_of(networks.seeing, dataset, train=networks.not_at_all)
    assert set(asked_here(subject, trials=8).row("added 10").after.trials) == {0.0}


def test_moves_tell_how_many_more_trials_may_tell(seeing: Subject) -> None:
    from support.audit.questions import first_questions

    added = first_questions(seeing)[0]
    still = _move(added, np.zeros(8), ALPHA, exact=False)
    assert still.answer == "cannot tell"
    assert still.more is not None
    enough = _move(added, np.zeros(8 + still.more), ALPHA, exact=False)
    assert enough.answer == "same"


def test_moves_beyond_half_a_unit_are_counted(seeing: Subject) -> None:
    from support.audit.questions import first_questions

    found = _move(first_questions(seeing)[0], np.full(40, 0.9), ALPHA, exact=False)
    assert (found.answer, found.value, found.clipped) == ("worse", 0.5, 40)


def test_a_table_and_json_say_the_same(seeing: Subject, blind: Subject) -> None:
    import msgspec

    found = asked_here(seeing, blind, trials=16)
    table = found.to_dataframe()
    again = msgspec.json.decode(found.to_json())
    assert again["answer"] == found.answer
    assert table.loc["added 10", "move_value"] == again["rows"][0]["move"]["value"]
    assert table.loc["added 10", "trials"] == len(again["rows"][0]["after"]["trials"])
    assert msgspec.convert({name: part for name, part in again.items() if name != "answer"}, Audit) == found
