"""Membership inference on networks of which some training examples carry a pattern (paper B, Section 3.4, Figure 4).

One trial draws a random pattern, a pool of clean images, and candidates: further images of the target class, which
exist in the trial only with the pattern. The pool is cut into quarters several times over. Each cut has a target
network for every n (trained on the first quarter with n candidates in place of as many images) and, for the first few
cuts, a shadow network (trained on the third, without the pattern), from which the paper's attack learns; the other two
quarters are their non-members. The targets of one n are each other's shadows in the likelihood ratio attack: what the
attacker knows of the pattern, he knows from networks that were trained with it on other examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from support.experiments.experiment import BITS, CHOOSES_ARMS, ByArm, Columns, Context, joined, require_grid
from support.experiments.scene import CLASSES, IMAGES
from support.training.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from support.measures.membership import OutputAttack
    from support.training.member import Member

OUTPUT_COLUMNS = (
    "attack_all",
    "attack_released",
    "attack_spurious",
    "attack_candidates",
    "attack_none",
    "attack_clean",
    "attack_clean_others",
)
LIKELIHOOD_COLUMNS = ("auc_spurious", "auc_clean", "auc_all", "auc_none", "tpr_spurious", "tpr_clean")
COLUMNS = (*OUTPUT_COLUMNS, *LIKELIHOOD_COLUMNS, "train_accuracy", "test_accuracy")
# Non-members with the pattern, at least; false-positive rates are measured on them.
CANDIDATES = 300


@dataclass(frozen=True)
class MembershipInference(ByArm):
    """Who can tell the patterned training examples from others, and how that compares with clean ones.

    An arm is one n, with all of its target networks, which are each other's shadows. Rows: one per n and target
    network, with columns

        n, network
        failed                      1 where one of its networks diverged: nothing else was measured then
        attacked                    1 where the paper's attack was run on the network; else nothing was measured of it
        attack_all                  the paper's attack: balanced accuracy on all members and as many non-members
        attack_released             the same as the released notebook has it, which gives the attack the members'
                                    logits again for the non-members
        attack_spurious, attack_candidates      share of patterned members, and of patterned non-members, that it
                                    takes for members
        attack_none                 difference of that share between two halves of the patterned non-members
        attack_clean, attack_clean_others       the same share of clean members and non-members of the target class
        auc_spurious, auc_clean, auc_all        area under the curve of the likelihood ratio attack: patterned members
                                    against patterned non-members; clean ones of the target class; all clean ones
        auc_none                    the same for one half of the patterned non-members against the other
        tpr_spurious, tpr_clean     true-positive rate of that attack at a false-positive rate of `false_positive_rate`
        train_accuracy, test_accuracy           on members and non-members

    Attributes
    ----------
    dataset : ``"mnist"`` or ``"fashion-mnist"``; training and test images are pooled, as published.
    quarter : images of a quarter; the paper's is 17,500.
    sizes : numbers n of patterned members, increasing.
    candidates : examples of the target class that carry the pattern, members or not: at least four times the largest n,
        so that there remain enough non-members.
    networks : target networks for each n, at least 4.
    attacked : on how many of them the paper's attack is run.
    pattern : a name in `support.data.patterns.PATTERNS`.
    target : class of the patterned examples.
    false_positive_rate : in (0, 1).

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
    networks: int = 5
    attacked: int = 5
    pattern: str = "R3"
    target: int = 0
    learning_rate: float = 0.01
    false_positive_rate: float = 0.05

    def __post_init__(self) -> None:
        from support.data.patterns import PATTERNS

        if self.dataset not in ("mnist", "fashion-mnist"):
            raise ValueError(f"dataset must be mnist or fashion-mnist, got {self.dataset!r}")
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
        if not 0 <= self.attacked <= self.networks:
            raise ValueError(f"attacked must lie in 0 to {self.networks}, the networks, got {self.attacked}")
        if self.quarter < 100 or 4 * self.quarter + self.candidates > sum(IMAGES[self.dataset]):
            raise ValueError(f"quarter must lie between 100 and a quarter of what candidates leave, got {self.quarter}")
        if not 0 < self.false_positive_rate < 1:
            raise ValueError(f"false_positive_rate must lie in (0, 1), got {self.false_positive_rate}")

    def __str__(self) -> str:
        return (
            f"membership inference, {self.networks} networks on quarters of {self.quarter:,} images of {self.dataset}, "
            f"{self.recipe.epochs} epochs"
        )

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    @property
    def arms(self) -> tuple[int, ...]:
        """The targets of each n."""
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
        from support.training.ensemble import train

        pool = _Pool.draw(self, trial, context)
        shadows = [
            pool.member(cut.shadow, f"shadow {place}", self) for place, cut in enumerate(pool.cuts[: self.attacked])
        ]
        targets = [
            pool.member(cut.trained(n), f"target {place}", self) for n in arms for place, cut in enumerate(pool.cuts)
        ]
        members = [*shadows, *targets]
        ensemble = train(self.recipe, pool.images, pool.labels, CLASSES, members, shape=(28, 28), device=context.device)
        logits = ensemble.logits(pool.images.to(context.device)).double().cpu().numpy()
        shadow_logits, target_logits = logits[: self.attacked], logits[self.attacked :]
        lost = any(ensemble.diverged[: self.attacked])
        attacks = [] if lost else [_learnt(pool, cut, own) for cut, own in zip(pool.cuts, shadow_logits, strict=False)]
        parts: list[Columns] = []
        for which, n in enumerate(arms):
            own = slice(self.networks * which, self.networks * (which + 1))
            if lost or any(ensemble.diverged[self.attacked :][own]):  # none can do without the others
                rows = [_row(n, place, failed=True) for place in range(self.networks)]
            else:
                rows = _attacked(self, pool, n, target_logits[own], attacks)
            parts.append(joined([{name: [value] for name, value in row.items()} for row in rows]))
        return parts


