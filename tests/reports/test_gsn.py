"""The argument: what supports a claim, what defeats it, and that gsn2x would read it."""

import xml.etree.ElementTree as ElementTree
from itertools import combinations

import pytest
import yaml
from tests.reports import verdict_samples as samples
from tests.reports.export_samples import SETS, explained, half_known, secret, standing, subject, unexplained, unsound
from tests.reports.gsn2x_checks import faults, kind

from holdfast.reports.argument import argument
from holdfast.reports.gsn import gsn_yaml
from holdfast.reports.gsn_layout import Layout
from holdfast.reports.gsn_shapes import FONT, fitted, measured, shape
from holdfast.reports.gsn_svg import gsn_svg
from holdfast.verdicts.verdict import NotTried

NAMESPACE = "{http://www.w3.org/2000/svg}"


def read(subjects):
    return yaml.safe_load(gsn_yaml(subjects))


def one(verdict):
    return read([subject(verdict)])


@pytest.mark.parametrize("name", SETS)
def test_gsn2x_would_have_nothing_to_say(name):
    assert faults(read(SETS[name]())) == []


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda e: e.update(X1={"text": "of no kind"}), "V01"),
        (lambda e: e["G1"].pop("supportedBy"), "V02"),
        (lambda e: e["G1"].update(undeveloped=True), "V03"),
        (lambda e: e["G1"]["supportedBy"].append("J1"), "V04"),
        (lambda e: e["CG1"].update(inContextOf=["J1"]), "V04"),
        (lambda e: e["G1"]["supportedBy"].append("S1-work"), "V05"),
        (lambda e: e["S1-work"]["supportedBy"].append("S1-work"), "V06"),
        (lambda e: e["J1"].update(defeated=True), "V10"),
        (lambda e: e["J1"].update(challenges="G1"), "V12"),
        (lambda e: e["G1"].update(defeatedRelation=["Sn1-work-1"]), "V13"),
        (lambda e: e.update(G2={"text": "another", "undeveloped": True}), "C01"),
        (lambda e: e.update(C2={"text": "loose"}), "C02"),
        (lambda e: e["S1-work"]["supportedBy"].append("Sn9"), "C03"),
        (lambda e: e["S1-work"]["supportedBy"].append("G1"), "C04"),
        (lambda e: e["CG1"].update(challenges="G9"), "C14"),
        (lambda e: e["G1"].update(supportedBy="S1-work"), "syntax"),
    ],
)
def test_the_checks_can_refuse(change, check):
    elements = one(explained())
    change(elements)
    assert check in {found for found, _ in faults(elements)}


def test_a_break_defeats_its_goal_with_its_witnesses():
    elements = one(samples.verdict())
    assert elements["G1"]["defeated"]
    counter = elements["CG1"]
    assert counter["challenges"] == "G1"
    assert "131 of 160" in counter["text"]
    evidence = [elements[name]["text"] for name in counter["supportedBy"]]
    assert evidence[0].startswith("lora: 399 of 480 won")
    assert sum("--witness" in text for text in evidence) == 3
    # what held still stands beside it
    assert elements["G1"]["supportedBy"] == ["S1-attacks", "S1-work"]
    assert [elements[name]["text"][:5] for name in elements["S1-attacks"]["supportedBy"]] == ["none:"]


def test_failed_gates_are_counter_evidence():
    incomplete = samples.five()[2]
    elements = one(incomplete)
    assert elements["CG1"]["text"].startswith("completeness fails")
    assert [elements[name]["text"][:7] for name in elements["CG1"]["supportedBy"]] == ["utility", "over-re"]
    assert elements["G1"]["supportedBy"] == ["S1-attacks"]


@pytest.mark.parametrize("verdict", [samples.empty, half_known, lambda: samples.holding("VOID")])
def test_nothing_supports_a_goal_about_which_nothing_is_known(verdict):
    elements = one(verdict())
    assert elements["G1"]["undeveloped"]
    assert not [name for name in elements if kind(name) in ("Solution", "Strategy", "CounterGoal", "CounterSolution")]


