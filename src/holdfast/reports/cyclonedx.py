"""CycloneDX 1.6 declarations: claims about a system with their evidence and counter-evidence.

Only what was found is said. There is no attestation, assessor, signature or affirmation, which are acts of people,
and no score of conformance or confidence: no number here is one, and resistance and utility are never mixed into one.
"""

import uuid
from collections.abc import Sequence
from typing import Any, Literal

from holdfast.claims.endpoint import is_url
from holdfast.core.records import canonical, digest
from holdfast.reports import figures, lines
from holdfast.reports.plain_json import plain_json
from holdfast.reports.subject import HOLDING, Subject, tags_of
from holdfast.verdicts.verdict import StackResult, Verdict, Witness

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"

Side = Literal["evidence", "counterEvidence"]
Item = tuple[Side, str, str, dict[str, Any]]
"""For or against, the kind of evidence, one line about it, and its data."""


def cyclonedx(subjects: Sequence[Subject]) -> str:
    """The text of a `.cdx.json` file; the same verdicts give the same text."""
    systems = {subject.verdict.sha256.system: subject for subject in subjects}
    targets = {sha: f"system-{i}" for i, sha in enumerate(systems, 1)}
    claims, evidence = [], []
    for number, subject in enumerate(subjects, 1):
        items = _items(subject.verdict)
        refs = [f"evidence-{number}-{i}" for i in range(1, len(items) + 1)]
        evidence += [_evidence(ref, item) for ref, item in zip(refs, items, strict=True)]
        sides = [(ref, item[0]) for ref, item in zip(refs, items, strict=True)]
        claims.append(_claim(f"claim-{number}", targets[subject.verdict.sha256.system], subject.verdict, sides))
    whole = digest([subject.verdict.comparable() for subject in subjects])
    return plain_json(
        {
            "$schema": SCHEMA,
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, whole)}",
            "version": 1,
            "metadata": {"tools": {"components": _tools(subjects)}},
            "declarations": {
                "targets": _targets([(targets[sha], subject) for sha, subject in systems.items()]),
                "claims": claims,
                "evidence": evidence,
            },
            "properties": [_property(*pair) for i, s in enumerate(subjects, 1) for pair in _facts(f"claim-{i}", s)],
        }
    )


def _tools(subjects: Sequence[Subject]) -> list[dict[str, str]]:
    versions = sorted({subject.verdict.versions.get("holdfast", "") for subject in subjects})
    return [{"type": "application", "name": "holdfast"} | ({"version": v} if v else {}) for v in versions]


def _targets(named: Sequence[tuple[str, Subject]]) -> dict[str, list[dict[str, Any]]]:
    """The systems claimed about. Their digests cover a description too, so they are no hashes of a file."""
    out: dict[str, list[dict[str, Any]]] = {}
    for ref, subject in named:
        sha = subject.verdict.sha256.system
        target: dict[str, Any] = {"bom-ref": ref, "name": subject.target or f"system {sha[:16]}"}
        target["properties"] = [_property("holdfast:system:sha256", sha)]
        if is_url(subject.target):
            out.setdefault("services", []).append(target)
        else:
            out.setdefault("components", []).append({"type": "machine-learning-model", **target})
    return out


def _claim(ref: str, target: str, verdict: Verdict, sides: Sequence[tuple[str, Side]]) -> dict[str, Any]:
    goal = verdict.goal
    promise = f"{goal.promise} in the game {goal.game}"
    said = f"{verdict.title} ({promise})" if verdict.title else promise
    claim: dict[str, Any] = {
        "bom-ref": ref,
        "target": target,
        "predicate": f"{verdict.claim}: {said}",
        "reasoning": (
            f"{verdict.verdict}: {figures.sentence(verdict)} The scope is {figures.scope(verdict)}. "
            f"Not tried: {lines.not_tried_line(verdict)}."
        ),
    }
    for side in ("evidence", "counterEvidence"):
        if refs := [name for name, which in sides if which == side]:
            claim[side] = refs
    return claim


