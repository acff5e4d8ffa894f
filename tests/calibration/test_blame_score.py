"""The score of attribution, and that it can be red."""

import pytest

from holdfast.calibration.blame.cases import Blamed, Case, Outcome
from holdfast.calibration.blame.planting import agreeing, counting, smoothing, walking
from holdfast.calibration.blame.score import score
from holdfast.calibration.blame.trial import tried
from holdfast.guarantees.guarantee import Witness
from holdfast.guarantees.systems.k_of_n_consensus import KOfNConsensus
from holdfast.guarantees.systems.watermark_removal import WatermarkRemoval
from holdfast.stats.consensus import beta_binomial_law
from holdfast.verdicts import blame


def outcome(fault: str, said: str = "BROKEN", *blamed: tuple[str, str | None, float], **case: object) -> Outcome:
    made = Case.model_validate({
        "about": "x", "fault": fault, "strength": "y", "seed": 0, "claim": {}, "right": ("BROKEN",), **case})
    return Outcome(case=made, said=said, reason="", blame=[Blamed(kind=k, id=i, share=s) for k, i, s in blamed])


def test_the_largest_share_decides_and_a_tie_with_another_kind_is_wrong() -> None:
    mine = {"culprit": "a"}
    assert outcome("assumption", "BROKEN", ("assumption", "a", 0.6), ("algorithm", None, 0.4), **mine).right
    assert not outcome("assumption", "BROKEN", ("assumption", "b", 0.6), ("assumption", "a", 0.4), **mine).right
    assert not outcome("assumption", "BROKEN", ("assumption", "a", 0.5), ("algorithm", None, 0.5), **mine).right
    both = (("implementation", "p", 0.5), ("implementation", "q", 0.5))
    assert outcome("implementation", "BROKEN", *both, culprit="q").right


def test_of_two_culprits_each_bears_more_than_anybody_else() -> None:
    case = {"culprit": "a", "second": {"kind": "algorithm"}}
    first, second, other = ("assumption", "a", 0.5), ("algorithm", None, 0.4), ("assumption", "b", 0.1)
    right = outcome("assumption + derivation", "BROKEN", first, second, other, **case)
    assert (right.right, score([right]).matrix) == (True, {"assumption + derivation": {"both": 1}})
    assert not outcome("assumption + derivation", "BROKEN", first, **case).right
    assert not outcome("assumption + derivation", "BROKEN", first, ("assumption", "b", 0.5), **case).right


def test_nobody_need_be_named_for_a_faint_fault_and_nobody_else_may_be() -> None:
    case = {"culprit": "a", "rate": 0.075, "epsilon": 0.05, "right": ("BROKEN", "INCONCLUSIVE")}
    found = [outcome("faint assumption", "INCONCLUSIVE", **case),
             outcome("faint assumption", "BROKEN", ("unattributed", None, 1.0), **case),
             outcome("faint assumption", "BROKEN", ("assumption", "a", 1.0), **case),
             outcome("faint assumption", "BROKEN", ("algorithm", None, 1.0), **case),
             outcome("faint assumption", "CONDITIONAL", **case)]
    assert [o.right for o in found] == [True, True, True, False, False]
    counted = score(found)
    assert (counted.faint.count, counted.right.count, counted.right.of, counted.unattributed.of) == (3, 1, 2, 0)
    early = outcome("faint assumption", "BROKEN", ("assumption", "a", 1.0), **case | {"right": ("CONDITIONAL",)})
    assert not early.right      # what was promised was kept


def test_a_fault_that_nothing_tells_from_another_must_not_be_pinned_on_anybody() -> None:
    assert outcome("unseen derivation", "BROKEN", ("unattributed", None, 1.0)).right
    pinned = outcome("unseen derivation", "BROKEN", ("assumption", "a", 1.0))
    assert (pinned.right, score([pinned]).met) == (False, False)


def test_the_matrix_parts_the_wrong_assumption_from_the_right_one() -> None:
    found = score([
        outcome("assumption", "BROKEN", ("assumption", "a", 1), culprit="a"),
        outcome("assumption", "BROKEN", ("assumption", "b", 1), culprit="a"),
        outcome("derivation", "BROKEN", ("unattributed", None, 1)),
        outcome("none", "BROKEN", ("assumption", "a", 1), right=("STANDS",)),
        outcome("none", "STANDS", right=("STANDS",)),
    ])
    assert found.matrix == {
        "assumption": {"assumption": 1, "another assumption": 1}, "derivation": {"unattributed": 1},
        "none": {"another assumption": 1, "nobody: holds": 1}}
    assert [(s.count, s.of) for s in (found.right, found.unattributed, found.false_blame, found.handled)] == [
        (1, 2), (1, 3), (1, 2), (1, 2)]
    assert not found.met


def test_a_claim_that_holds_at_twice_what_is_promised_is_never_right() -> None:
    held = outcome("at epsilon", "CONDITIONAL", rate=0.1, epsilon=0.05, right=("BROKEN", "INCONCLUSIVE"))
    open_ = outcome("at epsilon", "INCONCLUSIVE", rate=0.1, epsilon=0.05, right=("BROKEN", "INCONCLUSIVE"))
    assert (score([open_]).met, score([held]).met) == (True, False)
    at = outcome("at epsilon", "CONDITIONAL", rate=0.05, epsilon=0.05, right=("CONDITIONAL",))
    assert (score([at, *[open_] * 30]).held_at_epsilon.count, score([at] * 5).met) == (1, False)


def test_attribution_that_ignores_invariants_makes_the_score_red(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case for family in (smoothing, counting) for case in family.cases(1) if case.fault == "implementation"]
    assert score([tried(case) for case in cases]).met
    attribute = blame.attribute
    monkeypatch.setattr("holdfast.verdicts.grounds.attribute",
                        lambda facts: attribute(facts.model_copy(update={"violations": ()})))
    assert not score([tried(case) for case in cases]).met


def test_attribution_that_charges_every_assumption_makes_the_score_red(monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = [case for case in smoothing.cases(1) if case.fault == "derivation"]

    def guess(facts: blame.BlameFacts) -> tuple[blame.Blame, ...]:
        charged = facts.assumptions.values()
        return tuple(blame.Blame(kind="assumption", id=a.id, share=1 / len(charged), why="") for a in charged)

    assert score([tried(case)]).met
    monkeypatch.setattr("holdfast.verdicts.grounds.attribute", guess)
    assert not score([tried(case)]).met


def test_a_reduction_that_takes_every_win_for_memory_blames_the_oracles_fault_on_mixing(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = [case for case in walking.cases(1) if case.culprit == "quality-oracle"]
    assert score([tried(case)]).met
    monkeypatch.setattr(WatermarkRemoval, "reduce", lambda self, granted, won: (
        Witness(slot="mixing", behaviour=won.behaviour, why=""),))
    assert not score([tried(case)]).met


def test_a_hybrid_that_enforces_more_than_is_assumed_hides_a_wrong_derivation(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = [case for case in agreeing.cases(1) if case.fault == "derivation"]
    assert score([tried(case)]).met
    monkeypatch.setattr(KOfNConsensus, "_law", lambda self, granted: beta_binomial_law(self.n, 0.5, 0.0))
    assert not score([tried(case)]).met
