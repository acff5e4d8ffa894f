"""Where each element of an argument stands: layers from the top goal down, by plain blocks that never overlap.

A block is one element with everything that hangs from it. Above are the element itself, its contexts to the left and,
where there are many, to the right, and beneath it its supporters in rows. What challenges it stands to the right of
all that. Lines run along a bus above each row, so that none crosses an element.
"""

from collections.abc import Iterable, Sequence
from math import ceil, sqrt
from typing import Literal, NamedTuple

from holdfast.reports.argument import Node
from holdfast.reports.gsn_shapes import SLANT, Shape, shape

GAP = 26.0
BUS = 36.0
"""Between a row and what is above it; the bus runs in the middle."""

Link = Literal["supports", "context", "challenges"]
Point = tuple[float, float]


class Placed(NamedTuple):
    """A shape and its upper left corner."""

    shape: Shape
    x: float
    y: float


class Line(NamedTuple):
    """A relation as a polyline that ends at an arrow; `defeated` puts a cross on it."""

    link: Link
    points: tuple[Point, ...]
    defeated: bool = False


class Block(NamedTuple):
    """Elements and lines within a width and a height; `head` is the middle of the upper edge of the first element."""

    width: float
    height: float
    head: Point
    placed: tuple[Placed, ...] = ()
    lines: tuple[Line, ...] = ()

    def at(self, x: float, y: float) -> "Block":
        """The same, moved."""
        placed = tuple(Placed(p.shape, p.x + x, p.y + y) for p in self.placed)
        lines = tuple(Line(n.link, tuple((a + x, b + y) for a, b in n.points), n.defeated) for n in self.lines)
        return Block(self.width, self.height, (self.head[0] + x, self.head[1] + y), placed, lines)


class Layout:
    """Places the nodes of one argument; every node but the first hangs from another."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = {node.id: node for node in nodes}

    def block(self, name: str) -> Block:
        """The block of a node."""
        node = self.nodes[name]
        block = _under(node, self._headed(node), [self._row(names) for names in _rows(node)])
        for counter in self._challengers(name, "CounterGoal"):
            block = _challenged(block, self.block(counter))
        return block

    def _challengers(self, name: str, kind: str) -> list[str]:
        return [node.id for node in self.nodes.values() if node.challenges == name and node.kind == kind]

    def _row(self, names: Sequence[str]) -> Block:
        """Blocks side by side, their upper edges on one height; its own head means nothing."""
        x, out = 0.0, []
        for name in names:
            out.append(self.block(name).at(x, 0.0))
            x += out[-1].width + GAP
        return Block(x - GAP, max(block.height for block in out), (0.0, 0.0), *_merged(out))

    def _headed(self, node: Node) -> Block:
        """A node with its contexts: many of a goal's on both sides, else to the left."""
        contexts = [self._context(name) for name in node.in_context_of]
        half = ceil(len(contexts) / 2) if node.kind == "Goal" and len(contexts) > 2 else len(contexts)
        own = shape(node)
        left, right = _side(own, contexts[:half], -1), _side(own, contexts[half:], 1)
        room = -min((placed.x for placed in left.placed), default=0.0)
        middle = Block(own.width, own.height, (0.0, 0.0), (Placed(own, 0.0, 0.0),))
        width = room + max(own.width, right.width)
        height = max(own.height, left.height, right.height)
        return Block(width, height, (own.width / 2, 0.0), *_merged([middle, left, right])).at(room, 0.0)

    def _context(self, name: str) -> Block:
        """A context with what challenges it to its left."""
        own = shape(self.nodes[name])
        against = [shape(self.nodes[other]) for other in self._challengers(name, "CounterSolution")]
        height = max(own.height, *(other.height for other in against)) if against else own.height
        x, placed, lines = 0.0, [], []
        for other in against:
            placed.append(Placed(other, x, (height - other.height) / 2))
            x += other.width + BUS
            lines.append(Line("challenges", ((x - BUS, height / 2), (x, height / 2))))
        placed.append(Placed(own, x, (height - own.height) / 2))
        return Block(x + own.width, height, (x + own.width / 2, 0.0), tuple(placed), tuple(lines))


