"""The order of play of `train`: an honest holder teaches the system and the control one new task.

Settings are searched on the explore task, the same ones for both models, and each then uses those that suit it
best. The sealed task is learnt once a seed, for the whole budget of steps, and asked once, together with benign
questions outside the task that training may destroy.
"""

from collections.abc import Generator

from holdfast.core.evidence import Evidence, Play, Role
from holdfast.core.records import digest
from holdfast.engine.again import missing
from holdfast.engine.attack_list import AttackEntry
from holdfast.engine.cells import Ask, ModelSpec
from holdfast.engine.context import Context
from holdfast.engine.requests import (
    Round,
    best_logprob,
    request_groundwork,
    request_play,
    systems,
)
from holdfast.engine.rounds import search_settings
from holdfast.measures.choose import choose_settings, furthest


def training_rounds(c: Context) -> Generator[Round, Evidence, Evidence]:
    """Yield the rounds; each `send` gives all evidence so far."""
    seen = yield request_groundwork(c, _watched(c))

    def attempt(entry: AttackEntry, settings: dict[str, object]) -> Round:
        return [
            request_play(c, entry, settings, 0, model, role, "search", (c.explore,), step=_last(c), lesson=c.explore)
            for role, model in _pupils(c, build=0)
        ]

    seen = yield from search_settings(c, c.players, "search", c.explore, attempt, seen)
    seen = yield [r for entry in c.players for r in _explore(c, entry, seen)]
    seen = yield [r for entry in c.players for r in _sealed(c, entry, seen)]
    return (yield _replays(c, seen))


def _pupils(c: Context, build: int) -> list[tuple[Role, ModelSpec]]:
    out: list[tuple[Role, ModelSpec]] = [("system", systems(c)[build])]
    return [*out, ("control", c.control)] if c.control is not None else out


def _last(c: Context) -> int:
    return c.claim.threat_model.budget.steps or 0


def _watched(c: Context) -> tuple[Ask, ...]:
    """What nobody trains on, to see whether training destroys it."""
    return (c.benign_explore,) if c.benign_explore is not None else ()


def _chosen(c: Context, entry: AttackEntry, role: Role, seen: Evidence) -> dict[str, object]:
    """The settings under which this model learnt most of the explore task; ties by the answers' log-probability."""
    tried = furthest(seen.select(role=role, purpose="search", attack=entry.name))
    best = {digest(play.settings): value for play in tried if (value := best_logprob(play)) is not None}
    return choose_settings(tried, c.explore.split, logprobs=best)


def _explore(c: Context, entry: AttackEntry, seen: Evidence) -> Round:
    """How fast each learns the explore task, looked at all along the way."""
    return [
        request_play(c, entry, _chosen(c, entry, role, seen), seed, model, role, "explore",
                     (c.explore, *_watched(c)), lesson=c.explore)
        for build in range(len(systems(c)))
        for seed in range(c.claim.statistics.seeds)
        for role, model in _pupils(c, build)
        if role == "system" or build == 0
    ]


def _sealed(c: Context, entry: AttackEntry, seen: Evidence) -> Round:
    return [
        request_play(c, entry, play.settings, play.seed, model, play.role, "sealed", (c.sealed, *_watched(c)),
                     step=_last(c), lesson=c.sealed)
        for play in _explored(seen, entry)
        for role, model in _pupils(c, play.build)
        if role == play.role
    ]


def _explored(seen: Evidence, entry: AttackEntry) -> list[Play]:
    plays = seen.select(purpose="explore", attack=entry.name)
    return [play for play in plays if play.role in ("system", "control")]


def _replays(c: Context, seen: Evidence) -> Round:
    """Train again, from nothing, each system that did not learn or keep what the control did, and ask that."""
    out: Round = []
    entries = {entry.name: entry for entry in c.players}
    for play in seen.select(role="system", purpose="sealed"):
        beside = seen.select(role="control", purpose="sealed", attack=play.attack, seed=play.seed)
        again = [a for ask in (c.sealed, *_watched(c)) if (a := missing(ask, play, beside)) is not None]
        if again:
            entry, model = entries[play.attack], systems(c)[play.build]
            out.append(request_play(
                c, entry, play.settings, play.seed, model, "system", "replay", tuple(again), step=_last(c),
                replay=1, lesson=c.sealed))
    return out
