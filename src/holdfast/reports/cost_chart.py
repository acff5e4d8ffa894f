"""The security level as a chart: wins against cost, one stepped line an attack, the level as what lies above all.

At each cost the level is the most that any known attack wins for so much: the attacker's envelope.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from holdfast.measures.cost import Axis
from holdfast.measures.security import RATES, SecurityLevel, by_attack, cheapest, envelope
from holdfast.reports.cost import WORDS, amount, heading
from holdfast.reports.drawing import MARKERS, new_axes, svg_text
from holdfast.reports.panels import FOCUS
from holdfast.reports.svg import GRID, INK, LIMIT, SERIES, for_page


class CostLine(NamedTuple):
    """One attack's envelope over its settings and seeds: (cost, rate), rising; `colour` is -1 in the background."""

    attack: str
    points: tuple[tuple[float, float], ...]
    colour: int


class CostPanel(NamedTuple):
    """What the chart shows, for a legend beside it."""

    title: str
    axis: Axis
    lines: tuple[CostLine, ...]
    level: tuple[tuple[float, float], ...]
    words: str


def cost_panel(level: SecurityLevel, axis: Axis) -> CostPanel | None:
    """The chart's data; None where no attack spent anything on this axis."""
    groups = by_attack(level, axis)
    found = [(name, [p for p in envelope(known, axis) if p[0] > 0]) for name, known in groups]
    lines = tuple(CostLine(name, tuple(points), i if i < FOCUS else -1)
                  for i, (name, points) in enumerate((n, p) for n, p in found if p))
    if not lines:
        return None
    title = f"Win rate on {level.split} by {WORDS[axis]}"
    parts = []
    for rate in RATES:
        hit = cheapest(level.known, rate, axis)
        least = "never reached" if hit is None else f"{amount(hit[1].cost.on(axis))} by {hit[0].attack}"
        parts.append(f"{heading(rate)}: {least}")
    whole = tuple(p for p in envelope(level.known, axis) if p[0] > 0)
    return CostPanel(title, axis, lines, whole, f"{title}. {'; '.join(parts)}.")


def cost_chart(panel: CostPanel, prefix: str, epsilon: float | None = None) -> str:
    """The panel as SVG for a page; `prefix` keeps ids unique there, `epsilon` is drawn as the promise."""
    with new_axes() as (figure, axes):
        most = max(cost for line in panel.lines for cost, _ in line.points)
        level = _stairs(panel.level, most)
        axes.plot([c for c, _ in level], [r for _, r in level], color=INK, linewidth=4, alpha=0.18,
                  drawstyle="steps-post", solid_capstyle="round")
        for line in reversed(panel.lines):
            stairs = _stairs(line.points, most)
            colour = GRID if line.colour < 0 else SERIES[line.colour]
            axes.plot([c for c, _ in stairs], [r for _, r in stairs], color=colour, linewidth=1.5,
                      drawstyle="steps-post")
            axes.plot([c for c, _ in line.points], [r for _, r in line.points], color=colour, linestyle="none",
                      marker=MARKERS[line.colour] if line.colour >= 0 else ".", markersize=4.5)
        if epsilon is not None:
            axes.axhline(epsilon, color=LIMIT, linewidth=1.2, linestyle=(0, (6, 2)))
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        # Whole decades, so that at least two ticks have a label.
        axes.set_xlim(*_decades([cost for line in panel.lines for cost, _ in line.points]))
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel(WORDS[panel.axis])
        axes.set_ylabel("win rate")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        return for_page(svg_text(figure), prefix, panel.title, panel.words)


def _decades(costs: Sequence[float]) -> tuple[float, float]:
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    return 0.9 * 10.0**low, 1.1 * 10.0 ** max(high, low + 1)


def _stairs(points: tuple[tuple[float, float], ...], most: float) -> list[tuple[float, float]]:
    """The points, and the last rate held on to the chart's end."""
    return [*points, (most, points[-1][1])] if points else []
