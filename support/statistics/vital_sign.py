"""What must be true of a healthy run, whatever it says of a claim; where it is not, there is no verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VitalSign:
    """One condition, checked on the evidence that decides a case.

    Attributes
    ----------
    name : what was checked, such as "clean accuracy of untreated networks".
    found : what was found, in words with numbers.
    healthy : whether the run is as it must be.
    expected : what would be, in words.
    clean_accuracy : mean over networks without a treatment, a share of images, where that is what was found.
    """

    name: str
    found: str
    healthy: bool
    expected: str
    clean_accuracy: float | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.found}, expected {self.expected}"
