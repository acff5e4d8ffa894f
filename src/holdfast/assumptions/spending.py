"""What each behaviour looked like after so much was spent on it: curves out of plays."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.assumptions.samples import CRASHED, LOST, WON, hazards
from holdfast.core.evidence import Play
from holdfast.core.records import Attempt
from holdfast.stats.power_law import spread

POINTS_A_DECADE = 6


class Curve(NamedTuple):
    """One adversary's outcomes; `table` has shape (behaviours, levels of `spent`), 0 lost, 1 won, 2 crashed."""

    attack: str
    seed: int
    axis: Literal["steps", "queries"]
    spent: tuple[int, ...]
    behaviours: tuple[str, ...]
    table: npt.NDArray[np.int8]

    def rates(self) -> npt.NDArray[np.float64]:
        """The share won at each level, crashes counted lost; shape (levels,)."""
        out: npt.NDArray[np.float64] = (self.table == WON).mean(axis=0)
        return out

    def who(self) -> str:
        """The adversary, for people."""
        return f"{self.attack} (seed {self.seed})"


def curve(play: Play, split: str | None) -> Curve | None:
    """By steps where the attack trained, each step as it was; else by queries, won once is won.

    None where nothing was spent, or nobody knows how much. Behaviours that the attack had read are left out.
    """
    attempts = hazards(play, split)
    steps = tuple(sorted({a.step for a in attempts if a.step > 0}))
    if steps:
        return _table(play, "steps", steps, attempts)
    if any(a.queries is None for a in attempts if a.reply is not None):
        return None
    most = max((a.queries or 0 for a in attempts), default=0)
    if not most:
        return None
    levels = spread(1, most, 1 + round(POINTS_A_DECADE * np.log10(most)))
    return _table(play, "queries", levels, attempts)


def _table(
    play: Play, axis: Literal["steps", "queries"], levels: tuple[int, ...], attempts: Sequence[Attempt]
) -> Curve:
    of: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        of.setdefault(attempt.behaviour, []).append(attempt)
    rows = [[_outcome(axis, tries, level) for level in levels] for tries in of.values()]
    return Curve(play.attack, play.seed, axis, levels, tuple(of), np.array(rows, dtype=np.int8))


def _outcome(axis: Literal["steps", "queries"], tries: Sequence[Attempt], level: int) -> int:
    """Won if any counts as won; crashed if none does and one crashed, or was not made at a step that was planned."""
    if axis == "steps":
        results = {a.won for a in tries if a.step == level} or {None}
    else:
        results = {a.won for a in tries if (a.queries or 0) <= level}
    return WON if True in results else CRASHED if None in results else LOST
