"""The security level as printed and drawn: every number in its place, nothing that was not reached as a number."""

import io
import xml.etree.ElementTree as ElementTree

import pytest
from rich.console import Console
from tests.reports import cost_samples as samples
from tests.reports.verdict_samples import HOSTILE

from holdfast.measures.security import SecurityLevel
from holdfast.reports.cost import amount, in_a_line, print_cost, usual_axis, who
from holdfast.reports.cost_chart import CostLine, CostPanel, cost_chart, cost_panel
from holdfast.reports.policies_page import cost_html


def printed(level, axis="flops", width=80, usual=None):
    console = Console(file=io.StringIO(), width=width, force_terminal=False, legacy_windows=False)
    print_cost(level, axis, console, usual)
    return console.file.getvalue()


def row(text, name):
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [name])


def test_one_line_an_attack_cheapest_first():
    text = printed(samples.several())
    # fine-tune: seed 1 is first to 1 % at step 1 of 8, seed 0 to 10 % at 2 (3 of 20), to 50 % at 4, to 90 % at 8
    assert row(text, "fine-tune") == ["fine-tune", "1.2e8", "31.2", "2.5e8", "30.6", "5.0e8", "29.6", "1.0e9", "30.0",
                                      "29.6"]
    lines = [line.split()[0] for line in text.splitlines() if line.startswith(("fine-tune", "a-name", "none"))]
    assert lines == ["fine-tune", "a-name-that-is-", "none"]


def test_what_was_never_reached_is_what_was_spent():
    text = printed(samples.several())
    assert row(text, "none") == ["none", *[">", "2.0e6"] * 4, "-"]
    # 4 of 20 for 1.25e12 FLOPs: log2(1.25e12 / 0.2) = 42.5
    assert row(text, "a-name-that-is-") == ["a-name-that-is-", *["1.2e12", "42.5"] * 2, *[">", "1.2e12"] * 2, "42.5"]


def test_crashes_hide_what_might_have_been_won_and_blunt_attacks_are_marked():
    cells = row(printed(samples.several()), "(crashing)")
    assert cells == ["(crashing)", ">", "?", ">", "?", ">", "?", ">", "1.0e9", "-"]     # 12 of 20 might be won


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits(width):
    text = printed(samples.several(between="log-linear"), width=width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert not any("…" in line for line in text.splitlines())


def test_every_heuristic_is_named_and_what_was_swapped_is_marked():
    text = printed(samples.several(between="log-linear"), usual=samples.several())
    for name in SecurityLevel.model_fields["heuristics"].annotation.model_fields:
        assert f"  {name}=" in text
    assert "between=log-linear (swapped), or checkpoint" in text
    assert f"by the usual heuristics: {in_a_line(samples.several(), 'flops')}".split(", 50")[0] in text
    assert "~" in text


def test_whose_costs_they_are():
    lines = who(samples.several(), "flops")
    assert lines[0] == ("fine-tune (2 runs, at most 95 % won): seed 1, lr=0.001: 1 % at 1 step; seed 0, lr=0.001: "
                        "10 % at 2 steps, 50 % at 4 steps, 90 % at 8 steps")


def test_nothing_known_says_so():
    text = printed(samples.of(verdict="VOID"))
    assert "no attack asked toxins/explore within its budget, so nothing is known" in text
    assert cost_panel(samples.of(), "flops") is None


def test_queries_rank_where_no_flops_were_metered():
    free = samples.honest().model_copy(update={"spent": samples.Spent(queries=20)})
    assert usual_axis(samples.of(free)) == "queries"
    assert usual_axis(samples.several()) == "flops"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.25, "0.25"), (1.3, "1.3"), (9999, "9999"), (12_345, "1.2e4"), (6.2e8, "6.2e8"), (1.2e12, "1.2e12")],
)
def test_an_amount_is_short(value, said):
    assert amount(value) == said


def hostile():
    return samples.of(samples.honest(), samples.trained(HOSTILE, {2: 10}, settings={"x": HOSTILE}), claim=HOSTILE)


def test_hostile_names_steer_nothing():
    text = printed(hostile())
    assert "\x1b" not in text
    assert "\u202e" not in text
    page = cost_html(hostile(), "flops", "c")
    assert "<script>" not in page
    assert "<img" not in page
    ElementTree.fromstring(f"<div>{page}</div>")


def test_the_chart_has_a_line_an_attack_and_the_level():
    panel = cost_panel(samples.several(), "flops")
    assert [line.attack for line in panel.lines][:1] == ["fine-tune"]
    assert panel.level[-1] == (1e9, 0.95)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in zip(panel.level, panel.level[1:], strict=False))
    chart = cost_chart(panel, "c", epsilon=0.05)
    root = ElementTree.fromstring(chart)
    assert "10 %: 2.5e8 by fine-tune" in "".join(root.itertext())
    assert "var(--bad)" in chart
    assert chart == cost_chart(panel, "c", epsilon=0.05)


def test_the_page_part_has_the_same_numbers():
    page = cost_html(samples.several(), "flops", "c")
    assert "2.5e8 30.6" in page
    assert "&gt; 1.2e12" in page
    assert "between=checkpoint" in page
    assert ">(crashing)<" in page


def test_a_narrow_range_of_costs_has_labels_that_can_be_read():
    panel = CostPanel("t", "flops", (CostLine("a", ((1.3e7, 0.1), (1.6e7, 0.2)), 0),), ((1.3e7, 0.1),), "words")
    drawn = cost_chart(panel, "p")
    assert "mathdefault" not in drawn
    assert all(f">{label}</text>" in drawn for label in ("1e+07", "1e+08"))
