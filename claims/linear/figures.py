"""Panels of paper B's Figures 6c, 13 and 17, from the derived formulas (solid) and the printed ones (dashed)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from support.document.panels import Panel, line, panel
from support.theory.curves import FIGURE_6C, FIGURE_13, Setting, Shape
from support.theory.quantities import NAMES, Quantity, as_printed, derived
from support.theory.transition import LAST_GAMMA

# As the panels of Figure 13 follow each other.
QUANTITIES: tuple[Quantity, ...] = ("clean_accuracy", "spurious_accuracy", "prediction_difference")
TRANSITION: tuple[Quantity, ...] = ("prediction_difference", "spurious_accuracy")
NOISE, PENALTIES = (0.1, 0.2, 0.3), (1.0, 10.0, 100.0)  # of Figure 13
GAMMAS = np.linspace(0.01, 0.5, 50)
# Panels of a penalty come after those of noise.
AFTER_NOISE = 10
Added = Literal["noise", "penalty"]


def figure_6c(quantity: Quantity) -> Panel:
    """The transition at γ = 0."""
    gamma = np.linspace(0, LAST_GAMMA, 61)
    over = Setting(gamma, **FIGURE_6C)
    return panel(
        "Paper B, Figure 6, panel c: the transition at γ = 0",
        NAMES[quantity].capitalize(),
        TRANSITION.index(quantity),
        [
            line("derived", gamma, derived(quantity, over), color=0, band=False),
            line("as printed", gamma, as_printed(quantity, over), color=1, dashed=True, band=False),
        ],
        x_label="γ",
        y_label=NAMES[quantity],
        note="σ_inv² = 1, σ_sp² = 0.05, ‖x_inv‖ = 1, ‖x_sp‖ = 5, λ = 0. The printed prediction difference is off by "
        "a factor of about 12, the printed spurious accuracy by less than the line is wide.",
    )


def figure_13(quantity: Quantity, added: Added) -> Panel:
    """One quantity without and with noise or a penalty."""
    order = QUANTITIES.index(quantity) + (AFTER_NOISE if added == "penalty" else 0)
    note = "σ_inv² = 0.5, σ_sp² = 0.1, ‖x_inv‖ = 1, ‖x_sp‖² = 5."
    return _levels("13", quantity, order, FIGURE_13, added, note)


def figure_17(quantity: Quantity, added: Added) -> list[Panel]:
    """Both signal-to-noise ratios of Figure 17; the paper gives no other value, so those of Figure 13 stand in."""
    order = QUANTITIES.index(quantity) + (AFTER_NOISE if added == "penalty" else 0)
    shown = []
    for ratio in (10, 500):
        shape = FIGURE_13 | {"norm_sp": (ratio * FIGURE_13["variance_sp"]) ** 0.5}
        note = f"‖x_sp‖²/σ_sp² = {ratio}; the other values are not in the paper, here those of Figure 13."
        shown.append(_levels(f"17, signal-to-noise ratio {ratio}", quantity, order, shape, added, note))
    return shown


def _levels(name: str, quantity: Quantity, order: int, shape: Shape, added: Added, note: str) -> Panel:
    lines = []
    for color, level in enumerate((0.0, *(NOISE if added == "noise" else PENALTIES))):
        if added == "noise":
            over = Setting(GAMMAS, **shape, training_noise=level, test_noise=level)
        else:
            over = Setting(GAMMAS, **shape, penalty=level)
        label = f"{'σ²' if added == 'noise' else 'λ'} = {level:g}"
        lines.append(line(label, GAMMAS, derived(quantity, over), color=color, band=False))
        stated = as_printed(quantity, over)
        lines.append(line(f"{label}, printed", GAMMAS, stated, color=color, dashed=True, band=False))
    return panel(
        f"Paper B, Figure {name}",
        f"{NAMES[quantity].capitalize()}, {'input noise' if added == 'noise' else 'ℓ₂ penalty'}",
        order,
        lines,
        x_label="γ",
        y_label=NAMES[quantity],
        note=note,
    )
