import pytest

from holdfast.assumptions.finding import AssumptionResult
from holdfast.guarantees.guarantee import Violation, Witness
from holdfast.verdicts.blame import BlameFacts, Hybrid, attribute

N = 100


def won(wins, n=N):
    """So many wins, spread over the split."""
    return {f"s{i}": i < wins for i in sorted(range(n), key=lambda i: i * 37 % n)}


def assumed(kind="worst", threshold=None, name="a"):
    return AssumptionResult(id=name, status="UNTESTED", kind=kind, threshold=threshold)


def broken(wins=60, **fields):
    return BlameFacts.model_validate({"won": won(wins), "epsilon": 0.05, "alpha": 0.05, **fields})


def said(facts):
    return [(b.kind, b.id, pytest.approx(b.share)) for b in attribute(facts)]


def witnesses(slot, behaviours, tried=1, violated=1):
    return tuple(Witness(slot=slot, behaviour=f"s{i}", why="", tried=tried, violated=violated) for i in behaviours)


def test_nothing_shown_is_unattributed():
    assert said(broken(assumptions={"x": assumed()})) == [("unattributed", None, 1)]


def test_a_guarantee_that_assumes_nothing_is_to_blame_itself():
    assert said(broken()) == [("algorithm", None, 1)]


def test_a_failed_invariant_is_the_implementation_and_nobody_else_is_asked():
    facts = broken(assumptions={"x": assumed()}, witnesses=witnesses("x", range(60)),
                   violations=[Violation(invariant="copies", why="two"), Violation(invariant="copies", why="three")])
    assert said(facts) == [("implementation", "copies", 1)]


def test_witnesses_charge_a_worst_case_assumption_that_explains_the_wins():
    assert said(broken(assumptions={"x": assumed()}, witnesses=witnesses("x", range(60)))) == [("assumption", "a", 1)]


def test_witnesses_that_explain_a_few_wins_leave_the_rest_open():
    found = said(broken(assumptions={"x": assumed()}, witnesses=witnesses("x", range(6))))
    assert found == [("assumption", "a", 0.1), ("unattributed", None, 0.9)]


def test_an_average_assumption_needs_a_rate_beyond_its_threshold():
    facts = {"assumptions": {"x": assumed("average", 0.2)}}
    few = witnesses("x", range(60), tried=10, violated=2)
    many = witnesses("x", range(60), tried=10, violated=6)
    assert said(broken(witnesses=few, **facts)) == [("unattributed", None, 1)]
    assert said(broken(witnesses=many, **facts)) == [("assumption", "a", 1)]
    # Five witnesses, however bad, are no rate.
    assert said(broken(witnesses=witnesses("x", range(2)), **facts)) == [("unattributed", None, 1)]


def test_what_an_assumption_tolerates_need_not_be_its_threshold():
    # At least .3 must stand, so that up to .7 may fall: 60 of 100 is no violation of that.
    stands = assumed("average", 0.3)
    fell = witnesses("x", range(60))
    assert said(broken(witnesses=fell, assumptions={"x": stands})) == [("assumption", "a", 1)]
    tolerant = stands.model_copy(update={"tolerated": 0.7})
    assert said(broken(witnesses=fell, assumptions={"x": tolerant})) == [("unattributed", None, 1)]


def test_a_rate_among_wins_alone_is_no_rate():
    # Six of ten copies lost in each of ten wins, and nothing is known of ninety behaviours that withstood.
    facts = {"assumptions": {"x": assumed("average", 0.2)}}
    found = said(broken(20, witnesses=witnesses("x", range(20), tried=10, violated=6), **facts))
    assert found == [("unattributed", None, 1)]


def test_wins_that_were_not_traced_are_like_those_that_were():
    facts = broken(assumptions={"x": assumed()}, traced=frozenset(f"s{i}" for i in range(30)),
                   witnesses=witnesses("x", range(30)))
    assert said(facts) == [("assumption", "a", 1)]
    half = broken(assumptions={"x": assumed()}, traced=frozenset(f"s{i}" for i in range(30)),
                  witnesses=witnesses("x", range(15)))
    assert said(half) == [("assumption", "a", 0.5), ("unattributed", None, 0.5)]


def test_a_culprit_is_named_once_whatever_speaks_against_it():
    facts = broken(assumptions={"x": assumed()}, witnesses=witnesses("x", range(30)),
                   hybrids=[Hybrid(enforced=("x",), won=won(0))])
    assert said(facts) == [("assumption", "a", 1)]


