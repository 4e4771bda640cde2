"""Where the networks and feature maps of the examples stand."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
ATTENTION, FOURIER, WIDE = (str(ROOT / "examples" / f"{name}.py") for name in ("attention", "fourier", "wide"))
