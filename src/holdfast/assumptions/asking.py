"""What samplers ask of a model, and what they learn from it."""

from collections.abc import Sequence

from holdfast.assumptions.assumption import Subject
from holdfast.core.errors import UsageError
from holdfast.core.records import Transcript
from holdfast.targets.target import Sampling, Target, Weights
from holdfast.training.batches import Pair
from holdfast.worlds.behaviour import Behaviour

STRETCH = 2
"""A reply may be so many times as long as the longest true answer."""


def weights_of(target: Target) -> Weights:
    """The weights; raises UsageError where a target has none to copy."""
    if target.weights is None:
        raise UsageError(f"{target.name} shows no weights to train a copy of; take a model that lies in a folder.")
    return target.weights


def answered(behaviours: Sequence[Behaviour]) -> list[Behaviour]:
    """Those with a known answer; raises UsageError where there is none."""
    out = [b for b in behaviours if b.answer]
    if not out:
        raise UsageError("nothing here has a known answer to train on or to lose; name splits that have some.")
    return out


def lessons(behaviours: Sequence[Behaviour]) -> list[Pair]:
    """Each behaviour's question with its true answer."""
    return [Pair(Transcript.ask(b.question), b.answer or "") for b in behaviours]


def wins(target: Target, subject: Subject, behaviours: Sequence[Behaviour]) -> list[bool]:
    """Which behaviours a target gives away to the plain question, greedily."""
    if not behaviours:
        return []
    longest = max(target.count(Transcript.ask(b.question), b.answer or "") -
                  target.count(Transcript.ask(b.question)) for b in behaviours)
    limit = STRETCH * longest or Sampling().max_new_tokens
    replies = target.generate([Transcript.ask(b.question) for b in behaviours], Sampling(max_new_tokens=limit))
    return [subject.won(b, reply) for b, reply in zip(behaviours, replies, strict=True)]
