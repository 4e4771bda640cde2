"""What the verdicts say of one topic, in plain sentences.

The sentences are put together from `TOPICS` and the verdicts alone, so that no conclusion can outlive its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from support.data.catalogue import DATASETS
from support.document.departures import because, named
from support.document.types import Case, Claim, Conclusion, ReadingName, Sentence, Verdict
from support.document.walking import departure_of, every_case, function_of

READINGS: dict[ReadingName, str] = {
    "printed": "As printed",
    "published": "As published",
    "sound": "By the sound protocol",
}

_DATASET = re.compile("|".join(sorted(DATASETS, key=len, reverse=True)))


@dataclass(frozen=True)
class Part:
    """One sentence: what a test decides.

    Attributes
    ----------
    claim, reading : of the register.
    function : the test function whose cases decide it; None for every case of the reading.
    phrase : what is claimed, such as ``"the score stays as it was"``; follows "the claim that".
    only : part of the ids of the cases that decide it, which the sentence need not repeat; empty for all.
    """

    claim: str
    reading: ReadingName
    function: str | None
    phrase: str
    only: str = ""


@dataclass(frozen=True)
class Topic:
    """A title and its sentences, in order."""

    title: str
    parts: tuple[Part, ...]


TOPICS = (
    Topic(
        "Memorized backgrounds",
        (
            Part(
                "A-25",
                "sound",
                "test_fully_connected_on_gaussian_data",
                "a trained network tells labels of training samples by their backgrounds alone",
                "spurious above chance",
            ),
            Part(
                "A-25",
                "sound",
                "test_fully_connected_on_gaussian_data",
                "it does so the less the more samples it is trained on",
                "spurious falls",
            ),
            Part(
                "A-36",
                "sound",
                "test_the_trained_kernel_explains_what_is_memorized",
                "the alignment in its own kernel explains how much it memorizes",
            ),
            Part(
                "A-36",
                "sound",
                "test_the_start_predicts_the_order",
                "the kernel before training predicts in which settings it memorizes more",
            ),
            Part(
                "A-41",
                "sound",
                "test_a_network_knows_half_a_resemblance",
                "a background that it never saw brings back some of the label where it resembles a seen one by half",
            ),
        ),
    ),
    Topic(
        "Learnt from how few",
        (
            Part(
                "B-01",
                "published",
                "test_one_example_is_learnt",
                "one patterned example among 60,000 raises the spurious score",
            ),
            Part(
                "B-02",
                "published",
                "test_three_examples_are_learnt",
                "three patterned examples raise the spurious score",
                "-0",
            ),
            Part(
                "B-02",
                "sound",
                "test_three_examples_teach_their_class",
                "three patterned examples of a class teach it more than three of random classes",
                "-0",
            ),
            Part(
                "B-57",
                "sound",
                "test_noise_of_their_own_teaches_most_of_it",
                "three examples with noise of their own each teach most of what three with one noise teach",
                "-3",
            ),
            Part(
                "B-57",
                "sound",
                "test_the_pattern_itself_is_known",
                "three examples with one noise teach to tell it from fresh noise",
                "-3",
            ),
            Part(
                "B-04",
                "sound",
                "test_dispersed_patterns_are_learnt_more",
                "noise over the whole image is learnt more than a block of the same norm",
                "equal norm",
            ),
        ),
    ),
    Topic(
        "Regularization",
        (
            Part("B-27", "sound", "test_input_noise", "input noise lowers what R3 taught", "lowers what is learnt"),
            Part("B-28", "sound", "test_weight_decay", "weight decay lowers what R3 taught", "lowers what is learnt"),
            Part(
                "B-29",
                "sound",
                "test_gradient_clipping_does_not_help",
                "clipping the gradient's norm leaves what R3 taught as it was",
                "R3-clipped norm",
            ),
            Part(
                "B-29",
                "sound",
                "test_gradient_clipping_does_not_help",
                "clipping the gradient's norm leaves what S3 taught as it was",
                "S3-clipped norm",
            ),
            Part(
                "B-30",
                "sound",
                "test_nothing_removes_it",
                "a part of what R3 taught is left under weight decay",
                "weight decay",
            ),
        ),
    ),
    Topic(
        "Membership inference",
        (
            Part(
                "B-10",
                "published",
                "test_rate_on_spurious_members_against_accuracy",
                "the paper's attack is right on one spurious member more often than on all examples",
            ),
            Part(
                "B-10",
                "sound",
                "test_attack_tells_whether_a_patterned_example_was_trained_on",
                "the paper's attack tells whether the one patterned example was trained on better than it tells others",
            ),
            Part(
                "B-10",
                "sound",
                "test_one_spurious_member_against_clean_members",
                "a likelihood ratio attack finds the only spurious member more easily than clean members of its class",
            ),
            Part(
                "B-10",
                "sound",
                "test_which_of_ten_patterned_examples",
                "among ten patterned examples it finds those that were trained on more easily than clean members",
            ),
            Part(
                "B-11",
                "sound",
                "test_advantage_falls_from_one_to_ten",
                "a patterned example is harder to tell beside nine others than alone",
            ),
        ),
    ),
    Topic(
        "Deletion",
        (
            Part(
                "B-42",
                "published",
                "test_resumed_training",
                "training that resumes at a learning rate of 1e-5 leaves the spurious score of ten examples as it was",
                "unchanged",
            ),
            Part(
                "B-42",
                "published",
                "test_resumed_training",
                "training that resumes there does not remove the score as training from scratch does",
                "not removed",
            ),
            Part(
                "B-42",
                "sound",
                "test_restarted_training",
                "training that goes on at a live learning rate does not remove what ten target-class carriers add",
                "ten",
            ),
            Part(
                "B-42",
                "sound",
                "test_restarted_training_changes_nothing",
                "training that goes on at a live learning rate leaves what they add as it was",
            ),
            Part(
                "B-43",
                "published",
                "test_released_influence",
                "the released influence update leaves the score as it was",
            ),
            Part(
                "B-43",
                "sound",
                "test_influence",
                "an influence update by conjugate gradients does not remove what ten target-class carriers add",
            ),
            Part(
                "B-43",
                "sound",
                "test_exact_deletion_is_training_from_scratch",
                "deletion is exact in random-feature and NTK regression, and the deleted backgrounds are forgotten",
            ),
        ),
    ),
)


# A case: verdict, departure, and where it was decided, such as "on MNIST"; empty where the test has one case.
_Decision = tuple[Verdict, str | None, str]


def conclude(claims: Sequence[Claim], topics: Sequence[Topic] = TOPICS) -> list[Conclusion]:
    """The conclusions of a report, from its claims.

    A part without a case says nothing; a topic of which nothing was decided is left out.
    """
    conclusions = []
    for topic in topics:
        found = [(part, decisions) for part in topic.parts if (decisions := _decisions(claims, part))]
        if any(verdict != "not run" for _, decisions in found for verdict, _, _ in decisions):
            sentences = (Sentence(text=_sentence(part, decisions), claims=(part.claim,)) for part, decisions in found)
            conclusions.append(Conclusion(title=topic.title, sentences=tuple(sentences)))
    return conclusions


def _decisions(claims: Sequence[Claim], part: Part) -> list[_Decision]:
    return [
        (case.verdict, departure_of(reading, case), _where(case, part))
        for _, reading, case in every_case([claim for claim in claims if claim.id == part.claim])
        if reading.reading == part.reading
        and (case.not_run is None or case.not_run.why != "not selected")
        and part.function in (None, function_of(case.test or ""))
        and part.only in case.id
    ]


def _where(case: Case, part: Part) -> str:
    if case.id == function_of(case.test or "").removeprefix("test_"):
        return ""
    own = case.id.replace(part.only, "").strip("-") if part.only else case.id
    if not own:
        return ""
    words, known = _DATASET.subn(lambda found: DATASETS[found[0]].title, own)
    return f"{'on' if known else 'for'} {words}"


def _sentence(part: Part, decisions: list[_Decision]) -> str:
    """Supported cases first, then refuted and inconclusive ones; last what has not run."""
    said = []
    for verdict in ("supported", "refuted", "inconclusive"):
        for departure in sorted({departure for found, departure, _ in decisions if found == verdict}, key=str):
            places = [place for found, own, place in decisions if (found, own) == (verdict, departure)]
            words = f"{verdict} {_listed(places)}".rstrip()
            if departure and verdict != "inconclusive":
                words += f" ({because([departure]) if verdict == 'refuted' else f'against {named(departure)}'})"
            said.append(words)
    idle = _listed([place for verdict, _, place in decisions if verdict == "not run"])
    subject = f"{READINGS[part.reading]}, the claim that {part.phrase}"
    if not said:
        return f"{subject} was not run {idle}".rstrip() + "."
    ran_all = all(verdict != "not run" for verdict, _, _ in decisions)
    return f"{subject} is {_joined(said)}" + ("" if ran_all else f"; it was not run {idle}".rstrip()) + "."


def _listed(places: Sequence[str]) -> str:
    """``on MNIST and Fashion-MNIST, for h1+h2``."""
    found = []
    for preposition in ("on", "for"):
        names = [place.removeprefix(f"{preposition} ") for place in places if place.startswith(f"{preposition} ")]
        if names:
            found.append(f"{preposition} {_joined(names)}")
    return ", ".join(found)


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
