"""The report: one HTML page that needs no server, no network and no script, under one megabyte.

Everything in it that a model, a claim file or a path wrote goes through `printable` and is then escaped;
the page's content security policy forbids whatever would still get through.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import holdfast
from holdfast.core.errors import UsageError
from holdfast.reports import figures
from holdfast.reports.charts import overview_chart, steps_chart
from holdfast.reports.matrix import HEATS, matrix
from holdfast.reports.outlook import (
    BudgetPanel,
    SamplesPanel,
    budget_panels,
    fit_in_words,
    samples_panels,
    side_by_side,
)
from holdfast.reports.outlook_charts import budget_chart, samples_chart
from holdfast.reports.panels import Panel, panels, role_name
from holdfast.reports.printable import printable, shortened
from holdfast.verdicts.verdict import Verdict

MAX_BYTES = 1_000_000


class Detail(NamedTuple):
    """How much of the bulk a page carries: characters per text, witnesses per claim, the charts' numbers, and
    the charts of success against budgets."""

    characters: int
    witnesses: int
    numbers: bool
    outlook: bool = False


DETAILS = (
    Detail(4000, 100_000, True, outlook=True),
    Detail(600, 100_000, True, outlook=True),
    Detail(160, 100_000, False, outlook=True),
    Detail(160, 100_000, False),
    Detail(0, 200, False),
)
"""From the fullest page to the leanest; the first that is small enough is taken, and it says what it cut."""


class Chart(NamedTuple):
    """One drawn panel; `breaks` when some line of it is marked where the goal was first shown broken."""

    panel: Panel
    svg: Markup
    breaks: bool


class Drawn(NamedTuple):
    """One panel of the outlook, and its chart."""

    panel: BudgetPanel | SamplesPanel
    svg: Markup


class Part(NamedTuple):
    """A section of a claim that is made from its run and not from its verdict."""

    heading: str
    html: Markup


class Shown(NamedTuple):
    """One claim as the template sees it; the tops are where the scales of its bars end."""

    number: int
    verdict: Verdict
    parts: Sequence[Part]
    charts: tuple[Chart, ...]
    budgets: tuple[Drawn, ...]
    samples: tuple[Drawn, ...]
    gate_top: float
    attack_top: float


def render(verdicts: Sequence[Verdict], parts: Sequence[Sequence[Part]] | None = None) -> str:
    """The page about one claim or several; UsageError if there is none or even the leanest page is too large.

    `parts` are further sections, a sequence for each claim.
    """
    if not verdicts:
        raise UsageError("there is no verdict to report; run 'holdfast check' first.")
    several = len(verdicts) > 1
    beside = parts or [()] * len(verdicts)
    claims = [_shown(n, verdict, own) for n, (verdict, own) in enumerate(zip(verdicts, beside, strict=True), 1)]
    overview = overview_chart(verdicts, "overview") if several else None
    template = environment().get_template("page.html.j2")
    title = f"{len(verdicts)} claims: {figures.tally(verdicts)}" if several else _title(verdicts[0])
    for detail in DETAILS:
        page = template.render(
            title=title,
            claims=claims,
            overview=Markup(overview) if overview else None,
            matrix=matrix(verdicts),
            heat_words=_heat_words(),
            detail=detail,
            version=holdfast.__version__,
        )
        if len(page.encode()) < MAX_BYTES:
            return page
    raise UsageError(
        f"a page about {len(verdicts)} claims exceeds {MAX_BYTES:,} bytes; report fewer runs at a time."
    )


def environment() -> Environment:
    """Where templates come from, and how what they are given is cleaned and escaped."""
    environment = Environment(
        loader=PackageLoader("holdfast.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"say": figures, "role_name": role_name, "fit_in_words": fit_in_words}
    environment.globals |= {"say_sizes": side_by_side}
    environment.filters |= {"cut": shortened, "percent": _percent, "capitalise": _capitalise, "signs": _signs}
    return environment


def _clean(value: object) -> object:
    return (
        printable(value, keep_newlines=True) if isinstance(value, str) and not isinstance(value, Markup) else value
    )


def _shown(number: int, verdict: Verdict, parts: Sequence[Part]) -> Shown:
    charts = tuple(
        Chart(
            panel, Markup(steps_chart(panel, f"c{number}-{index}")), any(line.first_break for line in panel.lines)
        )
        for index, panel in enumerate(panels(verdict))
    )
    return Shown(
        number=number,
        verdict=verdict,
        parts=parts,
        charts=charts,
        budgets=tuple(
            Drawn(panel, Markup(budget_chart(panel, f"c{number}-budget-{index}")))
            for index, panel in enumerate(budget_panels(verdict))
        ),
        samples=tuple(
            Drawn(panel, Markup(samples_chart(panel, f"c{number}-samples-{index}")))
            for index, panel in enumerate(samples_panels(verdict))
        ),
        gate_top=_top(
            [gate.upper for gate in verdict.completeness] + [2 * g.maximum for g in verdict.completeness]
        ),
        attack_top=_top([s.upper for attack in verdict.attacks for s in attack.seeds] + [2 * verdict.goal.epsilon]),
    )


def _top(values: Sequence[float | None]) -> float:
    """The end of a scale on which all values fit: the next of a few round numbers, at most 1."""
    highest = max((value for value in values if value is not None), default=1.0)
    return next((top for top in (0.05, 0.1, 0.2, 0.5) if highest <= top), 1.0)


def _heat_words() -> list[str]:
    """What each colour of the matrix stands for."""
    edges = [f"{100 * edge:.0f}" for edge in (0, *HEATS, 1)]
    return [f"{low} to {high} %" if low == "0" else f"over {low} to {high} %" for low, high in pairwise(edges)]


def _title(verdict: Verdict) -> str:
    return f"{verdict.verdict}: {verdict.title or verdict.claim}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _signs(text: str) -> str:
    """Comparisons as a page writes them."""
    return text.replace("<=", "≤").replace(">=", "≥")
