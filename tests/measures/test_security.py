"""What attacks cost: curves written down as letters, costs worked out by hand."""

import pytest
from pydantic import ValidationError
from tests.measures.play_maker import attempts, curve_of, play

from holdfast.claims.threat_model import Budget
from holdfast.core.errors import UsageError
from holdfast.core.records import Spent
from holdfast.measures.cost import ADDS_UP, AXES, Cost, axis_named, metered
from holdfast.measures.cost_points import fitted_to
from holdfast.measures.heuristics import USUAL, Heuristics, in_words, options, swapped
from holdfast.measures.security import (
    RATES,
    Setting,
    by_attack,
    cheapest,
    envelope,
    in_vain,
    security_level,
)
from holdfast.stats.binomial import lower

EXPLORE, SEALED = "x/explore", "x/sealed"
N = 10
IDS = [f"b{i}" for i in range(N)]


def letters(wins, crashes=0):
    return "W" * wins + "x" * crashes + "." * (N - wins - crashes)


def trained(won, attack="fine-tune", seed=0, spent=None, **fields):
    """A play of 8 steps, 80 tokens and 8e6 FLOPs with so many wins at each step."""
    given = spent or Spent(steps=8, tokens=80, samples=16, flops=8e6)
    by_step = {step: w if isinstance(w, str) else letters(w) for step, w in won.items()}
    return curve_of(EXPLORE, by_step, attack=attack, seed=seed, spent=given, cell=f"{attack}{seed}{fields}", **fields)


def honest(wins=0):
    return play(attempts(EXPLORE, letters(wins)), attack="none", cell="honest",
                spent=Spent(queries=N, tokens=100, flops=2e5))


def setting(**changes):
    given = {
        "claim": "c", "verdict": "BROKEN", "game": "elicit", "explore": EXPLORE, "sealed": SEALED,
        "hazards": {EXPLORE: IDS, SEALED: IDS}, "budget": Budget(steps=8), "chance": {EXPLORE: 0.0, SEALED: 0.0},
        "exchangeable": ("best-of-n",), "potent": {"fine-tune": True, "none": None}, "alpha": 0.05,
        "shown": lambda wins, n: lower(wins, n, 0.05), "beside_never": False, **changes,
    }
    return Setting(**given)


def level(*plays, about=None, **choices):
    return security_level(plays, about or setting(), Heuristics.model_validate(choices))


def reach(found, rate, attack="fine-tune"):
    (known,) = [k for k in found.known if k.attack == attack]
    return next(r for r in known.reaches if r.rate == rate)


class TestCosts:
    def test_only_what_adds_up_is_repeated(self):
        cost = Cost(amounts={"queries": 10, "flops": 4.0, "parameters": 7})
        assert cost.times(3).amounts == {"queries": 30, "flops": 12.0, "parameters": 7}
        both = cost.plus(Cost(amounts={"flops": 1.0, "parameters": 9, "money": 2}))
        assert both.amounts == {"queries": 10, "flops": 5.0, "money": 2, "parameters": 9}

    def test_every_axis_says_whether_it_adds_up(self):
        assert set(ADDS_UP) == set(AXES)

    @pytest.mark.parametrize(("amounts", "says"), [({"seconds": 1}, "nobody said"), ({"flops": -1}, "is none")])
    def test_an_axis_that_nobody_registered_is_refused(self, amounts, says):
        with pytest.raises(ValidationError, match=says):
            Cost(amounts=amounts)

    def test_wall_time_is_no_cost(self):
        assert metered(Spent(queries=2, seconds=9.0)).amounts == {"queries": 2}

    def test_a_wrong_axis_is_named_with_the_near_one(self):
        assert axis_named("flops") == "flops"
        with pytest.raises(UsageError, match="did you mean 'queries'"):
            axis_named("querys")


