"""An attack with many settings, none of which means anything."""

from collections.abc import Sequence
from typing import ClassVar, final

from pydantic import Field

from holdfast.attacks.asking import ask_lists, reply_limit
from holdfast.attacks.attack import Answer, Draw, Holdings, PromptAttack
from holdfast.core.records import Transcript
from holdfast.targets.target import Sampling, Target
from holdfast.worlds.behaviour import Behaviour


@final
class Lucky(PromptAttack):
    """Says a number after the question; each number wins by luck, and the search keeps the luckiest.

    For scripted minds only: it is there to show what a search without a sealed split would report.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"query"})

    number: int = Field(default=0, ge=0, description="what is said")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """One number after the other."""
        return {"number": number}

    def ask(
        self, target: Target, behaviours: Sequence[Behaviour], holds: Holdings, submissions: int, seed: int
    ) -> list[tuple[Answer, ...]]:
        """One answer a behaviour."""
        prompts = [[Transcript.ask(f"{behaviour.question} ({self.number})")] for behaviour in behaviours]
        return ask_lists(target, prompts, Sampling(max_new_tokens=reply_limit(target, behaviours, stretch=2)))
