"""`holdfast report`: one page about several runs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from holdfast.claims.goal import ATTACKED
from holdfast.claims.policy import Policy, read_policy
from holdfast.commands.cost import level_of
from holdfast.commands.judge import modes_of, ruling_on
from holdfast.core.files import write_whole
from holdfast.measures.heuristics import USUAL
from holdfast.reports.cost import usual_axis
from holdfast.reports.html import Part, render
from holdfast.reports.policies_page import cost_html, rulings_html
from holdfast.run import claim_of, evidence_of, read_plan, runs_in
from holdfast.verdicts.verdict import read_verdict


def write_report(paths: Sequence[Path], out: Path, policies: Sequence[str] = ()) -> str:
    """Write the page; returns a sentence that says where. Raises UsageError for a policy that cannot be read."""
    read = [read_policy(name) for name in policies]
    runs = runs_in(paths)
    parts = [list(_parts(run, number, read)) for number, run in enumerate(runs, 1)]
    write_whole(out, render([read_verdict(run / "verdict.json") for run in runs], parts))
    return f"wrote {out} about {len(runs)} claim{'s' if len(runs) > 1 else ''}; open it in a browser."


def _parts(run: Path, number: int, policies: Sequence[Policy]) -> Iterator[Part]:
    """The security level where somebody attacks, and the same evidence under each policy."""
    plan = read_plan(run)
    claim = claim_of(run, plan)
    if claim.goal.game in ATTACKED:
        level = level_of(run, USUAL)
        yield Part("Security level", cost_html(level, usual_axis(level), f"c{number}-cost", claim.goal.epsilon))
    if policies:
        evidence, facts = evidence_of(run), plan.facts
        rulings = [ruling_on(claim, evidence, facts, policy) for policy in policies]
        yield Part("Under each policy", rulings_html(rulings, modes_of(claim, evidence, facts)))
