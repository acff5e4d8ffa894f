"""Worlds whose truth is known: chances of behaviours, and the samples, curves and plays they give."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from tests.measures.play_maker import attempts, play

from holdfast.assumptions.samples import Drawn
from holdfast.assumptions.spending import Curve
from holdfast.core.evidence import Play

Array = npt.NDArray[np.float64]
Chances = Callable[[np.random.Generator, int], Array]


def heavy(rng: np.random.Generator, behaviours: int) -> Array:
    """Density ~ p^(0.3 - 1) near 0: there are always some that hardly ever fall."""
    return rng.beta(0.3, 3, behaviours)


def tailless(rng: np.random.Generator, behaviours: int) -> Array:
    """Evenly over orders of magnitude, but none below 0.001: at 10^4 tries each has fallen."""
    return np.exp(rng.uniform(np.log(0.001), np.log(0.1), behaviours))


def floored(rng: np.random.Generator, behaviours: int) -> Array:
    """None below 0.05, which a hundred tries show."""
    return 0.05 + 0.95 * rng.beta(0.5, 5, behaviours)


def some_never(rng: np.random.Generator, behaviours: int) -> Array:
    """A quarter never falls; the others are far from 0."""
    return rng.beta(2, 10, behaviours) * (rng.random(behaviours) > 0.25)


def drawn(chances: Chances, behaviours: int, samples: int, seed: int) -> Drawn:
    """Every sample of every behaviour, won by its chance."""
    rng = np.random.default_rng(seed)
    p = chances(rng, behaviours)
    return Drawn("best-of-n", (rng.random((behaviours, samples), dtype=np.float32) < p[:, None]).astype(np.int8))


def play_of(table: npt.NDArray[np.int8], **fields: object) -> Play:
    """The play that hands in all these samples: rows are behaviours, 0 lost, 1 won, 2 crashed."""
    letters = np.array([".", "W", "x"])
    return play(*(attempts("toxins/explore", "".join(letters[column]), submission=i)
                  for i, column in enumerate(table.T)), attack="best-of-n", **fields)


def grown(rate: Callable[[float], float], behaviours: int, spent: tuple[int, ...], seed: int) -> Curve:
    """A curve in which each behaviour falls once `rate` passes its own threshold, and stays fallen."""
    threshold = np.random.default_rng(seed).random(behaviours)
    table = np.stack([threshold < rate(s) for s in spent], axis=1).astype(np.int8)
    return Curve("fine-tune", seed, "steps", spent, tuple(f"b{i}" for i in range(behaviours)), table)