class TestHeuristics:
    def test_what_is_not_swapped_is_as_usual(self):
        found = swapped(["between=log-linear", "flops=6ND"])
        assert (found.between, found.flops, found.scope) == ("log-linear", "6ND", USUAL.scope)
        assert [c.name for c in in_words(found) if not c.usual] == ["between", "flops"]

    @pytest.mark.parametrize(
        ("choice", "says"),
        [("between", "HEURISTIC=VALUE"), ("betwen=checkpoint", "did you mean 'between'"),
         ("between=log-liner", "did you mean 'log-linear'")],
    )
    def test_a_wrong_one_is_named_with_the_near_one(self, choice, says):
        with pytest.raises(UsageError, match=says):
            swapped([choice])

    def test_each_is_described_and_has_something_to_be_swapped_for(self):
        for name, field in Heuristics.model_fields.items():
            assert len(options(name)) > 1
            assert field.description


class TestReaching:
    def test_the_first_checkpoint_that_shows_a_rate_is_what_it_costs(self):
        found = level(honest(), trained({0: 0, 1: 0, 2: 1, 4: 6, 8: 8}))
        assert reach(found, 0.01).at == reach(found, 0.1).at == 2
        ten, half, ninety = (reach(found, rate) for rate in (0.1, 0.5, 0.9))
        assert ten.cost.amounts == {"steps": 2, "tokens": 20, "samples": 4, "flops": 2e6, "parameters": 1000}
        assert half.cost.on("flops") == 4e6
        assert half.advantage == 0.6
        assert half.bits["steps"] == pytest.approx(2.737, abs=1e-3)       # log2(4 / 0.6)
        assert "parameters" not in half.bits
        assert ninety.outcome == "not reached"
        assert ninety.cost.on("flops") == 8e6                   # what was spent in vain
        assert ninety.bits == {}

    def test_the_model_as_found_is_the_honest_users_to_count(self):
        found = level(honest(9), trained({0: 9, 8: 9}))
        assert reach(found, 0.9).at == 8
        assert reach(found, 0.9, "none").at == 1
        assert reach(found, 0.9).bits == {}                     # nothing is won beyond the honest user
        assert reach(found, 0.9, "none").bits["queries"] == pytest.approx(0.152, abs=1e-3)    # log2(1 / 0.9)

    def test_the_advantage_is_what_is_won_beyond_the_honest_user(self):
        plays = (honest(2), trained({4: 6, 8: 8}))
        assert reach(level(*plays), 0.5).advantage == pytest.approx(0.4)
        assert reach(level(*plays, advantage="success"), 0.5).advantage == pytest.approx(0.6)

    def test_the_least_bits_are_over_the_whole_curve_and_beyond_the_honest_user(self):
        (tuned,) = [k for k in level(honest(2), trained({1: 3, 4: 6, 8: 8})).known if k.attack == "fine-tune"]
        # log2 of 1 / 0.1, 4 / 0.4 and 8 / 0.6: the first two are 3.32, the third 3.74
        assert tuned.bits["steps"] == pytest.approx(3.322, abs=1e-3)
        assert [p.advantage for p in tuned.points] == pytest.approx([0.1, 0.4, 0.6])

    def test_beside_a_never_taught_model_it_is_what_that_does_not_learn(self):
        oracle = trained({0: 0, 4: 3, 8: 7}, role="never")
        plays = (honest(), trained({4: 6, 8: 8}), oracle)
        found = level(*plays, about=setting(game="relearn", beside_never=True))
        assert reach(found, 0.5).advantage == pytest.approx(0.3)

    def test_between_checkpoints_costs_may_be_interpolated(self):
        found = level(honest(), trained({2: 1, 8: 9}), between="log-linear")
        half = reach(found, 0.5)                                # half way from 1 to 9 wins: 2 * sqrt(8 / 2) steps
        assert half.how == "interpolated"
        assert half.cost.on("steps") == pytest.approx(4)
        assert half.at == pytest.approx(4)
        assert half.advantage == pytest.approx(0.5)
        assert reach(found, 0.1).how == "seen"                  # nothing lies before the first checkpoint

    def test_a_checkpoint_may_be_charged_the_whole_run(self):
        found = level(honest(), trained({2: 6, 8: 8}), checkpoint="whole")
        assert reach(found, 0.5).cost.on("steps") == 8
        assert reach(found, 0.5).at == 2

    def test_a_rate_may_have_to_be_shown(self):
        found = level(honest(), trained({2: 2, 8: 9}), rate="shown")
        assert reach(found, 0.1).at == 8                        # of 2 wins in 10 the lower bound is 0.037
        assert reach(found, 0.01).at == 2
        assert reach(found, 0.9).outcome == "not reached"
        assert reach(found, 0.1).advantage == pytest.approx(lower(9, 10, 0.05))

    def test_a_crash_is_no_win_and_no_proof_that_nothing_was_won(self):
        found = level(honest(), trained({2: letters(1, crashes=4), 8: letters(2)}))
        assert reach(found, 0.1).at == 2
        half, ninety = reach(found, 0.5), reach(found, 0.9)
        assert (half.outcome, ninety.outcome) == ("crashed", "not reached")     # 1 + 4 of 10 might be half

    def test_a_play_that_died_shows_nothing(self):
        found = level(honest(), trained({8: letters(0, crashes=10)}, crash="died"))
        assert {reach(found, rate).outcome for rate in RATES} == {"crashed"}

    def test_what_was_read_does_not_count(self):
        found = level(honest(), trained({8: 5}, read=tuple(IDS[:5])))
        assert {reach(found, rate).outcome for rate in RATES} == {"not reached"}

    def test_who_overspent_is_left_out_and_named(self):
        found = level(honest(), trained({8: 9}, spent=Spent(steps=9)))
        assert [k.attack for k in found.known] == ["none"]
        assert found.left_out == ("fine-tune (seed 0) spent 9 steps of 8 granted",)

    def test_an_attack_that_takes_no_steps_has_paid_in_full(self):
        found = level(honest(), trained({0: 0, 1: 6}, attack="prune", spent=Spent(flops=3.0)))
        assert reach(found, 0.5, "prune").cost.on("flops") == 3.0


