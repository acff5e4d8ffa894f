"""A list of words that may not be sent."""

from collections.abc import Sequence
from typing import final

from pydantic import Field

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.filters import blocking, text_of
from holdfast.defences.lessons import refusal_of
from holdfast.defences.words import questions, telling, words_of
from holdfast.targets.target import Target


@final
class KeywordInputFilter(SystemDefence):
    """Refuses a conversation in which a listed word stands, before the model is asked.

    Without a list of one's own, the list is learnt: words of several guarded questions and of no retained one.
    Whole words in any case; whoever spells a word otherwise walks past. Source: the word lists of deployed
    guardrails, as LLM Guard's BanSubstrings with word matching (https://github.com/protectai/llm-guard).
    """

    keywords: tuple[str, ...] = Field(default=(), description="single words to refuse; by default they are learnt")
    least: int = Field(default=3, gt=0, description="guarded behaviours that must use a word before it is learnt")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that is not asked where a listed word stands."""
        world = material.world
        listed = frozenset(word for text in self.keywords for word in words_of(text)) or telling(
            [questions(world, [behaviour]) for behaviour in material.guard],
            questions(world, material.retain), self.least)

        def blocks(prompts: Sequence[Transcript]) -> list[bool]:
            return [not listed.isdisjoint(words_of(text_of(prompt))) for prompt in prompts]

        return blocking(target, material.part("word list", blocks), refusal_of(world), "keyword-input-filter")
