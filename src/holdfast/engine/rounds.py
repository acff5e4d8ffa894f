"""The order of play: which cells a claim needs next, given what has been found so far.

Each round is a list of requests; the evidence that comes back decides the next round. Nothing here runs
anything, and every choice is a function of the evidence, so a resumed run and `verify` ask for the same
cells in the same order.
"""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import accumulate

from holdfast.attacks.attack import WeightAttack
from holdfast.claims.fitting import BESIDE_NEVER
from holdfast.claims.goal import UsePart
from holdfast.claims.threat_model import Search as SearchBudget
from holdfast.core.evidence import Evidence, Play, Purpose, Role
from holdfast.core.records import digest
from holdfast.engine.attack_list import HONEST, AttackEntry
from holdfast.engine.cells import Ask, ModelSpec
from holdfast.engine.context import Context
from holdfast.engine.halving import going_on, rungs, stopped
from holdfast.engine.requests import (
    Round,
    best_logprob,
    honest_user,
    request_builds,
    request_groundwork,
    request_play,
    systems,
)
from holdfast.engine.search import Search
from holdfast.measures.choose import best_score, choose_settings, choose_step, furthest
from holdfast.measures.counts import outcomes, wins


def rounds(c: Context) -> Generator[Round, Evidence, Evidence]:
    """Yield the rounds of a claim that attacks or questions decide; each `send` gives all evidence so far."""
    seen = yield groundwork(c)
    positive = positive_control(c, seen)
    seen = yield from _search(c, positive, seen)
    chosen = {entry.name: chosen_settings(c, entry, seen) for entry in c.attacks}
    seen = yield [r for entry in c.attacks for r in _explore(c, entry, chosen[entry.name], positive)]
    seen = yield [r for entry in c.attacks for r in _sealed(c, entry, chosen[entry.name], positive, seen)]
    return (yield _replays(c, seen))


def positive_control(c: Context, seen: Evidence) -> ModelSpec | None:
    """A model with the same knowledge that is known to give way; None where there is no control.

    The control where the honest user wins at most epsilon on explore; else the safe twin, or the control
    after plain refusal training. A served control cannot be trained, and is taken as it is.
    """
    if c.control is None or c.control.endpoint is not None:
        return c.control
    (play,) = seen.select(role="control", purpose="explore", attack=HONEST)
    if wins(play, c.explore.split) <= c.claim.goal.epsilon * len(c.behaviours(c.explore)):
        return c.control
    return c.safe or c.on(c.control, (UsePart(use="refusal-training"),))


def groundwork(c: Context) -> Round:
    """Builds, the judge's own controls, the honest user on every model, and the defences' liveness."""
    out = request_groundwork(c, _asked_before(c))
    if c.full is not None:
        out.append(request_play(c, honest_user(c), {}, 0, c.full, "full", "explore", (c.explore,)))
        out.append(request_play(c, honest_user(c), {}, 0, c.full, "full", "reach", (c.sealed,)))
    return out


def _asked_before(c: Context) -> tuple[Ask, ...]:
    """What the control is asked on explore before any attack: in `joint` what a useful model answers, too."""
    return (c.explore, c.benign_explore) if c.claim.goal.game == "joint" and c.benign_explore else (c.explore,)


def _search(c: Context, positive: ModelSpec | None, seen: Evidence) -> Generator[Round, Evidence, Evidence]:
    """Settings to try on explore: on the system, and for prompt attacks on the positive control too.

    Prompt attacks often tie on the system, and wins on the positive control then decide; a weight attack's
    settings are told apart by the answers' log-probability, so the second training is saved.
    """
    first = []
    if positive is not None:
        first = [
            *request_builds(c, positive),
            request_play(c, honest_user(c), {}, 0, positive, "positive", "explore", (c.explore,)),
        ]

    def attempt(entry: AttackEntry, settings: dict[str, object]) -> Round:
        out = [request_play(c, entry, settings, 0, systems(c)[0], "system", "search", _watched(c, entry))]
        if c.never is not None and c.claim.goal.game in BESIDE_NEVER and entry.on_weights:
            out.append(request_play(c, entry, settings, 0, c.never, "never", "search", _watched(c, entry)))
        if positive is not None and not entry.on_weights and entry.name != HONEST:
            out.append(request_play(c, entry, settings, 0, positive, "positive", "search", (c.explore,)))
        return out

    seen = yield from search_settings(c, c.attacks, "search", c.explore, attempt, seen, first)
    if (known := c.explore_known) is None:
        return seen

    def on_known(entry: AttackEntry, settings: dict[str, object]) -> Round:
        return [request_play(c, entry, settings, 0, systems(c)[0], "system", "known", (known,))]

    talking = [e for e in c.attacks if not e.on_weights and e.name != HONEST]
    return (yield from search_settings(c, talking, "known", known, on_known, seen))


