"""What the pages about cost and policies list is what the code has, and their example runs."""

import contextlib
import io

import pytest
import yaml
from tests.docs.pages import ROOT, blocks, rows

from holdfast.claims.policy import Demand, Policy, Scope
from holdfast.measures.cost import ADDS_UP
from holdfast.measures.heuristics import USUAL, options
from holdfast.reports.cost import WORDS
from holdfast.stats.rare_event import RareEvent, plain
from holdfast.verdicts.under_policy import Ruling

COST, POLICIES = ROOT / "docs/cost.md", ROOT / "docs/policies.md"


def test_every_heuristic_is_listed_with_its_choices():
    stated = {row[0].strip("`"): [name.strip(" `") for name in (row[1], *row[2].split(","))]
              for row in rows(COST, "heuristic")}
    known = {name: [getattr(USUAL, name), *(o for o in options(name) if o != getattr(USUAL, name))]
             for name in type(USUAL).model_fields}
    assert stated == known


def test_every_axis_is_listed_with_whether_it_adds_up():
    assert {row[0]: row[1] == "yes" for row in rows(COST, "axis")} == {
        WORDS[axis]: adds for axis, adds in ADDS_UP.items()}


def test_every_key_of_a_policy_is_listed_with_its_default():
    listed = {name.strip(" `"): row[1].strip("`") for row in rows(POLICIES, "key") for name in row[0].split(",")}
    nested = {f"classes.NAME.{name}" for name in Demand.model_fields} | {
        f"behaviours.{name}" for name in Scope.model_fields}
    assert set(listed) == (set(Policy.model_fields) - {"classes", "behaviours"}) | nested
    for name, field in Demand.model_fields.items():
        default = "required" if field.is_required() else str(field.default).lower()
        assert listed[f"classes.NAME.{name}"] == default


def test_the_policy_shown_is_one():
    (shown,) = [b.text for b in blocks("yaml") if b.page == "policies.md" and b.text.startswith("policy:")]
    assert Policy.model_validate(yaml.safe_load(shown)).policy == "strict-regulator"


def test_the_demands_listed_are_those_that_are_ruled_on():
    from holdfast.reports.policies import DEMANDS

    assert [row[0] for row in rows(POLICIES, "demand")] == list(DEMANDS[2:])
    assert Ruling.model_fields["status"].annotation is not None


def test_the_example_finds_the_failure_that_it_plants():
    (code,) = [b.text for b in blocks("python") if b.page == "policies.md"]
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "policies.md", "exec"), names)
    found = names["found"]
    assert isinstance(found, RareEvent)
    assert found.lower <= 0.2 * 0.25 * 0.1 <= found.upper       # the last option of each part
    checked = plain(names["words"], names["nearness"], 6.0, 20_000, 0.05, 1)
    assert checked.lower <= 0.005 <= checked.upper


@pytest.mark.parametrize("name", ["strict-regulator", "product-team"])
def test_a_shipped_policy_is_named(name):
    assert f"`{name}`" in POLICIES.read_text()
