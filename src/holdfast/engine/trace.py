"""What a system does with a prompt: every call that the defences around its model make of it."""

from collections.abc import Sequence
from dataclasses import replace

from holdfast.attacks.asking import reply_limit
from holdfast.core.evidence import InnerCall, Trace
from holdfast.core.records import Transcript
from holdfast.defences.apply import surround
from holdfast.engine.cells import Result, TraceCell
from holdfast.engine.open_model import Load, from_files, taken_apart
from holdfast.engine.open_world import asked, open_world
from holdfast.engine.store import Store
from holdfast.judges.choose import make_judge
from holdfast.targets.target import Sampling


def trace(cell: TraceCell, store: Store, loader: Load = from_files) -> Result:
    """A trace for each prompt, in order. The prompts are put one by one, so that each call is its own prompt's."""
    model, defences, material = taken_apart(cell.model, cell.ask.world, store, loader)
    judge = make_judge(cell.judge, open_world(cell.ask.world))
    calls: list[tuple[Transcript, str]] = []

    def heard(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        replies = model.generate(prompts, sampling)
        calls.extend(zip(prompts, replies, strict=True))
        return replies

    system = surround(replace(model, generate=heard), defences, material)
    behaviours = {b.id: (b, text) for b, text in asked(cell.ask)}
    sampling = Sampling(max_new_tokens=reply_limit(model, [b for b, _ in behaviours.values()], stretch=2))
    out = []
    for behaviour_id, prompt in cell.prompts:
        behaviour, question = behaviours[behaviour_id]
        calls.clear()
        reply = system.generate([prompt], sampling)[0]
        replies = [reply, *(inner for _, inner in calls)]
        won = [judged.won for judged in judge.judge([behaviour] * len(replies), replies)]
        inner = (InnerCall(prompt=p, reply=r, won=w) for (p, r), w in zip(calls, won[1:], strict=True))
        out.append(Trace(behaviour=behaviour_id, question=question, prompt=prompt, inner=tuple(inner), reply=reply,
                         won=won[0]))
    return Result(traces=tuple(out))
