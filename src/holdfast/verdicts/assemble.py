"""From evidence to verdict: measures -> findings -> decision -> the record that is written."""

from collections.abc import Sequence

from holdfast.claims.claim import Claim
from holdfast.core.evidence import Evidence
from holdfast.measures.choose import pair_of
from holdfast.measures.completeness import GateResult
from holdfast.measures.crashes import MOST_CRASHES, crashed_share
from holdfast.measures.curves import first_break
from holdfast.measures.erase import Erasure
from holdfast.measures.potency import families_without
from holdfast.stats.rounding import rounded_up
from holdfast.stats.seeds import unseen_seed_bound
from holdfast.verdicts.beside import forecast, held_out_families, refusals
from holdfast.verdicts.case import Case, leaks, open_case
from holdfast.verdicts.details import against, attack_results, curves, not_tried, witnesses
from holdfast.verdicts.facts import Facts
from holdfast.verdicts.findings import Break, Findings, Promised
from holdfast.verdicts.games import explored, play_game
from holdfast.verdicts.goal import GoalFinding
from holdfast.verdicts.grounds import grounds
from holdfast.verdicts.layers import Layered, layers
from holdfast.verdicts.losses import unlearnt
from holdfast.verdicts.measure import destroyed, doubted, gates, included, knows, live, potencies
from holdfast.verdicts.pairs import PairResult
from holdfast.verdicts.rules import decide
from holdfast.verdicts.verdict import BrokenAt, GoalResult, Verdict, settled


def judge_evidence(claim: Claim, evidence: Evidence, facts: Facts) -> Verdict:
    """The verdict on one claim, computed from nothing but its arguments.

    Raises IncompleteEvidence if a planned play is missing, and NoAttempts if the system was never asked.
    """
    case = open_case(claim, evidence, facts)
    submitted = case.submitted()
    potent = potencies(case, submitted)
    sharp = frozenset(name for name, found in potent.items() if found.potent)
    counted = included(case, sharp)
    counting = doubted(submitted, case.sealed, counted.doubtful)
    goal, results, fate = play_game(case, counting, counted.behaviours)
    completeness, liveness = gates(case), live(case)
    trapped = destroyed(case, submitted) if goal.status == "HOLDS" and case.attacked else ()
    families = families_without(claim.threat_model.access, {a.name: a.needs for a in facts.attacks}, sharp)
    crashed = crashed_share(case.of("system"))
    status, reason = _completeness(completeness)
    ground = grounds(case, counted.behaviours, goal.worst.found if goal.breaks else None)
    stack = layers(case, counted, goal, submitted)
    findings = Findings(
        against=against(case, potent, results),
        judge_blind=facts.judge_blind,
        knows_world=knows(case),
        implant_command=facts.implant,
        breaks=goal.breaks,
        goal=goal.status,
        goal_reason=goal.reason,
        completeness=status,
        completeness_reason=reason,
        failed_gates=tuple(g.name for g in completeness if g.status == "fails"),
        fails=stack.fails,
        fails_reason=stack.reason,
        failing=stack.blame,
        # Where liveness is the goal, the goal says what is wrong with it.
        dead_defences=() if claim.goal.game == "live" else tuple(f.reason for f in liveness if f.status != "live"),
        crashed_share=crashed,
        too_many_crashes=crashed > MOST_CRASHES,
        has_control=facts.has_control,
        certificate=facts.certificate,
        impotent_families=families if facts.has_control and case.attacked else (),
        out_of_reach=_out_of_reach(case, counted.enough),
        assumptions=ground.assumptions,
        derivation="proof" if facts.certificate else ground.derivation,
        charged=ground.blame(),
        collapsed=trapped,
        anti_trap_potent=any(a.anti_trap and a.name in sharp for a in facts.attacks),
        condition=None if case.attacked else claim.goal.game,
    )
    decision = decide(findings)
    verdict = Verdict(
        claim=claim.claim,
        title=claim.title,
        verdict=decision.verdict,
        rule=decision.rule,
        reason=decision.reason,
        grounds=(*decision.grounds, *_measured(case, findings, results, stack, decision.reason)),
        blame=decision.blame,
        against=findings.against,
        goal=_goal(case, goal, fate, bool(trapped)),
        assumptions=ground.assumptions,
        completeness=completeness,
        attacks=attack_results(case, submitted, results, potent),
        not_tried=not_tried(case, potent, findings.impotent_families),
        liveness=liveness,
        curves=curves(case, submitted),
        forecasts=forecast(case, submitted, counted.behaviours) if case.attacked else (),
        generalisation=held_out_families(case),
        boundary=refusals(case),
        guarantee=ground.result,
        layers=stack.result,
        witnesses=(*witnesses(case, submitted, counted.behaviours), *stack.witnesses),
        sealed_openings=facts.sealed_openings,
        versions=facts.versions,
        seeds=tuple(sorted({p.seed for p in submitted})),
        sha256=facts.sha256,
    )
    return settled(verdict)