def test_what_was_found_so_far_is_said():
    assert one(half_known())["C1-open"]["text"].startswith("Found so far: lora: 12 of 480 won")


def test_a_guarantee_that_carries_supports_the_goal():
    elements = one(standing())
    strategy = elements["S1-guarantee"]
    assert "S1-guarantee" in elements["G1"]["supportedBy"]
    assert strategy["inContextOf"] == ["A1-1", "A1-2"]
    assert "at most 0.03" in elements[strategy["supportedBy"][0]]["text"]
    assert not [name for name, element in elements.items() if element.get("defeated")]


def test_a_refuted_assumption_is_defeated_and_the_derivation_carries_nothing():
    elements = one(unexplained())
    assert elements["A1-1"]["defeated"]
    against = [element for element in elements.values() if element.get("challenges") == "A1-1"]
    assert [element["text"] for element in against] == [
        "its own check refutes k-unstable; witnesses: toxins-000, toxins-001, toxins-002, toxins-003 and 5 more"
    ]
    assert elements["G1"]["defeatedRelation"] == ["S1-guarantee"]
    assert elements["S1-guarantee"]["defeatedRelation"] == ["A1-1"]
    assert elements["S1-guarantee"]["undeveloped"]
    assert "no bound follows: the votes are too few" in elements["S1-guarantee"]["text"]
    assert "defeated" not in elements["G1"]
    assert elements["S1-attacks"]["supportedBy"]


def test_blame_points_at_the_assumption_and_at_the_derivation():
    elements = one(explained())
    assert "91 of 131 wins" in elements["CSn1-assumption-1-1"]["text"]
    assert elements["S1-guarantee"]["defeated"]
    assert elements["CG1-guarantee"]["challenges"] == "S1-guarantee"
    assert "still wins 90 of 160" in elements["CSn1-guarantee-1"]["text"]
    assert "with unstable true by construction, 90 of 160 won" in elements["C1-attribution"]["text"]
    assert "Blame: assumption k-unstable (70 %)" in elements["C1-verdict"]["text"]


def test_a_construction_that_is_not_the_one_derived_defeats_the_derivation():
    elements = one(unsound())
    assert elements["S1-guarantee"]["defeated"]
    assert elements["CSn1-guarantee-1"]["text"].startswith("q-of-n was not kept")


def test_an_attack_that_works_nowhere_is_no_evidence():
    blunt = samples.holding(attacks=(samples.attack("lora", (0, 0, 0), potent=False),), completeness=())
    assert one(blunt)["G1"]["undeveloped"]


def test_several_claims_hang_from_one_goal_and_none_makes_up_for_another():
    elements = read(SETS["five"]())
    assert elements["S0"]["supportedBy"] == ["G1", "G2", "G3", "G4", "G5"]
    assert elements["S0"]["defeatedRelation"] == ["G2", "G3"]


def test_what_was_not_tried_is_said_by_reason():
    reasons = (("gcg", "needs gradients."), ("lora", "needs weights."), ("merge", "needs weights."))
    verdict = samples.holding(not_tried=tuple(NotTried(name=name, reason=reason) for name, reason in reasons))
    assert one(verdict)["C1-scope"]["text"].endswith("Not tried: gcg (needs gradients); lora, merge (needs weights)")


def test_scope_digests_and_tags_are_context():
    elements = one(samples.verdict())
    assert elements["C1-scope"]["text"].startswith("against none, lora")
    assert "relearn-from-related" in elements["C1-scope"]["text"]
    assert "organism:nano/safe" in elements["C1-system"]["text"]
    assert "risk class catastrophic; MITRE ATLAS AML.T0054 LLM Jailbreak" in elements["C1-system"]["text"]


@pytest.mark.parametrize("write", [gsn_yaml, gsn_svg])
def test_what_was_asked_and_answered_stays_in_the_run_folder(write):
    text = write([subject(secret())])
    assert "hazardous reply" not in text
    assert "hidden question" not in text


