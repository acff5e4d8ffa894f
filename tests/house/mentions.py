"""Reads assumptions for mentions of a defence: an assumption must be interesting without the construction."""

import ast
import re
from pathlib import Path

from holdfast.core.plugins import discover


def names_of_defences() -> set[str]:
    """Every defence's class, and its id where that is no plain word, written with - and with _."""
    out = set()
    for name, source in discover("defences").items():
        assert source.file is not None
        body = ast.parse(Path(source.file).read_text(encoding="utf-8")).body
        out |= {node.name for node in body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
        out |= {name, name.replace("-", "_")} if "-" in name else set()
    return out | {"holdfast.defences"}


def mentions(root: Path, names: set[str]) -> list[str]:
    """Where a file under `root` mentions one of the names, as sentences."""
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    return [
        f"{file}:{number} mentions the defence {found.group(1)}"
        for file in sorted(root.rglob("*.py"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        for found in pattern.finditer(line)
    ]
