"""How rarely a system fails an ordinary user, on a terminal."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from holdfast.measures.asker import Guide
from holdfast.measures.dominating import Dominating
from holdfast.measures.rare import RareFinding, Residual, plainly, residual
from holdfast.reports import figures
from holdfast.reports.policies import few, shown
from holdfast.reports.printable import printable_in

GUIDES: dict[Guide, str] = {
    "log-probabilities": "guided by the log-probability of the true answer",
    "flat log-probabilities": "guided by wins alone: the log-probabilities are flat, and lead nowhere",
    "wins": "guided by wins alone: the system shows no log-probabilities of answers",
}

RESIDUALS: dict[Residual, str] = {
    "above": "above it",
    "below": "below it, whatever the search overlooked (by the plain draws alone)",
    "below as far as was searched": "below it as far as was searched; a failure of a kind that it did not meet could "
                                    "lie above",
    "cannot tell": "cannot be told; give more --queries",
}


def print_rare(claim: str, epsilon: float, found: RareFinding, console: Console) -> None:
    """The rate with its interval, plain sampling beside it, the bound on what was overlooked, and what fails."""
    _line(console, f"{claim}: an ordinary user who asks about the {found.behaviours} behaviours of {found.split}",
          "bold")
    for name, said in rows(epsilon, found):
        _line(console, f"{name}: {said}")
    for cut in found.modes:
        _line(console, f"what fails, by {cut.by}: {few(cut)} of {found.looked_into} failures looked into", "bold")
        for line in _modes(cut):
            _line(console, line, by=2)
    for example in found.examples:
        _line(console, f"such as: {example}")


def rows(epsilon: float, found: RareFinding) -> list[tuple[str, str]]:
    """What was found as lines for people."""
    beside = plainly(found)
    rate = (f"{found.rate:.2g} ({found.lower:.2g} to {found.upper:.2g} at {1 - found.alpha:.0%}), from {found.met} "
            "failures met" if found.met else f"no failure was met; at most {found.upper:.2g}")
    then = f"; {beside.needed:,.0f} queries would say as much as was found here" if beside.needed is not None else ""
    judged = [] if not found.unjudged else [(
        "not judged", f"{found.unjudged} inputs crashed or could not be judged; upper bounds count them as failed")]
    return [
        ("rate of failure", rate),
        ("queries", f"{found.queries:,}, {GUIDES[found.guide]}"),
        ("plain sampling", f"as many queries meet {beside.expected:.2g} failures on average, and none with chance "
                           f"{beside.chance_of_none:.2f}; without one they say no more than at most "
                           f"{beside.bound:.2g}{then}"),
        ("overlooked", f"whatever the search did not see, the rate is at most {found.plain_upper:.2g}: "
                       f"{found.plain_failed} of {found.plain_of:,} inputs failed that came as they do"),
        *judged,
        (f"promised {epsilon:g}", f"the risk left for such a user is {RESIDUALS[residual(found, epsilon)]}"),
    ]


def _modes(cut: Dominating) -> list[str]:
    return [f"{mode.name}: {mode.won} of {mode.of} ({figures.bounds(mode.lower, mode.upper)})" for mode in shown(cut)]


def _line(console: Console, text: str, style: str = "", by: int = 0) -> None:
    console.print(Padding(Text(printable_in(text, console.encoding), style), (0, 0, 0, by), expand=False))
