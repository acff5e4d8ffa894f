"""From the chance of one try to that of all tries that a budget allows."""

import math

from holdfast.claims.threat_model import Budget


def over_tries(one: float, budget: Budget, behaviours: int) -> tuple[float, str] | str:
    """The share of behaviours won, and how it is computed, where each query wins with chance at most `one`.

    Whatever the attacker learnt from earlier queries, the next one wins with chance at most `one`, so that q queries
    about one behaviour win with at most 1 - (1 - one)^q. That is concave in q, so that no way to share out Q queries
    over n behaviours does better on average than Q / n each. Who knows a win when he sees one can do as well.
    """
    if one >= 1:
        return 1.0, "each query may win"
    if budget.queries is None:
        return "the budget bounds no queries, and who may ask for ever wins"
    each = max(budget.queries / behaviours, 1.0)
    rate = -math.expm1(each * math.log1p(-one))
    return rate, f"1 - (1 - {one:.3g})^{each:.4g}, {budget.queries} queries about {behaviours} behaviours"
