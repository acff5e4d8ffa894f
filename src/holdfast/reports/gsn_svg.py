"""The argument as a picture: one self-contained SVG, laid out here and drawn without any other tool.

Shapes are those of the GSN Community Standard. Counter-goals and counter-solutions are outlined twice, what is
defeated is crossed out and says so, and a diamond marks a goal that nothing supports: never by colour alone.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from holdfast.reports.argument import Kind, Node, argument
from holdfast.reports.gsn_layout import GAP, Layout, Line, Placed
from holdfast.reports.gsn_shapes import LINE, SLANT, measured
from holdfast.reports.printable import printable
from holdfast.reports.subject import Subject

MARGIN = 24.0
LEGEND = (
    "Rectangle: goal. Parallelogram: strategy. Circle: evidence. Rounded: context. Ellipse: assumption (A) or "
    "justification (J).",
    "Double outline and dashed arrow: counter-argument. Crossed out: defeated, or a relation that carries nothing. "
    "Diamond: nothing supports it yet.",
)
CLASSES: dict[Kind, str] = {
    "Goal": "goal", "Strategy": "strategy", "Solution": "solution", "Context": "context",
    "Assumption": "belief", "Justification": "belief", "CounterGoal": "counter", "CounterSolution": "counter",
}
STYLE = """
svg { background: #ffffff; font: 12px "DejaVu Sans", Verdana, Helvetica, Arial, sans-serif; }
text { fill: #1b1f24; text-anchor: middle; }
.id { font-weight: bold; fill: #444c56; }
.legend { text-anchor: start; fill: #444c56; }
.shape { stroke-width: 1.3; }
.goal { fill: #e9f1fb; stroke: #2f5d9b; }
.strategy { fill: #edf6ee; stroke: #3c7a3c; }
.solution { fill: #fff8e3; stroke: #94700f; }
.context { fill: #f3f4f6; stroke: #5f6874; }
.belief { fill: #f5effb; stroke: #74499a; }
.counter { fill: #fdeeec; stroke: #b42318; }
.inner { fill: none; }
.cross { stroke: #b42318; stroke-width: 2; stroke-opacity: .35; fill: none; }
.gone { stroke: #b42318; stroke-width: 2; fill: none; }
.defeated { fill: #b42318; font-weight: bold; }
.line { fill: none; stroke: #444c56; stroke-width: 1.3; }
.challenges { stroke: #b42318; stroke-dasharray: 6 4; }
.open { fill: #ffffff; stroke: #444c56; stroke-width: 1.3; }
.full { fill: #444c56; }
.against { fill: #b42318; }
"""


def gsn_svg(subjects: Sequence[Subject]) -> str:
    """The picture as SVG text."""
    nodes = argument(subjects)
    block = Layout(nodes).block(nodes[0].id).at(MARGIN, MARGIN)
    least = max(measured(text) for text in LEGEND)
    width = max(block.width, least) + 2 * MARGIN
    height = block.height + 2 * MARGIN + GAP + LINE * len(LEGEND)
    size = {"width": f"{width:.0f}", "height": f"{height:.0f}", "viewBox": f"0 0 {width:.0f} {height:.0f}"}
    root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
    claims = ", ".join(subject.verdict.claim for subject in subjects)
    _add(root, "title", text=f"Argument in Goal Structuring Notation: {claims}")
    _add(root, "style", text=STYLE)
    for line in block.lines:
        _line(root, line)
    for placed in block.placed:
        _element(root, placed)
    for i, text in enumerate(LEGEND):
        _add(root, "text", {"class": "legend", **_at(MARGIN, block.height + 2 * MARGIN + GAP / 2 + LINE * i)}, text)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(
    parent: ElementTree.Element, tag: str, attributes: dict[str, str] | None = None, text: str = ""
) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag, attributes or {})
    element.text = printable(text, keep_newlines=True) or None
    return element


def _at(x: float, y: float) -> dict[str, str]:
    return {"x": f"{x:.1f}", "y": f"{y:.1f}"}


def _element(root: ElementTree.Element, placed: Placed) -> None:
    """One element: its shape, its id, its text; the whole text is in its title."""
    node, x, y = placed.shape.node, placed.x, placed.y
    width, height = placed.shape.width, placed.shape.height
    group = _add(root, "g", {"class": "element", "data-id": node.id})
    _add(group, "title", text=f"{node.kind} {node.id}: {node.text}")
    _outline(group, node, x, y, width, height, "shape")
    if node.kind in ("CounterGoal", "CounterSolution"):
        _outline(group, node, x + 3, y + 3, width - 6, height - 6, "shape inner")
    if node.defeated:
        _cross(group, placed)
    if node.undeveloped:
        _diamond(group, x + width / 2, y + height)
    top = y + (height - LINE * len(placed.shape.lines)) / 2
    for i, line in enumerate(placed.shape.lines):
        where = _at(x + width / 2, top + LINE * (i + 0.75))
        look = {} if i else {"class": "defeated" if node.defeated else "id"}
        _add(group, "text", {**look, **where}, line)
    if node.kind in ("Assumption", "Justification"):
        _add(group, "text", {"class": "id", **_at(x + width - 8, y + height - 2)}, node.kind[0])


def _outline(
    group: ElementTree.Element, node: Node, x: float, y: float, width: float, height: float, extra: str
) -> None:
    look = {"class": f"{CLASSES[node.kind]} {extra}"}
    if node.kind in ("Solution", "CounterSolution", "Assumption", "Justification"):
        centre = {"cx": f"{x + width / 2:.1f}", "cy": f"{y + height / 2:.1f}"}
        _add(group, "ellipse", {**look, **centre, "rx": f"{width / 2:.1f}", "ry": f"{height / 2:.1f}"})
    elif node.kind == "Strategy":
        corners = ((x + SLANT, y), (x + width, y), (x + width - SLANT, y + height), (x, y + height))
        _add(group, "polygon", {**look, "points": " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)})
    else:
        ends = {"rx": f"{min(20.0, height / 2):.1f}"} if node.kind == "Context" else {}
        _add(group, "rect", {**look, **_at(x, y), "width": f"{width:.1f}", "height": f"{height:.1f}", **ends})


def _cross(group: ElementTree.Element, placed: Placed) -> None:
    """Two strokes from corner to corner; those of an ellipse end on it."""
    x, y, width, height = placed.x, placed.y, placed.shape.width, placed.shape.height
    if placed.shape.node.kind not in ("Goal", "Strategy", "CounterGoal", "Context"):
        x, y, width, height = x + 0.146 * width, y + 0.146 * height, 0.708 * width, 0.708 * height
    strokes = f"M{x:.1f},{y:.1f} l{width:.1f},{height:.1f} m0,{-height:.1f} l{-width:.1f},{height:.1f}"
    _add(group, "path", {"class": "cross", "d": strokes})


def _diamond(group: ElementTree.Element, x: float, y: float) -> None:
    points = f"{x:.1f},{y:.1f} {x + 8:.1f},{y + 8:.1f} {x:.1f},{y + 16:.1f} {x - 8:.1f},{y + 8:.1f}"
    _add(group, "polygon", {"class": "open", "points": points})


def _line(root: ElementTree.Element, line: Line) -> None:
    """A polyline with its arrow head: filled for support, hollow for context, red for a challenge."""
    (fx, fy), (x, y) = line.points[-2:]
    path = "M" + " L".join(f"{a:.1f},{b:.1f}" for a, b in line.points)
    _add(root, "path", {"class": f"line {line.link}", "d": path})
    along = (0.0, 1.0 if y > fy else -1.0) if x == fx else (1.0 if x > fx else -1.0, 0.0)
    back, out = (x - 9 * along[0], y - 9 * along[1]), (4.5 * along[1], 4.5 * along[0])
    head = ((x, y), (back[0] + out[0], back[1] + out[1]), (back[0] - out[0], back[1] - out[1]))
    look = {"supports": "full", "context": "open", "challenges": "against"}[line.link]
    _add(root, "polygon", {"class": look, "points": " ".join(f"{a:.1f},{b:.1f}" for a, b in head)})
    if line.defeated:
        cx, cy = (x - 12 * along[0], y - 12 * along[1]) if x == fx else ((x + fx) / 2, (y + fy) / 2)
        _add(root, "path", {"class": "gone", "d": f"M{cx - 6:.1f},{cy - 6:.1f} l12,12 m0,-12 l-12,12"})
