"""Error rates by simulation: what the rules promise is kept, and a rule that breaks its promise is seen."""

import math

import numpy as np
import pytest
from bench.simulated import (
    Rule,
    Share,
    best_of,
    broken,
    certified,
    judged,
    looks_needed,
    naive_peeking,
    peeked,
    sequential,
)
from bench.statistics import statistics
from tests.measures.play_maker import attempts, play

from holdfast.measures.choose import pair_of, rank_pairs
from holdfast.stats import binomial
from holdfast.stats.eprocess import EProcess, Side, log_evidence
from holdfast.stats.judge_error import dead_zone, smallest_certifiable
from holdfast.verdicts.goal import judge_goal, levels
from holdfast.verdicts.pairs import judge_pair
from holdfast.verdicts.yardstick import Yardstick, yardstick

SIDES: tuple[Side, ...] = ("broken", "holds")


def exceeds(share: Share, alpha: float) -> bool:
    """Whether a share is above alpha beyond what chance would do in one of a thousand simulations."""
    return binomial.lower(share.counted, share.runs, 0.001) > alpha


def exact_false_broken(looks: int, epsilon: float, alpha: float) -> float:
    """The chance that a fixed-number bound, looked at every time, passes epsilon; by summing over all counts."""
    chance, decided, fewest = np.eye(1, looks + 2)[0], 0.0, 1
    for n in range(1, looks + 1):
        chance = chance * (1 - epsilon) + np.concatenate([[0.0], chance[:-1]]) * epsilon
        while fewest <= n and binomial.lower(fewest, n, alpha) <= epsilon:
            fewest += 1
        decided += chance[fewest:].sum()
        chance[fewest:] = 0
    return float(decided)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("epsilon", [0.05, 0.4])
def test_a_whole_path_is_what_the_process_gives_step_by_step(side: Side, epsilon: float) -> None:
    draw = np.random.default_rng(1)
    streams = np.concatenate([draw.random((3, 300)) < epsilon, draw.random((2, 300))])
    for stream, path in zip(streams, log_evidence(streams, epsilon, side), strict=True):
        process = EProcess(epsilon, side)
        assert [process.update(score) for score in stream] == list(path)
        assert process.decided(0.05) == (path.max() >= -math.log(0.05))
        assert list(log_evidence(stream, epsilon, side)) == list(path)


def test_a_path_refuses_nonsense() -> None:
    for scores in ([0.5, 1.5], [math.nan], [-0.1]):
        with pytest.raises(ValueError, match="scores"):
            log_evidence(scores, 0.05, "holds")
    with pytest.raises(ValueError, match="side"):
        log_evidence([0.0], 0.05, "held")  # type: ignore[arg-type]


def test_peeking_fools_the_fixed_number_bound_and_not_the_e_process() -> None:
    rules = [rule for side in SIDES for rule in (naive_peeking(side, 0.05, 0.05, 800), sequential(side, 0.05, 0.05))]
    naive_broken, fair_broken, naive_holds, fair_holds = peeked(rules, 0.05, 800, 600, seed=11)
    assert all(exceeds(naive, 0.1) for naive in (naive_broken, naive_holds))
    assert not any(exceeds(fair, 0.05) for fair in (fair_broken, fair_holds))


def test_the_simulation_counts_what_the_exact_sum_says() -> None:
    (found,) = peeked([naive_peeking("broken", 0.05, 0.05, 300)], 0.05, 300, 2000, seed=12)
    low, high = binomial.interval(found.counted, found.runs, 0.001)
    assert low <= exact_false_broken(300, 0.05, 0.05) <= high


def mistaken(side: Side, fault: str) -> Rule:
    """The e-process with one thing wrong."""
    if fault == "alpha too large":
        return sequential(side, 0.05, 0.4)
    if fault == "the null at another epsilon":
        return sequential(side, 0.035 if side == "broken" else 0.07, 0.05)

    def restarted(wins: np.ndarray) -> np.ndarray:
        parts = [sequential(side, 0.05, 0.05)(wins[:, at:at + 100]) for at in range(0, wins.shape[1], 100)]
        return np.any(parts, axis=0)

    return restarted


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("fault", ["alpha too large", "the null at another epsilon", "restarted"])
def test_a_rule_that_errs_more_often_than_alpha_is_seen(side: Side, fault: str) -> None:
    (found,) = peeked([mistaken(side, fault)], 0.05, 1500, 300, seed=13)
    assert exceeds(found, 0.05)


