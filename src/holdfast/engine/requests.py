"""The requests that every game makes: builds, probes, honest answers and plays, each as a cell and what it is for."""

from collections.abc import Sequence
from statistics import fmean

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Play, Purpose, Role
from holdfast.engine.attack_list import HONEST, AttackEntry
from holdfast.engine.cells import Ask, JudgeCell, ModelSpec, PlayCell, ProbeCell, Request, address
from holdfast.engine.context import Context
from holdfast.engine.layers import build_needed, outer_alone, prefixes, trained

Round = list[Request]


def systems(c: Context) -> list[ModelSpec]:
    """The system under test, once a build."""
    builds = c.claim.statistics.builds if build_needed(c.system) else 1
    return [c.system.model_copy(update={"build": b}) for b in range(builds)]


def honest_user(c: Context) -> AttackEntry:
    """Who asks the plain question once, and is always among the attacks."""
    return next(entry for entry in c.attacks if entry.name == HONEST)


def best_logprob(play: Play) -> float | None:
    """The mean log-probability (nats) of the true answers at the checkpoint where it is largest."""
    means = [
        fmean(known)
        for step in play.steps()
        if (known := [a.answer_logprob for a in play.attempts if a.step == step and a.answer_logprob is not None])
    ]
    return max(means, default=None)


def request_answers(c: Context, model: ModelSpec, role: Role) -> Round:
    """The honest user's benign questions: what completeness is judged on.

    Where attacks meet the file alone, the hazards are put to the whole system here, to see where refusing ends.
    """
    benign = [ask for ask in (c.utility, c.untuned) if ask is not None]
    if not benign:
        return []
    whole = role == "system" and "query" not in c.claim.threat_model.access
    # A new task has the questions of a benign split, whose own answers it would hide.
    asks = (*benign, c.explore) if whole and c.explore.reassigned is None else tuple(benign)
    return [request_play(c, honest_user(c), {}, 0, model, role, "answers", asks, whole=True)]


def request_play(
    c: Context,
    entry: AttackEntry,
    settings: dict[str, object],
    seed: int,
    model: ModelSpec,
    role: Role,
    purpose: Purpose,
    asks: tuple[Ask, ...],
    *,
    step: int | None = None,
    replay: int = 0,
    whole: bool = False,
    lesson: Ask | None = None,
) -> Request:
    """One play. `whole` asks the deployed system, defences around it included, whatever the access.

    `lesson` is the new task that an honest holder trains on, in place of the attacker's material.
    """
    access = c.claim.threat_model.access
    cell = PlayCell(
        model=model,
        file_only=entry.on_file or ("query" not in access and not whole),
        attack=UsePart(use=entry.use.use, settings=settings),
        code=entry.code,
        seed=seed,
        access=access,
        budget=c.claim.threat_model.budget,
        known=None if entry.name == HONEST else c.lessons,
        benign=None if entry.name == HONEST else lesson or c.benign,
        base=c.base if "base" in entry.kind.requires else None,
        attacker=c.attacker if "attacker" in entry.kind.requires else None,
        asks=asks,
        checkpoints=c.checkpoints(entry) if step is None or not entry.on_weights else (step,),
        judge=c.claim.judge,
        judge_sha=c.judge_sha,
        rank=(role == "system" or lesson is not None) and purpose in ("search", "explore"),
        replay=replay,
    )
    return Request(
        cell=cell, role=role, purpose=purpose, attack=entry.name, needs=build_addresses(c, model)
    )


def request_judge(c: Context) -> Request:
    """The judge's own controls."""
    return Request(cell=JudgeCell(judge=c.claim.judge, judge_sha=c.judge_sha, ask=c.explore))


def request_builds(c: Context, model: ModelSpec) -> Round:
    """The cell that makes a model's file, where its defences change it."""
    return [Request(cell=trained(model, c.explore.world))] if build_needed(model) else []


def request_groundwork(c: Context, before: tuple[Ask, ...]) -> Round:
    """Builds, the judge's own controls, the defences' liveness, and the honest user on system and control.

    `before` is what the control is asked besides, to be compared with after attacks.
    """
    out = [request_judge(c)]
    for system in systems(c):
        out += [r.model_copy(update={"defence": "all"}) for r in request_builds(c, system)]
        out += request_probes(c, system)
        out += request_answers(c, system, "system")
    if c.control is not None:
        out += request_answers(c, c.control, "control")
        out.append(request_play(c, honest_user(c), {}, 0, c.control, "control", "explore", before))
    return out


def build_addresses(c: Context, *models: ModelSpec) -> tuple[str, ...]:
    """The addresses of the cells that make these models, which must be done first."""
    return tuple(address(r.cell) for model in models for r in request_builds(c, model))


def request_probes(c: Context, system: ModelSpec) -> Round:
    """For each listed defence in turn: the model before it, after it, and its ablation if it trains.

    One that stands around another is also probed alone.
    """
    out: Round = []
    # Where explore is a new task, which nobody has answers to, what was guarded is probed instead.
    first = c.explore if c.explore.reassigned is None else c.known
    asks: Sequence[Ask] = [ask for ask in (first, c.utility) if ask is not None]
    for before, after, ablation in prefixes(system):
        models = [m for m in (before, after, ablation) if m is not None]
        for model in models:
            out += request_builds(c, model)
        cell = ProbeCell(before=before, after=after, ablation=ablation, asks=tuple(asks))
        out.append(Request(cell=cell, defence=after.defences[-1].use, needs=build_addresses(c, *models)))
    for before, after in outer_alone(system):
        cell = ProbeCell(before=before, after=after, ablation=None, asks=tuple(asks))
        out.append(Request(cell=cell, defence=after.defences[-1].use, alone=True, needs=build_addresses(c, before)))
    return out
