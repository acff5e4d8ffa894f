"""Does a defence do anything? Teacher-forced log-probabilities before it, before it again, and after it."""

from collections.abc import Callable, Sequence

import torch

from holdfast.core.errors import TargetUnavailable
from holdfast.core.records import Transcript
from holdfast.engine.cells import ModelSpec, ProbeCell, Result
from holdfast.engine.open_model import Load, from_files, opened
from holdfast.engine.open_world import asked
from holdfast.engine.store import Store
from holdfast.targets.target import Sampling, Target

NEVER_SAID = -100.0
"""Nats of an answer that a reply-only target does not give: it puts all its mass on the reply it gives."""


def probe(cell: ProbeCell, store: Store, loader: Load = from_files) -> Result:
    """Measure the models on every probed item that has a known answer.

    The second control run has its weights rounded to bfloat16: two identical runs on one machine would show
    no noise at all, and a defence must do more than a change of number format. Where a defence hides the
    log-probabilities, all models are measured by what they reply instead; a served model is asked twice.
    """
    items = [(b.id, q, b.answer) for ask in cell.asks for b, q in asked(ask) if b.answer is not None]
    models = {"before": cell.before, "after": cell.after}
    if cell.ablation is not None:
        models["ablation"] = cell.ablation

    def target(model: ModelSpec, again: int = 0) -> Target:
        return opened(model, cell.asks[0].world, store, file_only=False, again=again, loader=loader)

    prompts = [Transcript.ask(question) for _, question, _ in items]
    answers = [answer for _, _, answer in items]
    targets = {name: target(model) for name, model in models.items()}
    targets["before_again"] = rounded(target(cell.before, again=1))
    measure = _logprobs if all(each.logits is not None for each in targets.values()) else _replies
    found = {name: _measured(measure(each), prompts, answers) for name, each in targets.items()}
    # An item on which a model crashes counts as one that the defence did not move.
    whole = {i for i in range(len(items)) if all(values[i] is not None for values in found.values())}
    logprobs = {name: tuple(v if (v := values[i]) is not None and i in whole else 0.0 for i in range(len(items)))
                for name, values in found.items()}
    return Result(items=tuple(item for item, _, _ in items) if whole else (), logprobs=logprobs if whole else
                  dict.fromkeys(found, ()))


def rounded(target: Target) -> Target:
    """The model with its weights rounded to bfloat16 and back; itself where its weights cannot be had."""
    if target.weights is None:
        return target
    model = target.weights.copy()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.to(torch.bfloat16).to(parameter.dtype))
    return target.weights.view(model)


def _measured(found: Callable[[Sequence[Transcript], Sequence[str]], list[float]],
              prompts: Sequence[Transcript], answers: Sequence[str]) -> list[float | None]:
    """One number per item, batch first; None for an item on which the target crashes."""
    try:
        return list(found(prompts, answers))
    except TargetUnavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever a defence raises, the item is left out
        if len(prompts) == 1:
            return [None]
        return [each for p, a in zip(prompts, answers, strict=True) for each in _measured(found, [p], [a])]


def _logprobs(target: Target) -> Callable[[Sequence[Transcript], Sequence[str]], list[float]]:
    logits = target.logits
    if logits is None:
        raise AssertionError("only called where every model has logits")
    return lambda prompts, answers: [float(each.sum()) for each in logits(prompts, answers)]


def _replies(target: Target) -> Callable[[Sequence[Transcript], Sequence[str]], list[float]]:
    def said(prompts: Sequence[Transcript], answers: Sequence[str]) -> list[float]:
        replies = target.generate(prompts, Sampling())
        return [0.0 if reply == answer else NEVER_SAID for reply, answer in zip(replies, answers, strict=True)]

    return said
