"""Membership inference on networks of which some training examples carry a pattern (paper B, Section 3.4, Figure 4).

Whether an example was trained on is asked as the definition has it: two worlds that differ in that example alone. So
beside each *target* network, trained with n patterned examples, stands its *counterpart*, trained with n − 1 of them
from the same start: what it says of a patterned example that it never saw is what a non-member's outputs are. With one
patterned example the counterpart knows no pattern. (The published comparison has no patterned non-members at all; ones
that are shown to the target itself ask which examples with the pattern it saw, where it is known that it saw some.)

One trial draws a `support.experiments.membership_pool.Pool`, cut into quarters several times over. Every cut has a
counterpart, and they are each other's shadows in the likelihood ratio attack; the first few cuts have a target, and a
shadow network (trained on the third quarter, without the pattern) from which the paper's attack learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from support.data.catalogue import DATASETS
from support.experiments.experiment import BITS, CHOOSES_ARMS, ByArm, Columns, Context, joined, require_grid
from support.experiments.membership_pool import Cut, Pool
from support.experiments.scene import require_images, require_targets
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from support.measures.membership import OutputAttack

    Rows = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

OUTPUT_COLUMNS = (
    "attack_all",
    "attack_released",
    "attack_spurious",
    "attack_left_out",
    "attack_candidates",
    "attack_none",
    "attack_clean",
    "attack_clean_others",
)
AREA_COLUMNS = ("auc_spurious", "auc_same", "auc_clean", "auc_clean_target", "auc_all", "auc_none")
LIKELIHOOD_COLUMNS = (*AREA_COLUMNS, "tpr_spurious", "tpr_clean")
SIGN_COLUMNS = ("mislabelled", "shadow_overlap")
COLUMNS = (*OUTPUT_COLUMNS, *LIKELIHOOD_COLUMNS, "train_accuracy", "test_accuracy", *SIGN_COLUMNS)
# Non-members with the pattern, at least; false-positive rates are measured on them.
CANDIDATES = 300


@dataclass(frozen=True)
class MembershipInference(ByArm):
    """Who can tell the patterned training examples from others, and how that compares with clean ones.

    An arm is one n, with its target networks and counterparts. Rows: one per n and target, with columns

        n, network
        failed                      1 where one of its networks diverged or answers with infinities: nothing else was
                                    measured then
        attack_all                  the paper's attack on the target: balanced accuracy on all members and non-members
        attack_released             the same as the released notebook has it, which gives the attack the members'
                                    logits again for the non-members
        attack_spurious, attack_left_out, attack_candidates     share that it takes for members: of patterned members,
                                    of patterned non-members by the counterpart's outputs, and by the target's own
        attack_none                 difference of the last between two halves of these non-members
        attack_clean, attack_clean_others       the same share of clean members and non-members of the target class
        auc_spurious                area under the curve of the likelihood ratio attack: patterned members by the
                                    target's outputs against patterned non-members by its counterpart's
        auc_same                    the same by the target's outputs alone
        auc_clean, auc_all          clean members against clean non-members, of the target class and all, by the
                                    counterpart's outputs
        auc_clean_target            the first of these with the members by the target's outputs
        auc_none                    one half of the patterned non-members against the other, by the counterpart's
        tpr_spurious, tpr_clean     true-positive rate that belongs to auc_spurious and auc_clean at a false-positive
                                    rate of `false_positive_rate`
        train_accuracy, test_accuracy           of the target, on members and clean non-members
        mislabelled                 examples that count as members of a network that did not see them, or as
                                    non-members of one that did
        shadow_overlap              clean images that both the target and its shadow network were trained on

    Attributes
    ----------
    dataset : a key of `support.data.catalogue.DATASETS`; training and test images are pooled, as published.
    quarter : images of a quarter; the paper's is 17,500.
    sizes : numbers n of patterned members, increasing.
    candidates : examples of the target class that carry the pattern, members or not: at least four times the largest n,
        so that there remain enough non-members.
    networks : counterparts for each n, at least 4: the shadows of one are the others.
    targets : how many of them have a target network.
    pattern : a name in `support.data.patterns.PATTERNS`.
    target : class of the patterned examples.
    false_positive_rate : in (0, 1).
    weight_decay : of all networks, as `support.training.member.Member`.

    Raises
    ------
    ValueError : a field outside its range, or more images than there are.
    """

    promise: ClassVar[float] = BITS
    arm_type: ClassVar[type] = int

    dataset: str
    recipe: Recipe
    quarter: int
    sizes: tuple[int, ...] = field(metadata=CHOOSES_ARMS)
    candidates: int = CANDIDATES
    networks: int = 4
    targets: int = 1
    pattern: str = "R3"
    target: int = 0
    learning_rate: float = 0.01
    false_positive_rate: float = 0.05
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        from support.data.patterns import PATTERNS

        require_images(self.dataset, None, None)
        require_targets(self.dataset, [self.target])
        if DATASETS[self.dataset].colour and self.recipe.network is None:
            raise ValueError("colour images need a recipe with a network that takes them, got network=None")
        if self.pattern not in PATTERNS:
            raise ValueError(f"unknown pattern {self.pattern!r}: {', '.join(PATTERNS)}")
        require_grid("sizes", self.sizes, 1)
        if max(self.sizes) >= self.quarter:
            raise ValueError(f"sizes must stay below the quarter's {self.quarter:,} images, got {max(self.sizes):,}")
        if self.candidates < max(CANDIDATES, 4 * max(self.sizes)):
            raise ValueError(
                f"candidates must be at least {max(CANDIDATES, 4 * max(self.sizes)):,}, four for each patterned member "
                f"and {CANDIDATES}, got {self.candidates:,}"
            )
        if self.networks < 4:
            raise ValueError(f"networks must be at least 4, each other's shadows, got {self.networks}")
        if not 1 <= self.targets <= self.networks:
            raise ValueError(f"targets must lie in 1 to {self.networks}, the networks, got {self.targets}")
        if self.quarter < 100 or 4 * self.quarter + self.candidates > sum(DATASETS[self.dataset].counts):
            raise ValueError(f"quarter must lie between 100 and a quarter of what candidates leave, got {self.quarter}")
        if not 0 < self.false_positive_rate < 1:
            raise ValueError(f"false_positive_rate must lie in (0, 1), got {self.false_positive_rate}")

    def __str__(self) -> str:
        return (
            f"membership inference, {self.targets} networks on quarters of {self.quarter:,} images of {self.dataset}, "
            f"{self.recipe.epochs} epochs"
        )

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    @property
    def arms(self) -> tuple[int, ...]:
        """The networks of each n."""
        return self.sizes

    @classmethod
    def choosing(cls, arms: Sequence[int]) -> dict[str, Any]:
        """The numbers n."""
        return {"sizes": tuple(sorted(arms))}

    def measure(self, arms: Sequence[int], trial: int, context: Context) -> list[Columns]:
        """Arms of one trial, a row for each target network.

        Raises
        ------
        ValueError : the target class has fewer images than candidates are needed.
        """
        pool = Pool.draw(
            self.dataset, self.quarter, self.candidates, self.networks, self.pattern, self.target, trial, context
        )
        networks = _Networks.trained(self, pool, arms, context)
        attacks = [networks.attack(place) for place in range(self.targets)]
        parts: list[Columns] = []
        for n in arms:
            if networks.lost(n) or None in attacks:  # none can do without the others
                rows = [_row(n, place, failed=True) for place in range(self.targets)]
            else:
                rows = [
                    _Attacked(self, networks, n, place).row(attack) for place, attack in enumerate(attacks) if attack
                ]
            parts.append(joined([{name: [value] for name, value in row.items()} for row in rows]))
        return parts


def _row(n: int, place: int, *, failed: bool) -> dict[str, float | None]:
    """A row of which nothing has been measured yet."""
    return {"n": float(n), "network": float(place), "failed": float(failed)} | dict.fromkeys(COLUMNS)


@dataclass(frozen=True, eq=False)
class _Networks:
    """The trained networks of a trial; a target network is known by its number of patterned examples and its cut.

    Attributes
    ----------
    logits, seen, diverged : of each network, on all rows of the pool: outputs (rows, classes), whether it was trained
        on them (rows,), and whether its training diverged or it answers with infinities.
    """

    experiment: MembershipInference
    pool: Pool
    logits: dict[tuple[int, int], Floats]
    seen: dict[tuple[int, int], Bools]
    diverged: dict[tuple[int, int], bool]

    @classmethod
    def trained(cls, experiment: MembershipInference, pool: Pool, sizes: Sequence[int], context: Context) -> _Networks:
        """Shadows, and for each n the counterparts and the targets."""
        from support.training.ensemble import train

        places, rate, decay = range(experiment.networks), experiment.learning_rate, experiment.weight_decay
        wanted = [(SHADOW, place) for place in range(experiment.targets)]
        wanted += [(n - 1, place) for n in sizes for place in places]
        wanted += [(n, place) for n in sizes for place in range(experiment.targets)]
        members = {
            (n, place): pool.member(pool.cuts[place].shadow, f"shadow {place}", rate, decay)
            if n == SHADOW
            else pool.member(pool.cuts[place].trained(n), f"target {place}", rate, decay)
            for n, place in dict.fromkeys(wanted)
        }
        found = train(
            experiment.recipe,
            pool.images,
            pool.labels,
            DATASETS[experiment.dataset].classes,
            list(members.values()),
            shape=DATASETS[experiment.dataset].shape,
            device=context.device,
        )
        logits = found.logits(pool.images.to(context.device)).double().cpu().numpy()
        return cls(
            experiment,
            pool,
            dict(zip(members, logits, strict=True)),
            {which: pool.seen_by(member) for which, member in members.items()},
            {
                which: diverged or not bool(np.isfinite(answers).all())
                for which, diverged, answers in zip(members, found.diverged, logits, strict=True)
            },
        )

    @property
    def labels(self) -> Rows:
        """The class of each row of the pool."""
        labels: Rows = self.pool.labels.numpy()
        return labels

    def lost(self, n: int) -> bool:
        """Whether a target or a counterpart of n diverged."""
        counterparts = [(n - 1, place) for place in range(self.experiment.networks)]
        return any(
            self.diverged[which] for which in [*counterparts, *((n, place) for place in range(self.experiment.targets))]
        )

    def attack(self, place: int) -> OutputAttack | None:
        """The paper's attack, learnt from the outputs of a cut's shadow network; None where that diverged."""
        from support.measures.membership import OutputAttack

        if self.diverged[SHADOW, place]:
            return None
        cut, features = self.pool.cuts[place], self.features(SHADOW, place)
        return OutputAttack(features[cut.shadow], features[cut.shadow_others])

    def features(self, n: int, place: int) -> Floats:
        """What the paper's attack sees of a network, on all rows of the pool."""
        from support.measures.membership import attack_features

        logits = self.logits[n, place]
        return attack_features(logits, logits.argmax(axis=1) == self.labels)

    def scores(self, n: int, place: int, counterparts: int) -> Floats:
        """The likelihood ratio attack's on a network, by the other cuts' networks with so many patterned examples."""
        from support.measures.membership import confidence, likelihood_ratio_scores

        shadows = [(counterparts, other) for other in range(self.experiment.networks) if other != place]
        return likelihood_ratio_scores(
            confidence(self.logits[n, place], self.labels),
            np.stack([confidence(self.logits[which], self.labels) for which in shadows]),
            np.stack([self.seen[which] for which in shadows]),
        )


