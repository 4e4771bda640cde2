"""Where a cluster's scheduler is, as `--engine` says it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

SCHEME = "dask:"
ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
CHOICE = "dask:tcp://HOST:PORT, dask:tls://HOST:PORT or dask:FILE, the scheduler file of `dask scheduler`"


def scheduler_address(engine: str) -> str:
    """The address of the scheduler, such as ``"tcp://127.0.0.1:8786"``, that an engine names itself or by its file.

    Raises
    ------
    ValueError : no such engine, it is not installed, or the file is not one that a scheduler writes.
    """
    place = engine.removeprefix(SCHEME)
    if place == engine or not place or ("://" in place and not ADDRESS.fullmatch(place)):
        raise ValueError(f"unknown engine {engine!r}: choose {CHOICE}")
    if importlib.util.find_spec("distributed") is None:
        raise ValueError(f"--engine {engine} needs distributed: pip install -c constraints.txt -e '.[dask]'")
    return place if "://" in place else _address_in(Path(place))


def _address_in(file: Path) -> str:
    if file.exists() and not file.is_file() and not file.is_dir():
        raise ValueError(f"--engine dask:{file}: it is no scheduler file, but a device or a pipe")
    try:
        said = json.loads(file.read_bytes())
    except OSError as error:
        raise ValueError(f"--engine dask:{file}: cannot read the scheduler file: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"--engine dask:{file}: it is no scheduler file, but holds no JSON") from error
    address = said.get("address") if isinstance(said, dict) else None
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise ValueError(f"--engine dask:{file}: it is no scheduler file, but holds no address such as tcp://HOST:PORT")
    return address