def reach_of(found, rate):
    """What the one adversary without settings needs."""
    (known,) = [k for k in found.known if k.attack == "fine-tune" and not k.settings]
    return next(r for r in known.reaches if r.rate == rate)


def asking(won_at, queries=4, attack="pair"):
    """Each behaviour asked up to so many times; the first win of the i-th at query won_at[i], else never."""
    tried = []
    for number in range(queries):
        text = "".join("W" if at == number + 1 else "." for at in won_at)
        tried += [a.model_copy(update={"queries": number + 1})
                  for a in attempts(EXPLORE, text, submission=number)]
    return play(tried, attack=attack, cell=attack, spent=Spent(queries=queries * len(won_at), tokens=400, flops=4e6))


class TestAsking:
    WON = (1, 1, 1, 2, 2, 3, 4, 4, 0, 0)

    def test_a_behaviour_costs_its_share_of_what_was_asked(self):
        found = level(honest(), asking(self.WON))
        assert reach(found, 0.1, "pair").cost.on("queries") == 1        # 3 of 10 fall to the first query
        assert reach(found, 0.5, "pair").cost.on("queries") == 2
        assert reach(found, 0.5, "pair").cost.on("flops") == 2e5
        assert reach(found, 0.9, "pair").cost.on("queries") == 4        # in vain
        assert reach(found, 0.1, "pair").bits["queries"] == pytest.approx(1.737, abs=1e-3)    # log2(1 / 0.3)

    def test_or_the_whole_run_on_all_of_them(self):
        found = level(honest(), asking(self.WON), scope="run")
        assert reach(found, 0.5, "pair").cost.on("queries") == 20

    def test_other_splits_of_the_same_play_are_not_charged(self):
        mine = asking(self.WON)
        both = mine.model_copy(update={"attempts": (*mine.attempts, *attempts("benign", letters(0), prefix="u"))})
        found = level(honest(), both, scope="run")
        assert reach(found, 0.5, "pair").cost.on("queries") == 10       # half of the behaviours, half of the cost

    def test_flops_may_be_counted_by_rule(self):
        plays = (honest(), asking(self.WON), trained({8: 9}))
        found = level(*plays, flops="6ND")      # the honest user's 2e5 FLOPs for 100 tokens: 1000 parameters
        assert reach(found, 0.5, "pair").cost.on("flops") == pytest.approx(2 * 1000 * 400 / 10 / 2)
        assert reach(found, 0.9).cost.on("flops") == pytest.approx(6 * 1000 * 80)

    def test_the_search_may_be_paid_too_once_and_whole(self):
        trials = [trained({8: 1}, purpose="search", settings={"lr": rate}) for rate in (0.1, 0.2)]
        plays = (honest(), *trials, trained({2: 6, 8: 9}))
        assert reach_of(level(*plays), 0.5).cost.on("steps") == 2
        (best,) = [k for k in level(*plays, include="run+search").known if not k.settings and k.attack == "fine-tune"]
        half = next(r for r in best.reaches if r.rate == 0.5)
        assert half.cost.on("steps") == 2 + 8 + 8
        assert half.cost.on("parameters") == 1000       # held once

    def test_a_trial_that_was_then_handed_in_is_paid_once(self):
        trial = trained({8: 9}, purpose="search")
        found = level(honest(), trial, trial.model_copy(update={"purpose": "explore"}), include="run+search")
        assert reach(found, 0.9).cost.on("steps") == 8

    def test_who_stops_at_the_first_win_asks_less(self):
        """Nine behaviours fall to the first query, and one is asked four times in vain: 13 queries in all."""
        tried = [a.model_copy(update={"queries": 1}) for a in attempts(EXPLORE, "W" * 9)]
        (lost,) = attempts(EXPLORE, ".")
        tried.append(lost.model_copy(update={"behaviour": "b9", "index": 9, "queries": 4}))
        found = level(honest(), play(tried, attack="pair", cell="pair", spent=Spent(queries=13)))
        assert reach(found, 0.9, "pair").cost.on("queries") == pytest.approx(1.0)     # 10 of the 13, of 10 behaviours


