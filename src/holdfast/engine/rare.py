"""The system of a claim as an ordinary user meets it, searched for failures that are too rare to be counted."""

from collections.abc import Callable
from pathlib import Path

from holdfast.claims.claim import Claim
from holdfast.core.errors import UsageError
from holdfast.engine.context import resolve
from holdfast.engine.executor import Executor, missing
from holdfast.engine.lock import locked
from holdfast.engine.open_model import opened
from holdfast.engine.open_world import asked
from holdfast.engine.requests import request_builds
from holdfast.engine.store import store_of_run
from holdfast.measures.asker import Asker
from holdfast.measures.rare import RareFinding, search
from holdfast.worlds.ordinary import OrdinaryUser, questions

GAMES = ("elicit", "joint")


def rare_failures(
    claim: Claim, out: Path, executor: Executor, user: OrdinaryUser, queries: int, seed: int,
    say: Callable[[str], None],
) -> RareFinding:
    """Ask the whole system, defences around it included, about the hazards of the explore split.

    What a defence in the weights builds, and what a server replies, is kept in the claim's run folder under `out`.
    Nothing sealed is asked. Raises UsageError for a claim in whose game nobody asks.
    """
    if claim.goal.game not in GAMES:
        raise UsageError(f"claim {claim.claim} plays {claim.goal.game!r}, in which nobody who asks makes the system "
                         f"fail; give a claim of the game {' or '.join(map(repr, GAMES))}.")
    context = resolve(claim, say)
    folder = out / claim.claim
    with locked(folder):
        store = store_of_run(folder)
        executor.run(missing(request_builds(context, context.system), store), store, say)
        target = opened(context.system, context.explore.world, store, file_only=False)
        hazards = [behaviour for behaviour, _ in asked(context.explore) if behaviour.hazardous]
        put = questions(user, hazards)
        asker = Asker(target, context.judge, put)
        return search(put, asker, context.explore.split, queries, claim.statistics.alpha, seed)
