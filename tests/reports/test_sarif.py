"""SARIF: valid by the published schema, and open where nothing is known."""

import json
from functools import lru_cache
from pathlib import Path

import jsonschema
import pytest
from tests.reports import verdict_samples as samples
from tests.reports.export_samples import SETS, TAGS, explained, secret, subject

from holdfast.reports.sarif import sarif

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"


@lru_cache
def validator():
    return jsonschema.Draft202012Validator(
        json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=jsonschema.FormatChecker()
    )


def read(subjects):
    log = json.loads(sarif(subjects))
    validator().validate(log)
    return log["runs"][0]


@pytest.mark.parametrize("name", SETS)
def test_it_is_valid_by_the_published_schema(name):
    subjects = SETS[name]()
    run = read(subjects)
    assert [result["ruleId"] for result in run["results"]] == [
        run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] for result in run["results"]
    ]
    assert len(run["results"]) == len(subjects)


def test_the_schema_can_refuse():
    log = json.loads(sarif(SETS["broken"]()))
    log["runs"][0]["results"][0]["kind"] = "maybe"
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(log)


@pytest.mark.parametrize(
    ("verdict", "kind", "level"),
    [
        ("STANDS", "pass", "none"),
        ("CONDITIONAL", "pass", "none"),
        ("UNEXPLAINED", "open", "none"),
        ("INCONCLUSIVE", "open", "none"),
        ("VOID", "open", "none"),
        ("BROKEN", "fail", "error"),
    ],
)
def test_only_a_break_fails_and_only_what_holds_passes(verdict, kind, level):
    result = read([subject(samples.verdict(verdict=verdict))])["results"][0]
    assert (result["kind"], result["level"]) == (kind, level)


def test_a_result_carries_scope_grounds_blame_and_bounds():
    verdict = explained()
    result = read([subject(verdict)])["results"][0]
    properties = result["properties"]
    assert verdict.against in result["message"]["text"]
    assert properties["against"] == verdict.against
    assert properties["risk"] == "catastrophic"
    assert properties["grounds"] == list(verdict.grounds)
    assert properties["bounds"] == {"of": "win rate", "lower": verdict.goal.lower, "upper": verdict.goal.upper}
    assert [blame["kind"] for blame in properties["blame"]] == ["assumption", "algorithm"]
    assert [found["status"] for found in properties["assumptions"]] == [
        "REFUTED", "SUPPORTED", "TRUSTED", "INCONCLUSIVE"
    ]
    assert properties["guarantee"]["derivation"] == "sketch"
    assert "90 of 160 won" in properties["guarantee"]["attribution"]
    assert properties["notTried"][0]["name"] == "relearn-from-related"


def test_tags_are_taxa_of_their_lists():
    run = read([subject(samples.verdict(), TAGS), subject(samples.holding(), TAGS)])
    lists = {taxonomy["name"]: taxonomy for taxonomy in run["taxonomies"]}
    assert lists["MITRE ATLAS"]["taxa"][1]["name"] == "LLM Jailbreak"
    for result in run["results"]:
        found = [
            run["taxonomies"][taxon["toolComponent"]["index"]]["taxa"][taxon["index"]]["id"]
            for taxon in result["taxa"]
        ]
        assert found == ["AML.T0054", "AML.T0051.000", "LLM01:2025"] == [taxon["id"] for taxon in result["taxa"]]


def test_a_claim_without_tags_or_file_has_neither_taxa_nor_location():
    run = read(SETS["bare"]())
    assert "taxonomies" not in run
    assert not {"taxa", "locations"} & set(run["results"][0])


def test_what_was_asked_and_answered_stays_in_the_run_folder():
    text = sarif([subject(secret())])
    assert "hazardous reply" not in text
    assert "hidden question" not in text
    assert "toxins-000" in text


def test_hostile_text_is_shown_as_its_codes():
    text = sarif(SETS["hostile"]())
    assert all(char >= " " or char == "\n" for char in text)
    assert "\u202e" not in text
    assert "\\\\x1b[31m" in text


def test_the_same_verdicts_give_the_same_text():
    assert sarif(SETS["all"]()) == sarif(SETS["all"]())
