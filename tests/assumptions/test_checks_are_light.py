"""A check, and a bound, are repeated offline: their modules load no torch. Only sampling does."""

import subprocess
import sys

from holdfast.core.plugins import discover

OURS = ("assumptions/", "guarantees/")
MODULES = sorted(source.module for kind in ("assumptions", "guarantees") for source in discover(kind).values()
                 if source.module.replace(".", "/").split("holdfast/")[1].startswith(OURS))


def _loaded(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_they_load_neither_torch_nor_transformers() -> None:
    assert len(MODULES) >= 10
    assert not {"torch", "transformers"} & _loaded("import " + ", ".join(MODULES))


def test_what_samples_is_seen_to_load_torch() -> None:
    assert "torch" in _loaded("import holdfast.assumptions.ablating")