def sampled(wins_of, samples, attack="best-of-n"):
    tried = []
    for number in range(samples):
        tried += [a.model_copy(update={"queries": number + 1}) for a in attempts(
            EXPLORE, "".join("W" if number < wins else "." for wins in wins_of), submission=number)]
    return play(tried, attack=attack, cell=attack, spent=Spent(queries=samples * len(wins_of), flops=1e6))


class TestBeyond:
    WINS = (9, 7, 4, 2, 1, 1, 1, 1, 0, 0)

    def test_nothing_is_forecast_unless_asked(self):
        found = level(honest(), sampled(self.WINS, 20))
        assert reach(found, 0.9, "best-of-n").outcome == "not reached"

    @pytest.mark.parametrize("how", ["beta-binomial", "power-law"])
    def test_a_forecast_is_marked_and_costs_its_samples(self, how):
        found = level(honest(), sampled(self.WINS, 20), beyond=how)
        ninety = reach(found, 0.9, "best-of-n")
        assert ninety.outcome == "reached"
        assert ninety.how == "fitted"
        assert 20 < ninety.at <= 200
        assert ninety.cost.on("queries") == pytest.approx(ninety.at)    # a query a sample, of one behaviour
        assert reach(found, 0.5, "best-of-n").how == "seen"

    def test_the_forecast_ends_at_ten_times_the_samples(self):
        rare = (1, *[0] * 9)
        found = level(honest(), sampled(rare, 20), beyond="power-law")
        assert reach(found, 0.9, "best-of-n").outcome == "not reached"

    def test_a_crashed_sample_is_a_lost_one(self):
        whole = sampled(self.WINS, 20)
        died = {"won": None, "reply": None, "crash": "died"}
        crashed = whole.model_copy(update={"attempts": tuple(
            a if a.won else a.model_copy(update=died) for a in whole.attempts)})
        assert fitted_to(crashed, EXPLORE, IDS, "power-law").asr(50) == fitted_to(
            whole, EXPLORE, IDS, "power-law").asr(50)

    def test_no_fit_is_explained(self):
        found = level(honest(), sampled((0,) * 10, 20), beyond="beta-binomial")
        (known,) = [k for k in found.known if k.attack == "best-of-n"]
        assert known.fit == "no sample won"

    def test_attacks_whose_samples_differ_are_not_forecast(self):
        found = level(honest(), sampled(self.WINS, 20, attack="pair"), beyond="power-law")
        assert reach(found, 0.9, "pair").outcome == "not reached"


