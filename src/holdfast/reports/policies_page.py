"""The rulings of several policies, what dominates the risk, and the security level, as parts of an HTML page.

Each part is what stands inside a `<section>`: the page's own style sheet and security policy apply.
"""

from collections.abc import Sequence

from markupsafe import Markup

from holdfast.measures.cost import Axis
from holdfast.measures.dominating import Dominating
from holdfast.measures.heuristics import in_words
from holdfast.measures.security import RATES, SecurityLevel, by_attack
from holdfast.reports import cost, policies
from holdfast.reports.cost_chart import cost_chart, cost_panel
from holdfast.reports.html import environment
from holdfast.verdicts.under_policy import Ruling


def rulings_html(rulings: Sequence[Ruling], modes: Sequence[Dominating] = ()) -> Markup:
    """One claim's rulings side by side, with the failure modes that dominate; empty without rulings."""
    if not rulings:
        return Markup("")
    return Markup(environment().get_template("policies.html.j2").render(
        rulings=rulings, rows=policies.rows(rulings), modes=modes, marks=policies.MARKS, tones=policies.TONES,
        few=policies.few, shown=policies.shown, in_words=policies.in_words))


def cost_html(level: SecurityLevel, axis: Axis, prefix: str, epsilon: float | None = None) -> Markup:
    """One claim's security level: the chart, one row an attack, who reached what, and the heuristics by name."""
    panel = cost_panel(level, axis)
    table = [(cost.labelled(name, known), [cost.cell(known, rate, axis) for rate in RATES])
             for name, known in by_attack(level, axis)]
    return Markup(environment().get_template("cost.html.j2").render(
        level=level, words=cost.WORDS[axis], headings=[cost.heading(rate) for rate in RATES], table=table,
        least=[cost.cell(level.known, rate, axis) for rate in RATES], who=cost.who(level, axis), panel=panel,
        svg=Markup(cost_chart(panel, prefix, epsilon)) if panel is not None else None,
        choices=in_words(level.heuristics)))
