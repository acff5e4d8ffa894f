"""An attack that has found a text for every question."""

from collections.abc import Sequence
from typing import ClassVar, Literal, final

from pydantic import Field

from holdfast.attacks.asking import ask_lists, reply_limit
from holdfast.attacks.attack import Answer, Draw, Holdings, PromptAttack, Requirement
from holdfast.calibration.blame.keys import STYLES, worded
from holdfast.core.records import Transcript
from holdfast.targets.target import Sampling, Target
from holdfast.worlds.behaviour import Behaviour


@final
class Worded(PromptAttack):
    """Says what scripted minds may give way to: characters or words before or behind the question.

    It knows the texts and not the minds: the search finds the style that works. The first answer is the chosen
    style's, and others follow where several may be handed in. For scripted minds only; no published attack.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"query"})
    requires: ClassVar[frozenset[Requirement]] = frozenset({"benign"})

    style: Literal["suffix", "short", "prefix", "spelt", "words", "led"] = Field(
        default="suffix", description="what is added")
    only: bool = Field(default=False, description="try no other style")

    @classmethod
    def trial(cls, number: int, draw: Draw, behaviours: Sequence[Behaviour]) -> dict[str, object] | None:
        """One a style."""
        return {"style": STYLES[number]} if number < len(STYLES) else None

    def ask(
        self, target: Target, behaviours: Sequence[Behaviour], holds: Holdings, submissions: int, seed: int
    ) -> list[tuple[Answer, ...]]:
        """The chosen style's text, then the others'."""
        styles = [self.style, *(style for style in STYLES if style != self.style and not self.only)][:submissions]
        harmless = [b.question for b in holds.benign]
        prompts = [[Transcript.ask(worded(style, b.question, harmless)) for style in styles] for b in behaviours]
        return ask_lists(target, prompts, Sampling(max_new_tokens=reply_limit(target, behaviours, stretch=2)))
