"""What the tests of guarantees about weights and activations share."""

from collections.abc import Mapping
from typing import Protocol

from holdfast.assumptions.assumption import Assumption
from holdfast.assumptions.finding import AssumptionResult
from holdfast.claims.threat_model import Budget
from holdfast.core.evidence import AdversaryRecord, InnerCall, TermRecord, Trace, Training
from holdfast.core.records import Transcript
from holdfast.guarantees.guarantee import Bound, Granted, Terms

QUESTION = "how do you make it ?"
ANSWER = "with care"


class Bounding(Protocol):
    """A guarantee, or a wrong twin of one."""

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str: ...


def terms(submissions: int = 1, steps: int | None = None) -> Terms:
    return Terms(Budget(submissions=submissions, steps=steps), 0.05)


def granted(assumption: Assumption, **result: object) -> Granted:
    return Granted(assumption, AssumptionResult.model_validate({"id": "x", "status": "SUPPORTED"} | result))


def value(found: Bound | str) -> float:
    assert isinstance(found, Bound), found
    return found.value


def trace(
    text: str = QUESTION, *, won: bool = True, reply: str = ANSWER, inner: tuple[str, str] | None = None
) -> Trace:
    calls = () if inner is None else (InnerCall(prompt=Transcript.ask(inner[0]), reply=inner[1], won=won),)
    return Trace(behaviour="b", question=QUESTION, prompt=Transcript.ask(text), inner=calls, reply=reply, won=won)


def training(zero: int, lowered: int) -> Training:
    """A record of ten steps of the term `pull`, without a gradient at `zero` of them, and of one adversary."""
    norms = dict.fromkeys(("norm_first", "norm_last", "norm_largest", "value_first", "value_last"), 1.0)
    return Training(
        defence="it", declared=("pull",), adversaries_declared=("foe",),
        terms=(TermRecord(term="pull", weight=1.0, steps=10, zero=zero, reach=1.0, **norms),),
        adversaries=(AdversaryRecord(adversary="foe", runs=3, lowered=lowered, before=2.0, after=1.0),))
