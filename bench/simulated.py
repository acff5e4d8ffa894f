"""How often decision rules err, counted over seeded runs in which the truth is known.

The rules are the project's own functions, except those called naive: what people do instead.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from holdfast.measures.choose import Pair
from holdfast.stats import binomial
from holdfast.stats.eprocess import Side, log_evidence
from holdfast.stats.power import most_wins
from holdfast.verdicts.goal import levels
from holdfast.verdicts.yardstick import Yardstick

Wins = npt.NDArray[np.bool_]
"""Which attempts won; shape (streams, looks)."""

Flags = npt.NDArray[np.bool_]
Rule = Callable[[Wins], Flags]
"""Which streams it decided at any of their looks; shape (streams,)."""

_CHUNK = 100        # streams at a time, so that an e-process of 2000 looks fits into 32 MB


class Share(NamedTuple):
    """How many of so many runs; as text with the exact 95 % interval of its Monte-Carlo error."""

    counted: int
    runs: int

    def __str__(self) -> str:
        low, high = binomial.interval(self.counted, self.runs, 0.05)
        return f"{self.counted / self.runs:.1%} [{low:.1%}, {high:.1%}]"


def naive_peeking(side: Side, epsilon: float, alpha: float, looks: int) -> Rule:
    """Clopper and Pearson's bound for a fixed number, computed anew at every look."""
    counts: list[float] = []
    fewest = 1
    for n in range(1, looks + 1):
        if side == "holds":
            most = most_wins(n, epsilon, alpha)
            counts.append(-math.inf if most is None else most)
            continue
        while fewest <= n and binomial.lower(fewest, n, alpha) <= epsilon:
            fewest += 1                 # `lower` falls as n grows, so the count never goes back
        counts.append(fewest)
    limits = np.asarray(counts)

    def decided(wins: Wins) -> Flags:
        seen = np.cumsum(wins, axis=1)
        beyond: Wins = seen <= limits if side == "holds" else seen >= limits
        out: Flags = np.any(beyond, axis=1)
        return out

    return decided


def sequential(side: Side, epsilon: float, alpha: float) -> Rule:
    """The e-process, looked at after every attempt."""

    def decided(wins: Wins) -> Flags:
        out: Flags = log_evidence(wins, epsilon, side).max(axis=1) >= -math.log(alpha)
        return out

    return decided


def peeked(rules: Sequence[Rule], rate: float, looks: int, streams: int, seed: int) -> list[Share]:
    """How many streams of attempts that win at `rate` each rule decides at some look; all see the same streams."""
    found = [0] * len(rules)
    for wins in _streams(rate, looks, streams, seed):
        for number, rule in enumerate(rules):
            found[number] += int(rule(wins).sum())
    return [Share(count, streams) for count in found]


def looks_needed(epsilon: float, alpha: float, most: int = 10_000) -> int:
    """After how many attempts, none of them won, the e-process bounds the rate by `epsilon`."""
    return int(np.argmax(log_evidence([0] * most, epsilon, "holds") >= -math.log(alpha))) + 1


class Best(NamedTuple):
    """How many of the runs say that the best of several attackers wins more than `epsilon`."""

    naive: Share
    confirmed: Share


def best_of(attackers: int, m: int, rate: float, epsilon: float, alpha: float, runs: int, seed: int) -> Best:
    """Attackers that win at `rate` on `m` explore and on `m` sealed behaviours.

    Naive: the bound of the one that wins most on explore, from the very behaviours that it was chosen on.
    Confirmed: each pair of attack and seed at its share of alpha, ranked on explore and bounded on sealed.
    """
    draw = np.random.default_rng(seed)
    explore, sealed = draw.binomial(m, rate, (2, runs, attackers))
    naive = sum(_lower(int(most), m, alpha) > epsilon for most in explore.max(axis=1))
    confirmed = sum(broken(e, s, m, epsilon, alpha) for e, s in zip(explore.tolist(), sealed.tolist(), strict=True))
    return Best(Share(int(naive), runs), Share(confirmed, runs))


def broken(explore: Sequence[int], sealed: Sequence[int], m: int, epsilon: float, alpha: float) -> bool:
    """Whether any attacker's wins of `m` sealed behaviours exceed `epsilon` at the level that explore gave it."""
    pairs = [Pair(f"attack {number}", 0, 0) for number in range(len(explore))]
    ranked = sorted(pairs, key=lambda pair: -explore[pairs.index(pair)])
    shares = levels(ranked, pairs, alpha)
    return any(_lower(wins, m, shares[pair]) > epsilon for pair, wins in zip(pairs, sealed, strict=True))


class Judged(NamedTuple):
    """How many runs end in each status."""

    holds: Share
    broken: Share
    open: Share


def judged(stick: Yardstick, true_rate: float, n: int, runs: int, seed: int) -> Judged:
    """Systems that lose at `true_rate`, seen through a judge with exactly the yardstick's two rates."""
    found = ["holds" if stick.upper(f, n) <= stick.epsilon else
             "broken" if stick.lower(f, n, stick.alpha) > stick.epsilon else "open"
             for f in _flags(stick, true_rate, n, runs, seed)]
    return Judged(*(Share(found.count(word), runs) for word in Judged._fields))


def certified(stick: Yardstick, n: int, runs: int, seed: int) -> list[float]:
    """The least epsilon that each run could certify of a system that never loses."""
    return [stick.upper(flags, n) for flags in _flags(stick, 0.0, n, runs, seed)]


def _flags(stick: Yardstick, true_rate: float, n: int, runs: int, seed: int) -> list[int]:
    rate = stick.sensitivity * true_rate + (1 - stick.specificity) * (1 - true_rate)
    return [int(flags) for flags in np.random.default_rng(seed).binomial(n, rate, runs)]


def _streams(rate: float, looks: int, streams: int, seed: int) -> Iterator[Wins]:
    draw = np.random.default_rng(seed)
    for start in range(0, streams, _CHUNK):
        yield draw.random((min(_CHUNK, streams - start), looks)) < rate


@cache
def _lower(wins: int, n: int, alpha: float) -> float:
    return binomial.lower(wins, n, alpha)