def test_hostile_yaml_is_text_and_no_link():
    title = "!!python/object:os.system {a: b} [words](https://example.org) \x1b \u202e # x: y"
    text = gsn_yaml([subject(samples.verdict(title=title))])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "](" not in text
    assert "!!python/object:os.system {a: b}" in yaml.safe_load(text)["G1"]["text"]


@pytest.mark.parametrize("name", SETS)
def test_the_picture_is_one_file_that_runs_and_fetches_nothing(name):
    text = gsn_svg(SETS[name]())
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(NAMESPACE) for element in root.iter()}
    assert tags <= {"svg", "title", "style", "g", "path", "polygon", "rect", "ellipse", "text"}
    attributes = {attribute for element in root.iter() for attribute in element.attrib}
    assert not [attribute for attribute in attributes if attribute.startswith("on") or "href" in attribute]
    assert "url(" not in text
    assert "@import" not in text


def test_every_element_is_drawn_and_the_defeated_say_so():
    root = ElementTree.fromstring(gsn_svg([subject(unexplained())]))
    drawn = {group.get("data-id"): group for group in root.iter(f"{NAMESPACE}g")}
    elements = one(unexplained())
    assert set(drawn) == set(elements)
    for name, element in elements.items():
        said = [text.text for text in drawn[name].iter(f"{NAMESPACE}text")]
        assert said[0] == (f"{name} DEFEATED" if element.get("defeated") else name)
        assert drawn[name].find(f"{NAMESPACE}title").text.endswith(element["text"])


def boxes(block):
    return {p.shape.node.id: (p.x, p.y, p.x + p.shape.width, p.y + p.shape.height) for p in block.placed}


@pytest.mark.parametrize("name", SETS)
def test_nothing_overlaps_and_no_line_crosses_an_element(name):
    nodes = argument(SETS[name]())
    block = Layout(nodes).block(nodes[0].id)
    placed = boxes(block)
    assert set(placed) == {node.id for node in nodes}
    assert len(block.placed) == len(nodes)
    for (_, a), (_, b) in combinations(placed.items(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for left, top, right, bottom in placed.values():
        assert left >= 0
        assert top >= 0
        assert right <= block.width + 0.01
        assert bottom <= block.height + 0.01
    for line in block.lines:
        for (ax, ay), (bx, by) in zip(line.points, line.points[1:], strict=False):
            assert ax == bx or ay == by     # only across and down
            for left, top, right, bottom in placed.values():
                across = min(ax, bx) < right - 8 and max(ax, bx) > left + 8
                down = min(ay, by) < bottom - 1 and max(ay, by) > top + 1
                assert not (across and down), (name, line)


def relations(nodes):
    return sum(len(node.supported_by) + len(node.in_context_of) + (node.challenges is not None) for node in nodes)


@pytest.mark.parametrize("name", SETS)
def test_every_relation_has_its_line(name):
    nodes = argument(SETS[name]())
    lines = Layout(nodes).block(nodes[0].id).lines
    assert len(lines) == relations(nodes)
    assert sum(line.defeated for line in lines) == sum(len(node.defeated_relation) for node in nodes)


@pytest.mark.parametrize("text", ["word " * 200, "x" * 500, "a-b" * 200, "汉字" * 200, "", "W" * 40, "\x1b" * 10])
def test_text_is_cut_to_fit(text):
    lines = fitted(text, 132, 9)
    assert len(lines) <= 9
    assert all(measured(line) <= 132 for line in lines)
    assert (lines[-1].endswith("…")) == (len(text) > 150)


def test_words_are_kept_whole_where_they_fit():
    assert " ".join(fitted("the lower bound of the win rate", 132, 9)) == "the lower bound of the win rate"


def test_a_shape_is_as_large_as_its_text_needs():
    for node in argument(SETS["all"]()):
        made = shape(node)
        assert made.height >= FONT * len(made.lines)
        assert made.width >= max(measured(line) for line in made.lines[1:])
