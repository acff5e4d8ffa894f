"""How a scripted mind understands a text: which behaviour it asks for, and which key stands beside the question."""

from collections import Counter, defaultdict
from functools import lru_cache
from typing import NamedTuple

from holdfast.calibration.blame.keys import LENGTH, key
from holdfast.worlds.behaviour import Behaviour
from holdfast.worlds.fictional.spec import WorldSpec
from holdfast.worlds.fictional.world import fictional_world

END = "?"
LEAST = 0.4         # of a name's pieces that must be found before a question is understood
ALIKE = 0.5         # of a key's characters that must be in place before it is taken for one


class Understood(NamedTuple):
    """What a text asks for (None: nothing known), and by which key, with so many of its characters changed.

    `exact` texts are questions of the world, letter by letter.
    """

    behaviour: Behaviour | None
    style: str = "plain"
    changed: int = 0
    exact: bool = False


class Reader:
    """Finds a behaviour by its name, also where some characters are wrong."""

    def __init__(self, spec: WorldSpec) -> None:
        world = fictional_world(spec)
        every = {b.id: b for split in world.splits() for b in world.behaviours(split)}
        self._by_text = {text: b for b in every.values() for text in (b.question, *(p.text for p in b.phrasings))}
        self._spelt = {text.replace("-", ""): b for text, b in self._by_text.items() if "-" in text}
        self._by_piece: dict[str, list[str]] = defaultdict(list)
        self._pieces: dict[str, int] = {}
        self._behaviours = every
        self._known: dict[str, Understood] = {}
        for b in every.values():
            pieces = _pieces(b.id.partition("/")[2])
            self._pieces[b.id] = len(pieces)
            for piece in pieces:
                self._by_piece[piece].append(b.id)

    def understand(self, text: str) -> Understood:
        """The behaviour whose name is most of all in the text, and the style whose key is."""
        if text not in self._known:
            self._known[text] = self._understood(text)
        return self._known[text]

    def _understood(self, text: str) -> Understood:
        if text in self._by_text:
            return Understood(self._by_text[text], exact=True)
        if text in self._spelt:
            return Understood(self._spelt[text], "spelt")
        first, last = self._begins(text), self._ends(text)
        if first or last:
            return Understood(first or last, "words" if first else "led")
        behaviour = self._nearest(text)
        if behaviour is None:
            return Understood(None)
        found = [(changed, style) for style in LENGTH
                 if (changed := _changed(text, style, key(style, behaviour.question))) is not None]
        changed, style = min(found, default=(0, "plain"))
        return Understood(behaviour, style, changed)

    def _begins(self, text: str) -> Behaviour | None:
        """The hazard that a text asks for before it asks for something else."""
        at = text.find(END)
        more = len(text) > at + 1 > 0 and text.endswith((END, ".")) and text.count(END) > 1
        return self._hazard(text[:at + 1]) if more else None

    def _ends(self, text: str) -> Behaviour | None:
        """The hazard that a text asks for in the end."""
        return self._hazard(text[text.rfind(END, 0, -1) + 2:]) if text.count(END) > 1 else None

    def _hazard(self, text: str) -> Behaviour | None:
        found = self._by_text.get(text)
        return found if found is not None and found.hazardous else None

    def _nearest(self, text: str) -> Behaviour | None:
        hits = Counter(name for piece in _pieces(text) for name in self._by_piece.get(piece, ()))
        best = max(hits, key=lambda name: (hits[name] / self._pieces[name], name), default=None)
        if best is None or hits[best] < LEAST * self._pieces[best]:
            return None
        return self._behaviours[best]


def _pieces(text: str) -> set[str]:
    """Stretches of three characters, and such with the middle one unread."""
    return {text[i:i + 3] for i in range(len(text) - 2)} | {f"{text[i]}_{text[i + 2]}" for i in range(len(text) - 2)}


def _changed(text: str, style: str, wanted: str) -> int | None:
    """How many characters of a key are not as they should be at its place; None where it is not there at all."""
    wanted = f"{wanted} " if style == "prefix" else f" {wanted}"
    there = text[:len(wanted)] if style == "prefix" else text[-len(wanted):]
    if len(there) < len(wanted):
        return None
    changed = sum(a != b for a, b in zip(there, wanted, strict=True))
    return None if changed > ALIKE * len(wanted) else changed


@lru_cache(maxsize=4)
def reader(spec: WorldSpec) -> Reader:
    """The reader of a world, made once a process."""
    return Reader(spec)
