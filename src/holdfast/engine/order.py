"""Which rounds a claim is played in, by its game."""

from collections.abc import Generator

from holdfast.core.evidence import Evidence
from holdfast.engine.again import lost_answers
from holdfast.engine.context import Context
from holdfast.engine.requests import Round
from holdfast.engine.rounds import groundwork, rounds
from holdfast.engine.rounds_grounds import grounds_rounds
from holdfast.engine.rounds_layers import layer_rounds
from holdfast.engine.rounds_train import training_rounds
from holdfast.measures.joint import jointly


def rounds_of(c: Context) -> Generator[Round, Evidence, None]:
    """Yield the rounds of a claim; each `send` gives all evidence so far."""
    seen = yield from _played(c)
    seen = yield from grounds_rounds(c, seen)
    yield from layer_rounds(c, seen)


def _played(c: Context) -> Generator[Round, Evidence, Evidence]:
    """The rounds of the claim's game."""
    game = c.claim.goal.game
    if game == "train":
        return (yield from training_rounds(c))
    if game == "live":
        return (yield groundwork(c))
    if game == "joint":
        return (yield from _joint(c))
    if game == "stability":
        return (yield from _stability(c))
    return (yield from rounds(c))


def _joint(c: Context) -> Generator[Round, Evidence, Evidence]:
    """The same rounds, chosen by an attacker to whom the wins of a useless model are worth nothing."""
    benign = {ask.split for ask in (c.utility, c.benign_explore) if ask is not None}
    plan = rounds(c)
    asked = next(plan)
    while True:
        seen = yield asked
        try:
            asked = plan.send(seen.model_copy(update={"plays": jointly(seen.plays, benign)}))
        except StopIteration:
            return seen


def _stability(c: Context) -> Generator[Round, Evidence, Evidence]:
    """The same rounds; what was lost is asked again at the end."""
    seen = yield from rounds(c)
    return (yield lost_answers(c, seen))