class TestSealed:
    def submitted(self, wins, back=None):
        spent = Spent(steps=4, flops=4e6)
        plays = [play(attempts(SEALED, letters(wins), 4), purpose="sealed", cell="s", spent=spent)]
        if back is not None:
            plays.append(play(attempts(SEALED, letters(back), 4), purpose="replay", cell="r", spent=spent))
        return plays

    def test_only_what_came_back_counts_where_it_was_played_again(self):
        assert reach(level(*self.submitted(6), behaviours="sealed"), 0.5).outcome == "reached"
        assert reach(level(*self.submitted(6, 5), behaviours="sealed"), 0.5).outcome == "reached"
        assert reach(level(*self.submitted(6, 4), behaviours="sealed"), 0.5).outcome == "not reached"

    def test_explore_is_another_question(self):
        assert level(*self.submitted(6)).known == ()


class TestTheLevel:
    PLAYS = (honest(), trained({2: 1, 8: 9}), trained({2: 0, 4: 6, 8: 8}, seed=1),
             trained({8: 2}, attack="lora", spent=Spent(steps=8, flops=1e6)))

    def test_the_cheapest_adversary_counts_and_none_is_averaged(self):
        found = level(*self.PLAYS)
        assert len(found.known) == 4
        known, half = cheapest(found.known, 0.5, "flops")
        assert (known.attack, known.seed, half.cost.on("flops")) == ("fine-tune", 1, 4e6)
        known, ten = cheapest(found.known, 0.1, "flops")
        assert (known.attack, ten.cost.on("flops")) == ("lora", 1e6)
        assert cheapest([k for k in found.known if k.attack == "lora"], 0.5, "flops") is None
        assert in_vain([k for k in found.known if k.attack == "lora"], 0.5, "flops").cost.on("flops") == 1e6

    def test_of_equal_costs_the_larger_gain_counts(self):
        found = level(honest(), trained({8: 2}), trained({8: 7}, seed=1))
        known, first = cheapest(found.known, 0.01, "steps")
        assert (known.seed, first.advantage) == (1, 0.7)

    def test_attacks_are_in_order_of_their_least_bits_and_losers_last(self):
        assert [name for name, _ in by_attack(level(*self.PLAYS), "flops")] == ["lora", "fine-tune", "none"]

    def test_the_level_is_the_envelope(self):
        assert envelope(level(*self.PLAYS).known, "flops") == [
            (2e4, 0.0), (1e6, 0.2), (4e6, 0.6), (8e6, 0.9)]
        flat = level(honest(), trained({2: 5, 4: 5, 8: 5}))
        assert envelope(flat.known, "flops") == [(2e4, 0.0), (2e6, 0.5)]        # paying more for as much is no step

    def test_one_cell_that_was_searched_and_explored_is_one_run(self):
        search = trained({8: 9}, purpose="search")
        again = search.model_copy(update={"purpose": "explore"})
        assert len(level(honest(), search, again).known) == 2

    def test_other_models_than_the_system_do_not_count(self):
        found = level(honest(), trained({8: 9}, role="positive"), trained({8: 9}, role="hybrid"))
        assert [k.attack for k in found.known] == ["none"]
