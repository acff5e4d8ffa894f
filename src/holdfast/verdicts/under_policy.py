"""What a verdict is worth to somebody else: each demand of a policy met, not met, or not to be told, and why."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from holdfast.claims.policy import GRADES, Demand, Grounds, Policy
from holdfast.core.errors import nearest
from holdfast.core.records import Record
from holdfast.measures.potency import EXEMPT
from holdfast.stats.rounding import rounded_down, rounded_up
from holdfast.verdicts.verdict import Verdict

Met = Literal["met", "not met", "cannot tell"]

HOLDING = ("STANDS", "CONDITIONAL", "UNEXPLAINED")
PROVED = "Proved"       # how the ground of a verdict that rests on a certificate begins


class Check(Record):
    """One demand; `why` is a sentence."""

    demand: str
    status: Met
    why: str


class Ruling(Record):
    """One claim under one policy. `verdict` is that of the evidence at the policy's own bound, confidence and
    behaviours; None where there is none."""

    claim: str
    policy: str
    version: int
    owner: str
    risk: str | None
    status: Met
    verdict: str | None
    checks: tuple[Check, ...]


class Judged(NamedTuple):
    """What a policy is shown. `verdict` is the evidence rejudged, or why it says nothing; `judge` an id."""

    claim: str
    risk: str | None
    judge: str
    verdict: Verdict | str


def demand_of(policy: Policy, risk: str | None) -> Demand | str:
    """What a policy demands of a class; a sentence that says what to do where it does not name it."""
    if risk is None:
        return f"The claim names no class of risk; write e.g. 'risk: {next(iter(policy.classes))}' into it."
    if risk in policy.classes:
        return policy.classes[risk]
    return f"The policy has no class {risk!r}; {nearest(risk, policy.classes)}"


def under_policy(judged: Judged, policy: Policy) -> Ruling:
    """The ruling: not met if any demand is not, else open if any is, else met."""
    demand, verdict = demand_of(policy, judged.risk), judged.verdict
    if isinstance(demand, str):
        checks: tuple[Check, ...] = (Check(demand="class", status="cannot tell", why=demand),)
    elif isinstance(verdict, str):
        checks = (Check(demand="behaviours", status="cannot tell", why=_sentence(verdict)),)
    else:
        checks = tuple(_checks(judged.judge, verdict, demand, policy))
    statuses = {check.status for check in checks}
    return Ruling(
        claim=judged.claim, policy=policy.policy, version=policy.version, owner=policy.owner, risk=judged.risk,
        status="not met" if "not met" in statuses else "cannot tell" if "cannot tell" in statuses else "met",
        verdict=verdict.verdict if isinstance(verdict, Verdict) else None, checks=checks,
    )


def grade(verdict: Verdict) -> Grounds:
    """What a verdict that holds rests on."""
    if verdict.verdict != "STANDS":
        return "attacked"
    return "proof" if any(ground.startswith(PROVED) for ground in verdict.grounds) else "tested"


def _checks(judge: str, verdict: Verdict, demand: Demand, policy: Policy) -> Iterator[Check]:
    yield _rate(verdict, demand)
    yield _grounds(verdict, demand)
    if demand.sealed:
        yield _sealed(verdict)
    yield _seeds(verdict, demand)
    if demand.residual:
        yield _residual(verdict)
    if policy.judge is not None:
        same = judge == policy.judge
        why = f"It was judged by {judge}" + ("." if same else f", and {policy.judge} is demanded.")
        yield Check(demand="judge", status="met" if same else "cannot tell", why=why)


def _rate(verdict: Verdict, demand: Demand) -> Check:
    goal = verdict.goal
    limit = f"at most {demand.epsilon:g} at alpha {demand.alpha:g} is demanded"
    if verdict.verdict in HOLDING:
        if goal.game == "live":
            return _check("rate", "met", f"What was promised holds: {goal.promise}")
        seen = "is proved" if goal.upper is None else f"is at most {rounded_up(goal.upper)}"
        return _check("rate", "met", f"The worst rate {seen}, and {limit}")
    if verdict.verdict == "BROKEN":
        broken = goal.status == "BROKEN" and goal.lower is not None
        least = f"The worst rate is at least {rounded_down(goal.lower or 0.0)}, and {limit}"
        return _check("rate", "not met", least if broken else verdict.reason)
    return _check("rate", "cannot tell", f"{verdict.verdict} where {limit}: {verdict.reason}")


def _grounds(verdict: Verdict, demand: Demand) -> Check:
    if verdict.verdict not in HOLDING:
        return _check("grounds", "cannot tell" if verdict.verdict != "BROKEN" else "not met",
                      f"Nothing holds that could have grounds, and {demand.grounds} is demanded")
    have = grade(verdict)
    enough = GRADES.index(have) >= GRADES.index(demand.grounds)
    void = "; its guarantee is void" if verdict.verdict == "UNEXPLAINED" else ""
    wanted = "" if enough else f", and {demand.grounds} is demanded"
    return _check("grounds", "met" if enough else "not met", f"It rests on {_RESTS[have]}{void}{wanted}")


def _sealed(verdict: Verdict) -> Check:
    counted = sum(seed.n for attack in verdict.attacks for seed in attack.seeds)
    if verdict.sealed_openings and counted:
        times = "once" if verdict.sealed_openings == 1 else f"{verdict.sealed_openings} times"
        return _check("sealed", "met", f"Sealed behaviours were asked, opened {times} in all")
    return _check("sealed", "not met", "No sealed behaviour was counted to confirm what was chosen on explore")


def _seeds(verdict: Verdict, demand: Demand) -> Check:
    counts = {a.name: len({s.seed for s in a.seeds}) for a in verdict.attacks if a.name != EXEMPT}
    if not counts:
        return _check("seeds", "cannot tell", f"No attack was played, and {demand.seeds} seeds of each are demanded")
    name = min(counts, key=lambda attack: counts[attack])
    enough = counts[name] >= demand.seeds
    return _check("seeds", "met" if enough else "not met",
                  f"{name} was played with {counts[name]} seed{'s' if counts[name] > 1 else ''}, fewest of all, and "
                  f"{demand.seeds} {'are' if demand.seeds > 1 else 'is'} demanded")


def _residual(verdict: Verdict) -> Check:
    goal = verdict.goal
    if goal.by_collapse:
        why = "An attack destroyed the model, which bounds nothing for who attacks it more gently"
        return _check("residual", "cannot tell", why)
    if any(ground.startswith(PROVED) for ground in verdict.grounds) and verdict.verdict == "STANDS":
        return _check("residual", "met", "A certificate bounds what is left")
    if goal.upper is None or goal.upper >= 1:
        return _check("residual", "cannot tell", "Nothing bounds the worst attack's rate from above")
    return _check("residual", "met", f"At most {rounded_up(goal.upper)} can be won, {verdict.against}")


_RESTS: dict[Grounds, str] = {
    "attacked": "the attacks listed and nothing else",
    "tested": "assumptions that were tested and a derivation from them",
    "proof": "an accepted certificate",
}


def _check(demand: str, status: Met, why: str) -> Check:
    return Check(demand=demand, status=status, why=_sentence(why))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
