"""What an audit asks of a model: each question a number for every trial, and the edge above which the answer is yes.

All of them speak of memorization, so that more is worse. A trial of two models draws the same images, carriers and
patterns for both, and the difference of their numbers is the trial's move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from support.analysis.deletion import Deletions
from support.analysis.membership import LikelihoodRatioAttack
from support.analysis.taught import Taught, balanced
from support.audit.subject import Subject
from support.data.catalogue import DATASETS
from support.evidence.rows import Rows
from support.experiments.deletion import Deletion
from support.experiments.experiment import Experiment
from support.experiments.membership import CANDIDATES, MembershipInference
from support.experiments.network_alignments import FramedAlignments
from support.experiments.network_arms import SampleArm
from support.experiments.rare_patterns import RarePatterns
from support.experiments.removals import Removal
from support.experiments.scene import Arm
from support.measures.table import ADDED_PROBABILITY, AREA, NETWORK_ALIGNMENT, PATTERNS_BEATEN
from support.statistics.measure import Measure

# Images that networks are trained on and asked about, where there are as many.
TRAINED, ASKED = 1000, 500
# Fresh draws of the pattern's law that the trained one is ranked among.
FRESH = 39
# Examples that carry the pattern: first these, then the others.
FIRST, FURTHER = 10, (3, 100)
# Of membership: one image is what a privacy claim is about.
ALONE = 1
# At most half of a class carries the pattern, or the pattern would be the class.
MOST_OF_CLASS = 0.5
# As the claims have it: five points of probability are the least that we would call taught, three quarters of fresh
# patterns the least that we would call known apart, two points of an area the least that we would call an advantage.
TAUGHT, APART, ADVANTAGE, ALIGNED = 0.05, 0.75, 0.02, 0.02
# Membership: images of a quarter of the pool, and networks that are each other's shadows.
QUARTER, SHADOWS = 500, 4
# Samples of the kernel whose alignment is measured.
SAMPLES = 100
# A move beyond half a unit counts as half a unit, so that dozens of trials tell a twentieth.
MOST_MOVED = 0.5


@dataclass(frozen=True)
class Question:
    """One number for every trial.

    Attributes
    ----------
    key : by which results name it.
    label : what is measured, in words.
    measure : its range and margin.
    edge : above it the answer is yes.
    experiment : that measures it, of a subject.
    numbers : from that experiment's rows of a subject to (trials,).
    beside : whether it stands beside another question: it is answered as far as that one's trials go, and how it moved
        is no part of what is answered over all.
    """

    key: str
    label: str
    measure: Measure
    edge: float
    experiment: Callable[[Subject], Experiment]
    numbers: Callable[[Subject, Rows], np.ndarray]
    beside: bool = False

    @property
    def move(self) -> Measure:
        """The measure of the difference between two models, after minus before."""
        if self.measure.route != "bounded":
            return replace(self.measure, name=f"move of {self.measure.name}", low=-np.inf, high=np.inf)
        most = min(MOST_MOVED, self.measure.high - self.measure.low)
        return replace(self.measure, name=f"move of {self.measure.name}", low=-most, high=most)


def first_questions(subject: Subject) -> tuple[Question, ...]:
    """What ten carriers teach, and whether it is that pattern; fewer carriers where classes are small."""
    n = fitting(subject, FIRST)
    return _added(n), _apart(n)


def further_questions(subject: Subject) -> tuple[Question, ...]:
    """The same for other numbers of carriers, then membership, deletion and alignment."""
    first = fitting(subject, FIRST)
    counts = dict.fromkeys(fitting(subject, n) for n in FURTHER)
    questions = [_added(n) for n in counts if n != first]
    left_out = not_asked(subject)
    for key, question in (("membership", _membership()), ("deletion", _deletion(first))):
        if key not in left_out:
            questions.append(question)
    return (*questions, _alignment())


def not_asked(subject: Subject) -> dict[str, str]:
    """Which further questions cannot be asked of it, and why."""
    reasons = {}
    dataset = DATASETS[subject.dataset]
    if sum(dataset.counts) < 4 * QUARTER + CANDIDATES or subject.smallest_class < 1.5 * CANDIDATES:
        reasons["membership"] = (
            f"the attack takes {4 * QUARTER + CANDIDATES:,} images, {int(1.5 * CANDIDATES):,} of them of each class"
        )
    if subject.recipe.trainer is not None:
        reasons["deletion"] = "it takes training that goes on from given weights, and a training function starts anew"
    return reasons


def fitting(subject: Subject, n: int) -> int:
    """So many carriers, or as many as half of the smallest class has, at least one."""
    return max(1, min(n, int(MOST_OF_CLASS * subject.smallest_class)))


def networks(subject: Subject, n: int, *, fresh: int = 0) -> RarePatterns:
    """A trial's networks: with n target-class carriers, with as many balanced ones, and with none.

    A hundred carriers take more images than ten, or most of their class would carry the pattern.
    """
    own, scattered, without = _arms(subject, n)
    ranked = (replace(own, fresh=fresh),) if fresh else ()
    dataset = DATASETS[subject.dataset]
    wanted = max(TRAINED, int(n * dataset.classes / MOST_OF_CLASS))
    return RarePatterns(
        subject.dataset,
        subject.recipe,
        (own, scattered, without, *ranked),
        subset=min(wanted, dataset.counts[0]),
        test=min(ASKED, dataset.counts[1]),
        learning_rate=subject.learning_rate,
    )


def untreated_accuracy(subject: Subject, rows: Rows) -> np.ndarray:
    """Clean accuracy of the networks without carriers, a share of test images; (trials,)."""
    without = _arms(subject, 1)[2]
    return Taught(rows, weight_decay=subject.weight_decay).of("clean_accuracy", without)


def _arms(subject: Subject, n: int) -> tuple[Arm, Arm, Arm]:
    own = Arm("R3", n, target=subject.target, weight_decay=subject.weight_decay)
    return own, balanced(own)[0], replace(own, n=0)


def _added(n: int) -> Question:
    def numbers(subject: Subject, rows: Rows) -> np.ndarray:
        own, scattered, _ = _arms(subject, n)
        return Taught(rows, weight_decay=subject.weight_decay).added("probability", own, over=scattered)

    return Question(
        f"added {n}",
        f"what {n} images of the class with a pattern add to its probability on others with it",
        ADDED_PROBABILITY,
        TAUGHT,
        # The first carriers are ranked too, by the same networks.
        lambda subject: networks(subject, n, fresh=FRESH if n == fitting(subject, FIRST) else 0),
        numbers,
    )


def _apart(n: int) -> Question:
    def numbers(subject: Subject, rows: Rows) -> np.ndarray:
        own = replace(_arms(subject, n)[0], fresh=FRESH)
        return Taught(rows, weight_decay=subject.weight_decay).of("beaten", own)

    return Question(
        f"specific {n}",
        f"share of fresh patterns of the same kind that the one on {n} images beats",
        PATTERNS_BEATEN,
        APART,
        lambda subject: networks(subject, n, fresh=FRESH),
        numbers,
        # A network that is taught more may know less exactly what: which of the two is worse, others must say.
        beside=True,
    )


def _membership() -> Question:
    def experiment(subject: Subject) -> MembershipInference:
        return MembershipInference(
            subject.dataset,
            subject.recipe,
            QUARTER,
            (ALONE,),
            networks=SHADOWS,
            target=subject.target,
            learning_rate=subject.learning_rate,
            weight_decay=subject.weight_decay,
        )

    return Question(
        "membership",
        "how surely the only image with a pattern is known to have been trained on: area under the curve",
        AREA,
        0.5 + ADVANTAGE,
        experiment,
        lambda _, rows: LikelihoodRatioAttack(rows).area_under_curve("patterned", ALONE),
    )


def _deletion(n: int) -> Question:
    def experiment(subject: Subject) -> Deletion:
        removals = tuple(Removal(n, "restarted", carriers=carriers) for carriers in ("target", "balanced"))
        base = networks(subject, n)
        return Deletion(
            subject.dataset,
            subject.recipe,
            removals,
            target=subject.target,
            subset=base.subset,
            test=base.test,
            learning_rate=subject.learning_rate,
            weight_decay=subject.weight_decay,
        )

    return Question(
        "deletion",
        f"what {n} have added and is left after as much training again without them",
        ADDED_PROBABILITY,
        TAUGHT,
        experiment,
        lambda _, rows: Deletions(rows).added("restarted", n),
    )


def _alignment() -> Question:
    def experiment(subject: Subject) -> FramedAlignments:
        samples = min(SAMPLES, DATASETS[subject.dataset].counts[0])
        return FramedAlignments(
            subject.recipe,
            (SampleArm(samples),),
            test=min(ASKED, DATASETS[subject.dataset].counts[1]),
            weight_decay=subject.weight_decay,
            learning_rate=subject.learning_rate,
            dataset=subject.dataset,
            pixels="unit",
        )

    return Question(
        "alignment",
        "alignment of its kernel: what of a sample's change comes back at its frame alone",
        NETWORK_ALIGNMENT,
        ALIGNED,
        experiment,
        lambda _, rows: rows["alignment_end"],
    )
