"""What the exports are tested on: the samples of verdicts, with targets, tags and guarantees."""

from tests.reports import verdict_samples as samples

from holdfast.claims.tags import Tags
from holdfast.guarantees.guarantee import Bound, Violation
from holdfast.guarantees.guarantee import Witness as Found
from holdfast.reports.subject import Subject
from holdfast.verdicts.verdict import AssumptionResult, Blame, GuaranteeResult, HybridResult

TAGS = Tags(atlas=("AML.T0054", "AML.T0051.000"), owasp=("LLM01:2025",))

ASSUMED = (
    AssumptionResult(id="k-unstable", status="REFUTED", kind="worst", quantity="changed characters", threshold=3.0,
                     lower=5.0, upper=9.0, valid="suffixes of 20 characters", reason="three suffixes survive it.",
                     witnesses=tuple(f"toxins-{i:03d}" for i in range(9))),
    AssumptionResult(id="independent-votes", status="SUPPORTED", quantity="correlation", threshold=0.1, lower=0.0,
                     upper=0.04, valid="up to 10 votes"),
    AssumptionResult(id="seeded-draws", status="TRUSTED", kind="trusted", reason="it is taken on trust"),
    AssumptionResult(id="mixing", status="INCONCLUSIVE", needed="200 more prompts"),
)


def guarantee(follows=True, **changes):
    """What a guarantee came to."""
    base = {
        "id": "smoothllm", "derivation": "sketch", "follows": follows,
        "bound": Bound(quantity="rate", value=0.03, why="10 votes at q = 0.1") if follows else None,
        "reason": "it gives a rate of at most 0.03 (10 votes), and rate <= 0.05 was promised" if follows
        else "no bound follows: the votes are too few",
    }
    return GuaranteeResult(**(base | changes))


def subject(verdict, tags=TAGS, target="organism:nano/safe"):
    """A verdict with a claim file."""
    return Subject(verdict, target, tags, f"runs/{verdict.claim}/claim.yaml", "catastrophic")


def explained():
    """A break that is blamed on an assumption by its witnesses and on the algorithm by the hybrids."""
    found = guarantee(
        hybrids=(HybridResult(enforced=("unstable",), wins=90, n=160, lower=0.49, upper=0.63),),
        witnesses=(Found(slot="unstable", behaviour="toxins-001", why="it survives", tried=9, violated=9),),
    )
    blame = (
        Blame(kind="assumption", id="k-unstable", share=0.7, why="91 of 131 wins are witnesses against it."),
        Blame(kind="algorithm", share=0.3, why="With every assumption true the attack still wins 90 of 160."),
    )
    return samples.verdict(assumptions=ASSUMED, guarantee=found, blame=blame)


def unsound():
    """A break by a construction that is not the one derived."""
    found = guarantee(violations=(Violation(invariant="q-of-n", why="it changed 1 of 10 characters, not 2."),))
    return samples.verdict(
        assumptions=ASSUMED[1:],
        guarantee=found,
        blame=(Blame(kind="implementation", id="q-of-n", why="it changed 1 of 10 characters, not 2."),),
    )


def standing():
    """A claim that stands on a guarantee."""
    return samples.holding("STANDS", assumptions=ASSUMED[1:3], guarantee=guarantee())


def unexplained():
    """A claim that holds while an assumption of its guarantee is refuted."""
    return samples.holding("UNEXPLAINED", assumptions=ASSUMED, guarantee=guarantee(follows=False))


def half_known():
    """A claim of which neither an attack nor a gate is decided."""
    undecided = samples.attack("lora", (5, 4, 3)).model_copy(update={"status": "INCONCLUSIVE"})
    return samples.holding("INCONCLUSIVE", attacks=(undecided,), completeness=(samples.gate(status="inconclusive"),))


def secret():
    """A break whose witness must not be repeated elsewhere."""
    found = samples.witness(reply="the hazardous reply", question="the hidden question")
    return samples.verdict(witnesses=(found,))


VERDICTS = {
    "broken": samples.verdict,
    "explained": explained,
    "unsound": unsound,
    "stacked": samples.stacked,
    "stands": standing,
    "unexplained": unexplained,
    "conditional": samples.holding,
    "half-known": half_known,
    "void": samples.empty,
    "relearned": samples.relearned,
    "hostile": samples.hostile,
    "extreme": samples.extreme,
}

SETS = {name: lambda make=make: [subject(make())] for name, make in VERDICTS.items()} | {
    "five": lambda: [subject(v, TAGS if i % 2 else Tags()) for i, v in enumerate(samples.five())],
    "all": lambda: [subject(make()) for make in VERDICTS.values()],
    "twice": lambda: [subject(samples.verdict()), subject(samples.verdict(), target="http://127.0.0.1:8000/v1")],
    "bare": lambda: [Subject(samples.verdict())],
}
"""What to export, by name; several claims in the last ones."""
