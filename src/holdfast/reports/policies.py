"""The same evidence under several policies, side by side; and the few failure modes that dominate what is left."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from holdfast.measures.dominating import Dominating, Mode
from holdfast.reports import figures
from holdfast.reports.printable import printable_in, wrapped
from holdfast.verdicts.under_policy import Met, Ruling

STYLES: dict[Met, str] = {"met": "bold green", "not met": "bold red", "cannot tell": "bold yellow"}
TONES: dict[Met, figures.Tone] = {"met": "good", "not met": "bad", "cannot tell": "open"}
MARKS: dict[Met, str] = {"met": "✔", "not met": "✘", "cannot tell": "…"}

SHOWN = 6       # more modes than these are not few

DEMANDS = ("class", "behaviours", "rate", "grounds", "sealed", "seeds", "residual", "judge")
"""In the order in which they are shown; the first two stand alone, where nothing else can be said."""


def print_rulings(rulings: Sequence[Ruling], console: Console) -> None:
    """A block for each claim: a row for each demand, a column for each policy, and under it the reasons."""
    for claim in dict.fromkeys(ruling.claim for ruling in rulings):
        mine = [ruling for ruling in rulings if ruling.claim == claim]
        risk = f"risk: {mine[0].risk}" if mine[0].risk else "no class of risk named"
        _line(console, f"{claim} ({risk})", "bold")
        console.print(_side_by_side(mine, console))
        for ruling in mine:
            _line(console, f"{ruling.policy} version {ruling.version}, {ruling.owner}:")
            for check in ruling.checks:
                _line(console, f"{check.demand}: {check.status}. {check.why}", by=2)


def print_dominating(found: Sequence[Dominating], console: Console) -> None:
    """The modes by each cut, the few that dominate; nothing where nothing was won."""
    for cut in found:
        _line(console, f"what was won, by {cut.by}: {few(cut)}", "bold")
        for mode in shown(cut):
            _line(console, in_words(mode), by=2)


def few(cut: Dominating) -> str:
    """How few modes hold how much, e.g. ``2 of 6 hold 85 %``."""
    share = 100 * cut.modes[cut.few - 1].together
    return f"{cut.few} of {len(cut.modes)} {'holds' if cut.few == 1 else 'hold'} {share:.0f} %"


def shown(cut: Dominating) -> tuple[Mode, ...]:
    """The few that dominate; none where they are too many to be few."""
    return cut.modes[: cut.few] if cut.few <= SHOWN else ()


def in_words(mode: Mode) -> str:
    """One mode with its share of the risk and the interval, e.g. ``toxins: 40 of 50 (0.66 to 0.90), ...``."""
    share = f"{mode.won} of {mode.of} ({figures.bounds(mode.lower, mode.upper)})"
    return f"{mode.name}: {share}, {mode.asked} asked; together {100 * mode.together:.0f} %"


def rows(rulings: Sequence[Ruling]) -> list[tuple[str, tuple[Met | None, ...]]]:
    """Demand -> its status under each policy, None where that policy does not make it."""
    found = [{check.demand: check.status for check in ruling.checks} for ruling in rulings]
    made = [name for name in DEMANDS if any(name in each for each in found)]
    return [(name, tuple(each.get(name) for each in found)) for name in made]


def _side_by_side(rulings: Sequence[Ruling], console: Console) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("demand", no_wrap=True)
    for ruling in rulings:
        table.add_column(Text(wrapped(printable_in(ruling.policy, console.encoding), 18)), overflow="fold")
    table.add_row("in all", *(Text(ruling.status, STYLES[ruling.status]) for ruling in rulings))
    table.add_row("verdict", *(Text(ruling.verdict or "-") for ruling in rulings))
    for name, statuses in rows(rulings):
        table.add_row(name, *(Text("-") if s is None else Text(s, STYLES[s]) for s in statuses))
    return table


def _line(console: Console, text: str, style: str = "", by: int = 0) -> None:
    console.print(Padding(Text(printable_in(text, console.encoding), style), (0, 0, 0, by), expand=False))
