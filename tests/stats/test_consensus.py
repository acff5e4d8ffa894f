"""k of n failing together: by hand, in order, and against laws that were drawn at random."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.stats.consensus import fail_together

SHARES = st.floats(0, 1)


def test_by_hand() -> None:
    assert fail_together(2, 3, 0.1, "independent") == pytest.approx(3 * 0.01 * 0.9 + 0.001)
    assert fail_together(2, 3, 0.1, "worst") == pytest.approx(0.15)                 # n p / k
    # Pairwise independent: E[J(J-1)] = 6/100, so all of it may be spent on J = 2: 0.06 / 2.
    assert fail_together(2, 3, 0.1, "worst", 0.0) == pytest.approx(0.03)
    # All three together, as often as pairs may: 6 * (0.01 + 0.2 * 0.09) / 2 = 0.084 on J = 2.
    assert fail_together(2, 3, 0.1, "worst", 0.2) == pytest.approx(0.084)
    assert fail_together(3, 3, 0.1, "beta-binomial", 1.0) == pytest.approx(0.1)
    # a = .1 * 4, b = .9 * 4: B(3.4, ...) by the rising factorials of a over those of a + b.
    assert fail_together(3, 3, 0.1, "beta-binomial", 0.2) == pytest.approx(0.4 * 1.4 * 2.4 / (4 * 5 * 6))
    two, three = 3 * 0.4 * 1.4 * 3.6 / 120, 0.4 * 1.4 * 2.4 / 120
    assert fail_together(2, 3, 0.1, "beta-binomial", 0.2) == pytest.approx(two + three)
    alone = (0.1 - 0.05) / 0.95
    assert fail_together(2, 3, 0.1, "common-cause", common=0.05) == pytest.approx(
        0.05 + 0.95 * (3 * alone**2 * (1 - alone) + alone**3))


def test_the_worst_of_any_dependence_is_reached_and_never_passed() -> None:
    """Of laws of three reviewers drawn at random, over all eight outcomes."""
    rng = np.random.default_rng(0)
    outcomes = np.array(list(product((0, 1), repeat=3)))
    for _ in range(300):
        law = rng.dirichlet(np.full(8, 0.2))
        rate = (law @ outcomes).mean()
        tail = law[outcomes.sum(axis=1) >= 2].sum()
        both = np.mean([law[(outcomes[:, i] & outcomes[:, j]) == 1].sum() for i, j in ((0, 1), (0, 2), (1, 2))])
        correlation = (both - rate**2) / (rate * (1 - rate))
        assert tail <= fail_together(2, 3, rate, "worst") + 1e-9
        if 0 <= correlation <= 1:
            assert tail <= fail_together(2, 3, rate, "worst", correlation) + 1e-7


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(0, 5), SHARES, SHARES, SHARES)
def test_worst_is_above_the_others_and_all_grow(
    k: int, more: int, rate: float, correlation: float, by: float
) -> None:
    n = k + more
    free, bounded = fail_together(k, n, rate, "worst"), fail_together(k, n, rate, "worst", correlation)
    assert bounded <= free + 1e-7
    assert fail_together(k, n, rate, "independent") <= bounded + 1e-7
    assert fail_together(k, n, rate, "beta-binomial", correlation) <= bounded + 1e-7
    assert fail_together(k, n, rate, "common-cause", common=correlation) <= free + 1e-7
    higher = rate + (1 - rate) * by
    for how in ("independent", "worst", "beta-binomial", "common-cause"):
        args = {"correlation": correlation, "common": min(correlation, rate)}
        assert fail_together(k, n, rate, how, **args) <= fail_together(k, n, higher, how, **args) + 1e-6
        larger = {"correlation": max(correlation, by), "common": max(args["common"], by)}
        assert fail_together(k, n, rate, how, **args) <= fail_together(k, n, rate, how, **larger) + 1e-6


def test_independence_taken_for_granted_is_caught() -> None:
    """The planted-wrong twin: reviewers of items that differ, judged as if they did not."""
    rng = np.random.default_rng(1)
    hard = rng.beta(0.1 * 4, 0.9 * 4, 20_000)                   # correlation 1 / 5
    together = (rng.random((20_000, 3)) < hard[:, None]).sum(axis=1) >= 2
    assert together.mean() > fail_together(2, 3, 0.1, "independent") + 0.02
    assert together.mean() <= fail_together(2, 3, 0.1, "beta-binomial", 0.2) + 0.005
    assert together.mean() <= fail_together(2, 3, 0.1, "worst", 0.2)


def test_nonsense_is_refused() -> None:
    for bad in ((0, 3, 0.1), (4, 3, 0.1), (2, 3, 1.5)):
        with pytest.raises(ValueError):
            fail_together(*bad, "independent")
    with pytest.raises(ValueError, match="needs a correlation"):
        fail_together(2, 3, 0.1, "beta-binomial")
