"""CycloneDX declarations: valid by the published schema, and nothing in them that nobody said."""

import json
from functools import lru_cache
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource
from tests.reports import verdict_samples as samples
from tests.reports.export_samples import SETS, explained, half_known, secret, subject, unsound

from holdfast.reports.cyclonedx import cyclonedx

SCHEMAS = Path(__file__).parent / "schemas"
BESIDE = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")


def load(name):
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


@lru_cache
def validator():
    beside = [(f"http://cyclonedx.org/schema/{name}", Resource.from_contents(load(name))) for name in BESIDE]
    return jsonschema.Draft7Validator(
        load("bom-1.6.SNAPSHOT.schema.json"),
        registry=Registry().with_resources(beside),
        format_checker=jsonschema.FormatChecker(),
    )


def read(subjects):
    bom = json.loads(cyclonedx(subjects))
    validator().validate(bom)
    return bom


def everything(value, key):
    """All values that stand under a key, anywhere."""
    if isinstance(value, dict):
        yield from ([value[key]] if key in value else [])
        for inner in value.values():
            yield from everything(inner, key)
    if isinstance(value, list):
        for inner in value:
            yield from everything(inner, key)


@pytest.mark.parametrize("name", SETS)
def test_it_is_valid_and_every_reference_leads_somewhere(name):
    bom = read(SETS[name]())
    refs = list(everything(bom, "bom-ref"))
    assert len(refs) == len(set(refs))
    said = bom["declarations"]
    evidence = {item["bom-ref"] for item in said["evidence"]}
    targets = set(everything(said["targets"], "bom-ref"))
    used = set()
    for claim in said["claims"]:
        assert claim["target"] in targets
        used |= set(claim.get("evidence", [])) | set(claim.get("counterEvidence", []))
    assert used == evidence


def test_the_schema_can_refuse():
    bom = json.loads(cyclonedx(SETS["broken"]()))
    bom["declarations"]["claims"][0]["assumptions"] = []
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(bom)


@pytest.mark.parametrize("name", SETS)
def test_nobody_attests_signs_scores_or_affirms(name):
    bom = read(SETS[name]())
    for key in ("attestations", "assessors", "affirmation", "signature", "score", "conformance", "confidence"):
        assert list(everything(bom, key)) == []


def sides(verdict):
    """(kind, start of the description) of the evidence and of the counter-evidence."""
    said = read([subject(verdict)])["declarations"]
    by_ref = {item["bom-ref"]: item for item in said["evidence"]}
    claim = said["claims"][0]
    lists = [[by_ref[ref] for ref in claim.get(side, [])] for side in ("evidence", "counterEvidence")]
    return [[(i["propertyName"].removeprefix("holdfast:"), i["description"]) for i in items] for items in lists]


def test_a_break_has_its_witnesses_as_counter_evidence():
    for_, against = sides(samples.verdict())
    assert [kind for kind, _ in against] == ["attack", "attack", "witness", "witness", "witness"]
    assert [kind for kind, _ in for_] == ["attack", "completeness", "completeness", "completeness"]
    assert against[0][1].startswith("lora: 399 of 480 won")


def test_assumptions_and_guarantees_are_on_the_side_they_are_on():
    for_, against = sides(explained())
    assert ("assumption", "k-unstable") in [(kind, text.split()[0]) for kind, text in against if kind == "assumption"]
    assert ("assumption", "independent-votes") in [(k, t.split()[0]) for k, t in for_ if k == "assumption"]
    assert not [text for _, text in (*for_, *against) if "TRUSTED" in text or "INCONCLUSIVE" in text]
    assert [kind for kind, _ in for_].count("guarantee") == 1
    assert [text for kind, text in sides(unsound())[1] if kind == "guarantee"] == [
        "q-of-n was not kept: it changed 1 of 10 characters, not 2."
    ]


@pytest.mark.parametrize("verdict", ["VOID", "INCONCLUSIVE"])
def test_what_decides_nothing_is_no_evidence(verdict):
    for_, against = sides(samples.holding(verdict))
    assert (for_, against) == ([], [])
    assert sides(half_known()) == [[], []]


def test_an_attack_that_works_nowhere_is_no_evidence():
    blunt = samples.holding(attacks=(samples.attack("lora", (0, 0, 0), potent=False),), completeness=())
    assert sides(blunt) == [[], []]


def test_facts_without_a_field_are_properties():
    properties = {(p["name"], p["value"]) for p in read([subject(explained())])["properties"]}
    assert ("holdfast:claim-1:verdict", "BROKEN") in properties
    assert ("holdfast:claim-1:risk", "catastrophic") in properties
    assert ("holdfast:claim-1:tag", "MITRE ATLAS AML.T0054 LLM Jailbreak") in properties
    values = [value for name, value in properties if name == "holdfast:claim-1:assumption"]
    assert len(values) == 4
    assert any("seeded-draws is TRUSTED" in value for value in values)


def test_claims_about_one_system_share_its_target():
    said = read([subject(samples.verdict()), subject(samples.holding())])["declarations"]
    assert [len(found) for found in said["targets"].values()] == [1]
    assert said["claims"][0]["target"] == said["claims"][1]["target"]


def test_a_served_model_is_a_service():
    served = read([subject(samples.verdict(), target="http://127.0.0.1:8000/v1")])["declarations"]["targets"]
    assert list(served) == ["services"]


def test_what_was_asked_and_answered_stays_in_the_run_folder():
    text = cyclonedx([subject(secret())])
    assert "hazardous reply" not in text
    assert "hidden question" not in text


def test_hostile_text_is_shown_as_its_codes():
    text = cyclonedx(SETS["hostile"]())
    assert all(char >= " " or char == "\n" for char in text)
    assert "\u202e" not in text


def test_the_same_verdicts_give_the_same_text_and_others_another_number():
    assert cyclonedx(SETS["five"]()) == cyclonedx(SETS["five"]())
    numbers = {read(SETS[name]())["serialNumber"] for name in SETS}
    assert len(numbers) == len(SETS) - 1    # `bare` holds the verdict that `broken` holds


def test_a_layer_that_fails_open_is_counter_evidence_and_one_that_was_not_tried_is_none():
    for_, against = sides(samples.stacked())
    assert [text for kind, text in against if kind == "layer"] == [
        "classifier while its parts raise errors: BROKEN, rephrase wins 160/160, 0.970 to 1.000"]
    assert not [text for kind, text in for_ if kind == "layer"]
