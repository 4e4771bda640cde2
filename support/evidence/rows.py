"""Rows of all trials as a table of columns, in which what was not measured cannot be read."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from support.evidence.entries import Entry
from support.evidence.trial_sources import TrialSource


class NotMeasuredError(ValueError):
    """A number was read that was not measured, as of a network that diverged."""


class TooFewTrialsError(ValueError):
    """Fewer trials are left than an effect can be told from; more trials may mend it."""


@dataclass(frozen=True)
class Rows:
    """Rows of all trials as columns, with the column ``trial`` added.

    Attributes
    ----------
    experiment : what was run, as text.
    columns : column name to array, all of one length; NaN is what was not measured.
    cells : evidence key and digest of every arm of every trial.
    trials : how many there are.
    made : what the trials were computed with: device kind and versions; several where trials differ.
    proven : how many cells were computed by earlier code that was shown to give the same numbers.
    sources : where each trial is from; empty where that is not known.
    datasets : names of the datasets that were read, which may be stand-ins for those asked for.
    """

    experiment: str
    columns: dict[str, np.ndarray]
    cells: tuple[tuple[str, str], ...]
    trials: int
    made: tuple[str, ...] = ()
    proven: int = 0
    sources: tuple[TrialSource, ...] = ()
    datasets: tuple[str, ...] = ()

    def where(self, **conditions: object) -> Rows:
        """The rows in which every named column equals the given value.

        Raises
        ------
        KeyError : no such column.
        ValueError : no row is left.
        """
        keep = np.ones(len(self.columns["trial"]), dtype=bool)
        for name, value in conditions.items():
            keep &= self.columns[name] == value
        if not keep.any():
            raise ValueError(f"no row of {self.experiment} has {conditions}")
        return self._keeping(keep)

    def trials_with(self, flag: str) -> np.ndarray:
        """Trials in which some row has a non-zero `flag`, increasing.

        Raises
        ------
        KeyError : no such column.
        NotMeasuredError : the flag itself was not measured.
        """
        return np.unique(self["trial"][self[flag] != 0])

    def trials_short_of(self, column: str, least: float) -> np.ndarray:
        """Trials in which some row's column is below `least`, or was not measured; increasing.

        Raises
        ------
        KeyError : no such column.
        """
        return np.unique(self["trial"][~(self.columns[column] >= least)])

    def without(self, flag: str) -> tuple[Rows, int]:
        """The rows of the trials in which no row has a non-zero `flag`, and how many trials are left out.

        Raises
        ------
        KeyError : no such column.
        ValueError : no trial is left.
        """
        bad = self.trials_with(flag)
        if np.isin(self["trial"], bad).all():
            raise ValueError(f"every trial of {self.experiment} is {flag}")
        return self.without_trials(bad), len(bad)

    def without_trials(self, trials: np.ndarray) -> Rows:
        """The rows of all other trials; may be none."""
        return self._keeping(~np.isin(self["trial"], trials))

    def _keeping(self, keep: np.ndarray) -> Rows:
        return dataclasses.replace(self, columns={name: part[keep] for name, part in self.columns.items()})

    def __getitem__(self, column: str) -> np.ndarray:
        """A column.

        Raises
        ------
        KeyError : no such column.
        NotMeasuredError : some row has no number there.
        """
        values = self.columns[column]
        if values.dtype.kind == "f" and (missing := int(np.isnan(values).sum())):
            raise NotMeasuredError(
                f"{column} was not measured in {missing} of {len(values)} rows of {self.experiment}: leave them out"
            )
        return values

    def per_trial(self, column: str, over: str) -> tuple[np.ndarray, np.ndarray]:
        """(values of `over`, table of `column`): the table has a row per trial and a column per value.

        Raises
        ------
        ValueError : the rows left do not hold exactly one entry per trial and value of `over`.
        NotMeasuredError : some row has no number there.
        """
        trials, values = np.unique(self["trial"]), np.unique(self[over])
        if len(self[column]) != len(trials) * len(values):
            raise ValueError(f"{column} over {over} is not a table: fix the other conditions with where()")
        order = np.lexsort((self[over], self["trial"]))
        return values, self[column][order].reshape(len(trials), len(values))

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of all cells, in order."""
        return hashlib.sha256("".join(digest for _, digest in self.cells).encode()).hexdigest()


def table(
    experiment: str,
    found: Sequence[Sequence[tuple[str, Entry]]],
    proven: int = 0,
    sources: Sequence[TrialSource] = (),
) -> Rows:
    """The table of (key, entry) of every arm, for each trial.

    Parameters
    ----------
    proven : how many of them were found by a proof.
    sources : where each trial is from.
    """
    cells = [cell for trial in found for cell in trial]
    entries = [entry for _, entry in cells]
    columns = {name: np.concatenate([_array(entry.columns[name]) for entry in entries]) for name in entries[0].columns}
    lengths = [len(next(iter(entry.columns.values()))) for entry in entries]
    columns["trial"] = np.repeat([number for number, trial in enumerate(found) for _ in trial], lengths)
    made = Counter(str(entry.manifest.making) for entry in entries)
    return Rows(
        experiment,
        columns,
        tuple((key, entry.digest) for key, entry in cells),
        len(found),
        tuple(sorted(made)),
        proven,
        tuple(sources),
        tuple(sorted({name for entry in entries for name in entry.manifest.origin.datasets})),
    )


def _array(values: Sequence[float | str | None]) -> np.ndarray:
    """Text as text, numbers as numbers with NaN for None."""
    if any(isinstance(value, str) for value in values):
        return np.array(values)
    return np.array(values, dtype=float)
