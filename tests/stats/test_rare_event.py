"""A planted failure of rate 1e-4: found with far fewer inputs than plain sampling needs, and rated right."""

import numpy as np
import numpy.typing as npt
import pytest
from bench.rare_events import PLANTED, RATE, WORDS, by_importance, by_splitting, misses, nearness, rare_events

from holdfast.stats import binomial, rare_event
from holdfast.stats.rare_event import flattened, importance, learn, mixed, plain, space, splitting

RUNS = range(20)
ENOUGH = 100_000        # plain samples for ten failures


@pytest.mark.parametrize("method", [by_importance, by_splitting])
@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_failure_is_rated_within_its_interval(method, planted):
    score, level, rate = PLANTED[planted]
    assert 1e-4 <= rate < 1.3e-4
    found = [method(score, level, seed) for seed in RUNS]
    assert misses(found, rate) <= 4                     # of 20 at 95 %: four or fewer with chance 0.997
    mean, spread = np.mean([f.rate for f in found]), np.std([f.rate for f in found])
    assert mean == pytest.approx(rate, abs=4 * spread / len(found) ** 0.5)      # unbiased
    assert max(f.scored for f in found) < ENOUGH / 4
    assert all((score(f.found) >= level).all() and len(f.found) for f in found)


def test_plain_sampling_with_as_many_inputs_says_next_to_nothing():
    found = [by_importance(nearness, 0.0, seed) for seed in RUNS]
    compared = [plain(WORDS, nearness, 0.0, f.scored, 0.05, seed) for seed, f in enumerate(found)]
    assert misses(compared, RATE) <= 4
    widths = [f.upper / max(f.lower, 1e-12) for f in found]
    plain_widths = [p.upper / max(p.lower, 1e-12) for p in compared]
    assert max(widths) < 1.5                            # a third either way
    assert min(plain_widths) > 10                       # more than a decade, or nothing found at all
    assert sum(p.rate == 0 for p in compared) > len(compared) / 3


def test_weights_that_forget_the_plain_draws_are_seen(monkeypatch):
    """A planted fault: the odds of the learnt draws alone, without the share drawn as it comes."""

    def forgetful(where, parts, inputs):
        return np.exp(where.log_density(inputs) - parts[1][1].log_density(inputs))

    monkeypatch.setattr(rare_event, "_weights", forgetful)
    found = [by_importance(nearness, 0.0, seed) for seed in RUNS]
    assert misses(found, RATE) > 10


def test_weights_left_out_are_seen(monkeypatch):
    monkeypatch.setattr(rare_event, "_weights", lambda where, parts, inputs: np.ones(len(inputs)))
    assert misses([by_importance(nearness, 0.0, seed) for seed in range(5)], RATE) == 5


def test_copies_that_are_never_changed_are_seen(monkeypatch):
    """Splitting without its moves breeds copies of a few inputs: it dies out, or misses."""
    monkeypatch.setattr(rare_event, "_moved", lambda w, score, inputs, scores, above, moves, rng: (inputs, scores))
    found = [by_splitting(nearness, 0.0, seed) for seed in RUNS]
    assert sum(f.rate == 0 for f in found) > 15


def test_odds_of_unequal_length_are_drawn_as_they_are():
    uneven = space([[0.2, 0.8], [0.0, 0.5, 0.5], [1.0]])
    drawn = uneven.draw(4000, np.random.default_rng(0))
    assert drawn[:, 0].mean() == pytest.approx(0.8, abs=0.03)
    assert set(drawn[:, 1]) == {1, 2}
    assert set(drawn[:, 2]) == {0}
    assert uneven.log_density(np.array([[1, 2, 0]])) == pytest.approx(np.log(0.4))


def test_no_weight_exceeds_one_over_the_plain_share():
    odd = space([[1e-6, 1 - 1e-6]])
    where = space([[0.5, 0.5]])
    weights = rare_event._weights(where, [(0.1, where), (0.9, odd)], np.array([[0], [1]]))
    assert weights[0] == pytest.approx(1 / (0.1 + 0.9 * 2e-6))
    assert weights[1] == pytest.approx(1 / (0.1 + 0.9 * 2 * (1 - 1e-6)))
    assert weights.max() <= 10


def test_a_failure_that_cannot_happen_is_rated_nothing_with_a_bound():
    never = splitting(WORDS, nearness, 1.0, crowd=50, moves=5, alpha=0.05, seed=0)
    assert never.rate == never.lower == 0
    assert 0 < never.upper < 1e-3
    learnt = importance(WORDS, nearness, 1.0, batch=50, samples=400, alpha=0.05, seed=0)
    assert (learnt.rate, learnt.lower) == (0, 0)
    assert learnt.upper > 0.01      # the plain share alone vouches for it
    assert len(learnt.found) == 0


