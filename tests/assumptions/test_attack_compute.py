"""Success against what is spent: a line by hand, smooth and broken curves, and curves out of plays."""

import math
from collections import Counter

import numpy as np
import pytest
from tests.assumptions.simulated_worlds import grown
from tests.measures.play_maker import attempts, curve_of, play

from holdfast.assumptions.spending import Curve, curve
from holdfast.assumptions.statistics.attack_compute import AttackCompute
from holdfast.core.plugins import load_plugin
from holdfast.stats import binomial, logistic

STEPS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500)
LAW = AttackCompute(resamples=300)


def smooth(spent: float) -> float:
    """log10 odds = -2 + 1.2 log10(spent)."""
    return 1 / (1 + 10 ** (2 - 1.2 * math.log10(spent)))


def stalled(spent: float) -> float:
    """The same up to a tenth of the most, and not a step further."""
    return smooth(min(spent, 50))


def sudden(spent: float) -> float:
    """The same up to a tenth, and then everything falls."""
    return smooth(spent) if spent <= 50 else 0.9995


def test_the_plug_in_is_found() -> None:
    assert load_plugin("assumptions", "attack-compute") is AttackCompute


def test_a_line_by_hand() -> None:
    # Of 10: 4.5 / 6.5 at 1, 8.5 / 2.5 at 100; two points give the line through their logits.
    line = logistic.fit([1, 100], [4, 8], 10)
    low, high = math.log10(4.5 / 6.5), math.log10(8.5 / 2.5)
    assert line.c == pytest.approx(low)
    assert line.d == pytest.approx((high - low) / 2)
    assert line.log_odds(10) == pytest.approx((low + high) / 2)


@pytest.mark.parametrize(("spent", "wins", "n"), [([1], [1], 2), ([1, 1], [1, 1], 2), ([1, 2], [1, 3], 2)])
def test_what_has_no_line_is_an_error(spent: list[int], wins: list[int], n: int) -> None:
    with pytest.raises(ValueError, match=r"line needs|wins must"):
        logistic.fit(spent, wins, n)


def test_smooth_growth_is_supported_and_breaks_refute() -> None:
    for rate, status in ((smooth, "SUPPORTED"), (stalled, "REFUTED"), (sudden, "REFUTED")):
        found = [LAW.on(grown(rate, 600, STEPS, seed), 0.05) for seed in range(5)]
        assert Counter(each.status for each in found)[status] >= 4, rate.__doc__
    stall = LAW.on(grown(stalled, 600, STEPS, 0), 0.05)
    assert stall.values["miss"] < -LAW.tolerance
    assert stall.upper is not None
    assert stall.threshold is not None
    assert stall.upper < stall.threshold < stall.values["forecast"]


def test_the_line_comes_back() -> None:
    values = LAW.on(grown(smooth, 3_000, STEPS, 1), 0.05).values
    assert values["c"] == pytest.approx(-2, abs=0.1)
    assert values["d"] == pytest.approx(1.2, abs=0.1)


def test_the_last_decade_takes_no_part_in_the_fit() -> None:
    one = grown(smooth, 200, STEPS, 0)
    table = one.table.copy()
    table[:, [s > 50 for s in STEPS]] = 0
    other = LAW.on(one._replace(table=table), 0.05)
    mine = LAW.on(one, 0.05)
    assert (other.values["c"], other.values["d"]) == (mine.values["c"], mine.values["d"])
    assert other.status == "REFUTED"


def test_false_refutation_without_tolerance() -> None:
    law = AttackCompute(tolerance=1e-9, resamples=200)
    wrong = sum(law.on(grown(smooth, 150, STEPS, s), 0.2).status == "REFUTED" for s in range(80))
    assert binomial.lower(wrong, 80, 0.001) <= 0.2


def test_resampling_looks_at_single_behaviours_again_and_again() -> None:
    """Levels share behaviours, so that the line is less sure than as many independent counts would make it."""
    one = grown(smooth, 200, STEPS, 0)
    won = one.table.astype(bool)
    shuffled = np.stack([np.random.default_rng(i).permutation(column) for i, column in enumerate(won.T)], axis=1)
    together, apart = (logistic.resampled(each, STEPS, 400, 0) for each in (won, shuffled))
    ends = [np.std(c + d * 1.0) for c, d in (together, apart)]
    assert ends[0] > 1.5 * ends[1]


def test_success_that_falls_refutes() -> None:
    found = LAW.on(grown(lambda s: 0.8 - 0.3 * math.log10(s), 300, STEPS, 0), 0.05)
    assert (found.status, found.reason.startswith("success falls")) == ("REFUTED", True)


def test_little_data_is_open() -> None:
    assert LAW.check([], 0.05).status == "UNTESTED"
    short = LAW.on(grown(smooth, 100, (50, 100, 150), 0), 0.05)
    assert (short.status, short.lower) == ("INCONCLUSIVE", None)
    assert "levels of steps" in short.needed
    none = LAW.on(grown(lambda _: 0.0, 100, STEPS, 0), 0.05)
    assert none.status == "INCONCLUSIVE"
    assert "won 0 to 0" in none.reason
    few = LAW.on(grown(smooth, 40, STEPS, 0), 0.05)
    assert few.status == "INCONCLUSIVE"
    assert "behaviours instead of 40" in few.needed


def test_a_curve_by_steps_leaves_out_the_start_what_was_read_and_what_is_benign() -> None:
    made = curve_of("toxins/explore", {0: "WW.", 5: "W.x", 9: "WW."}, read=("b2",))
    made = made.model_copy(update={"attempts": (*made.attempts, *attempts("benign/explore", "W", 5, prefix="c"))})
    found = curve(made, None)
    assert found is not None
    assert (found.axis, found.spent, found.behaviours) == ("steps", (5, 9), ("b0", "b1"))
    assert found.table.tolist() == [[1, 1], [0, 1]]
    assert found.rates().tolist() == [0.5, 1.0]


def test_a_curve_by_queries_counts_a_win_from_then_on() -> None:
    asked = [a.model_copy(update={"queries": q}) for q, letters in ((1, "..x"), (10, "W..")) for a in
             attempts("toxins/explore", letters, submission=q)]
    found = curve(play(asked), None)
    assert found is not None
    assert (found.axis, found.spent[0], found.spent[-1]) == ("queries", 1, 10)
    assert found.table[:, [0, -1]].tolist() == [[0, 1], [0, 0], [2, 2]]
    assert curve(play(attempts("toxins/explore", "W.")), None) is None


def letters_of(one: Curve) -> dict[int, str]:
    columns = zip(one.spent, one.table.T, strict=True)
    return {step: "".join(np.array([".", "W", "x"])[column]) for step, column in columns}


def test_plays_share_alpha_and_the_worst_decides() -> None:
    good, bad = grown(smooth, 600, STEPS, 0), grown(stalled, 600, STEPS, 0)
    plays = [curve_of("toxins/explore", letters_of(each), seed=i) for i, each in enumerate((good, bad))]
    assert LAW.check(plays[:1], 0.05) == LAW.on(good._replace(seed=0), 0.05)
    assert LAW.check(plays, 0.05) == LAW.on(bad._replace(seed=1), 0.025)
    assert AttackCompute(attack="lora").check(plays, 0.05).status == "UNTESTED"
    assert AttackCompute(role="control").check(plays, 0.05).status == "UNTESTED"
