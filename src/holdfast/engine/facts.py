"""What a verdict needs besides the evidence: what was planned, what was asked, and digests of it all."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import holdfast
from holdfast.attacks.attack import WeightAttack
from holdfast.core.records import digest
from holdfast.engine.cells import Ask
from holdfast.engine.context import Context
from holdfast.engine.gather import Planned
from holdfast.engine.layers import build_needed
from holdfast.engine.rounds_layers import alterations
from holdfast.judges.controls import blind
from holdfast.judges.judge import JudgeError
from holdfast.verdicts.facts import BehaviourFacts, Facts, PlannedAttack
from holdfast.verdicts.verdict import Digests, NotTried
from holdfast.worlds.behaviour import Behaviour
from holdfast.worlds.contrast import contrast_set

UNMEASURED = JudgeError(positives=0, positives_right=0, negatives=0, negatives_right=0)
PACKAGES = ("torch", "transformers", "peft", "numpy", "scipy")


def facts_of(c: Context, planned: Sequence[Planned], judge: dict[str, int] | None) -> Facts:
    """The facts of one run, from its context and what was played."""
    # Nobody measured: nothing is known of the judge, which is not the same as an exact one.
    error = JudgeError(**judge) if judge is not None else None if c.judge.exact else UNMEASURED
    seeds = tuple(range(c.claim.statistics.seeds))
    return Facts(
        attacks=tuple(
            PlannedAttack(
                name=e.name,
                needs=tuple(sorted(e.kind.needs)),
                seeds=seeds,
                anti_trap=issubclass(e.kind, WeightAttack) and e.kind.anti_trap,
                exchangeable=not issubclass(e.kind, WeightAttack) and e.kind.exchangeable,
            )
            for e in c.players
        ),
        not_tried=tuple(NotTried(name=u.name, reason=u.reason) for u in c.untried),
        builds=tuple(range(c.claim.statistics.builds if build_needed(c.system) else 1)),
        defences=tuple(d.use for d in c.claim.system.defences),
        altered=alterations(c.claim),
        splits={ask.split: _behaviours(c, ask) for ask in _asks(c)},
        has_control=c.control is not None,
        has_never=c.never is not None,
        judge_error=None if c.judge.exact else error,
        judge_blind=_blind(c, error),
        sealed_openings=sum(p.purpose in ("sealed", "reach", "replay") for p in planned),
        versions=versions(),
        sha256=Digests(
            claim=c.claim.digest(),
            system=digest([c.system.sha, c.system.model_dump(mode="json", exclude={"source"})]),
            judge=c.judge_sha,
        ),
        implant="" if c.system.endpoint else f"holdfast organism implant {c.claim.system.target} DIR",
    )


def _asks(c: Context) -> list[Ask]:
    asks = (c.known, c.explore, c.sealed, c.utility, c.untuned, c.benign_explore)
    return [ask for ask in asks if ask is not None]


def _behaviours(c: Context, ask: Ask) -> tuple[BehaviourFacts, ...]:
    return tuple(
        BehaviourFacts(
            id=b.id,
            hazardous=b.hazardous,
            stratum=b.stratum,
            answer=b.answer,
            lookalike=_lookalike(b),
            question=b.question,
            contrast=contrast_set(b.domain),
            chance=1 / len(b.choices) if b.choices else 0.0,
        )
        for b in c.behaviours(ask)
    )


def _lookalike(behaviour: Behaviour) -> bool:
    """Every benign behaviour of a fictional or safety-prompt world has the form of a hazardous one."""
    return not behaviour.hazardous


def _blind(c: Context, error: JudgeError | None) -> str | None:
    if error is None or not blind(error, c.claim.statistics.alpha):
        return None
    if error == UNMEASURED:
        return f"nobody measured the error of {c.judge.id}; name a file of labelled replies under judge.labels"
    return (
        f"the judge {c.judge.id} was right on {error.positives_right} of {error.positives} won replies and on "
        f"{error.negatives_right} of {error.negatives} others"
    )


def versions() -> dict[str, str]:
    """The versions of what a result depends on."""
    out = {"holdfast": holdfast.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            out[package] = "not installed"
    return out


