"""Nothing that should not change a verdict does: order, names, crashes, budgets that ran out, more wins."""

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.verdicts import run_maker as made
from tests.verdicts.run_drawn import SEEDS, Run, changed, claim, crashed, runs, shuffled, without, won
from tests.verdicts.run_drawn import facts as drawn_facts

from holdfast.core.evidence import Evidence, Play
from holdfast.measures.choose import rank_pairs
from holdfast.measures.counts import wins
from holdfast.verdicts.assemble import judge_evidence
from holdfast.verdicts.facts import Facts
from holdfast.verdicts.verdict import Verdict

FUZZED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHARES = st.sampled_from([0.01, 0.05, 0.5, 1.0])
CLEARING = {"STANDS": 2, "CONDITIONAL": 1, "UNEXPLAINED": 1}
STATUSES = ["HOLDS", "INCONCLUSIVE", "BROKEN"]


def judged(evidence: Evidence, facts: Facts | None = None) -> Verdict:
    return judge_evidence(claim(), evidence, facts or drawn_facts())


def helped(before: Verdict, after: Verdict) -> bool:
    """Whether a change made the claim look better."""
    return CLEARING.get(after.verdict, 0) > CLEARING.get(before.verdict, 0)


def convicted(before: Verdict, after: Verdict) -> bool:
    """Whether a change broke the claim."""
    return after.verdict == "BROKEN" != before.verdict


def said(verdict: Verdict) -> dict[str, object]:
    """All that a verdict says, in no order; what it spent is a sum of floats."""
    value = verdict.comparable()
    value["curves"] = sorted(json.dumps(curve, sort_keys=True) for curve in value["curves"])
    return value


def of(*purposes: str, role: str = "system"):
    """The plays by this role for these purposes."""
    return lambda play: play.role == role and play.purpose in purposes


@FUZZED
@given(runs(), SEEDS)
def test_the_order_of_the_evidence_says_nothing(run: Run, seed: int) -> None:
    evidence = run.evidence()
    assert said(judged(shuffled(evidence, seed))) == said(judged(evidence))


@FUZZED
@given(runs(), st.permutations(["rephrase", "fine-tune"]))
def test_the_names_of_attacks_say_nothing(run: Run, names: list[str]) -> None:
    evidence = run.evidence()
    name = {"none": "none", "rephrase": f"a{names[0]}", "fine-tune": f"b{names[1]}"}
    plays = tuple(p.model_copy(update={"attack": name[p.attack], "cell": p.cell}) for p in evidence.plays)
    facts = drawn_facts()
    attacks = tuple(a.model_copy(update={"name": name[a.name]}) for a in facts.attacks)
    renamed = judged(evidence.model_copy(update={"plays": plays}), facts.model_copy(update={"attacks": attacks}))
    text = json.dumps(said(renamed))
    for old, new in name.items():
        text = text.replace(new, old)
    assert json.loads(text) == said(judged(evidence))


@FUZZED
@given(runs(), st.permutations(range(3)))
def test_the_order_in_which_attacks_are_listed_settles_nothing_but_ties(run: Run, order: list[int]) -> None:
    evidence = run.evidence()
    facts = drawn_facts()
    listed = facts.model_copy(update={"attacks": tuple(facts.attacks[i] for i in order)})
    one, other = judged(evidence), judged(evidence, listed)
    assert (one.goal.status == "HOLDS") == (other.goal.status == "HOLDS")
    explored = [p for p in evidence.plays if of("explore")(p)]
    first = rank_pairs(explored, made.EXPLORE)[0]
    most = [wins(p, made.EXPLORE) for p in explored]
    assume(most.count(max(most)) == 1)      # else the pair that is listed first has the larger share of alpha
    assert first.attack
    assert (one.verdict, one.goal.status, one.blame) == (other.verdict, other.goal.status, other.blame)


@FUZZED
@given(runs(), st.sampled_from(["sealed", "replay", "explore", "answers"]), SEEDS, SHARES)
def test_a_crash_of_the_system_never_helps_a_claim(run: Run, purpose: str, seed: int, share: float) -> None:
    evidence = run.evidence()
    after = judged(changed(evidence, of(purpose), crashed, seed, share))
    assert not helped(judged(evidence), after)


@FUZZED
@given(runs(), st.sampled_from(["sealed", "replay", "answers"]), SEEDS, SHARES)
def test_a_crash_of_the_system_never_breaks_a_claim(run: Run, purpose: str, seed: int, share: float) -> None:
    evidence = run.evidence()
    after = judged(changed(evidence, of(purpose), crashed, seed, share))
    assert not convicted(judged(evidence), after)


