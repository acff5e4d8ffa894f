"""Which few failure modes make up the residual risk: shares of what was won, with exact bounds, most first.

The unit is the behaviour: one that several adversaries won is at risk once. Modes may overlap (two attacks that win
the same behaviours), so each is also credited with what those before it left: that list is as short as it gets. Only
where behaviours themselves are the modes the unit is the win of one adversary, and bounds, which take wins for
independent, are then for reading and not for deciding.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import NamedTuple

from holdfast.core.evidence import Play
from holdfast.core.records import Record
from holdfast.measures.counts import outcomes
from holdfast.stats import binomial

FEW = 0.8       # modes that together hold this share of the risk are the few that dominate


class Mode(Record):
    """One failure mode: `won` of the `of` behaviours at risk, and of the `asked` in this mode.

    `lower` and `upper` bound its share of the risk, all modes together at the level asked for. `more` is what it adds
    to the modes before it, and `together` the share that they hold with it.
    """

    name: str
    won: int
    of: int
    asked: int
    lower: float
    upper: float
    more: int
    together: float


class Dominating(Record):
    """The modes by one cut through the risk, most first; the first `few` hold at least 80 % of it."""

    by: str
    modes: tuple[Mode, ...]
    few: int


class Asked(NamedTuple):
    """One behaviour asked by one adversary on one split, and whether it was won."""

    attack: str
    adversary: tuple[str, int, int]     # attack, seed, build
    behaviour: str
    won: bool


def asked(plays: Sequence[Play], split: str, behaviours: Collection[str]) -> list[Asked]:
    """What each play asked; a crash is no win, and what an attack had read the answer of does not count."""
    return [
        Asked(play.attack, (play.attack, play.seed, play.build), behaviour, won is True)
        for play in plays
        for behaviour, won in outcomes(play, split).items()
        if behaviour in behaviours
    ]


def by_attack(tried: Sequence[Asked], alpha: float) -> Dominating | None:
    """Which attacks win what is won."""
    names = dict.fromkeys(each.attack for each in tried)
    modes = {attack: {t.behaviour for t in tried if t.attack == attack and t.won} for attack in names}
    counts = {attack: len({t.behaviour for t in tried if t.attack == attack}) for attack in modes}
    return dominating("attack", modes, _won(tried), alpha, counts)


def by_group(by: str, tried: Sequence[Asked], group: Mapping[str, str], alpha: float) -> Dominating | None:
    """In which groups of behaviours (behaviour -> its group) the risk lies."""
    modes: dict[str, set[str]] = {}
    for each in tried:
        modes.setdefault(group[each.behaviour], set()).add(each.behaviour)
    return dominating(by, modes, _won(tried), alpha)


def by_behaviour(tried: Sequence[Asked], alpha: float) -> Dominating | None:
    """Which behaviours most adversaries win."""
    modes: dict[str, set[tuple[object, ...]]] = {}
    for each in tried:
        modes.setdefault(each.behaviour, set()).add((each.adversary, each.behaviour))
    return dominating("behaviour", modes, {(t.adversary, t.behaviour) for t in tried if t.won}, alpha)


def dominating(
    by: str,
    modes: Mapping[str, Collection[Hashable]],
    won: Collection[Hashable],
    alpha: float,
    counts: Mapping[str, int] | None = None,
) -> Dominating | None:
    """The modes (name -> what lies in it) by how much of what was `won` they hold; None if nothing was won.

    `counts` says how many were asked in each mode, where that is not all that lies in it. Each mode is chosen for
    what it adds to those before it; of equals the first by name. Bounds are exact (Clopper & Pearson 1934) at alpha
    shared over the modes, two-sided, given how much was won in all. Modes in which nothing was won are left out.
    ValueError if some of what was won lies in no mode.
    """
    risk = set(won)
    if not risk:
        return None
    if homeless := risk - {b for held in modes.values() for b in held}:
        raise ValueError(f"{len(homeless)} of what was won lie in no mode")
    left, rest, out = dict(modes), set(risk), []
    level = alpha / len(modes)
    while any(risk & set(held) for held in left.values()):
        name = min(left, key=lambda mode: (-len(rest & set(left[mode])), -len(risk & set(left[mode])), mode))
        mine = risk & set(left.pop(name))
        if not mine:
            continue
        more = len(rest & mine)
        rest -= mine
        lower, upper = binomial.interval(len(mine), len(risk), level)
        out.append(Mode(name=name, won=len(mine), of=len(risk), asked=(counts or {}).get(name, len(set(modes[name]))),
                        lower=lower, upper=upper, more=more, together=1 - len(rest) / len(risk)))
    few = 1 + next(i for i, mode in enumerate(out) if mode.together >= FEW)
    return Dominating(by=by, modes=tuple(out), few=few)


def _won(tried: Sequence[Asked]) -> set[Hashable]:
    return {each.behaviour for each in tried if each.won}
