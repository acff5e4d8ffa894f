"""Tables of runs over sizes, which assumptions about size are judged on: those that ship, or one's own.

A sweep takes minutes to hours, so it is made once (`python -m bench scaling`, `python -m bench editing-by-size`) and
ships as package data. A name such as ``loss-nano`` is one of these; whatever ends in ``.json`` is a file.
"""

import json
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from holdfast.core.errors import UsageError, nearest

SWEEPS = files("holdfast") / "sweeps"


def found_sweep(name: str) -> Traversable:
    """A sweep that ships, or a file of one's own; raises UsageError for a name that is neither."""
    if name.endswith(".json"):
        return Path(name)
    shipped = sorted(table.name.removesuffix(".json") for table in SWEEPS.iterdir())
    if name not in shipped:
        raise UsageError(f"there is no sweep {name!r}, nor is it the path of a .json file; {nearest(name, shipped)}")
    return SWEEPS / f"{name}.json"


def read_runs(table: Traversable, keys: Sequence[str], command: str) -> list[dict[str, Any]]:
    """The table's `runs`, each with all of `keys`; what lies under the keys is the caller's to check.

    Raises UsageError, with the command that makes such a table, where it is not there or not that.
    """
    try:
        runs = json.loads(table.read_text(encoding="utf-8"))["runs"]
        whole = isinstance(runs, list) and all(set(keys) <= set(run) for run in runs)
    except FileNotFoundError as error:
        raise UsageError(f"{table} is not there; make it with `{command}`, or name another.") from error
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise UsageError(f"{table} lacks runs with {', '.join(keys)}; make it with `{command}`, or name another.")
    return list(runs)
