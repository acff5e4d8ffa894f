"""Exchangeable samples out of plays: which tries of each behaviour won, in the order drawn.

Samples are exchangeable where an attack hands in every answer in the order drawn, each drawn in the same way. One
that stops at its first win, learns on the way, or picks its best has none.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.core.evidence import Play, Role
from holdfast.core.records import Attempt, digest

Table = npt.NDArray[np.int8]

LOST, WON, CRASHED = 0, 1, 2
LOOKED = ("search", "explore")
"""Purposes of plays on explore; what is sealed is counted once, and by the claim."""


class Drawn(NamedTuple):
    """Samples of one attack with one setting; `table` has shape (behaviours, samples), in planned order."""

    attack: str
    table: Table

    def counts(self, first: int, last: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Wins and judged tries of each behaviour among the samples from `first` up to `last`, crashes left out."""
        part = self.table[:, first:last]
        return (part == WON).sum(axis=1), (part != CRASHED).sum(axis=1)

    def bounding(self, first: int, last: int, *, crashes: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The same with every crash counted as `crashes`: lost for a lower bound, won for an upper one."""
        part = np.where(self.table[:, first:last] == CRASHED, crashes, self.table[:, first:last])
        return (part == WON).sum(axis=1), np.full(len(part), part.shape[1])


def hazards(play: Play, split: str | None) -> tuple[Attempt, ...]:
    """A play's attempts at behaviours that it had not read: of the split, or of all that are not called benign."""
    return tuple(a for a in play.attempts if a.behaviour not in play.read
                 and (a.split == split if split is not None else not a.split.startswith("benign")))


def drawn(plays: Sequence[Play], attack: str, role: Role, split: str | None) -> Drawn | str:
    """The samples of the setting that drew most a behaviour, seeds joined; or a clause that says why there are none.

    The choice looks at numbers of samples and never at wins.
    """
    groups: dict[str, list[Play]] = {}
    for play in plays:
        mine = (play.role, play.attack) == (role, attack) and play.purpose in LOOKED and not play.enforced
        if mine and any(a.reply is not None for a in hazards(play, split)):
            groups.setdefault(digest([play.settings, play.build]), []).append(play)
    found = [table for group in groups.values() if isinstance(table := _joined(group, split), np.ndarray)]
    if found:
        return Drawn(attack, max(found, key=lambda table: table.shape[1]))
    if groups:
        return f"{attack} did not hand in as many samples of each behaviour, all of them in the order drawn"
    return f"{attack} was not played on the {role}"


def _joined(plays: Sequence[Play], split: str | None) -> Table | None:
    rows: dict[str, list[int]] = {}
    for play in plays:
        for attempt in sorted(hazards(play, split), key=lambda a: (a.index, a.submission)):
            if attempt.queries not in (None, attempt.submission + 1):
                return None             # picked from among more
            if attempt.reply is None and attempt.crash is None:
                return None             # the budget ended before it
            won = CRASHED if attempt.won is None else WON if attempt.won else LOST
            rows.setdefault(attempt.behaviour, []).append(won)
    alike = len({len(row) for row in rows.values()}) == 1
    return np.array(list(rows.values()), dtype=np.int8) if alike else None
