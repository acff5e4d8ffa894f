"""The digests of a finished run, so that a file that was edited, dropped or swapped afterwards is noticed.

    RUN/seal.json   {"cells": address -> digest of its DONE, "files": name -> digest}

A seal is no signature: whoever can write every file of a run can write this one too. What such a person cannot
do is make a replay agree (`holdfast verify RUN --replay CELL`).
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pydantic

from holdfast.core.errors import HoldfastError
from holdfast.core.files import write_whole
from holdfast.core.records import Record, canonical

SEAL = "seal.json"
FILES = ("claim.yaml", "plan.json", "report.html", "verdict.json")


class Seal(Record):
    """SHA-256 of a run's files, and of each planned cell's own seal; None for one that is not there."""

    cells: dict[str, str | None]
    files: dict[str, str | None]


def seal(folder: Path, cells: Iterable[str]) -> None:
    """Seal a finished run; `cells` are the addresses that its plan holds."""
    write_whole(folder / SEAL, _text(_found(folder, cells)))


def check_seal(folder: Path, cells: Iterable[str]) -> None:
    """Raise HoldfastError, naming what differs, unless a run is as it was sealed."""
    path, found = folder / SEAL, _found(folder, cells)
    if not path.is_file():
        raise HoldfastError(f"{folder} was never finished (it has no {SEAL}); run 'holdfast check' again to go on.")
    if path.read_bytes() != _text(found).encode():
        what = ", ".join(_altered(path, found))
        raise HoldfastError(f"{folder}: altered after the run: {what}; do not trust it, run 'holdfast check' again.")


def _found(folder: Path, cells: Iterable[str]) -> Seal:
    return Seal(
        cells={key: _digest(folder / "cells" / key / "DONE") for key in cells},
        files={name: _digest(folder / name) for name in FILES},
    )


def _text(seal: Seal) -> str:
    return canonical(seal.model_dump(mode="json")) + "\n"


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _altered(path: Path, found: Seal) -> list[str]:
    try:
        sealed = Seal.model_validate_json(path.read_bytes())
    except pydantic.ValidationError:
        return [SEAL]
    files = [name for name in FILES if sealed.files.get(name) != found.files[name]]
    keys = sorted(key for key in {*sealed.cells, *found.cells} if sealed.cells.get(key) != found.cells.get(key))
    # Which cells there should be is not known from a plan that was altered.
    cells = [] if "plan.json" in files else [f"the cell {key[:12]}" for key in keys]
    return [*files, *cells] or [SEAL]
