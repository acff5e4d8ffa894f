"""A counter of records under differential privacy, and what its releases look like as traces.

The trace of a release: `behaviour` names the input, one inner call a record says in its reply what the record added
to the count, and the reply is what was released.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from holdfast.core.evidence import InnerCall, Trace
from holdfast.core.records import Transcript
from holdfast.stats.private import discrete_laplace

PRESENT, ABSENT = "present", "absent"
"""Names of two inputs that differ in one record."""

QUESTION = "How many?"


class Release(NamedTuple):
    """One release as a trace has it: the input's name, what each record added, and the number released."""

    name: str
    added: tuple[float, ...]
    released: float


def count_privately(
    name: str, records: Mapping[str, float], sensitivity: float, epsilon: float, rng: np.random.Generator
) -> Trace:
    """The sum over records, each cut to a whole number of at most `sensitivity` in size, with noise added.

    Discrete Laplace noise of scale sensitivity / epsilon makes it (epsilon, 0)-private where inputs differ in one
    record; the count must be whole, for the noise hides no fraction.
    """
    added = {record: int(max(-sensitivity, min(sensitivity, value))) for record, value in records.items()}
    noise = int(discrete_laplace(sensitivity / epsilon, 1, rng)[0])
    return traced(name, added, sum(added.values()) + noise)


def traced(name: str, added: Mapping[str, float], released: float) -> Trace:
    """A release as a trace."""
    calls = (InnerCall(prompt=Transcript.ask(record), reply=repr(float(value)), won=None)
             for record, value in added.items())
    return Trace(behaviour=name, question=QUESTION, prompt=Transcript.ask(name), inner=tuple(calls),
                 reply=repr(float(released)), won=None)


def releases(traces: Sequence[Trace]) -> list[Release]:
    """The releases among traces, in order."""
    return [Release(t.behaviour, tuple(float(call.reply) for call in t.inner), float(t.reply))
            for t in traces if t.question == QUESTION]