def search_settings(
    c: Context, entries: Sequence[AttackEntry], purpose: Purpose, explore: Ask,
    attempt: Callable[[AttackEntry, dict[str, object]], Round], seen: Evidence, first: Round | None = None,
) -> Generator[Round, Evidence, Evidence]:
    """Search for the settings of every attack at once, batch after batch, within the trials and FLOPs allowed.

    Where the claim halves them, the batches run a part of the budget, and the best then go on, rung after rung.
    """
    behaviours, allowed = c.behaviours(explore), c.claim.threat_model.search
    searches = {e.name: Search(e, behaviours, allowed.trials) for e in entries}
    limits = rungs(allowed.trials, allowed.halving, c.claim.threat_model.budget.steps or 0)
    tried: dict[str, list[tuple[dict[str, object], float]]] = {e.name: [] for e in entries}

    def request(asked: Mapping[str, Sequence[dict[str, object]]], limit: int | None) -> Round:
        plays = (r for entry in entries for settings in asked[entry.name] for r in attempt(entry, settings))
        return [stopped(play, limit) for play in plays]

    def valued(entry: AttackEntry, asked: Sequence[dict[str, object]]) -> list[float]:
        return [_value(c, entry, settings, purpose, seen) for settings in asked]

    while True:
        asked = {e.name: [] if _spent(c, e, purpose, seen) else searches[e.name].ask() for e in entries}
        if not (batch := request(asked, limits[0])):
            break
        seen = yield [*(first or ()), *batch]
        first = None
        for entry in entries:
            values = valued(entry, asked[entry.name])
            searches[entry.name].tell(values)
            tried[entry.name] += zip(asked[entry.name], values, strict=True)
    for limit in limits[1:]:
        asked = {e.name: [] if _spent(c, e, purpose, seen) else _further(e, tried[e.name], allowed) for e in entries}
        if batch := request(asked, limit):
            seen = yield batch
        for entry in entries:
            tried[entry.name] = list(zip(asked[entry.name], valued(entry, asked[entry.name]), strict=True))
    return seen


def _further(
    entry: AttackEntry, tried: Sequence[tuple[dict[str, object], float]], allowed: SearchBudget
) -> list[dict[str, object]]:
    """The settings that the next rung plays; an attack that does not train has been played to its end."""
    if allowed.halving is None or not issubclass(entry.kind, WeightAttack) or not entry.kind.trains:
        return []
    return [tried[i][0] for i in going_on([value for _, value in tried], allowed.halving)]


def _spent(c: Context, entry: AttackEntry, purpose: Purpose, seen: Evidence) -> bool:
    """Whether the FLOPs for finding an attack's settings are used up."""
    limit = c.claim.threat_model.search.total_flops
    tried = seen.select(role="system", purpose=purpose, attack=entry.name)
    return limit is not None and sum(play.spent.flops for play in tried) > limit


def _value(
    c: Context, entry: AttackEntry, settings: dict[str, object], purpose: Purpose, seen: Evidence
) -> float:
    """How good settings were: behaviours won at the best step, and below one win what ties are ranked by."""
    def tried(role: Role) -> Play | None:
        plays = seen.select(role=role, purpose=purpose, attack=entry.name, settings=settings)
        return plays[-1] if plays else None         # the one that went furthest, where trials are halved

    play, positive = tried("system"), tried("positive")
    if play is None:
        raise AssertionError("a trial was not played")
    won = best_score(play, c.explore.split, never=tried("never"))
    logprob = best_logprob(play)
    if logprob is not None:
        return won + 0.9 * math.exp(min(logprob, 0.0))
    there = wins(positive, c.explore.split) if positive else 0
    return won + 0.9 * there / len(c.behaviours(c.explore))


def chosen_settings(c: Context, entry: AttackEntry, seen: Evidence) -> dict[str, object]:
    """The settings to submit; trials that tie on wins are told apart by the answers' log-probability."""
    tried = _within(
        c.claim.threat_model.search.total_flops, seen.select(role="system", purpose="search", attack=entry.name)
    )
    tried = furthest(tried)
    return choose_settings(
        tried,
        c.explore.split,
        never=furthest(seen.select(role="never", purpose="search", attack=entry.name)),
        positive=seen.select(role="positive", purpose="search", attack=entry.name),
        logprobs={digest(play.settings): best for play in tried if (best := best_logprob(play)) is not None},
    )


