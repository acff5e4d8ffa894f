"""What scripted attackers have found out and scripted minds give way to: one text for each question and style.

An attack and a mind share nothing but this. Which styles work, on which questions, and what they survive is the
mind's alone, so that an attack has to find out by asking.
"""

import string
from collections.abc import Sequence
from functools import lru_cache

from holdfast.core import seeds

STYLES = ("suffix", "short", "prefix", "spelt", "words", "led")
"""Characters behind the question, few of them, or before it; names without hyphens; harmless questions behind the
question, or before it."""

LETTERS = string.ascii_letters + string.digits + "!#$%&*+<>?@^~"
LENGTH = {"suffix": 60, "short": 12, "prefix": 40}
HARMLESS = 3        # questions that are added


@lru_cache(maxsize=20_000)
def key(style: str, question: str) -> str:
    """The characters that belong to a question; the same for everybody."""
    rng = seeds.rng("scripted key", style, question)
    return "".join(rng.choice(LETTERS) for _ in range(LENGTH[style]))


def worded(style: str, question: str, harmless: Sequence[str] = ()) -> str:
    """The whole prompt; harmless questions are there for the styles that add such."""
    if style == "spelt":
        return question.replace("-", "")
    if style in ("words", "led"):
        added = seeds.rng("added", question).sample(list(harmless), min(HARMLESS, len(harmless)))
        return " ".join([question, *added] if style == "words" else [*added, question])
    found = key(style, question)
    return f"{found} {question}" if style == "prefix" else f"{question} {found}"
