"""The rules of the house, read off the tree; each has a test that it can fail."""

import re
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from tests.house.arrows import against_the_arrow
from tests.house.mentions import mentions, names_of_defences

import holdfast

PACKAGE = Path(holdfast.__file__).parent
ROOT = PACKAGE.parent.parent
HEAVY = ("torch", "transformers", "scipy", "jinja2", "peft", "matplotlib", "pydantic")


def test_imports_point_one_way() -> None:
    assert against_the_arrow(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("attacks/x.py", "from holdfast.defences.defence import Defence"),
        ("stats/x.py", "import holdfast.engine.store"),
        ("core/x.py", "def f():\n    from holdfast.claims.claim import Claim"),
        ("newpackage/x.py", "from holdfast.core.errors import UsageError"),
    ],
)
def test_an_import_against_the_arrow_is_seen(tmp_path: Path, file: str, line: str) -> None:
    path = tmp_path / "holdfast" / file
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert len(against_the_arrow(tmp_path / "holdfast")) == 1


def test_assumptions_mention_no_defence() -> None:
    assert mentions(PACKAGE / "assumptions", names_of_defences()) == []


@pytest.mark.parametrize("line", ["x = 1  # for SmoothLLM", "use = 'logit-mask'", "import holdfast.defences.apply"])
def test_a_mention_of_a_defence_is_seen(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.py").write_text(line)
    assert len(mentions(tmp_path, names_of_defences())) == 1


def _lengths(root: Path) -> dict[Path, int]:
    return {f: len(f.read_text(encoding="utf-8").splitlines()) for f in root.rglob("*.py")}


def test_rooms_are_small() -> None:
    lengths = _lengths(PACKAGE)
    assert {f: n for f, n in lengths.items() if n > 400} == {}
    assert median(n for n in lengths.values() if n) < 150
    assert len((PACKAGE / "run.py").read_text().splitlines()) < 200


def test_a_large_room_is_seen(tmp_path: Path) -> None:
    (tmp_path / "big.py").write_text("x = 1\n" * 401)
    assert max(_lengths(tmp_path).values()) > 400


def _loaded_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import_and_help_are_light() -> None:
    help_code = (
        "from typer.testing import CliRunner\nfrom holdfast.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0"
    )
    assert _loaded_by("import holdfast").isdisjoint(HEAVY)
    assert _loaded_by(help_code).isdisjoint(HEAVY)


def test_a_heavy_import_is_seen() -> None:
    assert "scipy" in _loaded_by("import holdfast.stats.binomial")


FORBIDDEN = re.compile(r"torch\.load\(|pickle\.load|yaml\.load\(|trust_remote_code=True|shell=True|\beval\(|\bexec\(")


def _unsafe(root: Path) -> list[str]:
    return [str(f) for f in root.rglob("*.py") if FORBIDDEN.search(re.sub(r"\.eval\(\)", "", f.read_text()))]


def test_nothing_unsafe_is_called() -> None:
    assert _unsafe(PACKAGE) == []


def test_an_unsafe_call_is_seen(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("import torch\ntorch.load('weights.bin')\n")
    assert _unsafe(tmp_path) != []


def test_every_module_and_public_class_says_what_it_is() -> None:
    import ast

    silent = []
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if tree.body and not ast.get_docstring(tree):
            silent.append(str(file))
        silent += [
            f"{file}: {node.name}"
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
    assert silent == []
