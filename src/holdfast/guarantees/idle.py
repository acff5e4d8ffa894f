"""Parts of a training objective that did nothing: the construction is not the one that was derived."""

from collections.abc import Sequence

from holdfast.core.evidence import Training
from holdfast.guarantees.guarantee import Violation

TERMS, ADVERSARIES = "terms-pull", "adversaries-win"


def idle(training: Sequence[Training]) -> tuple[Violation, ...]:
    """Declared terms without a gradient at any step, and declared adversaries that never lowered their loss."""
    out = []
    for record in training:
        if not record.trains:
            continue
        pulling = {term.term for term in record.terms if term.zero < term.steps}
        winning = {adversary.adversary for adversary in record.adversaries if adversary.lowered}
        out += [Violation(invariant=TERMS, why=f"the term {name!r} of {record.defence} never had a gradient")
                for name in record.declared if name not in pulling]
        out += [Violation(invariant=ADVERSARIES, why=f"the adversary {name!r} of {record.defence} never won anything")
                for name in record.adversaries_declared if name not in winning]
    return tuple(out)
