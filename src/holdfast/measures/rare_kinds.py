"""What a rare failure needs: failures stripped of all that they can do without, and sorted by what is left."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.measures.asker import FAILED, Asker
from holdfast.measures.dominating import Dominating, dominating
from holdfast.stats.rare_event import Inputs, RareEvent
from holdfast.worlds.ordinary import BEHAVIOUR, FIRST_WORD, PHRASING, TYPO, Questions, Said

TYPICAL = 40        # failures looked into
CUTS = ("trigger", "domain", "behaviour")


class Failure(NamedTuple):
    """One of the failures looked into: its text, and what is left when all that it can do without is gone."""

    behaviour: str
    domain: str
    trigger: str
    text: str


def stripped(asker: Asker, rows: Inputs) -> Inputs:
    """Inputs that fail, without the typo and each word that they fail without, and as the fixed question if so."""
    least = rows.copy()
    for place in (TYPO, *range(FIRST_WORD, rows.shape[1]), PHRASING):
        tried = least.copy()
        tried[:, place] = 0
        still = asker.outcome(tried) == FAILED
        least[still] = tried[still]
    return least


def explained(inputs: Inputs, triggers: Inputs) -> npt.NDArray[np.bool_]:
    """Which inputs hold what a stripped failure needs: its words, or where it needs none its very question; (n,)."""
    out = np.zeros(len(inputs), dtype=bool)
    for trigger in triggers:
        words = set(trigger[FIRST_WORD:]) - {0}
        if words:
            out |= np.array([words <= set(row[FIRST_WORD:]) for row in inputs], dtype=bool)
        else:
            out |= (inputs[:, (BEHAVIOUR, PHRASING)] == trigger[[BEHAVIOUR, PHRASING]]).all(axis=1)
    return out


def look_into(asked: Questions, asker: Asker, found: RareEvent, rng: np.random.Generator) -> list[Failure]:
    """Failures drawn by what they are worth, so that shares of them are shares of the rate."""
    if not len(found.found):
        return []
    rows = found.found[rng.choice(len(found.found), size=TYPICAL, p=found.worth / found.worth.sum())]
    out = []
    for row, least in zip(rows, stripped(asker, rows), strict=True):
        left = asked.said(least)
        trigger = _named(left, fixed=not least[PHRASING])
        out.append(Failure(left.behaviour.id, left.behaviour.domain, trigger, asked.said(row).text))
    return out


def kinds(failures: Sequence[Failure], alpha: float) -> tuple[Dominating, ...]:
    """What failures need, and what they are about."""
    out = []
    for by in CUTS:
        held: dict[str, set[int]] = {}
        for unit, failure in enumerate(failures):
            held.setdefault(getattr(failure, by), set()).add(unit)
        if found := dominating(by, held, range(len(failures)), alpha):
            out.append(found)
    return tuple(out)


def _named(left: Said, *, fixed: bool) -> str:
    parts = [*sorted(set(left.words)), *([f"a letter {left.typo}"] if left.typo != "none" else []),
             *([] if fixed else [f"phrasing {left.phrasing}"])]
    return " + ".join(parts) or "the plain question"
