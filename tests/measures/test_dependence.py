"""What layers let through one by one and together, by hand."""

import pytest

from holdfast.measures.dependence import dependence
from holdfast.stats import binomial

BARE = [f"b{i}" for i in range(100)]


def found(first, second, whole=(), bare=BARE):
    return dependence(bare, [{f"b{i}" for i in first}, {f"b{i}" for i in second}], {f"b{i}" for i in whole}, 0.05)


def test_layers_that_let_the_same_through_fail_together():
    same = found(range(20), range(20), range(20))
    assert (same.alone, same.independent, same.together, same.whole) == ((0.2, 0.2), pytest.approx(0.04), 0.2, 0.2)
    assert same.pairs[0].phi == pytest.approx(1)
    assert same.chance < 1e-15


def test_layers_that_fail_apart_are_better_than_independent_ones():
    apart = found(range(20), range(20, 40))
    assert (apart.together, apart.chance) == (0.0, 1.0)
    # (0 - .2 * .2) / sqrt(.16 * .16)
    assert apart.pairs[0].phi == pytest.approx(-0.25)


def test_independent_layers_let_the_product_through_together():
    crossed = found(range(50), range(25, 75))
    assert crossed.together == pytest.approx(crossed.independent) == pytest.approx(0.25)
    assert crossed.pairs[0].phi == pytest.approx(0, abs=1e-12)
    assert crossed.chance > 0.5


def test_the_bounds_share_alpha_among_the_layers():
    seen = found(range(20), range(10), range(5))
    first, second = binomial.upper(20, 100, 0.025), binomial.upper(10, 100, 0.025)
    assert seen.upper_independent == pytest.approx(first * second)
    assert seen.upper_worst == pytest.approx(second)
    assert seen.upper_together == pytest.approx(binomial.upper(10, 100, 0.05))
    assert seen.upper_whole == pytest.approx(binomial.upper(5, 100, 0.05))


def test_only_what_falls_without_any_layer_says_something_about_layers():
    seen = found(range(20), range(20), range(20), bare=BARE[10:])
    assert (seen.n, seen.together) == (90, pytest.approx(10 / 90))
    assert found(range(20), range(20), bare=[]) is None


def test_a_layer_that_lets_nothing_or_everything_through_has_no_correlation():
    assert found((), range(5)).pairs[0].phi is None
    assert found(range(100), range(5)).pairs[0].phi is None
