"""The law of how many members random subsets share, against counting all of them."""

from itertools import combinations, product

import pytest
from scipy.stats import fisher_exact

from holdfast.stats.overlap import overlap_tail


@pytest.mark.parametrize("sizes", [(2, 3), (4, 4), (3, 2, 4), (5, 5, 1), (2,), (0, 3), (4, 3, 3)])
def test_it_is_the_share_of_all_choices_of_subsets(sizes):
    n = 5
    choices = list(product(*([set(some) for some in combinations(range(n), size)] for size in sizes)))
    for shared in range(n + 2):
        counted = sum(len(set.intersection(*choice)) >= shared for choice in choices) / len(choices)
        assert overlap_tail(n, sizes, shared) == pytest.approx(counted, abs=1e-12)


def test_for_two_subsets_it_is_fishers_exact_test():
    table = [[30, 10], [20, 100]]       # in both, in the first alone, in the second alone, in neither
    assert overlap_tail(160, (40, 50), 30) == pytest.approx(fisher_exact(table, "greater").pvalue, rel=1e-9)


@pytest.mark.parametrize(("n", "sizes"), [(0, (0,)), (5, ()), (5, (6,)), (5, (2, -1))])
def test_sizes_that_are_none_are_refused(n, sizes):
    with pytest.raises(ValueError):
        overlap_tail(n, sizes, 1)
