"""How many members independent random subsets share."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import hypergeom

from holdfast.stats.checks import at_least_one


def overlap_tail(n: int, sizes: Sequence[int], shared: int) -> float:
    """P(at least `shared` of `n` things are in all of several subsets), drawn independently with these `sizes`.

    The members that the first j subsets share are a subset of their own, and the next one hits as many of them as a
    hypergeometric law says. For two subsets this is Fisher's exact test, one-sided. ValueError if `n` is under 1 or a
    size is none. Source: Fisher, The Design of Experiments (1935), chapter 2; sampling without replacement.
    """
    at_least_one("n", n)
    if not sizes or not all(0 <= size <= n for size in sizes):
        raise ValueError(f"sizes {tuple(sizes)} are not sizes of subsets of {n}")
    common = np.zeros(n + 1)
    common[sizes[0]] = 1.0
    counts = np.arange(n + 1)
    for size in sizes[1:]:
        common = sum(common[k] * hypergeom.pmf(counts, n, k, size) for k in counts[common > 0])
    return float(min(1.0, common[max(0, shared):].sum()))
