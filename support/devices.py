"""Devices that are computed on, as command lines name them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from support.command_line import shown

# An index as torch reads it: in ASCII, without leading zeros, and of no more digits than machines have devices.
DEVICE = re.compile(r"auto|cpu|cuda(:(0|[1-9][0-9]{0,3}))?")


def require_device(asked: str) -> None:
    """See that it is the name of a device; whether that is there is another question.

    Raises
    ------
    ValueError : it is none.
    """
    if not DEVICE.fullmatch(asked):
        raise ValueError(f"unknown device {shown(asked)}: choose auto, cpu, cuda or cuda:INDEX")


def device_of(asked: str, *, recorded: bool = False, elsewhere: bool = False) -> str:
    """What evidence is computed on, or was: where nothing is computed here, the device need not be here.

    Raises
    ------
    ValueError : it is none, or not there.
    """
    require_device(asked)
    if elsewhere and asked == "auto":
        return "cpu"
    if (recorded or elsewhere) and asked.startswith("cuda"):
        return "cuda:0" if asked == "cuda" else asked
    if asked == "cpu" or (asked == "auto" and not Path("/dev/nvidiactl").exists() and sys.platform != "win32"):
        return "cpu"  # without importing torch, which takes seconds
    import torch

    count = torch.cuda.device_count()
    if asked == "auto":
        return "cuda:0" if count else "cpu"
    if asked.startswith("cuda") and int(asked.partition(":")[2] or 0) >= count:
        raise ValueError(f"device {asked} is not there: torch sees {count} CUDA devices")
    return "cuda:0" if asked == "cuda" else asked
