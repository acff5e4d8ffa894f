"""Nothing that should not change a verdict does: order, names, crashes, budgets that ran out, more wins."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from tests.verdicts import run_maker as made
from tests.verdicts.run_drawn import SEEDS, SIZES, Hit, Pair, Run, claim, crashed, hits, runs, shuffled, without, won
from tests.verdicts.run_drawn import facts as drawn_facts
from tests.verdicts.test_relearning import found as relearnt
from tests.verdicts.test_relearning import judged as judged_relearnt

from holdfast.core.evidence import Evidence, Play
from holdfast.core.records import canonical
from holdfast.measures.choose import rank_pairs
from holdfast.measures.counts import Tally, wins
from holdfast.verdicts.assemble import judge_evidence
from holdfast.verdicts.facts import Facts
from holdfast.verdicts.goal import judge_goal
from holdfast.verdicts.verdict import Verdict

# A run in numbers is small as it is, and shrinking one takes minutes.
FUZZED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow],
                  phases=[Phase.explicit, Phase.reuse, Phase.generate])
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


def said(verdict: Verdict) -> dict[str, Any]:
    """All that a verdict says; what it lists for readers in no order, and not what it shows of one seed for all."""
    value = verdict.comparable()
    for attack in value["attacks"]:
        del attack["static"], attack["adaptive"]
    return unordered(value)


def unordered(value: dict[str, Any]) -> dict[str, Any]:
    """The same, its lists sorted."""
    for listed in [value["curves"], value["forecasts"], value["witnesses"], *(a["notes"] for a in value["attacks"])]:
        listed.sort(key=canonical)
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
    assert unordered(json.loads(text)) == said(judged(evidence))


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
@given(runs(), st.sampled_from(["sealed", "replay", "explore", "answers"]), hits())
def test_a_crash_of_the_system_never_helps_a_claim(run: Run, purpose: str, hit: Hit) -> None:
    evidence = run.evidence()
    after = judged(hit.change(evidence, of(purpose), crashed))
    assert not helped(judged(evidence), after)


@FUZZED
@given(runs(), st.sampled_from(["sealed", "replay", "answers"]), hits())
def test_a_crash_of_the_system_never_breaks_a_claim(run: Run, purpose: str, hit: Hit) -> None:
    evidence = run.evidence()
    after = judged(hit.change(evidence, of(purpose), crashed))
    assert not convicted(judged(evidence), after)


@FUZZED
@given(runs(), st.sampled_from([("positive", "explore"), ("control", "answers"), ("full", "reach")]), hits())
def test_a_crash_of_what_the_system_is_compared_with_neither_helps_nor_breaks(
    run: Run, play: tuple[str, str], hit: Hit
) -> None:
    evidence = run.evidence()
    before, after = judged(evidence), judged(hit.change(evidence, of(play[1], role=play[0]), crashed))
    assert not helped(before, after)
    assert not convicted(before, after)


def of_one_pair(wins: int) -> Evidence:
    """One pair wins the first so many behaviours, nothing else is wrong."""
    nothing = Pair(0, 0, 0, True, False, 0)
    text = "W" * wins + "." * (SIZES[made.SEALED] - wins)
    mine = made.system("fine-tune", 1, text, "." * SIZES[made.EXPLORE])
    run = Run((nothing,) * 5, (), 80, 0, 64, 1.0).evidence()
    others = without(run, lambda p: p.role == "system" and (p.attack, p.seed) == ("fine-tune", 1))
    return others.model_copy(update={"plays": (*others.plays, *mine)})


def with_reach(evidence: Evidence, text: str) -> Evidence:
    """The twin that knows everything answers the sealed behaviours like this, and nobody else answers them."""
    plays = without(evidence, of("reach", role="full")).plays
    return evidence.model_copy(
        update={"plays": (*plays, made.played("full", "reach", "none", made.asked(made.SEALED, text)))})


def test_a_win_is_not_forgotten_because_the_twin_crashed_on_its_behaviour() -> None:
    evidence = of_one_pair(4)
    verdicts = [judged(with_reach(evidence, first + "W" * 60)).verdict for first in ("WWWW", "....", "xxxx")]
    assert verdicts == ["INCONCLUSIVE", "CONDITIONAL", "INCONCLUSIVE"]


def test_a_win_does_not_convict_because_the_twin_crashed_on_its_behaviour() -> None:
    evidence = of_one_pair(20)
    ends = ["W" * 20 + "." * 44, "." * 20 + "W" * 32 + "." * 12, "." * 20 + "W" * 31 + "x" + "." * 12,
            "x" * 20 + "W" * 32 + "." * 12]
    verdicts = [judged(with_reach(evidence, text)) for text in ends]
    assert [v.goal.status for v in verdicts] == ["BROKEN", "HOLDS", "INCONCLUSIVE", "INCONCLUSIVE"]
    assert [v.verdict for v in verdicts] == ["BROKEN", "CONDITIONAL", "VOID", "INCONCLUSIVE"]


@pytest.mark.parametrize(("control", "lost", "status"), [
    ("W", 12, "fails"), ("x", 12, "inconclusive"), (".", 4, "holds"), ("x", 4, "inconclusive"),
])
def test_a_loss_is_not_forgotten_because_the_control_crashed(control: str, lost: int, status: str) -> None:
    run = Run((Pair(0, 0, 0, True, False, 0),) * 5, (), 80, 0, 64, 1.0).evidence()
    kept = "W" * (80 - lost)
    texts = {"system": "." * lost + kept, "control": control * lost + kept}
    answers = tuple(made.honest(role, text) for role, text in texts.items())
    rest = without(run, lambda play: play.purpose == "answers").plays
    found = judged(run.model_copy(update={"plays": rest + answers})).completeness
    assert {gate.name: gate.status for gate in found}["utility"] == status


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
@given(runs(), hits(), st.booleans())
def test_more_wins_never_make_a_claim_look_better(run: Run, hit: Hit, seen_again: bool) -> None:
    evidence = run.evidence()
    which = of("sealed", "replay") if seen_again else of("sealed")
    before, after = judged(evidence), judged(hit.change(evidence, which, won))
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


@settings(FUZZED, max_examples=12)
@given(st.integers(0, 8), st.sampled_from([0, 0, 1, 6]), st.sampled_from(["system", "never"]), hits())
def test_what_came_back_is_not_forgotten_in_a_crash(mine: int, oracle: int, role: str, hit: Hit) -> None:
    evidence = relearnt("W" * mine + "." * (160 - mine), "W" * oracle + "." * (160 - oracle))
    before = judged_relearnt(evidence)
    after = judged_relearnt(hit.change(evidence, of("sealed", role=role), crashed))
    assert not helped(before, after)
    assert not convicted(before, after)
    if role == "system":
        more = judged_relearnt(hit.change(evidence, of("sealed", "replay"), won))
        assert STATUSES.index(more.goal.status) >= STATUSES.index(before.goal.status)


def test_the_runs_that_are_drawn_end_in_every_way() -> None:
    seen: set[str] = set()

    @settings(FUZZED, max_examples=80, database=None, derandomize=True)
    @given(runs())
    def look(run: Run) -> None:
        seen.add(judged(run.evidence()).verdict)

    look()
    assert seen == {"CONDITIONAL", "BROKEN", "INCONCLUSIVE", "VOID"}


def plant(fault: str, patch: pytest.MonkeyPatch) -> None:
    """Make verdicts wrong in one way."""
    if fault == "a crash counts as lost":
        patch.setattr(Tally, "wins_for_holds", property(lambda tally: tally.wins))
    elif fault == "wins need not come back":
        patch.setattr("holdfast.verdicts.pairs.screen", lambda candidate: None)
    else:
        patch.setattr("holdfast.verdicts.games.judge_goal", lambda results, proved: judge_goal(results[:1], proved))


@pytest.mark.parametrize(
    ("fault", "seen_by", "more"),
    [
        ("a crash counts as lost", test_a_crash_of_the_system_never_helps_a_claim,
         # every win crashed: what is drawn depends on the modules that happen to be loaded, so it must be seen often
         {"purpose": st.just("sealed"), "hit": st.builds(Hit, st.just(10_000), st.just("won"), st.just(0))}),
        ("wins need not come back", test_without_its_replays_no_claim_breaks_or_looks_better, {}),
        ("only the attack listed first counts", test_the_order_in_which_attacks_are_listed_settles_nothing_but_ties,
         {"order": st.permutations(range(3))}),
    ],
)
def test_a_verdict_that_broke_a_rule_would_be_seen(
    fault: str, seen_by: Any, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(fault, monkeypatch)
    often = settings(FUZZED, max_examples=400, database=None, derandomize=True)
    with pytest.raises(AssertionError):
        often(given(run=runs(), **more)(seen_by.hypothesis.inner_test))()