def test_the_best_of_many_is_believed_only_when_sealed_confirms_it() -> None:
    found = best_of(20, 100, 0.05, 0.05, 0.05, 2000, seed=14)
    assert found.naive.counted / 2000 == pytest.approx(0.4355, abs=0.04)     # 1 - Pr[Bin(100, .05) <= 9]^20
    assert not exceeds(found.confirmed, 0.05)


def test_a_confirmation_that_sees_what_was_chosen_on_is_no_confirmation() -> None:
    draw = np.random.default_rng(15)
    wrong = 0
    for wins in draw.binomial(100, 0.05, (1000, 20)).tolist():
        wrong += broken(wins, wins, 100, 0.05, 0.05)
    assert exceeds(Share(wrong, 1000), 0.05)


def test_the_rule_tried_is_the_one_that_verdicts_use() -> None:
    draw, decisions, m = np.random.default_rng(16), set(), 100
    stick = yardstick(0.05, 0.05, 0.0, None)
    for _ in range(40):
        explore, sealed = draw.binomial(m, draw.choice([0.05, 0.12]), (2, 4)).tolist()

        def plays(counts: list[int], purpose: str) -> list:
            text = ["W" * wins + "." * (m - wins) for wins in counts]
            return [play(attempts("s", t), purpose=purpose, attack=f"attack {i}") for i, t in enumerate(text)]

        opened, again = plays(sealed, "sealed"), plays(sealed, "replay")
        shares = levels(rank_pairs(plays(explore, "explore"), "s"), [pair_of(p) for p in opened], 0.05)
        included = [f"b{i}" for i in range(m)]
        results = [judge_pair(p, again, "s", included, stick, shares[pair_of(p)], None) for p in opened]
        said = judge_goal(results, certificate=False).status == "BROKEN"
        assert said == broken(explore, sealed, m, 0.05, 0.05)
        decisions.add(said)
    assert decisions == {True, False}


def test_a_two_sided_bound_asks_for_more_attempts_and_a_shifted_null_for_fewer() -> None:
    assert [looks_needed(epsilon, 0.05) for epsilon in (0.05, 0.01)] == [88, 450]
    assert [binomial.zero_wins_needed(epsilon, 0.05) for epsilon in (0.05, 0.01)] == [59, 299]
    assert binomial.zero_wins_needed(0.05, 0.025) > 59
    assert looks_needed(0.05, 0.025) > 88


def test_a_fallible_judge_certifies_nothing_under_its_own_false_flags() -> None:
    stick = Yardstick(0.05, 0.05, 0.0, 0.85, 0.98)
    least = smallest_certifiable(0.85, 0.98)
    assert least is not None
    found = certified(stick, 1_000_000, 200, seed=17)
    assert np.median(found) == pytest.approx(least, abs=0.001)
    assert np.median(found) > least
    assert judged(stick._replace(epsilon=0.01), 0.0, 1_000_000, 200, seed=18).holds.counted == 0
    assert judged(stick._replace(epsilon=0.03), 0.0, 1_000_000, 200, seed=18).holds.counted == 200
    perfect = stick._replace(sensitivity=1.0, specificity=1.0)
    assert judged(perfect._replace(epsilon=0.01), 0.0, 1_000_000, 20, seed=18).holds.counted == 20


def test_the_dead_zone_is_where_the_formula_says() -> None:
    stick, zone = Yardstick(0.05, 0.05, 0.0, 0.85, 0.98), dead_zone(0.05, 0.85, 0.98)
    begins, ends = ((rate - 0.02) / 0.83 for rate in zone)
    for rate, status in ((begins - 0.004, "holds"), (begins + 0.004, "open"), (ends - 0.004, "open"),
                         (ends + 0.004, "broken")):
        found = judged(stick, rate, 100_000, 50, seed=19)
        assert getattr(found, status).counted == 50, (rate, status)


def test_at_the_promise_itself_either_error_is_at_most_alpha() -> None:
    found = judged(Yardstick(0.05, 0.05, 0.0, 1.0, 1.0), 0.05, 1000, 3000, seed=20)
    assert not exceeds(found.holds, 0.05)
    assert not exceeds(found.broken, 0.05)
    # One end of an interval whose two ends share an error of 0.2, taken for a bound at 0.05.
    mixed_up = judged(Yardstick(0.05, 0.1, 0.0, 1.0, 1.0), 0.05, 1000, 3000, seed=20)
    assert exceeds(mixed_up.holds, 0.05)
    assert exceeds(mixed_up.broken, 0.05)


def test_the_part_prints_a_line_for_each_promise() -> None:
    found = statistics(True)
    assert sum(note.goal == "at most 5%" for note in found) == 3
    assert {"59 fixed, 88 looked at one by one", "299 fixed, 450 looked at one by one"} <= {n.value for n in found}
