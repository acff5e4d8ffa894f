"""Nothing about how a run came to be finished changes what it says: order, kills, neighbours, detours.

Every run here goes the real way, from claim to seal; only what each cell holds is made up (`imagined_run`).
"""

import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.imagined_run import Imagined, Killed, imagine

from holdfast.run import Plan, read_plan, verify
from holdfast.verdicts.verdict import Verdict

FUZZED = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SALTS = st.sampled_from([1, 2, 4, 5, 6, 8])     # worlds in which every kind of verdict is given
ORDERS = st.one_of(st.none(), st.integers(0, 1000))
KILLS = st.lists(st.tuples(st.integers(0, 12), ORDERS), max_size=4)

THREE = {"statistics": {"alpha": 0.2, "seeds": 3}}
HARDER = {"attacks": [{"use": "fine-tune", "lr": 0.01}]}


@cache
def calm(salt: int) -> tuple[Verdict, Plan, list[str]]:
    """A run that nothing disturbed: its verdict, its plan and the cells that were made."""
    with tempfile.TemporaryDirectory() as folder:
        executor = Imagined(salt)
        verdict, run = imagine(Path(folder), executor)
        return verdict, read_plan(run), executor.made


@FUZZED
@given(salt=SALTS, kills=KILLS, order=ORDERS)
def test_no_order_and_no_kill_changes_a_verdict(
    salt: int, kills: list[tuple[int, int | None]], order: int | None
) -> None:
    wanted, plan, made = calm(salt)
    again: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for alive, drawn in kills:
            executor = Imagined(salt, order=drawn, alive=alive)
            with suppress(Killed):
                imagine(Path(folder), executor)
            again += executor.made
        last = Imagined(salt, order=order)
        verdict, run = imagine(Path(folder), last)
        assert verdict.comparable() == wanted.comparable()
        assert read_plan(run) == plan
        assert sorted(again + last.made) == sorted(made)        # nothing was lost, nothing done twice
        assert verify(run) == verdict
        assert not list(run.glob("cells/.making-*"))


@settings(FUZZED, max_examples=2)
@given(salt=SALTS, order=ORDERS, neighbour=st.sampled_from([THREE, HARDER]))
def test_neither_a_neighbours_cells_nor_a_detour_changes_a_verdict(
    salt: int, order: int | None, neighbour: dict[str, object]
) -> None:
    wanted, plan, made = calm(salt)
    with tempfile.TemporaryDirectory() as folder:
        imagine(Path(folder), Imagined(salt, order=order), **neighbour, claim="neighbour")
        executor = Imagined(salt)
        verdict, run = imagine(Path(folder), executor)
        assert len(executor.made) < len(made)       # what the two share was taken over
        assert (verdict.comparable(), read_plan(run)) == (wanted.comparable(), plan)
        other, _ = imagine(Path(folder), Imagined(salt), **neighbour)
        assert other.sha256 != wanted.sha256
        idle = Imagined(salt)
        back, run = imagine(Path(folder), idle)
        assert (back.comparable(), read_plan(run), idle.made) == (wanted.comparable(), plan, [])
        verify(run)


def test_the_runs_that_are_tried_end_in_several_ways() -> None:
    assert {calm(salt)[0].verdict for salt in (1, 2, 4, 5, 6, 8)} >= {"BROKEN", "CONDITIONAL", "VOID", "INCONCLUSIVE"}


def test_a_result_that_depended_on_the_order_would_be_seen() -> None:
    class Hasty(Imagined):
        """Its wins depend on how many cells were made before."""

        def _result(self, cell):
            self._salt = len(self.made)
            return super()._result(cell)

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        verdicts = [imagine(Path(folder), Hasty(0, order=order))[0] for folder, order in ((one, 1), (other, 2))]
    assert verdicts[0].comparable() != verdicts[1].comparable()


@pytest.mark.parametrize("alive", [0, 3])
def test_a_killed_run_has_no_verdict(tmp_path: Path, alive: int) -> None:
    with pytest.raises(Killed):
        imagine(tmp_path, Imagined(0, alive=alive))
    assert not list(tmp_path.glob("runs/*/verdict.json"))
