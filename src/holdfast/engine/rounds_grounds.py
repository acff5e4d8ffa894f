"""The rounds that ask for a claim's grounds: samples for its assumptions, traces, and hybrids where it broke."""

import hashlib
from collections.abc import Generator
from itertools import combinations
from pathlib import Path

from holdfast.assumptions.assumption import SampledAssumption
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Evidence, Play
from holdfast.core.plugins import code_digest
from holdfast.core.records import Transcript, digest
from holdfast.engine.attack_list import HONEST, AttackEntry
from holdfast.engine.cells import HybridCell, PlayCell, Request, SampleCell, TraceCell
from holdfast.engine.context import Context
from holdfast.engine.requests import Round, build_addresses, request_play, systems
from holdfast.engine.rounds import chosen_settings, search_settings

ALL_SUBSETS = 4
"""With up to so many assumptions every subset is enforced, so that shares are exact; with more, two orders are."""

TRACED = 40
"""Prompts an attack that are traced: enough to see an invariant fail, and a run is not slowed much."""


def grounds_rounds(c: Context, seen: Evidence) -> Generator[Round, Evidence, Evidence]:
    """Yield the rounds that a claim with a guarantee needs besides; each `send` gives all evidence so far."""
    if c.guarantee is None:
        return seen
    seen = yield [*_samples(c, seen), *_traces(c, seen)]
    broken = seen.select(role="system", purpose="replay")
    talked = {e.name: e for e in c.attacks if not e.on_weights and not e.on_file and e.name != HONEST}
    worst = max((p for p in broken if p.attack in talked), key=lambda p: len(p.attempts), default=None)
    if worst is None or not c.guarantee.assumptions:
        return seen
    for slots in subsets(tuple(c.guarantee.assumptions)):
        seen = yield from _hybrid(c, talked[worst.attack], worst, slots, seen)
    return seen


def subsets(slots: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Which assumptions are enforced together: every set of them up to four, else the two orders' growing sets."""
    if len(slots) <= ALL_SUBSETS:
        return [some for size in range(1, len(slots) + 1) for some in combinations(slots, size)]
    forward = [slots[:size] for size in range(1, len(slots) + 1)]
    return [*forward, *(slots[-size:] for size in range(1, len(slots)))]


def _samples(c: Context, seen: Evidence) -> Round:
    """One cell for each slot whose assumption brings a sampler."""
    assert c.guarantee is not None
    out: Round = []
    texts = _texts(c, seen)
    needs = build_addresses(c, *(model for model in (c.system, c.control) if model))
    for slot, assumption in c.guarantee.assumptions.items():
        if isinstance(assumption, SampledAssumption):
            part = c.guarantee.parts[slot]
            cell = SampleCell(
                model=c.system,
                control=c.control,
                assumption=part,
                code=_read_by(part),
                hazards=c.explore,
                benign=c.benign_explore or c.utility,
                asked=texts,
                judge=c.claim.judge,
                judge_sha=c.judge_sha,
            )
            out.append(Request(cell=cell, slot=slot, needs=needs))
    return out


def _read_by(part: UsePart) -> str | None:
    """The digest of what an assumption reads besides: its own file, and files that its settings name."""
    named = [Path(each) for each in part.settings.values() if isinstance(each, str) and Path(each).is_file()]
    read = [hashlib.sha256(path.read_bytes()).hexdigest() for path in named]
    own = code_digest(part.use)
    return digest([own, *read]) if read else own


def _texts(c: Context, seen: Evidence) -> tuple[tuple[str, str], ...]:
    """What each attack sent for each behaviour of explore: a text that won somewhere, or the first on the system."""
    out: dict[tuple[str, str], tuple[bool, str]] = {}
    for play in (p for p in seen.plays if p.purpose == "explore" and p.role in ("system", "positive")):
        if play.attack == HONEST:
            continue
        for attempt in play.at(c.explore.split, 0):
            text, won = _said(attempt.transcript), attempt.won is True
            key = (attempt.behaviour, play.attack)
            if text is not None and (key not in out or won > out[key][0]):
                out[key] = (won, text)
    return tuple((behaviour, text) for (behaviour, _), (_, text) in out.items())


def _said(transcript: Transcript) -> str | None:
    said = [turn.content for turn in transcript.turns if turn.role == "user"]
    return said[-1] if said else None


def _traces(c: Context, seen: Evidence) -> Round:
    """What the system does with prompts of explore, won or not, and with those that won on sealed."""
    out: Round = []
    for purpose, ask, only_won in (("explore", c.explore, False), ("sealed", c.sealed, True)):
        prompts: list[tuple[str, Transcript]] = []
        for play in (p for p in seen.plays if p.role == "system" and p.purpose == purpose):
            found = [a for a in play.at(ask.split, 0) if a.crash is None and (a.won or not only_won)]
            prompts += [(a.behaviour, a.transcript) for a in found[:TRACED]]
        if prompts:
            cell = TraceCell(model=c.system, ask=ask, prompts=tuple(dict.fromkeys(prompts)), judge=c.claim.judge,
                             judge_sha=c.judge_sha)
            out.append(Request(cell=cell, needs=build_addresses(c, c.system)))
    return out


def _hybrid(
    c: Context, entry: AttackEntry, worst: Play, slots: tuple[str, ...], seen: Evidence
) -> Generator[Round, Evidence, Evidence]:
    """The attack that broke the claim, searched anew against one hybrid and played on sealed there."""
    def attempt(entry: AttackEntry, settings: dict[str, object]) -> Round:
        return [_inside(c, request_play(c, entry, settings, 0, system, "system", "search", (c.explore,)), slots)]

    system = systems(c)[worst.build]
    search = search_settings(c, [entry], "search", c.explore, attempt, _view(seen, slots))
    asked = next(search, None)
    while asked is not None:
        seen = yield asked
        if any(p.enforced == slots and p.crash and not p.attempts for p in seen.plays):
            return seen             # it cannot be made true by construction
        try:
            asked = search.send(_view(seen, slots))
        except StopIteration:
            asked = None
    settings = chosen_settings(c, entry, _view(seen, slots))
    final = request_play(c, entry, settings, worst.seed, system, "system", "sealed", (c.sealed,))
    return (yield [_inside(c, final, slots)])


def _inside(c: Context, request: Request, slots: tuple[str, ...]) -> Request:
    assert isinstance(request.cell, PlayCell)
    assert c.claim.guarantee != "none"
    part = c.claim.guarantee
    cell = HybridCell(play=request.cell, guarantee=part, code=code_digest(part.use), slots=slots)
    return request.model_copy(update={"cell": cell, "role": "hybrid"})


def _view(seen: Evidence, slots: tuple[str, ...]) -> Evidence:
    """What was found in one hybrid, as if it were the system."""
    inside = (p.model_copy(update={"role": "system"}) for p in seen.plays if p.enforced == slots)
    return Evidence(plays=tuple(inside))
