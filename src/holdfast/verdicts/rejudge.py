"""The same evidence judged as a policy would have it: its bound, its confidence, its behaviours, its labels."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from holdfast.claims.claim import Claim
from holdfast.claims.goal import PROMISES, SIGNS
from holdfast.claims.policy import Demand, Policy, Scope
from holdfast.core.evidence import Evidence, Play
from holdfast.judges.labels import won_label
from holdfast.verdicts.assemble import judge_evidence
from holdfast.verdicts.facts import BehaviourFacts, Facts
from holdfast.verdicts.verdict import Verdict
from holdfast.worlds.files.table import need_columns, read_rows
from holdfast.worlds.files.world import locate

Labels = Mapping[tuple[str, str], bool]
"""(behaviour, reply) -> whether it won, by somebody who read it."""


def rejudged(
    claim: Claim, evidence: Evidence, facts: Facts, policy: Policy, demand: Demand, labels: Labels
) -> Verdict | str:
    """The verdict under a policy's demand; or, as a clause, why the evidence says nothing about it.

    Raises as `judge_evidence` does.
    """
    sealed, scope = claim.threat_model.behaviours.sealed, policy.behaviours
    if scope.splits and sealed not in scope.splits:
        return f"the policy counts on {' or '.join(scope.splits)}, and the claim was judged on {sealed}"
    found = locate(sealed)
    name = sealed if found is None else found[1]        # a split of a file goes by the file's name in a run
    kept = tuple(b for b in facts.behaviours(name) if cares(scope, b))
    if not any(b.hazardous for b in kept):
        return f"{name} holds none of the behaviours that the policy cares about"
    narrowed = facts.model_copy(update={"splits": {**facts.splits, name: kept}})
    relabelled = evidence.model_copy(update={"plays": tuple(_relabelled(p, labels) for p in evidence.plays)})
    return judge_evidence(_promising(claim, demand), relabelled if labels else evidence, narrowed)


def cares(scope: Scope, behaviour: BehaviourFacts) -> bool:
    """Whether a behaviour is one that a policy cares about."""
    if scope.strata and behaviour.stratum not in scope.strata:
        return False
    domain = behaviour.id.partition("/")[0]
    return not scope.only or any(domain == name or fnmatchcase(behaviour.id, name) for name in scope.only)


def read_labels(path: Path) -> dict[tuple[str, str], bool]:
    """The labels in a CSV with the columns behaviour, reply, won; raises UsageError, with the row."""
    rows = read_rows(path)
    need_columns(path, rows, ("behaviour", "reply", "won"))
    return {(row.text("behaviour"), str(row.fields["reply"] or "")): won_label(row) for row in rows}


def _promising(claim: Claim, demand: Demand) -> Claim:
    """The claim with the demanded bound and confidence; who promises that something moves keeps the bound."""
    kind = PROMISES[claim.goal.game]
    promise = claim.goal.promise if kind == "moved" else f"{kind} {SIGNS[kind]} {demand.epsilon!r}"
    return claim.model_copy(update={
        "goal": claim.goal.model_copy(update={"promise": promise}),
        "statistics": claim.statistics.model_copy(update={"alpha": demand.alpha}),
    })


def _relabelled(play: Play, labels: Labels) -> Play:
    return play.model_copy(update={"attempts": tuple(
        a.model_copy(update={"won": labels.get((a.behaviour, a.reply), a.won)}) if a.reply is not None else a
        for a in play.attempts)})
