"""Tables of runs are found wherever one works, and a wrong name or file is one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.assumptions.sweeps import SWEEPS, found_sweep, read_runs
from holdfast.assumptions.training.editability_by_size import EditabilityBySize
from holdfast.assumptions.training.loss_scaling import LossScaling
from holdfast.core.errors import UsageError


@pytest.mark.parametrize(("assumption", "units"), [(LossScaling(), 32), (EditabilityBySize(), 280)])
def test_the_shipped_table_is_found_from_anywhere(
    assumption: LossScaling | EditabilityBySize, units: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sample = assumption.sample(None)  # type: ignore[arg-type]
    assert len(sample.units) == units
    assert assumption.check(sample, 0.05).status != "UNTESTED"


def test_every_table_names_the_command_that_makes_it() -> None:
    from bench.__main__ import parts

    tables = [table for table in SWEEPS.iterdir() if table.name.endswith(".json")]
    assert len(tables) == 2
    for table in tables:
        command = json.loads(table.read_text(encoding="utf-8"))["command"]
        assert command.removeprefix("python -m bench ") in parts()


def test_a_name_that_is_no_table_is_refused_with_the_near_ones() -> None:
    with pytest.raises(UsageError, match="did you mean 'loss-nano'"):
        found_sweep("los-nano")
    assert found_sweep("mine.json") == Path("mine.json")


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    for text in ("{}", "[", "[]", '{"runs": [{"a": 1}]}', '{"runs": 3}'):
        path.write_text(text)
        with pytest.raises(UsageError, match="lacks runs with a, b; make it with `x`"):
            read_runs(path, ("a", "b"), "x")
    with pytest.raises(UsageError, match="not there"):
        read_runs(tmp_path / "nowhere.json", ("a",), "x")
    path.write_text('{"runs": [{"a": 1, "b": 2, "c": 3}]}')
    assert read_runs(path, ("a", "b"), "x") == [{"a": 1, "b": 2, "c": 3}]


def test_tables_lie_in_the_package() -> None:
    """What a wheel holds is what lies below the package's own folder."""
    program = "import holdfast, pathlib; print(pathlib.Path(holdfast.__file__).parent)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) in Path(str(SWEEPS)).parents
