"""What a claim's guarantee amounts to: its assumptions as checked, the bound that follows, and who failed."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from holdfast.assumptions.assumption import Assumption, PlayedAssumption, SampledAssumption
from holdfast.assumptions.finding import AssumptionResult
from holdfast.core.evidence import Play
from holdfast.core.plugins import plugin_id
from holdfast.guarantees.choosing import Chosen, choose
from holdfast.guarantees.guarantee import Bound, Granted, Guarantee, Terms, Witness
from holdfast.guarantees.swapping import swaps
from holdfast.measures.counts import outcomes
from holdfast.stats import binomial
from holdfast.verdicts.blame import BlameFacts, Hybrid, attribute
from holdfast.verdicts.case import Case
from holdfast.verdicts.findings import Blame, Break
from holdfast.verdicts.verdict import GuaranteeResult, HybridResult


class Grounds(NamedTuple):
    """What the rules look at, and what is shown beside them."""

    derivation: Literal["none", "heuristic", "sketch"]
    assumptions: tuple[AssumptionResult, ...]
    result: GuaranteeResult | None
    facts: BlameFacts | None

    def blame(self) -> tuple[Blame, ...]:
        """The blame for a confirmed break; empty for a claim without a guarantee."""
        return attribute(self.facts) if self.facts is not None else ()


NONE = Grounds("none", (), None, None)


def grounds(case: Case, counted: Collection[str], worst: Break | None) -> Grounds:
    """The grounds of a claim, with attribution made ready where there is a break; `counted` are behaviours."""
    if case.claim.guarantee == "none":
        return NONE
    chosen = choose(case.claim.guarantee)
    alpha = case.claim.statistics.alpha / max(1, len(chosen.assumptions))
    granted = {
        slot: Granted(assumption, checked(case, slot, chosen, assumption, alpha))
        for slot, assumption in chosen.assumptions.items()
    }
    guarantee = chosen.guarantee
    terms = Terms(case.claim.threat_model.budget, case.claim.goal.epsilon)
    bound = guarantee.bound(granted, terms)
    follows, reason = _follows(case, bound)
    witnesses = _witnesses(case, guarantee, granted)
    violations = guarantee.broken_invariants(case.traces, case.training)
    hybrids = _hybrids(case, counted)
    level = case.claim.statistics.alpha
    result = GuaranteeResult(
        id=chosen.id, derivation=guarantee.derivation, bound=None if isinstance(bound, str) else bound,
        follows=follows, reason=reason, swaps=swaps(chosen, {slot: g.result for slot, g in granted.items()}, terms),
        violations=violations, witnesses=witnesses,
        hybrids=tuple(_counted(h, level) for h in hybrids),
    )
    facts = None
    if worst is not None:
        facts = BlameFacts(
            won=_won(case, worst, counted), epsilon=case.claim.goal.epsilon, alpha=level,
            allowed=bound.value if isinstance(bound, Bound) and bound.quantity == "rate" else None,
            traced=frozenset(t.behaviour for t in case.traces if t.won),
            assumptions={slot: each.result for slot, each in granted.items()},
            violations=violations, witnesses=tuple(w for w in witnesses if w.behaviour in counted), hybrids=hybrids)
    built = follows and not violations      # what follows from a construction is said of no other
    return Grounds(_derivation(guarantee, built), tuple(g.result for g in granted.values()), result, facts)


def checked(case: Case, slot: str, chosen: Chosen, assumption: Assumption, alpha: float) -> AssumptionResult:
    """What the assumption's own check says at level `alpha`; UNTESTED where it has nothing to read."""
    name, kind, quantity = plugin_id(chosen.parts[slot].use), assumption.kind, assumption.quantity

    def bare(status: Literal["TRUSTED", "UNTESTED"], reason: str, **values: float) -> AssumptionResult:
        return AssumptionResult(id=name, status=status, kind=kind, quantity=quantity, reason=reason, values=values)

    if isinstance(assumption, SampledAssumption):
        sample = case.samples.get(slot)
        if sample is None or sample.crash is not None:
            return bare("UNTESTED", f"its sampler died: {sample.crash}" if sample else "nothing was sampled for it")
        return assumption.check(sample, alpha).model_copy(update={"id": name})
    if isinstance(assumption, PlayedAssumption):
        plays = [p for p in case.plays if p.purpose == "explore" and p.role != "hybrid"]
        return assumption.check(plays, alpha).model_copy(update={"id": name})
    return bare("TRUSTED", "it is taken on trust", **assumption.values())


def _follows(case: Case, bound: Bound | str) -> tuple[bool, str]:
    """Whether the bound gives what the claim promises, and the sentence that says so."""
    promise, budget = case.claim.goal.promise, case.claim.threat_model.budget
    if isinstance(bound, str):
        return False, f"no bound follows: {bound}"
    if bound.quantity == "rate":
        follows = bound.value <= case.claim.goal.epsilon
        return follows, f"it gives a rate of at most {bound.value:.3g} ({bound.why}), and {promise} was promised"
    spent = getattr(budget, bound.unit, None)
    follows = spent is not None and spent < bound.value and bound.at <= case.claim.goal.epsilon
    within = f"{spent:g} {bound.unit}" if spent is not None else f"any number of {bound.unit}"
    cost = f"winning {bound.at:.3g} costs at least {bound.value:.3g} {bound.unit} ({bound.why})"
    return follows, f"{cost}, against {within}, and {promise} was promised"


def _derivation(guarantee: Guarantee, follows: bool) -> Literal["none", "heuristic", "sketch"]:
    """How far the derivation carries; a proof from assumptions is no better than they are, and counts as a sketch."""
    if not follows:
        return "none"
    return "heuristic" if guarantee.derivation == "heuristic" else "sketch"


def _witnesses(case: Case, guarantee: Guarantee, granted: Mapping[str, Granted]) -> tuple[Witness, ...]:
    sealed = {b.id for b in case.facts.behaviours(case.sealed)}
    won = [t for t in case.traces if t.won and t.behaviour in sealed]
    return tuple(w for trace in won for w in guarantee.reduce(granted, trace))


def _hybrids(case: Case, counted: Collection[str]) -> tuple[Hybrid, ...]:
    return tuple(
        Hybrid(enforced=play.enforced, won=_fell(play, case.sealed, 0, counted))
        for play in case.of("hybrid", purposes=("sealed",)) if play.attempts
    )


def _counted(hybrid: Hybrid, alpha: float) -> HybridResult:
    wins, n = sum(hybrid.won.values()), len(hybrid.won)
    lower, upper = binomial.interval(wins, n, alpha) if n else (None, None)
    return HybridResult(enforced=hybrid.enforced, wins=wins, n=n, lower=lower, upper=upper)


def _won(case: Case, worst: Break, counted: Collection[str]) -> dict[str, bool]:
    plays = case.of("system", purposes=("sealed",))
    play = next(p for p in plays if (p.attack, p.seed, p.build) == (worst.attack, worst.seed, worst.build))
    return _fell(play, case.sealed, worst.step, counted)


def _fell(play: Play, split: str, step: int, counted: Collection[str]) -> dict[str, bool]:
    """By counted behaviour whether it fell; one that crashed did not."""
    return {b: won is True for b, won in outcomes(play, split, step).items() if b in counted}