def _items(verdict: Verdict) -> list[Item]:
    """What speaks for and against a claim. What a VOID or INCONCLUSIVE verdict found speaks for nothing."""
    items: list[Item] = []
    for attack in verdict.attacks:
        # an attack that works nowhere shows nothing by failing here
        if attack.status == "BROKEN" or (attack.status == "HOLDS" and attack.potent is not False):
            side: Side = "counterEvidence" if attack.status == "BROKEN" else "evidence"
            data = attack.model_dump(mode="json", exclude={"spent": {"seconds"}, "seeds": {"__all__": {"settings"}}})
            items.append((side, "attack", lines.attack_line(attack), data))
    for gate in verdict.completeness:
        if gate.status != "inconclusive":
            side = "counterEvidence" if gate.status == "fails" else "evidence"
            items.append((side, "completeness", lines.gate_line(gate), gate.model_dump(mode="json")))
    items += [("counterEvidence", *_layer(stack)) for stack in lines.failing(verdict, "BROKEN")]
    items += [("evidence", *_layer(stack)) for stack in lines.failing(verdict, "HOLDS")]
    for found in verdict.assumptions:
        if found.status in ("SUPPORTED", "REFUTED"):
            side = "counterEvidence" if found.status == "REFUTED" else "evidence"
            items.append((side, "assumption", lines.assumption_line(found), found.model_dump(mode="json")))
    if (given := verdict.guarantee) is not None:
        data = given.model_dump(mode="json", exclude={"witnesses", "swaps"})
        if given.violations:
            broken = "; ".join(f"{v.invariant} was not kept: {v.why}" for v in given.violations)
            items.append(("counterEvidence", "guarantee", broken, data))
        elif given.follows:
            items.append(("evidence", "guarantee", f"{lines.guarantee_line(given)}; {given.reason}", data))
    items += [("counterEvidence", "witness", lines.witness_line(w), _witness(w)) for w in verdict.witnesses]
    if verdict.verdict in (*HOLDING, "BROKEN"):
        return items
    return [item for item in items if item[0] == "counterEvidence"]


def _layer(stack: StackResult) -> tuple[str, str, dict[str, Any]]:
    return "layer", lines.stack_line(stack), stack.model_dump(mode="json")


def _witness(witness: Witness) -> dict[str, Any]:
    """A witness without its text: what was asked and answered may be hazardous, and stays in the run folder."""
    return witness.model_dump(mode="json", exclude={"transcript", "reply"})


def _evidence(ref: str, item: Item) -> dict[str, Any]:
    _, kind, text, data = item
    attachment = {"contentType": "application/json", "content": canonical(data)}
    return {
        "bom-ref": ref,
        "propertyName": f"holdfast:{kind}",
        "description": text,
        "data": [{"name": f"{kind}.json", "contents": {"attachment": attachment}}],
    }


def _facts(ref: str, subject: Subject) -> list[tuple[str, str]]:
    """What the format has no field for: the verdict itself, bounds, assumptions, blame, tags."""
    verdict = subject.verdict
    goal = verdict.goal
    facts = [
        ("verdict", verdict.verdict),
        ("rule", str(verdict.rule)),
        ("bounds", f"{figures.rate_name(goal)} {figures.bounds(goal.lower, goal.upper)} at alpha {goal.alpha:g}"),
        ("sealed-openings", str(verdict.sealed_openings)),
        ("sha256:claim", verdict.sha256.claim),
        ("sha256:judge", verdict.sha256.judge),
    ]
    if verdict.guarantee is not None:
        facts += [("guarantee", lines.guarantee_line(verdict.guarantee))]
    facts += [("assumption", lines.assumption_line(found)) for found in verdict.assumptions]
    facts += [("blame", f"{figures.blamed(blame)}: {blame.why}") for blame in verdict.blame]
    facts += [("risk", subject.risk)] if subject.risk else []
    facts += [("tag", tag.label) for tag in tags_of(subject)]
    return [(f"holdfast:{ref}:{name}", value) for name, value in facts]


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