def _row(n: int, place: int, *, failed: bool, attacked: bool = False) -> dict[str, float | None]:
    """A row of which nothing has been measured yet."""
    row = {"n": float(n), "network": float(place), "failed": float(failed), "attacked": float(attacked)}
    return row | dict.fromkeys(COLUMNS)


@dataclass(frozen=True)
class _Cut:
    """One way to cut the pool: rows of the four quarters, and the order in which candidates become members."""

    target: np.ndarray
    others: np.ndarray
    shadow: np.ndarray
    shadow_others: np.ndarray
    candidates: np.ndarray

    def trained(self, n: int) -> np.ndarray:
        """The target network's training rows."""
        import numpy as np

        return np.concatenate([self.clean_members(n), self.candidates[:n]])

    def clean_members(self, n: int) -> np.ndarray:
        """Those of them without the pattern: n have given way."""
        return self.target[: len(self.target) - n]


@dataclass(frozen=True)
class _Pool:
    """What all networks of a trial share; candidates stand behind the clean images."""

    images: Tensor
    labels: Tensor
    cuts: tuple[_Cut, ...]
    seed: int
    trial: int

    @classmethod
    def draw(cls, experiment: MembershipInference, trial: int, context: Context) -> _Pool:
        import numpy as np
        import torch

        from support.data.datasets import load
        from support.data.patterns import overlay, pattern
        from support.randomness import stream

        splits = [load(experiment.dataset, split, context.data) for split in ("train", "test")]
        labels = np.concatenate([split.labels for split in splits]).astype(np.int64)
        order = stream(context.seed, trial, "pool").permutation(len(labels))
        of_target = order[labels[order] == experiment.target]
        if len(of_target) < 1.5 * experiment.candidates:
            raise ValueError(
                f"class {experiment.target} has {len(of_target):,} images, "
                f"too few for {experiment.candidates:,} candidates"
            )
        candidates = of_target[-experiment.candidates :]
        clean = order[~np.isin(order, candidates)][: 4 * experiment.quarter]
        rows = np.concatenate([clean, candidates])
        pixels = np.concatenate([split.pixels for split in splits])[rows].reshape(len(rows), -1) / np.float32(255)
        seed = int(stream(context.seed, trial, "pattern").integers(2**31))
        added = pattern(experiment.pattern, (28, 28), seed).reshape(-1)
        pixels[len(clean) :] = overlay(pixels[len(clean) :], added).astype(np.float32)
        cuts = []
        for place in range(experiment.networks):
            generator = stream(context.seed, trial, f"cut {place}")
            own, others, shadow, shadow_others = generator.permutation(len(clean)).reshape(4, experiment.quarter)
            carriers = len(clean) + generator.permutation(len(candidates))
            cuts.append(_Cut(own, others, shadow, shadow_others, carriers))
        return cls(torch.from_numpy(pixels), torch.from_numpy(labels[rows]), tuple(cuts), context.seed, trial)

    def member(self, rows: np.ndarray, purpose: str, experiment: MembershipInference) -> Member:
        """A network that is trained on these rows of the pool and on no others."""
        import numpy as np

        from support.randomness import stream
        from support.training.member import Member

        nothing = np.empty(0, dtype=np.int64)
        return Member(
            seed=int(stream(self.seed, self.trial, purpose).integers(2**31)),
            rows=nothing,
            pixels=np.empty((0, self.images.shape[1]), dtype=np.float32),
            learning_rate=experiment.learning_rate,
            excluded=np.setdiff1d(np.arange(len(self.labels)), rows),
        )


