"""Votes over changed copies: laws by enumeration, votes by hand, and twins that are wrong by one."""

from itertools import combinations, pairwise, product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.stats.smoothing import SEEN, Drawn, changed, hits, most_on_average, won_by_any, won_by_majority

DRAWN: tuple[Drawn, ...] = ("swap", "patch")


def places(length: int, changes: int, drawn: Drawn) -> list[tuple[int, ...]]:
    """Every set of places that may be drawn, all of them equally likely."""
    if drawn == "swap":
        return list(combinations(range(length), changes))
    return [tuple(range(start, start + changes)) for start in range(length - changes + 1)]


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(("length", "suffix", "changes"), [(7, 3, 2), (8, 8, 3), (9, 2, 4), (6, 0, 2), (5, 3, 0)])
def test_the_law_of_hits_by_enumeration(drawn: Drawn, length: int, suffix: int, changes: int) -> None:
    every = places(length, changes, drawn)
    counts = np.bincount([sum(p >= length - suffix for p in some) for some in every], minlength=changes + 1)
    assert hits(length, suffix, changes, drawn) == pytest.approx(counts / len(every))


@pytest.mark.parametrize("drawn", DRAWN)
def test_the_chance_of_changes_by_enumeration(drawn: Drawn) -> None:
    length, suffix, changes, k = 8, 4, 3, 2
    every, total = places(length, changes, drawn), 0.0
    for some in every:
        for seen in product((True, False), repeat=changes):
            chance = np.prod([SEEN if one else 1 - SEEN for one in seen])
            total += chance * (sum(one and p >= length - suffix for one, p in zip(seen, some, strict=True)) >= k)
    assert changed(k, length, suffix, changes, drawn) == pytest.approx(total / len(every))
    assert changed(k + 1, length, suffix, changes, drawn) < changed(k, length, suffix, changes, drawn)


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("percent", [10, 25, 60])
def test_a_longer_suffix_is_changed_no_less(drawn: Drawn, percent: int) -> None:
    for question in (1, 7, 30):
        chances = [changed(2, question + s, s, (question + s) * percent // 100, drawn) for s in range(2, 60)]
        assert all(later >= earlier - 1e-12 for earlier, later in pairwise(chances))


def test_votes_by_hand() -> None:
    # Of three copies two must win; of four three, since a tie loses.
    assert won_by_majority(0.5, 3) == pytest.approx(4 / 8)
    assert won_by_majority(0.5, 4) == pytest.approx(5 / 16)
    published = 1 - sum(comb(10, t) * 0.8**t * 0.2 ** (10 - t) for t in range(5, 11))
    assert won_by_majority(0.2, 10) == pytest.approx(published)
    # Of three copies two make a majority, of which one is drawn; of four two do, since a tie refuses.
    assert won_by_any(0.5, 4) == pytest.approx(4 / 16 * 1 / 2 + 11 / 16)
    assert won_by_any(0.5, 3) == pytest.approx(3 / 8 * 1 / 2 + 4 / 8)
    assert won_by_any(0.1, 1) == pytest.approx(0.1)


@given(st.floats(0, 1), st.integers(1, 15))
def test_no_assumption_about_losing_copies_costs_something(copy: float, copies: int) -> None:
    assert won_by_any(copy, copies) >= won_by_majority(copy, copies) - 1e-12


def test_any_is_the_worst_that_losing_copies_can_do() -> None:
    """Every number of copies that open like a refusal, of those that win and of those that lose, by enumeration."""
    for copies in (3, 4, 10):
        for won in range(copies + 1):
            worst = 0.0
            for coy, lost in product(range(won + 1), range(copies - won + 1)):
                refuse = coy + lost
                of, side = (coy, refuse) if 2 * refuse >= copies else (won - coy, copies - refuse)
                worst = max(worst, of / side)
            assert min(1.0, won / -(-copies // 2)) == pytest.approx(worst)


@given(st.floats(0, 0.5), st.floats(0, 1), st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(1, 11))
def test_no_spread_of_texts_does_better_on_average(
    least: float, scale: float, spread: list[float], copies: int
) -> None:
    chances = [least + (1 - least) * scale * each for each in spread]
    mean = float(np.mean(chances))
    seen = float(np.mean([won_by_majority(chance, copies) for chance in chances]))
    assert seen <= most_on_average(least, mean, copies) + 1e-6
    assert np.mean([won_by_any(chance, copies) for chance in chances]) <= won_by_any(mean, copies) + 1e-9


def test_twins_that_are_wrong_by_one_are_caught() -> None:
    """A majority short of one copy, k less one, and the mean put in the place of the worst spread."""
    rng = np.random.default_rng(0)
    wins = rng.binomial(10, 0.45, 20_000) > 5
    assert abs(wins.mean() - won_by_majority(0.45, 10)) < 0.012
    short_of_one = 1 - sum(comb(10, t) * 0.55**t * 0.45 ** (10 - t) for t in range(4, 11))
    assert wins.mean() > short_of_one + 0.05
    assert changed(1, 40, 20, 4, "swap") > changed(2, 40, 20, 4, "swap") + 0.1
    mixed = (won_by_majority(0.0, 10) * 8 + won_by_majority(1.0, 10) * 2) / 10      # a fifth of texts never lose
    assert mixed > won_by_majority(0.2, 10) + 0.1
    assert mixed <= most_on_average(0.0, 0.2, 10) + 1e-9


def test_nonsense_is_refused() -> None:
    for bad in ((5, 6, 1), (5, 1, 6)):
        with pytest.raises(ValueError, match="do not fit"):
            hits(*bad, "swap")
