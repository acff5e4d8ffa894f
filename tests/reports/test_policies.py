"""Rulings side by side, on a terminal and on a page; and the modes that dominate."""

import io
import xml.etree.ElementTree as ElementTree

from rich.console import Console
from tests.reports.verdict_samples import HOSTILE

from holdfast.measures.dominating import dominating
from holdfast.reports.policies import few, in_words, print_dominating, print_rulings, rows
from holdfast.reports.policies_page import rulings_html
from holdfast.verdicts.under_policy import Check, Ruling


def ruling(policy="strict", status="not met", claim="c", **statuses):
    checks = tuple(Check(demand=name, status=s.replace("_", " "), why=f"Because of {name}.")
                   for name, s in (statuses or {"rate": "met", "grounds": "not met"}).items())
    return Ruling(claim=claim, policy=policy, version=3, owner="The board", risk="severe", status=status,
                  verdict="CONDITIONAL", checks=checks)


def printed(rulings, width=80):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_rulings(rulings, console)
    return console.file.getvalue()


def test_policies_stand_side_by_side_with_a_reason_each():
    text = printed([ruling(), ruling("loose", "met", rate="met", judge="met")])
    lines = [line.split() for line in text.splitlines()]
    assert ["demand", "strict", "loose"] in lines
    assert ["in", "all", "not", "met", "met"] in lines
    assert ["grounds", "not", "met", "-"] in lines      # the second does not ask for it
    assert ["judge", "-", "met"] in lines
    assert "strict version 3, The board:" in text
    assert "  grounds: not met. Because of grounds." in text


def test_each_claim_has_its_own_block():
    text = printed([ruling(claim="one"), ruling(claim="two"), ruling("loose", claim="one")])
    assert text.count("(risk: severe)") == 2
    assert text.index("loose") < text.index("two")


def test_rows_are_in_the_order_of_the_demands():
    assert [name for name, _ in rows([ruling(judge="met", rate="met"), ruling(seeds="met")])] == [
        "rate", "seeds", "judge"]


def test_hostile_names_steer_nothing():
    bad = Ruling(claim=HOSTILE, policy=HOSTILE, version=1, owner=HOSTILE, risk=HOSTILE, status="met", verdict=None,
                 checks=(Check(demand="rate", status="met", why=HOSTILE),))
    text = printed([bad, bad])
    assert "\x1b" not in text
    assert "\u202e" not in text
    modes = dominating(HOSTILE, {HOSTILE: ["a"], "b": ["b"]}, ["a"], 0.05)
    page = rulings_html([bad], [modes])
    assert "<script>" not in page
    assert "<img" not in page
    ElementTree.fromstring(f"<div>{page}</div>")


def test_a_page_part_says_the_same_and_nothing_without_rulings():
    page = rulings_html([ruling(), ruling("loose", "met", rate="met")])
    assert "✘ not met" in page
    assert "Because of grounds." in page
    assert rulings_html([]) == ""


def test_few_modes_are_spelt_out_and_many_are_not():
    ids = [f"b{i}" for i in range(20)]
    cut = dominating("domain", {"x": ids[:18], "y": ids[18:]}, ids, 0.05)
    assert few(cut) == "1 of 2 holds 90 %"
    assert in_words(cut.modes[0]).startswith("x: 18 of 20 (0.")
    flat = dominating("behaviour", {b: [b] for b in ids}, ids, 0.05)
    console = Console(file=io.StringIO(), width=80)
    print_dominating([cut, flat], console)
    text = console.file.getvalue()
    assert "x: 18 of 20" in text
    assert "16 of 20 hold 80 %" in text
    assert "b0: 1 of 20" not in text
