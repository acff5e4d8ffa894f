"""`holdfast cost`: what the cheapest known attack costs, from runs that were made before."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from holdfast.claims.goal import ATTACKED
from holdfast.commands.runs import runs_of
from holdfast.core.errors import UsageError
from holdfast.measures.cost import axis_named
from holdfast.measures.heuristics import USUAL, Heuristics, swapped
from holdfast.measures.security import SecurityLevel, Setting, security_level
from holdfast.reports.cost import print_cost, usual_axis
from holdfast.run import claim_of, evidence_of, read_plan
from holdfast.verdicts.case import open_case
from holdfast.verdicts.verdict import read_verdict


def print_costs(
    paths: Sequence[Path], out: Path, choices: Sequence[str], axis: str | None, *, as_json: bool
) -> None:
    """Print the security level of each run or claim; raises UsageError where there is no run yet."""
    heuristics = swapped(choices)
    wanted = axis_named(axis) if axis is not None else None
    found = [(run, level_of(run, heuristics)) for path in paths for run in runs_of(path, out)]
    if as_json:
        print(json.dumps([level.model_dump(mode="json") for _, level in found], indent=2))
        return
    console = Console()
    for number, (run, level) in enumerate(found):
        if number:
            console.print()
        usual = level_of(run, USUAL) if heuristics != USUAL else None
        print_cost(level, wanted or usual_axis(level), console, usual)


def level_of(run: Path, heuristics: Heuristics) -> SecurityLevel:
    """The security level from one run; raises UsageError where nobody attacks."""
    plan = read_plan(run)
    claim, facts, verdict = claim_of(run, plan), plan.facts, read_verdict(run / "verdict.json")
    if claim.goal.game not in ATTACKED:
        raise UsageError(f"nobody attacks in the game {claim.goal.game!r} of {run}, so there is no cost to break it.")
    case = open_case(claim, evidence_of(run), facts)
    stick = case.stick
    about = Setting(
        claim=claim.claim,
        verdict=verdict.verdict,
        game=claim.goal.game,
        explore=case.explore,
        sealed=case.sealed,
        hazards={s: [b.id for b in facts.behaviours(s) if b.hazardous] for s in (case.explore, case.sealed)},
        budget=claim.threat_model.budget,
        chance={split: facts.chance(split) for split in (case.explore, case.sealed)},
        exchangeable=[a.name for a in facts.attacks if a.exchangeable],
        potent={a.name: a.potent for a in verdict.attacks},
        alpha=stick.alpha,
        shown=lambda wins, n: stick.lower(wins, n, stick.alpha),
        beside_never=claim.goal.game in ("relearn", "erase"),
    )
    return security_level(case.plays, about, heuristics)
