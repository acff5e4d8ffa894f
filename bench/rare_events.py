"""The rare-event search on failures that were planted at a known rate near 1e-4, beside plain sampling."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from bench.measure import Note, Row
from holdfast.stats.rare_event import Inputs, RareEvent, Score, importance, plain, space, splitting

RATE = 1e-4
PLACES, OPTIONS = 6, 10
WORDS = space([[1 / OPTIONS] * OPTIONS] * PLACES)
TRIGGER = np.array([3, 7, 1, 9])
WEIGHTS = np.arange(1, PLACES + 1)
MOST = (OPTIONS - 1) * int(WEIGHTS.sum())
ALPHA = 0.05

Method = Callable[[Score, float, int], RareEvent]


def nearness(inputs: Inputs) -> npt.NDArray[np.float64]:
    """Fails, at 0, where four of the six places hold the trigger: one input in 10^4, exactly."""
    out: npt.NDArray[np.float64] = -np.abs(inputs[:, : len(TRIGGER)] - TRIGGER).sum(axis=1).astype(np.float64)
    return out


def weigh(inputs: Inputs) -> npt.NDArray[np.float64]:
    """A sum over all places with weights 1 to 6: no single input fails, a corner of the space does."""
    out: npt.NDArray[np.float64] = (inputs * WEIGHTS).sum(axis=1).astype(np.float64)
    return out


def exact(level: int) -> float:
    """Pr[weigh >= level], by convolution over the places."""
    chances = {0: 1.0}
    for weight in map(int, WEIGHTS):
        after: dict[int, float] = {}
        for total, chance in chances.items():
            for option in range(OPTIONS):
                key = total + weight * option
                after[key] = after.get(key, 0.0) + chance / OPTIONS
        chances = after
    return sum(chance for total, chance in chances.items() if total >= level)


CORNER = next(level for level in range(MOST, 0, -1) if exact(level) >= RATE)

PLANTED: dict[str, tuple[Score, float, float]] = {
    "a trigger of four words": (nearness, 0.0, RATE),
    "a corner of the space": (weigh, float(CORNER), exact(CORNER)),
}
"""Name -> score, the level that fails, and the true rate."""


def by_importance(score: Score, level: float, seed: int) -> RareEvent:
    """Importance sampling with 500 inputs a round of learning and 2000 that count."""
    return importance(WORDS, score, level, batch=500, samples=2000, alpha=ALPHA, seed=seed)


def by_splitting(score: Score, level: float, seed: int) -> RareEvent:
    """Splitting with a crowd of 100, each copy moved 20 times."""
    return splitting(WORDS, score, level, crowd=100, moves=20, alpha=ALPHA, seed=seed)


def misses(found: Sequence[RareEvent], rate: float) -> int:
    """How many intervals do not hold the rate."""
    return sum(not each.lower <= rate <= each.upper for each in found)


def rare_events(quick: bool) -> list[Row | Note]:
    """Each method on each planted failure; plain sampling with as many inputs as importance sampling scores."""
    methods: dict[str, Method] = {"importance sampling": by_importance, "splitting": by_splitting}
    runs, out = range(5 if quick else 100), []
    for name, (score, level, rate) in PLANTED.items():
        scored = 0
        for how, method in methods.items():
            found = [method(score, level, seed) for seed in runs]
            out.append(_note(f"{name}, {how}", found, rate))
            scored = scored or round(float(np.mean([each.scored for each in found])))
        drawn = [plain(WORDS, score, level, scored, ALPHA, seed) for seed in runs]
        out.append(_note(f"{name}, plain sampling", drawn, rate))
    return list(out)


def _note(what: str, found: Sequence[RareEvent], rate: float) -> Note:
    rates = np.array([each.rate for each in found])
    scored = float(np.mean([each.scored for each in found]))
    off = float(np.sqrt(np.mean((rates - rate) ** 2))) / rate
    needed = (1 - rate) / (rate * off**2)       # plain samples that are as close
    said = (f"true {rate:.3g}, mean {rates.mean():.3g} +- {rates.std() / math.sqrt(len(rates)):.1g}; "
            f"off by {off:.0%} on average, with {scored:,.0f} inputs; plain sampling takes {needed:,.0f} for that; "
            f"{len(found) - misses(found, rate)} of {len(found)} intervals hold the rate")
    return Note(f"a planted failure ({what})", said)