@FUZZED
@given(runs(), st.sampled_from([("positive", "explore"), ("control", "answers"), ("full", "reach")]), SEEDS, SHARES)
def test_a_crash_of_what_the_system_is_compared_with_neither_helps_nor_breaks(
    run: Run, play: tuple[str, str], seed: int, share: float
) -> None:
    evidence = run.evidence()
    before, after = judged(evidence), judged(changed(evidence, of(play[1], role=play[0]), crashed, seed, share))
    assert not helped(before, after)
    assert not convicted(before, after)


@FUZZED
@given(runs(), st.sampled_from(made.PAIRS), st.integers(0, 64))
def test_a_budget_that_ran_out_never_breaks_a_claim(run: Run, pair: tuple[str, int], made_: int) -> None:
    evidence = run.evidence()

    def cut(play: Play) -> Play:
        if not of("sealed")(play) or (play.attack, play.seed) != pair:
            return play
        return play.model_copy(update={"attempts": play.attempts[:made_], "budget_exceeded": "steps"})

    after = judged(evidence.model_copy(update={"plays": tuple(map(cut, evidence.plays))}))
    assert not convicted(judged(evidence), after)


@FUZZED
@given(runs(), st.sampled_from(made.PAIRS), st.integers(0, 64))
def test_attempts_that_are_missing_neither_help_nor_break(run: Run, pair: tuple[str, int], kept: int) -> None:
    evidence = run.evidence()

    def cut(play: Play) -> Play:
        mine = of("sealed")(play) and (play.attack, play.seed) == pair
        return play.model_copy(update={"attempts": play.attempts[:kept]}) if mine else play

    before = judged(evidence)
    after = judged(evidence.model_copy(update={"plays": tuple(map(cut, evidence.plays))}))
    assert not helped(before, after)
    assert not convicted(before, after)


@FUZZED
@given(runs(), SEEDS, SHARES, st.booleans())
def test_more_wins_never_make_a_claim_look_better(run: Run, seed: int, share: float, seen_again: bool) -> None:
    evidence = run.evidence()
    which = of("sealed", "replay") if seen_again else of("sealed")
    before, after = judged(evidence), judged(changed(evidence, which, won, seed, share))
    assert not helped(before, after)
    assert STATUSES.index(after.goal.status) >= STATUSES.index(before.goal.status)


@FUZZED
@given(runs())
def test_without_its_replays_no_claim_breaks_or_looks_better(run: Run) -> None:
    evidence = run.evidence()
    before, after = judged(evidence), judged(without(evidence, of("replay")))
    assert after.goal.status != "BROKEN"
    assert not helped(before, after)


@FUZZED
@given(runs(), SEEDS)
def test_an_attempt_that_is_there_twice_counts_once(run: Run, seed: int) -> None:
    evidence = run.evidence()
    plays = tuple(p.model_copy(update={"attempts": p.attempts + p.attempts[seed % 7::7]}) for p in evidence.plays)
    before, after = judged(evidence), judged(evidence.model_copy(update={"plays": plays}))
    assert (after.goal, after.completeness) == (before.goal, before.completeness)


@FUZZED
@given(runs(), SEEDS)
def test_what_was_tried_and_not_submitted_says_nothing(run: Run, seed: int) -> None:
    evidence = run.evidence()
    text = "W" * (seed % 25) + "." * (24 - seed % 25)
    more = [made.played(role, "search", attack, made.asked(made.EXPLORE, text, step), settings={"other": seed})
            for role in ("system", "positive", "control") for attack, step in (("fine-tune", 100), ("rephrase", 0))]
    before, after = judged(evidence), judged(evidence.model_copy(update={"plays": (*evidence.plays, *more)}))
    assert (after.verdict, after.rule, after.goal, after.blame) == (
        before.verdict, before.rule, before.goal, before.blame)


def test_the_runs_that_are_drawn_end_in_every_way() -> None:
    seen: set[str] = set()

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(runs())
    def look(run: Run) -> None:
        seen.add(judged(run.evidence()).verdict)

    look()
    assert seen == {"CONDITIONAL", "BROKEN", "INCONCLUSIVE", "VOID"}


@pytest.mark.parametrize("change", ["crash counted as lost", "replays not asked for"])
def test_a_verdict_that_broke_one_of_these_would_be_seen(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if change == "crash counted as lost":
        monkeypatch.setattr("holdfast.measures.counts.Tally.wins_for_holds", property(lambda tally: tally.wins))
        broken = test_a_crash_of_the_system_never_helps_a_claim
    else:
        monkeypatch.setattr("holdfast.verdicts.pairs.screen", lambda candidate: None)
        broken = test_without_its_replays_no_claim_breaks_or_looks_better
    with pytest.raises(AssertionError):
        broken()
