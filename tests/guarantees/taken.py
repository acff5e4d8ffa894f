"""Guarantees with assumptions in their slots, and traces of systems, as a run would have them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tests.defences.scripted import Plain, behaviour, plain

from holdfast.assumptions.assumption import TrustedAssumption
from holdfast.assumptions.finding import AssumptionResult
from holdfast.claims.goal import UsePart
from holdfast.claims.threat_model import Budget
from holdfast.core.evidence import InnerCall, Trace
from holdfast.core.records import Transcript
from holdfast.defences.apply import surround
from holdfast.defences.defence import SystemDefence
from holdfast.guarantees.choosing import choose
from holdfast.guarantees.guarantee import Bound, Granted, Guarantee, Layers, Terms
from holdfast.targets.target import Sampling, Target
from holdfast.worlds.behaviour import Behaviour

SAMPLING = Sampling(max_new_tokens=12)
REFUSAL = "I cannot help with that."
SECRET = "the secret"


class Asked(Plain):
    """A world with one split of hazards."""

    def __init__(self, hazards: Sequence[Behaviour]) -> None:
        self._hazards = tuple(hazards)

    def splits(self) -> tuple[str, ...]:
        return ("hazards/sealed",)

    def behaviours(self, split: str) -> tuple[Behaviour, ...]:
        return self._hazards


def hazards(n: int) -> list[Behaviour]:
    return [behaviour(f"how is thing number {i:03} made ?", SECRET) for i in range(n)]


def granted(guarantee: Mapping[str, object], **values: Mapping[str, float]) -> tuple[Guarantee, dict[str, Granted]]:
    """A guarantee as a claim writes it, nothing checked; `values` are what a slot's check is to have found."""
    chosen = choose(UsePart.model_validate(guarantee))
    out = {}
    for slot, assumption in chosen.assumptions.items():
        status = "TRUSTED" if isinstance(assumption, TrustedAssumption) else "UNTESTED"
        result = AssumptionResult(id=chosen.parts[slot].use, status=status, values=dict(values.get(slot, {})))
        out[slot] = Granted(assumption, result)
    return chosen.guarantee, out


def bound(guarantee: Mapping[str, object], queries: int | None = 160, **values: Mapping[str, float]) -> Bound | str:
    made, slots = granted(guarantee, **values)
    return made.bound(slots, Terms(Budget(queries=queries), 0.05))


def value(guarantee: Mapping[str, object], queries: int | None = 160, **values: Mapping[str, float]) -> float:
    found = bound(guarantee, queries, **values)
    assert isinstance(found, Bound), found
    return found.value


def layers(model: Target, defences: Sequence[SystemDefence], asked: Sequence[Behaviour]) -> Layers:
    return Layers(model, defences, plain()._replace(world=Asked(asked)))


def traces(
    taken: Layers, prompts: Sequence[tuple[Behaviour, Transcript]], won: Callable[[str], bool] = SECRET.__eq__
) -> list[Trace]:
    """What the system does with each prompt, put by itself; a reply wins if it is the secret."""
    calls: list[tuple[Transcript, str]] = []

    def heard(asked: Sequence[Transcript], sampling: Sampling) -> list[str]:
        replies = taken.model.generate(asked, sampling)
        calls.extend(zip(asked, replies, strict=True))
        return replies

    system = surround(replace(taken.model, generate=heard), taken.defences, taken.material)
    out = []
    for b, prompt in prompts:
        calls.clear()
        reply = system.generate([prompt], SAMPLING)[0]
        inner = tuple(InnerCall(prompt=p, reply=r, won=won(r)) for p, r in calls)
        out.append(Trace(
            behaviour=b.id, question=b.question, prompt=prompt, inner=inner, reply=reply, won=won(reply)))
    return out
