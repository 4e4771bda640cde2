"""Paper B's spurious patterns on the papers' own test images: how they are overlaid, and how large they are.

All 10,000 test images of each dataset, pixels in [0, 1]. No randomness of this suite enters: the random patterns R1 to
R3 are those of the released code, drawn with its generator from pattern seeds 0 to 4. Where CIFAR-10 is not on the
machine its copy as JPEG stands in for it, and the record says so.
"""

from __future__ import annotations

import pytest

from support.cases import Judge
from support.experiments.pattern_overlays import PatternOverlays
from support.statistics import Control, Region, worst_of
from support.suite.looking import Evidence

DATASETS = ["mnist", "fashion-mnist", "cifar-10"]
PATTERN_SEEDS = 5
# Appendix B.4.1, Table 1.
TABLE_1 = {
    "mnist": {"S1": 1.00, "S2": 3.00, "S3": 5.00, "R1": 3.88, "R2": 7.70, "R3": 15.19, "Inv": 5.98},
    "fashion-mnist": {"S1": 1.00, "S2": 3.00, "S3": 4.98, "R1": 3.90, "R2": 7.40, "R3": 13.65, "Inv": 4.44},
    "cifar-10": {"S1": 0.84, "S2": 2.57, "S3": 4.34, "R1": 7.72, "R2": 14.54, "R3": 23.20, "Inv": 8.00},
}
# Two printed decimals.
ROUNDED = 0.005
# Of a copy as JPEG, which lost a little: compressed once more at its own quality, off its grid of blocks, R1 and R2
# move by 0.003 and 0.007, and the first time costs more. Half of what the nearest other pattern seed differs by, 0.041.
AS_JPEG = 0.02
# Double precision on pixels in [0, 1].
ROUNDING = 1e-12


@pytest.mark.claim("B-44", cost=6)
@pytest.mark.parametrize("dataset", DATASETS)
def test_patterns_are_clipped_to_the_pixel_range(dataset: str, evidence: Evidence, judge: Judge) -> None:
    """Expect writing ones where a small pattern or the bar stands, as the code does, to be clip(x + x_sp).

    Largest difference of a pixel over all test images. Controls: the sum without clipping, and R3 written in place of
    added, which is another image.
    """
    rows = evidence(PatternOverlays(dataset), PATTERN_SEEDS)
    ones = [rows.where(pattern=name) for name in ("S1", "S2", "S3", "Inv")]
    label = "largest difference of a pixel"
    region = Region.below(ROUNDING)
    judge(
        worst_of([gap for part in ones for gap in part["assigned_gap"].tolist()], label),
        region,
        controls=[
            Control(
                "not clipped",
                "x + x_sp as it is",
                worst_of([gap for part in ones for gap in part["unclipped_gap"].tolist()], label),
                region,
            ),
            Control(
                "R3 written",
                "the noise in place of the image",
                worst_of(rows.where(pattern="R3")["assigned_gap"].tolist(), label),
                region,
            ),
        ],
        sizes={"images": 10_000, "pattern seeds": PATTERN_SEEDS},
    )


@pytest.mark.claim("B-31", reading="published", cost=6)
@pytest.mark.parametrize("dataset", DATASETS)
def test_norms_of_table_1(dataset: str, evidence: Evidence, judge: Judge) -> None:
    """Table 1, mean norm of what a pattern changes: expect its numbers, to the two decimals printed.

    S1 to S3 and Inv are fixed. The printed R1 to R3 are those of pattern seed 4 alone, the last of the five, as the
    released notebook keeps only the last; the largest difference over the seven patterns must stay below 0.005. Images
    of CIFAR-10 that were compressed as JPEG cannot show the printed decimals: there it must stay below 0.02. Control:
    pattern seed 0.
    """
    rows = evidence(PatternOverlays(dataset), PATTERN_SEEDS)
    names = rows["pattern"]
    label = "largest difference from Table 1"
    (read,) = rows.datasets
    region = Region.below(ROUNDED if read == dataset else AS_JPEG)

    def differences(seed: int) -> list[float]:
        chosen = rows["trial"] == seed
        norms = zip(names[chosen], rows["norm"][chosen], strict=True)
        return [abs(float(norm) - TABLE_1[dataset][str(name)]) for name, norm in norms]

    last = PATTERN_SEEDS - 1
    judge(
        worst_of(differences(last), label),
        region,
        controls=[Control("another seed", "patterns of seed 0", worst_of(differences(0), label), region)],
        sizes={"images": 10_000, "pattern seed": last}
        | {name: f"{float(norm):.3f}" for name, norm in zip(names[-7:], rows["norm"][-7:], strict=True)},
    )