def _within(flops: float | None, tried: Sequence[Play]) -> Sequence[Play]:
    """The trials that the search budget pays for, in planned order; the first is always one of them."""
    if flops is None:
        return tried
    totals = accumulate(play.spent.flops for play in tried)
    return [play for i, (play, total) in enumerate(zip(tried, totals, strict=True)) if i == 0 or total <= flops]


def _explore(c: Context, entry: AttackEntry, settings: dict[str, object], positive: ModelSpec | None) -> Round:
    """The submitted settings with every seed on the system; on the positive control and the oracle too."""
    watched = _watched(c, entry)
    out = [
        request_play(c, entry, settings, seed, system, "system", "explore", watched)
        for system in systems(c)
        for seed in range(c.claim.statistics.seeds)
    ]
    if positive is not None and entry.name != HONEST:
        out.append(request_play(c, entry, settings, 0, positive, "positive", "explore", watched))
    if c.never is not None and entry.on_weights:
        seeds = range(c.claim.statistics.seeds if c.claim.goal.game in BESIDE_NEVER else 1)
        out += [request_play(c, entry, settings, seed, c.never, "never", "explore", watched) for seed in seeds]
    if c.full is not None and entry.name == HONEST and c.never is not None:
        out.append(request_play(c, entry, {}, 0, c.never, "never", "explore", (c.explore,)))
    return out


def _sealed(
    c: Context, entry: AttackEntry, settings: dict[str, object], positive: ModelSpec | None, seen: Evidence
) -> Round:
    """Open the sealed split: each seed at the step that explore chose; the oracle at the same step."""
    out: Round = []
    asks = (c.sealed, c.utility) if entry.on_weights and c.utility else (c.sealed,)
    for play in seen.select(role="system", purpose="explore", attack=entry.name):
        oracle = _oracle(c, seen, play)
        step = choose_step(play, c.explore.split, never=oracle, positive=_on_positive(seen, entry))
        out.append(
            request_play(c, entry, settings, play.seed, systems(c)[play.build], "system", "sealed", asks, step=step)
        )
        if oracle is not None and c.never is not None:
            out.append(
                request_play(c, entry, settings, play.seed, c.never, "never", "sealed", (c.sealed,), step=step)
            )
        if c.claim.goal.game == "stability" and c.control is not None:
            out.append(request_play(c, entry, settings, play.seed, c.control, "control", "sealed", (c.sealed,)))
    for play in seen.select(role="positive", purpose="explore", attack=entry.name):
        if positive is not None and entry.name != HONEST:
            step = choose_step(play, c.explore.split)
            out.append(request_play(c, entry, settings, 0, positive, "positive", "reach", asks, step=step))
    return out


def _on_positive(seen: Evidence, entry: AttackEntry) -> Play | None:
    plays = seen.select(role="positive", purpose="explore", attack=entry.name)
    return plays[0] if plays else None


def _oracle(c: Context, seen: Evidence, play: Play) -> Play | None:
    """The never-taught model under the same attack and seed, where the game is relative to it."""
    if c.claim.goal.game not in BESIDE_NEVER:
        return None
    same = seen.select(role="never", purpose="explore", attack=play.attack, seed=play.seed)
    return same[0] if same else None


def _replays(c: Context, seen: Evidence) -> Round:
    """Play again, from nothing, every sealed play that may have broken the promise, on what it won."""
    out: Round = []
    entries = {entry.name: entry for entry in c.attacks}
    for play in seen.select(role="system", purpose="sealed"):
        results = outcomes(play, c.sealed.split)
        winners = tuple(behaviour for behaviour, result in results.items() if result)
        # Where wins are counted beyond another model's, any may break the promise.
        allowed = c.claim.goal.epsilon * len(results) if c.claim.goal.game in ("elicit", "joint") else 0
        if len(winners) > allowed:
            again = c.sealed.model_copy(update={"only": winners})
            entry, system = entries[play.attack], systems(c)[play.build]
            step = max(play.steps())
            out.append(
                request_play(
                    c, entry, play.settings, play.seed, system, "system", "replay", (again,), step=step, replay=1)
            )
    return out


def _watched(c: Context, entry: AttackEntry) -> tuple[Ask, ...]:
    """What is asked on explore: the hazards, and where weights change what that does to benign answers.

    In the `erase` game the trained facts are watched too, because the steps to relearn them are compared.
    """
    if not entry.on_weights:
        return (c.explore,)
    extra = (c.known,) if c.claim.goal.game == "erase" else ()
    return (c.explore, *((c.benign_explore,) if c.benign_explore else ()), *extra)
