"""Cost against advantage in bits, cost between two checkpoints, and the samples that a rate of wins takes.

Micciancio & Walter, "On the Bit Security of Cryptographic Primitives", EUROCRYPT 2018 (eprint 2018/077): a primitive
has the least log2(T / adv) over all adversaries as its bits, T being an adversary's cost and adv its advantage, which
in a search game is its chance of success. The quotient is what an adversary pays for one success when it repeats an
attack that seldom works.
"""

import math
from collections.abc import Callable

from holdfast.stats.checks import at_least_one, within


def bits(cost: float, advantage: float) -> float | None:
    """log2(cost / advantage); None where nothing was spent or nothing gained, which no logarithm says.

    ValueError for a negative cost or an advantage above 1. Source: Micciancio & Walter 2018.
    """
    if cost < 0 or advantage > 1:
        raise ValueError(f"a cost of {cost} with an advantage of {advantage} is none")
    return math.log2(cost / advantage) if cost > 0 and advantage > 0 else None


def log_linear(before: tuple[float, float], after: tuple[float, float], rate: float) -> float:
    """The cost at `rate` between two points (cost, rate), its logarithm linear in the rate.

    ValueError unless both costs are positive and the rate lies above the first point's and not above the second's.
    """
    (cheap, low), (dear, high) = before, after
    if cheap <= 0 or dear <= 0 or not low < rate <= high:
        raise ValueError(f"no cost at rate {rate} between {before} and {after}")
    share = (rate - low) / (high - low)
    return math.exp((1 - share) * math.log(cheap) + share * math.log(dear))


def samples_to_reach(asr: Callable[[int], float], rate: float, most: int) -> int | None:
    """The fewest samples in which a rising curve `asr` comes to `rate`; None if that takes more than `most`."""
    within("rate", rate)
    few, many = 0, at_least_one("most", most)
    if asr(many) < rate:
        return None
    while many - few > 1:
        middle = (few + many) // 2
        if asr(middle) < rate:
            few = middle
        else:
            many = middle
    return many
