"""SARIF 2.1.0 for code-scanning tools: one result a claim.

A claim that is BROKEN is a result of kind `fail` and level `error`; one whose goal holds on grounds or against the
attacks listed is `pass`. INCONCLUSIVE, UNEXPLAINED and VOID are `open`, which means evaluated and not known: a reader
that shows them as passed would be wrong. Levels other than `error` are `none`, as the standard asks (3.27.10).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.claims.tags import List, catalogue, title
from holdfast.core.records import digest
from holdfast.reports import figures, lines
from holdfast.reports.plain_json import plain_json
from holdfast.reports.subject import LISTS, Subject, Tag, all_tags, tags_of
from holdfast.verdicts.verdict import GuaranteeResult, Name, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

KINDS: dict[Name, str] = {
    "BROKEN": "fail", "STANDS": "pass", "CONDITIONAL": "pass",
    "INCONCLUSIVE": "open", "UNEXPLAINED": "open", "VOID": "open",
}

HELP = (
    "Read the report in the run folder: it shows each attack with its bounds, what was not tried, and the witnesses. "
    "'holdfast verify RUN' recomputes the verdict from the sealed evidence."
)

HOMES: dict[List, str] = {
    "atlas": "https://atlas.mitre.org/techniques/",
    "owasp": "https://genai.owasp.org/llm-top-10/",
}


def sarif(subjects: Sequence[Subject]) -> str:
    """The text of a `.sarif` file."""
    used: list[List] = [name for name in LISTS if all_tags(subjects, name)]
    taxa = _references(subjects, used)
    rules = {subject.verdict.claim: _rule(subject, taxa) for subject in subjects}
    names = list(rules)
    driver: dict[str, Any] = {"name": "holdfast", "rules": list(rules.values())}
    if version := _version(subjects):
        driver["version"] = version
    run: dict[str, Any] = {"tool": {"driver": driver}}
    if used:
        driver["supportedTaxonomies"] = [{"name": LISTS[name], "index": i} for i, name in enumerate(used)]
        run["taxonomies"] = [_taxonomy(name, all_tags(subjects, name)) for name in used]
    run["results"] = [_result(subject, names.index(subject.verdict.claim), taxa) for subject in subjects]
    return plain_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _references(subjects: Sequence[Subject], used: Sequence[List]) -> dict[Tag, dict[str, Any]]:
    """How each tag is referred to: its place in its list, and that list's place in the log."""
    return {
        Tag(name, tag): {"id": tag, "index": i, "toolComponent": {"name": LISTS[name], "index": used.index(name)}}
        for name in used
        for i, tag in enumerate(all_tags(subjects, name))
    }


def _version(subjects: Sequence[Subject]) -> str | None:
    """The version of Holdfast that judged, where all were judged by the same."""
    versions = {subject.verdict.versions.get("holdfast") for subject in subjects}
    return versions.pop() if len(versions) == 1 else None


def _rule(subject: Subject, taxa: Mapping[Tag, dict[str, Any]]) -> dict[str, Any]:
    goal = subject.verdict.goal
    rule: dict[str, Any] = {
        "id": subject.verdict.claim,
        "shortDescription": {"text": subject.verdict.title or f"{goal.game}: {goal.promise}"},
        "fullDescription": {"text": f"The claim promises {goal.promise} in the game {goal.game}."},
        "help": {"text": HELP},
        "defaultConfiguration": {"level": "error"},
    }
    if tags := tags_of(subject):
        rule["relationships"] = [{"target": taxa[tag], "kinds": ["relevant"]} for tag in tags]
        rule["properties"] = {"tags": [tag.id for tag in tags]}
    return rule


def _result(subject: Subject, index: int, taxa: Mapping[Tag, dict[str, Any]]) -> dict[str, Any]:
    verdict = subject.verdict
    kind = KINDS[verdict.verdict]
    result: dict[str, Any] = {
        "ruleId": verdict.claim,
        "ruleIndex": index,
        "kind": kind,
        "level": "error" if kind == "fail" else "none",
        "message": {"text": f"{verdict.verdict}: {figures.sentence(verdict)} The scope is {figures.scope(verdict)}."},
        "partialFingerprints": {"claim/v1": digest(verdict.claim)},
        "properties": {**_properties(verdict), "risk": subject.risk},
    }
    if subject.path:
        where = {"artifactLocation": {"uri": subject.path}, "region": {"startLine": 1}}
        result["locations"] = [{"physicalLocation": where}]
    if tags := tags_of(subject):
        result["taxa"] = [taxa[tag] for tag in tags]
    return result


def _properties(verdict: Verdict) -> dict[str, Any]:
    """What the format has no field for, in the words of `verdict.json`."""
    goal = verdict.goal
    return {
        "verdict": verdict.verdict,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "grounds": verdict.grounds,
        "blame": [blame.model_dump(mode="json") for blame in verdict.blame],
        "against": verdict.against,
        "notTried": [item.model_dump(mode="json") for item in verdict.not_tried],
        "goal": {"game": goal.game, "promise": goal.promise, "alpha": goal.alpha, "status": goal.status},
        "bounds": {"of": figures.rate_name(goal), "lower": goal.lower, "upper": goal.upper},
        "needed": goal.needed,
        "guarantee": _guarantee(verdict.guarantee),
        "assumptions": [found.model_dump(mode="json") for found in verdict.assumptions],
        "completeness": [lines.gate_line(gate) for gate in verdict.completeness],
        "layers": lines.layer_lines(verdict.layers, goal.alpha) if verdict.layers else [],
        "attacks": [lines.attack_line(attack) for attack in verdict.attacks],
        "witnesses": [lines.witness_line(witness) for witness in verdict.witnesses],
        "sealedOpenings": verdict.sealed_openings,
        "sha256": verdict.sha256.model_dump(mode="json"),
        "versions": verdict.versions,
    }


def _guarantee(given: GuaranteeResult | None) -> dict[str, Any] | None:
    if given is None:
        return None
    said = given.model_dump(mode="json", exclude={"witnesses", "swaps"})
    return said | {"attribution": lines.attribution_line(given)}


def _taxonomy(name: List, tags: Sequence[str]) -> dict[str, Any]:
    """A public list, cut to the ids that these claims bear."""
    taxa = [{"id": tag, "name": title(name, tag), "shortDescription": {"text": title(name, tag)}} for tag in tags]
    return {
        "name": LISTS[name],
        "version": catalogue(name).version,
        "informationUri": HOMES[name],
        "isComprehensive": False,
        "taxa": taxa,
    }
