"""How rarely a system fails a user who does not attack: a search for failures that plain sampling would hardly meet.

What the search goes by is what the system gives away itself, the log-probability of the true answer. Where that is
flat (a filter that says yes or no), or not shown, there is no slope to climb, and the search goes by wins alone: it
starts from odds under which rare parts are common, and learns from whatever fails there. Once one kind of failure is
learnt it starts anew, and what that kind explains counts no more. A failure that needs many rare parts at once, each
useless without the others, is found by neither; for that stands the plain draws' bound.
"""

import math
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from holdfast.core.records import Record
from holdfast.measures.asker import FAILED, LOST, UNKNOWN, Asker, Guide
from holdfast.measures.dominating import Dominating
from holdfast.measures.rare_kinds import explained, kinds, look_into, stripped
from holdfast.stats import binomial
from holdfast.stats.rare_event import Floats, Inputs, Space, flattened, learn, mixed
from holdfast.worlds.ordinary import Questions

PLAIN, PILOT = 0.5, 0.1
"""Of the draws that count, the shares that come as they do and with flattened odds; the rest are favoured."""

POWER = 0.5         # of the odds, where rare parts are to be common
PRIOR = 0.3         # times that each option counts as met before any was
LEARNING = 0.5      # of the queries, at most
ROUND = 24          # rounds that would use all queries up; no more are made
LEAST = 20          # inputs a round
TAUGHT = 8          # failures that say what a kind of them needs

Residual = Literal["above", "below", "below as far as was searched", "cannot tell"]


class RareFinding(Record):
    """What a search found. `lower` and `upper` bound the rate two-sided at `alpha`, as far as the search saw.

    `learnt` is how many kinds of failure it learnt to favour. `plain_failed` of `plain_of` inputs that came as they
    do failed (or could not be judged): from that `plain_upper` at one-sided `alpha`, whatever the search overlooked.
    `modes` are cuts through `looked_into` failures, drawn by how much of the rate they make up. `unjudged` inputs
    crashed or could not be judged; they count as failures in upper bounds, and as none in the rate. `guide` says what
    the search went by.
    """

    split: str
    behaviours: int
    queries: int
    guide: Guide
    learnt: int
    rate: float
    lower: float
    upper: float
    alpha: float
    met: int
    plain_failed: int
    plain_of: int
    plain_upper: float
    unjudged: int
    looked_into: int
    modes: tuple[Dominating, ...]
    examples: tuple[str, ...]


class Plainly(NamedTuple):
    """What plain sampling would say with as many queries: failures to expect, the chance of none, and the bound then.

    `needed` queries would make an interval as narrow; None where nothing failed, or all did.
    """

    expected: float
    chance_of_none: float
    bound: float
    needed: float | None


def residual(found: RareFinding, epsilon: float) -> Residual:
    """Where the risk that is left for such a user stands to epsilon.

    `below` rests on plain draws alone, and holds whatever was overlooked; `below as far as was searched` holds if no
    failure of another kind was.
    """
    if found.lower > epsilon:
        return "above"
    if found.plain_upper <= epsilon:
        return "below"
    return "below as far as was searched" if found.upper <= epsilon else "cannot tell"


def plainly(found: RareFinding) -> Plainly:
    """Plain sampling with as many queries, if the rate is what was found; nothing is asked for it."""
    rate, n = found.rate, found.queries
    needed = None
    if 0 < rate < 1 and found.lower > 0:
        off = math.log(found.upper / found.lower) / (2 * float(ndtri(1 - found.alpha / 2)))
        needed = (1 - rate) / (rate * off**2)
    return Plainly(n * rate, (1 - rate) ** n, binomial.upper(0, n, found.alpha), needed)


def search(asked: Questions, asker: Asker, split: str, queries: int, alpha: float, seed: int) -> RareFinding:
    """Search with about so many queries, half of them to learn; a few more look into what failed.

    Where nothing failed in learning, all that is left comes as it does, and the bound is exact. Two searches with
    equal arguments find the same.
    """
    rng = np.random.default_rng(seed)
    pilot = flattened(asked.space, POWER)
    favoured = _learnt(asked, asker, pilot, queries, rng)
    parts = [(1.0, asked.space)]
    if favoured:
        share = (1 - PLAIN - PILOT) / len(favoured)
        parts = [(PLAIN, asked.space), (PILOT, pilot), *((share, each) for each in favoured)]
    drawn = mixed(asked.space, parts, asker.outcome, max(1, queries - asker.queries), rng)
    sure, most = (drawn.event(level, alpha, asker.queries) for level in (FAILED, UNKNOWN))
    failures = look_into(asked, asker, sure, rng)
    hit, of = most.asis
    return RareFinding(
        split=split, behaviours=len(asked.behaviours), queries=asker.queries, guide=asker.guide, learnt=len(favoured),
        rate=sure.rate, lower=sure.lower, upper=most.upper, alpha=alpha, met=len(sure.found), plain_failed=hit,
        plain_of=of, plain_upper=binomial.upper(hit, of, alpha) if of else 1.0, unjudged=asker.met(UNKNOWN),
        looked_into=len(failures), modes=kinds(failures, alpha),
        examples=tuple(dict.fromkeys(failure.text for failure in failures))[:3])


def _learnt(asked: Questions, asker: Asker, pilot: Space, queries: int, rng: np.random.Generator) -> list[Space]:
    """Odds for each kind of failure that was met, one after the other, until the queries for learning are used up."""
    known: Inputs = np.zeros((0, len(asked.space.odds)), dtype=np.int64)
    out: list[Space] = []
    favoured, polished, failures = pilot, False, known

    def score(inputs: Inputs) -> Floats:
        nonlocal failures
        scores, old = asker.score(inputs), explained(inputs, known)
        failures = np.concatenate([failures, inputs[(scores == FAILED) & ~old]])
        return np.where(old, scores[~old].min() if not old.all() else LOST, scores)

    batch = max(LEAST, queries // ROUND)
    for _ in range(ROUND):
        if asker.queries >= LEARNING * queries:
            break
        found = learn(asked.space, score, FAILED, batch=batch, rng=rng, rounds=1, start=favoured, prior=PRIOR)
        favoured = found.favoured
        if polished:        # a round more has learnt from failures alone
            out.append(favoured)
            known = np.concatenate([known, stripped(asker, failures[-TAUGHT:])])
            favoured, polished, failures = pilot, False, failures[:0]
        else:
            polished = found.reached
    return [*out, favoured] if len(failures) else out
