"""What paper A's released script gives at settings that it can run, beside this suite's numbers.

    python benchmarks/released.py reports/released/rf-ntk.csv EVIDENCE [EVIDENCE ...] --out reports/released/rf-ntk.md

The CSV has a line for each draw of the script (a seed of NumPy's generator): features, activation (``phi2`` and
``phi4`` as in its figures), k, N, seed, and accuracies on test samples and on the background alone. The evidence is
that of the synthetic panels at quick scale (`support.experiments.synthetic_figures`), α = 1/2. Both are means over
independent draws, so that their difference has a Welch interval; all of them together hold at 95 % (Bonferroni). That
two programs agree is shown where such an interval lies within a margin, not where zero lies in it.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

from support.command_line import Parser
from support.evidence.kinds import arm_of, experiment_of
from support.evidence.places import Stored, look_through
from support.evidence.store import EvidenceDirectoryError
from support.experiments.kernel_families import FAMILIES, NAMES, ORDERS
from support.experiments.kernel_regression import GaussianRegression
from support.experiments.synthetic_figures import FIGURE_SIZES, D, figure_runs
from support.models.features import Family
from support.outputs import require_outputs
from support.page.markdown import table

ALPHA, LEVEL = 0.5, 0.95
# Of accuracies: a tenth of what a figure's axis shows; what the released sizes can resolve is written beside it.
MARGIN = 0.1
MEASURES = ("test_accuracy", "spurious_accuracy")
NAMED = ("phi2", "phi4")


class Setting(NamedTuple):
    """What both programs ran.

    Attributes
    ----------
    order : 0 for the activation of lower order, 1 for the other.
    width : k.
    n : training samples.
    measure : one of `MEASURES`.
    """

    family: Family
    order: int
    width: int
    n: int
    measure: str


@dataclass(frozen=True)
class Compared:
    """A setting's means, of so many draws each, and ours minus theirs with the half-width of its interval."""

    theirs: float
    draws: int
    ours: float
    trials: int
    half_width: float

    @property
    def difference(self) -> float:
        """Ours minus theirs."""
        return self.ours - self.theirs

    @property
    def agree(self) -> bool:
        """Whether the whole interval lies within the margin."""
        return abs(self.difference) + self.half_width < MARGIN

    @property
    def differ(self) -> bool:
        """Whether zero lies outside."""
        return abs(self.difference) > self.half_width


def released(path: Path) -> dict[Setting, list[float]]:
    """Draws of the released script, from its CSV.

    Raises
    ------
    ValueError : a column or a number is missing or none; says where.
    """
    found: dict[Setting, list[float]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as stream:
        lines = csv.DictReader(stream)
        if missing := {"features", "activation", "k", "N", *MEASURES} - set(lines.fieldnames or ()):
            raise ValueError(f"{path} lacks the column {min(missing)}")
        for line in lines:
            try:
                family, order = FAMILIES[FAMILIES.index(line["features"])], NAMED.index(line["activation"])
                for measure in MEASURES:
                    found[Setting(family, order, int(line["k"]), int(line["N"]), measure)].append(float(line[measure]))
            except (TypeError, ValueError):
                raise ValueError(f"line {lines.line_num} of {path} is no draw of the script") from None
    return found


def measured(entries: Iterable[Stored]) -> dict[Setting, list[float]]:
    """This suite's trials of the same panels."""
    found: dict[Setting, list[float]] = defaultdict(list)
    asked = {figure_runs(family, FIGURE_SIZES["quick"]) for family in FAMILIES}
    for stored in entries:
        origin, columns = stored.entry.manifest.origin, stored.entry.columns
        if not origin.experiment.endswith(f".{GaussianRegression.__name__}"):
            continue
        run = experiment_of(origin, [arm_of(origin)])
        if not isinstance(run, GaussianRegression) or run.width is None or run not in asked:
            continue
        for place, alpha in enumerate(columns["alpha"]):
            if alpha == ALPHA:
                order = ORDERS[run.family].index(str(columns["activation"][place]))
                n = int(float(str(columns["n"][place])))
                for measure in MEASURES:
                    found[Setting(run.family, order, run.width, n, measure)].append(float(str(columns[measure][place])))
    return found


def compare(theirs: Sequence[float], ours: Sequence[float], level: float) -> Compared:
    """Both means, and Welch's two-sided interval of their difference at this level; at least two draws of each."""
    variances = [float(np.var(sample, ddof=1)) / len(sample) for sample in (theirs, ours)]
    total = sum(variances)
    half_width = 0.0
    if total > 0:
        freedom = total**2 / sum(
            variance**2 / (len(sample) - 1) for variance, sample in zip(variances, (theirs, ours), strict=True)
        )
        half_width = float(stats.t.ppf((1 + level) / 2, freedom)) * total**0.5
    return Compared(float(np.mean(theirs)), len(theirs), float(np.mean(ours)), len(ours), half_width)


def compare_all(theirs: Mapping[Setting, list[float]], ours: Mapping[Setting, list[float]]) -> dict[Setting, Compared]:
    """Every setting that both ran, at a level at which all hold together.

    Raises
    ------
    ValueError : there is none.
    """
    both = sorted(theirs.keys() & ours.keys())
    if not both:
        raise ValueError("the evidence holds none of the settings of the released script: give that of quick scale")
    level = 1 - (1 - LEVEL) / len(both)
    return {setting: compare(theirs[setting], ours[setting], level) for setting in both}


def markdown(found: Mapping[Setting, Compared]) -> str:
    """A sentence that counts, and a table of all settings."""
    agree = sum(compared.agree for compared in found.values())
    differ = sum(compared.differ for compared in found.values())
    widest = max(compared.half_width for compared in found.values())
    furthest = max(abs(compared.difference) for compared in found.values())
    said = (
        f"Accuracies that both give, α = {ALPHA:g}, d = {D:,}: {len(found)}. Shown to be the same within {MARGIN:g}: "
        f"{agree}; shown to differ: {differ}. Means lie at most {furthest:.3f} apart; the widest interval is "
        f"±{widest:.3f}, as the script was run for few seeds. All intervals hold together at {LEVEL:.0%}."
    )
    header = ("features", "k", "activation", "N", "accuracy", "released", "draws", "this suite", "trials", "difference")
    return (
        "\n\n".join(["# Paper A's released script, and this suite", said, table(header, _rows(found), most=None)])
        + "\n"
    )


def _rows(found: Mapping[Setting, Compared]) -> Iterator[Sequence[object]]:
    for setting, compared in found.items():
        yield (
            NAMES[setting.family],
            setting.width,
            ORDERS[setting.family][setting.order],
            setting.n,
            setting.measure.removesuffix("_accuracy"),
            f"{compared.theirs:.3f}",
            compared.draws,
            f"{compared.ours:.3f}",
            compared.trials,
            f"{round(compared.difference, 3) + 0.0:+.3f} ± {compared.half_width:.3f}",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table; what cannot be done ends in one sentence and status 2."""
    parser = Parser(
        prog="python benchmarks/released.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("released", type=Path, metavar="DRAWS.csv")
    parser.add_argument("places", nargs="+", type=Path, metavar="EVIDENCE", help="directories or packs")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.md")
    given = parser.parse_args(arguments)
    try:
        places = [("the evidence", place) for place in given.places]
        require_outputs({"--out": given.out}, [("the draws", given.released), *places])
        found = compare_all(released(given.released), measured(look_through(given.places).entries))
        given.out.write_text(markdown(found), encoding="utf-8")
    except (EvidenceDirectoryError, ValueError, OSError) as error:
        parser.exit(2, f"{error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