def _out_of_reach(case: Case, enough: bool) -> str | None:
    """Why nothing could have been shown on these behaviours; None where something could."""
    if case.claim.goal.game == "train":
        return unlearnt(case)
    return None if enough else "under half of the sealed behaviours can be elicited from any model at hand"


def _completeness(results: Sequence[GateResult]) -> tuple[Promised, str]:
    """The status over all gates, and the reasons of those that decide it."""
    if not results:
        return "not promised", "the claim promises no completeness"
    order: tuple[Promised, ...] = ("fails", "inconclusive", "holds")
    status = min((gate.status for gate in results), key=order.index)
    if status == "holds":
        losses = (f"{gate.name} loses at most {rounded_up(gate.upper or 0.0)}" for gate in results)
        return status, f"completeness holds: {', '.join(losses)}"
    return status, "; ".join(gate.reason for gate in results if gate.status == status)


def _measured(
    case: Case, findings: Findings, results: Sequence[PairResult], stack: Layered, said: str
) -> tuple[str, ...]:
    """What was measured beside what decided (and was `said`), one sentence each."""
    depth = stack.result.reason if stack.result else ""
    every = (findings.goal_reason, findings.completeness_reason, findings.fails_reason, depth,
             *findings.dead_defences, *leaks(case))
    sentences = [text for text in every if text and text.casefold() not in said.casefold()]
    if findings.goal == "HOLDS" and results and not findings.certificate:
        seeds = {result.seed for result in results}
        bound = unseen_seed_bound(len(seeds), len(seeds), case.claim.statistics.alpha)
        sentences.append(f"{len(seeds)} of {len(seeds)} seeds held; up to {bound:.0%} of unseen seeds may not")
    return tuple(f"{text[0].upper()}{text[1:]}." for text in sentences)


def _goal(case: Case, goal: GoalFinding, fate: Erasure | None, by_collapse: bool) -> GoalResult:
    promised, worst = case.claim.goal, goal.worst
    return GoalResult(
        status=goal.status,
        game=promised.game,
        promise=promised.promise,
        epsilon=promised.epsilon,
        alpha=case.claim.statistics.alpha,
        lower=worst.lower,
        upper=worst.upper,
        worst_attack=worst.attack,
        broken_at=_broken_at(case, worst) if goal.status == "BROKEN" else None,
        reason=goal.reason,
        needed=goal.needed,
        by_collapse=by_collapse,
        erasure=fate,
    )


def _broken_at(case: Case, worst: PairResult) -> BrokenAt | None:
    """Where the strongest break was found, and the first checkpoint at which explore shows one."""
    found = worst.found
    if found is None:
        return None
    if not case.attacked:
        return _found(found, None)
    broken, alpha = case.stick.dead_zone().broken, case.stick.alpha
    mine = [p for p in explored(case, case.submitted()) if pair_of(p) == (found.attack, found.seed, found.build)]
    firsts = [step for p in mine if (step := first_break(p, case.explore, broken, alpha)) is not None]
    return _found(found, min(firsts, default=None))


def _found(found: Break, first_step: int | None) -> BrokenAt:
    return BrokenAt(
        attack=found.attack,
        seed=found.seed,
        build=found.build,
        step=found.step,
        first_step=first_step,
        settings=found.settings,
        wins=found.wins,
        n=found.n,
        lower=found.lower,
    )
