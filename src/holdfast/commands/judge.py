"""`holdfast judge`: the same evidence under several policies, side by side."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from holdfast.claims.claim import Claim
from holdfast.claims.policy import Policy, read_policy
from holdfast.commands.runs import runs_of
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Evidence
from holdfast.measures.dominating import Dominating, asked, by_attack, by_behaviour, by_group
from holdfast.reports.policies import print_dominating, print_rulings
from holdfast.run import claim_of, evidence_of, read_plan
from holdfast.verdicts.case import open_case
from holdfast.verdicts.facts import Facts
from holdfast.verdicts.rejudge import read_labels, rejudged
from holdfast.verdicts.under_policy import Judged, Ruling, demand_of, under_policy
from holdfast.verdicts.verdict import Verdict


def judge_runs(paths: Sequence[Path], out: Path, policies: Sequence[str], *, as_json: bool) -> int:
    """Print each run's rulings and what dominates its risk: 0 all met, 1 one not met, 4 one cannot be told.

    Raises UsageError where a policy cannot be read, or two bear one name.
    """
    read = [read_policy(given) for given in policies]
    names = [policy.policy for policy in read]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two policies are called {min(twice)!r}; give each of them once.")
    rulings: list[Ruling] = []
    modes: dict[str, list[Dominating]] = {}
    for run in [run for path in paths for run in runs_of(path, out)]:
        plan = read_plan(run)
        claim, evidence, facts = claim_of(run, plan), evidence_of(run), plan.facts
        rulings += [ruling_on(claim, evidence, facts, policy) for policy in read]
        modes[claim.claim] = modes_of(claim, evidence, facts)
    if as_json:
        found = {name: [cut.model_dump(mode="json") for cut in cuts] for name, cuts in modes.items()}
        print(json.dumps({"rulings": [r.model_dump(mode="json") for r in rulings], "dominating": found}, indent=2))
    else:
        console = Console()
        for name, cuts in modes.items():
            print_rulings([ruling for ruling in rulings if ruling.claim == name], console)
            print_dominating(cuts, console)
    statuses = {ruling.status for ruling in rulings}
    return 1 if "not met" in statuses else 4 if "cannot tell" in statuses else 0


def ruling_on(claim: Claim, evidence: Evidence, facts: Facts, policy: Policy) -> Ruling:
    """One run under one policy."""
    demand = demand_of(policy, claim.risk)
    labels = read_labels(policy.labels) if policy.labels is not None else {}
    found: Verdict | str = "the policy demands nothing of this class"
    if not isinstance(demand, str):
        found = rejudged(claim, evidence, facts, policy, demand, labels)
    judge = claim.judge.use or ("exact" if facts.judge_error is None else "the world's own judge")
    return under_policy(Judged(claim.claim, claim.risk, judge, found), policy)


def modes_of(claim: Claim, evidence: Evidence, facts: Facts) -> list[Dominating]:
    """What dominates the sealed wins of a run, by attack, domain, stratum and behaviour; no cut of a single part."""
    case, alpha = open_case(claim, evidence, facts), claim.statistics.alpha
    behaviours = {b.id: b for b in facts.behaviours(case.sealed) if b.hazardous}
    tried = asked(case.of("system", purposes=("sealed",)), case.sealed, behaviours)
    domains = {name: name.partition("/")[0] if "/" in name else b.contrast or "all" for name, b in behaviours.items()}
    strata = {name: b.stratum or "none" for name, b in behaviours.items()}
    cuts = (
        by_attack(tried, alpha),
        by_group("domain", tried, domains, alpha),
        by_group("stratum", tried, strata, alpha),
        by_behaviour(tried, alpha),
    )
    return [cut for cut in cuts if cut is not None and len(cut.modes) > 1]
