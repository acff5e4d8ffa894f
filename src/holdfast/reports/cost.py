"""The security level on a terminal: one line an attack, the cheapest first, and every heuristic by name.

A cost stands beside log2(cost / advantage); ``> 1.9e10`` was spent in vain, ``> ?`` hides behind crashes, ``~`` marks
what was interpolated or forecast, and ``(...)`` an attack that is not known to work.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from holdfast.measures.cost import AXES, Axis
from holdfast.measures.heuristics import in_words
from holdfast.measures.security import RATES, Known, Reach, SecurityLevel, by_attack, cheapest, in_vain
from holdfast.reports import figures
from holdfast.reports.printable import printable_in, wrapped

NAME = 19       # characters after which an attack's name is broken
WORDS: dict[Axis, str] = {
    "queries": "queries", "tokens": "tokens", "steps": "training steps", "samples": "samples", "flops": "FLOPs",
    "money": "money", "parameters": "parameters held",
}


def usual_axis(level: SecurityLevel) -> Axis:
    """FLOPs where they were metered, else queries."""
    return "flops" if "flops" in level.axes() else "queries"


def print_cost(level: SecurityLevel, axis: Axis, console: Console, usual: SecurityLevel | None = None) -> None:
    """The table of attacks on one axis, the level on each axis, who reached it and how, and the heuristics.

    `usual` is the level by the usual heuristics, where some were swapped, so that it is seen what they change.
    """
    _line(console, f"{level.claim}: {level.verdict}", "bold")
    if not level.known:
        _line(console, f"no attack asked {level.split} within its budget, so nothing is known of its cost.")
    else:
        _line(console, f"{WORDS[axis]} to win a share of the {level.behaviours} behaviours of {level.split}, and "
                       f"log2(cost / advantage); the honest user wins {_honest(level)}")
        console.print(_attacks(level, axis, console))
        if usual is not None:
            _line(console, f"by the usual heuristics: {in_a_line(usual, axis)}")
        _line(console, "security level: the least known cost on each axis", "bold")
        console.print(_levels(level))
        _line(console, "by whom", "bold")
        for line in who(level, axis):
            _line(console, f"  {line}")
    for left_out in level.left_out:
        _line(console, f"left out: {left_out}")
    _line(console, "heuristics (swap one with --set NAME=VALUE)", "bold")
    for choice in in_words(level.heuristics):
        mark = "" if choice.usual else " (swapped)"
        _line(console, f"  {choice.name}={choice.value}{mark}, or {', '.join(choice.others)}")


def cell(known: Sequence[Known], rate: float, axis: Axis) -> str:
    """One attack at one rate, e.g. ``4.6e9 32.1``, ``> 1.9e10``, ``> ?`` where crashes hide it, ``-`` untried."""
    found = cheapest(known, rate, axis)
    if found is not None:
        return _reached(found[1], axis)
    vain = in_vain(known, rate, axis)
    if vain is None:
        return "-"
    return "> ?" if vain.outcome == "crashed" else f"> {amount(vain.cost.on(axis))}"


def amount(value: float) -> str:
    """A cost in at most six characters: whole below 10,000, else two digits, ``3.1e9``; 0 where nothing was used."""
    if 0 < value < 10:
        return f"{value:.2g}".replace("e-0", "e-")
    return f"{value:.0f}" if value < 10_000 else f"{value:.1e}".replace("e+0", "e").replace("e+", "e")


def in_a_line(level: SecurityLevel, axis: Axis) -> str:
    """The level on one axis, e.g. ``1 % 6.2e8 35.1, 10 % 1.9e9 33.7, ...; 32.2 bits``."""
    cells = ", ".join(f"{heading(rate)} {cell(level.known, rate, axis)}" for rate in RATES)
    return f"{cells}; {least_bits(level.known, axis)} bits"


def least_bits(known: Sequence[Known], axis: Axis) -> str:
    """The least log2(cost / advantage) over whole curves; ``-`` where nobody gains anything."""
    least = min((k.bits[axis] for k in known if axis in k.bits), default=None)
    return "-" if least is None else f"{least:.1f}"


def who(level: SecurityLevel, axis: Axis) -> list[str]:
    """For each attack the seeds and settings that its line stands for, and where they stood."""
    out = []
    for name, known in by_attack(level, axis):
        found = [(rate, hit) for rate in RATES if (hit := cheapest(known, rate, axis)) is not None]
        parts: dict[str, list[str]] = {}
        for rate, (adversary, reach) in found:
            build = f", build {adversary.build}" if adversary.build else ""
            settings = figures.settings(adversary.settings)
            parts.setdefault(f"seed {adversary.seed}{build}, {settings}", []).append(_where(rate, reach))
        said = "; ".join(f"{adversary}: {', '.join(where)}" for adversary, where in parts.items())
        best = max((p.rate for k in known for p in k.points), default=0.0)
        runs = f"{len(known)} run{'s' if len(known) > 1 else ''}"
        refused = next((f"; no forecast: {k.fit}" for k in known if k.fit is not None), "")
        out.append(f"{name} ({runs}, at most {100 * best:.3g} % won){f': {said}' if said else ''}{refused}")
    return out


def labelled(name: str, known: Sequence[Known]) -> str:
    """The attack's name, in brackets where it is not known to work."""
    return f"({name})" if known[0].potent is False else name


def heading(rate: float) -> str:
    """A rate in percent."""
    return f"{100 * rate:g} %"


def _attacks(level: SecurityLevel, axis: Axis, console: Console) -> Table:
    table = _table("attack")
    for name, known in by_attack(level, axis):
        shown = wrapped(printable_in(labelled(name, known), console.encoding), NAME)
        cells = [cell(known, rate, axis) for rate in RATES]
        table.add_row(Text(shown), *map(Text, cells), Text(least_bits(known, axis)))
    return table


def _levels(level: SecurityLevel) -> Table:
    table = _table("axis")
    for axis in (a for a in AXES if a in level.axes()):
        cells = [cell(level.known, rate, axis) for rate in RATES]
        table.add_row(Text(WORDS[axis]), *map(Text, cells), Text(least_bits(level.known, axis)))
    return table


def _table(first: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold", max_width=NAME)
    for rate in RATES:
        table.add_column(heading(rate), justify="right", no_wrap=True)
    table.add_column("bits", justify="right", no_wrap=True)
    return table


def _reached(reach: Reach, axis: Axis) -> str:
    mark = "~" if reach.how != "seen" else ""
    found = reach.bits.get(axis)
    return f"{mark}{amount(reach.cost.on(axis))}" + (f" {found:.1f}" if found is not None else "")


def _where(rate: float, reach: Reach) -> str:
    unit = reach.unit.removesuffix("s") if reach.at == 1 else reach.unit
    at = "" if reach.at is None else f" at {reach.at:.3g} {unit}"
    how = "" if reach.how == "seen" else f" ({reach.how})"
    return f"{heading(rate)}{at}{how}"


def _honest(level: SecurityLevel) -> str:
    return "nothing known" if level.honest is None else f"{100 * level.honest:.3g} %"


def _line(console: Console, text: str, style: str = "") -> None:
    plain = printable_in(text.lstrip(" "), console.encoding)
    console.print(Padding(Text(plain, style), (0, 0, 0, len(text) - len(text.lstrip(" "))), expand=False))
