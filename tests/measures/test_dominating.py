"""Which few failure modes hold the risk, on cases small enough to count on fingers."""

import pytest
from tests.measures.play_maker import attempts, play

from holdfast.measures.dominating import asked, by_attack, by_behaviour, by_group, dominating
from holdfast.stats.binomial import interval

SPLIT = "s"
IDS = [f"b{i}" for i in range(10)]


def of(attack, letters, seed=0, **fields):
    return play(attempts(SPLIT, letters), attack=attack, seed=seed, **fields)


def test_attacks_are_credited_with_what_those_before_them_left():
    # strong wins 0 to 5, near 0 to 4, odd 6 and 7: near adds nothing, so odd comes before it
    tried = asked([of("strong", "WWWWWW...."), of("near", "WWWWW....."), of("odd", "......WW..")], SPLIT, IDS)
    found = by_attack(tried, 0.05)
    assert [(m.name, m.won, m.of, m.asked, m.more, m.together) for m in found.modes] == [
        ("strong", 6, 8, 10, 6, 0.75), ("odd", 2, 8, 10, 2, 1.0), ("near", 5, 8, 10, 0, 1.0)]
    assert found.few == 2
    assert (found.modes[0].lower, found.modes[0].upper) == interval(6, 8, 0.05 / 3)


def test_groups_part_what_any_adversary_won_once():
    tried = asked([of("a", "WWWW......"), of("a", "WWWWW.....", seed=1)], SPLIT, IDS)
    group = {b: "low" if int(b[1]) < 4 else "high" for b in IDS}
    found = by_group("domain", tried, group, 0.05)
    assert [(m.name, m.won, m.of, m.asked) for m in found.modes] == [("low", 4, 5, 4), ("high", 1, 5, 6)]
    assert found.few == 1       # 4 of 5 is 80 %


def test_behaviours_are_ranked_by_how_many_adversaries_win_them():
    tried = asked([of("a", "W........."), of("a", "WW........", seed=1), of("b", "W.........")], SPLIT, IDS)
    found = by_behaviour(tried, 0.05)
    assert [(m.name, m.won, m.of, m.asked) for m in found.modes] == [("b0", 3, 4, 3), ("b1", 1, 4, 3)]


def test_crashes_and_read_answers_are_no_risk():
    tried = asked([of("a", "Wx........", read=("b0",))], SPLIT, IDS)
    assert by_attack(tried, 0.05) is None
    assert by_group("domain", tried, dict.fromkeys(IDS, "all"), 0.05) is None


def test_what_was_won_must_lie_somewhere():
    with pytest.raises(ValueError, match="1 of what was won lie in no mode"):
        dominating("domain", {"low": ["b0"]}, ["b0", "b9"], 0.05)


def test_bounds_hold_for_all_modes_together():
    modes = {"x": IDS[:5], "y": IDS[5:]}
    found = dominating("domain", modes, IDS, 0.05)
    assert [(m.lower, m.upper) for m in found.modes] == [interval(5, 10, 0.025)] * 2
