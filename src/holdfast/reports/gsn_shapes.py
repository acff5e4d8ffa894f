"""How large each element of an argument is drawn: its text is broken to fit its shape, and cut where it is too long.

No font is asked: widths are those of DejaVu Sans, rounded up, which is wider than the other usual sans-serif fonts,
so that text stays inside its shape whatever the reader's browser has.
"""

import unicodedata
from math import ceil
from typing import NamedTuple

from holdfast.reports.argument import Kind, Node
from holdfast.reports.printable import printable

FONT = 12.0
LINE = 16.0
PADDING = 10.0
BOLD = 1.15
"""How much wider bold text is."""
SLANT = 14.0
"""How far a strategy's sides lean, in pixels."""

_WIDTHS = {
    0.32: "'ijlIJ ,.",
    0.42: "/:;\\|f-()[]t!r",
    0.53: "\"*_`sz",
    0.62: "?cLFkvxyPTYoae",
    0.70: "EhnuSbdgpq$0123456789{}KAVXZBRC",
    0.82: "UNHDG&OQw",
    0.87: "#+<=>^~M",
}
_WIDTH = {char: width for width, chars in _WIDTHS.items() for char in chars}

TEXT_WIDTHS: dict[Kind, float] = {
    "Goal": 270, "CounterGoal": 270, "Strategy": 240, "Context": 230, "Assumption": 250, "Justification": 250,
    "Solution": 132, "CounterSolution": 132,
}
MOST_LINES: dict[Kind, int] = {"Context": 12}
USUAL_LINES = 9


class Shape(NamedTuple):
    """A node with its size in pixels and the lines that stand in it, the first its heading."""

    node: Node
    width: float
    height: float
    lines: tuple[str, ...]


def shape(node: Node) -> Shape:
    """The node's shape, just large enough for its text."""
    width = max(TEXT_WIDTHS[node.kind], BOLD * measured(heading(node)))
    lines = (heading(node), *fitted(node.text, width, MOST_LINES.get(node.kind, USUAL_LINES)))
    height = LINE * len(lines)
    if node.kind in ("Solution", "CounterSolution"):
        across = ceil((width**2 + height**2) ** 0.5) + PADDING
        return Shape(node, across, across, lines)
    if node.kind in ("Assumption", "Justification"):
        # the text is inscribed where the ellipse is 0.8 of its width and 0.6 of its height
        return Shape(node, ceil(width / 0.8), ceil(height / 0.6), lines)
    lean = 2 * SLANT if node.kind == "Strategy" else 0
    round_ends = PADDING if node.kind == "Context" else 0
    return Shape(node, width + 2 * (PADDING + round_ends) + lean, height + 2 * PADDING, lines)


def heading(node: Node) -> str:
    """The first line in a shape: the id, and whether it is defeated."""
    return f"{node.id} DEFEATED" if node.defeated else node.id


def measured(text: str) -> float:
    """The width of a line in pixels, an overestimate."""
    return FONT * sum(_WIDTH.get(char, _other(char)) for char in text)


def fitted(text: str, width: float, most: int) -> tuple[str, ...]:
    """`text` in at most `most` lines of at most `width` pixels; an ellipsis marks a cut."""
    lines: list[str] = [""]
    for word in printable(text).split():
        for part in _parts(word, width):
            longer = f"{lines[-1]} {part}" if lines[-1] else part
            if measured(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(part)
    if len(lines) <= most:
        return tuple(lines)
    last = lines[most - 1]
    while measured(last + "…") > width:
        last = last[:-1]
    return (*lines[: most - 1], last + "…")


def _parts(word: str, width: float) -> list[str]:
    """A word in pieces that fit a line, broken after a hyphen or a slash where there is one."""
    parts = [""]
    for char in word:
        if measured(parts[-1] + char) > width:
            at = max(parts[-1].rfind(mark) for mark in "-/_") + 1
            at = at if at > len(parts[-1]) // 2 else len(parts[-1])
            parts[-1:] = [parts[-1][:at], parts[-1][at:]]
        parts[-1] += char
    return parts


def _other(char: str) -> float:
    return 0.0 if unicodedata.combining(char) else 1.05