def test_what_always_fails_has_rate_one():
    sure = splitting(WORDS, nearness, -99.0, crowd=10, moves=5, alpha=0.05, seed=0)
    assert (sure.rate, sure.upper, sure.scored) == (1.0, 1.0, 10)


@pytest.mark.parametrize("score", [lambda x: np.full(len(x), np.nan), lambda x: np.zeros(1)])
@pytest.mark.parametrize("method", [by_importance, by_splitting])
def test_what_are_no_scores_is_refused(method, score):
    with pytest.raises(ValueError, match="none of them NaN"):
        method(score, 0.0, 0)


@pytest.mark.parametrize("odds", [[], [[0.5, 0.4]], [[1.5, -0.5]], [[]]])
def test_what_are_no_odds_is_refused(odds):
    with pytest.raises(ValueError, match="sum to 1"):
        space(odds)


def test_the_bench_says_how_far_off_each_method_is():
    said = [note.value for note in rare_events(quick=True)]
    assert len(said) == 6
    assert all("intervals hold the rate" in value for value in said)


def test_flattened_odds_make_rare_options_common():
    where = space([[0.9, 0.1, 0.0]])
    assert flattened(where, 1.0).odds[0] == pytest.approx([0.9, 0.1, 0])
    assert flattened(where, 0.5).odds[0] == pytest.approx([0.75, 0.25, 0])
    assert flattened(where, 0.0).odds[0] == pytest.approx([0.5, 0.5, 0])      # what never comes still never does


def all_three(inputs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Fails where options 1, 2 and 3 all stand at some place: nothing leads there."""
    return np.array([1.0 if {1, 2, 3} <= set(row) else 0.0 for row in inputs])


BAG = space([[0.76, *[0.02] * 12]] * 6, kinds=[0] * 6)
P_BAG = 1 - 3 * 0.98**6 + 3 * 0.96**6 - 0.94**6


def test_a_flat_score_teaches_nothing_until_something_fails():
    never = learn(BAG, lambda x: np.zeros(len(x)), 1.0, batch=50, rng=np.random.default_rng(0), rounds=3)
    assert not never.reached
    assert all((a == b).all() for a, b in zip(never.favoured.odds, BAG.odds, strict=True))


def test_places_of_one_kind_learn_for_all_their_orders():
    rng = np.random.default_rng(0)
    learnt = learn(BAG, all_three, 1.0, batch=500, rng=rng, start=flattened(BAG, 0.5), prior=0.3)
    assert learnt.reached
    assert all((odds == learnt.favoured.odds[0]).all() for odds in learnt.favoured.odds)
    assert learnt.favoured.odds[0][1:4].min() > 3 * learnt.favoured.odds[0][4:].max()
    drawn = mixed(BAG, [(0.5, BAG), (0.5, learnt.favoured)], all_three, 4000, rng).event(1.0, 0.05, 0)
    assert drawn.lower <= P_BAG <= drawn.upper
    assert drawn.worth.sum() == pytest.approx(drawn.rate)
    alone = space(BAG.odds)             # each place for itself learns the few orders that it met
    one = learn(alone, all_three, 1.0, batch=500, rng=np.random.default_rng(0), start=flattened(alone, 0.5))
    assert np.std([odds[1] for odds in one.favoured.odds]) > 0.05


def test_a_mixture_of_many_parts_is_unbiased_and_its_weights_are_bounded():
    first, second = (space([[1 - 3 * p, p, p, p, *[0.0] * 9]] * 6) for p in (0.1, 0.3))
    rates = []
    for seed in range(30):
        drawn = mixed(BAG, [(0.4, BAG), (0.3, first), (0.3, second)], all_three, 500, np.random.default_rng(seed))
        assert drawn.weights.max() <= 1 / 0.4 + 1e-9
        assert drawn.asis.mean() == pytest.approx(0.4, abs=0.1)
        rates.append(drawn.event(1.0, 0.05, 0).rate)
    assert np.mean(rates) == pytest.approx(P_BAG, abs=4 * np.std(rates) / 30**0.5)


def test_plain_draws_alone_have_their_exact_interval():
    drawn = mixed(BAG, [(1.0, BAG)], lambda x: (x[:, 0] == 1).astype(float), 400, np.random.default_rng(0))
    found = drawn.event(1.0, 0.05, 0)
    assert (found.lower, found.upper) == binomial.interval(found.asis[0], 400, 0.05)
    assert found.rate == found.asis[0] / 400


@pytest.mark.parametrize("parts", [[(0.5, BAG)], [(1.5, BAG), (-0.5, BAG)]])
def test_shares_that_are_none_are_refused(parts):
    with pytest.raises(ValueError, match="sum to 1"):
        mixed(BAG, parts, all_three, 10, np.random.default_rng(0))


def test_kinds_that_do_not_fit_are_refused():
    for kinds in ([0], [0, 0]):
        with pytest.raises(ValueError, match="as many options"):
            space([[0.5, 0.5], [0.2, 0.3, 0.5]], kinds=kinds)
