"""Whether the layers of a stack fail together, and what that makes of the risk that is left.

Of n behaviours that fall to some attack without any layer, `alone[i]` is the share that falls with layer i alone, to
attacks that were searched for against just that. If layers failed independently, a behaviour would fall past each of
them with the product of these shares; `together` is the share that does. An attacker who has to get past all of them
at once can do no better, as far as these attacks show, so `whole` should not be larger.

The bounds are one-sided, at level alpha (shared among the layers where each is bounded): what would be left if layers
failed independently, as they were seen to, and at worst, whatever their dependence. Source: the least of the shares
is the upper one of the bounds of Frechet 1935; the product is the rule for independent events.
"""

import math
from collections.abc import Collection, Sequence
from itertools import combinations

from holdfast.core.records import Record
from holdfast.stats import binomial
from holdfast.stats.overlap import overlap_tail


class Together(Record):
    """How two layers' failures go together: the phi coefficient, None where one always or never fails."""

    layers: tuple[int, int]
    phi: float | None


class Dependence(Record):
    """What a stack's layers let through, one by one and together; shares of `n`, with upper bounds.

    `chance` is the probability that independent layers with these shares let as many through together.
    """

    n: int
    alone: tuple[float, ...]
    independent: float
    together: float
    whole: float
    chance: float
    pairs: tuple[Together, ...]
    upper_independent: float
    upper_together: float
    upper_worst: float
    upper_whole: float


def dependence(
    bare: Collection[str], alone: Sequence[Collection[str]], whole: Collection[str], alpha: float
) -> Dependence | None:
    """The dependence of layers, from which behaviours fell: without any, with each alone, and with all.

    None where nothing fell without any.
    """
    n = len(bare)
    if not n:
        return None
    past = [frozenset(fell) & frozenset(bare) for fell in alone]
    common = frozenset.intersection(*past)
    counts = [len(fell) for fell in past]
    uppers = [binomial.upper(count, n, alpha / len(counts)) for count in counts]
    left = len(frozenset(whole) & frozenset(bare))
    return Dependence(
        n=n,
        alone=tuple(count / n for count in counts),
        independent=math.prod(count / n for count in counts),
        together=len(common) / n,
        whole=left / n,
        chance=overlap_tail(n, counts, len(common)),
        pairs=tuple(
            Together(layers=(i, j), phi=_phi(past[i], past[j], n)) for i, j in combinations(range(len(past)), 2)),
        upper_independent=math.prod(uppers),
        upper_together=binomial.upper(len(common), n, alpha),
        upper_worst=min(uppers),
        upper_whole=binomial.upper(left, n, alpha),
    )


def _phi(one: Collection[str], other: Collection[str], n: int) -> float | None:
    """The correlation of two events over `n` behaviours. Source: Yule 1912, as the phi coefficient."""
    a, b = len(one) / n, len(other) / n
    spread = a * (1 - a) * b * (1 - b)
    both = len(frozenset(one) & frozenset(other)) / n
    return (both - a * b) / math.sqrt(spread) if spread > 0 else None
