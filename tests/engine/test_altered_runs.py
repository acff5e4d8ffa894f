"""`holdfast verify` sees every edited, dropped, duplicated or swapped piece of a finished run."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cli.command import holdfast
from tests.engine.imagined_run import Imagined, imagine
from tests.engine.small_claim import write_claim

from holdfast.core.errors import HoldfastError
from holdfast.core.records import canonical
from holdfast.engine.seal import check_seal
from holdfast.engine.store import Store
from holdfast.run import read_plan, verify

FUZZED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module", params=["made up", pytest.param("real", marks=pytest.mark.slow)])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished run that verifies."""
    folder = tmp_path_factory.mktemp("altered")
    if request.param == "real":
        done = holdfast("check", write_claim(folder), "--out", folder / "runs")
        assert done.returncode == 1, done.stderr
        out = folder / "runs/small-claim"
    else:
        _, out = imagine(folder, Imagined(5))
    verify(out)
    yield out
    verify(out)     # every test left it as it was


@contextmanager
def altered(*paths: Path) -> Iterator[None]:
    """A change to these files of a run, undone at the end."""
    before = {path: path.read_bytes() for path in paths}
    try:
        yield
    finally:
        for path, content in before.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def files(run: Path) -> list[Path]:
    """Everything that a run holds but its lock and built models, which are no evidence."""
    return sorted(p for p in run.rglob("*") if p.is_file() and p.name != ".lock" and "model" not in p.parts)


def cells(run: Path) -> list[Path]:
    """The folders of the cells that the plan holds."""
    return sorted({run / "cells" / planned.cell for planned in read_plan(run).cells})


def drop_line(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1:]


def double_line(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at + 1] + lines[at:]


def swap_lines(lines: list[bytes], at: int) -> list[bytes]:
    other = (at + 1) % len(lines)
    out = list(lines)
    out[at], out[other] = out[other], out[at]
    return out


@FUZZED
@given(st.data())
def test_no_byte_can_be_changed_lost_or_doubled(run: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([p for p in files(run) if p.stat().st_size]), label="file")
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1), label="at")
    how: dict[str, Callable[[], bytes]] = {
        "flip": lambda: content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1:],
        "drop": lambda: content[:at] + content[at + 1:],
        "double": lambda: content[:at] + content[at:at + 1] + content[at:],
        "cut": lambda: content[:at],
    }
    change = data.draw(st.sampled_from(sorted(how)), label="change")
    with altered(path):
        path.write_bytes(how[change]())
        with pytest.raises(HoldfastError):
            verify(run)


@FUZZED
@given(st.data())
def test_no_line_can_be_dropped_doubled_or_moved(run: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([p for p in files(run) if len(p.read_bytes().splitlines()) > 1]), label="file")
    lines = path.read_bytes().splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1), label="line")
    changed = data.draw(st.sampled_from([drop_line, double_line, swap_lines]), label="change")(lines, at)
    if changed == lines:
        return
    with altered(path):
        path.write_bytes(b"".join(changed))
        with pytest.raises(HoldfastError):
            verify(run)


def test_no_file_can_be_taken_away(run: Path) -> None:
    for path in files(run):
        with altered(path):
            path.unlink()
            with pytest.raises(HoldfastError):
                verify(run)


def test_no_cell_can_be_taken_away_or_stand_for_another(run: Path) -> None:
    whole = cells(run)
    for cell, other in zip(whole, whole[1:] + whole[:1], strict=True):
        aside = run / "aside"
        cell.rename(aside)
        with pytest.raises(HoldfastError, match="altered"):
            verify(run)
        shutil.copytree(other, cell)
        with pytest.raises(HoldfastError, match="altered"):
            verify(run)
        shutil.rmtree(cell)
        aside.rename(cell)


def test_a_cell_at_anothers_address_is_not_read(run: Path) -> None:
    one, other = cells(run)[:2]
    with altered(*(p for p in files(run) if p.is_relative_to(one))):
        shutil.rmtree(one)
        shutil.copytree(other, one)
        with pytest.raises(HoldfastError, match="altered"):
            Store(run / "cells").read(one.name)


@FUZZED
@given(st.data())
def test_an_attempt_is_missed_even_where_its_cell_is_sealed_anew(run: Path, data: st.DataObject) -> None:
    held = [p for p in files(run) if p.name == "attempts.jsonl" and p.stat().st_size]
    path = data.draw(st.sampled_from(held), label="cell")
    lines = path.read_text(encoding="utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1), label="attempt")
    won = json.loads(lines[at])
    edited = canonical(won | {"won": won["won"] is not True, "crash": None, "reply": "yes"})
    changed = data.draw(st.sampled_from([lines[:at] + lines[at + 1:], [*lines, lines[at]],
                                         [*lines[:at], edited, *lines[at + 1:]]]), label="change")
    done = path.with_name("DONE")
    with altered(path, done):
        path.write_text("".join(line + "\n" for line in changed), encoding="utf-8")
        seals = json.loads(done.read_text()) | {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
        done.write_text(canonical(seals), encoding="utf-8")
        Store(run / "cells").check(path.parent.name)        # the cell itself looks whole
        with pytest.raises(HoldfastError, match=f"altered after the run: the cell {path.parent.name[:12]}"):
            verify(run)


EDITS = [
    ("claim.yaml", "elicit", "evade"),
    ("claim.yaml", "0.05", "0.5"),
    ("verdict.json", '"verdict": "BROKEN"', '"verdict": "STANDS"'),
    ("verdict.json", '"verdict": "INCONCLUSIVE"', '"verdict": "STANDS"'),
    ("report.html", "BROKEN", "STANDS"),
    ("report.html", "INCONCLUSIVE", "STANDS"),
    ("plan.json", '"purpose":"search"', '"purpose":"sealed"'),
    ("plan.json", '"purpose":"replay"', '"purpose":"explore"'),
    ("plan.json", '"hazardous":true', '"hazardous":false'),
    ("plan.json", '"not_tried":[', '"not_tried":[{"name":"x","reason":"y"},'),
    ("plan.json", '"question":"', '"question":"?'),
]


def test_an_edit_is_named_by_its_file(run: Path) -> None:
    tried = 0
    for name, old, new in EDITS:
        path = run / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            continue
        tried += 1
        with altered(path):
            path.write_text(text.replace(old, new, 1).replace("},]", "}]"), encoding="utf-8")
            with pytest.raises(HoldfastError, match=f"{name}|is damaged"):
                verify(run)
    assert tried >= 6


def test_what_is_no_part_of_a_run_changes_nothing(run: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(run, moved)
    stranger = cells(run)[0]
    shutil.copytree(stranger, moved / "cells" / ("0" * 64))
    (moved / "cells/.making-x-1").mkdir()
    (moved / "notes.txt").write_text("mine")
    assert verify(moved).comparable() == verify(run).comparable()


def test_a_run_that_was_never_finished_is_not_verified(run: Path) -> None:
    with altered(run / "seal.json"):
        (run / "seal.json").unlink()
        with pytest.raises(HoldfastError, match="never finished"):
            check_seal(run, [])