# In the place of a number of patterned examples: the network from which an attack learns.
SHADOW = -1


class _Attacked:
    """Both attacks on one target network and its counterpart."""

    def __init__(self, experiment: MembershipInference, networks: _Networks, n: int, place: int) -> None:
        self.experiment, self.networks, self.n, self.place = experiment, networks, n, place
        self.cut: Cut = networks.pool.cuts[place]
        self.members = self.cut.trained(n)
        self.spurious, self.candidates = self.cut.candidates[:n], self.cut.candidates[n:]
        self.left_out = self.cut.candidates[n - 1 :]
        self.clean, self.counterparts_clean = self.cut.clean_members(n), self.cut.clean_members(n - 1)

    def row(self, attack: OutputAttack) -> dict[str, float | None]:
        """All that is measured."""
        labels = self.networks.labels
        right = self.networks.logits[self.n, self.place].argmax(axis=1) == labels
        return (
            _row(self.n, self.place, failed=False)
            | self._by_outputs(attack)
            | self._by_likelihood()
            | {
                "train_accuracy": float(right[self.members].mean()),
                "test_accuracy": float(right[self.cut.others].mean()),
                "mislabelled": self._mislabelled(),
                "shadow_overlap": float((self._seen(self.n) & self._seen(SHADOW)).sum()),
            }
        )

    def _of_target(self, rows: Rows) -> Rows:
        chosen: Rows = rows[self.networks.labels[rows] == self.experiment.target]
        return chosen

    def _seen(self, n: int) -> Bools:
        return self.networks.seen[n, self.place]

    def _mislabelled(self) -> float:
        """Members that their network did not see, and non-members that it did, of target, counterpart and shadow."""
        cut = self.cut
        groups = {
            self.n: (self.members, [cut.others, self.candidates]),
            self.n - 1: (cut.trained(self.n - 1), [cut.others, self.left_out]),
            SHADOW: (cut.shadow, [cut.shadow_others]),
        }
        return float(
            sum(
                (~self._seen(n)[members]).sum() + self._seen(n)[np.concatenate(others)].sum()
                for n, (members, others) in groups.items()
            )
        )

    def _by_outputs(self, attack: OutputAttack) -> dict[str, float]:
        """The paper's attack."""
        own, counterpart = (self.networks.features(n, self.place) for n in (self.n, self.n - 1))
        others, half = self.cut.others, len(self.candidates) // 2

        def rate(features: Floats) -> float:
            return float(attack.accuses(features).mean())

        released = np.column_stack([own[self.members, :-1], own[others, -1]])
        members = rate(own[self.members])
        measured = (
            (members + 1 - rate(own[others])) / 2,
            (members + 1 - rate(released)) / 2,
            rate(own[self.spurious]),
            rate(counterpart[self.left_out]),
            rate(own[self.candidates]),
            rate(own[self.candidates[:half]]) - rate(own[self.candidates[half:]]),
            rate(own[self._of_target(self.clean)]),
            rate(own[self._of_target(others)]),
        )
        return dict(zip(OUTPUT_COLUMNS, measured, strict=True))

    def _by_likelihood(self) -> dict[str, float]:
        """The likelihood ratio attack."""
        from support.measures.membership import area_under_curve, true_positive_rate

        own, counterpart = (self.networks.scores(n, self.place, self.n - 1) for n in (self.n, self.n - 1))
        others, half = self.cut.others, len(self.left_out) // 2
        clean_others = _known(counterpart, self._of_target(others))
        pairs = {
            "auc_spurious": (_known(own, self.spurious), _known(counterpart, self.left_out)),
            "auc_same": (_known(own, self.spurious), _known(own, self.candidates)),
            "auc_clean": (_known(counterpart, self._of_target(self.counterparts_clean)), clean_others),
            "auc_clean_target": (_known(own, self._of_target(self.clean)), clean_others),
            "auc_all": (_known(counterpart, self.counterparts_clean), _known(counterpart, others)),
            "auc_none": (_known(counterpart, self.left_out[:half]), _known(counterpart, self.left_out[half:])),
        }
        row = {name: area_under_curve(*pair) for name, pair in pairs.items()}
        rate = self.experiment.false_positive_rate
        for name in ("spurious", "clean"):
            row[f"tpr_{name}"] = true_positive_rate(*pairs[f"auc_{name}"], rate)
        return row


def _known(scores: Floats, rows: Rows) -> Floats:
    """Scores of those of the rows that had shadows enough."""
    of_rows = scores[rows]
    known: Floats = of_rows[~np.isnan(of_rows)]
    return known
