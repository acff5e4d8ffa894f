"""`holdfast export`: run folders in, the formats of other tools out."""

import json
from pathlib import Path

import pytest
from tests.cli.command import holdfast
from tests.reports import verdict_samples as samples

from holdfast.commands.export import FORMATS, export
from holdfast.core.errors import UsageError
from holdfast.core.records import canonical
from holdfast.run import Plan
from holdfast.verdicts.facts import Facts
from holdfast.verdicts.verdict import write_verdict

CLAIM = """claim: {claim}
system: {{target: organism:nano/safe}}
threat_model:
  access: [query]
  budget: {{queries: 16}}
  behaviours: {{attack_train: toxins/attack-train, explore: toxins/explore, sealed: toxins/sealed}}
goal: {{promise: rate <= 0.05}}
"""


def run_folder(parent: Path, verdict=None, overrides=()) -> Path:
    """A run as `check` leaves it, without its cells."""
    verdict = verdict or samples.verdict()
    folder = parent / verdict.claim
    folder.mkdir(parents=True)
    facts = Facts(
        attacks=(), defences=(), splits={}, has_control=True, has_never=True, sealed_openings=0, versions={},
        sha256=verdict.sha256,
    )
    plan = Plan(version="0.1.0", overrides=overrides, cells=(), facts=facts)
    (folder / "plan.json").write_text(canonical(plan.model_dump(mode="json")), encoding="utf-8")
    (folder / "claim.yaml").write_text(CLAIM.format(claim=verdict.claim), encoding="utf-8")
    write_verdict(verdict, folder / "verdict.json")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder of two runs."""
    run_folder(tmp_path / "runs")
    run_folder(tmp_path / "runs", samples.holding())
    return tmp_path / "runs"


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_whole_and_to_stdout_alike(runs, tmp_path, form):
    out = tmp_path / "out.txt"
    assert export([runs], form, out) == f"wrote {out} about 2 claims."
    text = out.read_text(encoding="utf-8")
    assert export([runs], form, None) == text.encode()
    assert "refusal-survives-finetuning" in text
    assert "filtered-model-knows-nothing" in text


def test_the_command_prints_nothing_but_the_export(runs):
    done = holdfast("export", runs, "--format", "sarif")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["runs"][0]["results"]) == 2


def test_the_claim_file_names_the_system_and_the_place(runs, monkeypatch):
    monkeypatch.chdir(runs.parent)
    run = runs / "refusal-survives-finetuning"
    result = json.loads(export([run], "sarif", None))["runs"][0]["results"][0]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert where == "runs/refusal-survives-finetuning/claim.yaml"
    targets = json.loads(export([run], "cyclonedx", None))["declarations"]["targets"]
    assert targets["components"][0]["name"] == "organism:nano/safe"


def test_tags_of_the_claim_file_are_exported(tmp_path):
    run = run_folder(tmp_path, overrides=("tags.owasp=[LLM01:2025]", "risk=catastrophic"))
    log = json.loads(export([run], "sarif", None))["runs"][0]
    assert [taxon["id"] for taxon in log["results"][0]["taxa"]] == ["LLM01:2025"]
    assert log["results"][0]["properties"]["risk"] == "catastrophic"
    assert b"LLM01:2025 Prompt Injection" in export([run], "gsn", None)


def test_overrides_count(tmp_path):
    run = run_folder(tmp_path, overrides=("system.target=organism:nano/full",))
    targets = json.loads(export([run], "cyclonedx", None))["declarations"]["targets"]
    assert targets["components"][0]["name"] == "organism:nano/full"


def test_no_path_of_the_machine_is_given_away(runs, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for form in FORMATS:
        assert str(tmp_path) not in export([runs], form, None).decode()


def test_a_place_with_odd_characters_is_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = run_folder(tmp_path / "my runs#1")
    result = json.loads(export([run], "sarif", None))["runs"][0]["results"][0]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert where == "my%20runs%231/refusal-survives-finetuning/claim.yaml"


@pytest.mark.parametrize(
    ("form", "message"),
    [("sarfi", "unknown format 'sarfi'; did you mean 'sarif'?"), ("pdf", "unknown format 'pdf'; known: cyclonedx")],
)
def test_an_unknown_format_is_refused_with_the_right_ones(runs, form, message):
    with pytest.raises(UsageError, match=message):
        export([runs], form, None)


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(tmp_path):
    for out in (tmp_path, tmp_path / "no" / "such.sarif"):
        with pytest.raises(UsageError, match="cannot write"):
            export([tmp_path], "sarif", out)


def test_a_folder_without_runs_and_a_damaged_verdict_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no run in"):
        export([tmp_path], "gsn", None)
    run = run_folder(tmp_path)
    (run / "verdict.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="is no verdict"):
        export([run], "gsn", None)


def test_a_wrong_call_is_one_sentence_and_exit_code_2(tmp_path):
    done = holdfast("export", tmp_path, "--format", "gsn")
    assert done.returncode == 2
    assert done.stderr.startswith("holdfast: no run in")
    assert len(done.stderr.splitlines()) == 1
