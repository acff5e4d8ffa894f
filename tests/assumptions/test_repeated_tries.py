"""The two assumptions about repeated tries, on worlds whose tail is known."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from tests.assumptions.simulated_worlds import Chances, drawn, floored, heavy, play_of, some_never, tailless

from holdfast.assumptions.assumption import PlayedAssumption
from holdfast.assumptions.forecasts import log_odds
from holdfast.assumptions.samples import Drawn
from holdfast.assumptions.statistics.best_of_n_power_law import BestOfNPowerLaw
from holdfast.assumptions.statistics.beta_binomial_tail import BetaBinomialTail
from holdfast.core.plugins import load_plugin
from holdfast.stats import binomial, power_law
from holdfast.stats.beta_binomial import share_won
from holdfast.stats.power_law import PowerLaw

LAW = BestOfNPowerLaw(fitted_to=100)


def statuses(law: BestOfNPowerLaw | BetaBinomialTail, world: Chances, behaviours: int, samples: int, seeds: int,
             alpha: float = 0.05) -> Counter[str]:
    return Counter(law.on(drawn(world, behaviours, samples, seed), alpha).status for seed in range(seeds))


def test_the_plug_ins_are_found() -> None:
    for name in ("best-of-n-power-law", "beta-binomial-tail"):
        plugin = load_plugin("assumptions", name)
        assert issubclass(plugin, PlayedAssumption)
        assert plugin.name() == name


def test_a_power_law_by_hand() -> None:
    # -log ASR = 2 N^-1/2: 2, 1, 1/2 at N = 1, 4, 16.
    law = power_law.fit([1, 4, 16], [math.exp(-2), math.exp(-1), math.exp(-0.5)])
    assert law.a == pytest.approx(2)
    assert law.b == pytest.approx(0.5)
    assert PowerLaw(2, 0.5).rate(100) == pytest.approx(math.exp(-0.2))
    a, b = (np.array([x]) for x in law)
    assert power_law.log_odds(a, b, 100)[0] == pytest.approx(math.log10(math.exp(-0.2) / (1 - math.exp(-0.2))))


def test_few_sizes_lie_evenly_over_orders_of_magnitude() -> None:
    sizes = power_law.spread(1, 1000, 4)
    assert sizes == (1, 10, 100, 1000)
    assert power_law.spread(3, 3, 5) == (3,)
    for wrong in ((0, 5), (5, 4)):
        with pytest.raises(ValueError, match="nothing between"):
            power_law.spread(*wrong, 3)


@pytest.mark.parametrize(("sizes", "rates"), [([1, 10], [0.1, 1.0]), ([1, 10], [0.0, 0.1]), ([10, 10], [0.1, 0.2])])
def test_what_has_no_line_is_an_error(sizes: list[int], rates: list[float]) -> None:
    with pytest.raises(ValueError, match="needs"):
        power_law.fit(sizes, rates)


def test_a_resample_of_nothing_or_everything_stays_there() -> None:
    for share, rate in ((0.0, -math.inf), (1.0, math.inf)):
        a, b = power_law.resampled(np.full((5, 2), share), [1, 10], 3, seed=0)
        assert power_law.log_odds(a, b, 100).tolist() == [rate] * 3


def test_heavy_tails_support_the_law_and_missing_ones_refute_it() -> None:
    assert statuses(LAW, heavy, 400, 10_100, 6) == {"SUPPORTED": 6}
    for seed in range(6):
        found = LAW.on(drawn(tailless, 600, 10_100, seed), 0.05)
        assert found.status == "REFUTED"
        assert found.values["at"] >= 1_000
        assert found.lower is not None
        assert found.threshold is not None
        assert found.lower > found.threshold > found.values["forecast_upper"]
        assert found.values["miss"] > LAW.tolerance


def test_the_support_reaches_as_far_as_it_was_seen() -> None:
    near = LAW.on(drawn(heavy, 400, 1_100, 0), 0.05)
    far = LAW.on(drawn(heavy, 400, 10_100, 0), 0.05)
    assert (near.status, near.values["at"], far.values["at"]) == ("SUPPORTED", 1_000, 10_000)
    assert "N from 1 to 1000" in near.valid


def test_parameters_come_back() -> None:
    # 1 - ASR ~ N^-b in the tail, so that the line's slope nears b = 0.3 from above.
    values = LAW.on(drawn(heavy, 2000, 1_100, 3), 0.05).values
    assert 0.3 < values["b"] < 0.45
    tail = BetaBinomialTail(fitted_to=100).on(drawn(heavy, 2000, 1_100, 3), 0.05).values
    assert tail["b"] == pytest.approx(0.3, abs=0.04)
    assert tail["c"] == pytest.approx(3, rel=0.2)


def test_the_forecast_never_sees_what_judges_it() -> None:
    samples = drawn(heavy, 100, 1_100, 0)
    table = samples.table.copy()
    table[:, 100:] = 0
    one, other = LAW.on(samples, 0.05), LAW.on(Drawn("best-of-n", table), 0.05)
    assert one.values["forecast"] == other.values["forecast"]
    assert (one.status, other.status) == ("SUPPORTED", "REFUTED")
    changed = samples.table.copy()
    changed[:, :100] = np.random.default_rng(0).permutation(changed[:, :100])
    again = LAW.on(Drawn("best-of-n", changed), 0.05)
    assert (again.lower, again.upper) == (one.lower, one.upper)


def test_false_refutation_at_the_edge_of_the_tolerance() -> None:
    """The tolerance is set to how far the law truly misses, so that any excess is chance."""
    grid = power_law.spread(1, 100, LAW.points)
    p = np.random.default_rng(0).beta(0.3, 3, 400_000)
    curve = {n: float((1 - (1 - p) ** n).mean()) for n in (*grid, 1000)}
    law = power_law.fit(grid, [curve[n] for n in grid])
    miss = abs(math.log10(curve[1000] / (1 - curve[1000])) - math.log10(law.rate(1000) / (1 - law.rate(1000))))
    edge = BestOfNPowerLaw(fitted_to=100, tolerance=max(miss, 1e-9), resamples=200)
    wrong = statuses(edge, heavy, 120, 1_100, 80, alpha=0.2)["REFUTED"]
    assert binomial.lower(wrong, 80, 0.001) <= 0.2


def bent(rng: np.random.Generator, behaviours: int) -> np.ndarray:
    """None below 0.01, which a hundred tries show and ten do not."""
    return np.exp(rng.uniform(np.log(0.01), np.log(0.3), behaviours))


def test_false_support_beyond_the_tolerance() -> None:
    grid, p = power_law.spread(1, 10, 6), bent(np.random.default_rng(0), 200_000)
    law = power_law.fit(grid, [float((1 - (1 - p) ** n).mean()) for n in grid])
    assert log_odds(float((1 - (1 - p) ** 100).mean())) - log_odds(law.rate(100)) > BestOfNPowerLaw().tolerance
    for behaviours in (60, 160):
        wrong = statuses(BestOfNPowerLaw(resamples=300), bent, behaviours, 110, 60)["SUPPORTED"]
        assert binomial.lower(wrong, 60, 0.001) <= 0.05
        assert wrong < 10


def test_intervals_are_over_behaviours_and_not_tries() -> None:
    """Over worlds the forecast spreads as its interval says; resampling tries would say four times less."""
    found = [LAW.on(drawn(heavy, 100, 1_100, seed), 0.05).values for seed in range(40)]
    odds = [[math.log10(v[k] / (1 - v[k])) for v in found] for k in ("forecast", "forecast_lower", "forecast_upper")]
    spread = float(np.std(odds[0]))
    # Each end at 0.05 / 4: 2.24 standard deviations from the middle.
    width = float(np.mean(np.array(odds[2]) - np.array(odds[1])))
    assert width == pytest.approx(2 * 2.24 * spread, rel=0.3)


def test_more_tolerance_refutes_less() -> None:
    samples = drawn(tailless, 600, 10_100, 0)
    found = [BestOfNPowerLaw(fitted_to=100, tolerance=t).on(samples, 0.05).status for t in (0.1, 0.5, 3.0)]
    assert found[:2] == ["REFUTED", "REFUTED"]
    assert found[2] != "REFUTED"


def test_too_little_data_is_open_and_says_what_is_needed() -> None:
    few = BestOfNPowerLaw().on(drawn(heavy, 60, 16, 0), 0.05)
    assert (few.status, few.needed, few.lower) == ("INCONCLUSIVE", "110 of each", None)
    nothing = LAW.on(Drawn("best-of-n", np.zeros((60, 1_100), dtype=np.int8)), 0.05)
    assert nothing.status == "INCONCLUSIVE"
    assert "nothing was won" in nothing.reason
    all_won = LAW.on(Drawn("best-of-n", np.ones((60, 1_100), dtype=np.int8)), 0.05)
    assert "everything was won" in all_won.reason
    wide = LAW.on(drawn(lambda rng, n: rng.beta(0.1, 30, n), 20, 1_100, 0), 0.05)
    assert wide.status == "INCONCLUSIVE"
    assert "behaviours" in wide.needed


@pytest.mark.parametrize(("world", "rival"), [(some_never, "never falls"), (floored, "a chance of at least")])
def test_rivals_refute_the_beta_binomial(world: Chances, rival: str) -> None:
    found = BetaBinomialTail(fitted_to=100, resamples=100).on(drawn(world, 400, 1_100, 1), 0.05)
    assert found.status == "REFUTED"
    assert rival in found.reason


def test_the_beta_binomial_is_seldom_refuted_where_it_is_true() -> None:
    law = BetaBinomialTail(fitted_to=30, resamples=100)
    found = statuses(law, heavy, 100, 330, 10, alpha=0.2)
    assert binomial.lower(found["REFUTED"], 10, 0.001) <= 0.2
    assert found["SUPPORTED"] >= 5


def test_plays_are_read_in_the_order_drawn() -> None:
    table = drawn(heavy, 40, 110, 2).table
    samples = Drawn("best-of-n", table)
    law = BestOfNPowerLaw()
    assert law.check([play_of(table)], 0.05) == law.on(samples, 0.05)
    assert law.check([play_of(table[:, :50]), play_of(table[:, 50:], seed=1)], 0.05) == law.on(samples, 0.05)


def test_only_exchangeable_samples_of_the_right_model_count() -> None:
    table = drawn(heavy, 5, 110, 2).table
    law = BestOfNPowerLaw()
    assert law.check([], 0.05).status == "UNTESTED"
    assert law.check([play_of(table, role="control")], 0.05).status == "UNTESTED"
    assert law.check([play_of(table, enforced=("a",))], 0.05).status == "UNTESTED"
    assert law.check([play_of(table, purpose="sealed")], 0.05).status == "UNTESTED"
    whole = play_of(table)
    picked = whole.model_copy(update={"attempts": tuple(
        a.model_copy(update={"queries": 200}) for a in whole.attempts)})
    stopped = whole.model_copy(update={"attempts": whole.attempts[:-1]})
    for each in (picked, stopped):
        found = law.check([each], 0.05)
        assert (found.status, found.lower) == ("UNTESTED", None)
        assert "as many samples" in found.reason


def test_a_crash_is_no_score() -> None:
    table = drawn(heavy, 200, 110, 2).table
    found = BestOfNPowerLaw(widest=9).on(Drawn("best-of-n", table), 0.05)
    crashed = table.copy()
    crashed[:, 10:][np.random.default_rng(0).random((200, 100)) < 0.3] = 2
    wider = BestOfNPowerLaw(widest=9).on(Drawn("best-of-n", crashed), 0.05)
    assert found.lower is not None
    assert wider.lower is not None
    assert found.upper is not None
    assert wider.upper is not None
    assert wider.lower < found.lower < found.upper < wider.upper
    dead = BestOfNPowerLaw().on(Drawn("best-of-n", np.full((5, 110), 2, dtype=np.int8)), 0.05)
    assert dead.status == "INCONCLUSIVE"


def test_shares_grow_with_tries() -> None:
    wins, tries = drawn(heavy, 50, 200, 0).counts(0, 100)
    means = [share_won(wins, tries, n).mean() for n in power_law.spread(1, 100, 6)]
    assert all(a < b for a, b in pairwise(means))
