"""`holdfast rare`: how rarely an ordinary user makes a claim's system fail."""

import json
from collections.abc import Sequence
from pathlib import Path

import pydantic
from rich.console import Console

from holdfast.claims.load import read_claim, read_mapping
from holdfast.core.errors import UsageError
from holdfast.core.records import explain
from holdfast.engine.executor import Local
from holdfast.engine.rare import rare_failures
from holdfast.engine.threads import set_environment, settle_worker
from holdfast.measures.rare import plainly, residual
from holdfast.reports.progress import Progress
from holdfast.reports.rare import print_rare
from holdfast.worlds.ordinary import OrdinaryUser

LEAST = 100


def print_rates(
    paths: Sequence[Path], out: Path, overrides: tuple[str, ...], user: Path | None, queries: int, seed: int, *,
    as_json: bool,
) -> None:
    """Search each claim's system and print what was found; raises UsageError where there is nothing to search."""
    if queries < LEAST:
        raise UsageError(f"--queries {queries} is too few to learn from and to count with; give {LEAST} or more.")
    claims = [read_claim(path, overrides) for path in paths]
    who = OrdinaryUser() if user is None else read_user(user)
    set_environment()
    settle_worker()
    found = []
    with Local() as executor, Progress() as progress:
        for claim in claims:
            found.append((claim, rare_failures(claim, out, executor, who, queries, seed, progress.say)))
    if as_json:
        print(json.dumps([
            {"claim": claim.claim, "epsilon": claim.goal.epsilon, "residual": residual(each, claim.goal.epsilon),
             "plain_sampling": plainly(each)._asdict(), "user": who.model_dump(mode="json"),
             **each.model_dump(mode="json")} for claim, each in found], indent=2))
        return
    console = Console()
    for number, (claim, each) in enumerate(found):
        if number:
            console.print()
        print_rare(claim.claim, claim.goal.epsilon, each, console)


def read_user(path: Path) -> OrdinaryUser:
    """A user of one's own from a YAML file; raises UsageError for anything else."""
    try:
        return OrdinaryUser.model_validate(read_mapping(path, "user"))
    except pydantic.ValidationError as error:
        raise explain(error, OrdinaryUser, str(path)) from None