def test_where_nothing_else_speaks_the_assumption_that_its_own_check_refuted_is_charged():
    def status(name, status):
        return assumed("average", 0.5, name).model_copy(update={"status": status})

    good, bad, unknown = status("a", "SUPPORTED"), status("b", "REFUTED"), status("c", "UNTESTED")
    assert said(broken(assumptions={"x": good, "y": bad})) == [("assumption", "b", 1)]
    assert said(broken(assumptions={"x": good, "y": bad, "z": unknown})) == [("unattributed", None, 1)]
    assert said(broken(assumptions={"x": good})) == [("unattributed", None, 1)]


def test_a_break_that_the_guarantee_allows_is_nobodys():
    (blame,) = attribute(broken(20, allowed=0.3))
    assert (blame.kind, "allows" in blame.why) == ("unattributed", True)


def test_a_hybrid_that_takes_the_wins_away_charges_its_assumption():
    facts = broken(assumptions={"x": assumed()}, hybrids=[Hybrid(enforced=("x",), won=won(0))])
    assert said(facts) == [("assumption", "a", 1)]


def test_an_attack_that_wins_with_everything_true_charges_the_algorithm():
    facts = broken(assumptions={"x": assumed()}, hybrids=[Hybrid(enforced=("x",), won=won(60))])
    assert said(facts) == [("algorithm", None, 1)]
    both = broken(assumptions={"x": assumed()}, hybrids=[Hybrid(enforced=("x",), won=won(30))])
    assert said(both) == [("assumption", "a", 0.5), ("algorithm", None, 0.5)]


def test_hybrids_that_show_no_difference_beyond_chance_charge_nobody():
    facts = broken(8, assumptions={"x": assumed()}, hybrids=[Hybrid(enforced=("x",), won=won(7))])
    assert said(facts) == [("unattributed", None, 1)]


def test_two_assumptions_are_parted_by_shapley_shares():
    slots = {"x": assumed(name="a"), "y": assumed(name="b")}
    hybrids = [Hybrid(enforced=("x",), won=won(20)), Hybrid(enforced=("y",), won=won(60)),
               Hybrid(enforced=("x", "y"), won=won(0))]
    # x: (40 + 60) / 2 = 50; y: (0 + 20) / 2 = 10, of 60.
    assert said(broken(assumptions=slots, hybrids=hybrids)) == [
        ("assumption", "a", 5 / 6), ("assumption", "b", 1 / 6)]


def test_the_guarantee_s_own_rate_is_what_the_last_hybrid_is_held_against():
    facts = broken(assumptions={"x": assumed()}, allowed=0.5, hybrids=[Hybrid(enforced=("x",), won=won(55))])
    assert said(facts) == [("unattributed", None, 1)]


def test_shares_always_sum_to_one():
    slots = {"x": assumed(), "y": assumed("average", 0.1, "b")}
    hybrids = [Hybrid(enforced=some, won=won(k)) for some, k in ((("x",), 40), (("y",), 50), (("x", "y"), 30))]
    facts = broken(assumptions=slots, hybrids=hybrids, witnesses=witnesses("x", range(10)))
    assert sum(b.share for b in attribute(facts)) == pytest.approx(1)


def test_what_is_trusted_needs_no_making_true():
    facts = broken(assumptions={"x": assumed("trusted")})
    assert said(facts) == [("algorithm", None, 1)]
    assert said(broken(assumptions={"x": assumed("trusted"), "y": assumed(name="b")})) == [("unattributed", None, 1)]


def test_a_refuted_assumption_is_not_why_where_making_it_true_changes_nothing():
    refuted = assumed(name="a").model_copy(update={"status": "REFUTED"})
    held = assumed(name="b").model_copy(update={"status": "SUPPORTED"})
    slots = {"x": refuted, "y": held}
    assert said(broken(assumptions=slots)) == [("assumption", "a", 1)]
    # One hybrid of three could be built: with it true the attack wins as much as before, or next to nothing.
    as_before = broken(assumptions=slots, hybrids=[Hybrid(enforced=("x",), won=won(60))])
    assert said(as_before) == [("unattributed", None, 1)]
    assert said(broken(assumptions=slots, hybrids=[Hybrid(enforced=("x",), won=won(2))])) == [("assumption", "a", 1)]