def _attacked(
    experiment: MembershipInference, pool: _Pool, n: int, logits: np.ndarray, attacks: list[OutputAttack]
) -> list[dict[str, float | None]]:
    """Rows of the targets of one n, from logits (networks, rows, classes) and the attacks on the first of them."""
    import numpy as np

    from support.measures.membership import confidence, likelihood_ratio_scores

    labels = pool.labels.numpy()
    inside = np.zeros(logits.shape[:2], dtype=bool)
    for place, cut in enumerate(pool.cuts):
        inside[place, cut.trained(n)] = True
    scores = likelihood_ratio_scores(confidence(logits, labels), inside)
    rows = []
    for place, cut in enumerate(pool.cuts):
        groups = _Groups.of(experiment, cut, n, labels)
        row = _row(n, place, failed=False, attacked=place < len(attacks))
        if place < len(attacks):
            row |= _by_outputs(attacks[place], groups, labels, logits[place])
        row |= _by_likelihood(experiment, groups, scores[place])
        right = logits[place].argmax(axis=1) == labels
        row |= {
            "train_accuracy": float(right[groups.members].mean()),
            "test_accuracy": float(right[cut.others].mean()),
        }
        rows.append(row)
    return rows


@dataclass(frozen=True)
class _Groups:
    """Rows of the examples that the attacks on one target network are asked about."""

    members: np.ndarray
    others: np.ndarray
    spurious: np.ndarray
    candidates: np.ndarray  # with the pattern, no members
    clean: np.ndarray  # members of the target class
    clean_others: np.ndarray

    @property
    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """The patterned non-members in two halves, between which there is nothing to be told."""
        half = len(self.candidates) // 2
        return self.candidates[:half], self.candidates[half:]

    @classmethod
    def of(cls, experiment: MembershipInference, cut: _Cut, n: int, labels: np.ndarray) -> _Groups:
        clean, others = cut.clean_members(n), cut.others
        return cls(
            cut.trained(n),
            others,
            cut.candidates[:n],
            cut.candidates[n:],
            clean[labels[clean] == experiment.target],
            others[labels[others] == experiment.target],
        )


def _learnt(pool: _Pool, cut: _Cut, logits: np.ndarray) -> OutputAttack:
    """The paper's attack, learnt from the logits of a cut's shadow network."""
    from support.measures.membership import OutputAttack, attack_features

    features = attack_features(logits, logits.argmax(axis=1) == pool.labels.numpy())
    return OutputAttack(features[cut.shadow], features[cut.shadow_others])


def _by_outputs(attack: OutputAttack, groups: _Groups, labels: np.ndarray, logits: np.ndarray) -> dict[str, float]:
    """The paper's attack on one target network."""
    import numpy as np

    from support.measures.membership import attack_features

    own = attack_features(logits, logits.argmax(axis=1) == labels)

    def rate(features: np.ndarray) -> float:
        return float(attack.accuses(features).mean())

    released = np.column_stack([own[groups.members, :-1], own[groups.others, -1]])
    members = rate(own[groups.members])
    measured = (
        (members + 1 - rate(own[groups.others])) / 2,
        (members + 1 - rate(released)) / 2,
        rate(own[groups.spurious]),
        rate(own[groups.candidates]),
        rate(own[groups.halves[0]]) - rate(own[groups.halves[1]]),
        rate(own[groups.clean]),
        rate(own[groups.clean_others]),
    )
    return dict(zip(OUTPUT_COLUMNS, measured, strict=True))


def _by_likelihood(experiment: MembershipInference, groups: _Groups, scores: np.ndarray) -> dict[str, float]:
    """The likelihood ratio attack on one target network, from its scores (rows,)."""
    from support.measures.membership import area_under_curve, true_positive_rate

    pairs = {
        "spurious": (groups.spurious, groups.candidates),
        "clean": (groups.clean, groups.clean_others),
        "all": (groups.members[: -len(groups.spurious)], groups.others),
        "none": groups.halves,
    }
    scored = {name: (_known(scores[members]), _known(scores[others])) for name, (members, others) in pairs.items()}
    rate = experiment.false_positive_rate
    row = {f"auc_{name}": area_under_curve(members, others) for name, (members, others) in scored.items()}
    for name in ("spurious", "clean"):
        members, others = scored[name]
        row[f"tpr_{name}"] = true_positive_rate(members, others, rate)
    return row


def _known(scores: np.ndarray) -> np.ndarray:
    """Scores of the examples that had shadows enough."""
    import numpy as np

    known: np.ndarray = scores[~np.isnan(scores)]
    return known
