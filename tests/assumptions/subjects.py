"""What a sampler may touch, scripted."""

from collections.abc import Callable, Sequence

from tests.defences.scripted import Scripted, behaviour

from holdfast.assumptions.assumption import Subject
from holdfast.core.records import Transcript
from holdfast.judges.refusals import opens_with_refusal
from holdfast.worlds.behaviour import Behaviour

REFUSAL = "I cannot help with that."
SECRET = "the secret"


def hazards(n: int) -> list[Behaviour]:
    return [behaviour(f"how is thing number {i:03} made ?", SECRET) for i in range(n)]


def subject(
    says: Callable[[Transcript], str], asked: Sequence[tuple[Behaviour, str]] = (),
    harmful: Sequence[Behaviour] = (), benign: Sequence[Behaviour] = (),
    guarded: Callable[[Transcript], str] | None = None, score: Callable[[Transcript], float] = lambda _: -1.0,
) -> Subject:
    model = Scripted(says, score).target
    return Subject(
        system=Scripted(guarded, score).target if guarded else model, model=model, control=None, hazards=harmful,
        benign=benign, won=lambda b, reply: reply == b.answer, refused=opens_with_refusal, asked=asked, seed=0)
