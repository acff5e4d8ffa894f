"""Every claim that the documentation shows is one, and every key, plug-in and verdict it names exists."""

from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from tests.docs.pages import ROOT, Block, blocks, rows

from holdfast.claims.claim import Claim
from holdfast.claims.goal import UsePart
from holdfast.claims.load import parse_claim
from holdfast.claims.policy import Policy
from holdfast.claims.threat_model import ACCESS
from holdfast.commands.shipped import shipped
from holdfast.core.errors import UsageError
from holdfast.core.plugins import discover
from holdfast.reports.expect import read_expectations
from holdfast.worlds.ordinary import OrdinaryUser

SHIPPED = shipped("demo/1-refusals-fall-to-fine-tuning.yaml")
CLAIMS = ROOT / "docs/claims.md"


def kind(block: Block) -> str:
    """Whether a block is a whole claim, a part of one, a policy, an ordinary user, or an expectation file."""
    data: dict[str, Any] = yaml.safe_load(block.text)
    if "claim" in data:
        return "whole"
    if "policy" in data:
        return "policy"
    if set(data) <= set(OrdinaryUser.model_fields):
        return "user"
    return "part" if set(data) <= set(Claim.model_fields) else "expectations"


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: f"{block.page}: {block.text.splitlines()[0]}")
def test_a_shown_file_is_valid(block: Block, tmp_path: Any) -> None:
    data = yaml.safe_load(block.text)
    if kind(block) == "policy":
        Policy.model_validate(data)
        return
    if kind(block) == "user":
        OrdinaryUser.model_validate(data)
        return
    if kind(block) == "expectations":
        (tmp_path / "expected.yaml").write_text(block.text)
        read_expectations(tmp_path / "expected.yaml")
        return
    base = yaml.safe_load(SHIPPED.read_text()) if kind(block) == "part" else {}
    claim = parse_claim({**base, **data}, block.page)
    attacks = () if isinstance(claim.attacks, str) else claim.attacks
    for plural, uses in (("attacks", attacks), ("defences", claim.system.defences)):
        assert all(".py:" in use.use or use.use in discover(plural) for use in uses)


def test_a_wrong_claim_is_seen() -> None:
    with pytest.raises(UsageError, match="did you mean 'goal'"):
        parse_claim({**yaml.safe_load(SHIPPED.read_text()), "goals": {}}, "a page")


def test_the_readme_shows_the_shipped_claim_as_it_is() -> None:
    assert SHIPPED.read_text() in [block.text for block in blocks("yaml") if block.page == "README.md"]


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    """The dotted keys of a record; those of a plug-in's settings are its own affair."""
    out: set[str] = set()
    for name, field in model.model_fields.items():
        inner = _record(field.annotation)
        out |= {f"{prefix}{name}"} if inner is None or inner is UsePart else keys(inner, f"{prefix}{name}.")
    return out


def _record(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for arg in getattr(annotation, "__args__", ()) if (m := _record(arg))), None)


def test_every_key_of_a_claim_is_explained_and_no_other() -> None:
    assert {row[0].strip("`") for row in rows(CLAIMS, "key")} == keys(Claim)


def test_defaults_are_those_of_the_code() -> None:
    stated = {row[0].strip("`"): row[1] for row in rows(CLAIMS, "key")}
    for key, default in stated.items():
        model: type[BaseModel] = Claim
        *parents, last = key.split(".")
        for parent in parents:
            inner = _record(model.model_fields[parent].annotation)
            assert inner is not None
            model = inner
        field = model.model_fields[last]
        assert field.is_required() == (default == "required"), key
        if not field.is_required() and default not in ("by rule", "by world"):
            value = field.get_default()
            words = {"": "empty", None: "none", (): "none", "none": "none"}
            allowed = {words.get(value, f"{value}")} | ({"unbounded", "all"} if value is None else set())
            assert default in allowed, f"{key}: {default!r} is not {value!r}"


@pytest.mark.parametrize("plural", ["attacks", "defences"])
def test_every_plugin_is_listed_and_no_other(plural: str) -> None:
    listed = [row[0].strip("`") for row in rows(CLAIMS, plural.removesuffix("s"))]
    assert sorted(listed) == sorted(discover(plural))


def test_every_access_word_is_listed_and_no_other() -> None:
    assert [row[0].strip("`") for row in rows(CLAIMS, "word")] == list(ACCESS)
