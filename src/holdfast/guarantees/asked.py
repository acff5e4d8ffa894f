"""What an attack made of a question, read off the prompt that it handed in."""

from collections.abc import Collection

from holdfast.core.records import Transcript
from holdfast.worlds.behaviour import World


def single_text(prompt: Transcript) -> str | None:
    """The text of a prompt that is one turn by the user and nothing else; None for any other prompt."""
    turns = prompt.turns
    return turns[0].content if len(turns) == 1 and turns[0].role == "user" else None


def questions_of(world: World) -> frozenset[str]:
    """Every plain question of a world, in all its phrasings."""
    behaviours = [b for split in world.splits() for b in world.behaviours(split)]
    return frozenset(text for b in behaviours for text in (b.question, *(p.text for p in b.phrasings)))


def question_in(text: str, questions: Collection[str]) -> str:
    """The longest of the questions that the text begins with; empty where it begins with none."""
    return next((text[:end] for end in range(len(text), 0, -1) if text[:end] in questions), "")
