"""The cells of one run, on disk: written whole or not at all, and checked when read.

    cells/<address>/config.json  attempts.jsonl  result.json  model/ (a build's artifact)  DONE

A cell is made in a hidden folder beside and renamed once complete, so a run that is killed at any moment
leaves only whole cells and litter that the next start sweeps. `DONE` holds the digests of what it seals.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pydantic

from holdfast.core.errors import HoldfastError
from holdfast.core.records import Attempt, canonical, read_jsonl
from holdfast.engine.cells import Cell, Result, address, address_of

SEALED_FILES = ("config.json", "attempts.jsonl", "result.json")


class Store:
    """The cells under `folder`; finished cells of the sibling runs `shared` are taken over, not redone."""

    def __init__(self, folder: Path, shared: Sequence[Path] = ()) -> None:
        self.folder = folder
        self._shared = tuple(shared)

    def sweep(self) -> None:
        """Remove what a killed run left half made. Only the holder of the run's lock may call this."""
        for litter in self.folder.glob(".making-*"):
            shutil.rmtree(litter)

    def path(self, key: str) -> Path:
        """Where the cell with this address lies, finished or not."""
        return self.folder / key

    def has(self, key: str) -> bool:
        """Whether the cell is finished here, or can be taken over from a sibling run."""
        return (self.path(key) / "DONE").exists() or self._adopt(key)

    def check(self, key: str) -> None:
        """Raise HoldfastError unless the cell is finished, as it was sealed, and the one of this address."""
        folder = self.path(key)
        if not (folder / "DONE").exists():
            raise HoldfastError(f"the cell {key[:12]} is missing in {self.folder}; run 'holdfast check' to make it.")
        try:
            intact = (folder / "DONE").read_bytes() == canonical(_seal(folder)).encode()
        except FileNotFoundError:
            intact = False
        if not intact or address_of(json.loads((folder / "config.json").read_text(encoding="utf-8"))) != key:
            raise HoldfastError(f"the cell {key[:12]} was altered after it was made; delete {folder} and run again.")

    def read(self, key: str) -> Result:
        """A finished cell's result; raises HoldfastError if a file was altered after it was sealed."""
        self.check(key)
        folder = self.path(key)
        try:
            result = Result.model_validate_json((folder / "result.json").read_text(encoding="utf-8"))
        except pydantic.ValidationError:
            raise HoldfastError(f"{folder}/result.json cannot be read; delete {folder} and run again.") from None
        attempts = tuple(read_jsonl(folder / "attempts.jsonl", Attempt))
        return result.model_copy(update={"attempts": attempts})

    def make(self, cell: Cell, work: Callable[[Path], Result]) -> None:
        """Run `work` in a fresh folder (artifacts go there) and seal the cell in one rename."""
        key = address(cell)
        making = self.folder / f".making-{key}-{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        result = work(making)
        (making / "config.json").write_text(canonical(cell.model_dump(mode="json")) + "\n", encoding="utf-8")
        lines = [canonical(a.model_dump(mode="json")) + "\n" for a in result.attempts]
        (making / "attempts.jsonl").write_text("".join(lines), encoding="utf-8")
        rest = result.model_copy(update={"attempts": ()})
        (making / "result.json").write_text(canonical(rest.model_dump(mode="json")) + "\n", encoding="utf-8")
        (making / "DONE").write_text(canonical(_seal(making)), encoding="utf-8")
        _publish(making, self.path(key))

    def _adopt(self, key: str) -> bool:
        for sibling in self._shared:
            if (sibling / key / "DONE").exists():
                making = self.folder / f".making-{key}-{os.getpid()}"
                shutil.rmtree(making, ignore_errors=True)
                shutil.copytree(sibling / key, making, copy_function=_link_or_copy)
                _publish(making, self.path(key))
                return True
        return False


def _publish(making: Path, final: Path) -> None:
    for file in making.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    making.rename(final)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _seal(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SEALED_FILES}


def store_of_run(run: Path) -> Store:
    """A run's cells, swept of litter, with those of the other runs beside it, which hold controls that claims share.

    Only the holder of the run's lock may call this.
    """
    cells = [cells for cells in sorted(run.parent.glob("*/cells")) if cells.parent != run]
    store = Store(run / "cells", shared=cells)
    store.sweep()
    return store