def _rows(node: Node) -> list[Sequence[str]]:
    """A node's supporters in rows: claims one under the other, evidence in a square, else side by side."""
    names = node.supported_by
    if node.id == "S0":
        across = 1
    elif node.kind in ("Strategy", "CounterGoal"):
        across = max(3, ceil(sqrt(len(names))))
    else:
        across = 4
    return [names[i : i + across] for i in range(0, len(names), across)]


def _side(own: Shape, contexts: Sequence[Block], way: Literal[-1, 1]) -> Block:
    """Contexts one under the other on one side of a shape that stands at 0, 0; x is negative to its left."""
    edge = 0.0 if way < 0 else own.width
    near = edge - way * SLANT / 2 if own.node.kind == "Strategy" else edge
    gutter, far = edge + way * BUS / 2, edge + way * BUS
    tall = sum(block.height + GAP for block in contexts) - GAP
    y = max(0.0, (own.height - tall) / 2)
    blocks = []
    for block in contexts:
        middle = y + block.height / 2
        blocks.append(block.at(far - block.width if way < 0 else far, y))
        path = ((near, own.height / 2), (gutter, own.height / 2), (gutter, middle), (far, middle))
        gone = block.placed[-1].shape.node.id in own.node.defeated_relation
        blocks.append(_only(Line("context", path, gone)))
        y += block.height + GAP
    width = max((far + block.width for block in blocks), default=0.0)
    return Block(width, y - GAP, (0.0, 0.0), *_merged(blocks))


def _under(node: Node, top: Block, rows: Sequence[Block]) -> Block:
    """A node with its supporters in rows beneath it, centred as far as its contexts let them."""
    own = top.placed[0]
    below = own.y + own.shape.height
    if not rows:
        return top._replace(height=max(top.height, below + (GAP if node.undeveloped else 0.0)))
    many = len(rows) > 1
    inset = GAP if many else 0.0
    wide = max(row.width for row in rows) + inset
    centre = max(top.head[0], wide / 2)
    trunk = centre - wide / 2
    y = top.height + BUS
    first = y - BUS / 2
    blocks = [top.at(centre - top.head[0], 0.0)]
    for row, names in zip(rows, _rows(node), strict=True):
        bus = y - BUS / 2
        moved = row.at(trunk + inset if many else centre - row.width / 2, y)
        blocks.append(moved)
        detour: tuple[Point, ...] = ((trunk, first), (trunk, bus)) if bus != first else ()
        for placed in moved.placed:
            if placed.shape.node.id in names:
                end = placed.x + placed.shape.width / 2
                path = ((centre, below), (centre, first), *detour, (end, bus), (end, placed.y))
                blocks.append(_only(Line("supports", path, placed.shape.node.id in node.defeated_relation)))
        y += row.height + BUS
    width = max(placed.x + placed.shape.width for block in blocks for placed in block.placed)
    return Block(width, y - BUS, (centre, 0.0), *_merged(blocks))


def _challenged(block: Block, counter: Block) -> Block:
    """A block with a counter-goal to its right, whose line runs over it to the element's upper edge."""
    goal = block.placed[0].shape
    moved, against = block.at(0.0, BUS), counter.at(block.width + BUS, BUS)
    into, over = moved.head[0] + goal.width / 4, BUS / 2
    path = (against.head, (against.head[0], over), (into, over), (into, moved.head[1]))
    height = max(moved.height, against.height) + BUS
    width = block.width + BUS + counter.width
    return Block(width, height, moved.head, *_merged([moved, against, _only(Line("challenges", path))]))


def _only(line: Line) -> Block:
    return Block(0.0, 0.0, (0.0, 0.0), (), (line,))


def _merged(blocks: Iterable[Block]) -> tuple[tuple[Placed, ...], tuple[Line, ...]]:
    blocks = list(blocks)
    return tuple(p for b in blocks for p in b.placed), tuple(n for b in blocks for n in b.lines)
